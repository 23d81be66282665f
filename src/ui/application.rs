//! The application: its actions, its windows, and its life from the first activation to the goodbye.

pub(super) mod actions;
mod peers;
mod quitting;

use std::cell::{Cell, OnceCell, RefCell};

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::conversation::ConversationWindow;
use super::hosting::{Hosting, HostingState};
use super::hosting_alert;
use super::invitation;
use super::model::{Client, Conversation};
use super::name_dialog::NameDialog;
use super::new_conversation::NewConversation;
use super::notifier;
use super::options::Asked;
use super::preferences::Preferences;
use super::problem::Problem;
use super::settings::{Settings, key};
use super::style;
use super::welcome::Welcome;
use super::window::Window;
use crate::net::{Command, LinkState, Mode, NetError, NetErrorKind, UserName};

/// How the program is known on the session bus.
pub(super) const ID: &str = match option_env!("KLATCH_APP_ID") {
    Some(id) => id,
    None => "im.klatch.Klatch",
};

mod imp {
    use super::{
        Asked, Cell, Client, Hosting, NameDialog, OnceCell, Preferences, RefCell, Settings, Welcome, Window, glib,
    };
    use gtk::subclass::prelude::*;

    #[derive(Default)]
    pub struct Application {
        pub(super) settings: OnceCell<Settings>,
        pub(super) client: OnceCell<Client>,
        pub(super) window: RefCell<Option<Window>>,
        pub(super) asks_name: glib::WeakRef<NameDialog>,
        /// What the command line asked for, instead of what the settings say.
        pub(super) asked: RefCell<Asked>,
        pub(super) was_activated: Cell<bool>,
        pub(super) welcome: glib::WeakRef<Welcome>,
        pub(super) preferences: glib::WeakRef<Preferences>,
        pub(super) hosting: Hosting,
        pub(super) asks_to_end: glib::WeakRef<gtk::MessageDialog>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Application {
        const NAME: &'static str = "KlatchApplication";
        type Type = super::Application;
        type ParentType = gtk::Application;
    }

    impl ObjectImpl for Application {}

    impl ApplicationImpl for Application {
        fn activate(&self) {
            self.parent_activate();
            self.obj().show();
        }

        fn shutdown(&self) {
            if let Some(window) = &*self.window.borrow() {
                window.remember_size();
            }
            self.hosting.shutdown();
            self.parent_shutdown();
        }
    }

    impl GtkApplicationImpl for Application {}
}

glib::wrapper! {
    /// The application.
    pub struct Application(ObjectSubclass<imp::Application>)
        @extends gtk::Application, gio::Application,
        @implements gio::ActionGroup, gio::ActionMap;
}

impl Application {
    /// An application that is not registered yet; [`Application::prepare`] makes it work.
    pub fn new(flags: gio::ApplicationFlags) -> Self {
        glib::Object::builder()
            .property("application-id", ID)
            .property("flags", flags)
            .property("resource-base-path", style::RESOURCES)
            .build()
    }

    /// Gives it what it works with, after it has been registered. What is `asked` is to be connected to at once, whatever
    /// the settings say.
    pub fn prepare(&self, settings: &Settings, client: &Client, asked: Asked) {
        let imp = self.imp();
        imp.settings.get_or_init(|| settings.clone());
        imp.client.get_or_init(|| client.clone());
        self.ask_for(asked);
        style::load(settings);
        if let Some(settings) = gtk::Settings::default() {
            // Otherwise a message is selected whole as soon as the keyboard gets to it.
            settings.set_property("gtk-label-select-on-focus", false);
        }
        self.add_actions(settings);
        self.follow(settings, client);
        invitation::follow(self, client);
        notifier::follow(self, client, settings);
    }

    fn client(&self) -> Option<&Client> {
        self.imp().client.get()
    }

    fn settings(&self) -> Option<&Settings> {
        self.imp().settings.get()
    }

