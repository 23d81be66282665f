//! The window of a conversation: transcript, members, state line, and where one writes.

mod files;
mod state;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::buddy_row::BuddyRow;
use super::i18n::{gettext, gettext_f, ngettext_f};
use super::menu_bar;
use super::message_row::MessageRow;
use super::model::{Buddy, Client, Conversation, Entry, Message, Tail};
use super::problem::Problem;
use super::question::Question;
use crate::net::{NetError, Phase, UserName};

/// The least height of a row of the transcript, in pixels.
const ROW_HEIGHT: f64 = 16.0;

mod imp {
    use super::{Cell, Client, Conversation, OnceCell, RefCell, glib};
    use crate::ui::composer::Composer;
    use crate::ui::end_follower::EndFollower;
    use gtk::prelude::*;
    use gtk::subclass::prelude::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/klatch/Klatch/ui/conversation.ui")]
    pub struct ConversationWindow {
        #[template_child]
        pub(super) menu_bar: TemplateChild<gtk::PopoverMenuBar>,
        #[template_child]
        pub(super) paned: TemplateChild<gtk::Paned>,
        #[template_child]
        pub(super) scroller: TemplateChild<gtk::ScrolledWindow>,
        #[template_child]
        pub(super) list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) jump: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) members_pane: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) members_heading: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) members: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) state_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) start_again: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) composer: TemplateChild<Composer>,
        pub(super) client: OnceCell<Client>,
        pub(super) conversation: OnceCell<Conversation>,
        pub(super) handlers: RefCell<Vec<(glib::Object, glib::SignalHandlerId)>>,
        pub(super) end: EndFollower,
        pub(super) missed: Cell<u32>,
        /// Whether what is written here is wanted in another window.
        pub(super) gives_draft: Cell<bool>,
        /// Whether the person knows that closing ends the conversation for others.
        pub(super) may_close: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ConversationWindow {
        const NAME: &'static str = "KlatchConversationWindow";
        type Type = super::ConversationWindow;
        type ParentType = gtk::ApplicationWindow;

        fn class_init(class: &mut Self::Class) {
            Composer::ensure_type();
            class.bind_template();
            class.install_action("win.copy-all", None, |window, _, _| window.copy_all());
            class.install_action("win.latest", None, |window, _, _| window.jump_to_latest());
            class.install_action("win.send-file", None, |window, _, _| window.choose_files());
            class.install_action("win.start-again", None, |window, _, _| window.start_again());
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ConversationWindow {
        fn dispose(&self) {
            for (object, handler) in self.handlers.take() {
                object.disconnect(handler);
            }
        }
    }

    impl WidgetImpl for ConversationWindow {}

    impl WindowImpl for ConversationWindow {
        fn close_request(&self) -> glib::Propagation {
            if self.obj().asks_before_closing() {
                return glib::Propagation::Stop;
            }
            if let (Some(client), Some(conversation)) = (self.client.get(), self.conversation.get()) {
                client.leave(conversation);
            }
            self.parent_close_request()
        }
    }

    impl ApplicationWindowImpl for ConversationWindow {}
}

glib::wrapper! {
    /// The window of a conversation. Closing it leaves the conversation.
    pub struct ConversationWindow(ObjectSubclass<imp::ConversationWindow>)
        @extends gtk::ApplicationWindow, gtk::Window, gtk::Widget,
        @implements gio::ActionGroup, gio::ActionMap, gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl ConversationWindow {
    /// A window for this conversation; it is not presented yet.
    pub fn new(app: &impl IsA<gtk::Application>, client: &Client, conversation: &Conversation) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        window.imp().client.get_or_init(|| client.clone());
        window.imp().conversation.get_or_init(|| conversation.clone());
        menu_bar::spare_who_types(window.upcast_ref(), &window.imp().menu_bar);
        window.accept_files();
        window.show_transcript(conversation);
        window.show_members(conversation);
        window.follow(client, conversation);
        window.connect_composer();
        window.add_action(&gio::PropertyAction::new("members", &*window.imp().members_pane, "visible"));
        window.refresh_title();
        window.refresh_state();
        window
    }

    /// Which conversation it shows.
    pub fn conversation(&self) -> Option<&Conversation> {
        self.imp().conversation.get()
    }

    /// Asks whether to close a conversation that ends for several others with it; whether there is need to.
    fn asks_before_closing(&self) -> bool {
        let others = self.conversation().map_or(0, Conversation::ends_for);
        if others == 0 || self.imp().may_close.get() {
            return false;
        }
        let question = Question {
            title: gettext("Close Conversation"),
            text: gettext("Close this conversation for everybody?"),
            why: ngettext_f(
                "You have started it: when you close it, it ends for {n} other person as well.",
                "You have started it: when you close it, it ends for {n} other people as well.",
                others,
                &[],
            ),
            keep: gettext("_Cancel"),
            go: gettext("C_lose"),
        };
        let window = self.downgrade();
        question.ask(Some(self.upcast_ref()), move |go| {
            if let Some(window) = window.upgrade().filter(|_| go) {
                window.imp().may_close.set(true);
                window.close();
            }
        });
        true
    }

    fn show_transcript(&self, conversation: &Conversation) {
        let imp = self.imp();
        let factory = gtk::SignalListItemFactory::new();
        let window = self.downgrade();
        factory.connect_setup(move |_, item| {
            let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
            let row = MessageRow::default();
            let window = window.clone();
            row.connect_resend(move |message| {
                if let Some(window) = window.upgrade() {
                    window.resend(message);
                }
            });
            item.set_child(Some(&row));
            item.set_activatable(false);
        });
        factory.connect_bind(|_, item| with_row::<MessageRow, Message>(item, MessageRow::bind));
        factory.connect_unbind(|_, item| with_row::<MessageRow, Message>(item, |row, _| row.unbind()));
        imp.list.set_factory(Some(&factory));
        let tail = Tail::new(conversation.transcript());
        imp.list.set_model(Some(&gtk::NoSelection::new(Some(tail.clone()))));
        self.follow_end(&tail);
    }

    /// Stays at the end of the transcript unless one has scrolled up.
    fn follow_end(&self, tail: &Tail) {
        let end = &self.imp().end;
        end.watch(&self.imp().scroller);
        let adjustment = self.imp().scroller.vadjustment();
        tail.set_follows(true, rows_in_sight(&adjustment));
        adjustment.connect_page_size_notify(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[weak]
            tail,
            move |adjustment| tail.set_follows(window.imp().end.is_followed(), rows_in_sight(adjustment))
        ));
        end.connect_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[weak]
            tail,
            move |is_followed| {
                tail.set_follows(is_followed, rows_in_sight(&window.imp().scroller.vadjustment()));
                if is_followed {
                    window.imp().missed.set(0);
                }
                window.refresh_jump();
            }
        ));
    }

    fn show_members(&self, conversation: &Conversation) {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(|_, item| {
            if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
                item.set_child(Some(&BuddyRow::default()));
                item.set_activatable(false);
            }
        });
        factory.connect_bind(|_, item| with_row::<BuddyRow, Buddy>(item, BuddyRow::bind_buddy));
        let members = &self.imp().members;
        members.set_factory(Some(&factory));
        members.set_model(Some(&gtk::NoSelection::new(Some(conversation.people().clone()))));
    }

    fn follow(&self, client: &Client, conversation: &Conversation) {
        let weak = self.downgrade();
        let call = move |refresh: fn(&Self)| {
            if let Some(window) = weak.upgrade() {
                refresh(&window);
            }
        };
        let each = |refresh: fn(&Self)| {
            let call = call.clone();
            move || call(refresh)
        };
        let (state, title, roster, unread, link) = (
            each(Self::refresh_state),
            each(Self::refresh_title),
            each(Self::refresh_state),
            each(Self::refresh_title),
            each(Self::refresh_state),
        );
        let others = each(Self::refresh_title);
        let composer = self.imp().composer.downgrade();
        let refused = move |because: &NetError| {
            if let Some(composer) = composer.upgrade() {
                composer.refuse(Some(&refusal(because)));
            }
        };
        let weak = self.downgrade();
        let appended = move |_: &gio::ListStore, at: u32, removed: u32, added: u32| {
            if let Some(window) = weak.upgrade() {
                window.count_missed(at, removed, added);
            }
        };
        let conversation_object: glib::Object = conversation.clone().upcast();
        let client_object: glib::Object = client.clone().upcast();
        self.imp().handlers.replace(vec![
            (conversation_object.clone(), conversation.connect_changed(move |_| state())),
            (conversation_object.clone(), conversation.connect_title_notify(move |_| title())),
            (conversation_object.clone(), conversation.connect_unread_notify(move |_| unread())),
            (conversation_object, conversation.connect_refused(refused)),
            (client_object.clone(), client.connect_roster_changed(move |_| roster())),
            (client_object, client.connect_link_changed(move |_| link())),
            (
                client.conversations().clone().upcast(),
                client.conversations().connect_items_changed(move |_, _, _, _| others()),
            ),
            (conversation.transcript().clone().upcast(), conversation.transcript().connect_items_changed(appended)),
        ]);
        if let Some(settings) = gtk::Settings::default() {
            let recolour = {
                let window = self.downgrade();
                move |_: &gtk::Settings| recolour_soon(&window)
            };
            let handlers = [
                settings.connect_gtk_application_prefer_dark_theme_notify(recolour.clone()),
                settings.connect_gtk_theme_name_notify(recolour),
            ];
            let settings: glib::Object = settings.upcast();
            self.imp().handlers.borrow_mut().extend(handlers.map(|handler| (settings.clone(), handler)));
        }
        self.connect_is_active_notify(|window| {
            if let (Some(client), Some(conversation)) = (window.imp().client.get(), window.conversation()) {
                conversation.set_watched(window.is_active());
                client.count_unread(&conversation.others());
            }
        });
    }

    fn connect_composer(&self) {
        let composer = &self.imp().composer;
        let window = self.downgrade();
        composer.connect_send(move |text| window.upgrade().map_or(Ok(()), |window| window.say(text)));
        let scroller = self.imp().scroller.downgrade();
        composer.connect_scroll(move |how| {
            if let Some(scroller) = scroller.upgrade() {
                scroller.emit_by_name::<bool>("scroll-child", &[&how, &false]);
            }
        });
        // Not before: a window that has a focus before it is shown is no window to assistive technology (GTK 4.8).
        self.connect_map(|window| {
            window.imp().composer.grab_focus();
        });
    }

    fn say(&self, text: &str) -> Result<(), String> {
        let (Some(client), Some(conversation)) = (self.imp().client.get(), self.conversation()) else { return Ok(()) };
        client.say(conversation, text).map_err(|error| refusal(&error))?;
        self.jump_to_latest();
        Ok(())
    }

    fn resend(&self, message: &Message) {
        if let (Some(client), Some(conversation)) = (self.imp().client.get(), self.conversation())
            && can_send(conversation.phase())
        {
            // The row stays if it is refused.
            if let Err(error) = client.say_again(conversation, message) {
                self.imp().composer.refuse(Some(&refusal(&error)));
            }
        } else {
            self.error_bell();
        }
    }

    fn start_again(&self) {
        let (Some(client), Some(conversation)) = (self.imp().client.get(), self.conversation()) else { return };
        if let Some(other) = client.start_again(conversation)
            && let Some(app) = self.application()
        {
            self.imp().gives_draft.set(true);
            app.activate_action("open-conversation", Some(&other.key().to_variant()));
        } else {
            // The button goes, and the keyboard must not go with it.
            self.imp().composer.grab_focus();
        }
    }

    /// Hands over what is written here, if this conversation is over and that one goes on in its place.
    pub fn take_draft_for(&self, other: &Conversation) -> Option<String> {
        let people = |names: Vec<UserName>| names.into_iter().collect::<BTreeSet<_>>();
        let conversation = self.conversation().filter(|over| people(over.wanted()) == people(other.others()))?;
        let is_taken = conversation != other && self.imp().gives_draft.replace(false);
        is_taken.then(|| self.imp().composer.take_text())
    }

    /// Writes this into the entry, after what is there already.
    pub fn add_draft(&self, text: &str) {
        let before = self.imp().composer.take_text();
        let gap = if before.is_empty() || text.is_empty() { "" } else { "\n" };
        self.imp().composer.set_text(&format!("{before}{gap}{text}"));
    }

    fn copy_all(&self) {
        let Some(conversation) = self.conversation() else { return };
        let mut text = String::new();
        for message in conversation.transcript().iter::<Message>().filter_map(Result::ok) {
            let line = match message.entry() {
                Entry::Said { called, body, .. } => format!("[{}] {called}: {body}\n", message.time()),
                Entry::Day => format!("--- {} ---\n", message.date()),
                Entry::Notice(notice) => format!("[{}] * {notice}\n", message.time()),
            };
            text.push_str(&line);
        }
        self.clipboard().set_text(&text.replace('\0', "\u{fffd}"));
    }

    fn jump_to_latest(&self) {
        let imp = self.imp();
        imp.end.follow();
    }

    fn count_missed(&self, at: u32, removed: u32, added: u32) {
        let imp = self.imp();
        if removed == 0 && at > 0 && !imp.end.is_followed() {
            imp.missed.set(imp.missed.get() + added);
            self.refresh_jump();
        }
    }

    fn refresh_jump(&self) {
        let imp = self.imp();
        imp.jump.set_visible(!imp.end.is_followed());
        imp.jump.set_label(&match imp.missed.get() {
            0 => gettext("↓ Jump to latest"),
            missed => ngettext_f("↓ {n} new message", "↓ {n} new messages", missed as usize, &[]),
        });
    }

    fn refresh_title(&self) {
        let (Some(client), Some(conversation)) = (self.imp().client.get(), self.conversation()) else { return };
        let name = client.label_of(conversation);
        let title = gettext_f("{name} - Klatch", &[("name", &name)]);
        let title = match conversation.unread() {
            0 => title,
            unread => gettext_f("({n}) {title}", &[("n", &unread.to_string()), ("title", &title)]),
        };
        self.set_title(Some(&title));
    }

    fn refresh_state(&self) {
        let (Some(client), Some(conversation)) = (self.imp().client.get(), self.conversation()) else { return };
        let imp = self.imp();
        let phase = conversation.phase();
        let words = state::words(client, conversation);
        // An empty line keeps its height, so that nothing jumps when there is something to say.
        imp.state.set_label(if words.is_empty() { " " } else { &words });
        imp.state_icon.set_visible(matches!(phase, Phase::Interrupted | Phase::Ended(_)));
        imp.composer.set_can_send(can_send(phase));
        let is_over = !conversation.is_alive() || conversation.is_deserted();
        let can_restart = is_over && client.is_online() && !conversation.wanted().is_empty();
        imp.start_again.set_visible(can_restart);
        self.action_set_enabled("win.start-again", can_restart);
        self.refresh_files();
        let count = conversation.people().n_items() as usize;
        let others = [conversation.awaited(), conversation.declined(), conversation.unasked()].map(|names| names.len());
        let members = count.saturating_sub(others.iter().sum());
        imp.members_heading.set_label(&match members {
            0 => gettext("Members"),
            members => ngettext_f("{n} member", "{n} members", members, &[]),
        });
    }
}

