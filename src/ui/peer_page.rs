//! The page of the preferences about being a peer: folders, what others can look up, whom one does not want to hear, and
//! where people are who do not appear by themselves.
//!
//! All of it takes effect at once, but for the service type and the port: those need a new start, and wait until they
//! are applied.

use std::path::{Path, PathBuf};

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::a11y;
use super::field::{self, Field};
use super::i18n::{gettext, ngettext_f};
use super::sandbox;
use super::settings::{Settings, key};
use crate::net::{Added, Command, LinkState, ServiceType, ServiceTypeError, Sharing};

mod lists;

mod imp {
    use std::cell::{OnceCell, RefCell};

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::super::address_list::AddressList;
    use super::{Added, Command, Field, Settings};

    type Send = Box<dyn Fn(Command)>;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/peer_page.ui")]
    pub struct PeerPage {
        #[template_child]
        pub(super) unused: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) shared: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) everybody: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) choose_shared: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) stop_sharing: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) sharing: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) downloads: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) choose_downloads: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) fields: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) add_field: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) blocked_part: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) blocked: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) added_part: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) added: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) service_type: TemplateChild<Field>,
        #[template_child]
        pub(super) port: TemplateChild<Field>,
        #[template_child]
        pub(super) reach: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) addresses: TemplateChild<AddressList>,
        pub(super) settings: OnceCell<Settings>,
        pub(super) send: OnceCell<Send>,
        /// Who is at the addresses that the user has given.
        pub(super) who: RefCell<Vec<Added>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PeerPage {
        const NAME: &'static str = "KlatchPeerPage";
        type Type = super::PeerPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            AddressList::ensure_type();
            Field::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for PeerPage {}
    impl WidgetImpl for PeerPage {}
    impl BoxImpl for PeerPage {}
}

