//! Where messages end, however they are written and however they arrive.

use crate::host::{Host, Peer, conversations, int, invitation, message, register, show};

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
