//! Coming, and coming back.

use std::time::Duration;

use socket2::SockRef;

use crate::couple;
use crate::host::{Host, conversations, invite, join, leave, online_users, register, say, show, status};

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
