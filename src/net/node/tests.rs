//! Several nodes on a network of queues: what one asks, another is given; who is unplugged cannot be reached.

mod absence;
mod invitations;
mod own_names;
mod pace;
mod undelivered;

use std::collections::VecDeque;
use std::time::Duration;

use super::*;
use crate::net::event::{Conversation, Phase};
use crate::protocol::limits;

/// Three peers, each at an address of its own.
struct Network {
    nodes: Vec<(UserName, Node)>,
    moment: Moment,
    /// Requests on their way: who asked, by which key, from where, to where, what.
    wire: VecDeque<(usize, AskKey, IpAddr, Vec<SocketAddr>, PeerRequest)>,
    /// `INVITE`s whose reply is awaited: the replying node's key, who asked, by which key.
    open: Vec<(usize, ReplyKey, usize, AskKey)>,
    unplugged: Vec<usize>,
    /// At which port the program of each is.
    ports: Vec<u16>,
    events: Vec<Vec<Event>>,
    replies: u64,
    /// Who has looked whether whom is still there.
    verified: Vec<(usize, UserName)>,
}

fn name(text: &str) -> UserName {
    UserName::received(text)
}

fn names(texts: &[&str]) -> Vec<UserName> {
    texts.iter().map(|text| name(text)).collect()
}

fn address(n: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, u8::try_from(n).unwrap() + 1], 4000))
}

