//! The server, byte for byte: what is sent and what must come back is spelt out here.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

mod conversations;
mod crowds;
mod framing;
#[path = "../server_support/host.rs"]
mod host;
mod refusals;
mod registering;

use host::{Host, Peer, conversations, invitation, invite, join};

/// Two people in conversation 1.
pub(crate) fn couple(host: &Host) -> (Peer, Peer) {
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
