//! The messages of server mode, typed.
//!
//! Reading is liberal (a list or a tuple, a single argument in a list or bare, byte strings as text); writing is
//! strict. What a frame lacks to be a message is an [`ArgumentError`], whose text may be sent to whoever wrote it.

use std::collections::BTreeMap;

use super::argument::{
    encode, encode_empty, name, names, open, sequence, short_id, short_name, short_names, single, single_id,
};
use super::frame::{Frame, Shape, Verb};
use super::ident::{ConversationId, UserName};
use super::limits;
use super::pickle::Value;
use super::status::Status;

pub use super::argument::ArgumentError;

/// The TCP port of a server for which no other is named.
pub const DEFAULT_PORT: u16 = 6666;

/// The verbs that a client sends.
pub const CLIENT_VERBS: &[Verb] = &[
    Verb { name: "REGISTER", shape: Shape::Pickle },
    Verb { name: "STATUS", shape: Shape::Pickle },
    Verb { name: "GOODBYE", shape: Shape::None },
    Verb { name: "INVITE", shape: Shape::Pickle },
    Verb { name: "LIST_CONVERSATIONS", shape: Shape::None },
    Verb { name: "JOIN", shape: Shape::Pickle },
    Verb { name: "SEND_MESSAGE", shape: Shape::Pickle },
    Verb { name: "LEAVE", shape: Shape::Pickle },
];

/// The verbs that a server sends. Some servers relay a message under the verb with which it came.
pub const SERVER_VERBS: &[Verb] = &[
    Verb { name: "ONLINE_USERS", shape: Shape::Pickle },
    Verb { name: "INVITATION", shape: Shape::Pickle },
    Verb { name: "CONVERSATIONS", shape: Shape::Pickle },
    Verb { name: "MESSAGE", shape: Shape::Pickle },
    Verb { name: "SEND_MESSAGE", shape: Shape::Pickle },
    Verb { name: "ERROR", shape: Shape::PickleOrText },
];

/// What a client says to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// Who one is; the first message of a connection. The name is not checked yet.
    Register {
        /// The wanted name.
        user: UserName,
        /// The first status.
        status: Status,
    },
    /// A new status.
    Status(Status),
    /// Leaving; the client then closes.
    Goodbye,
    /// Make a conversation and invite these users to it.
    Invite(Vec<UserName>),
    /// Ask for [`ServerMessage::Conversations`].
    ListConversations,
    /// Enter a conversation.
    Join(ConversationId),
    /// Text for all members of a conversation.
    SendMessage {
        /// Which conversation.
        conversation: ConversationId,
        /// The text.
        body: String,
    },
    /// Leave a conversation.
    Leave(ConversationId),
}

/// What the server says to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// Everybody who is there, the receiver included.
    OnlineUsers(BTreeMap<UserName, Status>),
    /// An invitation, to the invited and to the inviter.
    Invitation {
        /// To which conversation.
        conversation: ConversationId,
        /// Who invites.
        from: UserName,
    },
    /// Conversations and their members.
    Conversations(BTreeMap<ConversationId, Vec<UserName>>),
    /// Text in a conversation, to all its members, the sender included.
    Message {
        /// Which conversation.
        conversation: ConversationId,
        /// Who wrote it.
        from: UserName,
        /// The text.
        body: String,
    },
    /// Something has gone wrong, in words.
    Error(String),
}

