//! Who else is on this network: DNS-SD over multicast DNS (RFC 6763, RFC 6762), in both directions.
//!
//! [`start`] announces one's own peer and looks for all others, until the [`Discovery`] is stopped. What it learns comes
//! out of a bounded channel as [`Event`]s. What it tells is a claim: a peer that lost its network is still listed until
//! its records expire, so try to connect before showing somebody as there, and call [`Discovery::verify`] when that fails.

mod directory;
#[cfg(test)]
mod fake;
mod instance;
mod mdns;
mod service_type;
mod sighting;

use std::net::SocketAddr;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use thiserror::Error;

#[cfg(test)]
pub(super) use fake::FakeLan;
pub use service_type::{ServiceType, ServiceTypeError};

use crate::protocol::ident::UserName;

/// How long it takes at most until others believe that a peer has another address: its program has to notice that, to tell
/// it, and to tell it again when it is asked, while anybody may object.
pub(super) const RELOCATION: Duration =
    Duration::from_secs(mdns::ADDRESSES_EVERY as u64).saturating_add(directory::OBJECTION);
/// How many orders may wait for discovery, and up to how many of them questions are taken: a chat of hundreds who are out of
/// reach makes as many of these at once.
const ORDERS: usize = 256;
const QUESTIONS: usize = ORDERS / 2;
/// How many events may wait for the owner; then discovery waits.
const EVENTS: usize = 256;
/// How long [`Discovery::stop`] waits.
const STOP: Duration = Duration::from_secs(1);

/// What is announced of oneself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Advertisement {
    /// Among which peers one is.
    pub service_type: ServiceType,
    /// The wanted name; [`Event::Published`] tells the one that was free.
    pub name: UserName,
    /// The TCP port that is listening.
    pub port: u16,
    /// The status, for the TXT record; cut to what fits there.
    pub status: String,
    /// A short word for one's picture, for the TXT record, if there is one: another word for another picture.
    pub picture: Option<String>,
}

/// What discovery has learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// One is announced, under this name. Again when the name had to be changed later.
    Published {
        /// The wanted name without dots, cut to 58 bytes, or `name (2)` and so on if others have it.
        name: UserName,
    },
    /// A peer is new, or something of it has changed. Never oneself, and never somebody of one's own name: until one's own
    /// is published, that is the wanted one.
    Found(Peer),
    /// A peer has said goodbye, its records have expired, or it did not answer to [`Discovery::verify`].
    Lost {
        /// By which name it was found.
        name: UserName,
    },
    /// Whether this computer is on a network at all. Told when it is not, and when it is again.
    Network {
        /// Whether it is.
        is_there: bool,
    },
    /// Something does not work; what works goes on.
    Trouble(Trouble),
}

/// Another peer, as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// Its instance name, without a service type in it; unique at any time, compared byte by byte.
    pub name: UserName,
    /// Where it can be reached, best first; at least one. Link-local IPv6 addresses carry their scope.
    pub addresses: Vec<SocketAddr>,
    /// Its status, if it tells one.
    pub status: Option<String>,
    /// What it announces of its picture, if it does.
    pub picture: Option<String>,
    /// Everything in its TXT record, the status included, in its order.
    pub text: Vec<(String, String)>,
}

/// Why one cannot see others, or cannot be seen by them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Trouble {
    /// The multicast sockets cannot be used.
    #[error("discovery does not work on this computer: {0}")]
    Unavailable(String),
    /// Every name that was tried is taken, or could not be announced in time: mdns-sd does not tell which. Others are tried now
    /// and then; as long as there is none, nobody else finds one. [`Event::Published`] ends it.
    #[error("every name that was tried is taken, or cannot be announced")]
    NoFreeName,
    /// There are more peers than are kept; the others are not shown.
    #[error("the first {0} are kept")]
    TooMany(usize),
}

/// Under which name one is announced who wants this one, if nobody else is: dots and lengths that DNS or other programs do not
/// take are not in it.
pub(super) fn announced_name(wanted: &UserName) -> UserName {
    UserName::received(&instance::from_wanted(wanted.as_str()))
}

/// One's own announcement and the search for others. When it is dropped, both end, with a goodbye that may not go out
/// any more when the program ends at once: use [`Discovery::stop`] for that.
#[derive(Debug)]
pub(super) struct Discovery {
    orders: Sender<Order>,
}

/// What the task behind a [`Discovery`] is asked for.
#[derive(Debug)]
enum Order {
    Status(String),
    Picture(Option<String>),
    Refresh,
    AskAgain,
    Verify(UserName),
    Stop(Sender<()>),
}

impl Discovery {
    /// Announces another status.
    pub(super) fn set_status(&self, status: &str) {
        self.order(Order::Status(status.to_owned()));
    }

    /// Announces another picture, or none.
    pub(super) fn set_picture(&self, mark: Option<String>) {
        self.order(Order::Picture(mark));
    }

    /// Asks the network again, because somebody is missed. New networks, and the computer's waking up, are noticed without it.
    pub(super) fn refresh(&self) {
        self.ask(Order::Refresh);
    }

    /// Asks for those who are not known: there is a sign that somebody is there who was not found.
    pub(super) fn ask_again(&self) {
        self.ask(Order::AskAgain);
    }

    /// Asks whether a peer is still there, because it could not be reached. Without an answer it is [`Event::Lost`]
    /// within some seconds. Where many are asked for already, nothing happens: whoever is out of reach is so again later.
    pub(super) fn verify(&self, name: &UserName) {
        self.ask(Order::Verify(name.clone()));
    }

    /// Says goodbye and ends. Returns when the goodbye is on the wire, after one second at most.
    pub(super) async fn stop(self) {
        let (done, is_done) = async_channel::bounded(1);
        let stopping = async {
            let _ = self.orders.send(Order::Stop(done)).await;
            // Nothing is ever sent: the other end is dropped.
            let _ = is_done.recv().await;
        };
        let _ = tokio::time::timeout(STOP, stopping).await;
    }

    /// What is not asked now can be asked later; a status that is lost stays so. So questions leave room for what one tells.
    fn ask(&self, question: Order) {
        if self.orders.len() < QUESTIONS {
            self.order(question);
        }
    }

    fn order(&self, order: Order) {
        // Nobody tells so much that it is too much, and a task that takes no orders any more is about to end.
        let _ = self.orders.try_send(order);
    }
}

/// Announces oneself and looks for others, on every network of this computer. Must be called within a tokio runtime.
pub(super) fn start(advertisement: Advertisement) -> (Discovery, Receiver<Event>) {
    let (orders, inbox) = async_channel::bounded(ORDERS);
    let (outbox, events) = async_channel::bounded(EVENTS);
    tokio::spawn(mdns::run(advertisement, inbox, outbox));
    (Discovery { orders }, events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundreds_who_are_out_of_reach_leave_room_for_a_status() {
        let (orders, inbox) = async_channel::bounded(ORDERS);
        let discovery = Discovery { orders };
        for number in 0..500 {
            discovery.verify(&UserName::received(&format!("peer {number}")));
        }
        discovery.set_status("away");
        let given: Vec<Order> = std::iter::from_fn(|| inbox.try_recv().ok()).collect();
        assert!(matches!(given.last(), Some(Order::Status(status)) if status == "away"), "{given:?}");
        assert_eq!(given.len(), QUESTIONS + 1);
    }
}
