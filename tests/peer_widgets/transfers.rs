//! Files that are offered, and what is under way.

use gtk::prelude::*;
use klatch::net::{
    Command, ConversationId, Direction, Event, LinkState, NetError, NetErrorKind, OfferId, Transfer, TransferId,
    TransferState,
};
use klatch::ui::invitation;
use klatch::ui::transfers::TransfersWindow;

use crate::screen::{all, labelled, press, seen, sees, wait_for};
use crate::stage::{Stage, shows};
use crate::stand_in::{app, name};

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
fn several_offers_are_answered_at_once() {
    let stage = Stage::new();
    let answers = |accept| [1, 2].map(|offer| Command::AnswerOffer { offer: OfferId(offer), accept });
    for (label, accept) in [("Accept All", true), ("Refuse All", false)] {
        stage.tell(Event::Invited { conversation: ConversationId::Int(7), from: name("dan") });
        stage.offered(1, "bob", "one");
        let window = invitation::window(&app()).unwrap();
        shows(&window, "bob offers you the file “one”.");
        assert!(!labelled::<gtk::Button>(&window, label).is_mapped(), "there is but one");
        stage.offered(2, "bob", "two");
        shows(&window, "2 files are offered to you.");
        press(&window, label);
        assert_eq!(stage.take_sent(), answers(accept));
        // Whether to talk with somebody is another question.
        assert_eq!(window.title().unwrap(), "Invitation - Klatch");
        assert!(!labelled::<gtk::Button>(&window, label).is_mapped());
        stage.tell(Event::Uninvited { conversation: ConversationId::Int(7) });
        assert!(invitation::window(&app()).is_none());
    }
}

#[gtk::test]
fn what_is_suggested_is_to_accept_all() {
    let stage = Stage::new();
    stage.offered(1, "bob", "one");
    let window = invitation::window(&app()).unwrap();
    let is_on_row = || GtkWindowExt::focus(&window).is_some_and(|focus| focus.is::<gtk::ListBoxRow>());
    wait_for("the keyboard on no answer", is_on_row);
    let suggested = || -> Vec<String> {
        let buttons = all::<gtk::Button>(&window).into_iter().filter(WidgetExt::is_mapped);
        let suggested = buttons.filter(|button| button.has_css_class("suggested-action"));
        suggested.map(|button| button.label().unwrap_or_default().replace('_', "")).collect()
    };
    assert_eq!(suggested(), ["Accept"]);
    stage.offered(2, "bob", "two");
    wait_for("all of them", || suggested() == ["Accept All"]);
    assert!(is_on_row());
    press(&window, "Refuse");
    wait_for("the last", || suggested() == ["Accept"]);
}

#[gtk::test]
fn an_offer_can_be_answered_while_another_window_is_waited_for() {
    let stage = Stage::new();
    let (list, _settings) = stage.buddy_list();
    let dialog = gtk::Window::builder().transient_for(&list).modal(true).build();
    dialog.present();
    wait_for("the dialog", || dialog.is_mapped());
    stage.offered(1, "bob", "one");
    let window = invitation::window(&app()).unwrap();
    wait_for("the offer", || window.is_mapped());
    // What is modal keeps the mouse and the keyboard from all windows of its group.
    assert_ne!(window.group(), dialog.group());
    assert_eq!(list.group(), dialog.group());
    dialog.destroy();
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
    wait_for("the end", || !bar.is_mapped() && sees(&window, "Received · 1.0\u{a0}MB"));
    assert!(labelled::<gtk::Button>(&window, "Open").is_mapped());
    press(&window, "Clear Finished");
    shows(&window, "No transfers");
}

/// Presses the button with this label that can be seen.
fn press_shown(within: &impl IsA<gtk::Widget>, label: &str) {
    let is_it = |button: &gtk::Button| button.is_mapped() && button.label().is_some_and(|text| text == label);
    all::<gtk::Button>(within).into_iter().find(is_it).unwrap().emit_clicked();
}