/// Why something is not sent or done, in words.
fn refusal(error: &NetError) -> String {
    Problem::new(error, "").sentences()
}

/// How many rows can be seen at once, if none of them has more than one line.
fn rows_in_sight(adjustment: &gtk::Adjustment) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the height of a window")]
    let rows = (adjustment.page_size().max(0.0) / ROW_HEIGHT).ceil() as u32;
    rows + 2
}

/// Colours in markup do not follow the theme by themselves. The style of the rows is known after this turn of the loop.
fn recolour_soon(window: &glib::WeakRef<ConversationWindow>) {
    let window = window.clone();
    glib::idle_add_local_once(move || {
        let Some(window) = window.upgrade() else { return };
        let mut item = window.imp().list.first_child();
        while let Some(widget) = item {
            if let Some(row) = widget.first_child().and_downcast::<MessageRow>() {
                row.follow_theme();
            }
            item = widget.next_sibling();
        }
    });
}

/// Calls `f` with the row widget of a list item and what it shows.
fn with_row<R: IsA<gtk::Widget>, T: IsA<glib::Object>>(item: &glib::Object, f: impl Fn(&R, &T)) {
    if let Some(item) = item.downcast_ref::<gtk::ListItem>()
        && let (Some(row), Some(object)) = (item.child().and_downcast::<R>(), item.item().and_downcast::<T>())
    {
        f(&row, &object);
    }
}

/// Whether a text goes to the server now. Alone in a conversation one may speak as well: with a server that does not
/// tell who is in it, one cannot know.
fn can_send(phase: Phase) -> bool {
    matches!(phase, Phase::Waiting | Phase::Open)
}