    fn follow(&self, settings: &Settings, client: &Client) {
        client.connect_link_changed(glib::clone!(
            #[weak(rename_to = app)]
            self,
            move |client| app.link_changed(client)
        ));
        client.connect_opened(glib::clone!(
            #[weak(rename_to = app)]
            self,
            #[weak]
            client,
            move |conversation| {
                app.conversation_window(&client, conversation).present();
            }
        ));
        client.connect_sharing_changed(glib::clone!(
            #[weak(rename_to = app)]
            self,
            move |client| {
                if let Some(preferences) = app.imp().preferences.upgrade() {
                    preferences.show_sharing(client.sharing());
                }
            }
        ));
        let app = self.downgrade();
        settings.on_changed(&[key::NAME, key::MODE, key::SERVER_HOST, key::SERVER_PORT], move |_| {
            if let Some(app) = app.upgrade() {
                app.ask_for(Asked::default());
            }
        });
        client.connect_roster_changed(glib::clone!(
            #[weak(rename_to = app)]
            self,
            move |client| {
                if let Some(preferences) = app.imp().preferences.upgrade() {
                    preferences.show_added(client.added());
                }
            }
        ));
        self.refresh_actions(&client.link());
    }

    fn link_changed(&self, client: &Client) {
        let imp = self.imp();
        let link = &client.link();
        self.refresh_actions(link);
        let preferences = imp.preferences.upgrade();
        if let Some(preferences) = &preferences {
            preferences.show_network(client.has_network());
            preferences.show_link(link);
        }
        if let Some(welcome) = imp.welcome.upgrade() {
            welcome.show_link(link);
        } else if preferences.is_none()
            && let LinkState::Offline(Some(error)) = link
            && matches!(error.kind, NetErrorKind::NameRefused | NetErrorKind::BadName(_))
        {
            self.ask_name(error);
        }
    }

    fn refresh_actions(&self, link: &LinkState) {
        self.enable("connect", matches!(link, LinkState::Offline(_) | LinkState::Reconnecting { .. }));
        self.enable("disconnect", !matches!(link, LinkState::Offline(_)));
        self.enable("new-conversation", matches!(link, LinkState::Online { .. }));
        self.refresh_peer_actions(link);
    }
}

/// Windows.
impl Application {
    /// Shows the buddy list; before one has ever been online, the welcome.
    fn show(&self) {
        let imp = self.imp();
        let (Some(client), Some(settings)) = (imp.client.get(), imp.settings.get()) else { return };
        let is_first = !imp.was_activated.replace(true);
        if is_first && settings.hosts_with(&imp.asked.borrow()) {
            imp.hosting.start(settings.host_port());
        }
        if let Some(welcome) = imp.welcome.upgrade() {
            welcome.present();
            return;
        }
        if self.mode().is_none() {
            self.welcome(settings);
            return;
        }
        let window = imp.window.borrow().clone();
        let window = window.unwrap_or_else(|| self.build_window(client, settings));
        window.present();
        if is_first && (!imp.asked.borrow().is_nothing() || settings.connect_at_start()) {
            self.connect();
        }
    }

    /// Asks for all that is needed to go online. If that does not come about, no window is left, and the program ends.
    fn welcome(&self, settings: &Settings) {
        let imp = self.imp();
        let welcome = Welcome::new(self, settings, &imp.hosting, self.sender());
        imp.welcome.set(Some(&welcome));
        welcome.connect_unrealize(glib::clone!(
            #[weak(rename_to = app)]
            self,
            move |_| {
                app.imp().welcome.set(None);
                if app.mode().is_some() {
                    app.show();
                }
            }
        ));
        welcome.present();
    }

    fn show_preferences(&self) {
        let imp = self.imp();
        if let Some(preferences) = imp.preferences.upgrade() {
            preferences.present();
            return;
        }
        let (Some(client), Some(settings), Some(window)) =
            (self.client(), self.settings(), imp.window.borrow().clone())
        else {
            return;
        };
        let preferences = Preferences::new(&window, settings, &imp.hosting, self.sender());
        preferences.show_network(client.has_network());
        preferences.show_link(&client.link());
        preferences.show_sharing(client.sharing());
        preferences.show_added(client.added());
        imp.preferences.set(Some(&preferences));
        preferences.connect_unrealize(glib::clone!(
            #[weak(rename_to = app)]
            self,
            move |_| app.imp().preferences.set(None)
        ));
        preferences.present();
    }

    /// How dialogs send commands; they show themselves why one was refused.
    fn sender(&self) -> impl Fn(Command) -> Result<(), NetError> + 'static {
        let app = self.downgrade();
        move |command| {
            let client = app.upgrade().and_then(|app| app.client().cloned());
            client.map_or_else(|| Err(NetError::new(NetErrorKind::NotConnected)), |client| client.send(command))
        }
    }

