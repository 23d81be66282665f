//! The server, byte for byte: what is sent and what must come back is spelt out here.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

#[path = "server_support/host.rs"]
mod host;

use std::collections::HashMap;
use std::time::Duration;

use host::{
    Host, Peer, conversations, int, invitation, invite, join, leave, message, online_users, register, say, show,
    status, text, wait_until,
};
use klatch::server::{Access, Options};
use socket2::SockRef;

/// Two people in conversation 1.
fn couple(host: &Host) -> (Peer, Peer) {
    let (mut alice, mut bob) = (host.join("alice"), host.join("bob"));
    alice.send(invite(&["bob"]));
    alice.expect(invitation(1, "alice"));
    bob.expect(invitation(1, "alice"));
    alice.send(join(1));
    alice.wait_for(conversations(&[(1, &["alice"])]));
    bob.send(join(1));
    for peer in [&mut alice, &mut bob] {
        peer.wait_for(conversations(&[(1, &["alice", "bob"])]));
    }
    (alice, bob)
}

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
fn a_name_is_unique_without_case_and_look() {
    let host = Host::unpaced();
    let _first = host.join("Straße");
    let mut peer = host.connect();
    for (name, why) in [
        ("Straße", "in use"),
        ("STRASSE", "in use"),
        ("ｓｔｒａｓｓｅ", "in use"),
        ("stra\u{200b}sse", "in use"),
        ("", "empty"),
        (" bob", "space"),
        ("bob ", "space"),
        (&"x".repeat(65), "64"),
        ("bo\u{7}b", "control"),
    ] {
        peer.send(register(name));
        peer.expect_error(why);
    }
    peer.send(register("bob"));
    peer.wait_for(online_users(&[("Straße", "online"), ("bob", "online")]));
    peer.send(register("bob"));
    peer.expect_error("registered as bob already");
}

#[test]
fn nothing_is_done_before_register() {
    let host = Host::unpaced();
    let mut peer = host.connect();
    for verb in
        [&status("away"), &invite(&["bob"]), &join(1), &leave(1), &say(1, "hi"), "LIST_CONVERSATIONS N.", "GOODBYE N."]
    {
        peer.send(verb);
        peer.expect_error("REGISTER first");
    }
    peer.send(register("bob"));
    assert_eq!(show(&peer.receive().unwrap()), show(&online_users(&[("bob", "online")])));
}

/// What may stand behind a verb that has no argument.
const EMPTY: [&[u8]; 12] =
    [b"", b" ", b"\n", b"\r\n", b" \r\n", b" N.", b" (t.", b" ).", b" ].", b" (l.", b" S''\np0\n.", b" \x80\x02U\0."];

#[test]
fn verbs_without_argument_in_every_form() {
    let host = Host::unpaced();
    let mut peer = host.join("bob");
    for end in EMPTY {
        peer.send([b"LIST_CONVERSATIONS", end].concat());
        assert_eq!(show(&peer.receive_verb("CONVERSATIONS")), show(&conversations(&[])), "{}", show(end));
    }
    // Coalesced, each is followed by the next one. The lists asked for are not merged.
    peer.send(EMPTY.map(|end| [b"LIST_CONVERSATIONS", end].concat()).concat());
    for _ in EMPTY {
        peer.receive_verb("CONVERSATIONS");
    }
    // An argument that comes after the verb was taken as bare does nothing.
    peer.send("LIST_CONVERSATIONS");
    peer.receive_verb("CONVERSATIONS");
    peer.send(" N.");
    peer.send("JOIN (I9\nl.");
    peer.expect_error("no conversation 9");
    for end in EMPTY {
        let mut peer = host.join("eve");
        peer.send([b"GOODBYE", end].concat());
        peer.expect_end();
    }
    let mut peer = host.join("eve");
    peer.send("LIST_CONVERSATIONS");
    peer.end();
    assert_eq!(
        show(&peer.receive_verb("CONVERSATIONS")),
        show(&conversations(&[])),
        "the end of the stream ends a verb"
    );
    peer.expect_end();
}

fn script() -> Vec<u8> {
    let mut script = register("bob");
    script.extend(b"STATUS \x80\x04\x95\x09\0\0\0\0\0\0\0\x8c\x05JOIN \x94.");
    script.extend(b"INVITE \x80\x02]q\0U\x05aliceq\x01a.");
    script.extend(b"JOIN \x80\x02K\x01.LIST_CONVERSATIONSSEND_MESSAGE (I1\nV. N.GOODBYE \ntp0\n.LEAVE I1\n.");
    script
}

