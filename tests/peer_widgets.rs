//! The windows of peer mode: news from the network in, what a person reads out; and what is sent when a person acts.
//! Needs a display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::SystemTime;

use gtk::prelude::*;
use klatch::net::{
    self, Command, ConversationId, Delivery, Direction, Event, LinkState, MessageId, NetError, NetErrorKind, OfferId,
    Phase, Question, Said, Transfer, TransferId, TransferState, UserInfo, UserName,
};
use klatch::ui::conversation::ConversationWindow;
use klatch::ui::invitation;
use klatch::ui::model::{Client, SharedFile};
use klatch::ui::shared_files::SharedFilesWindow;
use klatch::ui::transfers::TransfersWindow;
use klatch::ui::user_info::UserInfoWindow;
use klatch::ui::{pump, style};

#[path = "gui_support/screen.rs"]
mod screen;

use screen::{all, labelled, press, seen, wait_for};

/// One application for all tests: a second one of the same id cannot be registered.
fn app() -> gtk::Application {
    thread_local!(static APP: gtk::Application = {
        let flags = gtk::gio::ApplicationFlags::NON_UNIQUE;
        let app = gtk::Application::builder().application_id("im.klatch.PeerTest").flags(flags).build();
        app.register(gtk::gio::Cancellable::NONE).unwrap();
        app
    });
    APP.with(Clone::clone)
}

fn name(text: &str) -> UserName {
    UserName::received(text)
}

fn names(texts: &[&str]) -> Vec<UserName> {
    texts.iter().map(|text| name(text)).collect()
}

/// A network of peers that is played by the test.
struct Stage {
    client: Client,
    sent: Rc<RefCell<Vec<Command>>>,
    /// How many commands are taken before the next is refused.
    room: Rc<RefCell<usize>>,
}

impl Stage {
    fn new() -> Self {
        style::register_resources();
        let sent: Rc<RefCell<Vec<Command>>> = Rc::default();
        let room = Rc::new(RefCell::new(usize::MAX));
        let client = Client::new({
            let (sent, room) = (sent.clone(), room.clone());
            move |command| {
                let left = room.borrow().checked_sub(1).ok_or_else(|| NetError::new(NetErrorKind::Busy))?;
                room.replace(left);
                sent.borrow_mut().push(command);
                Ok(())
            }
        });
        invitation::follow(&app(), &client);
        let stage = Self { client, sent, room };
        stage.tell(Event::Link(LinkState::Online { at: "this network".into(), name: name("alice") }));
        stage
    }

    fn tell(&self, event: Event) {
        pump::apply(&self.client, vec![event]);
    }

    fn take_sent(&self) -> Vec<Command> {
        self.sent.take()
    }

    fn offered(&self, id: u64, from: &str, file: &str) {
        self.tell(Event::Offered { offer: OfferId(id), from: name(from), file: file.into() });
    }

    fn transfer(&self, id: u64, done: u64, total: Option<u64>, direction: Direction, state: TransferState) {
        self.tell(Event::Transfer(Transfer {
            id: TransferId(id),
            peer: name("bob"),
            file: format!("file {id}"),
            direction,
            done,
            total,
            state,
            path: PathBuf::from(format!("/nowhere/file {id}")),
        }));
    }