    fn build_window(&self, client: &Client, settings: &Settings) -> Window {
        let window = Window::new(self, client, settings);
        window.connect_close_request(glib::clone!(
            #[weak(rename_to = app)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_| {
                app.ask_to_quit();
                glib::Propagation::Stop
            }
        ));
        let imp = self.imp();
        show_hosting(&window, &imp.hosting.state());
        window.set_asked_name(imp.asked.borrow().name.clone());
        imp.hosting.connect_changed(&window, show_hosting);
        imp.window.replace(Some(window.clone()));
        window
    }

    fn conversation_window(&self, client: &Client, conversation: &Conversation) -> ConversationWindow {
        let windows = self.windows().into_iter().filter_map(|window| window.downcast::<ConversationWindow>().ok());
        if let Some(window) = windows.into_iter().find(|window| window.conversation() == Some(conversation)) {
            return window;
        }
        let window = ConversationWindow::new(self, client, conversation);
        if let Some(settings) = self.settings().cloned() {
            let (width, height) = settings.conversation_size();
            window.set_default_size(width, height);
            window.connect_close_request(move |window| {
                settings.set_conversation_size(window.default_size());
                glib::Propagation::Proceed
            });
        }
        window
    }

    /// Brings what was written in an ended conversation to the one that goes on in its place.
    fn carry_draft(&self, conversation: &Conversation, to: &ConversationWindow) {
        let windows = self.windows().into_iter().filter_map(|window| window.downcast::<ConversationWindow>().ok());
        for window in windows {
            if let Some(draft) = window.take_draft_for(conversation) {
                to.add_draft(&draft);
            }
        }
    }

    fn ask_name(&self, error: &NetError) {
        let imp = self.imp();
        let Some(window) = imp.window.borrow().clone() else { return };
        if let Some(dialog) = imp.asks_name.upgrade() {
            dialog.destroy();
        }
        let refused = self.mode().map(|mode| mode.name().to_string()).unwrap_or_default();
        let problem = Problem::new(error, "");
        let app = self.downgrade();
        let dialog = NameDialog::new(&window, &refused, &problem, move |name| {
            if let Some(app) = app.upgrade() {
                app.connect_as(name);
            }
        });
        imp.asks_name.set(Some(&dialog));
        dialog.present();
    }

    fn ask_whom(&self) {
        let imp = self.imp();
        let (Some(client), Some(window)) = (imp.client.get(), imp.window.borrow().clone()) else { return };
        let app = self.downgrade();
        let start = move |names: &[UserName]| {
            if let Some(app) = app.upgrade()
                && let Some(client) = app.client()
                && let Some(conversation) = client.start(names)
            {
                app.conversation_window(client, &conversation).present();
            }
        };
        let parent = self.active_window().unwrap_or_else(|| window.upcast());
        NewConversation::new(&parent, client, start).present();
    }
}

/// Tells the buddy list whether this program hosts, and the person why it cannot.
fn show_hosting(window: &Window, state: &HostingState) {
    if let HostingState::Failed(problem) = state {
        hosting_alert::show(window, problem);
    }
    window.set_hosting(match state {
        HostingState::Running { port, people } => Some((*port, *people)),
        _ => None,
    });
}

/// Being online.
impl Application {
    /// Takes over, or forgets, what shall be connected to instead of what the settings say.
    fn ask_for(&self, asked: Asked) {
        if let Some(window) = &*self.imp().window.borrow() {
            window.set_asked_name(asked.name.clone());
        }
        self.imp().asked.replace(asked);
    }

    /// How to go online now.
    fn mode(&self) -> Option<Mode> {
        self.settings()?.mode_with(&self.imp().asked.borrow())
    }

    fn connect(&self) {
        let Some(client) = self.client() else { return };
        let command = match client.link() {
            LinkState::Reconnecting { .. } => Some(Command::RetryNow),
            _ => self.mode().map(Command::Connect),
        };
        if let Some(command) = command {
            // A refusal is told in the problem bar.
            let _ = client.send(command);
        }
    }

    /// Connects under another name, which is remembered where the present one came from.
    fn connect_as(&self, name: UserName) {
        let imp = self.imp();
        let asked = imp.asked.borrow().clone();
        if !asked.is_nothing() {
            self.ask_for(Asked { name: Some(name), ..asked });
        } else if let Some(settings) = imp.settings.get() {
            settings.set_name(&name);
        }
        self.connect();
    }
}
