//! Why the server does not do what a client asks, in words for whoever wrote that client.

use thiserror::Error;

use crate::protocol::frame::FrameError;
use crate::protocol::ident::{ConversationId, NameError, UserName};
use crate::protocol::im::ArgumentError;
use crate::protocol::limits;

use super::registry::{CONVERSATIONS_PER_USER, MEMBERS, NAMES_PER_INVITE};

/// A refused message. Its text goes out in an `ERROR`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("REGISTER first")]
    NotRegistered,
    #[error("you are registered as {0} already")]
    AlreadyRegistered(UserName),
    #[error("{0}: REGISTER with another name")]
    BadName(#[from] NameError),
    #[error("the name {0} is in use: REGISTER with another name")]
    NameInUse(UserName),
    #[error("a status has at most {} characters", limits::STATUS_CHARS)]
    StatusTooLong,
    #[error("INVITE takes at most {NAMES_PER_INVITE} names")]
    TooManyNames,
    #[error("INVITE needs the name of somebody else")]
    NobodyInvited,
    #[error("{0}")]
    NobodyOnline(String),
    #[error("there is no conversation {}", brief(.0))]
    NoConversation(ConversationId),
    #[error("you are not invited to conversation {}", brief(.0))]
    NotInvited(ConversationId),
    #[error("you are not in conversation {}: JOIN it first", brief(.0))]
    NotMember(ConversationId),
    #[error("a conversation has at most {MEMBERS} members")]
    ConversationFull,
    #[error("one user has at most {CONVERSATIONS_PER_USER} conversations: LEAVE one first")]
    TooManyConversations,
    #[error("the server is full")]
    ServerFull,
    #[error("{0}")]
    Argument(#[from] ArgumentError),
    #[error("{0}")]
    Stream(#[from] FrameError),
}

impl Refusal {
    /// What it is counted as.
    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::NotRegistered | Self::AlreadyRegistered(_) => Reason::Registration,
            Self::BadName(_) | Self::NameInUse(_) => Reason::Name,
            Self::StatusTooLong => Reason::Status,
            Self::TooManyNames | Self::NobodyInvited | Self::NobodyOnline(_) => Reason::Invitation,
            Self::NoConversation(_) | Self::NotInvited(_) | Self::NotMember(_) => Reason::Membership,
            Self::ConversationFull | Self::TooManyConversations | Self::ServerFull => Reason::Limit,
            Self::Argument(_) => Reason::Argument,
            Self::Stream(_) => Reason::Stream,
        }
    }
}

/// Kinds of refusals, few enough to count each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Registration,
    Name,
    Status,
    Invitation,
    Membership,
    Limit,
    Argument,
    Stream,
}

impl Reason {
    /// Every one that there is, in this order.
    pub(super) const ALL: [Self; 8] = [
        Self::Registration,
        Self::Name,
        Self::Status,
        Self::Invitation,
        Self::Membership,
        Self::Limit,
        Self::Argument,
        Self::Stream,
    ];

    /// One word, for the metrics and the log.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Name => "name",
            Self::Status => "status",
            Self::Invitation => "invitation",
            Self::Membership => "membership",
            Self::Limit => "limit",
            Self::Argument => "argument",
            Self::Stream => "stream",
        }
    }
}

/// Most characters of an id that are told: it may have as many as a message.
const ID_CHARS: usize = 64;

/// An id as far as somebody needs it to know which one is meant.
fn brief(id: &ConversationId) -> String {
    let mut text = id.to_string();
    if let Some((end, _)) = text.char_indices().nth(ID_CHARS) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}
