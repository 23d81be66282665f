//! All that the network thread tells a user interface.

mod error;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub use error::{NetError, NetErrorKind};

use super::command::{Command, MessageId, OfferId, TransferId};
use super::mode::ServerAddress;
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::social::UserInfo;
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
        /// Peer mode: whom it could not reach yet, or will not reach.
        missing: Vec<UserName>,
    },
    /// All conversations that the server lists, the answer to [`super::Command::ListConversations`].
    Listed(BTreeMap<ConversationId, Vec<UserName>>),
    /// Peer mode: what somebody tells about themselves, the answer to [`super::Command::AskUserInfo`].
    UserInfo {
        /// Whom it is about.
        of: UserName,
        /// What they tell.
        info: UserInfo,
    },
    /// Peer mode, where pictures are wanted: the picture that somebody has now, as the bytes of an image file, not checked;
    /// or none.
    Picture {
        /// Whose.
        of: UserName,
        /// Which.
        picture: Option<Vec<u8>>,
    },
    /// Peer mode: what somebody shares, the answer to [`super::Command::ListFiles`].
    Files {
        /// Who shares.
        of: UserName,
        /// The names, `/` between folder and file, sorted; [`super::Command::Fetch`] takes them as they are.
        names: Vec<String>,
        /// How many files are left out because their names cannot be asked for.
        unfit: usize,
        /// There are more files than are kept; the last are left out.
        is_cut: bool,
    },
    /// Peer mode: the shared folder has been looked through, and what others see of it is news.
    Sharing(Sharing),
    /// Peer mode: what was asked of somebody was not answered.
    Unanswered {
        /// Who was asked.
        by: UserName,
        /// What was asked.
        question: Question,
        /// Why there is no answer.
        because: NetError,
    },
    /// Peer mode: a file could not be offered.
    NotOffered {
        /// To whom.
        to: UserName,
        /// Which file of this computer.
        path: PathBuf,
        /// Why not.
        because: NetError,
    },
    /// Peer mode: who is at the addresses that the user has given; told once one is online if there are any, when that
    /// changes, and as the answer to [`super::Command::AddPeer`].
    Added(Vec<Added>),
    /// Peer mode: nobody was found at an address, the answer to [`super::Command::AddPeer`]. It is not looked at again,
    /// unless somebody was there once.
    NotAdded {
        /// Which address.
        address: ServerAddress,
        /// Why not.
        because: NetError,
    },
    /// Peer mode: somebody has invited one, or offered a file, who is not known here and was refused: they may have added
    /// one's address, and must be added as well. Told seldom.
    Stranger {
        /// How they call themselves.
        name: UserName,
        /// Where they are; at which port they listen is not known.
        address: IpAddr,
    },
    /// Peer mode: whether this computer is on a network at all. Told when it is not, and when it is again.
    Network {
        /// Whether it is.
        is_there: bool,
    },
    /// Peer mode: somebody offers a file. The offer stands until it is answered, or until [`Event::Unoffered`].
    Offered {
        /// By what [`super::Command::AnswerOffer`] names it.
        offer: OfferId,
        /// Who offers.
        from: UserName,
        /// What.
        file: String,
    },
    /// Peer mode: an offer can no longer be accepted: one has gone offline or has blocked whoever made it, or
    /// there are too many, and most of them are theirs.
    Unoffered {
        /// Which.
        offer: OfferId,
    },
    /// Peer mode: how far a file has come.
    Transfer(Transfer),
    /// Something has gone wrong that no other event tells.
    Problem(NetError),
}

/// An address that the user has given, at which somebody is or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The address.
    pub address: ServerAddress,
    /// Who answers there now, if anybody does.
    pub who: Option<UserName>,
}

/// What others see of the shared folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// How many files.
    pub files: usize,
    /// How many are left out because their names cannot be sent.
    pub unfit: usize,
    /// There are more files than a list may have, or they are too deep in folders, or too many to look at.
    pub is_cut: bool,
}

/// What can be asked of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Who they are.
    UserInfo,
    /// What they share.
    Files,
}

