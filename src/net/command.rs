//! All that a user interface may ask of the network thread.

use std::path::PathBuf;

use super::mode::{Mode, ServerAddress};
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::social::UserInfo;
use crate::protocol::status::Status;

/// Identifies one text that was said, in this run of the program. The user interface chooses it: any number that it
/// has not used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// Identifies an offer of a file, in this run of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferId(pub u64);

/// Identifies a transfer of a file, in this run of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub u64);

/// A request to the network thread. What comes of it is told by [`super::Event`]s; none of them is an answer to one
/// command alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Go online in this way; whatever was online before is left first.
    Connect(Mode),
    /// Go offline, with a goodbye.
    Disconnect,
    /// Try again now instead of waiting for the next attempt. Peer mode: look again who is there.
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
    /// Peer mode: ask somebody who they are; [`super::Event::UserInfo`] tells.
    AskUserInfo(UserName),
    /// Peer mode: ask somebody what they share; [`super::Event::Files`] tells.
    ListFiles(UserName),
    /// Peer mode: get a file that somebody shares or has offered.
    Fetch {
        /// From whom.
        from: UserName,
        /// By its name in the list or offer.
        file: String,
        /// The name to save it under, in the folder for downloads; its own if none is given.
        save_as: Option<String>,
    },
    /// Peer mode: offer somebody a file.
    Offer {
        /// To whom.
        to: UserName,
        /// Which file of this computer.
        path: PathBuf,
    },
    /// Peer mode: accept or refuse an offer; accepting gets the file.
    AnswerOffer {
        /// Which offer.
        offer: OfferId,
        /// Whether to get the file.
        accept: bool,
    },
    /// Peer mode: end a transfer.
    Cancel(TransferId),
    /// Peer mode: somebody is there who cannot be discovered: a network may drop multicast.
    /// [`super::Event::Added`] tells who, or [`super::Event::NotAdded`] why nobody is.
    AddPeer(ServerAddress),
    /// Peer mode: look at an address no more that was given with [`Self::AddPeer`] or when one went online.
    RemovePeer(ServerAddress),
    /// Peer mode: hear nothing of somebody any more, or hear of them again.
    Block {
        /// Whom.
        name: UserName,
        /// Whether to block.
        blocked: bool,
    },
    /// Peer mode: share another folder, or none.
    Share(Option<PathBuf>),
    /// Peer mode: where to put files that are got from now on.
    SetDownloads(PathBuf),
    /// Peer mode: tell this about oneself from now on, beside name, status and host.
    SetUserInfo(UserInfo),
    /// Ask for the members of all conversations; [`super::Event::Listed`] tells them.
    ListConversations,
}