    fn conversation(&self, news: net::Conversation) -> ConversationWindow {
        self.tell(Event::Conversation(news));
        let conversation = self.client.conversations().item(0).and_downcast().unwrap();
        let open = app().windows().into_iter().find_map(|window| window.downcast::<ConversationWindow>().ok());
        open.unwrap_or_else(|| {
            let window = ConversationWindow::new(&app(), &self.client, &conversation);
            window.present();
            wait_for("the window", || window.is_mapped());
            window
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for window in app().windows() {
            window.destroy();
        }
    }
}

fn conversation(members: &[&str]) -> net::Conversation {
    net::Conversation {
        members: names(members),
        initiator: Some(name("alice")),
        phase: Phase::Open,
        ..net::Conversation::entered(ConversationId::Int(1), name("alice"), Vec::new())
    }
}

/// Presses the button with this label that can be seen.
fn press_shown(within: &impl IsA<gtk::Widget>, label: &str) {
    let is_it = |button: &gtk::Button| button.is_mapped() && button.label().is_some_and(|text| text == label);
    all::<gtk::Button>(within).into_iter().find(is_it).unwrap().emit_clicked();
}

fn sees(within: &impl IsA<gtk::Widget>, text: &str) -> bool {
    seen(within).iter().any(|label| label == text)
}

fn shows(within: &impl IsA<gtk::Widget>, text: &str) {
    wait_for(&format!("{text:?} in {:?}", seen(within)), || sees(within, text));
}

#[gtk::test]
fn offers_wait_beside_invitations_and_are_answered() {
    let stage = Stage::new();
    stage.offered(1, "bob", "slides.pdf");
    let window = invitation::window(&app()).unwrap();
    shows(&window, "bob offers you the file “slides.pdf”.");
    assert_eq!(window.title().unwrap(), "Offer of a File - Klatch");
    stage.offered(2, "carol", "evil\n\u{202e}name");
    assert_eq!(window.title().unwrap(), "2 Offers of Files - Klatch");
    shows(&window, "carol offers you the file “evil\u{fffd}\u{fffd}name”.");
    stage.tell(Event::Invited { conversation: ConversationId::Int(7), from: name("dan") });
    assert_eq!(window.title().unwrap(), "3 Invitations and Offers - Klatch");
    press(&window, "Accept");
    press(&window, "Refuse");
    press(&window, "Decline");
    let answer = |offer, accept| Command::AnswerOffer { offer: OfferId(offer), accept };
    let decline = Command::Answer { conversation: ConversationId::Int(7), accept: false };
    assert_eq!(stage.take_sent(), [answer(1, true), answer(2, false), decline]);
    assert!(invitation::window(&app()).is_none());
}

#[gtk::test]
fn offers_end_when_one_goes_offline() {
    let stage = Stage::new();
    stage.offered(1, "bob", "slides.pdf");
    stage.tell(Event::Link(LinkState::Offline(None)));
    assert!(invitation::window(&app()).is_none());
    assert_eq!(stage.take_sent(), []);
}

#[gtk::test]
fn a_transfer_is_followed_to_its_end() {
    let stage = Stage::new();
    let window = TransfersWindow::new(&app(), &stage.client);
    window.present();
    shows(&window, "No transfers");
    stage.transfer(1, 250_000, Some(1_000_000), Direction::In, TransferState::Running);
    shows(&window, "file 1 from bob");
    shows(&window, "250.0\u{a0}kB of 1.0\u{a0}MB");
    shows(&window, "1 transfer");
    let bar = all::<gtk::ProgressBar>(&window).into_iter().find(WidgetExt::is_mapped).unwrap();
    assert!((bar.fraction() - 0.25).abs() < 0.001);
    press(&window, "Cancel");
    assert_eq!(stage.take_sent(), [Command::Cancel(TransferId(1))]);
    stage.transfer(1, 1_000_000, Some(1_000_000), Direction::In, TransferState::Done);
    wait_for("the end", || !bar.is_mapped() && sees(&window, "1.0\u{a0}MB"));
    assert!(labelled::<gtk::Button>(&window, "Open").is_mapped());
    press(&window, "Clear Finished");
    shows(&window, "No transfers");
}

#[gtk::test]
fn what_failed_says_why_and_is_tried_again() {
    let stage = Stage::new();
    let window = TransfersWindow::new(&app(), &stage.client);
    window.present();
    stage.transfer(1, 5, None, Direction::In, TransferState::Failed(NetError::new(NetErrorKind::DiskFull)));
    wait_for("the reason", || seen(&window).iter().any(|text| text.starts_with("There is not enough room")));
    press_shown(&window, "Retry");
    let expected = Command::Fetch { from: name("bob"), file: "file 1".into(), save_as: Some("file 1".into()) };
    assert_eq!(stage.take_sent(), [expected]);
    shows(&window, "No transfers");
    stage.transfer(2, 5, Some(10), Direction::Out, TransferState::Cancelled);
    shows(&window, "file 2 to bob");
    press_shown(&window, "Retry");
    assert_eq!(stage.take_sent(), [Command::Offer { to: name("bob"), path: "/nowhere/file 2".into() }]);
}

#[gtk::test]
fn the_list_of_transfers_is_bounded() {
    let stage = Stage::new();
    stage.transfer(0, 1, None, Direction::In, TransferState::Running);
    for id in 1..1100 {
        stage.transfer(id, 1, Some(1), Direction::In, TransferState::Done);
    }
    assert_eq!(stage.client.transfers().n_items(), 1000);
    assert_eq!(stage.client.running_transfers().len(), 1, "what is under way stays");
}

#[gtk::test]
fn shared_files_are_found_and_got() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    assert_eq!(stage.take_sent(), [Command::ListFiles(name("bob"))]);
    shows(&window, "Asking…");
    let files = ["notes.txt", "pictures/b.png", "pictures/a.png"].map(String::from).to_vec();
    stage.tell(Event::Files { of: name("carol"), names: vec!["hers".into()] });
    assert!(sees(&window, "Asking…"), "it was somebody else's answer");
    stage.tell(Event::Files { of: name("bob"), names: files });
    shows(&window, "3 files");
    shows(&window, "pictures");
    assert!(!labelled::<gtk::Button>(&window, "Get").is_sensitive());
    let search = all::<gtk::SearchEntry>(&window).remove(0);
    search.set_text("PNG pict");
    shows(&window, "2 files");
    let list = all::<gtk::ColumnView>(&window).remove(0);
    let model = list.model().unwrap();
    let first = || model.item(0).and_downcast::<SharedFile>().is_some_and(|file| file.name() == "a.png");
    wait_for("the order of the names", first);
    model.select_all();
    shows(&window, "2 selected");
    press(&window, "Get");
    let fetch = |file: &str| Command::Fetch { from: name("bob"), file: file.into(), save_as: None };
    assert_eq!(stage.take_sent(), [fetch("pictures/a.png"), fetch("pictures/b.png")], "in the order that is seen");
    search.set_text("nothing of that name");
    shows(&window, "Nothing found");
}

#[gtk::test]
fn a_file_is_got_under_another_name() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    stage.tell(Event::Files { of: name("bob"), names: vec!["pictures/a.png".into()] });
    shows(&window, "1 file");
    stage.take_sent();
    all::<gtk::ColumnView>(&window).remove(0).model().unwrap().select_all();
    press(&window, "Get As…");
    let prompt = gtk::Window::list_toplevels()
        .into_iter()
        .find_map(|window| window.downcast::<klatch::ui::prompt::Prompt>().ok())
        .unwrap();
    let field: klatch::ui::field::Field = labelled(&prompt, "Name");
    assert_eq!(field.text(), "a.png");
    field.set_text("../b.png");
    press(&prompt, "Get");
    assert!(field.problem().is_some());
    assert_eq!(stage.take_sent(), []);
    field.set_text("b.png");
    press(&prompt, "Get");
    let file = "pictures/a.png".to_owned();
    assert_eq!(stage.take_sent(), [Command::Fetch { from: name("bob"), file, save_as: Some("b.png".into()) }]);
}

