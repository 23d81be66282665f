//! The main windows: news from the network in, what a person reads out; and what is sent when a person acts. Needs a
//! display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use gtk::glib;
use gtk::prelude::*;
use klatch::net::{
    self, Command, Contact, ConversationId, Delivery, EndReason, Event, LinkState, NetError, NetErrorKind, Phase,
    Presence, Said, ServerAddress, Status, UserName,
};
use klatch::ui::conversation::ConversationWindow;
use klatch::ui::invitation;
use klatch::ui::model::Client;
use klatch::ui::name_dialog::NameDialog;
use klatch::ui::new_conversation::NewConversation;
use klatch::ui::problem::Problem;
use klatch::ui::settings::Settings;
use klatch::ui::window::Window;
use klatch::ui::{pump, style};

#[path = "gui_support/screen.rs"]
mod screen;

use screen::{all, press, seen, wait_for};

/// One application for all tests: a second one of the same id cannot be registered.
fn app() -> gtk::Application {
    thread_local!(static APP: gtk::Application = {
        let flags = gtk::gio::ApplicationFlags::NON_UNIQUE;
        let app = gtk::Application::builder().application_id("im.klatch.WidgetTest").flags(flags).build();
        app.register(gtk::gio::Cancellable::NONE).unwrap();
        app
    });
    APP.with(Clone::clone)
}

/// The main windows on a network that is played by the test.
struct Stage {
    client: Client,
    settings: Settings,
    sent: Rc<RefCell<Vec<Command>>>,
    refuses: Rc<Cell<bool>>,
    window: Window,
}

impl Stage {
    fn new() -> Self {
        style::register_resources();
        let settings = Settings::in_memory().unwrap();
        settings.set_name(&name("alice"));
        settings.set_server(&ServerAddress::new("chat.example.org", 6666).unwrap());
        style::load(&settings);
        let sent: Rc<RefCell<Vec<Command>>> = Rc::default();
        let refuses: Rc<Cell<bool>> = Rc::default();
        let client = Client::new({
            let (sent, refuses) = (sent.clone(), refuses.clone());
            move |command| {
                if refuses.get() {
                    return Err(NetError::new(NetErrorKind::Busy));
                }
                sent.borrow_mut().push(command);
                Ok(())
            }
        });
        client.connect_opened(glib::clone!(
            #[weak]
            client,
            move |conversation| ConversationWindow::new(&app(), &client, conversation).present()
        ));
        invitation::follow(&app(), &client);
        let window = Window::new(&app(), &client, &settings);
        window.present();
        wait_for("the buddy list", || window.is_mapped());
        Self { client, settings, sent, refuses, window }
    }

    fn online() -> Self {
        let stage = Self::new();
        stage.tell(Event::Link(LinkState::Online {
            at: "chat.example.org:6666".into(),
            name: name("alice"),
            port: None,
        }));
        stage
    }

    fn tell(&self, event: Event) {
        pump::apply(&self.client, vec![event]);
    }

    fn roster(&self, people: &[(&str, &str)]) {
        let contact = |(who, status): &(&str, &str)| Contact::at_server(name(who), Status::received(status));
        self.tell(Event::Roster(people.iter().map(contact).collect()));
    }

    fn converse(&self, id: i64, members: &[&str], awaited: &[&str], phase: Phase) {
        self.tell(Event::Conversation(net::Conversation {
            members: members.iter().map(|member| name(member)).collect(),
            phase,
            ..net::Conversation::entered(
                ConversationId::Int(id),
                name("alice"),
                awaited.iter().map(|member| name(member)).collect(),
            )
        }));
    }

    fn said(&self, id: i64, from: &str, body: &str) {
        self.tell(Event::Said(said(id, from, body)));
    }

    /// Plays the network thread's part of the last Say: the text is taken up, with this delivery.
    fn take_up(&self, delivery: Delivery) -> net::MessageId {
        let Some(Command::Say { conversation, body, id }) = self.sent.borrow().last().cloned() else {
            panic!("nothing was said: {:?}", self.sent.borrow())
        };
        let at = SystemTime::now();
        self.tell(Event::Said(Said { conversation, from: name("alice"), body, at, own: Some(id) }));
        self.tell(Event::Delivery { id, state: delivery, missing: Vec::new() });
        id
    }

