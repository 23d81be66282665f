use slotmap::SlotMap;

use super::*;

/// A registry and keys for it; the users are named after their number: `u0`, `u1`, ...
struct World {
    registry: Registry,
    keys: SlotMap<ClientKey, ()>,
    clients: Vec<ClientKey>,
}

impl World {
    fn new(access: Access, users: usize) -> Self {
        let mut world = Self { registry: Registry::new(access), keys: SlotMap::with_key(), clients: Vec::new() };
        for n in 0..users {
            let key = world.keys.insert(());
            world.clients.push(key);
            world.register(key, &format!("u{n}")).unwrap();
        }
        world
    }

    fn register(&mut self, key: ClientKey, name: &str) -> Outcome {
        let message = ClientMessage::Register { user: UserName::received(name), status: Status::received("online") };
        self.registry.apply(key, message)
    }

    fn apply(&mut self, user: usize, message: ClientMessage) -> Outcome {
        self.registry.apply(self.clients[user], message)
    }

    fn invite(&mut self, user: usize, names: &[&str]) -> Outcome {
        self.apply(user, ClientMessage::Invite(names.iter().map(|name| UserName::received(name)).collect()))
    }

    fn join(&mut self, user: usize, id: i64) -> Outcome {
        self.apply(user, ClientMessage::Join(ConversationId::Int(id)))
    }

    fn say(&mut self, user: usize, id: ConversationId) -> Outcome {
        self.apply(user, ClientMessage::SendMessage { conversation: id, body: "hi".into() })
    }

    fn leave(&mut self, user: usize, id: i64) -> Outcome {
        self.apply(user, ClientMessage::Leave(ConversationId::Int(id)))
    }

