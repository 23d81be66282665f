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
    self, Command, Contact, ConversationId, Delivery, Direction, Event, LinkState, MessageId, NetError, NetErrorKind,
    OfferId, Phase, Question, Said, Sharing, Transfer, TransferId, TransferState, UserInfo, UserName,
};
use klatch::ui::avatar::Avatar;
use klatch::ui::conversation::ConversationWindow;
use klatch::ui::field::Field;
use klatch::ui::hosting::Hosting;
use klatch::ui::invitation;
use klatch::ui::model::{Client, SharedFile};
use klatch::ui::peer_page::PeerPage;
use klatch::ui::picture_row::PictureRow;
use klatch::ui::preferences::{Page, Preferences};
use klatch::ui::settings::Settings;
use klatch::ui::shared_files::SharedFilesWindow;
use klatch::ui::transfers::TransfersWindow;
use klatch::ui::user_info::UserInfoWindow;
use klatch::ui::welcome::Welcome;
use klatch::ui::window::Window;
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
        stage.tell(Event::Link(LinkState::Online { at: "this network".into(), name: name("alice"), port: Some(4000) }));
        stage
    }

    /// The buddy list of somebody who is a peer.
    fn buddy_list(&self) -> (Window, Settings) {
        let settings = Settings::in_memory().unwrap();
        settings.set_name(&name("alice"));
        settings.set_is_peer(true);
        self.client.send(Command::Connect(settings.mode().unwrap())).unwrap();
        let window = Window::new(&app(), &self.client, &settings);
        window.present();
        self.tell(Event::Link(LinkState::Online { at: "port 4000".into(), name: name("alice (2)"), port: Some(4000) }));
        self.take_sent();
        (window, settings)
    }

    fn people(&self, people: &[(&str, bool)]) {
        let contact = |(who, is_blocked): &(&str, bool)| Contact {
            is_blocked: *is_blocked,
            ..Contact::at_server(name(who), net::Status::default())
        };
        self.tell(Event::Roster(people.iter().map(contact).collect()));
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

fn files_of(who: &str, names: Vec<String>) -> Event {
    Event::Files { of: name(who), names, unfit: 0, is_cut: false }
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
    // Nobody is told to be offline who goes online in another way.
    stage.offered(2, "bob", "slides.pdf");
    stage.tell(Event::Link(LinkState::Connecting { to: "this network".into() }));
    assert!(invitation::window(&app()).is_none());
    stage.offered(3, "bob", "slides.pdf");
    stage.tell(Event::Unoffered { offer: OfferId(4) });
    assert!(invitation::window(&app()).is_some());
    stage.tell(Event::Unoffered { offer: OfferId(3) });
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
    stage.tell(files_of("carol", vec!["hers".into()]));
    assert!(sees(&window, "Asking…"), "it was somebody else's answer");
    stage.tell(files_of("bob", files));
    shows(&window, "3 files");
    shows(&window, "pictures");
    let list = all::<gtk::ColumnView>(&window).remove(0);
    let is_in_list = || GtkWindowExt::focus(&window).is_some_and(|focus| focus.is_ancestor(&list));
    wait_for("the keyboard in the list", is_in_list);
    assert!(!labelled::<gtk::Button>(&window, "Get").is_sensitive());
    let search = all::<gtk::SearchEntry>(&window).remove(0);
    search.set_text("PNG pict");
    shows(&window, "2 files");
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
    stage.tell(Event::Files { of: name("bob"), names: vec!["a".into()], unfit: 2, is_cut: true });
    let told = "2 files are not listed, because their names cannot be asked for.\nOnly the first 1 files are listed.";
    shows(&window, told);
    stage.tell(files_of("bob", vec!["a".into()]));
    wait_for("nothing left out", || !sees(&window, told));
}

#[gtk::test]
fn a_file_is_got_under_another_name() {
    let stage = Stage::new();
    let window = SharedFilesWindow::new(&app(), &stage.client, &name("bob"));
    window.present();
    stage.tell(files_of("bob", vec!["pictures/a.png".into()]));
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
    stage.client.offer(&name("carol"), (0..10).map(|n| n.to_string().into()));
    wait_for("the rest", || stage.sent.borrow().len() == 17);
    assert_eq!(stage.sent.borrow().last(), Some(&Command::Offer { to: name("carol"), path: "9".into() }));
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
    stage.tell(files_of("bob", Vec::new()));
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
    let is_picture = |image: &gtk::Image| image.is_mapped() && image.paintable().is_some();
    wait_for("the picture", || all::<gtk::Image>(&window).iter().any(is_picture));
    let shown = all::<gtk::Image>(&window).into_iter().find(is_picture).unwrap();
    wait_for("its size", || (shown.width(), shown.height()) == (256, 256));
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
    shows(&window, "Waiting for bob to join. Nobody else is here yet to read what you send. carol has declined.");
    shows(&window, "has declined");
    shows(&window, "1 member");
    stage.conversation(net::Conversation { unasked: names(&["carol"]), ..conversation(&["alice", "bob"]) });
    shows(&window, "Not reachable: carol.");
    shows(&window, "2 members");
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

fn list_of(window: &Window) -> gtk::ListView {
    all::<gtk::ListView>(window).into_iter().find(WidgetExt::is_mapped).unwrap()
}

#[gtk::test]
fn a_peer_is_told_where_one_is_and_what_to_check() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    shows(&window, "On this network as alice (2)");
    shows(&window, "Nobody found yet");
    assert!(seen(&window).iter().any(|text| text.contains("UDP port 5353")));
    assert!(labelled::<gtk::Button>(&window, "Add by Address…").is_mapped());
    stage.people(&[("bob", false)]);
    shows(&window, "bob");
    stage.transfer(1, 5, None, Direction::In, TransferState::Running);
    let transfers = labelled::<gtk::Button>(&window, "1 transfer");
    assert!(transfers.is_visible());
    stage.transfer(1, 5, None, Direction::In, TransferState::Done);
    assert!(!transfers.is_visible());
}

#[gtk::test]
fn people_are_blocked_and_unblocked() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false)]);
    let list = list_of(&window);
    wait_for("the people", || list.model().is_some_and(|people| people.n_items() == 3));
    list.model().unwrap().select_item(1, true);
    let act = |action: &str| WidgetExt::activate_action(&window, action, None);
    act("win.block").unwrap();
    let block = |blocked| Command::Block { name: name("bob"), blocked };
    assert_eq!(stage.take_sent(), [block(true)]);
    assert_eq!(settings.blocked(), names(&["bob"]));
    stage.people(&[("bob", true), ("carol", false)]);
    shows(&window, "blocked");
    act("win.unblock").unwrap();
    assert_eq!(stage.take_sent(), [block(false)]);
    assert_eq!(settings.blocked(), []);
}