#[gtk::test]
fn very_many_files_are_asked_for_bit_by_bit() {
    let stage = Stage::new();
    stage.room.replace(3);
    stage.client.fetch_all(&name("bob"), (0..10).map(|n| n.to_string()));
    assert_eq!(stage.take_sent().len(), 3);
    stage.room.replace(usize::MAX);
    wait_for("the rest", || stage.sent.borrow().len() == 7);
    assert_eq!(stage.client.problem(), None, "waiting is no problem");
}

#[gtk::test]
fn no_answer_is_told_and_asked_for_again() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    let because = NetError::new(NetErrorKind::PeerUnreachable);
    stage.tell(Event::Unanswered { by: name("bob"), question: Question::Files, because });
    shows(&window, "The other computer cannot be reached.");
    stage.take_sent();
    press(&window, "Retry");
    assert_eq!(stage.take_sent(), [Command::ListFiles(name("bob"))]);
    stage.tell(Event::Files { of: name("bob"), names: Vec::new() });
    shows(&window, "bob shares no files.");
}

#[gtk::test]
fn what_people_tell_about_themselves_is_shown() {
    let stage = Stage::new();
    let window = UserInfoWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    assert_eq!(stage.take_sent(), [Command::AskUserInfo(name("bob"))]);
    let field = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let fields = vec![field("name", "bob"), field("host", "pc7"), field("Motto", "<b>hi</b>\u{202e}")];
    stage.tell(Event::UserInfo { of: name("bob"), info: UserInfo { fields, picture: Some(b"no image".to_vec()) } });
    for text in ["Name", "bob", "Host", "pc7", "Motto", "<b>hi</b>\u{fffd}"] {
        shows(&window, text);
    }
    press(&window, "Copy");
    let copied = gtk::glib::MainContext::default().block_on(window.clipboard().read_text_future()).unwrap().unwrap();
    assert_eq!(copied, "Name: bob\nHost: pc7\nMotto: <b>hi</b>\u{fffd}");
}

