//! Conversations: who is invited, who may join, and what members are told.

use std::collections::HashMap;
use std::time::Duration;

use klatch::server::{Access, Options};

use crate::host::{
    Host, Peer, conversations, int, invitation, invite, join, leave, message, online_users, say, show, text,
};
use crate::{couple, host};

#[test]
fn a_conversation_from_beginning_to_end() {
    let host = Host::unpaced();
    let mut alice = host.connect();
    alice.send(b"REGISTER \x80\x02](X\x05\0\0\0aliceX\x06\0\0\0onlinee.");
    assert_eq!(show(&alice.receive().unwrap()), show(b"ONLINE_USERS \x80\x02}(X\x05\0\0\0aliceX\x06\0\0\0onlineu."));
    let mut bob = host.connect();
    bob.send("REGISTER (S'bob'\nS'away'\nt.");
    for peer in [&mut alice, &mut bob] {
        peer.wait_for(b"ONLINE_USERS \x80\x02}(X\x05\0\0\0aliceX\x06\0\0\0onlineX\x03\0\0\0bobX\x04\0\0\0awayu.");
    }
    bob.send("STATUS (S'here'\nl.");
    alice.wait_for(online_users(&[("alice", "online"), ("bob", "here")]));
    alice.send("INVITE (S'bob'\nl.");
    for peer in [&mut alice, &mut bob] {
        peer.expect(b"INVITATION \x80\x02](J\x01\0\0\0X\x05\0\0\0alicee.");
    }
    alice.send("JOIN (I1\nl.");
    alice.wait_for(b"CONVERSATIONS \x80\x02}(J\x01\0\0\0](X\x05\0\0\0aliceeu.");
    bob.send("JOIN (I1\nl.");
    for peer in [&mut alice, &mut bob] {
        peer.wait_for(conversations(&[(1, &["alice", "bob"])]));
    }
    bob.send("SEND_MESSAGE (I1\nS'hi'\nl.");
    for peer in [&mut alice, &mut bob] {
        peer.expect(b"MESSAGE \x80\x02](J\x01\0\0\0X\x03\0\0\0bobX\x02\0\0\0hie.");
    }
    bob.send("LEAVE (I1\nl.");
    alice.wait_for(conversations(&[(1, &["alice"])]));
    bob.send("LIST_CONVERSATIONS");
    bob.wait_for(conversations(&[(1, &["alice"])]));
    alice.send("GOODBYE");
    alice.expect_end();
    bob.wait_for(online_users(&[("bob", "here")]));
    bob.send("LIST_CONVERSATIONS N.");
    assert_eq!(show(&bob.receive_verb("CONVERSATIONS")), show(&conversations(&[])));
}

#[test]
fn an_id_comes_back_in_the_type_in_which_it_was_sent() {
    let host = Host::unpaced();
    let (mut alice, mut bob) = (host.join("alice"), host.join("bob"));
    alice.send(invite(&["bob"]));
    alice.expect(invitation(1, "alice"));
    bob.expect(invitation(1, "alice"));
    alice.send("JOIN (I1\nl.");
    alice.wait_for(conversations(&[(1, &["alice"])]));
    bob.send("JOIN S'1'\n.SEND_MESSAGE (S'1'\nS'hi'\nt.");
    alice.expect(message(&int(1), "bob", "hi"));
    bob.expect(message(&text("1"), "bob", "hi"));
    bob.send("LEAVE (S'1'\nt.");
    alice.wait_for(conversations(&[(1, &["alice"])]));
}

#[test]
fn those_who_are_offline_are_named_and_the_others_invited() {
    let host = Host::unpaced();
    let (mut alice, mut bob) = (host.join("alice"), host.join("bob"));
    alice.send(invite(&["carol", "BOB", "dave", "bob"]));
    alice.expect(invitation(1, "alice"));
    alice.expect([b"ERROR \x80\x02", &text("not invited, because not online: carol, dave")[..], b"."].concat());
    bob.expect(invitation(1, "alice"));
    alice.send(invite(&["carol"]));
    alice.expect_error("not online: carol");
    alice.send(invite(&["bob"]));
    alice.expect(invitation(2, "alice"));
}

#[test]
fn who_is_no_member_is_told_so() {
    let host = Host::unpaced();
    let (_alice, _bob) = couple(&host);
    let mut eve = host.join("eve");
    for (verb, words) in [
        (say(1, "hi"), "not in conversation 1"),
        (leave(1), "not in conversation 1"),
        (join(1), "not invited to conversation 1"),
        (say(2, "hi"), "no conversation 2"),
        (leave(-1), "no conversation -1"),
    ] {
        eve.send(verb);
        eve.expect_error(words);
    }
}

#[test]
fn who_may_join_depends_on_the_server() {
    for (access, may_join, is_listed) in
        [(Access::Invited, false, true), (Access::Public, true, true), (Access::Private, false, false)]
    {
        let host = Host::start(Options { conversations: access, pace: Duration::ZERO, ..Options::default() });
        let (_alice, _bob) = couple(&host);
        let mut eve = host.join("eve");
        eve.send("LIST_CONVERSATIONS N.");
        let all: &[(i32, &[&str])] = if is_listed { &[(1, &["alice", "bob"])] } else { &[] };
        assert_eq!(show(&eve.receive_verb("CONVERSATIONS")), show(&conversations(all)), "{access:?}");
        eve.send(join(1));
        if may_join {
            eve.wait_for(conversations(&[(1, &["alice", "bob", "eve"])]));
        } else {
            eve.expect_error("conversation 1");
        }
    }
}

#[test]
fn messages_arrive_in_order_and_once_at_every_member() {
    const EACH: usize = 500;
    let host = Host::unpaced();
    let (mut alice, mut bob) = couple(&host);
    let flood = |peer: &Peer, name: &'static str| {
        let mut socket = peer.socket.try_clone().unwrap();
        std::thread::spawn(move || {
            for n in 0..EACH {
                std::io::Write::write_all(&mut socket, say(1, &format!("{name} {n}")).as_bytes()).unwrap();
            }
        })
    };
    let senders = [flood(&alice, "alice"), flood(&bob, "bob")];
    for peer in [&mut alice, &mut bob] {
        let mut next = HashMap::from([("alice", 0), ("bob", 0)]);
        for _ in 0..2 * EACH {
            let event = peer.receive_event().unwrap();
            let from = if host::contains(&event, b"X\x05\0\0\0alice") { "alice" } else { "bob" };
            let n = next.get_mut(from).unwrap();
            assert_eq!(show(&event), show(&message(&int(1), from, &format!("{from} {n}"))));
            *n += 1;
        }
    }
    for sender in senders {
        sender.join().unwrap();
    }
}
