//! The buddy list: who one is, who is there, and how one is connected.

use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, gio, glib};

use super::buddy_row::{BuddyRow, presence_icon, presence_word};
use super::i18n::{gettext, gettext_f, ngettext_f};
use super::model::{Buddy, Client, Conversation, Section};
use super::problem::Problem;
use super::settings::Settings;
use crate::net::{Command, LinkState, Presence, Status, UserName};

mod imp {
    use super::{Cell, Client, OnceCell, RefCell, Settings, gio, glib};
    use crate::ui::address_list::AddressList;
    use crate::ui::avatar::Avatar;
    use crate::ui::problem_bar::ProblemBar;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/window.ui")]
    pub struct Window {
        #[template_child]
        pub(super) conversations: TemplateChild<gio::Menu>,
        #[template_child]
        pub(super) person_menu: TemplateChild<gio::Menu>,
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
        pub(super) placeholder_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) link_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) link: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) retry: TemplateChild<gtk::Button>,
        pub(super) client: OnceCell<Client>,
        pub(super) settings: OnceCell<Settings>,
        pub(super) hosting: Cell<Option<(u16, usize)>>,
        pub(super) selection: OnceCell<gtk::MultiSelection>,
        pub(super) popover: OnceCell<gtk::PopoverMenu>,
        pub(super) countdown: RefCell<Option<glib::SourceId>>,
        pub(super) shows_settings: Cell<bool>,
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
            class.install_action("win.find", None, |window, _, _| {
                window.imp().search.grab_focus();
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Window {
        fn dispose(&self) {
            if let Some(popover) = self.popover.get() {
                popover.unparent();
            }
            if let Some(countdown) = self.countdown.take() {
                countdown.remove();
            }
        }
    }

    impl WidgetImpl for Window {}

    impl WindowImpl for Window {
        fn close_request(&self) -> glib::Propagation {
            if let Some(settings) = self.settings.get() {
                settings.set_window_size(self.obj().default_size());
            }
            self.parent_close_request()
        }
    }

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
        window.build_me(settings);
        window.build_list(client);
        window.build_problem_bar(client);
        window.follow(client);
        window
    }

    /// Tells that this program runs a server at that port, with so many people; or none.
    pub fn set_hosting(&self, hosting: Option<(u16, usize)>) {
        if self.imp().hosting.replace(hosting) != hosting {
            self.refresh_status_bar();
            self.refresh_page();
        }
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
            move |_| window.refresh_page()
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
}

/// Oneself.
impl Window {
    fn build_me(&self, settings: &Settings) {
        let imp = self.imp();
        let words: Vec<_> = Presence::ALL.into_iter().map(presence_word).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        imp.presence.set_model(Some(&gtk::StringList::new(&words)));
        imp.presence.set_factory(Some(&presence_factory()));
        self.show_status(&settings.status());
        imp.presence.connect_selected_notify(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.change_status()
        ));
        imp.status.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| {
                window.change_status();
                window.imp().list.grab_focus();
            }
        ));
        let focus = gtk::EventControllerFocus::new();
        focus.connect_leave(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.change_status()
        ));
        imp.status.add_controller(focus);
        let keys = gtk::EventControllerKey::new();
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, _| {
                if key == gdk::Key::Escape
                    && let Some(settings) = window.imp().settings.get()
                {
                    window.show_status(&settings.status());
                    window.imp().list.grab_focus();
                    return glib::Propagation::Stop;
                }
                glib::Propagation::Proceed
            }
        ));
        imp.status.add_controller(keys);
        settings.on_changed(
            &[super::settings::key::NAME, super::settings::key::PRESENCE, super::settings::key::STATUS],
            {
                let window = self.downgrade();
                move |settings| {
                    if let Some(window) = window.upgrade() {
                        window.show_status(&settings.status());
                        window.refresh_name();
                    }
                }
            },
        );
        self.refresh_name();
    }

    fn show_status(&self, status: &Status) {
        let imp = self.imp();
        imp.shows_settings.set(true);
        let at = Presence::ALL.iter().position(|presence| *presence == status.presence()).unwrap_or_default();
        imp.presence.set_selected(u32::try_from(at).unwrap_or_default());
        if imp.status.text() != status.message() {
            imp.status.set_text(status.message());
        }
        imp.shows_settings.set(false);
    }

    /// Takes over what was chosen and typed, and tells the others.
    fn change_status(&self) {
        let imp = self.imp();
        let (Some(client), Some(settings)) = (imp.client.get(), imp.settings.get()) else { return };
        if imp.shows_settings.get() {
            return;
        }
        let presence = Presence::ALL.get(imp.presence.selected() as usize).copied().unwrap_or_default();
        let status = Status::new(presence, &imp.status.text());
        if status == settings.status() {
            return;
        }
        settings.set_status(&status);
        if !matches!(client.link(), LinkState::Offline(_)) {
            // A refusal is told in the problem bar.
            let _ = client.send(Command::SetStatus(status));
        }
    }

    fn refresh_name(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let online = match client.link() {
            LinkState::Online { name, .. } => Some(name),
            _ => None,
        };
        let name = online.or_else(|| imp.settings.get().and_then(Settings::name)).or_else(|| client.name());
        let name = name.map(|name| name.to_string()).unwrap_or_default();
        imp.avatar.set_person(&name);
        imp.name.set_label(&name);
        imp.name.set_tooltip_text(Some(&name));
    }
}

