//! The dialog that starts a conversation: check who shall be invited.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, gio, glib};

use super::a11y;
use super::buddy_row::BuddyRow;
use super::i18n::{gettext, ngettext_f};
use super::model::{Buddy, Client};
use crate::net::UserName;

mod imp {
    use super::{BTreeSet, Buddy, Client, OnceCell, RefCell, UserName, gio, glib};
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Debug, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/new_conversation.ui")]
    pub struct NewConversation {
        #[template_child]
        pub(super) search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) nobody: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) count: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) start: TemplateChild<gtk::Button>,
        pub(super) client: OnceCell<Client>,
        pub(super) people: gio::ListStore,
        pub(super) chosen: RefCell<BTreeSet<UserName>>,
        pub(super) roster_changed: RefCell<Option<glib::SignalHandlerId>>,
    }

    impl Default for NewConversation {
        fn default() -> Self {
            Self {
                search: TemplateChild::default(),
                list: TemplateChild::default(),
                nobody: TemplateChild::default(),
                count: TemplateChild::default(),
                start: TemplateChild::default(),
                client: OnceCell::default(),
                people: gio::ListStore::new::<Buddy>(),
                chosen: RefCell::default(),
                roster_changed: RefCell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for NewConversation {
        const NAME: &'static str = "KlatchNewConversation";
        type Type = super::NewConversation;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.add_binding_action(gtk::gdk::Key::Escape, gtk::gdk::ModifierType::empty(), "window.close");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for NewConversation {
        fn dispose(&self) {
            if let (Some(client), Some(handler)) = (self.client.get(), self.roster_changed.take()) {
                client.disconnect(handler);
            }
        }
    }

    impl WidgetImpl for NewConversation {}
    impl WindowImpl for NewConversation {}
}

glib::wrapper! {
    /// Asks who shall be invited. Calls back with the names, and closes.
    pub struct NewConversation(ObjectSubclass<imp::NewConversation>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl NewConversation {
    /// The dialog, above the buddy list.
    pub fn new(parent: &impl IsA<gtk::Window>, client: &Client, start: impl Fn(&[UserName]) + 'static) -> Self {
        let dialog: Self = glib::Object::builder()
            .property("transient-for", parent.as_ref())
            .property("modal", true)
            .property("destroy-with-parent", true)
            .build();
        let imp = dialog.imp();
        imp.client.get_or_init(|| client.clone());
        imp.list.set_factory(Some(&dialog.row_factory()));
        imp.list.set_model(Some(&gtk::NoSelection::new(Some(imp.people.clone()))));
        imp.list.connect_activate(glib::clone!(
            #[weak]
            dialog,
            move |_, at| dialog.toggle(at)
        ));
        let handler = client.connect_roster_changed(glib::clone!(
            #[weak]
            dialog,
            move |_| dialog.refresh()
        ));
        imp.roster_changed.replace(Some(handler));
        imp.search.connect_search_changed(glib::clone!(
            #[weak]
            dialog,
            move |_| dialog.refresh()
        ));
        imp.search.connect_activate(glib::clone!(
            #[weak]
            dialog,
            move |_| dialog.search_entered()
        ));
        imp.search.connect_stop_search(glib::clone!(
            #[weak]
            dialog,
            move |_| dialog.close()
        ));
        imp.start.connect_clicked(glib::clone!(
            #[weak]
            dialog,
            move |_| {
                let chosen: Vec<_> = dialog.imp().chosen.borrow().iter().cloned().collect();
                dialog.close();
                start(&chosen);
            }
        ));
        dialog.refresh();
        dialog
    }

    fn row_factory(&self) -> gtk::SignalListItemFactory {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(glib::clone!(
            #[weak(rename_to = dialog)]
            self,
            move |_, item| {
                let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
                let check = gtk::CheckButton::builder().child(&BuddyRow::default()).can_focus(false).build();
                // The row takes clicks and keys, so that each of them counts once. A check that only is not focusable keeps the
                // keyboard out of the row (GTK 4.8).
                check.set_can_target(false);
                item.set_child(Some(&check));
                let keys = gtk::EventControllerKey::new();
                keys.connect_key_pressed(glib::clone!(
                    #[weak]
                    item,
                    #[weak]
                    dialog,
                    #[upgrade_or]
                    glib::Propagation::Proceed,
                    move |_, key, _, _| {
                        if key != gdk::Key::space {
                            return glib::Propagation::Proceed;
                        }
                        dialog.toggle(item.position());
                        glib::Propagation::Stop
                    }
                ));
                check.add_controller(keys);
            }
        ));
        factory.connect_bind(glib::clone!(
            #[weak(rename_to = dialog)]
            self,
            move |_, item| {
                let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
                let Some(check) = item.child().and_downcast::<gtk::CheckButton>() else { return };
                let Some(buddy) = item.item().and_downcast::<Buddy>() else { return };
                if let Some(row) = check.child().and_downcast::<BuddyRow>() {
                    row.bind_buddy(&buddy);
                }
                a11y::label(&check, buddy.called());
                check.set_active(dialog.imp().chosen.borrow().contains(&buddy.name()));
            }
        ));
        factory
    }

    fn toggle(&self, at: u32) {
        let imp = self.imp();
        let Some(buddy) = imp.people.item(at).and_downcast::<Buddy>() else { return };
        let name = buddy.name();
        let mut chosen = imp.chosen.borrow_mut();
        if !chosen.remove(&name) {
            chosen.insert(name);
        }
        drop(chosen);
        // Bound anew, the row shows the new state.
        imp.people.items_changed(at, 1, 1);
        self.refresh_buttons();
    }

    /// Enter in the search chooses the only person found; with nothing to search for, it starts.
    fn search_entered(&self) {
        let imp = self.imp();
        // The search follows what is typed with a delay, and Enter may come first.
        self.refresh();
        let is_searching = !imp.search.text().trim().is_empty();
        if !is_searching && imp.start.is_sensitive() {
            imp.start.emit_clicked();
        } else if is_searching && imp.people.n_items() == 1 {
            self.toggle(0);
            imp.search.set_text("");
        } else {
            self.error_bell();
        }
    }

    fn refresh(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let everybody = client.roster().people();
        imp.chosen.borrow_mut().retain(|name| everybody.iter().any(|buddy| buddy.name() == *name));
        let search = imp.search.text();
        let found: Vec<_> = everybody.iter().filter(|buddy| buddy.matches(&search)).cloned().collect();
        let is_same = imp.people.n_items() as usize == found.len()
            && imp.people.iter::<Buddy>().zip(&found).all(|(old, new)| old.as_ref() == Ok(new));
        if !is_same {
            imp.people.splice(0, imp.people.n_items(), &found);
        }
        imp.nobody.set_visible(found.is_empty());
        imp.nobody.set_label(&if everybody.is_empty() {
            gettext("Nobody else is here yet")
        } else {
            gettext("Nobody found")
        });
        self.refresh_buttons();
    }

    fn refresh_buttons(&self) {
        let imp = self.imp();
        let count = imp.chosen.borrow().len();
        imp.start.set_sensitive(count > 0);
        imp.count.set_label(&match count {
            0 => gettext("Nobody chosen"),
            count => ngettext_f("{n} person chosen", "{n} people chosen", count, &[]),
        });
    }
}
