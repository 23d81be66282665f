//! Who is invited, and what comes of it.

use super::*;
use crate::net::node::invitations::{INVITATIONS, INVITE, REST};
use crate::net::node::people::RETRIES;

#[test]
fn an_invitation_that_nobody_answers_is_refused() {
    let mut network = Network::of(&["ann", "bob"]);
    network.command(0, Command::Start { with: names(&["bob"]) });
    let conversation = network.invitation(1);
    network.after(INVITE);
    assert!(network.events[1].contains(&Event::Uninvited { conversation: conversation.clone() }));
    assert_eq!(network.conversation(0).declined, names(&["bob"]));
    network.command(1, Command::Answer { conversation, accept: true });
    assert!(
        matches!(network.events[1].last(), Some(Event::Problem(error)) if error.kind == NetErrorKind::NotInConversation)
    );
}

#[test]
fn who_is_still_asked_hears_that_the_chat_is_closed() {
    let mut network = Network::of(&["ann", "bob", "eve"]);
    network.command(0, Command::Start { with: names(&["bob"]) });
    let conversation = network.invitation(1);
    for liar in ["ann", "eve"] {
        network.forge(2, 1, PeerRequest::CloseChat { chat: conversation.clone(), from: name(liar) });
    }
    let uninvited = Event::Uninvited { conversation };
    assert!(!network.events[1].contains(&uninvited));
    network.command(0, Command::Leave(network.conversation(0).id));
    assert!(network.events[1].contains(&uninvited));
    assert!(network.nodes[1].1.invitations.is_empty());
}

#[test]
fn an_acceptance_that_came_too_late_opens_no_chat() {
    let mut network = Network::of(&["ann", "bob"]);
    let invite = PeerRequest::Invite { chat: ConversationId::Int(7), from: name("ann") };
    network.forge(0, 1, invite);
    network.answer(1, true);
    assert_eq!(network.conversation(1).phase, Phase::Open);
    network.give(1, Input::Abandoned(ReplyKey(network.replies)));
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::TooLate));
}

#[test]
fn who_is_in_too_many_chats_is_told_so() {
    let mut network = Network::of(&["ann", "bob"]);
    for _ in 0..CHATS {
        network.command(1, Command::Start { with: names(&["ann"]) });
    }
    let told = Event::Problem(NetError::new(NetErrorKind::TooManyConversations));
    network.command(1, Command::Start { with: names(&["ann"]) });
    assert_eq!(network.events[1].last(), Some(&told));
    network.command(0, Command::Start { with: names(&["bob"]) });
    network.answer(1, true);
    assert_eq!(network.events[1].last(), Some(&told));
    assert_eq!(network.conversation(0).declined, names(&["bob"]));
}

#[test]
fn one_person_does_not_keep_the_invitations_of_others_away() {
    let people = ["ann", "bob", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "e10"];
    let mut network = Network::of(&people);
    for (n, who) in people.iter().enumerate().skip(2) {
        for number in 0..10 {
            network.forge(n, 0, PeerRequest::Invite { chat: ConversationId::Int(number), from: name(who) });
        }
    }
    let waiting = |network: &Network| network.nodes[0].1.invitations.len();
    assert_eq!((network.invitations(0).len(), waiting(&network)), (INVITATIONS.all, INVITATIONS.all));
    network.command(1, Command::Start { with: names(&["ann"]) });
    network.answer(0, true);
    assert_eq!(network.members(1), names(&["ann", "bob"]));
    assert!(network.events[0].iter().any(|event| matches!(event, Event::Uninvited { .. })));
}

/// What `n` replies to an `INVITE` of ann's, and to others that this one replaces.
fn replies(network: &mut Network, n: usize, chat: i64, key: u64) -> Vec<(u64, Reply)> {
    let request = PeerRequest::Invite { chat: ConversationId::Int(chat), from: name("ann") };
    let input = Input::Request { from: address(0).ip(), request, reply: ReplyKey(key) };
    answered(network, n, input)
}

