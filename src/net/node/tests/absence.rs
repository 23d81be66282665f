//! Members and initiators who are lost, and who come back.

use super::*;

#[test]
fn a_vanished_member_is_dropped_by_the_initiator_alone() {
    let (mut network, _) = Network::chatting(&["ann", "bob", "cid"]);
    network.give(1, Input::Lost(name("cid")));
    network.settle();
    assert_eq!(network.conversation(1).members.len(), 3, "bob does not own the list");
    network.give(0, Input::Lost(name("cid")));
    network.settle();
    assert_eq!(network.conversation(0).members, names(&["ann", "bob"]));
    assert_eq!(network.conversation(1).members, names(&["bob", "ann"]));
}

#[test]
fn who_is_not_a_member_any_more_is_looked_for_by_those_who_know_them() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    let status =
        |members: &[&str]| PeerRequest::ChatStatus { chat: id.clone(), from: name("ann"), members: names(members) };
    network.forge(0, 1, status(&["ann", "bob", "cid", "invented"]));
    assert_eq!(network.verified, []);
    network.forge(0, 1, status(&["ann", "bob"]));
    assert_eq!(network.verified, [(1, name("cid"))]);
}

#[test]
fn a_vanished_initiator_leaves_a_frozen_list() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    for n in [1, 2] {
        network.give(n, Input::Lost(name("ann")));
        assert!(network.conversation(n).is_frozen);
    }
    network.say(1, &id, "still here", 1);
    assert_eq!(network.heard(2), ["bob: still here"]);
    network.appear(0, "ann");
    assert!(!network.conversation(1).is_frozen);
}

#[test]
fn a_chat_of_a_blocked_initiator_is_frozen_until_they_are_heard_again() {
    let (mut network, _) = Network::chatting(&["ann", "bob", "cid"]);
    let block = |who: &str, blocked| Command::Block { name: name(who), blocked };
    network.command(1, block("cid", true));
    assert!(!network.conversation(1).is_frozen, "cid is only a member");
    network.command(1, block("ann", true));
    assert!(network.conversation(1).is_frozen);
    // A change of status is no return.
    network.appear(0, "ann");
    assert!(network.conversation(1).is_frozen);
    network.command(1, block("ann", false));
    assert!(!network.conversation(1).is_frozen);

    // Somebody who is not there cannot be heard.
    network.give(1, Input::Lost(name("ann")));
    network.command(1, block("ann", true));
    network.command(1, block("ann", false));
    assert!(network.conversation(1).is_frozen);
}

#[test]
fn a_chat_goes_on_with_a_member_whose_network_was_away() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.unplugged.push(1);
    network.say(0, &id, "Bob?", 1);
    network.lose(0, "bob");
    assert_eq!((network.members(0), network.conversation(0).unasked), (names(&["ann", "cid"]), names(&["bob"])));
    assert_eq!(network.delivery(0), Some((Delivery::Missed, names(&["bob"]))));
    assert_eq!(network.members(2), names(&["ann", "cid"]));

    network.unplugged.clear();
    network.appear(1, "bob");
    assert!(network.conversation(0).unasked.is_empty());
    assert_eq!(network.invitations(1).len(), 1, "who is still in it is not asked again");
    for n in 0..3 {
        assert_eq!(network.members(n), names(&["ann", "bob", "cid"]), "{n}");
        network.say(n, &id, "here", 10 + n as u64);
        assert_eq!(network.delivery(n), Some((Delivery::Delivered, vec![])), "{n}");
    }
    assert_eq!(network.heard(1), ["ann: here", "bob: here", "cid: here"]);
}

#[test]
fn a_chat_goes_on_when_its_initiator_has_slept() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.unplugged.push(0);
    for other in ["bob", "cid"] {
        network.lose(0, other);
    }
    assert_eq!(network.conversation(0).phase, Phase::Waiting);
    network.lose(2, "ann");
    network.unplugged.clear();
    for (n, who) in ["ann", "bob", "cid"].into_iter().enumerate() {
        network.appear(n, who);
    }
    network.say(2, &id, "good morning", 1);
    for n in 0..3 {
        assert_eq!(network.members(n), names(&["ann", "bob", "cid"]), "{n}");
        assert!(!network.conversation(n).is_frozen);
        assert_eq!(network.heard(n), ["cid: good morning"], "{n}");
    }
}