#[gtk::test]
fn a_picture_is_shown_instead_of_the_initials() {
    let stage = Stage::new();
    let window = UserInfoWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    let image = gtk::gdk_pixbuf::Pixbuf::new(gtk::gdk_pixbuf::Colorspace::Rgb, true, 8, 600, 300).unwrap();
    let picture = image.save_to_bufferv("png", &[]).unwrap();
    stage.tell(Event::UserInfo { of: name("bob"), info: UserInfo { fields: Vec::new(), picture: Some(picture) } });
    let shown = all::<gtk::Picture>(&window).remove(0);
    wait_for("the picture", || shown.is_mapped());
    let paintable = shown.paintable().unwrap();
    assert_eq!((paintable.intrinsic_width(), paintable.intrinsic_height()), (256, 128));
}

#[gtk::test]
fn a_conversation_of_peers_tells_who_is_missing() {
    let stage = Stage::new();
    let window = stage.conversation(net::Conversation {
        awaited: names(&["bob"]),
        declined: names(&["carol"]),
        phase: Phase::Waiting,
        ..conversation(&["alice"])
    });
    shows(&window, "Waiting for bob to join. What you send now, nobody reads yet. carol has declined.");
    shows(&window, "has declined");
    shows(&window, "1 member");
    stage.conversation(net::Conversation { unreachable: names(&["dan"]), ..conversation(&["alice", "bob", "dan"]) });
    shows(&window, "not reachable");
    shows(&window, "3 members");
    stage.conversation(net::Conversation {
        initiator: Some(name("bob")),
        is_frozen: true,
        ..conversation(&["alice", "bob", "dan"])
    });
    shows(&window, "bob, who started this conversation, has left; its members stay as they are.");
}

#[gtk::test]
fn a_text_tells_whom_it_has_not_reached() {
    let stage = Stage::new();
    let window = stage.conversation(conversation(&["alice", "bob", "carol"]));
    let (id, at) = (MessageId(1), SystemTime::now());
    let said =
        Said { conversation: ConversationId::Int(1), from: name("alice"), body: "hello".into(), at, own: Some(id) };
    stage.tell(Event::Said(said));
    let says = |text: &str| seen(&window).iter().any(|label| label.contains(text));
    stage.tell(Event::Delivery { id, state: Delivery::Partial, missing: names(&["bob", "carol"]) });
    wait_for("both", || says("not delivered to bob, carol yet"));
    stage.tell(Event::Delivery { id, state: Delivery::Partial, missing: names(&["carol"]) });
    wait_for("one", || says("not delivered to carol yet"));
    stage.tell(Event::Delivery { id, state: Delivery::Delivered, missing: Vec::new() });
    wait_for("all", || !says("delivered"));
}