    fn take_sent(&self) -> Vec<Command> {
        self.sent.take()
    }

    /// The windows of this stage's conversations.
    fn conversations(&self) -> Vec<ConversationWindow> {
        let windows = app().windows().into_iter().filter_map(|window| window.downcast::<ConversationWindow>().ok());
        let mut windows: Vec<_> = windows
            .filter(|window| {
                window
                    .conversation()
                    .is_some_and(|conversation| self.client.conversations().find(conversation).is_some())
            })
            .collect();
        windows.sort_by_key(|window| window.conversation().unwrap().key());
        windows
    }

    fn conversation(&self) -> ConversationWindow {
        let windows = self.conversations();
        let [window] = windows.as_slice() else { panic!("{} conversations are open", windows.len()) };
        wait_for("the conversation", || window.is_mapped());
        window.clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for window in app().windows() {
            window.destroy();
        }
    }
}

/// The first widget of this class that can be seen; menus and drop-downs have hidden ones.
fn shown<W: IsA<gtk::Widget>>(within: &impl IsA<gtk::Widget>) -> W {
    let found = all::<W>(within).into_iter().find(WidgetExt::is_mapped);
    found.unwrap_or_else(|| panic!("no {} is shown", W::static_type().name()))
}

/// Whether a text can be seen.
fn sees(within: &impl IsA<gtk::Widget>, text: &str) -> bool {
    seen(within).iter().any(|label| label == text)
}

fn name(text: &str) -> UserName {
    UserName::received(text)
}

fn said(id: i64, from: &str, body: &str) -> Said {
    Said {
        conversation: ConversationId::Int(id),
        from: name(from),
        body: body.to_owned(),
        at: SystemTime::now(),
        own: None,
    }
}

fn write(window: &ConversationWindow, text: &str) {
    shown::<gtk::TextView>(window).buffer().set_text(text);
}

fn written(window: &ConversationWindow) -> String {
    let buffer = shown::<gtk::TextView>(window).buffer();
    buffer.text(&buffer.start_iter(), &buffer.end_iter(), true).into()
}

/// What the rows of the transcript say, without the times of the day.
fn transcript(window: &ConversationWindow) -> Vec<String> {
    let list = shown::<gtk::ListView>(window);
    let rows = seen(&list).into_iter().map(|row| {
        let is_digit_or_colon = |c: char| c.is_ascii_digit() || c == ':';
        let words = row.split("  ").filter(|part| !(part.len() == 5 && part.chars().all(is_digit_or_colon)));
        words.collect::<Vec<_>>().join("  ")
    });
    rows.map(|row| {
        let (first, rest) = row.split_once('\n').unwrap_or((&row, ""));
        let sender = first.split("  ").next().unwrap_or_default();
        if rest.is_empty() { row.clone() } else { format!("{sender}: {rest}") }
    })
    .collect()
}

fn shows(window: &ConversationWindow, rows: &[&str]) {
    wait_for(&format!("{rows:?}, not {:?}", transcript(window)), || transcript(window) == rows);
}

fn is_sensitive(within: &impl IsA<gtk::Widget>, label: &str) -> bool {
    screen::labelled::<gtk::Button>(within, label).is_sensitive()
}

#[gtk::test]
fn people_are_listed_by_presence() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online"), ("carol", "away: lunch"), ("dan", "at work")]);
    let expected = ["Online (2)", "bob", "dan", "at work", "Away (1)", "carol", "lunch"];
    let list = shown::<gtk::ListView>(&stage.window);
    wait_for("the people", || seen(&list) == expected);
    stage.roster(&[("bob", "busy"), ("dan", "at work")]);
    wait_for("the change", || seen(&list) == ["Online (1)", "dan", "at work", "Busy (1)", "bob"]);
}

#[gtk::test]
fn an_empty_list_says_why() {
    let stage = Stage::new();
    assert!(sees(&stage.window, "You are offline"));
    stage.tell(Event::Link(LinkState::Connecting { to: "chat.example.org:6666".into() }));
    assert!(sees(&stage.window, "Connecting to chat.example.org:6666…"));
    stage.tell(Event::Link(LinkState::Online { at: "chat.example.org:6666".into(), name: name("alice"), port: None }));
    stage.roster(&[]);
    assert!(sees(&stage.window, "Nobody else is here yet"), "{:?}", seen(&stage.window));
    stage.roster(&[("bob", "online")]);
    assert!(!sees(&stage.window, "Nobody else is here yet"));
    shown::<gtk::SearchEntry>(&stage.window).set_text("zoe");
    wait_for("the search", || sees(&stage.window, "Nobody who is here is called “zoe”."));
    shown::<gtk::SearchEntry>(&stage.window).set_text("BO");
    wait_for("bob", || sees(&stage.window, "bob"));
}