fn presence_factory() -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        let choice = gtk::Box::builder().spacing(6).build();
        choice.append(&gtk::Image::builder().pixel_size(12).build());
        choice.append(&gtk::Label::new(None));
        item.set_child(Some(&choice));
    });
    factory.connect_bind(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        let (Some(choice), Some(word)) = (item.child(), item.item().and_downcast::<gtk::StringObject>()) else {
            return;
        };
        let presence = Presence::ALL.get(item.position() as usize).copied();
        if let Some(icon) = choice.first_child().and_downcast::<gtk::Image>() {
            icon.set_icon_name(Some(presence_icon(presence)));
        }
        if let Some(label) = choice.last_child().and_downcast::<gtk::Label>() {
            label.set_label(&word.string());
        }
    });
    factory
}

/// Who is there.
impl Window {
    fn build_list(&self, client: &Client) {
        let imp = self.imp();
        let tree = gtk::TreeListModel::new(client.roster().sections().clone(), false, true, |item| {
            item.downcast_ref::<Section>().map(|section| section.people().clone().upcast())
        });
        let selection = gtk::MultiSelection::new(Some(tree));
        imp.selection.get_or_init(|| selection.clone());
        imp.list.set_factory(Some(&self.row_factory()));
        imp.list.set_model(Some(&selection));
        imp.list.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, at| window.activate(at)
        ));
        selection.connect_selection_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, _, _| window.refresh_actions()
        ));
        selection.connect_items_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, _, _, _| window.refresh_actions()
        ));
        let popover = gtk::PopoverMenu::from_model(Some(&*imp.person_menu));
        popover.set_parent(&*imp.list);
        popover.set_has_arrow(false);
        popover.set_halign(gtk::Align::Start);
        imp.popover.get_or_init(|| popover);
        self.connect_list_keys();
        imp.search.connect_search_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |search| window.search(&search.text())
        ));
        imp.search.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.activate_first()
        ));
        imp.search.connect_stop_search(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |search| {
                search.set_text("");
                window.imp().list.grab_focus();
            }
        ));
        imp.search.set_key_capture_widget(Some(&*imp.list));
        self.refresh_actions();
    }

    fn row_factory(&self) -> gtk::SignalListItemFactory {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_, item| {
                let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
                let row = BuddyRow::default();
                let expander = gtk::TreeExpander::builder().indent_for_icon(false).child(&row).build();
                let click = gtk::GestureClick::builder().button(gdk::BUTTON_SECONDARY).build();
                click.connect_pressed(glib::clone!(
                    #[weak]
                    item,
                    #[weak]
                    window,
                    move |click, _, x, y| {
                        if window.buddy_at(item.position()).is_some()
                            && let Some(row) = click.widget()
                        {
                            window.select_for_menu(item.position());
                            window.show_menu(&row, x, y);
                        }
                    }
                ));
                expander.add_controller(click);
                item.set_child(Some(&expander));
            }
        ));
        factory.connect_bind(|_, item| {
            let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
            let Some(node) = item.item().and_downcast::<gtk::TreeListRow>() else { return };
            let Some(expander) = item.child().and_downcast::<gtk::TreeExpander>() else { return };
            expander.set_list_row(Some(&node));
            let Some(row) = expander.child().and_downcast::<BuddyRow>() else { return };
            if let Some(section) = node.item().and_downcast_ref::<Section>() {
                item.set_selectable(false);
                row.bind_section(section);
            } else if let Some(buddy) = node.item().and_downcast_ref::<Buddy>() {
                item.set_selectable(true);
                row.bind_buddy(buddy);
            }
        });
        factory.connect_unbind(|_, item| {
            let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
            let Some(expander) = item.child().and_downcast::<gtk::TreeExpander>() else { return };
            if let Some(row) = expander.child().and_downcast::<BuddyRow>() {
                row.unbind();
            }
            expander.set_list_row(None);
        });
        factory
    }

    fn connect_list_keys(&self) {
        let list = &self.imp().list;
        let keys = gtk::EventControllerKey::new();
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, state| {
                let is_shift = state.contains(gdk::ModifierType::SHIFT_MASK);
                let opens_menu = key == gdk::Key::Menu || key == gdk::Key::F10 && is_shift;
                if opens_menu && window.show_menu_by_key() {
                    return glib::Propagation::Stop;
                }
                glib::Propagation::Proceed
            }
        ));
        list.add_controller(keys);
    }

    fn node_at(&self, at: u32) -> Option<gtk::TreeListRow> {
        self.imp().selection.get()?.item(at).and_downcast()
    }

    fn buddy_at(&self, at: u32) -> Option<Buddy> {
        self.node_at(at)?.item().and_downcast()
    }

    fn selected(&self) -> Vec<Buddy> {
        let Some(selection) = self.imp().selection.get() else { return Vec::new() };
        let chosen = selection.selection();
        let positions = (0..u32::try_from(chosen.size()).unwrap_or(u32::MAX)).map(|nth| chosen.nth(nth));
        positions.filter_map(|at| self.buddy_at(at)).collect()
    }

    fn activate(&self, at: u32) {
        if let Some(buddy) = self.buddy_at(at) {
            let selected = self.selected();
            // Enter on one of several that are selected is for all of them.
            if selected.len() > 1 && selected.contains(&buddy) {
                self.start();
            } else {
                self.start_with(&[buddy.name()]);
            }
        } else if let Some(node) = self.node_at(at) {
            node.set_expanded(!node.is_expanded());
        }
    }

    fn activate_first(&self) {
        // The search follows what is typed with a delay, and Enter may come first.
        self.search(&self.imp().search.text());
        if let Some(buddy) = (0..2).find_map(|at| self.buddy_at(at)) {
            self.start_with(&[buddy.name()]);
        }
    }

    fn start(&self) {
        let names: Vec<_> = self.selected().iter().map(Buddy::name).collect();
        self.start_with(&names);
    }

    fn start_with(&self, names: &[UserName]) {
        if let Some(conversation) = self.client().and_then(|client| client.start(names))
            && let Some(app) = self.application()
        {
            app.activate_action("open-conversation", Some(&conversation.key().to_variant()));
        }
    }

    fn copy_names(&self) {
        let names: Vec<_> = self.selected().iter().map(|buddy| buddy.name().to_string()).collect();
        self.clipboard().set_text(&names.join("\n"));
    }

    fn refresh_actions(&self) {
        let is_somebody_selected = !self.selected().is_empty();
        self.action_set_enabled("win.copy-name", is_somebody_selected);
        self.action_set_enabled("win.start", is_somebody_selected && self.client().is_some_and(Client::is_online));
    }

    fn select_for_menu(&self, at: u32) {
        if let Some(selection) = self.imp().selection.get()
            && !selection.is_selected(at)
        {
            selection.select_item(at, true);
        }
    }

    fn show_menu(&self, beside: &gtk::Widget, x: f64, y: f64) {
        let imp = self.imp();
        if let Some(popover) = imp.popover.get()
            && let Some((x, y)) = beside.translate_coordinates(&*imp.list, x, y)
        {
            #[expect(clippy::cast_possible_truncation, reason = "coordinates in a window")]
            popover.set_pointing_to(Some(&gdk::Rectangle::new(x as i32, y as i32, 1, 1)));
            popover.popup();
        }
    }

    /// Shows the menu beside the row that has the focus; whether somebody is selected.
    fn show_menu_by_key(&self) -> bool {
        let imp = self.imp();
        let row = GtkWindowExt::focus(self).filter(|focus| focus.is_ancestor(&*imp.list));
        if let Some(row) = row
            && !self.selected().is_empty()
        {
            self.show_menu(&row, 32.0, f64::from(row.height()));
            return true;
        }
        false
    }

    fn search(&self, text: &str) {
        if let Some(client) = self.client() {
            client.roster().set_search(text);
        }
        // What was found must be seen, even in a section that was closed.
        if !text.trim().is_empty()
            && let Some(selection) = self.imp().selection.get()
        {
            let mut at = 0;
            while at < selection.n_items() {
                if let Some(node) = self.node_at(at).filter(|node| node.depth() == 0) {
                    node.set_expanded(true);
                }
                at += 1;
            }
        }
        self.refresh_page();
    }
}

