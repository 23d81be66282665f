//! The first-run window: who one is, and where to chat.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::field::{self, Field};
use super::hosting::{self, Hosting, HostingState};
use super::i18n::{gettext, gettext_f};
use super::problem::Problem;
use super::settings::Settings;
use crate::net::{Command, LinkState, Mode, NetError, NetErrorKind, ServerParameters, UserName};

/// What the person has asked for.
#[derive(Clone, Debug)]
struct Attempt {
    mode: Mode,
    /// Whether the server is the one of this program.
    hosting: bool,
}

type Send = Box<dyn Fn(Command) -> Result<(), NetError>>;

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};

    use gtk::glib;
    use gtk::subclass::prelude::*;

    use super::super::address_list::AddressList;
    use super::super::problem_bar::ProblemBar;
    use super::{Attempt, Field, Hosting, Send, Settings};
    use gtk::prelude::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/welcome.ui")]
    pub struct Welcome {
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) form: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) name: TemplateChild<Field>,
        #[template_child]
        pub(super) join: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) host: TemplateChild<Field>,
        #[template_child]
        pub(super) port: TemplateChild<Field>,
        #[template_child]
        pub(super) host_here: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) peer: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) host_port: TemplateChild<Field>,
        #[template_child]
        pub(super) problem: TemplateChild<ProblemBar>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) progress: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) cancel: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) go: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) addresses: TemplateChild<AddressList>,
        #[template_child]
        pub(super) start: TemplateChild<gtk::Button>,
        pub(super) settings: OnceCell<Settings>,
        pub(super) hosting: OnceCell<Hosting>,
        pub(super) send: OnceCell<Send>,
        /// What had the keyboard before an attempt.
        pub(super) focus: glib::WeakRef<gtk::Widget>,
        pub(super) attempt: RefCell<Option<Attempt>>,
        /// Whether to go on as soon as the server listens.
        pub(super) awaits_server: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Welcome {
        const NAME: &'static str = "KlatchWelcome";
        type Type = super::Welcome;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            Field::ensure_type();
            ProblemBar::ensure_type();
            AddressList::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Welcome {}
    impl WidgetImpl for Welcome {}
    impl WindowImpl for Welcome {}
}

