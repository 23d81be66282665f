//! The preferences: one window for everything that the program remembers.
//!
//! What can be changed while online is changed at once. Another name or another server needs a new connection: those
//! wait until the person applies them, and closing the window asks what shall become of them.

mod closing;
mod page;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

pub use self::page::Page;
use super::field::{self, Field};
use super::hosting::{self, Hosting};
use super::hosting_page::Wish;
use super::i18n::{gettext, gettext_f};
use super::own_status;
use super::problem::Problem;
use super::settings::{Appearance, Settings, key};
use crate::net::{
    Added, Command, LinkState, Mode, NetError, NetErrorKind, PeerParameters, Presence, ServerParameters, Sharing,
    Status,
};

type Send = Box<dyn Fn(Command) -> Result<(), NetError>>;

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::super::hosting_page::HostingPage;
    use super::super::peer_page::PeerPage;
    use super::super::picture_row::PictureRow;
    use super::super::problem_bar::ProblemBar;
    use super::{Field, LinkState, Send, Settings};

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/preferences.ui")]
    pub struct Preferences {
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Notebook>,
        #[template_child]
        pub(super) name: TemplateChild<Field>,
        #[template_child]
        pub(super) presence_caption: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) presence: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) message: TemplateChild<Field>,
        #[template_child]
        pub(super) picture: TemplateChild<PictureRow>,
        #[template_child]
        pub(super) by_network: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) by_server: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) host: TemplateChild<Field>,
        #[template_child]
        pub(super) port: TemplateChild<Field>,
        #[template_child]
        pub(super) connect_at_start: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) peer_page: TemplateChild<PeerPage>,
        #[template_child]
        pub(super) hosting_page: TemplateChild<HostingPage>,
        #[template_child]
        pub(super) notifications: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) follow_system: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) light: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) dark: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) problem: TemplateChild<ProblemBar>,
        #[template_child]
        pub(super) link: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) consequence: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) revert: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) apply: TemplateChild<gtk::Button>,
        pub(super) settings: OnceCell<Settings>,
        pub(super) send: OnceCell<Send>,
        pub(super) state: RefCell<Option<LinkState>>,
        pub(super) lacks_network: Cell<bool>,
        /// Whether the fields are being filled by the program.
        pub(super) filling: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Preferences {
        const NAME: &'static str = "KlatchPreferences";
        type Type = super::Preferences;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            Field::ensure_type();
            HostingPage::ensure_type();
            PeerPage::ensure_type();
            PictureRow::ensure_type();
            ProblemBar::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Preferences {}
    impl WidgetImpl for Preferences {}
    impl WindowImpl for Preferences {}
}