fn answered(network: &mut Network, n: usize, input: Input) -> Vec<(u64, Reply)> {
    let actions = network.nodes[n].1.handle(input, network.moment);
    let mut replies = Vec::new();
    for action in actions {
        match action {
            Action::Reply(ReplyKey(key), reply) => replies.push((key, reply)),
            Action::Emit(event) => network.events[n].push(event),
            Action::Ask { .. } | Action::Verify(_) => {}
        }
    }
    replies
}

#[test]
fn an_invitation_that_comes_again_asks_the_user_once_and_the_last_is_answered() {
    let mut network = Network::of(&["ann", "bob"]);
    assert_eq!(replies(&mut network, 1, 7, 100), []);
    network.after(INVITE / 2);
    for key in 101..200 {
        assert_eq!(replies(&mut network, 1, 7, key), [(key - 1, Reply::Nothing)]);
    }
    // Its time begins anew, and the connections of the others close.
    network.after(INVITE / 2);
    assert_eq!(answered(&mut network, 1, Input::Abandoned(ReplyKey(100))), []);
    assert!(!network.events[1].iter().any(|event| matches!(event, Event::Uninvited { .. })));
    assert_eq!(network.invitations(1).len(), 1);
    let accept = Command::Answer { conversation: ConversationId::Int(7), accept: true };
    assert_eq!(answered(&mut network, 1, Input::Command(accept)), [(199, Reply::Ack)]);
}

#[test]
fn what_is_refused_or_taken_back_is_no_invitation_for_a_while() {
    let id = ConversationId::Int(7);
    let refuse = Input::Command(Command::Answer { conversation: id.clone(), accept: false });
    let close = PeerRequest::CloseChat { chat: id, from: name("ann") };
    let close = Input::Request { from: address(0).ip(), request: close, reply: ReplyKey(1) };
    for end in [refuse, Input::Abandoned(ReplyKey(100)), close] {
        let mut network = Network::of(&["ann", "bob"]);
        replies(&mut network, 1, 7, 100);
        assert!(answered(&mut network, 1, end).contains(&(100, Reply::Nack)));
        network.after(REST / 2);
        assert_eq!(replies(&mut network, 1, 7, 101), [(101, Reply::Nack)]);
        assert_eq!(network.invitations(1).len(), 1);
        network.after(REST / 2);
        assert_eq!(replies(&mut network, 1, 7, 102), []);
        assert_eq!(network.invitations(1).len(), 2);
    }
    // Nor does another chat each time help.
    let mut network = Network::of(&["ann", "bob"]);
    for chat in 0..100_u32 {
        replies(&mut network, 1, chat.into(), chat.into());
        answered(&mut network, 1, Input::Abandoned(ReplyKey(chat.into())));
    }
    assert_eq!(network.invitations(1).len(), INVITATIONS.each);
    network.after(REST);
    assert_eq!(replies(&mut network, 1, 7, 200), []);
    assert_eq!((network.invitations(1).len(), network.nodes[1].1.refused.len()), (INVITATIONS.each + 1, 0));
}

#[test]
fn two_initiators_may_choose_the_same_id() {
    let mut network = Network::of(&["ann", "bob", "cid"]);
    let wire = ConversationId::Int(1);
    for n in [0, 2] {
        let from = network.nodes[n].0.clone();
        network.forge(n, 1, PeerRequest::Invite { chat: wire.clone(), from });
        network.answer(1, true);
    }
    network.forge(0, 1, PeerRequest::Message { chat: wire.clone(), from: name("ann"), body: "first".into() });
    network.forge(2, 1, PeerRequest::Message { chat: wire.clone(), from: name("cid"), body: "second".into() });
    let ids: Vec<String> = network.events[1]
        .iter()
        .filter_map(|event| {
            if let Event::Said(said) = event { Some(format!("{} {}", said.conversation, said.body)) } else { None }
        })
        .collect();
    assert_eq!(ids, ["1 first", "1 (cid) second"]);
}