impl Network {
    fn of(people: &[&str]) -> Self {
        let moment = Moment { now: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        let nodes = people.iter().map(|me| (name(me), Node::new(name(me), "_klatch._tcp.local."))).collect();
        let events = people.iter().map(|_| Vec::new()).collect();
        let mut network = Self {
            nodes,
            moment,
            wire: VecDeque::new(),
            open: Vec::new(),
            unplugged: Vec::new(),
            ports: vec![4000; people.len()],
            events,
            replies: 0,
            verified: Vec::new(),
        };
        for (n, me) in people.iter().enumerate() {
            network.appear(n, me);
        }
        network
    }

    /// Discovery tells all others of somebody.
    fn appear(&mut self, n: usize, who: &str) {
        for other in (0..self.nodes.len()).filter(|other| *other != n) {
            let found = Input::Found { name: name(who), status: Status::default(), addresses: vec![self.place(n)] };
            self.give(other, found);
        }
        self.settle();
    }

    /// Where `n` takes requests now.
    fn place(&self, n: usize) -> SocketAddr {
        SocketAddr::new(address(n).ip(), self.ports[n])
    }

    /// The program of `n` is killed, and started again before anybody has lost it.
    fn restart(&mut self, n: usize) {
        let me = self.nodes[n].0.clone();
        self.nodes[n].1 = Node::new(me.clone(), "_klatch._tcp.local.");
        self.ports[n] += 1;
        self.open.retain(|(by, ..)| *by != n);
        for other in (0..self.nodes.len()).filter(|other| *other != n) {
            let (name, addresses) = (self.nodes[other].0.clone(), vec![self.place(other)]);
            self.give(n, Input::Found { name, status: Status::default(), addresses });
        }
        self.appear(n, me.as_str());
    }

    /// Discovery loses somebody, as `n` sees it.
    fn lose(&mut self, n: usize, who: &str) {
        self.give(n, Input::Lost(name(who)));
        self.settle();
    }

    fn give(&mut self, n: usize, input: Input) {
        let actions = self.nodes[n].1.handle(input, self.moment);
        for action in actions {
            match action {
                Action::Emit(event) => self.events[n].push(event),
                Action::Ask { ask, to, request, .. } => {
                    self.wire.push_back((n, ask, address(n).ip(), to, Arc::unwrap_or_clone(request)));
                }
                Action::Verify(name) => self.verified.push((n, name)),
                Action::Reply(key, reply) => {
                    if let Some(at) = self.open.iter().position(|(by, open, ..)| *by == n && *open == key) {
                        let (_, _, asker, ask) = self.open.remove(at);
                        let answer = if reply == Reply::Nack { Answer::No } else { Answer::Yes };
                        self.give(asker, Input::Asked { ask, answer });
                    }
                }
            }
        }
    }

    fn command(&mut self, n: usize, command: Command) {
        self.give(n, Input::Command(command));
        self.settle();
    }

    /// Carries everything that is on its way.
    fn settle(&mut self) {
        while let Some((asker, ask, from, to, request)) = self.wire.pop_front() {
            let at = (0..self.nodes.len()).find(|n| to.contains(&self.place(*n)));
            let Some(at) = at.filter(|at| !self.unplugged.contains(at) && !self.unplugged.contains(&asker)) else {
                self.give(asker, Input::Asked { ask, answer: Answer::Unreachable });
                continue;
            };
            self.replies += 1;
            let reply = ReplyKey(self.replies);
            self.open.push((at, reply, asker, ask));
            self.give(at, Input::Request { from, request, reply });
        }
    }

    /// A request as a liar would send it, from the address of `n`.
    fn forge(&mut self, n: usize, at: usize, request: PeerRequest) {
        self.replies += 1;
        let reply = ReplyKey(self.replies);
        self.give(at, Input::Request { from: address(n).ip(), request, reply });
        self.settle();
    }

    fn after(&mut self, time: Duration) {
        self.moment.now += time;
        for n in 0..self.nodes.len() {
            self.give(n, Input::Tick);
        }
        self.settle();
    }

    fn invitations(&self, n: usize) -> Vec<ConversationId> {
        self.events[n]
            .iter()
            .filter_map(
                |event| if let Event::Invited { conversation, .. } = event { Some(conversation.clone()) } else { None },
            )
            .collect()
    }

    fn invitation(&self, n: usize) -> ConversationId {
        self.invitations(n).pop().expect("an invitation")
    }

    fn answer(&mut self, n: usize, accept: bool) {
        let conversation = self.invitation(n);
        self.command(n, Command::Answer { conversation, accept });
    }

    fn members(&self, n: usize) -> Vec<UserName> {
        let mut members = self.conversation(n).members;
        members.sort();
        members
    }

    fn conversation(&self, n: usize) -> Conversation {
        self.events[n]
            .iter()
            .rev()
            .find_map(
                |event| if let Event::Conversation(conversation) = event { Some(conversation.clone()) } else { None },
            )
            .expect("a conversation")
    }

    fn heard(&self, n: usize) -> Vec<String> {
        self.events[n]
            .iter()
            .filter_map(|event| {
                if let Event::Said(said) = event { Some(format!("{}: {}", said.from, said.body)) } else { None }
            })
            .collect()
    }

    fn delivery(&self, n: usize) -> Option<(Delivery, Vec<UserName>)> {
        self.events[n].iter().rev().find_map(|event| {
            if let Event::Delivery { state, missing, .. } = event { Some((*state, missing.clone())) } else { None }
        })
    }

    /// The first has invited all others, and all have accepted.
    fn chatting(people: &[&str]) -> (Self, ConversationId) {
        let mut network = Self::of(people);
        network.command(0, Command::Start { with: names(&people[1..]) });
        for n in 1..people.len() {
            network.answer(n, true);
        }
        let id = network.conversation(0).id;
        (network, id)
    }

    fn say(&mut self, n: usize, id: &ConversationId, body: &str, message: u64) {
        self.command(n, Command::Say { conversation: id.clone(), body: body.into(), id: MessageId(message) });
    }
}

#[test]
fn who_accepts_is_in_and_everybody_knows() {
    let mut network = Network::of(&["ann", "bob", "cid"]);
    network.command(0, Command::Start { with: names(&["bob", "cid"]) });
    assert_eq!(network.conversation(0).phase, Phase::Waiting);
    assert_eq!(network.conversation(0).awaited, names(&["bob", "cid"]));

    network.answer(1, true);
    assert_eq!(network.conversation(0).awaited, names(&["cid"]));
    assert_eq!(network.conversation(1).members, names(&["bob", "ann"]));
    network.answer(2, false);
    assert_eq!(network.conversation(0).declined, names(&["cid"]));

    let mut network = Network::of(&["ann", "bob", "cid"]);
    network.unplugged.push(1);
    network.command(0, Command::Start { with: names(&["bob", "cid"]) });
    let told = network.conversation(0);
    assert_eq!((told.awaited, told.declined, told.unasked), (names(&["cid"]), vec![], names(&["bob"])));

    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    for n in 0..3 {
        assert_eq!(network.conversation(n).initiator, Some(name("ann")), "{n}");
        assert_eq!(network.members(n), names(&["ann", "bob", "cid"]));
        assert_eq!(network.conversation(n).phase, Phase::Open);
    }
    network.say(1, &id, "hello", 1);
    assert_eq!(network.delivery(1), Some((Delivery::Delivered, vec![])));
    for n in 0..3 {
        assert_eq!(network.heard(n), ["bob: hello"], "{n}");
    }
}

#[test]
fn what_is_too_long_is_not_sent() {
    let (mut network, id) = Network::chatting(&["ann", "bob"]);
    network.say(0, &id, &"x".repeat(limits::TEXT_BYTES + 1), 1);
    assert_eq!(network.delivery(0), Some((Delivery::Failed, vec![])));
    assert!(matches!(network.events[0].last(), Some(Event::Problem(error)) if error.kind == NetErrorKind::TooLong));
    assert!(network.heard(1).is_empty() && network.heard(0).len() == 1);
}

#[test]
fn a_long_text_to_many_is_kept_once() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    let said = Command::Say { conversation: id, body: "x".repeat(limits::TEXT_BYTES), id: MessageId(1) };
    let actions = network.nodes[0].1.handle(Input::Command(said), network.moment);
    let requests =
        actions.iter().filter_map(|it| if let Action::Ask { request, .. } = it { Some(request) } else { None });
    let [to_bob, to_cid] = requests.collect::<Vec<_>>()[..] else { panic!("{} actions", actions.len()) };
    assert!(Arc::ptr_eq(to_bob, to_cid));
}