impl ClientMessage {
    /// The message in a frame that a client wrote.
    pub fn from_frame(frame: Frame) -> Result<Self, ArgumentError> {
        let (verb, value) = open(frame)?;
        let wrong = |wanted| ArgumentError::Shape { verb, wanted };
        Ok(match verb {
            "GOODBYE" => Self::Goodbye,
            "LIST_CONVERSATIONS" => Self::ListConversations,
            "REGISTER" => {
                let (name, status) = two_texts(value).ok_or(wrong("[username, status]"))?;
                Self::Register { user: UserName::received(&name), status: Status::received(&status) }
            }
            "STATUS" => {
                let text = single(value).and_then(Value::into_text).ok_or(wrong("[status]"))?;
                Self::Status(Status::received(&text))
            }
            "INVITE" => Self::Invite(names(value).ok_or(wrong("[username, ...]"))?),
            "JOIN" => Self::Join(single_id(value).ok_or(wrong("[convID]"))?),
            "LEAVE" => Self::Leave(single_id(value).ok_or(wrong("[convID]"))?),
            "SEND_MESSAGE" => {
                let mut parts = sequence(value, 2).ok_or(wrong("[convID, message]"))?.into_iter();
                let (conversation, body) = (parts.next(), parts.next());
                Self::SendMessage {
                    conversation: conversation
                        .as_ref()
                        .and_then(ConversationId::from_value)
                        .ok_or(wrong("[convID, message]"))?,
                    body: body.and_then(Value::into_text).ok_or(wrong("[convID, message]"))?,
                }
            }
            _ => return Err(ArgumentError::UnknownVerb(verb.to_owned())),
        })
    }

    /// The message as it goes over the wire.
    pub fn encode(&self) -> Vec<u8> {
        let text = |name: &UserName| Value::Text(name.as_str().to_owned());
        match self {
            Self::Register { user, status } => {
                encode("REGISTER", Value::List(vec![text(user), Value::Text(status.as_str().to_owned())]))
            }
            Self::Status(status) => encode("STATUS", Value::List(vec![Value::Text(status.as_str().to_owned())])),
            Self::Goodbye => encode_empty("GOODBYE"),
            Self::ListConversations => encode_empty("LIST_CONVERSATIONS"),
            Self::Invite(names) => encode("INVITE", Value::List(names.iter().map(text).collect())),
            Self::Join(conversation) => encode("JOIN", Value::List(vec![conversation.to_value()])),
            Self::Leave(conversation) => encode("LEAVE", Value::List(vec![conversation.to_value()])),
            Self::SendMessage { conversation, body } => {
                encode("SEND_MESSAGE", Value::List(vec![conversation.to_value(), Value::Text(body.clone())]))
            }
        }
    }
}

impl ServerMessage {
    /// The message in a frame that a server wrote.
    pub fn from_frame(frame: Frame) -> Result<Self, ArgumentError> {
        let (verb, value) = open(frame)?;
        let wrong = |wanted| ArgumentError::Shape { verb, wanted };
        Ok(match verb {
            "ONLINE_USERS" => Self::OnlineUsers(users(value).ok_or(wrong("{username: status}"))?),
            "INVITATION" => {
                let mut parts = sequence(value, 2).ok_or(wrong("[convID, invitationSource]"))?.into_iter();
                let (conversation, from) = (parts.next(), parts.next());
                Self::Invitation {
                    conversation: conversation
                        .as_ref()
                        .and_then(short_id)
                        .ok_or(wrong("[convID, invitationSource]"))?,
                    from: from.and_then(received_name).ok_or(wrong("[convID, invitationSource]"))?,
                }
            }
            "CONVERSATIONS" => Self::Conversations(conversations(value).ok_or(wrong("{convID: [username, ...]}"))?),
            "MESSAGE" | "SEND_MESSAGE" => {
                let mut parts = sequence(value, 3).ok_or(wrong("[convID, sender, message]"))?.into_iter();
                let (conversation, from, body) = (parts.next(), parts.next(), parts.next());
                Self::Message {
                    conversation: conversation.as_ref().and_then(short_id).ok_or(wrong("[convID, sender, message]"))?,
                    from: from.and_then(received_name).ok_or(wrong("[convID, sender, message]"))?,
                    body: body.and_then(Value::into_text).ok_or(wrong("[convID, sender, message]"))?,
                }
            }
            "ERROR" => Self::Error(error_text(value)),
            _ => return Err(ArgumentError::UnknownVerb(verb.to_owned())),
        })
    }

