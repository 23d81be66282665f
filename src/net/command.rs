//! All that a user interface may ask of the network thread.

use super::mode::Mode;
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::status::Status;

/// Identifies one text that was said, in this run of the program. The user interface chooses it: any number that it
/// has not used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// A request to the network thread. What comes of it is told by [`super::Event`]s; none of them is an answer to one
/// command alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Go online in this way; whatever was online before is left first.
    Connect(Mode),
    /// Go offline, with a goodbye.
    Disconnect,
    /// Try again now instead of waiting for the next attempt.
    RetryNow,
    /// A new status of one's own.
    SetStatus(Status),
    /// Start a conversation with these people.
    Start {
        /// Who shall be invited; at least one.
        with: Vec<UserName>,
    },
    /// Accept or decline an invitation.
    Answer {
        /// To which conversation one is invited.
        conversation: ConversationId,
        /// Whether to join it.
        accept: bool,
    },
    /// Enter a conversation that one knows by its id, invited or not.
    Join(ConversationId),
    /// Say something in a conversation.
    Say {
        /// Where.
        conversation: ConversationId,
        /// What.
        body: String,
        /// By what the user interface will recognise it.
        id: MessageId,
    },
    /// Leave a conversation.
    Leave(ConversationId),
    /// Ask for the members of all conversations; [`super::Event::Listed`] tells them.
    ListConversations,
}