#[gtk::test]
fn the_status_bar_tells_what_is_wrong_and_counts_down() {
    let stage = Stage::new();
    let reconnecting = |seconds| LinkState::Reconnecting {
        to: "chat.example.org:6666".into(),
        after: Duration::from_secs(seconds),
        because: NetError::new(NetErrorKind::ConnectionLost),
    };
    stage.tell(Event::Link(reconnecting(3)));
    let bar = |words: &str| sees(&stage.window, &format!("The connection to chat.example.org:6666 was lost. {words}"));
    assert!(bar("Next attempt in 3 s."), "{:?}", seen(&stage.window));
    wait_for("a second", || bar("Next attempt in 2 s."));
    stage.tell(Event::Link(reconnecting(0)));
    assert!(bar("Trying again…"));
    assert!(
        all::<gtk::Button>(&stage.window)
            .iter()
            .any(|button| button.label().is_some_and(|label| label == "_Stop Trying"))
    );
    let is_dim = || all::<gtk::DropDown>(&stage.window)[0].has_css_class("offline");
    assert!(is_dim(), "nobody sees a presence that is chosen for later");
    stage.tell(Event::Link(LinkState::Online { at: "chat.example.org:6666".into(), name: name("alice"), port: None }));
    assert!(sees(&stage.window, "Connected to chat.example.org:6666") && !is_dim());
}

#[gtk::test]
fn ones_own_status_is_sent_when_it_is_changed() {
    let stage = Stage::online();
    stage.take_sent();
    shown::<gtk::DropDown>(&stage.window).set_selected(2);
    assert_eq!(stage.take_sent(), [Command::SetStatus(Status::new(Presence::Busy, ""))]);
    let entry = shown::<gtk::Entry>(&stage.window);
    entry.set_text("writing");
    assert_eq!(stage.take_sent(), [], "nothing is sent while one types");
    entry.emit_activate();
    assert_eq!(stage.take_sent(), [Command::SetStatus(Status::new(Presence::Busy, "writing"))]);
    entry.emit_activate();
    assert_eq!(stage.take_sent(), [], "nothing has changed");
    assert_eq!(stage.settings.status(), Status::new(Presence::Busy, "writing"));
}

#[gtk::test]
fn a_person_is_talked_to_in_one_conversation() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online"), ("carol", "online")]);
    let list = shown::<gtk::ListView>(&stage.window);
    wait_for("the people", || sees(&list, "bob"));
    list.emit_by_name::<()>("activate", &[&1_u32]);
    assert_eq!(stage.take_sent(), [Command::Start { with: vec![name("bob")] }]);
    list.emit_by_name::<()>("activate", &[&1_u32]);
    assert_eq!(stage.take_sent(), [], "it is being started");
    stage.converse(1, &["alice"], &["bob"], Phase::Waiting);
    assert_eq!(stage.conversation().title().unwrap(), "bob - Klatch");
    list.emit_by_name::<()>("activate", &[&1_u32]);
    assert_eq!(stage.take_sent(), [], "it is open");
    list.emit_by_name::<()>("activate", &[&2_u32]);
    assert_eq!(stage.take_sent(), [Command::Start { with: vec![name("carol")] }]);
}

#[gtk::test]
fn a_conversation_says_for_whom_it_waits() {
    let stage = Stage::online();
    stage.roster(&[("bob", "away: lunch"), ("carol", "online")]);
    stage.converse(1, &["alice"], &["bob", "carol"], Phase::Waiting);
    let window = stage.conversation();
    assert!(sees(&window, "Waiting for bob, carol to join. Nobody else is here yet to read what you send."));
    stage.converse(1, &["alice", "bob"], &["carol"], Phase::Open);
    assert!(sees(&window, "Waiting for carol to join."));
    shows(&window, &["bob has joined."]);
    assert!(sees(&window, "2 members") && sees(&window, "invited") && sees(&window, "you"));
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    assert!(sees(&window, "bob is away: lunch"));
}

