//! The server against a simple model of it: random scripts of what clients do, and what each of them must be told.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

#[path = "server_support/host.rs"]
mod host;

use std::collections::{BTreeMap, BTreeSet};

use host::{
    Host, Peer, conversations, int, invitation, invite, join, leave, message, online_users, register, say, show,
    status, wait_until,
};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// What a client does. Who is not there registers first; who is, says it as it is.
#[derive(Clone, Debug)]
enum Step {
    Status(usize, u8),
    Goodbye(usize),
    Vanish(usize),
    Invite(usize, Vec<usize>),
    Join(usize, i32),
    Leave(usize, i32),
    Say(usize, i32),
}

fn step() -> impl Strategy<Value = Step> {
    let (user, id) = (0..NAMES.len(), 1..5);
    prop_oneof![
        1 => (user.clone(), 0..3u8).prop_map(|(user, status)| Step::Status(user, status)),
        1 => user.clone().prop_map(Step::Goodbye),
        1 => user.clone().prop_map(Step::Vanish),
        3 => (user.clone(), prop::collection::vec(user.clone(), 0..4)).prop_map(|(user, names)| Step::Invite(user, names)),
        6 => (user.clone(), id.clone()).prop_map(|(user, id)| Step::Join(user, id)),
        2 => (user.clone(), id.clone()).prop_map(|(user, id)| Step::Leave(user, id)),
        4 => (user, id).prop_map(|(user, id)| Step::Say(user, id)),
    ]
}

#[derive(Default)]
struct Conversation {
    members: Vec<usize>,
    invited: BTreeSet<usize>,
    may_return: BTreeSet<usize>,
}

/// What the server should know.
#[derive(Default)]
struct Model {
    online: BTreeMap<usize, String>,
    conversations: BTreeMap<i32, Conversation>,
    ids: i32,
}

/// What a client must be told: these bytes, or an error.
#[derive(Debug)]
enum Told {
    Exactly(Vec<u8>),
    Error,
}

impl Model {
    /// Does the step; returns the messages that it causes, for whom and in what order.
    fn apply(&mut self, step: &Step) -> Vec<(usize, Told)> {
        match step {
            Step::Status(user, status) => {
                self.online.insert(*user, format!("s{status}"));
                vec![]
            }
            Step::Goodbye(user) => self.depart(*user, false),
            Step::Vanish(user) => self.depart(*user, true),
            Step::Invite(user, names) => self.invite(*user, names),
            Step::Join(user, id) => self.join(*user, *id),
            Step::Leave(user, id) => match self.conversations.get_mut(id) {
                Some(conversation) if conversation.members.contains(user) => {
                    conversation.members.retain(|member| member != user);
                    self.end();
                    vec![]
                }
                _ => vec![(*user, Told::Error)],
            },
            Step::Say(user, id) => match self.conversations.get(id) {
                Some(conversation) if conversation.members.contains(user) => {
                    let bytes = message(&int(*id), NAMES[*user], "hi");
                    conversation.members.iter().map(|member| (*member, Told::Exactly(bytes.clone()))).collect()
                }
                _ => vec![(*user, Told::Error)],
            },
        }
    }

    fn invite(&mut self, user: usize, names: &[usize]) -> Vec<(usize, Told)> {
        let others: BTreeSet<usize> = names.iter().copied().filter(|name| *name != user).collect();
        let mut invited: BTreeSet<usize> =
            others.iter().copied().filter(|other| self.online.contains_key(other)).collect();
        let anybody_offline = invited.len() < others.len();
        if invited.is_empty() {
            return vec![(user, Told::Error)];
        }
        invited.insert(user);
        self.ids += 1;
        let bytes = invitation(self.ids, NAMES[user]);
        let mut told: Vec<_> = invited.iter().map(|other| (*other, Told::Exactly(bytes.clone()))).collect();
        if anybody_offline {
            told.push((user, Told::Error));
        }
        self.conversations.insert(self.ids, Conversation { invited, ..Conversation::default() });
        told
    }

    fn join(&mut self, user: usize, id: i32) -> Vec<(usize, Told)> {
        let Some(conversation) = self.conversations.get_mut(&id) else { return vec![(user, Told::Error)] };
        if conversation.members.contains(&user) {
            return vec![];
        }
        let invited = conversation.invited.remove(&user);
        let returns = conversation.may_return.remove(&user);
        if !invited && !returns {
            return vec![(user, Told::Error)];
        }
        conversation.members.push(user);
        vec![]
    }