/// How one is connected.
impl Window {
    fn build_problem_bar(&self, client: &Client) {
        let bar = &self.imp().problem;
        client.connect_problem(glib::clone!(
            #[weak]
            bar,
            move |client| match client.problem() {
                Some(error) => bar.show(&Problem { retry: false, ..Problem::new(&error, &address(&client.link())) }),
                None => bar.clear(),
            }
        ));
    }

    fn refresh_link(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let link = client.link();
        if client.is_online() {
            imp.problem.clear();
        }
        self.refresh_name();
        self.refresh_status_bar();
        self.refresh_page();
        self.refresh_actions();
        let waits = client.seconds_to_retry().is_some_and(|seconds| seconds > 0);
        if let Some(countdown) = imp.countdown.take() {
            countdown.remove();
        }
        if waits && matches!(link, LinkState::Reconnecting { .. }) {
            let countdown = glib::timeout_add_local(
                Duration::from_secs(1),
                glib::clone!(
                    #[weak(rename_to = window)]
                    self,
                    #[upgrade_or]
                    glib::ControlFlow::Break,
                    move || {
                        window.refresh_status_bar();
                        glib::ControlFlow::Continue
                    }
                ),
            );
            imp.countdown.replace(Some(countdown));
        }
    }

    fn refresh_status_bar(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let link = client.link();
        let words = match &link {
            LinkState::Offline(None) => gettext("Offline"),
            LinkState::Offline(Some(error)) => Problem::new(error, &self.server()).title,
            LinkState::Connecting { to } => gettext_f("Connecting to {address}…", &[("address", to)]),
            LinkState::Online { at, .. } => {
                self.hosting_words().unwrap_or_else(|| gettext_f("Connected to {address}", &[("address", at)]))
            }
            LinkState::Reconnecting { to, because, .. } => {
                let title = Problem::new(because, to).title;
                let next = match client.seconds_to_retry() {
                    None | Some(0) => gettext("Trying again…"),
                    Some(seconds) => {
                        let seconds = usize::try_from(seconds).unwrap_or(usize::MAX);
                        ngettext_f("Next attempt in {n} s.", "Next attempt in {n} s.", seconds, &[])
                    }
                };
                gettext_f("{problem} {next}", &[("problem", &title), ("next", &next)])
            }
        };
        imp.link.set_label(&words);
        let icon = match &link {
            LinkState::Online { .. } => "klatch-online",
            LinkState::Offline(None) => "klatch-offline",
            LinkState::Connecting { .. } => "klatch-away",
            LinkState::Reconnecting { .. } | LinkState::Offline(Some(_)) => "dialog-warning-symbolic",
        };
        imp.link_icon.set_icon_name(Some(icon));
        imp.retry.set_visible(match &link {
            LinkState::Offline(Some(error)) => error.kind.is_worth_retrying(),
            LinkState::Reconnecting { .. } => client.seconds_to_retry() != Some(0),
            _ => false,
        });
    }

