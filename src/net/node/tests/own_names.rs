//! People who call themselves by another name than that by which they are known here.

use super::*;

/// Ann, who knows bob as Bob Smith; bob and cid know everybody by their names.
fn network() -> Network {
    let mut network = Network::of(&["ann", "bob", "cid"]);
    network.give(0, Input::Lost(name("bob")));
    network.appear(1, "Bob Smith");
    network.give(2, Input::Lost(name("Bob Smith")));
    network
}

fn invite(from: &str) -> PeerRequest {
    PeerRequest::Invite { chat: ConversationId::Int(7), from: name(from) }
}

fn invitations(network: &Network) -> Vec<UserName> {
    let from = |event: &Event| if let Event::Invited { from, .. } = event { Some(from.clone()) } else { None };
    network.events[0].iter().filter_map(from).collect()
}

#[test]
fn who_is_known_by_another_name_is_heard_and_finds_their_own_name() {
    let mut network = network();
    network.forge(1, 0, invite("bob"));
    assert_eq!(invitations(&network), []);
    network.nodes[0].1.calls_themselves(&name("Bob Smith"), &name("bob._klatch._tcp.local."));

    network.command(1, Command::Start { with: names(&["ann", "cid"]) });
    assert_eq!(invitations(&network), names(&["Bob Smith"]));
    for n in [0, 2] {
        let conversation = network.invitation(n);
        network.command(n, Command::Answer { conversation, accept: true });
    }
    let mut members = network.conversation(0).members;
    members.sort();
    assert_eq!(members, names(&["Bob Smith", "ann", "cid"]), "nobody is in it twice");
    let id = network.conversation(1).id;
    network.say(1, &id, "hi", 1);
    assert_eq!(network.heard(0), ["Bob Smith: hi"]);

    network.command(0, Command::Start { with: names(&["Bob Smith", "cid"]) });
    for n in [1, 2] {
        let conversation = network.invitation(n);
        network.command(n, Command::Answer { conversation, accept: true });
    }
    let told = network.conversation(1);
    assert_eq!((told.phase, told.members), (Phase::Open, names(&["bob", "ann", "cid"])));
}

#[test]
fn nobody_takes_a_name_that_somebody_has() {
    let mut network = network();
    network.command(0, Command::Block { name: name("eve"), blocked: true });
    for taken in ["cid", "ann", "eve", "Bob Smith"] {
        network.nodes[0].1.calls_themselves(&name("Bob Smith"), &name(taken));
    }
    network.nodes[0].1.calls_themselves(&name("nobody"), &name("bob"));
    for claimed in ["cid", "ann", "eve", "bob"] {
        network.forge(1, 0, invite(claimed));
    }
    assert_eq!(invitations(&network), []);

    // One name each, and only from where they are.
    network.nodes[0].1.calls_themselves(&name("Bob Smith"), &name("bob"));
    network.nodes[0].1.calls_themselves(&name("Bob Smith"), &name("robert"));
    network.forge(1, 0, invite("robert"));
    network.forge(2, 0, invite("bob"));
    assert_eq!(invitations(&network), []);
    network.forge(1, 0, invite("bob"));
    assert_eq!(invitations(&network), names(&["Bob Smith"]));

    // Whoever has it after all gets it.
    network.give(0, Input::Found { name: name("bob"), status: Status::default(), addresses: vec![address(2)] });
    network.forge(2, 0, invite("bob"));
    network.forge(1, 0, invite("bob"));
    assert_eq!(invitations(&network), names(&["Bob Smith", "bob"]));
}
