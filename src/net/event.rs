//! All that the network thread tells a user interface.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use thiserror::Error;

use super::command::MessageId;
use crate::protocol::ident::{ConversationId, NameError, UserName};
use crate::protocol::status::Status;

/// News from the network thread. Lists come whole, never as differences, so that a lost or doubled one heals.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// How one is connected now.
    Link(LinkState),
    /// Everybody else who is there, sorted by name. Oneself is never among them.
    Roster(Vec<Contact>),
    /// Somebody invites to a conversation. It is open until it is answered, or until [`Event::Uninvited`].
    Invited {
        /// To which conversation.
        conversation: ConversationId,
        /// Who invites.
        from: UserName,
    },
    /// An invitation can no longer be answered: the connection that it came over is gone.
    Uninvited {
        /// To which conversation it was.
        conversation: ConversationId,
    },
    /// A conversation that one is in, or was in: its phase or its members are news.
    Conversation(Conversation),
    /// Something was said.
    ///
    /// The transcript is written by this event and by nothing else, and each text comes exactly once: one's own when
    /// it is asked for with [`super::Command::Say`], whether or not the server sends it back; those of others when
    /// they arrive.
    Said(Said),
    /// What became of a text of one's own.
    Delivery {
        /// Which text.
        id: MessageId,
        /// What is known of it.
        state: Delivery,
    },
    /// All conversations that the server lists, the answer to [`super::Command::ListConversations`].
    Listed(BTreeMap<ConversationId, Vec<UserName>>),
    /// Something has gone wrong that no other event tells.
    Problem(NetError),
}

/// How one is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Not, and nothing is tried. After an error, that says why.
    Offline(Option<NetError>),
    /// The first attempt is under way.
    Connecting {
        /// Where to, as people write it.
        to: String,
    },
    /// Registered and listed.
    Online {
        /// Where, as people write it.
        at: String,
        /// The name under which one is listed.
        name: UserName,
    },
    /// The connection was lost, or could not be made; it is tried again by itself.
    Reconnecting {
        /// Where to, as people write it.
        to: String,
        /// When the next attempt begins, from now; zero while one is under way.
        after: Duration,
        /// Why it is not there.
        because: NetError,
    },
}

/// Somebody who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The name.
    pub name: UserName,
    /// The status.
    pub status: Status,
}

/// A conversation as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its id on the wire.
    pub id: ConversationId,
    /// Who is in it, oneself included, in the order of the server's list.
    pub members: Vec<UserName>,
    /// Who was invited by oneself, or has invited oneself, and has not been seen in it yet.
    pub awaited: Vec<UserName>,
    /// What can be done in it.
    pub phase: Phase,
}

/// What can be done in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// One is in it, and nobody else is known to be.
    Waiting,
    /// One is in it with others.
    Open,
    /// The connection is lost; it goes on when one is back and somebody known is still in it.
    Interrupted,
    /// It is over for oneself.
    Ended(EndReason),
}

/// Why a conversation is over for oneself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// One has left it.
    Left,
    /// The server does not list it, or not with oneself in it, any more.
    Gone,
    /// After the connection was lost, nobody known was left in it.
    NotResumed,
    /// One went offline.
    Offline,
}

/// Something that was said in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where.
    pub conversation: ConversationId,
    /// By whom; may be oneself.
    pub from: UserName,
    /// What.
    pub body: String,
    /// When it was sent or arrived, by this computer's clock: the protocol carries no time.
    pub at: SystemTime,
    /// For one's own text, by what [`Event::Delivery`] names it; `None` for those of others.
    pub own: Option<MessageId>,
}

/// What is known of a text of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on its way.
    Sending,
    /// The server has taken it, as far as can be known with a server that does not send texts back to their sender.
    Sent,
    /// The server has relayed it: it came back.
    Delivered,
    /// The connection was lost before it was known to be delivered; it may or may not have been.
    Uncertain,
    /// It was not sent.
    Failed,
}

/// An error that a person should hear of. [`NetErrorKind`] chooses the words and says whether to try again; the detail is for
/// the line below, and for the log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}{}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct NetError {
    /// What happened.
    pub kind: NetErrorKind,
    /// What the system or the other side said about it; may be empty. Not translated.
    pub detail: String,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NetErrorKind {
    /// The host name has no address.
    #[error("the server's name cannot be found")]
    HostNotFound,
    /// The computer is there, but no server listens at that port.
    #[error("no server answers at this address and port")]
    Refused,
    /// There is no way to that address.
    #[error("the network or the computer cannot be reached")]
    Unreachable,
    /// Nobody answered in time.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The server closed the connection, or it broke.
    #[error("the connection to the server was lost")]
    ConnectionLost,
    /// The server sent bytes that are no messages.
    #[error("the server sent something that is no message of this protocol")]
    NotTheProtocol,
    /// The server does not take the name.
    #[error("the server refused the name")]
    NameRefused,
    /// The name cannot be used anywhere.
    #[error("{0}")]
    BadName(NameError),
    /// The server reported an error.
    #[error("the server reported an error")]
    ServerError,
    /// One message of the server could not be understood, and was skipped.
    #[error("a message of the server could not be understood and was skipped")]
    BadMessage,
    /// A conversation was asked for, and no invitation came back.
    #[error("the server did not start the conversation")]
    NoConversation,
    /// The request is about a conversation that one is not in, or no longer invited to.
    #[error("you are not in this conversation")]
    NotInConversation,
    /// The request needs a connection, and there is none.
    #[error("not connected")]
    NotConnected,
    /// The text is longer than a message may be.
    #[error("the text is too long for one message")]
    TooLong,
    /// Too much was asked at once.
    #[error("too many requests at once")]
    Busy,
}

impl NetErrorKind {
    /// Whether the same attempt may succeed later without anything being changed.
    pub fn is_worth_retrying(self) -> bool {
        match self {
            Self::HostNotFound
            | Self::Refused
            | Self::Unreachable
            | Self::TimedOut
            | Self::ConnectionLost
            | Self::NotTheProtocol
            | Self::NoConversation
            | Self::NotConnected
            | Self::Busy => true,
            Self::NameRefused
            | Self::BadName(_)
            | Self::ServerError
            | Self::BadMessage
            | Self::NotInConversation
            | Self::TooLong => false,
        }
    }
}

impl NetError {
    /// An error with nothing to add.
    pub fn new(kind: NetErrorKind) -> Self {
        Self { kind, detail: String::new() }
    }

    /// An error with what the system or the other side said.
    pub fn with(kind: NetErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}
