//! What can go wrong, for people to hear of.

use thiserror::Error;

use crate::protocol::ident::NameError;

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
    #[error("no computer has this name")]
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
    /// Only peers can do this, and one is at a server.
    #[error("only possible as a peer, without a server")]
    PeersOnly,
    /// Peer mode: nobody of that name is known.
    #[error("nobody of that name is known")]
    UnknownPeer,
    /// Peer mode: the other side cannot be reached, or does not answer.
    #[error("the other side cannot be reached")]
    PeerUnreachable,
    /// Peer mode: somebody was looked for at one's own address.
    #[error("this is your own address")]
    OwnAddress,
    /// Peer mode: the other side has taken the question and answered nothing.
    #[error("the other side gave no answer")]
    NoAnswer,
    /// Peer mode: the connection ended before all of a file had come or gone.
    #[error("the connection ended before the end of the file")]
    BrokenOff,
    /// Peer mode: the other side answered with something that is no answer.
    #[error("the other side gave no sensible answer")]
    BadReply,
    /// Peer mode: the other side does not share this file, or not any more.
    #[error("the other side does not share this file")]
    NoSuchFile,
    /// Peer mode: the other side has offered a file and sent nothing of it. On the wire an empty file looks the same.
    #[error("the file is empty, or not offered any more")]
    OfferOver,
    /// Peer mode: the offer of a file was taken back for newer ones to the same person.
    #[error("there are too many newer offers to the same person")]
    Superseded,
    /// Peer mode: the offer of a file was taken back because whoever has the name now is not where it was made to.
    #[error("the offer was taken back: somebody else may have this name now")]
    MayBeAnother,
    /// Peer mode: a file or folder of this computer cannot be read or written.
    #[error("a file on this computer cannot be read or written")]
    LocalFile,
    /// Peer mode: there is no room left on this computer.
    #[error("the disk is full")]
    DiskFull,
    /// Peer mode: the port is taken, or may not be listened on.
    #[error("cannot listen on this port")]
    CannotListen,
    /// Peer mode: others cannot be found or cannot find one.
    #[error("the network cannot be searched")]
    Discovery,
    /// Peer mode: others cannot find one. Somebody claims every name, or none can be told to anybody. It is tried again by
    /// itself, and over when one is online under another name, or the same again.
    #[error("no free name was found on this network, so that others cannot find you")]
    NoFreeName,
    /// Peer mode: more people are on this network than are kept; some are left out.
    #[error("more people are on this network than can be shown")]
    TooManyPeers,
    /// One is in as many conversations as one can be.
    #[error("you are in too many conversations")]
    TooManyConversations,
    /// Too much was asked at once.
    #[error("too many requests at once")]
    Busy,
}

impl NetErrorKind {
    /// Every one that there is.
    pub const ALL: [Self; 37] = [
        Self::HostNotFound,
        Self::Refused,
        Self::Unreachable,
        Self::TimedOut,
        Self::ConnectionLost,
        Self::NotTheProtocol,
        Self::NameRefused,
        Self::BadName(NameError::Empty),
        Self::BadName(NameError::TooLong),
        Self::BadName(NameError::ControlCharacter),
        Self::BadName(NameError::OuterSpace),
        Self::BadName(NameError::Invisible),
        Self::ServerError,
        Self::BadMessage,
        Self::NoConversation,
        Self::NotInConversation,
        Self::NotConnected,
        Self::TooLong,
        Self::PeersOnly,
        Self::UnknownPeer,
        Self::PeerUnreachable,
        Self::OwnAddress,
        Self::NoAnswer,
        Self::BrokenOff,
        Self::BadReply,
        Self::NoSuchFile,
        Self::OfferOver,
        Self::Superseded,
        Self::MayBeAnother,
        Self::LocalFile,
        Self::DiskFull,
        Self::CannotListen,
        Self::Discovery,
        Self::NoFreeName,
        Self::TooManyPeers,
        Self::TooManyConversations,
        Self::Busy,
    ];

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
            | Self::PeerUnreachable
            | Self::NoAnswer
            | Self::BrokenOff
            | Self::BadReply
            | Self::Superseded
            | Self::MayBeAnother
            | Self::DiskFull
            | Self::Discovery
            | Self::NotConnected
            | Self::Busy => true,
            Self::PeersOnly
            | Self::NoFreeName
            | Self::TooManyPeers
            | Self::TooManyConversations
            | Self::CannotListen
            | Self::NoSuchFile
            | Self::OfferOver
            | Self::UnknownPeer
            | Self::OwnAddress
            | Self::LocalFile
            | Self::NameRefused
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