#[test]
fn members_and_initiator_can_go() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.command(1, Command::Leave(id.clone()));
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Left));
    assert_eq!(network.conversation(0).members, names(&["ann", "cid"]));
    assert_eq!(network.conversation(2).members, names(&["cid", "ann"]));

    network.command(0, Command::Leave(id.clone()));
    assert_eq!(network.conversation(2).phase, Phase::Ended(EndReason::Closed));
    network.say(2, &id, "too late", 1);
    assert_eq!(network.delivery(2), Some((Delivery::Failed, vec![])));
}

#[test]
fn who_cannot_be_reached_is_shown_and_tried_again() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    network.unplugged.push(2);
    network.say(0, &id, "one", 1);
    network.say(0, &id, "two", 2);
    assert_eq!(network.heard(1), ["ann: one", "ann: two"]);
    for message in [1, 2] {
        let told: Vec<_> = network.events[0]
            .iter()
            .filter_map(|event| match event {
                Event::Delivery { id, state, missing } if *id == MessageId(message) => Some((*state, missing.clone())),
                _ => None,
            })
            .collect();
        assert!(!told.is_empty());
        // Nobody is said to miss it to whom it is only on its way.
        assert!(told.iter().all(|told| *told == (Delivery::Partial, names(&["cid"]))), "{told:?}");
    }
    assert_eq!(network.conversation(0).unreachable, names(&["cid"]));

    network.unplugged.clear();
    network.after(Duration::from_secs(1));
    assert_eq!(network.heard(2), ["ann: one", "ann: two"], "in order");
    assert_eq!(network.delivery(0), Some((Delivery::Delivered, vec![])));
    assert!(network.conversation(0).unreachable.is_empty());
}

#[test]
fn what_cannot_be_delivered_is_given_up_in_the_end() {
    let (mut network, id) = Network::chatting(&["ann", "bob"]);
    network.unplugged.push(1);
    network.say(0, &id, "hello?", 1);
    for _ in 0..10 {
        network.after(Duration::from_mins(1));
    }
    assert_eq!(network.delivery(0), Some((Delivery::Failed, names(&["bob"]))));
    assert!(network.nodes[0].1.texts.is_empty() && network.nodes[0].1.asks.is_empty());
}