    fn listed(&self, user: usize) -> Vec<(i64, Vec<String>)> {
        let list = self.registry.conversations_seen_by(self.clients[user]);
        let names = |members: Vec<UserName>| members.iter().map(|name| name.as_str().to_owned()).collect();
        list.into_iter()
            .map(|(id, members)| match id {
                ConversationId::Int(id) => (id, names(members)),
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

fn refusal(outcome: Outcome) -> String {
    outcome.unwrap_err().to_string()
}

fn message(id: ConversationId, from: &str) -> ServerMessage {
    ServerMessage::Message { conversation: id, from: UserName::received(from), body: "hi".into() }
}

#[test]
fn a_name_is_taken_until_its_user_leaves() {
    let mut world = World::new(Access::Invited, 1);
    let other = world.keys.insert(());
    assert_eq!(refusal(world.register(other, "U0")), "the name U0 is in use: REGISTER with another name");
    assert_eq!(refusal(world.register(other, "")), "the name is empty: REGISTER with another name");
    assert_eq!(refusal(world.register(world.clients[0], "else")), "you are registered as u0 already");
    assert_eq!(world.registry.leave(world.clients[0], Departure::Lost), [Action::UsersChanged]);
    assert_eq!(world.register(other, "U0").unwrap(), [Action::SendUsers(other), Action::UsersChanged]);
    assert_eq!(world.registry.list_bytes().0, user_bytes(&UserName::received("U0"), &Status::received("online")));
}

#[test]
fn before_register_nothing_else_is_done() {
    let mut world = World::new(Access::Invited, 0);
    let key = world.keys.insert(());
    for message in [ClientMessage::Goodbye, ClientMessage::ListConversations, ClientMessage::Invite(Vec::new())] {
        assert_eq!(refusal(world.registry.apply(key, message)), "REGISTER first");
    }
}

#[test]
fn an_invitation_goes_to_the_invited_and_the_inviter() {
    let mut world = World::new(Access::Invited, 3);
    let [a, b, c] = world.clients[..] else { panic!() };
    let from = UserName::received("u0");
    let invitation = |id| ServerMessage::Invitation { conversation: ConversationId::Int(id), from: from.clone() };
    assert_eq!(
        world.invite(0, &["U1", "u2", "u1", "u0"]).unwrap(),
        [Action::Send { to: vec![b, c, a], message: invitation(1) }]
    );
    assert_eq!(
        world.invite(0, &["nobody", "u1", "no\none"]).unwrap(),
        [
            Action::Send { to: vec![b, a], message: invitation(2) },
            Action::Send {
                to: vec![a],
                message: ServerMessage::Error("not invited, because not online: nobody, no\u{fffd}one".into())
            }
        ]
    );
    assert_eq!(refusal(world.invite(0, &["nobody"])), "not invited, because not online: nobody");
    assert_eq!(refusal(world.invite(0, &["u0"])), "INVITE needs the name of somebody else");
    assert_eq!(refusal(world.invite(0, &[])), "INVITE needs the name of somebody else");
    assert_eq!(world.listed(0), [(1, vec![]), (2, vec![])]);
}

#[test]
fn joining_needs_an_invitation_and_speaking_needs_joining() {
    let mut world = World::new(Access::Invited, 3);
    let [a, b, _] = world.clients[..] else { panic!() };
    world.invite(0, &["u1"]).unwrap();
    assert_eq!(refusal(world.join(2, 1)), "you are not invited to conversation 1");
    assert_eq!(refusal(world.join(2, 9)), "there is no conversation 9");
    assert_eq!(refusal(world.say(0, ConversationId::Int(1))), "you are not in conversation 1: JOIN it first");
    assert_eq!(refusal(world.leave(0, 1)), "you are not in conversation 1: JOIN it first");
    assert_eq!(world.join(0, 1).unwrap(), [Action::MembersChanged(vec![a])]);
    assert_eq!(world.join(1, 1).unwrap(), [Action::MembersChanged(vec![a, b])]);
    assert_eq!(world.join(1, 1).unwrap(), [Action::SendConversations(b)], "joining twice is harmless");
    assert_eq!(
        world.say(0, ConversationId::Int(1)).unwrap(),
        [Action::Send { to: vec![a, b], message: message(ConversationId::Int(1), "u0") }]
    );
    assert_eq!(world.leave(0, 1).unwrap(), [Action::MembersChanged(vec![b])]);
    assert_eq!(world.listed(2), [(1, vec!["u1".to_owned()])]);
    assert_eq!(refusal(world.join(0, 1)), "you are not invited to conversation 1");
}

#[test]
fn an_id_goes_back_in_the_type_in_which_it_came() {
    let mut world = World::new(Access::Invited, 2);
    let [a, b] = world.clients[..] else { panic!() };
    world.invite(0, &["u1"]).unwrap();
    let text = ConversationId::Text("1".into());
    world.apply(0, ClientMessage::Join(text.clone())).unwrap();
    world.join(1, 1).unwrap();
    assert_eq!(
        world.say(1, ConversationId::Int(1)).unwrap(),
        [
            Action::Send { to: vec![a], message: message(text, "u1") },
            Action::Send { to: vec![b], message: message(ConversationId::Int(1), "u1") },
        ]
    );
    for strange in [
        ConversationId::Text("one".into()),
        ConversationId::Float(1.5f64.to_bits()),
        ConversationId::Bool(true),
        ConversationId::Text(format!("{}1", " ".repeat(40)).as_str().into()),
    ] {
        assert_eq!(refusal(world.say(1, strange.clone())), format!("there is no conversation {strange}"));
    }
    assert!(world.say(1, ConversationId::Float(1.0f64.to_bits())).is_ok());
}

#[test]
fn a_conversation_ends_with_its_last_member_or_invitation() {
    let mut world = World::new(Access::Invited, 3);
    world.invite(0, &["u1"]).unwrap();
    world.join(0, 1).unwrap();
    world.leave(0, 1).unwrap();
    assert_eq!(world.listed(0), [(1, vec![])], "u1 may still join");
    world.join(1, 1).unwrap();
    assert_eq!(world.leave(1, 1).unwrap(), []);
    assert_eq!(world.listed(0), []);
    world.invite(0, &["u1"]).unwrap();
    assert_eq!(world.listed(0), [(2, vec![])], "an id is not used again");
    world.apply(0, ClientMessage::Goodbye).unwrap();
    world.apply(1, ClientMessage::Goodbye).unwrap();
    assert_eq!((world.registry.conversation_count(), world.registry.list_bytes().1), (0, 0));
}

#[test]
fn whose_connection_was_lost_may_come_back() {
    for (departure, welcome) in [(Departure::Lost, true), (Departure::Goodbye, false)] {
        let mut world = World::new(Access::Invited, 2);
        let [a, b] = world.clients[..] else { panic!() };
        world.invite(0, &["u1"]).unwrap();
        world.join(0, 1).unwrap();
        world.join(1, 1).unwrap();
        assert_eq!(world.registry.leave(b, departure), [Action::UsersChanged, Action::MembersChanged(vec![a])]);
        world.register(b, "u1").unwrap();
        assert_eq!(world.join(1, 1).is_ok(), welcome, "{departure:?}");
    }
    let mut world = World::new(Access::Invited, 2);
    world.invite(0, &["u1"]).unwrap();
    for key in world.clients.clone() {
        world.registry.leave(key, Departure::Lost);
    }
    assert_eq!(world.registry.conversation_count(), 0, "it is not kept for those who may come back");
}

#[test]
fn public_and_private_conversations() {
    let mut world = World::new(Access::Public, 3);
    world.invite(0, &["u1"]).unwrap();
    assert!(world.join(2, 1).is_ok());
    let mut world = World::new(Access::Private, 3);
    world.invite(0, &["u1"]).unwrap();
    world.join(0, 1).unwrap();
    assert_eq!((world.listed(1).len(), world.listed(2).len()), (1, 0));
    assert_eq!(refusal(world.join(2, 1)), "there is no conversation 1");
    assert_eq!(refusal(world.say(2, ConversationId::Int(1))), "there is no conversation 1");
    assert_eq!(refusal(world.leave(2, 1)), "there is no conversation 1");
}

#[test]
fn everything_has_a_limit() {
    let mut world = World::new(Access::Public, 2);
    let long = Status::received(&"x".repeat(limits::STATUS_CHARS + 1));
    assert_eq!(refusal(world.apply(0, ClientMessage::Status(long))), "a status has at most 1024 characters");
    let names = vec![UserName::received("u1"); NAMES_PER_INVITE + 1];
    assert_eq!(refusal(world.apply(0, ClientMessage::Invite(names))), "INVITE takes at most 1000 names");
    for id in (1..).take(CONVERSATIONS_PER_USER) {
        world.invite(0, &["u1"]).unwrap();
        world.join(0, id).unwrap();
    }
    assert_eq!(refusal(world.invite(0, &["u1"])), "one user has at most 200 conversations: LEAVE one first");
    // u1 has as many invitations as it may have; a further one takes the place of the oldest.
    world.leave(0, 1).unwrap();
    world.invite(0, &["u1"]).unwrap();
    assert_eq!(world.listed(0).first(), Some(&(2, vec!["u0".to_owned()])), "nobody can join 1 any more");
}

#[test]
fn whoever_invites_too_often_pushes_out_the_own_invitations() {
    let mut world = World::new(Access::Invited, 3);
    world.invite(2, &["u1"]).unwrap();
    for _ in 0..2 * INVITATIONS_PER_USER {
        world.invite(0, &["u1"]).unwrap();
    }
    assert!(world.join(1, 1).is_ok(), "the invitation of u2 has stayed");
    assert_eq!(refusal(world.join(1, 2)), "there is no conversation 2");
    // Who has invited nobody yet still can: then the oldest of all makes room.
    world.invite(0, &["u1"]).unwrap();
    world.invite(2, &["u1"]).unwrap();
    let id = world.registry.last_id;
    assert!(world.join(1, id).is_ok() && world.join(1, id - 1).is_ok());
}

#[test]
fn a_status_is_told_when_it_changes() {
    let mut world = World::new(Access::Invited, 1);
    let before = world.registry.users_version();
    assert_eq!(world.apply(0, ClientMessage::Status(Status::received("online"))).unwrap(), []);
    assert_eq!(world.registry.users_version(), before);
    assert_eq!(world.apply(0, ClientMessage::Status(Status::received("away"))).unwrap(), [Action::UsersChanged]);
    assert_ne!(world.registry.users_version(), before);
    let users = world.registry.online_users();
    assert_eq!(users[&UserName::received("u0")].as_str(), "away");
}
