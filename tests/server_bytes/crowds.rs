//! Readers that are slow, a server that is full, and one that stops.

use std::time::Duration;

use klatch::server::Options;
use socket2::SockRef;

use crate::couple;
use crate::host::{Host, int, invitation, invite, message, online_users, register, say, wait_until};

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
