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
    /// One word of a small fixed set, for counting.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::NotRegistered | Self::AlreadyRegistered(_) => "registration",
            Self::BadName(_) | Self::NameInUse(_) => "name",
            Self::StatusTooLong => "status",
            Self::TooManyNames | Self::NobodyInvited | Self::NobodyOnline(_) => "invitation",
            Self::NoConversation(_) | Self::NotInvited(_) | Self::NotMember(_) => "membership",
            Self::ConversationFull | Self::TooManyConversations | Self::ServerFull => "limit",
            Self::Argument(_) => "argument",
            Self::Stream(_) => "stream",
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

/// Every word that [`Refusal::label`] says.
pub(super) const LABELS: [&str; 8] =
    ["registration", "name", "status", "invitation", "membership", "limit", "argument", "stream"];
