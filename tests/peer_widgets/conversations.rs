//! Conversations whose members reach each other, or do not.

use std::time::SystemTime;

use gtk::prelude::*;
use klatch::net::{
    self, Command, ConversationId, Delivery, EndReason, Event, LinkState, MessageId, NetError, NetErrorKind, Phase,
    Said,
};
use klatch::ui::invitation;

use crate::screen::{drop_file, labelled, seen, sees, wait_for};
use crate::stage::{Stage, names, shows};
use crate::stand_in::{app, name};

fn conversation(members: &[&str]) -> net::Conversation {
    net::Conversation {
        members: names(members),
        initiator: Some(name("alice")),
        phase: Phase::Open,
        ..net::Conversation::entered(ConversationId::Int(1), name("alice"), Vec::new())
    }
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
    stage.tell(Event::Roster(vec![net::Contact::at_server(name("carol"), net::Status::received("away: back at two"))]));
    shows(&window, "has declined");
    assert!(!seen(&window).iter().any(|text| text.contains("back at two")), "there is no room for that");
    stage.conversation(net::Conversation { unasked: names(&["carol"]), ..conversation(&["alice", "bob"]) });
    shows(&window, "Not reachable: carol.");
    shows(&window, "2 members");
    // Who is lost has not left.
    stage.conversation(net::Conversation { unasked: names(&["bob", "carol"]), ..conversation(&["alice"]) });
    wait_for("the notice", || seen(&window).iter().any(|label| label.contains("No longer reachable: bob.")));
    assert!(!seen(&window).iter().any(|label| label.contains("has left")));
    stage.conversation(net::Conversation { unreachable: names(&["dan"]), ..conversation(&["alice", "bob", "dan"]) });
    shows(&window, "not reachable");
    shows(&window, "3 members");
    stage.conversation(net::Conversation {
        initiator: Some(name("bob")),
        is_frozen: true,
        ..conversation(&["alice", "bob", "dan"])
    });
    shows(&window, "bob, who started this conversation, has left; its members stay as they are.");
    stage.people(&[("bob", true), ("dan", false)]);
    shows(&window, "You have blocked bob, who started this conversation, so you do not see who joins or leaves it.");
}

#[gtk::test]
fn a_conversation_without_others_can_be_started_again_in_its_window() {
    let stage = Stage::new();
    let waiting = |awaited: &[&str], declined: &[&str], unasked: &[&str]| net::Conversation {
        awaited: names(awaited),
        declined: names(declined),
        unasked: names(unasked),
        phase: Phase::Waiting,
        ..conversation(&["alice"])
    };
    let window = stage.conversation(waiting(&["bob", "carol"], &[], &[]));
    let again = labelled::<gtk::Button>(&window, "Start Again");
    stage.conversation(waiting(&["carol"], &["bob"], &[]));
    assert!(!again.is_visible(), "carol may still come");
    stage.conversation(waiting(&[], &["bob"], &["carol"]));
    shows(&window, "Nobody else is here to read what you send. bob has declined. Not reachable: carol.");
    stage.take_sent();
    again.activate_action("win.start-again", None).unwrap();
    let mut sent = stage.take_sent();
    let Some(Command::Start { with }) = sent.first_mut() else { panic!("nobody is invited: {sent:?}") };
    with.sort();
    assert_eq!(sent, [Command::Start { with: names(&["bob", "carol"]) }]);
    let anew = |members: &[&str], awaited: &[&str], phase| net::Conversation {
        id: ConversationId::Int(2),
        awaited: names(awaited),
        phase,
        ..conversation(members)
    };
    stage.conversation(anew(&["alice"], &["bob", "carol"], Phase::Waiting));
    assert_eq!(stage.take_sent(), [Command::Leave(ConversationId::Int(1))], "the old one is not kept");
    stage.conversation(net::Conversation { phase: Phase::Ended(EndReason::Left), ..waiting(&[], &["bob"], &[]) });
    assert_eq!((stage.client.conversations().n_items(), again.is_visible()), (1, false));
    shows(&window, "Waiting for bob, carol to join. Nobody else is here yet to read what you send.");

    // Whoever comes and leaves again is invited anew by a double-click as well.
    stage.conversation(anew(&["alice", "bob"], &[], Phase::Open));
    assert!(stage.client.start(&names(&["bob"])).is_some());
    stage.conversation(anew(&["alice"], &[], Phase::Waiting));
    shows(&window, "Everybody else has left. Nobody is here to read what you send.");
    assert!(again.is_visible() && stage.client.start(&names(&["bob"])).is_none());
    assert_eq!(stage.take_sent(), [Command::Start { with: names(&["bob"]) }]);
}