#[gtk::test]
fn what_failed_says_why_and_is_tried_again() {
    let stage = Stage::new();
    let _online = stage.buddy_list();
    let window = TransfersWindow::new(&app(), &stage.client);
    window.present();
    stage.transfer(1, 5, None, Direction::In, TransferState::Failed(NetError::new(NetErrorKind::DiskFull)));
    wait_for("the reason", || seen(&window).iter().any(|text| text.starts_with("There is not enough room")));
    press_shown(&window, "Retry");
    let expected = Command::Fetch { from: name("bob"), file: "file 1".into(), save_as: Some("file 1".into()) };
    assert_eq!(stage.take_sent(), [expected]);
    shows(&window, "Trying again…");
    assert!(all::<gtk::Button>(&window).iter().all(|it| !it.is_mapped() || it.label().is_none_or(|it| it != "Retry")));
    // The old row goes when the new one comes.
    let again = |id, file: u32, direction, state| Transfer {
        id: TransferId(id),
        peer: name("bob"),
        file: format!("file {file}"),
        direction,
        was_offered: direction == Direction::Out,
        done: 0,
        total: None,
        state,
        path: format!("/nowhere/file {file}").into(),
    };
    stage.tell(Event::Transfer(again(3, 1, Direction::In, TransferState::Done)));
    assert_eq!(stage.client.transfers().n_items(), 1);
    press(&window, "Clear Finished");
    shows(&window, "No transfers");

    stage.transfer(2, 5, Some(10), Direction::Out, TransferState::Cancelled);
    shows(&window, "file 2 to bob");
    for kind in [Some(NetErrorKind::UnknownPeer), None] {
        press_shown(&window, "Retry");
        let offer = Command::Offer { to: name("bob"), path: "/nowhere/file 2".into() };
        assert_eq!(stage.take_sent(), [offer]);
        shows(&window, "Trying again…");
        if let Some(kind) = kind {
            let because = NetError::with(kind, "bob");
            stage.tell(Event::NotOffered { to: name("bob"), path: "/nowhere/file 2".into(), because });
            wait_for("the reason", || seen(&window).iter().any(|text| text.starts_with("bob is not on this network.")));
            assert_eq!(stage.client.problem(), None, "its row says it");
        }
    }
    stage.tell(Event::Transfer(again(4, 2, Direction::Out, TransferState::Offered)));
    assert_eq!(stage.client.transfers().n_items(), 1);
}

#[gtk::test]
fn what_was_offered_and_broken_off_there_is_offered_again_and_nothing_else() {
    let stage = Stage::new();
    let _online = stage.buddy_list();
    let window = TransfersWindow::new(&app(), &stage.client);
    window.present();
    stage.transfer(1, 5, Some(10), Direction::Out, TransferState::EndedThere);
    shows(&window, "bob has broken it off.");
    assert!(all::<gtk::Label>(&window).iter().all(|label| !label.has_css_class("problem")));
    press_shown(&window, "Retry");
    let offer = Command::Offer { to: name("bob"), path: "/nowhere/file 1".into() };
    assert_eq!(stage.take_sent(), [offer]);
    press(&window, "Clear Finished");
    shows(&window, "No transfers");
    // What they have asked for, they can ask for again.
    let ended = |state| Transfer {
        id: TransferId(2),
        peer: name("bob"),
        file: "file 1".to_owned(),
        direction: Direction::Out,
        was_offered: false,
        done: 5,
        total: Some(10),
        state,
        path: "/nowhere/file 1".into(),
    };
    for (state, words) in
        [(TransferState::EndedThere, "bob has broken it off."), (TransferState::Cancelled, "Cancelled")]
    {
        stage.tell(Event::Transfer(ended(state)));
        shows(&window, words);
        assert!(!labelled::<gtk::Button>(&window, "Retry").is_mapped());
    }
}

#[gtk::test]
fn what_cannot_be_tried_again_now_stays_and_says_why() {
    let stage = Stage::new();
    let _online = stage.buddy_list();
    let window = TransfersWindow::new(&app(), &stage.client);
    window.present();
    stage.transfer(1, 5, None, Direction::In, TransferState::Cancelled);
    shows(&window, "Cancelled");
    press_shown(&window, "Retry");
    shows(&window, "Trying again…");
    stage.take_sent();
    stage.tell(Event::Link(LinkState::Offline(None)));
    shows(&window, "Cancelled");
    press_shown(&window, "Retry");
    shows(&window, "You are not connected.");
    assert_eq!(stage.take_sent(), []);
    assert_eq!(stage.client.transfers().n_items(), 1);
    assert_eq!(stage.client.problem(), None);
    stage.tell(Event::Link(LinkState::Online { at: "port 4000".into(), name: name("alice"), port: Some(4000) }));
    assert!(!sees(&window, "You are not connected."));
}