    /// The server to connect to, as people write it.
    fn server(&self) -> String {
        self.imp().settings.get().and_then(Settings::server).map(|server| server.to_string()).unwrap_or_default()
    }

    /// What the status bar says while one hosts.
    fn hosting_words(&self) -> Option<String> {
        let (_, people) = self.imp().hosting.get()?;
        Some(ngettext_f(
            "Hosting here; {n} person is connected.",
            "Hosting here; {n} people are connected.",
            people,
            &[],
        ))
    }

    /// Shows the people, or why there are none.
    fn refresh_page(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let is_online = client.is_online();
        if is_online && client.roster().sections().n_items() > 0 {
            imp.pages.set_visible_child_name("people");
            imp.spinner.stop();
            return;
        }
        let page = self.placeholder(client);
        imp.placeholder_title.set_label(&page.title);
        imp.placeholder_text.set_label(&page.text);
        imp.placeholder_text.set_visible(!page.text.is_empty());
        let hosting = imp.hosting.get().filter(|_| is_online && client.roster().is_empty());
        imp.addresses.set_visible(hosting.is_some());
        if let Some((port, _)) = hosting {
            imp.placeholder_text.set_label(&gettext("Others join by connecting to one of these addresses:"));
            imp.addresses.set_port(port);
        }
        imp.placeholder_button.set_visible(page.button.is_some());
        if let Some((label, action)) = page.button {
            imp.placeholder_button.set_label(&label);
            imp.placeholder_button.set_action_name(Some(action));
        }
        imp.spinner.set_visible(page.is_busy);
        imp.spinner.set_spinning(page.is_busy);
        imp.pages.set_visible_child_name("nobody");
    }

