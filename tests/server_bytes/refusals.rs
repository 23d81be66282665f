//! What is refused, what that costs, and what is said about it.

use crate::host;
use crate::host::{Host, join, online_users, register, status, text};

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