glib::wrapper! {
    /// The window; there should be one at a time.
    pub struct Preferences(ObjectSubclass<imp::Preferences>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl Preferences {
    /// The window, over its parent. What it wants from the network goes to `send`; what comes of it is to be told by
    /// [`Preferences::show_link`], beginning with the state at present.
    pub fn new(
        parent: &impl IsA<gtk::Window>,
        settings: &Settings,
        hosting: &Hosting,
        send: impl Fn(Command) -> Result<(), NetError> + 'static,
    ) -> Self {
        let preferences: Self = glib::Object::builder().property("transient-for", parent).build();
        let imp = preferences.imp();
        let _ = imp.settings.set(settings.clone());
        let _ = imp.send.set(Box::new(send));
        preferences.set_application(parent.application().as_ref());
        let weak = preferences.downgrade();
        imp.peer_page.set_up(settings, move |command| {
            if let Some(preferences) = weak.upgrade() {
                // A refusal is shown in the window.
                preferences.send(command);
            }
        });
        let page = imp.peer_page.downgrade();
        imp.picture.set_up(settings, move || {
            if let Some(page) = page.upgrade() {
                page.tell_user_info();
            }
        });
        preferences.fill(settings);
        preferences.bind(settings);
        preferences.connect();
        let weak = preferences.downgrade();
        imp.hosting_page.set_up(settings, hosting, move |wish| {
            let Some(preferences) = weak.upgrade() else { return };
            match wish {
                Wish::Join(port) => preferences.use_own_server(port),
                Wish::Leave => drop(preferences.send(Command::Disconnect)),
            }
        });
        preferences
    }

    /// Turns to a page.
    pub fn show_page(&self, page: Page) {
        self.imp().pages.set_current_page(Some(page as u32));
    }

    /// Follows the connection.
    pub fn show_link(&self, link: &LinkState) {
        let imp = self.imp();
        imp.state.replace(Some(link.clone()));
        imp.hosting_page.show_link(link);
        imp.peer_page.show_link(link);
        let is_peer = imp.settings.get().is_some_and(Settings::is_peer);
        let text = match link {
            LinkState::Connecting { .. } if is_peer => gettext("Joining this network…"),
            LinkState::Online { .. } if imp.lacks_network.get() => gettext("This computer is not on a network"),
            LinkState::Online { name, .. } if is_peer => {
                gettext_f("On this network as {name}", &[("name", &name.shown())])
            }
            LinkState::Offline(_) => gettext("Not connected"),
            LinkState::Connecting { to } => gettext_f("Connecting to {address}…", &[("address", to)]),
            LinkState::Online { at, name, .. } => {
                gettext_f("Connected to {address} as {name}", &[("address", at), ("name", &name.shown())])
            }
            LinkState::Reconnecting { to, .. } => gettext_f("Reconnecting to {address}…", &[("address", to)]),
        };
        imp.link.set_label(&text);
        imp.link.set_tooltip_text(Some(&text));
        match link {
            LinkState::Reconnecting { to, because, .. } => imp.problem.show(&Problem::new(because, to)),
            LinkState::Offline(Some(error)) => {
                let server = imp.settings.get().and_then(Settings::server);
                let address = server.map_or_else(String::new, |address| address.to_string());
                let problem = Problem::new(error, &address);
                if matches!(error.kind, NetErrorKind::NameRefused | NetErrorKind::BadName(_)) {
                    self.show_page(Page::Account);
                    imp.name.grab_focus();
                }
                imp.problem.show(&problem);
            }
            LinkState::Offline(None) | LinkState::Connecting { .. } | LinkState::Online { .. } => imp.problem.clear(),
        }
        self.offer_apply();
    }

    /// Follows whether this computer is on a network; to be told before [`Preferences::show_link`].
    pub fn show_network(&self, is_there: bool) {
        self.imp().lacks_network.set(!is_there);
    }

    /// Follows who is at the addresses that the user has given.
    pub fn show_added(&self, added: Vec<Added>) {
        self.imp().peer_page.set_added(added);
    }

    /// Follows what others see of the shared folder.
    pub fn show_sharing(&self, sharing: Option<Sharing>) {
        self.imp().peer_page.show_sharing(sharing);
    }

    fn fill(&self, settings: &Settings) {
        let imp = self.imp();
        imp.filling.set(true);
        imp.name.set_text(settings.name().as_ref().map_or("", |name| name.as_str()));
        self.fill_status(settings);
        let server = settings.server();
        imp.host.set_text(server.as_ref().map_or("", |address| &address.host));
        imp.port.set_text(&server.map_or(crate::net::DEFAULT_PORT, |address| address.port).to_string());
        imp.peer_page.fill(settings);
        imp.picture.set_person(&imp.name.text());
        imp.by_network.set_active(settings.is_peer());
        imp.by_server.set_active(!settings.is_peer());
        imp.peer_page.show_mode(settings.is_peer());
        imp.filling.set(false);
        for field in [&imp.name, &imp.host, &imp.port] {
            field.set_problem(None);
        }
        self.offer_apply();
    }

    fn fill_status(&self, settings: &Settings) {
        let imp = self.imp();
        let status = settings.status();
        let index = Presence::ALL.iter().position(|presence| *presence == status.presence()).unwrap_or_default();
        imp.filling.set(true);
        imp.presence.set_selected(u32::try_from(index).unwrap_or_default());
        imp.message.set_text(status.message());
        imp.filling.set(false);
    }

    /// What needs no thought: the settings and the widgets are always the same.
    fn bind(&self, settings: &Settings) {
        let imp = self.imp();
        settings.gio().bind(key::CONNECT_AT_START, &*imp.connect_at_start, "active").build();
        settings.gio().bind(key::NOTIFICATIONS, &*imp.notifications, "active").build();
        let choices = [&imp.follow_system, &imp.light, &imp.dark];
        for (choice, appearance) in choices.into_iter().zip(Appearance::ALL) {
            choice.set_active(settings.appearance() == appearance);
            let settings = settings.clone();
            choice.connect_toggled(move |choice| {
                if choice.is_active() {
                    settings.set_appearance(appearance);
                }
            });
        }
        for key in [key::PRESENCE, key::STATUS] {
            let preferences = self;
            let changed = glib::closure_local!(
                #[watch]
                preferences,
                move |_: gtk::gio::Settings, _: &str| {
                    if let Some(settings) = preferences.imp().settings.get() {
                        preferences.fill_status(settings);
                    }
                }
            );
            settings.gio().connect_closure(&format!("changed::{key}"), false, changed);
        }
    }

    fn connect(&self) {
        let imp = self.imp();
        imp.port.expect_port();
        field::align(&[&imp.host, &imp.port]);
        let captions = field::align(&[&imp.name, &imp.message]);
        captions.add_widget(&*imp.presence_caption);
        captions.add_widget(imp.picture.caption());
        for field in [&imp.name, &imp.host, &imp.port] {
            field.connect_changed(glib::clone!(
                #[weak(rename_to = preferences)]
                self,
                move |_| preferences.typed()
            ));
        }
        let typed = glib::clone!(
            #[weak(rename_to = preferences)]
            self,
            move || preferences.typed()
        );
        imp.peer_page.connect_changed(typed.clone());
        imp.by_network.connect_toggled(move |_| typed());
        imp.host.connect_committed(glib::clone!(
            #[weak(rename_to = port)]
            imp.port,
            move |host| field::split_port(host, &port)
        ));
        imp.presence.connect_selected_notify(glib::clone!(
            #[weak(rename_to = preferences)]
            self,
            move |_| preferences.change_status()
        ));
        imp.message.connect_committed(glib::clone!(
            #[weak(rename_to = preferences)]
            self,
            move |_| preferences.change_status()
        ));
        imp.apply.connect_clicked(glib::clone!(
            #[weak(rename_to = preferences)]
            self,
            move |_| {
                // Enter activates the button even while it is not shown.
                if preferences.is_changed() {
                    preferences.apply();
                }
            }
        ));
        imp.revert.connect_clicked(glib::clone!(
            #[weak(rename_to = preferences)]
            self,
            move |_| {
                if let Some(settings) = preferences.imp().settings.get() {
                    preferences.fill(settings);
                }
            }
        ));
        imp.problem.connect_retry(glib::clone!(
            #[weak(rename_to = preferences)]
            self,
            move || preferences.retry()
        ));
        self.connect_close_request(|preferences| {
            preferences.change_status();
            if preferences.is_changed() {
                preferences.ask_before_closing();
                glib::Propagation::Stop
            } else {
                glib::Propagation::Proceed
            }
        });
    }

    fn typed(&self) {
        if self.imp().filling.get() {
            return;
        }
        self.imp().picture.set_person(&self.imp().name.text());
        self.imp().peer_page.show_mode(self.imp().by_network.is_active());
        self.read();
        self.offer_apply();
    }

    /// How to go online by what is typed, if that can be used; what is wrong is shown.
    fn read(&self) -> Option<Mode> {
        let imp = self.imp();
        let settings = imp.settings.get()?;
        let name = field::read_name(&imp.name);
        if imp.by_network.is_active() {
            for field in [&imp.host, &imp.port] {
                field.set_problem(None);
            }
            let (service_type, port) = imp.peer_page.read()?;
            return Some(Mode::Peer(Box::new(PeerParameters { service_type, port, ..settings.peer(name?) })));
        }
        let address = field::read_address(&imp.host, &imp.port);
        Some(Mode::Server(ServerParameters { address: address?, name: name?, status: settings.status() }))
    }

    /// Whether something is typed that is not applied.
    fn is_changed(&self) -> bool {
        let imp = self.imp();
        let Some(settings) = imp.settings.get() else { return false };
        let is_peer = imp.by_network.is_active();
        if is_peer != settings.is_peer()
            || imp.name.text().trim() != settings.name().as_ref().map_or("", |name| name.as_str())
        {
            return true;
        }
        if is_peer {
            return imp.peer_page.is_changed(settings);
        }
        let server = settings.server();
        let port = server.as_ref().map_or(crate::net::DEFAULT_PORT, |address| address.port).to_string();
        imp.host.text().trim() != server.as_ref().map_or("", |address| &address.host) || imp.port.text().trim() != port
    }

    fn offer_apply(&self) {
        let imp = self.imp();
        let changed = self.is_changed();
        let is_online = matches!(&*imp.state.borrow(), Some(LinkState::Online { .. }));
        imp.consequence.set_visible(changed && is_online);
        imp.revert.set_visible(changed);
        imp.apply.set_visible(changed);
        imp.apply.set_label(&match &*imp.state.borrow() {
            None | Some(LinkState::Offline(_)) => gettext("Appl_y and Connect"),
            Some(_) => gettext("Appl_y and Reconnect"),
        });
        let is_sound = [&imp.name, &imp.host, &imp.port].iter().all(|field| field.problem().is_none());
        imp.apply.set_sensitive(is_sound && (imp.by_server.is_active() || imp.peer_page.is_sound()));
    }

    /// Remembers what is typed and goes online with it; whether that could be begun.
    fn apply(&self) -> bool {
        let imp = self.imp();
        field::split_port(&imp.host, &imp.port);
        let (Some(mode), Some(settings)) = (self.read(), imp.settings.get()) else {
            self.offer_apply();
            return false;
        };
        settings.set_mode(&mode);
        self.fill(settings);
        self.send(Command::Connect(mode))
    }

    fn retry(&self) {
        if self.is_changed() {
            self.apply();
        } else {
            // It knows what was asked for on the command line.
            let _ = self.activate_action("app.connect", None);
        }
    }

    fn use_own_server(&self, port: u16) {
        let imp = self.imp();
        let address = hosting::own_address(port);
        imp.by_server.set_active(true);
        imp.host.set_text(&address.host);
        imp.port.set_text(&address.port.to_string());
        if !self.apply() {
            self.show_page(Page::Account);
            imp.name.grab_focus();
        }
    }

    fn change_status(&self) {
        let imp = self.imp();
        let Some(settings) = imp.settings.get().filter(|_| !imp.filling.get()) else { return };
        let presence = usize::try_from(imp.presence.selected()).ok().and_then(|index| Presence::ALL.get(index));
        let status = Status::new(presence.copied().unwrap_or_default(), &imp.message.text());
        let link = imp.state.borrow().clone().unwrap_or(LinkState::Offline(None));
        own_status::change(status, settings, &link, |command| {
            self.send(command);
        });
    }

    /// Whether the network thread has taken the request; if not, the window says so.
    fn send(&self, command: Command) -> bool {
        let imp = self.imp();
        let sent = imp.send.get().map_or_else(|| Err(NetError::new(NetErrorKind::NotConnected)), |send| send(command));
        if let Err(error) = &sent {
            imp.problem.show(&Problem::new(error, ""));
        }
        sent.is_ok()
    }
}