#[test]
fn who_has_left_or_declined_is_not_asked_again_and_who_is_blocked_is_not_asked() {
    let mut network = Network::of(&["ann", "bob", "cid", "dan"]);
    network.command(0, Command::Start { with: names(&["bob", "cid", "dan"]) });
    network.answer(1, true);
    network.answer(2, false);
    network.answer(3, true);
    network.command(1, Command::Leave(network.conversation(1).id));
    network.command(0, Command::Block { name: name("dan"), blocked: true });
    let asked: Vec<usize> = (0..4).map(|n| network.invitations(n).len()).collect();
    for (n, who) in [(1, "bob"), (2, "cid"), (3, "dan")] {
        network.lose(0, who);
        network.appear(n, who);
    }
    assert_eq!((0..4).map(|n| network.invitations(n).len()).collect::<Vec<_>>(), asked);
    let told = network.conversation(0);
    assert_eq!((told.members, told.declined, told.unasked), (names(&["ann"]), names(&["cid"]), names(&["dan"])));
    network.command(0, Command::Block { name: name("dan"), blocked: false });
    assert_eq!(network.members(0), names(&["ann", "dan"]));
}

#[test]
fn who_comes_back_without_the_chat_is_invited_anew_and_once() {
    let (mut network, _) = Network::chatting(&["ann", "bob", "cid"]);
    network.lose(0, "bob");
    // The program has ended meanwhile, without a goodbye.
    network.nodes[1].1 = Node::new(name("bob"), "_klatch._tcp.local.");
    network.appear(0, "ann");
    network.appear(1, "bob");
    assert_eq!((network.invitations(1).len(), network.conversation(0).awaited), (2, names(&["bob"])));
    network.appear(1, "bob");
    assert_eq!(network.invitations(1).len(), 2);
    network.answer(1, false);
    assert_eq!(network.conversation(0).declined, names(&["bob"]));
    network.lose(0, "bob");
    network.appear(1, "bob");
    assert_eq!(network.invitations(1).len(), 2);
}

#[test]
fn who_could_not_be_asked_at_first_is_asked_when_they_can_be_reached() {
    let mut network = Network::of(&["ann", "bob"]);
    network.unplugged.push(1);
    network.command(0, Command::Start { with: names(&["bob"]) });
    assert_eq!(network.conversation(0).unasked, names(&["bob"]));
    network.unplugged.clear();
    network.appear(1, "bob");
    network.answer(1, true);
    assert_eq!(network.members(0), names(&["ann", "bob"]));

    // Likewise who is lost before they have answered; what they answer then is to the new request.
    let mut network = Network::of(&["ann", "bob"]);
    network.command(0, Command::Start { with: names(&["bob"]) });
    network.lose(0, "bob");
    assert_eq!(network.conversation(0).unasked, names(&["bob"]));
    network.appear(1, "bob");
    assert_eq!((network.invitations(1).len(), network.conversation(0).awaited), (1, names(&["bob"])));
    network.answer(1, true);
    assert_eq!(network.members(0), names(&["ann", "bob"]));
}

#[test]
fn who_speaks_after_a_loss_is_asked_back_and_heard() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.unplugged.push(1);
    network.lose(0, "bob");
    // Found again too early to be reached.
    network.appear(1, "bob");
    assert_eq!(network.conversation(0).unasked, names(&["bob"]));
    network.unplugged.clear();
    network.say(1, &id, "hello", 1);
    for n in 0..3 {
        assert_eq!(network.members(n), names(&["ann", "bob", "cid"]), "{n}");
        assert_eq!(network.heard(n), ["bob: hello"], "{n}");
    }
}