    /// The message as it goes over the wire.
    pub fn encode(&self) -> Vec<u8> {
        let text = |name: &UserName| Value::Text(name.as_str().to_owned());
        match self {
            Self::OnlineUsers(users) => encode(
                "ONLINE_USERS",
                Value::Dict(
                    users.iter().map(|(name, status)| (text(name), Value::Text(status.as_str().to_owned()))).collect(),
                ),
            ),
            Self::Invitation { conversation, from } => {
                encode("INVITATION", Value::List(vec![conversation.to_value(), text(from)]))
            }
            Self::Conversations(all) => encode(
                "CONVERSATIONS",
                Value::Dict(
                    all.iter()
                        .map(|(id, members)| (id.to_value(), Value::List(members.iter().map(text).collect())))
                        .collect(),
                ),
            ),
            Self::Message { conversation, from, body } => {
                encode("MESSAGE", Value::List(vec![conversation.to_value(), text(from), Value::Text(body.clone())]))
            }
            Self::Error(reason) => encode("ERROR", Value::Text(reason.clone())),
        }
    }
}

fn two_texts(value: Value) -> Option<(String, String)> {
    let mut parts = value.into_sequence()?.into_iter();
    let first = parts.next()?.into_text()?;
    // A client that sends no status is online: the slides' own example registers with one, but the name is what counts.
    let second = match parts.next() {
        None | Some(Value::None) => "online".to_owned(),
        Some(status) => status.into_text()?,
    };
    Some((first, second))
}

/// A name of sensible length.
fn received_name(value: Value) -> Option<UserName> {
    short_name(value, limits::RECEIVED_NAME_BYTES)
}

/// Names that are too long are left out: one of them must not hide all the others.
fn users(value: Value) -> Option<BTreeMap<UserName, Status>> {
    let Value::Dict(pairs) = value else { return None };
    let mut users = BTreeMap::new();
    for (key, status) in pairs {
        let mut status = match status {
            Value::None => String::new(),
            other => other.into_text()?,
        };
        if let Some((end, _)) = status.char_indices().nth(limits::STATUS_CHARS) {
            status.truncate(end);
        }
        let name = name(key)?;
        if name.as_str().len() <= limits::RECEIVED_NAME_BYTES {
            users.insert(name, Status::received(&status));
        }
    }
    Some(users)
}

fn conversations(value: Value) -> Option<BTreeMap<ConversationId, Vec<UserName>>> {
    let Value::Dict(pairs) = value else { return None };
    let mut all = BTreeMap::new();
    for (id, members) in pairs {
        let members = short_names(members, limits::RECEIVED_NAME_BYTES)?;
        ConversationId::from_value(&id)?;
        if let Some(id) = short_id(&id) {
            all.insert(id, members);
        }
    }
    Some(all)
}