#[test]
fn only_who_may_is_believed() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid", "eve"]);
    let (other, wire) = (ConversationId::Int(5), id.clone());
    // A chat of bob and cid alone.
    network.command(1, Command::Start { with: names(&["cid"]) });
    network.answer(2, true);
    let private = network.conversation(1).id;
    let before: Vec<usize> = network.events.iter().map(Vec::len).collect();
    let members = names(&["eve"]);
    for request in [
        // Not the initiator, under the own name and under another's.
        PeerRequest::ChatStatus { chat: wire.clone(), from: name("eve"), members: members.clone() },
        PeerRequest::ChatStatus { chat: wire.clone(), from: name("ann"), members },
        PeerRequest::CloseChat { chat: wire.clone(), from: name("eve") },
        PeerRequest::CloseChat { chat: wire.clone(), from: name("ann") },
        // A member's name from another address; a chat that one is not in; one that does not exist.
        PeerRequest::Message { chat: wire.clone(), from: name("cid"), body: "forged".into() },
        PeerRequest::Message { chat: private.clone(), from: name("eve"), body: "intruding".into() },
        PeerRequest::Message { chat: other, from: name("eve"), body: "nowhere".into() },
        PeerRequest::Goodbye { chat: private, from: name("cid") },
        PeerRequest::Invite { chat: wire, from: name("ann") },
    ] {
        network.forge(3, 1, request);
    }
    assert_eq!(network.events[1].len(), before[1], "{:?}", &network.events[1][before[1]..]);
}

#[test]
fn a_text_can_be_faster_than_the_word_that_its_writer_is_a_member() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    let text = |body: &str| PeerRequest::Message { chat: id.clone(), from: name("cid"), body: body.into() };
    let status =
        |members: &[&str]| PeerRequest::ChatStatus { chat: id.clone(), from: name("ann"), members: names(members) };
    network.forge(0, 1, status(&["ann", "bob"]));
    network.forge(2, 1, text("one"));
    network.forge(2, 1, text("two"));
    assert_eq!(network.heard(1), [""; 0]);
    network.forge(0, 1, status(&["ann", "bob", "cid"]));
    assert_eq!(network.heard(1), ["cid: one", "cid: two"]);
    network.forge(0, 1, status(&["ann", "bob"]));
    network.forge(2, 1, text("too early"));
    let until = network.nodes[1].1.deadline().expect("a text that does not wait for ever");
    assert_eq!(until, network.moment.now + Duration::from_secs(5));
    network.moment.now = until;
    network.forge(0, 1, status(&["ann", "bob", "cid"]));
    assert_eq!(network.heard(1), ["cid: one", "cid: two"]);
}

#[test]
fn full_names_are_understood() {
    let (mut network, id) = Network::chatting(&["ann", "bob"]);
    let from = name("ann._klatch._tcp.local.");
    network.forge(0, 1, PeerRequest::Message { chat: id, from, body: "hi".into() });
    assert_eq!(network.heard(1), ["ann: hi"]);
}

#[test]
fn who_is_named_twice_gets_a_text_once() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    let members = names(&["cid", "bob", "cid", "cid._klatch._tcp.local.", "ann", "bob", "cid"]);
    network.forge(0, 1, PeerRequest::ChatStatus { chat: id.clone(), from: name("ann"), members });
    assert_eq!(network.conversation(1).members, names(&["bob", "cid", "ann"]));
    network.say(1, &id, "hello", 1);
    assert_eq!(network.heard(2), ["bob: hello"]);
    assert_eq!(network.delivery(1), Some((Delivery::Delivered, vec![])));
}

