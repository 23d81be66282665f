//! The window that lists what somebody shares, to choose from.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::i18n::{gettext, gettext_f, ngettext_f};
use super::model::{Answer, Client, SharedFile};
use super::problem::Problem;
use super::prompt::{Prompt, Words};
use crate::net::{Question, UserName};

/// How wide the names of folders are at first, in pixels.
const FOLDER_WIDTH: i32 = 170;

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};

    use gtk::prelude::*;
    use gtk::subclass::prelude::*;
    use gtk::{gio, glib};

    use super::super::inquiry_page::InquiryPage;
    use super::{Client, UserName};
    use crate::ui::model::{Inquiry, SharedFile};

    #[derive(gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/shared_files.ui")]
    pub struct SharedFilesWindow {
        #[template_child]
        pub(super) search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(super) page: TemplateChild<InquiryPage>,
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) nothing: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ColumnView>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::ColumnViewColumn>,
        #[template_child]
        pub(super) folder: TemplateChild<gtk::ColumnViewColumn>,
        #[template_child]
        pub(super) left_out: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
        pub(super) files: gio::ListStore,
        pub(super) filter: OnceCell<gtk::CustomFilter>,
        /// What was looked for last.
        pub(super) sought: RefCell<glib::GString>,
        pub(super) selection: OnceCell<gtk::MultiSelection>,
        pub(super) client: OnceCell<Client>,
        pub(super) of: OnceCell<UserName>,
        pub(super) inquiry: OnceCell<Inquiry>,
        /// The list is to have the keyboard as soon as there is something in it, once.
        pub(super) takes_keyboard: Cell<bool>,
    }

    impl Default for SharedFilesWindow {
        fn default() -> Self {
            Self {
                search: TemplateChild::default(),
                page: TemplateChild::default(),
                pages: TemplateChild::default(),
                nothing: TemplateChild::default(),
                list: TemplateChild::default(),
                name: TemplateChild::default(),
                folder: TemplateChild::default(),
                left_out: TemplateChild::default(),
                state: TemplateChild::default(),
                files: gio::ListStore::new::<SharedFile>(),
                filter: OnceCell::default(),
                sought: RefCell::default(),
                selection: OnceCell::default(),
                client: OnceCell::default(),
                of: OnceCell::default(),
                inquiry: OnceCell::default(),
                takes_keyboard: Cell::new(true),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SharedFilesWindow {
        const NAME: &'static str = "KlatchSharedFilesWindow";
        type Type = super::SharedFilesWindow;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            InquiryPage::ensure_type();
            class.bind_template();
            class.install_action("files.get", None, |window, _, _| window.get());
            class.install_action("files.get-as", None, |window, _, _| window.get_as());
            class.install_action("files.refresh", None, |window, _, _| window.refresh());
            class.install_action("files.find", None, |window, _, _| crate::ui::search::begin(&window.imp().search));
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for SharedFilesWindow {}
    impl WidgetImpl for SharedFilesWindow {}
    impl WindowImpl for SharedFilesWindow {}
}

glib::wrapper! {
    /// What somebody shares.
    pub struct SharedFilesWindow(ObjectSubclass<imp::SharedFilesWindow>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl SharedFilesWindow {
    /// A window for this person, who is asked at once.
    pub fn new(app: &impl IsA<gtk::Application>, client: &Client, of: &UserName) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        let imp = window.imp();
        window.set_title(Some(&gettext_f("Shared Files of {name}", &[("name", &client.roster().names().called(of))])));
        imp.client.get_or_init(|| client.clone());
        imp.of.get_or_init(|| of.clone());
        window.build_list();
        let inquiry = imp.inquiry.get_or_init(|| client.inquire(of, Question::Files));
        let weak = window.downgrade();
        imp.page.follow(client, inquiry, move |answer| {
            match (weak.upgrade(), answer) {
                (Some(window), Answer::Files { names, unfit, is_cut }) => {
                    window.show_files(names);
                    window.show_left_out(names.len(), *unfit, *is_cut);
                }
                // What was listed before cannot be seen.
                (Some(window), _) => window.show_files(&[]),
                (None, _) => {}
            }
        });
        window
    }

    /// Whose files it lists.
    pub fn of(&self) -> Option<&UserName> {
        self.imp().of.get()
    }

    fn build_list(&self) {
        let imp = self.imp();
        imp.name.set_sorter(Some(&sorter(SharedFile::name_order)));
        imp.folder.set_sorter(Some(&sorter(SharedFile::folder_order)));
        for (column, property) in [(&imp.name, "name"), (&imp.folder, "folder")] {
            column.set_factory(Some(&text_factory(property)));
        }
        let search = imp.search.clone();
        let filter = gtk::CustomFilter::new(move |file| {
            file.downcast_ref::<SharedFile>().is_some_and(|file| file.matches(&search.text()))
        });
        let found = gtk::FilterListModel::new(Some(imp.files.clone()), Some(imp.filter.get_or_init(|| filter).clone()));
        // A peer may list very many: neither finding nor sorting may hold the window up.
        found.set_incremental(true);
        let sorted = gtk::SortListModel::new(Some(found), imp.list.sorter());
        sorted.set_incremental(true);
        let selection = gtk::MultiSelection::new(Some(sorted));
        imp.list.set_model(Some(&selection));
        imp.list.sort_by_column(Some(&imp.name), gtk::SortType::Ascending);
        let refresh = glib::clone!(
            #[weak(rename_to = window)]
            self,
            move || window.refresh_state()
        );
        selection.connect_selection_changed({
            let refresh = refresh.clone();
            move |_, _, _| refresh()
        });
        selection.connect_items_changed(move |_, _, _, _| refresh());
        imp.selection.get_or_init(|| selection);
        imp.list.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, at| {
                // Enter gets all that is selected, or the row that it is on.
                if let Some(selection) = window.imp().selection.get()
                    && !selection.is_selected(at)
                {
                    selection.select_item(at, true);
                }
                window.get();
            }
        ));
        imp.search.connect_search_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.find()
        ));
        imp.search.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| {
                // The search follows what is typed with a delay, and Enter may come first.
                window.imp().takes_keyboard.set(true);
                window.find();
            }
        ));
        imp.search.connect_stop_search(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |search| {
                if search.text().is_empty() {
                    window.close();
                } else {
                    search.set_text("");
                    window.imp().list.grab_focus();
                }
            }
        ));
        imp.search.set_key_capture_widget(Some(&*imp.list));
        self.connect_list_keys();
        imp.search.connect_search_started(|search| {
            // The row that has the keyboard may not be found, and then another widget would have it. All that is typed is in
            // there already, and must not be selected.
            if let Some(text) = search.delegate().and_downcast::<gtk::Text>() {
                text.grab_focus_without_selecting();
            }
        });
        self.refresh_state();
    }

    fn find(&self) {
        let imp = self.imp();
        let text = imp.search.text();
        // Finding the same once more would take the keyboard out of the list, which is empty meanwhile.
        if let Some(filter) = imp.filter.get()
            && imp.sought.replace(text.clone()) != text
        {
            filter.changed(gtk::FilterChange::Different);
        }
        self.refresh_state();
    }

    /// Whoever comes to the list with the arrow keys begins with the row that has the keyboard, not with the one below it.
    fn connect_list_keys(&self) {
        let keys = gtk::EventControllerKey::new();
        keys.set_propagation_phase(gtk::PropagationPhase::Capture);
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, _| {
                let is_arrow = matches!(key, gdk::Key::Down | gdk::Key::KP_Down | gdk::Key::Up | gdk::Key::KP_Up);
                let (modify, extend) = (false, false);
                if is_arrow
                    && window.selected().is_empty()
                    && let Some(row) = GtkWindowExt::focus(&window)
                    && row.activate_action("listitem.select", Some(&(modify, extend).to_variant())).is_ok()
                {
                    return glib::Propagation::Stop;
                }
                glib::Propagation::Proceed
            }
        ));
        self.imp().list.add_controller(keys);
    }

    fn show_files(&self, names: &[String]) {
        let imp = self.imp();
        let files: Vec<_> = names.iter().map(|name| SharedFile::new(name)).collect();
        let has_folders = files.iter().any(|file| !file.folder().is_empty());
        imp.folder.set_visible(has_folders);
        // In GTK 4.8, a column that is hidden keeps the room that it has fixed.
        imp.folder.set_fixed_width(if has_folders { FOLDER_WIDTH } else { -1 });
        imp.files.splice(0, imp.files.n_items(), &files);
        self.refresh_state();
    }

    /// Says what is not in the list, if anything is not.
    fn show_left_out(&self, listed: usize, unfit: usize, is_cut: bool) {
        let mut sentences = Vec::new();
        if unfit > 0 {
            sentences.push(ngettext_f(
                "{n} file is not listed, because its name cannot be asked for.",
                "{n} files are not listed, because their names cannot be asked for.",
                unfit,
                &[],
            ));
        }
        if is_cut {
            sentences.push(gettext_f("Only the first {n} files are listed.", &[("n", &listed.to_string())]));
        }
        let imp = self.imp();
        imp.left_out.set_visible(!sentences.is_empty());
        imp.left_out.set_label(&sentences.join("\n"));
    }

    fn selected(&self) -> Vec<SharedFile> {
        let Some(selection) = self.imp().selection.get() else { return Vec::new() };
        let chosen = selection.selection();
        let positions = (0..u32::try_from(chosen.size()).unwrap_or(u32::MAX)).map(|nth| chosen.nth(nth));
        positions.filter_map(|at| selection.item(at).and_downcast()).collect()
    }

    fn refresh_state(&self) {
        let imp = self.imp();
        let all = imp.files.n_items() as usize;
        let found = imp.selection.get().map_or(0, ListModelExt::n_items) as usize;
        let selected = imp.selection.get().map_or(0, |selection| selection.selection().size());
        self.action_set_enabled("files.get", selected > 0);
        self.action_set_enabled("files.get-as", selected == 1);
        imp.pages.set_visible_child_name(if found > 0 { "list" } else { "nothing" });
        if found > 0 && imp.takes_keyboard.take() {
            // When all of it can be seen; only once, since whoever searches goes on typing.
            let list = imp.list.downgrade();
            glib::idle_add_local_once(move || {
                if let Some(list) = list.upgrade() {
                    list.grab_focus();
                }
            });
        }
        imp.nothing.set_label(&if all == 0 {
            let name = self.of().map(ToString::to_string).unwrap_or_default();
            gettext_f("{name} shares no files.", &[("name", &name)])
        } else {
            gettext("Nothing found")
        });
        imp.state.set_label(&if all == 0 {
            // The page says that there are none, or none yet.
            String::new()
        } else if selected > 0 {
            ngettext_f("{n} selected", "{n} selected", usize::try_from(selected).unwrap_or(usize::MAX), &[])
        } else {
            ngettext_f("{n} file", "{n} files", found, &[])
        });
    }

    fn refresh(&self) {
        let imp = self.imp();
        if let (Some(client), Some(inquiry)) = (imp.client.get(), imp.inquiry.get()) {
            // The list is out of sight for a while.
            if imp.list.state_flags().contains(gtk::StateFlags::FOCUS_WITHIN) {
                imp.takes_keyboard.set(true);
            }
            client.ask_again(inquiry);
        }
    }

    fn get(&self) {
        let imp = self.imp();
        let (Some(client), Some(of)) = (imp.client.get(), imp.of.get()) else { return };
        let files = self.selected();
        if files.is_empty() {
            return;
        }
        client.fetch_all(of, files.iter().map(SharedFile::path));
        self.show_transfers();
    }

    fn get_as(&self) {
        let files = self.selected();
        let ([file], Some(client), Some(of)) = (files.as_slice(), self.imp().client.get(), self.of()) else { return };
        let words = Words {
            title: gettext("Get As"),
            advice: gettext("The file goes into your folder for downloads, under this name."),
            caption: gettext("_Name"),
            go: gettext("_Get"),
        };
        let path = file.path();
        let prompt = Prompt::new(
            self,
            &words,
            &file.name(),
            glib::clone!(
                #[weak(rename_to = window)]
                self,
                #[weak]
                client,
                #[strong]
                of,
                #[upgrade_or]
                Ok(()),
                move |name| {
                    if name.is_empty() || name.starts_with('.') || name.contains('/') {
                        return Err(gettext("A name of a file has no slash, and does not begin with a full stop."));
                    }
                    client.fetch(&of, &path, Some(name.to_owned())).map_err(|error| Problem::new(&error, "").title)?;
                    window.show_transfers();
                    Ok(())
                }
            ),
        );
        prompt.present();
    }

    fn show_transfers(&self) {
        if let Some(app) = self.application() {
            app.activate_action("transfers", None);
        }
    }
}