#[gtk::test]
fn a_file_that_is_dropped_on_a_person_is_offered() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", true)]);
    let drop_on = |who: &str, file: &str| {
        wait_for(who, || sees(&window, who));
        let label = all::<gtk::Label>(&window).into_iter().find(|label| label.text() == who).unwrap();
        let row = label.ancestor(gtk::TreeExpander::static_type()).unwrap();
        let controllers = row.observe_controllers();
        let mut all = controllers.snapshot().into_iter();
        let target = all.find_map(|controller| controller.downcast::<gtk::DropTarget>().ok()).unwrap();
        let files = gtk::gdk::FileList::from_array(&[gtk::gio::File::for_uri(file)]);
        target.emit_by_name::<bool>("drop", &[&gtk::glib::BoxedValue(files.to_value()), &1.0, &1.0])
    };
    let file = "file:///nowhere/slides.pdf";
    assert!(drop_on("bob", file));
    assert_eq!(stage.take_sent(), [Command::Offer { to: name("bob"), path: "/nowhere/slides.pdf".into() }]);
    assert!(!drop_on("carol", file), "nobody sends files to whom they have blocked");
    assert_eq!(stage.take_sent(), []);
    assert!(drop_on("bob", "sftp://elsewhere.example.org/slides.pdf"));
    assert_eq!(stage.take_sent(), []);
    shows(&window, "“slides.pdf” could not be offered to bob.");
}

#[gtk::test]
fn an_offer_that_fails_names_the_person_and_the_file() {
    let stage = Stage::new();
    let (window, _settings) = stage.buddy_list();
    for (kind, detail, advice) in [
        (NetErrorKind::PeerUnreachable, "", "The other computer cannot be reached. "),
        (NetErrorKind::UnknownPeer, "bob", "bob is not on this network. "),
        (NetErrorKind::LocalFile, "not here.", "A file or folder on this computer cannot be used. Not here. Check"),
    ] {
        let because = NetError::with(kind, detail);
        stage.tell(Event::NotOffered { to: name("bob"), path: "/nowhere/slides\u{202e}.pdf".into(), because });
        shows(&window, "“slides\u{fffd}.pdf” could not be offered to bob.");
        assert!(seen(&window).iter().any(|text| text.starts_with(advice) && text.len() > advice.len()));
    }
}