#[gtk::test]
fn a_row_says_what_has_become_of_the_file() {
    let stage = Stage::new();
    let window = TransfersWindow::new(&app(), &stage.client);
    window.present();
    let done = |id, direction, path: &str| {
        stage.tell(Event::Transfer(Transfer {
            id: TransferId(id),
            peer: name("bob"),
            file: "week 1/notes.txt".into(),
            direction,
            was_offered: false,
            done: 1_000_000,
            total: Some(1_000_000),
            state: TransferState::Done,
            path: path.into(),
        }));
    };
    done(1, Direction::In, "/nowhere/notes.txt");
    shows(&window, "Received · 1.0\u{a0}MB");
    done(2, Direction::In, "/nowhere/notes (2).txt");
    shows(&window, "Received as notes (2).txt · 1.0\u{a0}MB");
    done(3, Direction::Out, "/nowhere/notes.txt");
    shows(&window, "Sent · 1.0\u{a0}MB");
    stage.transfer(4, 0, None, Direction::Out, TransferState::Offered);
    let offered = "Offered. It is sent if bob accepts.";
    shows(&window, offered);
    let label = all::<gtk::Label>(&window).into_iter().find(|label| label.text() == offered).unwrap();
    assert!(label.tooltip_text().unwrap().contains("Nobody tells you if they refuse"));
}

#[gtk::test]
fn a_file_that_is_gone_is_not_opened_but_told() {
    let stage = Stage::new();
    let window = TransfersWindow::new(&app(), &stage.client);
    window.present();
    stage.transfer(1, 5, Some(5), Direction::In, TransferState::Done);
    wait_for("the row", || seen(&window).iter().any(|text| text.starts_with("Received")));
    let gone = "This file is not there any more.";
    let in_folder =
        all::<gtk::Button>(&window).into_iter().find(|it| it.icon_name().is_some_and(|it| it == "folder-symbolic"));
    for button in [labelled::<gtk::Button>(&window, "Open"), in_folder.unwrap()] {
        button.emit_clicked();
        shows(&window, gone);
        let dismiss =
            all::<gtk::Button>(&window).into_iter().find(|it| it.tooltip_text().is_some_and(|it| it == "Dismiss"));
        dismiss.unwrap().emit_clicked();
        assert!(!sees(&window, gone));
    }
    press(&window, "Open");
    shows(&window, gone);
    press(&window, "Clear Finished");
    assert!(!sees(&window, gone), "it was about one of them");
}

#[gtk::test]
fn very_many_files_are_asked_for_as_others_end() {
    let stage = Stage::new();
    for id in 0..199 {
        stage.transfer(id, 1, None, Direction::In, TransferState::Running);
    }
    // What others get of one's own files takes no room.
    for id in 300..600 {
        stage.transfer(id, 1, None, Direction::Out, TransferState::Running);
    }
    stage.client.fetch_all(&name("bob"), ["one", "two", "three"].map(str::to_owned));
    let fetch = |file: &str| Command::Fetch { from: name("bob"), file: file.to_owned(), save_as: None };
    assert_eq!(stage.take_sent(), [fetch("one")]);
    stage.transfer(199, 1, None, Direction::In, TransferState::Running);
    // An offer does not wait behind them, nor do the files of somebody else.
    stage.client.offer(&name("bob"), ["/nowhere/four".into()]);
    stage.client.fetch_all(&name("carol"), ["five".to_owned()]);
    wait_for("what need not wait", || stage.sent.borrow().len() >= 2);
    let offer = Command::Offer { to: name("bob"), path: "/nowhere/four".into() };
    let of_carol = Command::Fetch { from: name("carol"), file: "five".to_owned(), save_as: None };
    assert_eq!(stage.take_sent(), [offer, of_carol]);
    stage.transfer(0, 1, None, Direction::In, TransferState::Done);
    wait_for("the next one", || !stage.sent.borrow().is_empty());
    assert_eq!(stage.take_sent(), [fetch("two")]);
    stage.transfer(1, 1, None, Direction::In, TransferState::Cancelled);
    wait_for("the last one", || !stage.sent.borrow().is_empty());
    assert_eq!(stage.take_sent(), [fetch("three")]);
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