#[gtk::test]
fn every_text_appears_once_and_tells_its_sender() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    stage.said(1, "bob", "hello <b>&</b>");
    stage.said(1, "bob", "again");
    write(&window, "hi\nbob\n");
    press(&window, "Send");
    assert_eq!(written(&window), "");
    let sent = stage.sent.borrow().last().cloned();
    let Some(Command::Say { conversation, body, .. }) = sent else { panic!("nothing was said: {sent:?}") };
    assert_eq!((conversation, body.as_str()), (ConversationId::Int(1), "hi\nbob"));
    shows(&window, &["bob: hello <b>&</b>", "again"]);
    stage.take_up(Delivery::Delivered);
    shows(&window, &["bob: hello <b>&</b>", "again", "alice: hi\nbob"]);
}

#[gtk::test]
fn what_was_not_delivered_is_marked_and_can_be_sent_again() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, "hello");
    press(&window, "Send");
    let id = stage.take_up(Delivery::Sending);
    shows(&window, &["alice: hello  sending…"]);
    stage.tell(Event::Delivery { id, state: Delivery::Uncertain, missing: Vec::new() });
    shows(&window, &["alice: hello\n⚠ This may not have been delivered.  Resend"]);
    stage.tell(Event::Delivery { id, state: Delivery::Failed, missing: Vec::new() });
    shows(&window, &["alice: hello\n⚠ This was not sent.  Resend"]);
    let row = all::<gtk::Label>(&window).into_iter().find(|label| label.text().contains("not sent")).unwrap();
    assert!(row.emit_by_name::<bool>("activate-link", &[&"klatch-resend"]));
    stage.take_up(Delivery::Delivered);
    shows(&window, &["alice: hello"]);
}

#[gtk::test]
fn a_text_that_crosses_with_the_end_of_its_conversation_is_not_lost() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, "wait");
    press(&window, "Send");
    stage.converse(1, &["alice"], &[], Phase::Ended(EndReason::NotResumed));
    stage.take_up(Delivery::Failed);
    wait_for("the text", || seen(&window).iter().any(|text| text.contains("wait\n⚠ This was not sent.")));
    stage.said(1, "bob", "too late");
    assert!(!seen(&window).iter().any(|text| text.contains("too late")));
}

#[gtk::test]
fn a_refused_text_stays() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    stage.refuses.set(true);
    write(&window, "hello");
    press(&window, "Send");
    assert_eq!(written(&window), "hello");
    assert!(seen(&window).iter().any(|label| label.starts_with("Too much is waiting to be sent.")));
}

#[gtk::test]
fn a_text_that_is_too_long_is_not_sent() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, &"x\n".repeat(500_002));
    assert!(!is_sensitive(&window, "Send"));
    assert!(sees(&window, "Too long for one message by 3 bytes. Send it in several parts."), "{:?}", seen(&window));
    write(&window, "short");
    assert!(is_sensitive(&window, "Send"));
}

#[gtk::test]
fn what_is_written_while_the_connection_is_lost_is_kept() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    write(&window, "half a");
    assert!(is_sensitive(&window, "Send"));
    stage.converse(1, &["alice", "bob"], &[], Phase::Interrupted);
    assert!(!is_sensitive(&window, "Send"));
    assert!(seen(&window).iter().any(|label| label.starts_with("The connection is lost")));
    write(&window, "half a sentence");
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    assert!(is_sensitive(&window, "Send"));
    assert_eq!(written(&window), "half a sentence");
}

