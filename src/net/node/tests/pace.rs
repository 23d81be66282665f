//! How often the user interface is told of what others change.

use super::*;
use crate::net::node::pace::{SPAN, TIMES};

impl Network {
    /// What is told of conversations and of texts from now on: how often each, and forgets it.
    fn told(&mut self, n: usize) -> (usize, usize) {
        let events = std::mem::take(&mut self.events[n]);
        let count = |is_meant: fn(&Event) -> bool| events.iter().filter(|event| is_meant(event)).count();
        (count(|event| matches!(event, Event::Conversation(_))), count(|event| matches!(event, Event::Delivery { .. })))
    }
}

fn status(id: &ConversationId, members: Vec<UserName>) -> PeerRequest {
    PeerRequest::ChatStatus { chat: id.clone(), from: name("ann"), members }
}

#[test]
fn a_text_that_reaches_none_of_many_is_told_of_once() {
    let (mut network, id) = Network::chatting(&["ann", "bob"]);
    let invented = (0..MEMBERS).map(|number| name(&number.to_string()));
    let members: Vec<UserName> = [name("bob")].into_iter().chain(invented).collect();
    network.forge(0, 1, status(&id, members[..MEMBERS].to_vec()));
    network.unplugged.push(0);
    network.told(1);
    let moment = network.moment;
    let said = Command::Say { conversation: id, body: "anybody?".into(), id: MessageId(1) };
    let actions = network.nodes[1].1.handle(Input::Command(said), moment);
    let events: Vec<_> = actions.into_iter().filter(|action| matches!(action, Action::Emit(_))).collect();
    let [
        Action::Emit(Event::Said(_)),
        Action::Emit(Event::Conversation(chat)),
        Action::Emit(Event::Delivery { missing, .. }),
    ] = events.as_slice()
    else {
        panic!("{} events", events.len())
    };
    assert_eq!((chat.unreachable.len(), missing.len()), (MEMBERS - 1, MEMBERS - 1));
}

#[test]
fn a_list_that_changes_all_the_time_is_told_seldom_and_at_last() {
    let (mut network, id) = Network::chatting(&["ann", "bob"]);
    network.told(1);
    for number in 0..1_000 {
        network.forge(0, 1, status(&id, names(&["ann", "bob", &format!("cid {number}")])));
    }
    assert!(network.told(1).0 < TIMES);
    let due = network.nodes[1].1.deadline().unwrap();
    assert_eq!(due, network.moment.now + SPAN);
    network.after(SPAN);
    assert_eq!(network.conversation(1).members, names(&["bob", "ann", "cid 999"]));
    assert_eq!(network.nodes[1].1.deadline(), None);
    // That it is over is told at once.
    for number in 0..1_000 {
        network.forge(0, 1, status(&id, names(&["ann", "bob", &number.to_string()])));
    }
    network.forge(0, 1, PeerRequest::CloseChat { chat: id, from: name("ann") });
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Closed));
}

#[test]
fn many_who_miss_a_text_are_told_of_together() {
    let people: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let (mut network, id) = Network::chatting(&people);
    network.after(SPAN);
    network.told(0);
    network.unplugged.extend(1..100);
    network.say(0, &id, "anybody?", 1);
    let (chats, texts) = network.told(0);
    assert!(chats <= TIMES && texts <= TIMES, "{chats} {texts}");
    network.after(SPAN);
    assert_eq!(network.conversation(0).unreachable.len(), 99);
    let (state, missing) = network.delivery(0).unwrap();
    assert_eq!((state, missing.len()), (Delivery::Partial, 99));
    network.unplugged.clear();
    network.after(Duration::from_secs(3));
    assert_eq!(network.delivery(0), Some((Delivery::Delivered, vec![])), "how it ends is told at once");
}
