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

mod reader;
mod reply;

use super::argument::{self, ArgumentError, sequence, short_id, short_name, short_names};
use super::frame::{Frame, Shape, Verb};
use super::ident::{ConversationId, UserName};
use super::limits;
use super::pickle::Value;

pub use reader::{NameMatch, RequestError, RequestReader};
pub use reply::{FileList, ReplyError, acceptance, can_be_asked_for, encode_acceptance, encode_file_list, file_list};

/// The verbs whose argument, if there is one, is a pickle. [`RequestReader`] knows the other one, `GET_FILE`.
const PICKLED_VERBS: &[Verb] = &[
    Verb { name: "GET_USER_INFO", shape: Shape::None },
    Verb { name: "LIST_FILES", shape: Shape::None },
    Verb { name: "OFFER_FILE", shape: Shape::Pickle },
    Verb { name: "INVITE", shape: Shape::Pickle },
    Verb { name: "CHAT_STATUS", shape: Shape::Pickle },
    Verb { name: "MESSAGE", shape: Shape::Pickle },
    Verb { name: "GOODBYE", shape: Shape::Pickle },
    Verb { name: "CLOSE_CHAT", shape: Shape::Pickle },
];
/// The verb whose argument is text as it is.
const GET_FILE: &str = "GET_FILE";

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

/// How a request without argument is written. Other people's peers compare all that has come with the verb, or cut it
/// at the first space, so no form suits everybody. Asking twice does no harm with these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `LIST_FILES N.`, as all other requests are written.
    #[default]
    Pickled,
    /// `LIST_FILES`
    Bare,
    /// `LIST_FILES` and one space.
    Spaced,
}

impl Form {
    /// All of them, this one first.
    pub fn first(self) -> [Self; 3] {
        match self {
            Self::Pickled => [Self::Pickled, Self::Bare, Self::Spaced],
            Self::Bare => [Self::Bare, Self::Pickled, Self::Spaced],
            Self::Spaced => [Self::Spaced, Self::Pickled, Self::Bare],
        }
    }
}

impl UserInfo {
    /// The value of a field, whose name some write with a capital letter.
    pub fn field(&self, wanted: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    }
}

impl PeerRequest {
    /// Whether there is no argument, so that it can be written in any [`Form`].
    pub fn has_forms(&self) -> bool {
        matches!(self, Self::GetUserInfo | Self::ListFiles)
    }

    /// Who it says that it is from. What only asks about the one who is asked names nobody.
    pub fn sender(&self) -> Option<&UserName> {
        match self {
            Self::GetUserInfo | Self::ListFiles | Self::GetFile(_) => None,
            Self::OfferFile { from, .. }
            | Self::Invite { from, .. }
            | Self::ChatStatus { from, .. }
            | Self::Message { from, .. }
            | Self::Goodbye { from, .. }
            | Self::CloseChat { from, .. } => Some(from),
        }
    }