#[test]
fn an_invitation_outlasts_a_short_loss_of_whoever_sent_it() {
    let mut network = Network::of(&["ann", "bob"]);
    network.command(0, Command::Start { with: names(&["bob"]) });
    network.lose(1, "ann");
    assert_eq!(network.conversation(0).awaited, names(&["bob"]), "he has not answered");
    network.appear(0, "ann");
    network.answer(1, true);
    for n in 0..2 {
        assert_eq!(network.members(n), names(&["ann", "bob"]), "{n}");
        assert!(!network.conversation(n).is_frozen, "{n}");
    }
}

#[test]
fn an_invitation_of_somebody_who_has_gone_vanishes() {
    let uninvited = Event::Uninvited { conversation: ConversationId::Int(7) };
    // The connection closes, when the program ends.
    let mut network = Network::of(&["ann", "bob"]);
    replies(&mut network, 1, 7, 100);
    network.lose(1, "ann");
    assert!(!network.events[1].contains(&uninvited));
    network.give(1, Input::Abandoned(ReplyKey(100)));
    assert!(network.events[1].contains(&uninvited));

    // A computer that is switched off closes nothing.
    let mut network = Network::of(&["ann", "bob"]);
    replies(&mut network, 1, 7, 100);
    network.lose(1, "ann");
    network.after(INVITE);
    assert!(network.events[1].contains(&uninvited));

    // Whoever accepts before that is in a chat that says that she is gone, and goes on if she is back.
    let mut network = Network::of(&["ann", "bob"]);
    replies(&mut network, 1, 7, 100);
    network.lose(1, "ann");
    network.answer(1, true);
    assert!(network.conversation(1).is_frozen);
    network.say(1, &ConversationId::Int(7), "Ann?", 1);
    assert_eq!(network.delivery(1), Some((Delivery::Failed, names(&["ann"]))));
    network.appear(0, "ann");
    assert!(!network.conversation(1).is_frozen);
}

#[test]
fn an_invitation_that_did_not_arrive_is_tried_again() {
    let mut network = Network::of(&["ann", "bob", "cid", "dan", "eve"]);
    network.unplugged.extend([1, 3, 4]);
    network.command(0, Command::Start { with: names(&["bob", "cid", "dan", "eve"]) });
    assert_eq!(network.conversation(0).unasked, names(&["bob", "dan", "eve"]));
    network.lose(0, "dan");
    network.command(0, Command::Block { name: name("eve"), blocked: true });
    network.unplugged.clear();
    assert_eq!(network.nodes[0].1.deadline(), Some(network.moment.now + RETRIES[0]));
    network.after(RETRIES[0]);
    // Those who are lost or blocked are not asked.
    assert_eq!([1, 2, 3, 4].map(|n| network.invitations(n).len()), [1, 1, 0, 0]);
    network.answer(1, true);
    assert_eq!(network.members(0), names(&["ann", "bob"]));
    for pause in RETRIES {
        network.after(pause);
    }
    assert_eq!([1, 2, 3, 4].map(|n| network.invitations(n).len()), [1, 1, 0, 0], "once");
}

#[test]
fn an_invitation_that_never_arrives_is_given_up_until_they_are_found_again() {
    let mut network = Network::of(&["ann", "bob"]);
    network.unplugged.push(1);
    network.command(0, Command::Start { with: names(&["bob"]) });
    for _ in 0..2 {
        let asked = network.nodes[0].1.next_ask;
        for pause in RETRIES {
            network.after(pause.saturating_sub(Duration::from_millis(1)));
            network.after(Duration::from_millis(1));
        }
        assert_eq!(network.nodes[0].1.next_ask, asked + RETRIES.len() as u64);
        network.after(Duration::from_hours(1));
        assert_eq!(network.nodes[0].1.deadline(), None);
        assert_eq!(network.nodes[0].1.next_ask, asked + RETRIES.len() as u64);
        network.appear(1, "bob");
    }
    network.unplugged.clear();
    network.after(RETRIES[0]);
    network.answer(1, true);
    assert_eq!(network.members(0), names(&["ann", "bob"]));
}