#[gtk::test]
fn ones_own_picture_is_chosen_shown_sent_and_removed() {
    let stage = Stage::new();
    let (window, settings) = stage.buddy_list();
    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_link(&stage.client.link());
    let row = all::<PictureRow>(&preferences).remove(0);
    let shown_on = |within: &gtk::Widget| all::<Avatar>(within).remove(0).picture();
    assert_eq!(shown_on(window.upcast_ref()), None);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("me");

    std::fs::write(&path, "no picture").unwrap();
    row.take(&path);
    shows(&row, "This file cannot be used as a picture. Choose a PNG, JPEG or GIF image that you may read.");
    assert_eq!((sent.take(), settings.picture()), (vec![], None));

    let image = gtk::gdk_pixbuf::Pixbuf::new(gtk::gdk_pixbuf::Colorspace::Rgb, false, 8, 600, 300).unwrap();
    std::fs::write(&path, image.save_to_bufferv("png", &[]).unwrap()).unwrap();
    row.take(&path);
    wait_for("the picture", || shown_on(window.upcast_ref()).is_some() && shown_on(row.upcast_ref()).is_some());
    assert_eq!(shown_on(window.upcast_ref()).map(|picture| (picture.width(), picture.height())), Some((96, 96)));
    assert!(!seen(&row).iter().any(|text| text.starts_with("This file")));
    let told = sent.take();
    assert!(matches!(told.as_slice(), [Command::SetUserInfo(info)] if info.picture == settings.picture()));
    let mode = settings.mode().unwrap();
    assert!(
        matches!(mode, net::Mode::Peer(peer) if peer.info.picture.as_ref().is_some_and(|png| png.starts_with(b"\x89PNG")))
    );

    press(&row, "Remove Picture");
    assert_eq!(sent.take(), [Command::SetUserInfo(UserInfo::default())]);
    wait_for("the initials", || shown_on(window.upcast_ref()).is_none() && shown_on(row.upcast_ref()).is_none());
    assert!(!labelled::<gtk::Button>(&row, "Remove Picture").is_visible());
    // Anybody may write the settings: what is no picture shows none.
    settings.set_picture(Some(b"no picture"));
    stage.people(&[("bob", false)]);
    shows(&window, "bob");
    assert_eq!(shown_on(window.upcast_ref()), None);
    end(preferences, &parent);
}

#[gtk::test]
fn servers_have_no_abilities_of_peers() {
    let stage = Stage::new();
    let settings = Settings::in_memory().unwrap();
    let window = Window::new(&app(), &stage.client, &settings);
    window.present();
    stage.people(&[("bob", false)]);
    let list = list_of(&window);
    wait_for("bob", || list.model().is_some_and(|people| people.n_items() == 2));
    list.model().unwrap().select_item(1, true);
    for action in ["win.user-info", "win.shared-files", "win.send-file", "win.block"] {
        let _refused = WidgetExt::activate_action(&window, action, None);
    }
    assert_eq!(stage.take_sent(), []);
}

#[gtk::test]
fn one_goes_online_without_a_server() {
    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    let sent: Rc<RefCell<Vec<Command>>> = Rc::default();
    let welcome = Welcome::new(&app(), &settings, &klatch::ui::hosting::Hosting::default(), {
        let sent = sent.clone();
        move |command| {
            sent.borrow_mut().push(command);
            Ok(())
        }
    });
    welcome.present();
    labelled::<klatch::ui::field::Field>(&welcome, "Your name").set_text("ann");
    labelled::<gtk::CheckButton>(&welcome, "Chat on this network").set_active(true);
    press(&welcome, "Go Online");
    let mode = net::Mode::Peer(Box::new(settings.peer(name("ann"))));
    assert_eq!(*sent.borrow(), [Command::Connect(mode.clone())]);
    assert_eq!(settings.mode(), None, "nothing is remembered before it is known to work");
    welcome.show_link(&LinkState::Connecting { to: "_klatch._tcp.local.".into() });
    shows(&welcome, "Joining this network…");
    welcome.show_link(&LinkState::Online { at: "port 4000".into(), name: name("ann"), port: Some(4000) });
    assert_eq!(settings.mode(), Some(mode));
    wait_for("the end of the welcome", || !welcome.is_mapped());
}

#[gtk::test]
fn closing_ones_own_conversation_asks_if_it_ends_for_several() {
    let stage = Stage::new();
    let window = stage.conversation(conversation(&["alice", "bob", "carol"]));
    stage.take_sent();
    window.close();
    let question =
        || gtk::Window::list_toplevels().into_iter().find_map(|window| window.downcast::<gtk::MessageDialog>().ok());
    wait_for("the question", || question().is_some());
    assert_eq!(stage.take_sent(), []);
    question().unwrap().response(gtk::ResponseType::Accept);
    assert_eq!(stage.take_sent(), [Command::Leave(ConversationId::Int(1))]);
}