glib::wrapper! {
    /// The page; it does nothing until [`PeerPage::set_up`].
    pub struct PeerPage(ObjectSubclass<imp::PeerPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl PeerPage {
    /// Gives the page what it works with. What takes effect at once goes to `send`.
    pub fn set_up(&self, settings: &Settings, send: impl Fn(Command) + 'static) {
        let imp = self.imp();
        let _ = imp.settings.set(settings.clone());
        let _ = imp.send.set(Box::new(send));
        imp.port.expect_port();
        field::align(&[&imp.service_type, &imp.port]);
        self.connect();
        self.show_folders();
        for (caption, value) in settings.user_info().fields {
            self.append_field(&caption, &value);
        }
        let page = self;
        for (key, show) in [(key::BLOCKED, Self::show_blocked as fn(&Self)), (key::ADDED_PEERS, Self::show_added)] {
            show(self);
            let changed = glib::closure_local!(
                #[watch]
                page,
                move |_: gio::Settings, _: &str| show(page)
            );
            settings.gio().connect_closure(&format!("changed::{key}"), false, changed);
        }
    }

    /// Follows the connection.
    pub fn show_link(&self, link: &LinkState) {
        let imp = self.imp();
        let port = if let LinkState::Online { port, .. } = link { *port } else { None };
        imp.reach.set_visible(port.is_some());
        if let Some(port) = port {
            imp.addresses.set_port(port);
        }
    }

    /// Says whether the page counts, which is about people without a server alone.
    pub fn show_mode(&self, is_peer: bool) {
        self.imp().unused.set_visible(!is_peer);
        self.imp().everybody.set_visible(is_peer);
    }

    /// Takes over who is at the addresses that the user has given.
    pub fn set_added(&self, added: Vec<Added>) {
        if *self.imp().who.borrow() != added {
            self.imp().who.replace(added);
            self.show_added();
        }
    }

    /// Says what others see of the shared folder, while that is known.
    pub fn show_sharing(&self, sharing: Option<Sharing>) {
        let label = &self.imp().sharing;
        label.set_visible(sharing.is_some());
        let Some(sharing) = sharing else { return };
        let mut sentences = vec![ngettext_f("{n} file is shared.", "{n} files are shared.", sharing.files, &[])];
        if sharing.unfit > 0 {
            sentences.push(ngettext_f(
                "{n} file is left out, because its name cannot be sent: rename it to share it.",
                "{n} files are left out, because their names cannot be sent: rename them to share them.",
                sharing.unfit,
                &[],
            ));
        }
        if sharing.is_cut {
            sentences.push(gettext(
                "Others do not see all of them: there are too many for one list, or they are too deep in folders.",
            ));
        }
        label.set_label(&sentences.join("\n"));
    }

    /// Tells others what they can look up now.
    pub fn tell_user_info(&self) {
        if let Some(settings) = self.imp().settings.get() {
            self.send(Command::SetUserInfo(settings.user_info()));
        }
    }

    /// Shows what the settings say of what waits to be applied.
    pub fn fill(&self, settings: &Settings) {
        let imp = self.imp();
        imp.service_type.set_text(settings.service_type().as_str());
        imp.port.set_text(&settings.peer_port().to_string());
        imp.service_type.set_problem(None);
        imp.port.set_problem(None);
    }

    /// The service type and the port that are typed, if both can be used; what is wrong is shown.
    pub fn read(&self) -> Option<(ServiceType, u16)> {
        let imp = self.imp();
        let service_type = imp.service_type.text().parse::<ServiceType>();
        imp.service_type.set_problem(service_type.as_ref().err().map(|error| service_type_words(*error)).as_deref());
        let port = imp.port.text().trim().parse().ok();
        let problem = gettext("The port must be a number from 0 to 65535; 0 is any free one.");
        imp.port.set_problem(if port.is_none() { Some(problem.as_str()) } else { None });
        Some((service_type.ok()?, port?))
    }

    /// Whether something is typed that waits to be applied.
    pub fn is_changed(&self, settings: &Settings) -> bool {
        let imp = self.imp();
        imp.service_type.text().trim() != settings.service_type().as_str()
            || imp.port.text().trim() != settings.peer_port().to_string()
    }

    /// Whether what is typed has nothing wrong.
    pub fn is_sound(&self) -> bool {
        let imp = self.imp();
        imp.service_type.problem().is_none() && imp.port.problem().is_none()
    }

    /// Calls `f` whenever what waits to be applied changes.
    pub fn connect_changed(&self, f: impl Fn() + Clone + 'static) {
        for field in [&self.imp().service_type, &self.imp().port] {
            let f = f.clone();
            field.connect_changed(move |_| f());
        }
    }

    fn connect(&self) {
        let imp = self.imp();
        imp.choose_shared.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.choose_folder(&gettext("Choose a Folder to Share"), |page, folder| page.share(Some(folder)))
        ));
        imp.stop_sharing.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.share(None)
        ));
        imp.choose_downloads.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.choose_folder(&gettext("Choose a Folder for Downloads"), Self::put_downloads)
        ));
        imp.add_field.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| {
                page.append_field("", "").grab_focus();
            }
        ));
    }

    /// Shares another folder, or nothing.
    pub fn share(&self, folder: Option<&Path>) {
        if let Some(settings) = self.imp().settings.get() {
            settings.set_shared_folder(folder);
            self.send(Command::Share(folder.map(Path::to_owned)));
            self.show_folders();
        }
    }

    /// Puts what is got from others into another folder.
    pub fn put_downloads(&self, folder: &Path) {
        if let Some(settings) = self.imp().settings.get() {
            settings.set_downloads_folder(folder);
            self.send(Command::SetDownloads(folder.to_owned()));
            self.show_folders();
        }
    }

    fn choose_folder(&self, title: &str, chosen: fn(&Self, &Path)) {
        let chooser = gtk::FileChooserNative::builder()
            .title(title)
            .modal(true)
            .action(gtk::FileChooserAction::SelectFolder)
            .build();
        chooser.set_transient_for(self.root().and_downcast::<gtk::Window>().as_ref());
        let page = self.downgrade();
        // It is no widget: whoever shows it keeps it.
        let keep = chooser.clone();
        chooser.connect_response(move |_, response| {
            let folder: Option<PathBuf> = keep.file().and_then(|folder| folder.path());
            if let (Some(page), Some(folder), gtk::ResponseType::Accept) = (page.upgrade(), folder, response) {
                chosen(&page, &folder);
            }
            keep.destroy();
        });
        chooser.show();
    }

    fn show_folders(&self) {
        let imp = self.imp();
        let Some(settings) = imp.settings.get() else { return };
        let shared = settings.shared_folder();
        imp.shared.set_label(&shared.as_deref().map_or_else(|| gettext("Nothing is shared."), sandbox::shown));
        imp.stop_sharing.set_visible(shared.is_some());
        imp.downloads.set_label(&sandbox::shown(&settings.downloads_folder()));
    }

    fn append_field(&self, field: &str, value: &str) -> gtk::Entry {
        let line = gtk::Box::new(gtk::Orientation::Horizontal, 6);
        let entry = |text: &str, example: &str| {
            let entry = gtk::Entry::builder().text(text).placeholder_text(example).max_length(500).build();
            entry.set_width_chars(8);
            a11y::label(&entry, example);
            entry.connect_changed(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |_| page.fields_changed()
            ));
            line.append(&entry);
            entry
        };
        let key = entry(field, &gettext("Field"));
        entry(value, &gettext("Value")).set_hexpand(true);
        let remove = gtk::Button::from_icon_name("list-remove-symbolic");
        let words = gettext("Remove this field");
        remove.set_tooltip_text(Some(&words));
        a11y::label(&remove, &words);
        remove.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[weak]
            line,
            move |_| {
                let fields = &page.imp().fields;
                fields.remove(&line);
                fields.set_visible(fields.first_child().is_some());
                page.fields_changed();
            }
        ));
        line.append(&remove);
        self.imp().fields.append(&line);
        self.imp().fields.set_visible(true);
        key
    }

    /// Remembers the fields that have a name, and tells them.
    fn fields_changed(&self) {
        let imp = self.imp();
        let Some(settings) = imp.settings.get() else { return };
        let mut fields = Vec::new();
        let mut line = imp.fields.first_child();
        while let Some(present) = line {
            let key = present.first_child().and_downcast::<gtk::Entry>();
            let value = key.as_ref().and_then(WidgetExt::next_sibling).and_downcast::<gtk::Entry>();
            if let (Some(key), Some(value)) = (key, value)
                && !key.text().trim().is_empty()
            {
                fields.push((key.text().trim().to_owned(), value.text().trim().to_owned()));
            }
            line = present.next_sibling();
        }
        if fields != settings.user_info().fields {
            settings.set_info_fields(&fields);
            self.tell_user_info();
        }
    }

    /// Tells the network what takes effect at once. While one is no peer, nothing comes of it.
    fn send(&self, command: Command) {
        if let Some(send) = self.imp().send.get() {
            send(command);
        }
    }
}

fn service_type_words(error: ServiceTypeError) -> String {
    match error {
        ServiceTypeError::Empty | ServiceTypeError::NotTcp | ServiceTypeError::NotLocal => {
            gettext("A service type looks like this: _klatch._tcp.local.")
        }
        ServiceTypeError::TooLong => gettext("The name of a service type has at most 15 characters."),
        ServiceTypeError::NoLetter => gettext("The name of a service type needs at least one letter."),
        ServiceTypeError::BadCharacter => {
            gettext("The name of a service type has letters, digits and single hyphens between them only.")
        }
    }
}
