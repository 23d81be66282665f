//! One request and its reply on a connection of their own, from both sides.
//!
//! [`serve`] is the side that is asked, [`ask`] the one that asks. A requester does not close its writing side: a server
//! in Jython that sees it closed closes the whole connection, and its reply is lost. But a peer that waits for just that
//! is not left without an answer: see [`Habits`].

mod admission;
mod asking;
mod serving;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::oneshot;

pub(super) use asking::{CLOSE, ask, ask_once, request, tell};
pub(super) use serving::{drain, finish, serve};

use super::transfer::Upload;
use crate::protocol::social::{Form, NameMatch, PeerRequest};

/// What comes in, from [`serve`].
#[derive(Debug)]
pub(super) enum Arrival {
    /// Somebody wants something.
    Request(Request),
    /// Whoever wanted something does not wait for the reply any more, or has not taken it: the connection broke.
    Abandoned {
        /// What the request was called.
        number: u64,
    },
}

/// A request that waits for its reply. Dropped without one, the connection is closed with none.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "what is asked is a request too, and has no better name")]
pub(super) struct Request {
    /// Unlike that of all others since the program began.
    pub(super) number: u64,
    /// From where; an IPv4 address is one even if it came mapped into IPv6.
    pub(super) from: SocketAddr,
    /// What.
    pub(super) request: PeerRequest,
    /// Where the reply goes. If nobody listens any more, it is lost.
    pub(super) reply: oneshot::Sender<Reply>,
}

/// A reply.
#[derive(Debug)]
pub(super) enum Reply {
    /// Nothing: the connection is closed.
    Nothing,
    /// These bytes, of which others may be getting the same.
    Bytes(Arc<[u8]>),
    /// The contents of a file.
    File(Upload),
}

/// What is known of the name of a file, to serve it at once: asked on the network thread for each `GET_FILE`, so must not
/// touch a disk.
pub(super) type Lookup = Arc<dyn Fn(SocketAddr, &str) -> NameMatch + Send + Sync>;

/// Whether somebody is known at an address: asked on the network thread for each connection.
pub(super) type IsKnown = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// How a peer takes requests: to be remembered for that peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    /// In which form it answers requests without argument.
    pub(super) form: Form,
    /// It reads a request to the end of the stream, and answers nothing before. It has answered after that alone: of any
    /// other peer, the answer may be lost by it.
    pub(super) reads_to_end: bool,
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// What was replied; may be empty.
    pub(super) reply: Vec<u8>,
    /// What has worked: to be given to [`ask`] next time.
    pub(super) habits: Habits,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum ExchangeError {
    /// No address is known.
    #[error("no address is known")]
    NoAddress,
    /// No address took the connection.
    #[error("cannot connect: {0}")]
    Unreachable(io::Error),
    /// The connection broke.
    #[error("the connection was lost: {0}")]
    Lost(io::Error),
    /// Nothing came in time.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The reply is longer than one may be.
    #[error("the reply is too long")]
    TooLong,
}