glib::wrapper! {
    /// Asks for all that is needed to go online, tries it, and closes when one is online.
    pub struct Welcome(ObjectSubclass<imp::Welcome>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl Welcome {
    /// The window. What it wants from the network goes to `send`; what comes of it is to be told by
    /// [`Welcome::show_link`].
    pub fn new(
        app: &impl IsA<gtk::Application>,
        settings: &Settings,
        hosting: &Hosting,
        send: impl Fn(Command) -> Result<(), NetError> + 'static,
    ) -> Self {
        let welcome: Self = glib::Object::builder().property("application", app).build();
        let imp = welcome.imp();
        let _ = imp.settings.set(settings.clone());
        let _ = imp.hosting.set(hosting.clone());
        let _ = imp.send.set(Box::new(send));
        welcome.fill(settings);
        welcome.connect();
        hosting.connect_changed(&welcome, Self::server_changed);
        welcome.show_progress(None);
        imp.name.grab_focus();
        welcome
    }

    /// Follows the connection: progress, failure, and the end of the welcome once one is online.
    pub fn show_link(&self, link: &LinkState) {
        let Some(attempt) = self.imp().attempt.borrow().clone() else { return };
        match link {
            LinkState::Connecting { to } => {
                self.imp().problem.clear();
                self.show_progress(Some(&connecting(&attempt.mode, to)));
            }
            LinkState::Online { .. } => self.succeed(&attempt),
            LinkState::Reconnecting { to, because, .. } => self.fail(because, to),
            LinkState::Offline(Some(error)) => self.fail(error, &address(&attempt.mode)),
            LinkState::Offline(None) => self.show_progress(None),
        }
    }

    fn fill(&self, settings: &Settings) {
        let imp = self.imp();
        let name = settings.name().or_else(suggested_name);
        imp.name.set_text(name.as_ref().map_or("", UserName::as_str));
        let server = settings.server();
        imp.host.set_text(server.as_ref().map_or("", |address| &address.host));
        imp.port.set_text(&server.map_or(crate::net::DEFAULT_PORT, |address| address.port).to_string());
        imp.host_port.set_text(&settings.host_port().to_string());
        imp.port.expect_port();
        imp.host_port.expect_port();
        field::align(&[&imp.name, &imp.host, &imp.port, &imp.host_port]);
    }

    fn connect(&self) {
        let imp = self.imp();
        // What is wrong is told when one asks to go on, and taken back while it is being corrected.
        for field in [&imp.name, &imp.host, &imp.port, &imp.host_port] {
            field.connect_changed(|field| field.set_problem(None));
        }
        imp.host.connect_committed(glib::clone!(
            #[weak(rename_to = port)]
            imp.port,
            move |host| field::split_port(host, &port)
        ));
        for way in [&imp.join, &imp.host_here, &imp.peer] {
            way.connect_toggled(glib::clone!(
                #[weak(rename_to = welcome)]
                self,
                move |_| {
                    let imp = welcome.imp();
                    imp.problem.clear();
                    // What is wrong with a field that does not count is none of one's concern.
                    for field in [&imp.name, &imp.host, &imp.port, &imp.host_port] {
                        field.set_problem(None);
                    }
                    welcome.show_progress(None);
                }
            ));
        }
        for way in [&imp.join, &imp.host_here, &imp.peer] {
            let keys = gtk::EventControllerKey::new();
            // Before the button, for which Enter is but a click.
            keys.set_propagation_phase(gtk::PropagationPhase::Capture);
            keys.connect_key_pressed(glib::clone!(
                #[weak(rename_to = welcome)]
                self,
                #[weak]
                way,
                #[upgrade_or]
                glib::Propagation::Proceed,
                move |_, key, _, _| {
                    if !matches!(key, gdk::Key::Return | gdk::Key::KP_Enter | gdk::Key::ISO_Enter) {
                        return glib::Propagation::Proceed;
                    }
                    way.set_active(true);
                    welcome.go();
                    glib::Propagation::Stop
                }
            ));
            way.add_controller(keys);
        }
        imp.go.connect_clicked(glib::clone!(
            #[weak(rename_to = welcome)]
            self,
            move |_| welcome.go()
        ));
        imp.cancel.connect_clicked(glib::clone!(
            #[weak(rename_to = welcome)]
            self,
            move |_| if welcome.imp().spinner.is_spinning() { welcome.give_up() } else { welcome.close() }
        ));
        imp.start.connect_clicked(glib::clone!(
            #[weak(rename_to = welcome)]
            self,
            move |_| welcome.destroy()
        ));
        self.cancel_by_escape();
        self.connect_close_request(|welcome| {
            welcome.give_up();
            glib::Propagation::Proceed
        });
    }

    /// Escape ends an attempt, but not the program.
    fn cancel_by_escape(&self) {
        let cancel = gtk::CallbackAction::new(|welcome, _| {
            let busy = welcome.downcast_ref::<Self>().filter(|welcome| welcome.imp().spinner.is_spinning());
            busy.inspect(|welcome| welcome.give_up()).is_some().into()
        });
        let shortcuts = gtk::ShortcutController::new();
        shortcuts.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string("Escape"), Some(cancel)));
        self.add_controller(shortcuts);
    }

    /// Tries what has been typed.
    fn go(&self) {
        let imp = self.imp();
        imp.problem.clear();
        let hosts = imp.host_here.is_active();
        let name = field::read_name(&imp.name);
        let Some(settings) = imp.settings.get() else { return };
        if imp.peer.is_active() {
            if let Some(name) = name {
                self.unhost();
                self.attempt(Mode::Peer(Box::new(settings.peer(name))), false);
            } else {
                imp.name.grab_focus();
            }
            return;
        }
        let address = if hosts {
            field::read_port(&imp.host_port).map(hosting::own_address)
        } else {
            field::split_port(&imp.host, &imp.port);
            field::read_address(&imp.host, &imp.port)
        };
        let (Some(name), Some(address)) = (name, address) else {
            let fields = [&imp.name, &imp.host, &imp.port, &imp.host_port];
            if let Some(wrong) = fields.into_iter().find(|field| field.is_sensitive() && field.problem().is_some()) {
                wrong.grab_focus();
            }
            return;
        };
        if !hosts {
            self.unhost();
        } else if !self.host(address.port) {
            return;
        }
        self.attempt(Mode::Server(ServerParameters { address, name, status: settings.status() }), hosts);
    }

    /// Tries to go online so.
    fn attempt(&self, mode: Mode, hosting: bool) {
        self.imp().attempt.replace(Some(Attempt { mode: mode.clone(), hosting }));
        let to = address(&mode);
        self.show_progress(Some(&connecting(&mode, &to)));
        if let Err(error) = self.send(Command::Connect(mode)) {
            self.fail(&error, &to);
        }
    }

    /// Starts the server; whether it listens.
    fn host(&self, port: u16) -> bool {
        let Some(hosting) = self.imp().hosting.get() else { return false };
        hosting.start(port);
        match hosting.state() {
            HostingState::Running { .. } => true,
            HostingState::Failed(problem) => {
                self.show_problem(problem);
                false
            }
            HostingState::Stopped | HostingState::Stopping => {
                // Another port was tried before, and that server has not ended yet.
                self.imp().awaits_server.set(true);
                self.show_progress(Some(&gettext("Starting the server…")));
                false
            }
        }
    }

    fn server_changed(&self, state: &HostingState) {
        let settled = matches!(state, HostingState::Running { .. } | HostingState::Failed(_));
        if settled && self.imp().awaits_server.take() {
            self.show_progress(None);
            self.go();
        }
    }

    fn succeed(&self, attempt: &Attempt) {
        let imp = self.imp();
        imp.attempt.take();
        if let Some(settings) = imp.settings.get() {
            settings.set_mode(&attempt.mode);
            if let (true, Mode::Server(parameters)) = (attempt.hosting, &attempt.mode) {
                settings.set_host_port(parameters.address.port);
                settings.set_host_at_start(true);
            }
        }
        self.show_progress(None);
        if let (true, Mode::Server(parameters)) = (attempt.hosting, &attempt.mode) {
            imp.addresses.set_port(parameters.address.port);
            imp.pages.set_visible_child_name("hosting");
            self.set_default_widget(Some(&*imp.start));
            imp.start.grab_focus();
        } else {
            self.destroy();
        }
    }

    /// Tells why it did not work. Nothing is tried behind the back of somebody who is typing something else.
    fn fail(&self, error: &NetError, address: &str) {
        let imp = self.imp();
        imp.attempt.take();
        self.show_progress(None);
        self.disconnect_link();
        let problem = Problem::new(error, address);
        match error.kind {
            NetErrorKind::NameRefused | NetErrorKind::BadName(_) => {
                imp.name.set_problem(Some(&format!("{} {}", problem.title, problem.advice)));
                imp.name.grab_focus();
            }
            _ => self.show_problem(problem),
        }
    }

    /// Says what went wrong. The button that tries it again is there already.
    fn show_problem(&self, problem: Problem) {
        self.imp().problem.show(&Problem { retry: false, ..problem });
    }

    /// Stops trying. What has been typed stays.
    fn give_up(&self) {
        let imp = self.imp();
        imp.awaits_server.set(false);
        self.show_progress(None);
        imp.problem.clear();
        if imp.attempt.take().is_some() {
            self.disconnect_link();
        }
        self.unhost();
    }

    fn disconnect_link(&self) {
        if let Err(error) = self.send(Command::Disconnect) {
            tracing::warn!("cannot disconnect: {error}");
        }
    }

    /// Stops a server that was started here and led to nothing.
    fn unhost(&self) {
        let imp = self.imp();
        if let (Some(hosting), Some(settings)) = (imp.hosting.get(), imp.settings.get())
            && !settings.host_at_start()
        {
            hosting.stop();
        }
    }

    /// While something is tried nothing can be typed, but it can be cancelled.
    fn show_progress(&self, what: Option<&str>) {
        let imp = self.imp();
        let busy = what.is_some();
        if busy && !imp.spinner.is_spinning() {
            // The keyboard must not be left in an entry that takes nothing.
            imp.focus.set(GtkWindowExt::focus(self).as_ref());
            imp.cancel.grab_focus();
        }
        imp.spinner.set_spinning(busy);
        imp.spinner.set_visible(busy);
        imp.progress.set_label(what.unwrap_or_default());
        imp.form.set_sensitive(!busy);
        imp.go.set_sensitive(!busy);
        imp.go.set_label(&if imp.host_here.is_active() {
            gettext("Host and Jo_in")
        } else if imp.peer.is_active() {
            gettext("Go Onl_ine")
        } else {
            gettext("Jo_in")
        });
        imp.cancel.set_label(&if busy { gettext("_Cancel") } else { gettext("_Quit") });
        if let Some(before) = imp.focus.upgrade().filter(|_| !busy) {
            before.grab_focus();
            imp.focus.set(None);
        }
    }

    fn send(&self, command: Command) -> Result<(), NetError> {
        self.imp().send.get().map_or_else(|| Err(NetError::new(NetErrorKind::NotConnected)), |send| send(command))
    }
}

/// Where an attempt leads, as people write it; nowhere in particular without a server.
fn address(mode: &Mode) -> String {
    match mode {
        Mode::Server(parameters) => parameters.address.to_string(),
        Mode::Peer(_) => String::new(),
    }
}

fn connecting(mode: &Mode, to: &str) -> String {
    match mode {
        Mode::Server(_) => gettext_f("Connecting to {address}…", &[("address", to)]),
        Mode::Peer(_) => gettext("Joining this network…"),
    }
}

/// What the computer calls the person; nobody has to take it.
fn suggested_name() -> Option<UserName> {
    let real = glib::real_name();
    let real = real.to_str().filter(|name| *name != "Unknown");
    let login = glib::user_name();
    [real, login.to_str()].into_iter().flatten().find_map(|name| UserName::new(name.trim()).ok())
}
