//! Conversations from their beginning to their end, and one beside the other.

use gtk::prelude::*;
use klatch::net::{Command, ConversationId, EndReason, Event, Phase};
use klatch::ui::pump;

use crate::screen::{drop_file, press, sees, wait_for};
use crate::stage::{Stage, is_sensitive, said, shown, shows, write, written};
use crate::stand_in::name;

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
fn no_file_goes_through_a_server_and_no_path_into_the_text() {
    let stage = Stage::online();
    stage.roster(&[("bob", "online")]);
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    stage.take_sent();
    assert!(!drop_file(&window, "file:///nowhere/slides.pdf"));
    let why = "You can exchange files with people on this network, without a server. Through a server you cannot.";
    wait_for("why not", || sees(&window, why));
    assert_eq!((written(&window), stage.take_sent()), (String::new(), Vec::new()));
}

#[gtk::test]
fn the_menus_take_the_keyboard_from_nobody() {
    let stage = Stage::online();
    stage.converse(1, &["alice", "bob"], &[], Phase::Open);
    let window = stage.conversation();
    for (window, count) in [(stage.window.upcast_ref::<gtk::Window>(), 4), (window.upcast_ref(), 4)] {
        let bar = shown::<gtk::PopoverMenuBar>(window);
        let mut menus = std::iter::successors(bar.first_child(), WidgetExt::next_sibling);
        // That is what GTK does when the mouse comes upon one.
        assert!(menus.all(|menu| !menu.grab_focus()));
        assert_eq!(std::iter::successors(bar.first_child(), WidgetExt::next_sibling).count(), count);
    }
}