    /// The request as it goes over the wire.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_as(Form::Pickled)
    }

    /// The request in another form, if it has any.
    pub fn encode_as(&self, form: Form) -> Vec<u8> {
        let text = |text: &str| Value::Text(text.to_owned());
        let (verb, value) = match self {
            Self::GetUserInfo => return encode_bare("GET_USER_INFO", form),
            Self::ListFiles => return encode_bare("LIST_FILES", form),
            // No line end: a peer that takes everything behind the space would make it a part of the name.
            Self::GetFile(name) => return [GET_FILE.as_bytes(), b" ", name.as_bytes()].concat(),
            Self::OfferFile { from, file } => ("OFFER_FILE", vec![text(from.as_str()), text(file)]),
            Self::Invite { chat, from } => ("INVITE", vec![chat.to_value(), text(from.as_str())]),
            Self::ChatStatus { chat, from, members } => {
                let members = members.iter().map(|name| text(name.as_str())).collect();
                ("CHAT_STATUS", vec![chat.to_value(), text(from.as_str()), Value::List(members)])
            }
            Self::Message { chat, from, body } => ("MESSAGE", vec![chat.to_value(), text(from.as_str()), text(body)]),
            Self::Goodbye { chat, from } => ("GOODBYE", vec![chat.to_value(), text(from.as_str())]),
            Self::CloseChat { chat, from } => ("CLOSE_CHAT", vec![chat.to_value(), text(from.as_str())]),
        };
        argument::encode(verb, Value::Tuple(value))
    }

    /// The request in a frame; never a `GET_FILE`, which is no frame.
    fn from_frame(frame: Frame) -> Result<Self, ArgumentError> {
        let (verb, value) = argument::open(frame)?;
        Ok(match verb {
            "GET_USER_INFO" => Self::GetUserInfo,
            "LIST_FILES" => Self::ListFiles,
            "OFFER_FILE" => {
                let [from, file] = parts(verb, value, "(mdns_name, filename)")?;
                Self::OfferFile {
                    from: peer_name(from).ok_or(wrong(verb, "(mdns_name, filename)"))?,
                    file: file.into_text().ok_or(wrong(verb, "(mdns_name, filename)"))?,
                }
            }
            "INVITE" => {
                let (chat, from) = chat_and_name(verb, value, "(id, mdns_name)")?;
                Self::Invite { chat, from }
            }
            "GOODBYE" => {
                let (chat, from) = chat_and_name(verb, value, "(id, sender_mdns)")?;
                Self::Goodbye { chat, from }
            }
            "CLOSE_CHAT" => {
                let (chat, from) = chat_and_name(verb, value, "(id, initiator_mdns)")?;
                Self::CloseChat { chat, from }
            }
            "CHAT_STATUS" => {
                let wrong = || wrong(verb, "(id, mdns_name, [members])");
                let [chat, from, members] = parts(verb, value, "(id, mdns_name, [members])")?;
                Self::ChatStatus {
                    chat: short_id(&chat).ok_or_else(wrong)?,
                    from: peer_name(from).ok_or_else(wrong)?,
                    members: short_names(members, limits::PEER_NAME_BYTES).ok_or_else(wrong)?,
                }
            }
            "MESSAGE" => {
                let wrong = || wrong(verb, "(id, sender, text)");
                let [chat, from, body] = parts(verb, value, "(id, sender, text)")?;
                Self::Message {
                    chat: short_id(&chat).ok_or_else(wrong)?,
                    from: peer_name(from).ok_or_else(wrong)?,
                    body: body.into_text().ok_or_else(wrong)?,
                }
            }
            _ => return Err(ArgumentError::UnknownVerb(verb.to_owned())),
        })
    }
}

fn encode_bare(verb: &str, form: Form) -> Vec<u8> {
    match form {
        Form::Pickled => argument::encode_empty(verb),
        Form::Bare => verb.as_bytes().to_vec(),
        Form::Spaced => [verb.as_bytes(), b" "].concat(),
    }
}

fn wrong(verb: &'static str, wanted: &'static str) -> ArgumentError {
    ArgumentError::Shape { verb, wanted }
}

/// The first parts of a list or tuple.
fn parts<const N: usize>(verb: &'static str, value: Value, wanted: &'static str) -> Result<[Value; N], ArgumentError> {
    let mut parts = sequence(value, N).ok_or(wrong(verb, wanted))?;
    parts.truncate(N);
    parts.try_into().map_err(|_| wrong(verb, wanted))
}

/// A name of sensible length.
fn peer_name(value: Value) -> Option<UserName> {
    short_name(value, limits::PEER_NAME_BYTES)
}

fn chat_and_name(
    verb: &'static str,
    value: Value,
    wanted: &'static str,
) -> Result<(ConversationId, UserName), ArgumentError> {
    let [chat, from] = parts(verb, value, wanted)?;
    let chat = short_id(&chat).ok_or(wrong(verb, wanted))?;
    Ok((chat, peer_name(from).ok_or(wrong(verb, wanted))?))
}

/// The instance in a name that may be a full one: `bob` in `bob`, `bob._klatch._tcp.local.` and `bob._klatch._tcp`, if
/// the service type is `_klatch._tcp.local.`. An instance may have dots in it.
pub fn instance_name<'a>(name: &'a str, service_type: &str) -> &'a str {
    let service_type = service_type.trim_end_matches('.');
    let with_domain = name.strip_suffix('.').unwrap_or(name);
    let without_domain = service_type.strip_suffix(".local").unwrap_or(service_type);
    [service_type, without_domain]
        .into_iter()
        .find_map(|suffix| {
            let at = with_domain.len().checked_sub(suffix.len() + 1)?;
            let (instance, end) = with_domain.split_at_checked(at)?;
            let is_suffix = end.strip_prefix('.')?.eq_ignore_ascii_case(suffix);
            (is_suffix && !suffix.is_empty() && !instance.is_empty()).then_some(instance)
        })
        .unwrap_or(name)
}

#[cfg(test)]
mod tests;