#[test]
fn a_new_name_of_ones_own_ends_all_chats() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    // The name that one has already changes nothing.
    network.give(0, Input::Named(name("ann")));
    assert_eq!(network.conversation(0).phase, Phase::Open);
    network.give(0, Input::Named(name("ann (2)")));
    network.settle();
    assert_eq!(network.conversation(0).phase, Phase::Ended(EndReason::Offline));
    for n in [1, 2] {
        assert_eq!(network.conversation(n).phase, Phase::Ended(EndReason::Closed));
    }
    // Whoever has the old name has nothing to say in what is begun under the new one.
    network.give(0, Input::Found { name: name("ann"), status: Status::default(), addresses: vec![address(2)] });
    network.command(0, Command::Start { with: names(&["bob"]) });
    let wire = network.conversation(0).id;
    assert_ne!(wire, id);
    network.forge(2, 0, PeerRequest::CloseChat { chat: wire, from: name("ann") });
    assert_eq!(network.conversation(0).phase, Phase::Waiting);

    // Likewise in a chat of somebody else, and with what is not answered yet.
    let (mut network, _) = Network::chatting(&["ann", "bob", "cid"]);
    network.command(2, Command::Start { with: names(&["bob"]) });
    let invitation = network.invitation(1);
    network.give(1, Input::Named(name("bob (2)")));
    network.settle();
    assert_eq!(network.conversation(1).phase, Phase::Ended(EndReason::Offline));
    assert_eq!(network.conversation(0).members, names(&["ann", "cid"]));
    assert!(network.events[1].contains(&Event::Uninvited { conversation: invitation }));
}

#[test]
fn the_blocked_are_not_heard() {
    let mut network = Network::of(&["ann", "eve"]);
    network.command(0, Command::Block { name: name("eve"), blocked: true });
    assert!(network.nodes[0].1.is_blocked(address(1).ip()));
    // Not even when nobody knows any more who is there, unless it is somebody else.
    network.lose(0, "eve");
    assert!(network.nodes[0].1.is_blocked(address(1).ip()) && !network.nodes[0].1.is_blocked(address(2).ip()));
    let bob = |at| Input::Found { name: name("bob"), status: Status::default(), addresses: vec![at] };
    network.give(0, bob(address(1)));
    assert!(!network.nodes[0].1.is_blocked(address(1).ip()));
    network.give(0, bob(address(2)));
    network.appear(1, "eve");
    network.command(1, Command::Start { with: names(&["ann"]) });
    assert!(!network.events[0].iter().any(|event| matches!(event, Event::Invited { .. })));
    assert_eq!(network.conversation(1).declined, names(&["ann"]));
}

#[test]
fn going_offline_tells_everybody() {
    let (mut network, id) = Network::chatting(&["ann", "bob"]);
    let node = std::mem::replace(&mut network.nodes[0].1, Node::new(name("ann"), ""));
    let (events, farewells) = node.leave();
    let close = PeerRequest::CloseChat { chat: id, from: name("ann") };
    assert_eq!(farewells, [Farewell { to: vec![address(1)], requests: vec![close.into()] }]);
    assert!(events.iter().any(|event| matches!(event,
        Event::Conversation(conversation) if conversation.phase == Phase::Ended(EndReason::Offline))));
}

#[test]
fn going_offline_tells_what_becomes_of_the_texts_on_their_way() {
    let (mut network, id) = Network::chatting(&["ann", "bob", "cid"]);
    let said = |body: &str, message| {
        Input::Command(Command::Say { conversation: id.clone(), body: body.into(), id: MessageId(message) })
    };
    network.unplugged.push(2);
    network.give(0, said("cid cannot be reached", 1));
    network.settle();
    network.give(0, said("bob has not answered", 2));
    let node = std::mem::replace(&mut network.nodes[0].1, Node::new(name("ann"), ""));
    let told: Vec<Event> = node.leave().0.into_iter().filter(|event| matches!(event, Event::Delivery { .. })).collect();
    let expected = [(1, Delivery::Missed, names(&["cid"])), (2, Delivery::Uncertain, Vec::new())]
        .map(|(id, state, missing)| Event::Delivery { id: MessageId(id), state, missing });
    assert_eq!(told, expected);
}