    fn placeholder(&self, client: &Client) -> Placeholder {
        let connect = || Some((gettext("_Connect"), "app.connect"));
        let preferences = || Some((gettext("_Preferences"), "app.preferences"));
        let new = |title: String, text: String| Placeholder { title, text, button: None, is_busy: false };
        match client.link() {
            LinkState::Offline(None) => Placeholder {
                button: connect(),
                ..new(gettext("You are offline"), gettext("Connect to see who is there."))
            },
            LinkState::Offline(Some(error)) => {
                let problem = Problem::new(&error, &self.server());
                Placeholder { button: preferences(), ..new(problem.title, problem.advice) }
            }
            LinkState::Connecting { to } => Placeholder {
                button: Some((gettext("_Cancel"), "app.disconnect")),
                is_busy: true,
                ..new(gettext_f("Connecting to {address}…", &[("address", &to)]), String::new())
            },
            LinkState::Reconnecting { to, because, .. } => {
                let problem = Problem::new(&because, &to);
                Placeholder {
                    button: Some((gettext("_Disconnect"), "app.disconnect")),
                    is_busy: true,
                    ..new(problem.title, problem.advice)
                }
            }
            LinkState::Online { at, .. } if client.roster().is_empty() => {
                new(gettext("Nobody else is here yet"), how_to_join(&at))
            }
            LinkState::Online { .. } => {
                let text = self.imp().search.text();
                new(
                    gettext("Nobody found"),
                    gettext_f("Nobody who is here is called “{text}”.", &[("text", text.trim())]),
                )
            }
        }
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

/// What is shown where people would be.
struct Placeholder {
    title: String,
    text: String,
    button: Option<(String, &'static str)>,
    is_busy: bool,
}

/// What others must know to come as well.
fn how_to_join(at: &str) -> String {
    gettext_f("People appear here as soon as they connect to {address}.", &[("address", at)])
}

/// Where the connection leads, as people write it.
fn address(link: &LinkState) -> String {
    match link {
        LinkState::Offline(_) => String::new(),
        LinkState::Connecting { to } | LinkState::Reconnecting { to, .. } => to.clone(),
        LinkState::Online { at, .. } => at.clone(),
    }
}
