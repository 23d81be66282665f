//! The requests and replies of peer mode, typed.
//!
//! Every peer is server and client. Each request opens a new connection, sends, reads the reply until the end of file,
//! and closes.
//!
//! | request | argument | reply |
//! | --- | --- | --- |
//! | `GET_USER_INFO` | none | pickled dict |
//! | `LIST_FILES` | none | pickled list of file names |
//! | `GET_FILE` | the name, raw text after one space | the file's bytes |
//! | `OFFER_FILE` | pickled `(mdns_name, filename)` | none; the peer may then `GET_FILE` |
//! | `INVITE` | pickled `(id, mdns_name)` | `ACK` or `NACK` |
//! | `CHAT_STATUS` | pickled `(id, mdns_name, [members])` | none |
//! | `MESSAGE` | pickled `(id, sender, text)` | none |
//! | `GOODBYE` | pickled `(id, sender_mdns)` | none; to the initiator |
//! | `CLOSE_CHAT` | pickled `(id, initiator_mdns)` | none |

use super::ident::{ConversationId, UserName};

/// What one peer asks of another. Names in it are claims: who is behind the connection must be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerRequest {
    /// Who are you?
    GetUserInfo,
    /// What do you share?
    ListFiles,
    /// The contents of a file, by its name in the list or in an offer; not checked, not safe.
    GetFile(String),
    /// You may get this file from me.
    OfferFile {
        /// Who offers.
        from: UserName,
        /// By which name it can be got.
        file: String,
    },
    /// Come into my chat.
    Invite {
        /// The initiator's id for it.
        chat: ConversationId,
        /// The initiator.
        from: UserName,
    },
    /// These are in my chat now.
    ChatStatus {
        /// The initiator's id for it.
        chat: ConversationId,
        /// The initiator.
        from: UserName,
        /// All members.
        members: Vec<UserName>,
    },
    /// Text, to every member directly.
    Message {
        /// The initiator's id for the chat.
        chat: ConversationId,
        /// Who wrote it.
        from: UserName,
        /// The text.
        body: String,
    },
    /// I leave your chat.
    Goodbye {
        /// The initiator's id for it.
        chat: ConversationId,
        /// Who leaves.
        from: UserName,
    },
    /// My chat is over.
    CloseChat {
        /// The initiator's id for it.
        chat: ConversationId,
        /// The initiator.
        from: UserName,
    },
}

/// What a peer tells about its user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInfo {
    /// Field and value, in the order in which they are to be shown; at least `name`, `status` and `host` in ours.
    pub fields: Vec<(String, String)>,
    /// A picture, as the bytes of an image file; not checked, not safe.
    pub picture: Option<Vec<u8>>,
}
