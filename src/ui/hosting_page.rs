//! The page of the preferences on which the server of this program is started, watched and stopped.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::field::{self, Field};
use super::hosting::{Hosting, HostingState, is_own_address, is_own_guest};
use super::i18n::{gettext, gettext_f, ngettext_f};
use super::question::Question;
use super::settings::Settings;
use crate::net::LinkState;

/// What somebody who hosts wants of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To be online through the own server, at this port.
    Join(u16),
    /// To be offline: the own server, through which one is online, is about to end.
    Leave,
}

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};

    use gtk::glib;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    use super::super::address_list::AddressList;
    use super::super::problem_bar::ProblemBar;
    use super::{Field, Hosting, LinkState, Settings, Wish};

    type OnWish = Box<dyn Fn(Wish)>;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/hosting_page.ui")]
    pub struct HostingPage {
        #[template_child]
        pub(super) host: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(super) port: TemplateChild<Field>,
        #[template_child]
        pub(super) restart: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) join: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) problem: TemplateChild<ProblemBar>,
        #[template_child]
        pub(super) reach: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) addresses: TemplateChild<AddressList>,
        pub(super) settings: OnceCell<Settings>,
        pub(super) hosting: OnceCell<Hosting>,
        pub(super) on_wish: OnceCell<OnWish>,
        /// Where one is online, as people write it.
        pub(super) link: RefCell<Option<LinkState>>,
        /// Whether the check button is being set by the program.
        pub(super) updating: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for HostingPage {
        const NAME: &'static str = "KlatchHostingPage";
        type Type = super::HostingPage;
        type ParentType = gtk::Box;

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

    impl ObjectImpl for HostingPage {}
    impl WidgetImpl for HostingPage {}
    impl BoxImpl for HostingPage {}
}