#[test]
fn who_was_asked_back_in_vain_learns_that_they_are_out() {
    let mut network = Network::of(&["ann", "bob", "cid", "eve"]);
    network.command(0, Command::Start { with: names(&["bob", "cid"]) });
    network.answer(1, true);
    network.answer(2, true);
    let id = network.conversation(0).id;
    // Bob does not know yet that it is Ann who asks.
    network.lose(1, "ann");
    network.lose(0, "bob");
    network.appear(1, "bob");
    assert_eq!(network.conversation(0).declined, names(&["bob"]));
    network.appear(0, "ann");
    assert_eq!(network.conversation(1).phase, Phase::Open);
    network.say(1, &id, "hello", 1);
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Removed));
    assert!(network.heard(0).is_empty());
    // Once: whoever goes on all the same is not told at every text. Nor is anybody who was never in it.
    for (n, who) in [(1, "bob"), (3, "eve")] {
        let request = PeerRequest::Message { chat: id.clone(), from: name(who), body: "more".into() };
        let input = Input::Request { from: address(n).ip(), request, reply: ReplyKey(1_000) };
        let actions = network.nodes[0].1.handle(input, network.moment);
        assert_eq!(actions, [Action::Reply(ReplyKey(1_000), Reply::Nothing)], "{who}");
    }
}

#[test]
fn what_is_over_is_told_to_those_who_were_lost_then() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.lose(0, "bob");
    network.command(0, Command::Leave(id));
    assert_eq!(network.conversation(1).phase, Phase::Open);
    network.appear(1, "bob");
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Closed));

    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.unplugged.push(0);
    network.command(1, Command::Leave(id));
    network.lose(1, "ann");
    network.unplugged.clear();
    assert_eq!(network.members(0).len(), 3);
    network.appear(0, "ann");
    assert_eq!(network.members(0), names(&["ann", "cid"]));
}

#[test]
fn a_member_whose_program_was_killed_and_started_again_is_invited_anew() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.say(0, &id, "before", 1);
    network.unplugged.push(1);
    network.say(2, &id, "on its way", 2);
    network.unplugged.clear();
    network.restart(1);
    // What was on its way to the old program does not go to the new one, which would not know what to do with it.
    assert_eq!(network.delivery(2), Some((Delivery::Missed, names(&["bob"]))));
    assert_eq!((network.members(0), network.members(2)), (names(&["ann", "cid"]), names(&["ann", "cid"])));
    assert_eq!((network.conversation(0).awaited, network.invitations(1).len()), (names(&["bob"]), 2));
    network.answer(1, true);
    for n in 0..3 {
        assert_eq!(network.members(n), names(&["ann", "bob", "cid"]), "{n}");
        network.say(n, &id, "here", 10 + n as u64);
        assert_eq!(network.delivery(n), Some((Delivery::Delivered, vec![])), "{n}");
    }
    assert_eq!(network.heard(1), ["ann: before", "ann: here", "bob: here", "cid: here"]);
}

#[test]
fn another_port_of_somebody_who_is_still_in_a_chat_asks_nobody() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    for n in [1, 0] {
        network.ports[n] += 1;
        network.appear(n, ["ann", "bob"][n]);
        assert_eq!(network.members(n), names(&["ann", "bob", "cid"]));
    }
    // Whatever the initiator says shows that it is the one.
    assert!(network.conversation(1).is_frozen);
    network.say(0, &id, "it is me", 1);
    network.say(1, &id, "hello", 2);
    for n in 0..3 {
        assert_eq!(network.heard(n), ["ann: it is me", "bob: hello"], "{n}");
        assert!(!network.conversation(n).is_frozen, "{n}");
    }
    assert_eq!(network.invitations(1).len(), 1);
}

#[test]
fn a_chat_of_an_initiator_whose_program_has_started_again_stays_frozen() {
    for is_lost in [false, true] {
        let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
        if is_lost {
            network.lose(1, "ann");
        }
        network.restart(0);
        network.appear(0, "ann");
        assert!(network.conversation(1).is_frozen);
        network.say(1, &id, "among us", 1);
        assert_eq!((network.heard(0), network.heard(2)), (vec![], vec!["bob: among us".to_owned()]));
        assert_eq!(network.delivery(1), Some((Delivery::Missed, names(&["ann"]))));
        assert_eq!(network.conversation(1).unreachable, names(&["ann"]));
        // Nor does it help to block and unblock her.
        for blocked in [true, false] {
            network.command(1, Command::Block { name: name("ann"), blocked });
        }
        assert!(network.conversation(1).is_frozen);
        let status = PeerRequest::ChatStatus { chat: id.clone(), from: name("ann"), members: names(&["ann", "bob"]) };
        network.forge(0, 1, status);
        assert!(!network.conversation(1).is_frozen);
    }
}