#[gtk::test]
fn why_nothing_begins_again_is_told_where_it_was_asked_for() {
    let stage = Stage::new();
    let declined = net::Conversation { declined: names(&["bob"]), phase: Phase::Waiting, ..conversation(&["alice"]) };
    let window = stage.conversation(declined.clone());
    let begin_again = || WidgetExt::activate_action(&window, "win.start-again", None).unwrap();
    stage.room.replace(0);
    begin_again();
    shows(&window, "Too much is waiting to be sent. Wait a moment, then try again. What you have typed is kept.");
    stage.room.replace(usize::MAX);
    begin_again();
    stage.tell(Event::Problem(NetError::with(NetErrorKind::UnknownPeer, "bob")));
    let gone = "bob is not on this network. They may have gone offline, or changed their name.";
    shows(&window, gone);
    stage.conversation(declined);
    assert!(sees(&window, gone), "nothing has changed by that");
    assert_eq!(stage.client.problem(), None, "the buddy list need not say it as well");
    // Of what was asked for elsewhere it says nothing.
    stage.tell(Event::Problem(NetError::new(NetErrorKind::BadMessage)));
    assert!(stage.client.problem().is_some() && sees(&window, gone));
}

#[gtk::test]
fn names_that_look_the_same_are_told_apart() {
    let stage = Stage::new();
    let (list, _settings) = stage.buddy_list();
    let contact = |who: &str, at: &str| net::Contact {
        addresses: vec![at.parse().unwrap()],
        ..net::Contact::at_server(name(who), net::Status::default())
    };
    let (bob, eve) = (contact("bob", "10.0.0.2:4001"), contact("bob ", "10.0.0.66:4001"));
    let me = contact("Alice (2)", "10.0.0.77:4001");
    stage.tell(Event::Roster(vec![bob.clone()]));
    stage.tell(Event::Roster(vec![me, bob, eve]));
    let marked = "bob  (10.0.0.66)";
    for shown in ["bob", marked, "Alice (2) (10.0.0.77)"] {
        shows(&list, shown);
    }
    let window = stage.conversation(net::Conversation {
        members: names(&["alice (2)", "bob"]),
        awaited: names(&["bob "]),
        ..conversation(&[])
    });
    shows(&window, marked);
    shows(&window, &format!("Waiting for {marked} to join."));
    assert_eq!(window.title().unwrap(), format!("bob, {marked} - Klatch"));
    let said = |from: &str| {
        let (from, at) = (name(from), SystemTime::now());
        Event::Said(Said { conversation: ConversationId::Int(1), from, body: "hi".into(), at, own: None })
    };
    for from in ["bob", "bob "] {
        stage.tell(said(from));
    }
    wait_for("the text", || seen(&window).iter().any(|text| text.starts_with(marked)));
    stage.tell(Event::Invited { conversation: ConversationId::Int(2), from: name("bob ") });
    shows(&invitation::window(&app()).unwrap(), &format!("{marked} invites you to a conversation."));
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

#[gtk::test]
fn a_file_that_is_dropped_on_a_conversation_is_offered_to_whoever_is_in_it() {
    let stage = Stage::new();
    let (_list, _settings) = stage.buddy_list();
    stage.people(&[("bob", false), ("carol", false), ("dan", true), ("eve", false), ("fay", false)]);
    let members = ["alice (2)", "bob", "carol", "dan", "eve"];
    let news = net::Conversation {
        awaited: names(&["fay"]),
        unreachable: names(&["eve"]),
        initiator: Some(name("bob")),
        ..conversation(&members)
    };
    let window = stage.conversation(news.clone());
    stage.take_sent();
    let file = "file:///nowhere/slides.pdf";
    assert!(drop_file(&window, file));
    wait_for("the offers", || stage.sent.borrow().len() == 2);
    let offer = |who| Command::Offer { to: name(who), path: "/nowhere/slides.pdf".into() };
    assert_eq!(stage.take_sent(), [offer("bob"), offer("carol")]);
    // Without anybody, that is told, and there is nothing to choose.
    let choose = || WidgetExt::activate_action(&window, "win.send-file", None);
    stage.conversation(net::Conversation { members: names(&["alice (2)"]), ..news });
    assert!(!drop_file(&window, file));
    shows(&window, "Nobody is here to whom files could be sent.");
    choose().unwrap();
    stage.tell(Event::Link(LinkState::Offline(None)));
    assert!(!drop_file(&window, file));
    wait_for("why not", || seen(&window).iter().any(|text| text.starts_with("You are not connected.")));
    assert_eq!(stage.take_sent(), []);
}

#[gtk::test]
fn who_has_closed_a_conversation_is_named() {
    let stage = Stage::new();
    let chat = net::Conversation { initiator: Some(name("bob")), ..conversation(&["alice", "bob", "carol"]) };
    let window = stage.conversation(chat.clone());
    stage.conversation(net::Conversation { phase: Phase::Ended(EndReason::Closed), ..chat });
    shows(&window, "bob, who started this conversation, has closed it. You can read and copy it.");
}