/// The preferences of somebody who goes online through a server, what they send, and their parent.
fn preferences(settings: &Settings) -> (Preferences, Rc<RefCell<Vec<Command>>>, gtk::Window) {
    let parent = gtk::Window::builder().application(&app()).build();
    let sent: Rc<RefCell<Vec<Command>>> = Rc::default();
    let preferences = Preferences::new(&parent, settings, &Hosting::default(), {
        let sent = sent.clone();
        move |command| {
            sent.borrow_mut().push(command);
            Ok(())
        }
    });
    preferences.present();
    (preferences, sent, parent)
}

/// Ends the preferences with their parent. GTK does not expect that anybody keeps them any longer than that.
fn end(preferences: Preferences, parent: &gtk::Window) {
    drop(preferences);
    parent.destroy();
}

#[gtk::test]
fn the_way_of_being_online_is_switched_while_one_is() {
    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    settings.set_name(&name("ann"));
    settings.set_server(&net::ServerAddress::new("chat.example.org", 6666).unwrap());
    let server = settings.mode().unwrap();
    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_link(&LinkState::Online { at: "chat.example.org:6666".into(), name: name("ann"), port: None });
    preferences.show_page(Page::Connection);
    labelled::<gtk::CheckButton>(&preferences, "On this network, without a server").set_active(true);
    assert_eq!(settings.mode(), Some(server.clone()), "not before it is applied");
    press(&preferences, "Apply and Reconnect");
    let peer = net::Mode::Peer(Box::new(settings.peer(name("ann"))));
    assert_eq!((settings.mode(), &*sent.borrow()), (Some(peer.clone()), &vec![Command::Connect(peer)]));
    preferences.show_link(&LinkState::Online { at: "port 4000".into(), name: name("ann"), port: Some(4000) });
    shows(&preferences, "On this network as ann");
    labelled::<gtk::CheckButton>(&preferences, "Through a server").set_active(true);
    press(&preferences, "Apply and Reconnect");
    assert_eq!(sent.borrow().last(), Some(&Command::Connect(server)));
    end(preferences, &parent);
}

#[gtk::test]
fn what_peers_get_to_know_changes_at_once() {
    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    settings.set_name(&name("ann"));
    settings.set_is_peer(true);
    settings.set_blocked(&name("mallory"), true);
    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_link(&LinkState::Online { at: "here".into(), name: name("ann"), port: Some(4000) });
    preferences.show_page(Page::Sharing);
    let page = all::<PeerPage>(&preferences).remove(0);
    shows(&page, "Nothing is shared.");
    shows(&page, "Others who do not see you can add you by one of these addresses:");
    let address: klatch::ui::address_list::AddressList = all(&page).remove(0);
    assert!(address.addresses().iter().all(|text| text.ends_with(":4000")));
    page.share(Some("/srv/slides".as_ref()));
    shows(&page, "/srv/slides");
    preferences.show_sharing(Some(Sharing { files: 3, unfit: 1, is_cut: false }));
    let left_out = "1 file is left out, because its name cannot be sent: rename it to share it.";
    shows(&page, &format!("3 files are shared.\n{left_out}"));
    press(&page, "Stop Sharing");
    shows(&page, "Nothing is shared.");
    page.put_downloads("/srv/got".as_ref());
    press(&page, "Unblock");
    let expected = [
        Command::Share(Some("/srv/slides".into())),
        Command::Share(None),
        Command::SetDownloads("/srv/got".into()),
        Command::Block { name: name("mallory"), blocked: false },
    ];
    assert_eq!(sent.take(), expected);
    press(&page, "Add Field");
    let example = |text: &str| {
        let is_it = |entry: &gtk::Entry| entry.placeholder_text().is_some_and(|example| example == text);
        all::<gtk::Entry>(&page).into_iter().find(is_it).unwrap()
    };
    example("Value").set_text("chess");
    assert_eq!(sent.take(), [], "it has no name yet");
    example("Field").set_text("Hobby");
    let fields = vec![("Hobby".to_owned(), "chess".to_owned())];
    assert_eq!(sent.take(), [Command::SetUserInfo(UserInfo { fields: fields.clone(), picture: None })]);
    assert_eq!(settings.mode(), Some(net::Mode::Peer(Box::new(settings.peer(name("ann"))))));
    assert_eq!(settings.user_info().fields, fields);
    all::<gtk::Expander>(&page).remove(0).set_expanded(true);
    labelled::<Field>(&page, "Service type").set_text("_class1._tcp.local.");
    assert_eq!(sent.take(), [], "that needs a new start");
    press(&preferences, "Apply and Reconnect");
    assert_eq!(sent.take(), [Command::Connect(settings.mode().unwrap())]);
    assert_eq!(settings.service_type().as_str(), "_class1._tcp.local.");
    end(preferences, &parent);
}