    fn depart(&mut self, user: usize, lost: bool) -> Vec<(usize, Told)> {
        self.online.remove(&user);
        for conversation in self.conversations.values_mut() {
            let was_in = conversation.members.contains(&user) | conversation.invited.remove(&user);
            conversation.members.retain(|member| *member != user);
            if was_in && lost {
                conversation.may_return.insert(user);
            }
        }
        self.end();
        vec![]
    }

    fn end(&mut self) {
        self.conversations
            .retain(|_, conversation| !conversation.members.is_empty() || !conversation.invited.is_empty());
    }

    fn online_users(&self) -> Vec<u8> {
        let users: Vec<_> = self.online.iter().map(|(user, status)| (NAMES[*user], status.as_str())).collect();
        online_users(&users)
    }

    fn list(&self) -> Vec<u8> {
        let all: Vec<(i32, Vec<&str>)> = self
            .conversations
            .iter()
            .map(|(id, conversation)| (*id, conversation.members.iter().map(|member| NAMES[*member]).collect()))
            .collect();
        let all: Vec<(i32, &[&str])> = all.iter().map(|(id, names)| (*id, names.as_slice())).collect();
        conversations(&all)
    }
}

fn user_of(step: &Step) -> usize {
    match step {
        Step::Status(user, _)
        | Step::Goodbye(user)
        | Step::Vanish(user)
        | Step::Invite(user, _)
        | Step::Join(user, _)
        | Step::Leave(user, _)
        | Step::Say(user, _) => *user,
    }
}

fn bytes_of(step: &Step) -> Vec<u8> {
    match step {
        Step::Status(_, text) => status(&format!("s{text}")).into_bytes(),
        Step::Goodbye(_) => b"GOODBYE N.".to_vec(),
        Step::Vanish(_) => vec![],
        Step::Invite(_, names) => invite(&names.iter().map(|name| NAMES[*name]).collect::<Vec<_>>()).into_bytes(),
        Step::Join(_, id) => join(*id).into_bytes(),
        Step::Leave(_, id) => leave(*id).into_bytes(),
        Step::Say(_, id) => say(*id, "hi").into_bytes(),
    }
}

/// These events and no others have been sent to this client: after them comes the answer to a `JOIN` that is refused.
fn check_events(peer: &mut Peer, wanted: &[Told]) {
    peer.send("JOIN S'end'\n.");
    for told in wanted {
        let event = peer.receive_event().unwrap();
        match told {
            Told::Exactly(bytes) => assert_eq!(show(&event), show(bytes)),
            Told::Error => assert!(event.starts_with(b"ERROR "), "{:?}", show(&event)),
        }
    }
    peer.expect_error("no conversation end");
}

fn play(script: &[Step]) {
    let host = Host::unpaced();
    let mut model = Model::default();
    let mut peers: BTreeMap<usize, Peer> = BTreeMap::new();
    for step in script {
        let user = user_of(step);
        peers.entry(user).or_insert_with(|| {
            let mut peer = host.connect();
            peer.send(register(NAMES[user]));
            model.online.insert(user, "online".to_owned());
            let list = model.online_users();
            assert_eq!(show(&peer.receive().unwrap()), show(&list), "the newcomer is told at once");
            peer
        });
        let told = model.apply(step);
        let departs = matches!(step, Step::Goodbye(_) | Step::Vanish(_));
        if departs {
            let mut peer = peers.remove(&user).unwrap();
            peer.send(bytes_of(step));
            if matches!(step, Step::Goodbye(_)) {
                peer.expect_end();
            }
            drop(peer);
            if let Some(witness) = peers.values_mut().next() {
                witness.wait_for(model.online_users());
            } else {
                wait_until(|| host.monitor.counts().users == 0);
            }
        } else {
            peers.get_mut(&user).unwrap().send(bytes_of(step));
        }
        let mut by_user: BTreeMap<usize, Vec<Told>> = BTreeMap::new();
        for (user, told) in told {
            by_user.entry(user).or_default().push(told);
        }
        // The one who acts first: its answer says that the step is done.
        let order = std::iter::once(user).chain(peers.keys().copied().filter(|other| *other != user));
        for other in order.collect::<Vec<_>>() {
            if let Some(peer) = peers.get_mut(&other) {
                check_events(peer, &by_user.remove(&other).unwrap_or_default());
            }
        }
        assert_eq!(host.monitor.counts().conversations, model.conversations.len());
    }
    for peer in peers.values_mut() {
        peer.send("LIST_CONVERSATIONS N.");
        peer.wait_for(model.list());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_server_does_what_the_model_does(script in prop::collection::vec(step(), 1..40)) {
        play(&script);
    }
}