fn sorter(order: for<'a> fn(&'a SharedFile) -> &'a glib::FilenameCollationKey) -> gtk::CustomSorter {
    gtk::CustomSorter::new(move |one, other| match (one.downcast_ref(), other.downcast_ref()) {
        (Some(one), Some(other)) => order(one).cmp(order(other)).into(),
        _ => gtk::Ordering::Equal,
    })
}

fn text_factory(property: &'static str) -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        let label = gtk::Label::builder().xalign(0.0).ellipsize(gtk::pango::EllipsizeMode::Middle).build();
        label.add_controller(toggle(item));
        item.set_child(Some(&label));
    });
    factory.connect_bind(move |_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        if let (Some(label), Some(file)) = (item.child().and_downcast::<gtk::Label>(), item.item()) {
            let text: String = file.property(property);
            label.set_label(&text);
            label.set_tooltip_text(Some(&text));
        }
    });
    factory
}

/// Ctrl and a click select a file besides others, or no more. In GTK 4.8 the cell and the row both do so, one after the
/// other, and nothing is changed.
fn toggle(item: &gtk::ListItem) -> gtk::GestureClick {
    let click = gtk::GestureClick::new();
    click.connect_pressed(glib::clone!(
        #[weak]
        item,
        move |click, _, _, _| {
            if click.current_event_state() & (gdk::ModifierType::CONTROL_MASK | gdk::ModifierType::SHIFT_MASK)
                == gdk::ModifierType::CONTROL_MASK
                && let Some(cell) = click.widget()
            {
                click.set_state(gtk::EventSequenceState::Claimed);
                let (modify, extend) = (true, false);
                // The list there has this action.
                let _ = cell.activate_action("list.select-item", Some(&(item.position(), modify, extend).to_variant()));
            }
        }
    ));
    click
}

/// The window for this person, if there is one.
pub fn window(app: &impl IsA<gtk::Application>, of: &UserName) -> Option<SharedFilesWindow> {
    let windows = app.windows().into_iter().filter_map(|window| window.downcast::<SharedFilesWindow>().ok());
    windows.into_iter().find(|window| window.of() == Some(of))
}