/// A file on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Identifies it, in this run of the program.
    pub id: TransferId,
    /// The other side.
    pub peer: UserName,
    /// The name by which it was asked for.
    pub file: String,
    /// Which way it goes.
    pub direction: Direction,
    /// It was offered to whoever gets it; else they have asked for it by themselves.
    pub was_offered: bool,
    /// How many bytes have come or gone.
    pub done: u64,
    /// How many there are, if that is known: the protocol does not tell a receiver.
    pub total: Option<u64>,
    /// How it stands.
    pub state: TransferState,
    /// Where the file is on this computer. While it comes, where it is to be: if another file has that name when it is
    /// complete, it gets a number.
    pub path: PathBuf,
}

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To this computer.
    In,
    /// From this computer.
    Out,
}

/// How a transfer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Somebody has been told of it, and has not asked for it yet. Nobody tells when they refuse.
    Offered,
    /// Under way.
    Running,
    /// All of it has come or gone.
    Done,
    /// It has ended early, and nothing is left of it.
    Failed(NetError),
    /// The user has ended it.
    Cancelled,
    /// The other side, which gets the file, has ended it: their user has, or their program has ended or found no room. Which
    /// of these is not known.
    EndedThere,
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
        /// Peer mode: the TCP port at which others can reach one.
        port: Option<u16>,
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
    /// Peer mode: where they can be reached, the best first. Empty in server mode.
    pub addresses: Vec<SocketAddr>,
    /// Peer mode: the user does not want to hear of them.
    pub is_blocked: bool,
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
    /// Peer mode: who was invited and has declined.
    pub declined: Vec<UserName>,
    /// Peer mode: who is not in it because they could not be reached when they were to be invited, or were lost when they were
    /// in it. They are invited as soon as they are found again.
    pub unasked: Vec<UserName>,
    /// Peer mode: members who could not be reached lately.
    pub unreachable: Vec<UserName>,
    /// Peer mode: who has started it and alone can change its members; may be oneself.
    pub initiator: Option<UserName>,
    /// Peer mode: the initiator is gone, has started their program again or is blocked, so that its members stay as they are.
    pub is_frozen: bool,
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
    /// Peer mode: its initiator has closed it.
    Closed,
    /// Peer mode: its initiator has removed one from it.
    Removed,
    /// Peer mode: whoever has invited to it did not wait any longer when one accepted.
    TooLate,
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
    /// The server has relayed it: it came back. In peer mode: everybody has it.
    Delivered,
    /// Peer mode: some have it, or nobody yet; those who miss it are tried again.
    Partial,
    /// Peer mode: some have it, and those who miss it will not get it.
    Missed,
    /// The connection was lost, or in peer mode one went offline, before it was known to be delivered; it may or may not have
    /// been.
    Uncertain,
    /// It was not sent.
    Failed,
}

impl Event {
    /// How it is told that a command is not carried out, so that nobody waits for what comes of it. Nothing is told of
    /// what only changes how one is a peer: it counts when one is one again, by the parameters for that.
    pub(super) fn refused(command: Command, because: NetError) -> Option<Self> {
        Some(match command {
            Command::Share(_)
            | Command::SetDownloads(_)
            | Command::SetUserInfo(_)
            | Command::Block { .. }
            | Command::RemovePeer(_) => return None,
            Command::AskUserInfo(by) => Self::Unanswered { by, question: Question::UserInfo, because },
            Command::ListFiles(by) => Self::Unanswered { by, question: Question::Files, because },
            Command::Offer { to, path } => Self::NotOffered { to, path, because },
            Command::AddPeer(address) => Self::NotAdded { address, because },
            _ => Self::Problem(because),
        })
    }

    /// What is told of a text of one's own that is not sent: it is shown, so that it can be sent again.
    pub(super) fn unsaid(
        conversation: ConversationId,
        me: UserName,
        body: String,
        id: MessageId,
        at: SystemTime,
    ) -> [Self; 2] {
        [
            Self::Said(Said { conversation, from: me, body, at, own: Some(id) }),
            Self::Delivery { id, state: Delivery::Failed, missing: Vec::new() },
        ]
    }
}

impl Contact {
    /// Somebody at a server.
    pub fn at_server(name: UserName, status: Status) -> Self {
        Self { name, status, addresses: Vec::new(), is_blocked: false }
    }
}

impl Conversation {
    /// A conversation that one has just entered, with nobody else in it yet.
    pub fn entered(id: ConversationId, me: UserName, awaited: Vec<UserName>) -> Self {
        Self {
            id,
            members: vec![me],
            awaited,
            declined: Vec::new(),
            unasked: Vec::new(),
            unreachable: Vec::new(),
            initiator: None,
            is_frozen: false,
            phase: Phase::Waiting,
        }
    }
}