glib::wrapper! {
    /// Made by the template of the preferences; useful after [`HostingPage::set_up`].
    pub struct HostingPage(ObjectSubclass<imp::HostingPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl HostingPage {
    /// Connects the page with the server; `on_wish` is called when the connection shall change with it.
    pub fn set_up(&self, settings: &Settings, hosting: &Hosting, on_wish: impl Fn(Wish) + 'static) {
        let imp = self.imp();
        let _ = imp.settings.set(settings.clone());
        let _ = imp.hosting.set(hosting.clone());
        let _ = imp.on_wish.set(Box::new(on_wish));
        imp.port.expect_port();
        imp.port.set_text(&settings.host_port().to_string());
        self.set_checked(settings.host_at_start());
        self.show_state(&hosting.state());
        hosting.connect_changed(self, Self::show_state);

        imp.host.connect_toggled(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |check| {
                if page.imp().updating.get() {
                    return;
                }
                if check.is_active() { page.start() } else { page.ask_to_stop() }
            }
        ));
        imp.port.connect_changed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.port_changed()
        ));
        imp.restart.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| page.start()
        ));
        imp.problem.connect_retry(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move || page.start()
        ));
        imp.join.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| {
                let imp = page.imp();
                let Some(hosting) = imp.hosting.get() else { return };
                if let HostingState::Running { port, .. } = hosting.state() {
                    page.wish(Wish::Join(port));
                    page.show_state(&hosting.state());
                }
            }
        ));
    }

    /// Follows the connection.
    pub fn show_link(&self, link: &LinkState) {
        self.imp().link.replace(Some(link.clone()));
    }

    fn start(&self) {
        let imp = self.imp();
        let (Some(settings), Some(hosting)) = (imp.settings.get(), imp.hosting.get()) else { return };
        let Some(port) = field::read_port(&imp.port) else {
            self.set_checked(matches!(hosting.state(), HostingState::Running { .. }));
            imp.port.grab_focus();
            return;
        };
        if let Err(problem) = hosting.move_to(port) {
            imp.problem.show(&problem);
            return;
        }
        settings.set_host_port(port);
        settings.set_host_at_start(true);
        self.set_checked(true);
        self.show_state(&hosting.state());
    }

    /// Asks first if somebody would lose the connection.
    fn ask_to_stop(&self) {
        let Some(hosting) = self.imp().hosting.get() else { return };
        let others = hosting.state().guests(self.imp().link.borrow().as_ref());
        if others == 0 {
            self.stop();
            return;
        }
        let question = Question {
            title: gettext("Stop the Server"),
            text: gettext("Stop the server?"),
            why: ngettext_f(
                "{n} other person is online here and will lose the connection.",
                "{n} other people are online here and will lose the connection.",
                others,
                &[],
            ),
            keep: gettext("_Keep Running"),
            go: gettext("_Stop"),
        };
        let page = self.downgrade();
        question.ask(self.root().and_downcast_ref::<gtk::Window>(), move |go| {
            if let Some(page) = page.upgrade() {
                if go { page.stop() } else { page.set_checked(true) }
            }
        });
    }

    fn stop(&self) {
        let imp = self.imp();
        if let (Some(settings), Some(hosting)) = (imp.settings.get(), imp.hosting.get()) {
            settings.set_host_at_start(false);
            // Otherwise the client would look for its own server for ever.
            if self.is_own_guest() {
                self.wish(Wish::Leave);
            }
            hosting.stop();
        }
    }

    fn wish(&self, wish: Wish) {
        if let Some(on_wish) = self.imp().on_wish.get() {
            on_wish(wish);
        }
    }

    /// Whether one is online through the server of this program.
    fn is_own_guest(&self) -> bool {
        let imp = self.imp();
        let Some(HostingState::Running { port, .. }) = imp.hosting.get().map(Hosting::state) else { return false };
        imp.link.borrow().as_ref().is_some_and(|link| is_own_guest(link, port))
    }

    fn set_checked(&self, checked: bool) {
        let imp = self.imp();
        imp.updating.set(true);
        imp.host.set_active(checked);
        imp.updating.set(false);
    }

    /// A port for later is remembered at once; one for the running server needs a restart, which is offered.
    fn port_changed(&self) {
        let imp = self.imp();
        let (Some(settings), Some(hosting)) = (imp.settings.get(), imp.hosting.get()) else { return };
        let typed = field::read_port(&imp.port);
        let running = match hosting.state() {
            HostingState::Running { port, .. } => Some(port),
            HostingState::Stopped | HostingState::Stopping | HostingState::Failed(_) => None,
        };
        imp.restart.set_visible(running.is_some() && typed.is_some() && typed != running);
        if let (None, Some(port)) = (running, typed) {
            settings.set_host_port(port);
        }
    }

    fn show_state(&self, state: &HostingState) {
        let imp = self.imp();
        let text = match state {
            HostingState::Stopped => gettext("The server is not running."),
            HostingState::Stopping => gettext("The server is stopping…"),
            HostingState::Running { port, people: 0 } => {
                gettext_f("The server is running on port {port}; nobody is online.", &[("port", &port.to_string())])
            }
            HostingState::Running { port, people } => ngettext_f(
                "The server is running on port {port}; {n} person is online.",
                "The server is running on port {port}; {n} people are online.",
                *people,
                &[("port", &port.to_string())],
            ),
            HostingState::Failed(_) => String::new(),
        };
        imp.state.set_label(&text);
        imp.state.set_visible(!text.is_empty());
        match state {
            HostingState::Failed(problem) => imp.problem.show(problem),
            HostingState::Stopped | HostingState::Stopping | HostingState::Running { .. } => imp.problem.clear(),
        }
        let running = match state {
            HostingState::Running { port, .. } => Some(*port),
            HostingState::Stopped | HostingState::Stopping | HostingState::Failed(_) => None,
        };
        imp.reach.set_visible(running.is_some());
        if let Some(port) = running {
            imp.addresses.set_port(port);
        }
        let used = imp.settings.get().and_then(Settings::server);
        let is_used = |port| used.is_some_and(|used| is_own_address(&used, port));
        imp.join.set_visible(running.is_some_and(|port| !is_used(port)));
        self.port_changed();
    }
}