/// Whatever a server wrote behind `ERROR`, as words.
fn error_text(value: Value) -> String {
    match single(value) {
        None => String::new(),
        Some(value) => value.into_text().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::frame::FrameDecoder;
    use crate::protocol::limits;

    fn from_client(bytes: &[u8]) -> Result<ClientMessage, ArgumentError> {
        let mut decoder = FrameDecoder::new(CLIENT_VERBS, limits::REQUEST_BYTES);
        decoder.push(bytes);
        ClientMessage::from_frame(decoder.next().unwrap().unwrap())
    }

    fn from_server(bytes: &[u8]) -> Result<ServerMessage, ArgumentError> {
        let mut decoder = FrameDecoder::new(SERVER_VERBS, limits::REPLY_BYTES);
        decoder.push(bytes);
        ServerMessage::from_frame(decoder.next().unwrap().unwrap())
    }

    #[test]
    fn every_client_message_reads_as_it_was_written() {
        let id = ConversationId::Text("room".into());
        for message in [
            ClientMessage::Register { user: UserName::received("bob"), status: Status::received("online") },
            ClientMessage::Status(Status::received("away: tea")),
            ClientMessage::Goodbye,
            ClientMessage::Invite(vec![UserName::received("bob"), UserName::received("Zoë")]),
            ClientMessage::Invite(vec![]),
            ClientMessage::ListConversations,
            ClientMessage::Join(ConversationId::Int(7)),
            ClientMessage::SendMessage { conversation: id.clone(), body: "it's \"x\"\n\u{1f600}".into() },
            ClientMessage::Leave(id),
        ] {
            assert_eq!(from_client(&message.encode()), Ok(message));
        }
        assert_eq!(ClientMessage::Goodbye.encode(), b"GOODBYE N.");
        assert_eq!(ClientMessage::ListConversations.encode(), b"LIST_CONVERSATIONS N.");
    }

    #[test]
    fn every_server_message_reads_as_it_was_written() {
        let bob = UserName::received("bob");
        let id = ConversationId::Int(1 << 40);
        for message in [
            ServerMessage::OnlineUsers(BTreeMap::from([(bob.clone(), Status::received("online"))])),
            ServerMessage::OnlineUsers(BTreeMap::new()),
            ServerMessage::Invitation { conversation: id.clone(), from: bob.clone() },
            ServerMessage::Conversations(BTreeMap::from([(id.clone(), vec![bob.clone()])])),
            ServerMessage::Message { conversation: id, from: bob, body: String::new() },
            ServerMessage::Error("no".into()),
        ] {
            assert_eq!(from_server(&message.encode()), Ok(message));
        }
    }

    #[test]
    fn endless_names_ids_and_statuses_are_not_taken_from_a_server() {
        let long = "x".repeat(limits::RECEIVED_NAME_BYTES + 1);
        let (bob, endless) = (UserName::received("bob"), UserName::received(&long));
        let (one, far) = (ConversationId::Int(1), ConversationId::Text(long.as_str().into()));
        for refused in [
            ServerMessage::Invitation { conversation: far.clone(), from: bob.clone() },
            ServerMessage::Invitation { conversation: one.clone(), from: endless.clone() },
            ServerMessage::Message { conversation: one.clone(), from: endless.clone(), body: String::new() },
        ] {
            assert!(matches!(from_server(&refused.encode()), Err(ArgumentError::Shape { .. })));
        }
        let users = BTreeMap::from([(bob.clone(), Status::received(&long)), (endless.clone(), Status::default())]);
        let cut = Status::received(&long[..limits::STATUS_CHARS]);
        assert_eq!(
            from_server(&ServerMessage::OnlineUsers(users).encode()),
            Ok(ServerMessage::OnlineUsers(BTreeMap::from([(bob.clone(), cut)])))
        );
        let all = BTreeMap::from([(one.clone(), vec![endless, bob.clone()]), (far, vec![bob.clone()])]);
        assert_eq!(
            from_server(&ServerMessage::Conversations(all).encode()),
            Ok(ServerMessage::Conversations(BTreeMap::from([(one, vec![bob])])))
        );
    }

    #[test]
    fn the_longest_text_fits_one_message() {
        let conversation = ConversationId::Text("x".repeat(limits::RECEIVED_NAME_BYTES).into());
        for letter in ["x", "\n", "é", "\u{1f600}"] {
            let body = letter.repeat(limits::TEXT_BYTES / letter.len());
            let message = ClientMessage::SendMessage { conversation: conversation.clone(), body };
            assert!(message.encode().len() <= limits::REQUEST_BYTES, "{letter:?}");
        }
    }

    #[test]
    fn a_single_argument_may_come_bare_or_in_a_tuple() {
        assert_eq!(from_client(b"JOIN I7\n."), Ok(ClientMessage::Join(ConversationId::Int(7))));
        assert_eq!(from_client(b"JOIN (I7\nt."), Ok(ClientMessage::Join(ConversationId::Int(7))));
        assert_eq!(from_client(b"STATUS S'away'\n."), Ok(ClientMessage::Status(Status::received("away"))));
        assert_eq!(from_client(b"INVITE S'bob'\n."), Ok(ClientMessage::Invite(vec![UserName::received("bob")])));
    }

    #[test]
    fn another_shape_is_told_in_words() {
        assert_eq!(from_client(b"REGISTER N.").unwrap_err().to_string(), "REGISTER needs [username, status]");
        assert_eq!(from_client(b"JOIN (l.").unwrap_err().to_string(), "JOIN needs [convID]");
        assert_eq!(from_client(b"FROB N.").unwrap_err().to_string(), "unknown verb FROB");
        assert_eq!(
            from_client(b"STATUS cos\nsystem\n(S'ls'\ntR.").unwrap_err().to_string(),
            "the argument of STATUS is refused: GLOBAL os.system is not plain data"
        );
        assert_eq!(from_server(b"ERROR The name is taken\n"), Ok(ServerMessage::Error("The name is taken".into())));
    }
}
