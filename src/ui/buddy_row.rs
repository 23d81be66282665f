//! A row of a list of people: somebody, or the heading of a section.

use std::cell::RefCell;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::a11y;
use super::i18n::{gettext, gettext_f, ngettext_f};
use super::model::{Buddy, Section};
use crate::net::Presence;

mod imp {
    use super::{RefCell, glib};
    use crate::ui::avatar::Avatar;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/buddy_row.ui")]
    pub struct BuddyRow {
        #[template_child]
        pub(super) heading: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) person: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) avatar: TemplateChild<Avatar>,
        #[template_child]
        pub(super) presence: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) status: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) unread: TemplateChild<gtk::Label>,
        pub(super) bound: RefCell<Option<(glib::Object, glib::SignalHandlerId)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BuddyRow {
        const NAME: &'static str = "KlatchBuddyRow";
        type Type = super::BuddyRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            Avatar::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BuddyRow {
        fn dispose(&self) {
            self.obj().let_go();
        }
    }

    impl WidgetImpl for BuddyRow {}
    impl BoxImpl for BuddyRow {}
}

glib::wrapper! {
    /// A row of a list of people; it follows what it shows. When somebody comes or goes, GTK binds all rows below anew, to
    /// what they show already: so that costs nothing, and no row need be unbound.
    pub struct BuddyRow(ObjectSubclass<imp::BuddyRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BuddyRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BuddyRow {
    /// Shows this person from now on.
    pub fn bind_buddy(&self, buddy: &Buddy) {
        if self.shows(buddy) {
            return;
        }
        let imp = self.imp();
        imp.heading.set_visible(false);
        imp.person.set_visible(true);
        let name = buddy.name();
        imp.avatar.set_person(&name.shown());
        imp.name.set_label(buddy.called());
        self.follow(buddy, Self::show_buddy);
    }

    /// Shows the heading of this section from now on.
    pub fn bind_section(&self, section: &Section) {
        if self.shows(section) {
            return;
        }
        let imp = self.imp();
        imp.heading.set_visible(true);
        imp.person.set_visible(false);
        self.follow(section, |row, section| {
            let count = section.count().to_string();
            let title =
                gettext_f("{presence} ({n})", &[("presence", &presence_word(section.presence())), ("n", &count)]);
            row.imp().heading.set_label(&title);
        });
    }

    fn shows(&self, item: &impl IsA<glib::Object>) -> bool {
        self.imp().bound.borrow().as_ref().is_some_and(|(bound, _)| bound == item.upcast_ref())
    }

    /// Follows nobody any more.
    fn let_go(&self) {
        if let Some((item, handler)) = self.imp().bound.take() {
            item.disconnect(handler);
        }
    }

    fn follow<T: IsA<glib::Object>>(&self, item: &T, show: fn(&Self, &T)) {
        self.let_go();
        show(self, item);
        let row = self.downgrade();
        let handler = item.connect_notify_local(None, move |item, _| {
            if let Some(row) = row.upgrade() {
                show(&row, item);
            }
        });
        self.imp().bound.replace(Some((item.clone().upcast(), handler)));
    }

    fn show_buddy(&self, buddy: &Buddy) {
        let imp = self.imp();
        imp.avatar.set_picture(buddy.picture().and_downcast::<gdk::Texture>());
        let is_me_or_invited = !buddy.note().is_empty();
        let icon = presence_icon(buddy.presence());
        imp.presence.set_icon_name(Some(icon));
        imp.presence.set_visible(!(is_me_or_invited && buddy.presence().is_none()));
        a11y::label(&*imp.presence, &seen_word(buddy.presence()));
        let blocked = if buddy.is_blocked() { gettext("blocked") } else { String::new() };
        if buddy.is_blocked() {
            imp.person.add_css_class("blocked");
        } else {
            imp.person.remove_css_class("blocked");
        }
        let words =
            |all: Vec<String>| all.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ");
        // There is room for one thing, and a note is said of the person in this list alone.
        let shown = if is_me_or_invited { buddy.note() } else { words(vec![blocked.clone(), buddy.status()]) };
        imp.status.set_label(&shown);
        imp.status.set_visible(!shown.is_empty());
        let words = words(vec![buddy.note(), blocked, buddy.status()]);
        self.set_tooltip_text(Some(format!("{}\n{words}", imp.name.label()).trim_end()));
        let unread = buddy.unread();
        imp.unread.set_visible(unread > 0);
        imp.unread.set_label(&if unread > 99 { gettext("99+") } else { unread.to_string() });
        let spoken = ngettext_f("{n} new message", "{n} new messages", unread as usize, &[]);
        imp.unread.set_tooltip_text(Some(&spoken));
        a11y::description(&*imp.unread, &spoken);
    }
}

/// A presence in a word.
pub(super) fn presence_word(presence: Presence) -> String {
    match presence {
        Presence::Online => gettext("Online"),
        Presence::Away => gettext("Away"),
        Presence::Busy => gettext("Busy"),
    }
}

/// What others see of a presence, in a word; `None` is somebody who is not there.
pub(super) fn seen_word(presence: Option<Presence>) -> String {
    presence.map_or_else(|| gettext("Offline"), presence_word)
}

/// The icon of a presence; `None` is somebody who is not there.
pub(super) fn presence_icon(presence: Option<Presence>) -> &'static str {
    match presence {
        Some(Presence::Online) => "klatch-online",
        Some(Presence::Away) => "klatch-away",
        Some(Presence::Busy) => "klatch-busy",
        None => "klatch-offline",
    }
}
