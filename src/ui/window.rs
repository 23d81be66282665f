//! The buddy list: who one is, who is there, and how one is connected.

mod link;
mod me;
mod peers;
mod people;

use std::cell::{Cell, OnceCell, RefCell};

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::i18n::{gettext, gettext_f};
use super::menu_bar;
use super::model::{Buddy, Client, Conversation};
use super::settings::Settings;
use crate::net::UserName;

mod imp {
    use super::{Buddy, Cell, Client, OnceCell, RefCell, Settings, UserName, gio, glib};
    use crate::ui::address_list::AddressList;
    use crate::ui::avatar::Avatar;
    use crate::ui::problem_bar::ProblemBar;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/window.ui")]
    pub struct Window {
        #[template_child]
        pub(super) menu_bar: TemplateChild<gtk::PopoverMenuBar>,
        #[template_child]
        pub(super) conversations: TemplateChild<gio::Menu>,
        #[template_child]
        pub(super) avatar: TemplateChild<Avatar>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) presence: TemplateChild<gtk::DropDown>,
        #[template_child]
        pub(super) status: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) search: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub(super) problem: TemplateChild<ProblemBar>,
        #[template_child]
        pub(super) pages: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) placeholder_title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) placeholder_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) addresses: TemplateChild<AddressList>,
        #[template_child]
        pub(super) look_again: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) placeholder_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) link_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) link: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) retry: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) transfers: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) transfers_count: TemplateChild<gtk::Label>,
        pub(super) client: OnceCell<Client>,
        pub(super) settings: OnceCell<Settings>,
        pub(super) hosting: Cell<Option<(u16, usize)>>,
        pub(super) selection: OnceCell<gtk::MultiSelection>,
        /// Whom the person has selected; in the list, whoever leaves a section is selected no more.
        pub(super) chosen: RefCell<Vec<Buddy>>,
        pub(super) popover: glib::WeakRef<gtk::PopoverMenu>,
        pub(super) countdown: RefCell<Option<glib::SourceId>>,
        pub(super) shows_settings: Cell<bool>,
        pub(super) asked_name: RefCell<Option<UserName>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Window {
        const NAME: &'static str = "KlatchWindow";
        type Type = super::Window;
        type ParentType = gtk::ApplicationWindow;

        fn class_init(class: &mut Self::Class) {
            AddressList::ensure_type();
            Avatar::ensure_type();
            ProblemBar::ensure_type();
            class.bind_template();
            class.install_action("win.start", None, |window, _, _| window.start());
            class.install_action("win.copy-name", None, |window, _, _| window.copy_names());
            super::Window::install_peer_actions(class);
            class.install_action("win.find", None, |window, _, _| crate::ui::search::begin(&window.imp().search));
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Window {
        fn dispose(&self) {
            if let Some(popover) = self.popover.upgrade() {
                popover.unparent();
            }
            if let Some(countdown) = self.countdown.take() {
                countdown.remove();
            }
        }
    }

    impl WidgetImpl for Window {}

    impl WindowImpl for Window {}

    impl ApplicationWindowImpl for Window {}
}

glib::wrapper! {
    /// The buddy list.
    pub struct Window(ObjectSubclass<imp::Window>)
        @extends gtk::ApplicationWindow, gtk::Window, gtk::Widget,
        @implements gio::ActionGroup, gio::ActionMap, gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl Window {
    /// The window; it is not presented yet.
    pub fn new(app: &impl IsA<gtk::Application>, client: &Client, settings: &Settings) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        let imp = window.imp();
        imp.client.get_or_init(|| client.clone());
        imp.settings.get_or_init(|| settings.clone());
        let (width, height) = settings.window_size();
        window.set_default_size(width, height);
        menu_bar::spare_who_types(window.upcast_ref(), &imp.menu_bar);
        window.build_me(settings);
        window.build_list(client);
        window.build_problem_bar(client);
        window.follow(client);
        window.follow_transfers(client);
        window
    }

    /// Remembers how large it is. It is not closed when the program is quit, so this does not come about by itself.
    pub fn remember_size(&self) {
        if let Some(settings) = self.imp().settings.get() {
            settings.set_window_size(self.default_size());
        }
    }

    /// Tells that this program runs a server at that port, with so many people; or none.
    pub fn set_hosting(&self, hosting: Option<(u16, usize)>) {
        if self.imp().hosting.replace(hosting) != hosting {
            self.refresh_status_bar();
            self.refresh_page();
        }
    }

    /// Tells under which name one is going online, if not under that of the settings.
    pub fn set_asked_name(&self, name: Option<UserName>) {
        self.imp().asked_name.replace(name);
        self.refresh_name();
    }

    fn client(&self) -> Option<&Client> {
        self.imp().client.get()
    }

    fn follow(&self, client: &Client) {
        client.connect_link_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.refresh_link()
        ));
        client.connect_roster_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| {
                window.keep_selected();
                window.refresh_page();
                window.refresh_peer_actions();
            }
        ));
        client.conversations().connect_items_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |list, at, _, added| {
                for conversation in (at..at + added).filter_map(|at| list.item(at).and_downcast::<Conversation>()) {
                    window.follow_conversation(&conversation);
                }
                window.refresh_conversations();
            }
        ));
        self.refresh_conversations();
        self.refresh_link();
    }

    fn follow_conversation(&self, conversation: &Conversation) {
        let refresh = glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_: &Conversation| window.refresh_conversations()
        );
        conversation.connect_title_notify(refresh.clone());
        conversation.connect_unread_notify(refresh);
    }

    fn refresh_conversations(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let menu = &imp.conversations;
        menu.remove_all();
        for conversation in client.conversations().iter::<Conversation>().filter_map(Result::ok) {
            let label = client.label_of(&conversation);
            let label = match conversation.unread() {
                0 => label,
                unread => gettext_f("{name} ({n} new)", &[("name", &label), ("n", &unread.to_string())]),
            };
            let item = gio::MenuItem::new(Some(&label.replace('_', "__")), None);
            item.set_action_and_target_value(Some("app.open-conversation"), Some(&conversation.key().to_variant()));
            menu.append_item(&item);
        }
        if menu.n_items() == 0 {
            // An item without an action is shown, but cannot be chosen.
            menu.append(Some(&gettext("No conversation is open")), None);
        }
    }
}