fn after_script(bob: &mut Peer) {
    bob.expect(invitation(1, "bob"));
    bob.expect(message(&int(1), "bob", ". N.GOODBYE "));
    bob.send("LIST_CONVERSATIONS\n");
    bob.wait_for(conversations(&[(1, &[])]));
}

#[test]
fn messages_in_one_segment() {
    let host = Host::unpaced();
    let _alice = host.join("alice");
    let mut bob = host.connect();
    bob.send(script());
    after_script(&mut bob);
}

#[test]
fn messages_byte_by_byte() {
    let host = Host::unpaced();
    let _alice = host.join("alice");
    let mut bob = host.connect();
    for byte in script() {
        bob.send([byte]);
    }
    after_script(&mut bob);
}

#[test]
fn messages_cut_anywhere() {
    for cut in 1..script().len() {
        let host = Host::unpaced();
        let _alice = host.join("alice");
        let mut bob = host.connect();
        let script = script();
        bob.send(&script[..cut]);
        bob.send(&script[cut..]);
        after_script(&mut bob);
    }
}

#[test]
fn what_is_refused_costs_one_message() {
    let host = Host::unpaced();
    let mut bob = host.join("bob");
    for (bytes, words) in [
        (&b"FROBNICATE (S'x'\nl."[..], "unknown verb FROBNICATE"),
        (b"JOIN cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"JOIN (I1\nI2\n.", "refused"),
        (b"JOIN (l.", "JOIN needs [convID]"),
        (b"JOIN (}l.", "JOIN needs [convID]"),
        (b"SEND_MESSAGE I1\n.", "SEND_MESSAGE needs [convID, message]"),
        (b"INVITE N.", "INVITE needs"),
        (b"STATUS N.", "STATUS needs [status]"),
        (b"\x80\x02](K\x01e.", "without a verb"),
    ] {
        bob.send(bytes);
        bob.expect_error(words);
    }
    bob.send(status(&"x".repeat(1025)));
    bob.expect_error("1024");
    bob.send("LIST_CONVERSATIONS N.");
    bob.receive_verb("CONVERSATIONS");
}

#[test]
fn a_stream_without_sense_ends_with_a_reason() {
    let host = Host::unpaced();
    let mut alice = host.join("alice");
    for (bytes, words) in [
        (&b"\xff\xfe\xfd"[..], "neither a verb nor a pickle"),
        (b"STATUS \xff", "no pickle opcode"),
        (b"STATUS T\xff\xff\xff\x7f", "longer than"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03\x01", ""),
    ] {
        let mut eve = host.join("eve");
        eve.send(bytes);
        // So much more that closing the socket with it unread would reset the ERROR away.
        eve.send(vec![b'z'; 50_000]);
        let mut told = false;
        while let Some(event) = eve.receive_event() {
            assert!(event.starts_with(b"ERROR "));
            told |= host::contains(&event, words.as_bytes());
        }
        assert!(told, "{words}");
        alice.wait_for(online_users(&[("alice", "online")]));
    }
}

#[test]
fn a_stranger_may_not_send_much() {
    let host = Host::unpaced();
    let mut eve = host.connect();
    eve.send([b"REGISTER \x80\x02](X\x03\0\0\0eve", &text(&"x".repeat(100_000))[..]].concat());
    eve.expect_error("longer than 65536");
    eve.expect_end();
    let mut bob = host.join("bob");
    bob.send([b"JOIN ", &text(&"x".repeat(100_000))[..], b"."].concat());
    bob.expect_error("there is no conversation xxx");
}

#[test]
fn a_client_that_only_errs_is_told_so_each_time() {
    let host = Host::unpaced();
    let mut eve = host.connect();
    for _ in 0..300 {
        eve.send("JOIN (I1\nl.");
        eve.expect_error("REGISTER first");
    }
    eve.send(register("eve"));
    eve.wait_for(online_users(&[("eve", "online")]));
}

#[test]
fn a_long_id_is_cut_where_it_is_told() {
    let host = Host::unpaced();
    let mut bob = host.join("bob");
    let id = "x".repeat(100_000);
    for verb in ["JOIN", "LEAVE", "SEND_MESSAGE"] {
        bob.send([verb.as_bytes(), b" \x80\x02](", &text(&id)[..], &text("hi"), b"e."].concat());
        let told = format!("there is no conversation {}...", &id[..64]);
        bob.expect([b"ERROR \x80\x02", &text(&told)[..], b"."].concat());
    }
    let number = "7".repeat(2000);
    bob.send(format!("JOIN L{number}L\n."));
    bob.expect_error(&format!("there is no conversation {}...", &number[..64]));
}

#[test]
fn the_unknown_is_skipped_whatever_its_argument() {
    let host = Host::unpaced();
    let mut bob = host.join("bob");
    // A text whose pickle looks like a word: in protocol 0, and in protocol 1 by its length of 97.
    let long = "y".repeat(97);
    for argument in [b"Vhello there\np0\n.".to_vec(), [&text(&long)[..], b"q\0."].concat(), b"Kz.".to_vec()] {
        bob.send([b"FROBNICATE ", &argument[..]].concat());
        bob.send(join(9));
        bob.expect_error("unknown verb FROBNICATE");
        bob.expect_error("no conversation 9");
    }
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
fn a_connection_that_dies_is_a_goodbye_and_its_user_may_come_back() {
    let host = Host::unpaced();
    let (mut alice, mut bob) = couple(&host);
    for reset in [false, true] {
        if reset {
            SockRef::from(&bob.socket).set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(bob);
        alice.wait_for(conversations(&[(1, &["alice"])]));
        bob = host.join("bob");
        bob.send(join(1));
        for peer in [&mut alice, &mut bob] {
            peer.wait_for(conversations(&[(1, &["alice", "bob"])]));
        }
    }
    bob.send("GOODBYE");
    alice.wait_for(conversations(&[(1, &["alice"])]));
    bob = host.join("bob");
    bob.send(join(1));
    bob.expect_error("not invited");
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

#[test]
fn a_reader_that_is_too_slow_is_disconnected_and_nobody_else_loses_anything() {
    const MESSAGES: usize = 12_000;
    let host = Host::unpaced();
    let (mut alice, bob) = couple(&host);
    SockRef::from(&bob.socket).set_recv_buffer_size(4096).unwrap();
    let body = "x".repeat(1000);
    let mut socket = alice.socket.try_clone().unwrap();
    let text = say(1, &body);
    let sender = std::thread::spawn(move || {
        for _ in 0..MESSAGES {
            std::io::Write::write_all(&mut socket, text.as_bytes()).unwrap();
        }
    });
    let wanted = message(&int(1), "alice", &body);
    let mut bob_is_listed = true;
    let mut received = 0;
    while received < MESSAGES || bob_is_listed {
        let event = alice.receive().unwrap();
        if event.starts_with(b"MESSAGE ") {
            assert!(event == wanted);
            received += 1;
        } else if event == online_users(&[("alice", "online")]) {
            bob_is_listed = false;
        }
    }
    assert_eq!(received, MESSAGES);
    sender.join().unwrap();
    drop(bob);
}

#[test]
fn a_reader_that_takes_its_time_loses_nothing() {
    let host = Host::unpaced();
    let (mut alice, mut bob) = couple(&host);
    // Few and large: more than a queue may hold in bytes, less than it may hold in number.
    let body = "x".repeat(900_000);
    for _ in 0..4 {
        bob.send(say(1, &body));
        bob.expect(message(&int(1), "bob", &body));
    }
    for _ in 0..4 {
        alice.expect(message(&int(1), "bob", &body));
    }
}

#[test]
fn more_clients_than_allowed_are_told_so() {
    let host = Host::start(Options { max_clients: 2, ..Options::default() });
    let (_alice, mut bob) = (host.join("alice"), host.join("bob"));
    let mut carol = host.connect();
    carol.send(register("carol"));
    carol.expect_error("the server is full");
    carol.expect_end();
    // There is room as soon as one has said goodbye, even before it has closed the connection.
    bob.send("GOODBYE N.");
    bob.expect_end();
    host.join("carol");
}

#[test]
fn who_has_just_come_does_not_have_to_make_room() {
    let host = Host::start(Options { max_clients: 2, ..Options::default() });
    let mut first = [host.connect(), host.connect()];
    wait_until(|| host.monitor.counts().connections == 2);
    let mut third = host.connect();
    third.expect_error("the server is full");
    third.expect_end();
    for (peer, name) in first.iter_mut().zip(["alice", "bob"]) {
        peer.send(register(name));
        peer.receive_verb("ONLINE_USERS");
    }
}

#[test]
fn a_server_that_stops_writes_what_waits_and_closes() {
    let host = Host::start(Options { pace: Duration::from_secs(5), ..Options::default() });
    host.join("carol").send("GOODBYE N.");
    wait_until(|| host.monitor.counts().connections == 0);
    let (mut alice, mut bob) = (host.join("alice"), host.join("bob"));
    alice.send(invite(&["bob"]));
    // The pace holds the invitation back; the counts say that it is there.
    wait_until(|| host.monitor.counts().conversations == 1);
    let stopping = std::thread::spawn(move || host.stop());
    for peer in [&mut alice, &mut bob] {
        peer.expect(invitation(1, "alice"));
        peer.expect_end();
    }
    drop((alice, bob));
    stopping.join().unwrap();
}