#[gtk::test]
fn an_ended_conversation_can_be_started_again() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    stage.converse(1, &["alice"], &[], Phase::Ended(EndReason::NotResumed));
    assert!(!is_sensitive(&window, "Send"));
    stage.take_sent();
    WidgetExt::activate_action(&window, "win.start-again", None).unwrap();
    assert_eq!(stage.take_sent(), [Command::Start { with: vec![name("bob")] }]);
    stage.converse(7, &["alice"], &["bob"], Phase::Waiting);
    assert_eq!(stage.conversation(), window, "it goes on in the same window");
    stage.converse(7, &["alice", "bob"], &[], Phase::Open);
    window.conversation().unwrap().set_watched(true);
    stage.said(7, "bob", "here again");
    let transcript = window.conversation().unwrap().transcript().n_items();
    shows(&window, &["You have started this conversation again.", "bob has joined.", "bob: here again"]);
    assert_eq!(transcript, 3);
    write(&window, "welcome back");
    assert!(is_sensitive(&window, "Send"));
    press(&window, "Send");
    let said = stage.take_sent().pop();
    assert!(matches!(said, Some(Command::Say { conversation: ConversationId::Int(7), .. })), "{said:?}");

    // What others start is another conversation, even if the server uses the same id once more.
    stage.converse(7, &["alice"], &[], Phase::Ended(EndReason::NotResumed));
    stage.converse(7, &["alice", "bob"], &[], Phase::Open);
    let windows = stage.conversations();
    assert_eq!(windows.len(), 2);
    assert_eq!(
        windows.iter().map(|window| window.title().unwrap()).collect::<Vec<_>>(),
        ["bob - Klatch", "bob (2) - Klatch"]
    );
}

#[gtk::test]
fn the_draft_moves_to_the_conversation_that_goes_on_instead() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob", "carol"], &[], Phase::Open);
    let ended = stage.conversation();
    write(&ended, "half a sentence");
    stage.converse(1, &["alice"], &[], Phase::Ended(EndReason::NotResumed));
    stage.converse(2, &["alice"], &["carol", "bob"], Phase::Waiting);
    WidgetExt::activate_action(&ended, "win.start-again", None).unwrap();
    let again = stage.conversations().pop().unwrap();
    write(&again, "more");
    let draft = ended.take_draft_for(again.conversation().unwrap()).unwrap();
    again.add_draft(&draft);
    assert_eq!((written(&ended).as_str(), written(&again).as_str()), ("", "more\nhalf a sentence"));
}

#[gtk::test]
fn the_size_of_the_buddy_list_is_remembered() {
    let stage = Stage::online();
    stage.window.set_default_size(432, 567);
    stage.window.remember_size();
    assert_eq!(stage.settings.window_size(), (432, 567));
}

#[gtk::test]
fn a_long_word_is_broken_without_a_hyphen() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    let word = "incomprehensibilities".repeat(20);
    stage.said(1, "bob", &word);
    wait_for("the word", || seen(&window).iter().any(|text| text.ends_with(&word)));
    let label = all::<gtk::Label>(&window).into_iter().find(|label| label.text().ends_with(&word)).unwrap();
    let attributes = label.layout().attributes().unwrap();
    let hyphens = attributes.attributes().into_iter().find(|one| one.type_() == gtk::pango::AttrType::InsertHyphens);
    assert_eq!(hyphens.and_then(|one| one.downcast::<gtk::pango::AttrInt>().ok()).unwrap().value(), 0);
    assert!(label.layout().line_count() > 1);
}

#[gtk::test]
fn closing_leaves_and_what_comes_late_is_ignored() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    stage.converse(2, &["alice", "carol"], &[], Phase::Open);
    stage.take_sent();
    stage.conversations()[0].close();
    assert_eq!(stage.take_sent(), [Command::Leave(ConversationId::Int(1))]);
    stage.said(1, "bob", "too late");
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    assert_eq!(stage.conversation().title().unwrap(), "carol - Klatch");
    stage.converse(1, &["bob"], &[], Phase::Ended(EndReason::Left));
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    assert_eq!(stage.conversations().len(), 2, "it was joined once more");
}

#[gtk::test]
fn two_conversations_do_not_mix() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    stage.converse(2, &["alice", "carol"], &[], Phase::Open);
    pump::apply(
        &stage.client,
        vec![
            Event::Said(said(1, "bob", "one")),
            Event::Said(said(2, "carol", "two")),
            Event::Said(said(1, "bob", "three")),
        ],
    );
    let windows = stage.conversations();
    for window in &windows {
        wait_for("the window", || window.is_mapped());
    }
    shows(&windows[0], &["bob: one", "three"]);
    shows(&windows[1], &["carol: two"]);
}

