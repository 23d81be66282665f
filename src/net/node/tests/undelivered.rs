//! What could not be told to somebody, and what becomes of the chat then.

use super::*;
use crate::net::node::people::{NOTES, RETRIES};

/// All attempts to tell somebody something are over.
fn give_up(network: &mut Network) {
    for pause in RETRIES {
        network.after(pause);
    }
}

#[test]
fn who_has_not_heard_who_is_in_a_chat_is_asked_back() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid", "dan"]);
    network.unplugged.push(1);
    network.command(2, Command::Leave(id.clone()));
    assert_eq!(network.members(0), names(&["ann", "bob", "dan"]));
    give_up(&mut network);
    for n in [0, 3] {
        assert_eq!(network.members(n), names(&["ann", "dan"]), "{n}");
    }
    assert_eq!(network.members(1), names(&["ann", "bob", "cid", "dan"]));
    network.unplugged.clear();
    network.say(1, &id, "still here", 1);
    for n in [0, 1, 3] {
        assert_eq!(network.members(n), names(&["ann", "bob", "dan"]), "{n}");
        assert_eq!(network.heard(n), ["bob: still here"], "{n}");
    }
    assert_eq!(network.invitations(1).len(), 1, "nobody was asked for it");
}

#[test]
fn who_has_not_heard_that_they_are_out_is_told_when_they_speak_again() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.lose(1, "ann");
    network.lose(0, "bob");
    // Bob does not know yet that it is Ann who asks him back.
    network.appear(1, "bob");
    network.appear(0, "ann");
    network.unplugged.push(1);
    network.forge(1, 0, PeerRequest::Message { chat: id.clone(), from: name("bob"), body: "hello".into() });
    give_up(&mut network);
    network.unplugged.clear();
    assert_eq!(network.conversation(1).phase, Phase::Open);
    network.say(1, &id, "hello?", 1);
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Removed));
}

#[test]
fn last_words_that_did_not_arrive_are_said_when_somebody_is_found() {
    for (leaving, other) in [(0, 1), (1, 0)] {
        let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
        network.unplugged.push(other);
        network.command(leaving, Command::Leave(id));
        give_up(&mut network);
        network.unplugged.clear();
        network.after(Duration::from_hours(1));
        assert_eq!((network.conversation(other).phase, network.members(other).len()), (Phase::Open, 3));
        network.appear(leaving, ["ann", "bob"][leaving]);
        network.appear(other, ["ann", "bob"][other]);
        if other == 0 {
            assert_eq!(network.members(0), names(&["ann", "cid"]));
        } else {
            assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Closed));
        }
    }
}

#[test]
fn many_texts_that_wait_keep_nothing_else_away() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.unplugged.push(1);
    for message in 0..=NOTES as u64 {
        network.say(0, &id, "hello?", message);
    }
    // One more than there is room for.
    assert_eq!(network.delivery(0), Some((Delivery::Missed, names(&["bob"]))));
    network.command(2, Command::Leave(id.clone()));
    network.unplugged.clear();
    network.after(RETRIES[0]);
    assert_eq!(network.members(1), names(&["ann", "bob"]));
    network.unplugged.push(1);
    for message in 0..=NOTES as u64 {
        network.say(0, &id, "hello?", message);
    }
    network.command(0, Command::Leave(id));
    network.unplugged.clear();
    network.after(RETRIES[0]);
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Closed));
    assert_eq!(network.heard(1).len(), 2 * NOTES);
}

#[test]
fn only_the_latest_list_of_a_chat_waits() {
    let (mut network, _) = Network::chatting(&["ann", "bob", "cid"]);
    network.unplugged.push(1);
    for _ in 0..3 {
        network.lose(0, "cid");
        network.appear(2, "cid");
    }
    network.unplugged.clear();
    let asked = network.nodes[0].1.next_ask;
    network.after(RETRIES[0]);
    assert_eq!((network.members(1), network.nodes[0].1.next_ask), (names(&["ann", "bob", "cid"]), asked + 1));
}