#[gtk::test]
fn what_was_not_seen_is_counted() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online")]);
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    window.conversation().unwrap().set_watched(false);
    stage.said(1, "bob", "one");
    stage.said(1, "bob", "two");
    assert_eq!(window.title().unwrap(), "(2) bob - Klatch");
    wait_for("the badge", || sees(&stage.window, "2"));
    window.conversation().unwrap().set_watched(true);
    stage.client.count_unread(&[name("bob")]);
    assert_eq!(window.title().unwrap(), "bob - Klatch");
    assert!(!sees(&stage.window, "2"));
}

#[gtk::test]
fn the_transcript_follows_its_end_unless_one_reads_above() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    pump::apply(&stage.client, (0..200).map(|i| Event::Said(said(1, "bob", &format!("line {i}")))).collect());
    let scroller = shown::<gtk::ScrolledWindow>(&window);
    let adjustment = scroller.vadjustment();
    let gap = {
        let adjustment = adjustment.clone();
        move || adjustment.upper() - adjustment.page_size() - adjustment.value()
    };
    wait_for("the end", || adjustment.upper() > 1000.0 && gap() < 2.0);
    adjustment.set_value(0.0);
    wait_for("the way back", || sees(&window, "↓ Jump to latest"));
    stage.said(1, "bob", "new");
    wait_for("the count", || sees(&window, "↓ 1 new message"));
    assert!(adjustment.value() < 1.0);
    press(&window, "↓ 1 new message");
    wait_for("the end again", || gap() < 2.0 && !sees(&window, "↓ Jump to latest"));
}

/// The heights of rows that have never been shown are guesses, and the entry grows as well.
#[gtk::test]
fn the_last_row_is_seen_however_tall_the_others_are() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    let scroller = shown::<gtk::ScrolledWindow>(&window);
    let ends_with = |text: &str| {
        let row = all::<gtk::Label>(&scroller).into_iter().find(|label| label.text().ends_with(text))?;
        let bounds = row.compute_bounds(&scroller)?;
        Some(f64::from(scroller.height()) - f64::from(bounds.y() + bounds.height()))
    };
    for round in 0..30_usize {
        let tall = "A long message. ".repeat(round * 7 % 60);
        stage.said(1, "bob", &format!("{tall} end {round}."));
        if round % 5 == 2 {
            write(&window, &"line\n".repeat(round / 5));
        }
        let text = format!(" end {round}.");
        wait_for(&format!("{text} in sight"), || ends_with(&text).is_some_and(|gap| (0.0..20.0).contains(&gap)));
        assert!(!sees(&window, "↓ Jump to latest"));
    }
}

#[gtk::test]
fn a_very_long_message_is_cut_but_can_be_copied_whole() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    let long = "word ".repeat(40_000);
    stage.said(1, "bob", &long);
    let offer = "Copy the whole message (200000 characters)";
    wait_for("the offer", || transcript(&window).iter().any(|row| row.ends_with(offer)));
    let row = all::<gtk::Label>(&window).into_iter().find(|label| label.text().ends_with(offer)).unwrap();
    row.emit_by_name::<bool>("activate-link", &[&"klatch-copy"]);
    let text = glib::MainContext::default().block_on(window.clipboard().read_text_future()).unwrap().unwrap();
    assert_eq!(text, long);
}

#[gtk::test]
fn invitations_are_listed_and_answered() {
    let stage = Stage::online();
    let invited = |id, from| Event::Invited { conversation: ConversationId::Int(id), from: name(from) };
    stage.tell(invited(7, "bob"));
    let window = invitation::window(&app()).unwrap();
    wait_for("the invitation", || sees(&window, "bob invites you to a conversation."));
    assert_eq!(window.title().unwrap(), "Invitation - Klatch");
    stage.tell(invited(8, "carol"));
    stage.tell(invited(9, "dan"));
    assert_eq!(window.title().unwrap(), "3 Invitations - Klatch");
    stage.take_sent();
    press(&window, "Accept");
    let answer = |id, accept| Command::Answer { conversation: ConversationId::Int(id), accept };
    assert_eq!(stage.take_sent(), [answer(7, true)]);
    press(&window, "Decline");
    assert_eq!(stage.take_sent(), [answer(8, false)]);
    stage.tell(Event::Uninvited { conversation: ConversationId::Int(9) });
    assert!(invitation::window(&app()).is_none());
    assert_eq!(stage.take_sent(), []);
}

#[gtk::test]
fn who_is_found_in_a_conversation_has_not_just_joined() {
    let stage = Stage::online();
    stage.tell(Event::Invited { conversation: ConversationId::Int(7), from: name("bob") });
    press(&invitation::window(&app()).unwrap(), "Accept");
    stage.converse(7, &["alice"], &["bob"], Phase::Waiting);
    let window = stage.conversation();
    stage.converse(7, &["bob", "alice"], &[], Phase::Open);
    stage.converse(7, &["bob", "alice", "carol"], &[], Phase::Open);
    shows(&window, &["carol has joined."]);
}

#[gtk::test]
fn hosting_is_told_without_hiding_where_one_is_connected() {
    let stage = Stage::new();
    stage.window.set_hosting(Some((6666, 3)));
    let online = |at: &str| Event::Link(LinkState::Online { at: at.into(), name: name("alice"), port: None });
    stage.tell(online("localhost:6666"));
    assert!(sees(&stage.window, "Hosting here; 3 people are connected."));
    stage.tell(online("chat.example.org:6666"));
    assert!(sees(&stage.window, "Connected to chat.example.org:6666. Hosting here; 3 people are connected."));
    stage.window.set_hosting(None);
    assert!(sees(&stage.window, "Connected to chat.example.org:6666"));
}

#[gtk::test]
fn a_flood_of_invitations_is_bounded() {
    let stage = Stage::online();
    for id in 0..60 {
        stage.tell(Event::Invited { conversation: ConversationId::Int(id), from: name("mallory") });
    }
    assert_eq!(stage.client.invitations().n_items(), 50);
    assert_eq!(stage.take_sent().len(), 10, "those too many are declined");
    invitation::window(&app()).unwrap().close();
    assert_eq!(stage.take_sent().len(), 50, "closing the window declines");
    assert!(invitation::window(&app()).is_none());
}

#[gtk::test]
fn several_people_are_chosen_for_a_conversation() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online"), ("carol", "online"), ("dan", "away")]);
    let started: Rc<RefCell<Vec<UserName>>> = Rc::default();
    let dialog = NewConversation::new(&stage.window, &stage.client, {
        let started = started.clone();
        move |names| started.borrow_mut().extend_from_slice(names)
    });
    dialog.present();
    wait_for("the people", || sees(&dialog, "dan"));
    assert!(!is_sensitive(&dialog, "Start"));
    let list = shown::<gtk::ListView>(&dialog);
    for at in [0_u32, 1, 2, 1] {
        list.emit_by_name::<()>("activate", &[&at]);
    }
    assert!(sees(&dialog, "2 people chosen"));
    stage.roster(&[("bob", "online"), ("carol", "online")]);
    assert!(sees(&dialog, "1 person chosen"), "who has gone cannot be invited");
    press(&dialog, "Start");
    assert_eq!(*started.borrow(), [name("bob")]);
}

#[gtk::test]
fn another_name_is_asked_for() {
    let stage = Stage::new();
    let error = NetError::with(NetErrorKind::NameRefused, "alice is taken");
    let chosen: Rc<RefCell<Option<UserName>>> = Rc::default();
    let dialog = NameDialog::new(&stage.window, "alice", &Problem::new(&error, ""), {
        let chosen = chosen.clone();
        move |name| drop(chosen.replace(Some(name)))
    });
    dialog.present();
    wait_for("the dialog", || dialog.is_mapped());
    assert!(seen(&dialog).iter().any(|label| label.contains("alice is taken")));
    let entry = shown::<gtk::Entry>(&dialog);
    entry.set_text("");
    assert!(!is_sensitive(&dialog, "Retry"));
    entry.set_text("alice2");
    press(&dialog, "Retry");
    assert_eq!(*chosen.borrow(), Some(name("alice2")));
}

#[gtk::test]
fn style_sheets_have_no_errors() {
    style::register_resources();
    for sheet in ["style.css", "style-dark.css"] {
        let provider = gtk::CssProvider::new();
        let errors: Rc<RefCell<Vec<String>>> = Rc::default();
        let heard = errors.clone();
        provider.connect_parsing_error(move |_, _, error| heard.borrow_mut().push(error.to_string()));
        provider.load_from_resource(&format!("{}/{sheet}", style::RESOURCES));
        assert_eq!(*errors.borrow(), [] as [String; 0], "{sheet}");
    }
}
