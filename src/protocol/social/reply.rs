//! What is replied to a request.

use thiserror::Error;

use super::UserInfo;
use crate::protocol::ident::ConversationId;
use crate::protocol::limits;
use crate::protocol::pickle::{self, PickleError, ScanError, Scanner, Value};

/// Most fields that are taken of what a user tells.
const FIELDS: usize = 200;
/// Most values in the reply to `INVITE`: one word, which may be in a list.
const WORD_NODES: usize = 16;
/// Under which keys people put their picture.
const PICTURE_KEYS: [&str; 5] = ["picture", "photo", "avatar", "icon", "image"];
/// What image files begin with: PNG, JPEG, GIF, WebP, BMP, TIFF.
const IMAGE_BEGINNINGS: [&[u8]; 7] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*"];

/// Why a reply is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// There is nothing in it.
    #[error("the reply is empty")]
    Empty,
    /// It does not end where a pickle should.
    #[error("the reply ended early")]
    Incomplete,
    /// It is no pickle.
    #[error("the reply is no pickle: {0}")]
    NoPickle(ScanError),
    /// It is a pickle that is refused.
    #[error("the reply is refused: {0}")]
    Refused(PickleError),
    /// It is something else than it should be.
    #[error("the reply is no {0}")]
    Shape(&'static str),
}

/// The value in a reply, which may hold so many: see [`pickle::decode`]. What follows it is left unread.
fn value(reply: &[u8], nodes: usize) -> Result<Value, ReplyError> {
    let reply = reply.trim_ascii_start();
    if reply.is_empty() {
        return Err(ReplyError::Empty);
    }
    let end = Scanner::new(limits::REPLY_BYTES).scan(reply).map_err(ReplyError::NoPickle)?;
    let pickled = end.and_then(|end| reply.get(..end)).ok_or(ReplyError::Incomplete)?;
    pickle::decode(pickled, nodes).map_err(ReplyError::Refused)
}

/// What is in a reply to `LIST_FILES`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileList {
    /// The names, as they came.
    pub names: Vec<String>,
    /// How much is left out because no `GET_FILE` can ask for it: it is no text, is empty, has a line end in it, or is
    /// longer than [`limits::FILE_NAME_BYTES`].
    pub unfit: usize,
}

/// Reads a reply to `LIST_FILES`.
pub fn file_list(reply: &[u8]) -> Result<FileList, ReplyError> {
    let entries = match value(reply, limits::FILE_LIST_NODES)? {
        Value::List(list) | Value::Tuple(list) | Value::Set(list) => list,
        // A dictionary of names and sizes, or the like.
        Value::Dict(pairs) => pairs.into_iter().map(|(name, _)| name).collect(),
        Value::None => Vec::new(),
        _ => return Err(ReplyError::Shape("list")),
    };
    let all = entries.len();
    let names: Vec<_> =
        entries.into_iter().filter_map(Value::into_text).filter(|name| can_be_asked_for(name)).collect();
    Ok(FileList { unfit: all - names.len(), names })
}

/// Whether a file of this name can be got with `GET_FILE`.
pub fn can_be_asked_for(name: &str) -> bool {
    !name.is_empty() && name.len() <= limits::FILE_NAME_BYTES && !name.contains(['\n', '\r', '\0'])
}

/// A reply to `LIST_FILES`.
pub fn encode_file_list(names: impl IntoIterator<Item = String>) -> Vec<u8> {
    let mut reply = Vec::new();
    pickle::write(Value::List(names.into_iter().map(Value::Text).collect()), &mut reply);
    reply
}

/// Whether a reply to `INVITE` accepts: bare, with blanks, or pickled. `None` if it says neither, or has not come
/// wholly yet.
pub fn acceptance(reply: &[u8]) -> Option<bool> {
    let word = |word: &str| match word.trim() {
        word if word.eq_ignore_ascii_case("ACK") => Some(true),
        word if word.eq_ignore_ascii_case("NACK") => Some(false),
        _ => None,
    };
    str::from_utf8(reply).ok().and_then(word).or_else(|| match value(reply, WORD_NODES).ok()? {
        Value::List(list) | Value::Tuple(list) => word(&list.into_iter().next()?.into_text()?),
        bare => word(&bare.into_text()?),
    })
}

/// A reply to `INVITE`: bare, because the slides call it a string.
pub fn encode_acceptance(accepts: bool) -> Vec<u8> {
    if accepts { b"ACK".to_vec() } else { b"NACK".to_vec() }
}

impl UserInfo {
    /// The user in a reply to `GET_USER_INFO`: name, status and host first, then the rest in the order in which it came.
    pub fn from_reply(reply: &[u8]) -> Result<Self, ReplyError> {
        let Value::Dict(pairs) = value(reply, limits::USER_INFO_NODES)? else {
            return Err(ReplyError::Shape("dictionary"));
        };
        let mut info = Self::default();
        for (key, value) in pairs {
            let key = shown(&key);
            match picture(&key, value) {
                Ok(bytes) => info.picture = Some(bytes),
                Err(value) => info.set(key, shown(&value)),
            }
        }
        let rank = |key: &str| ["name", "status", "host"].iter().position(|first| *first == key).unwrap_or(3);
        info.fields.sort_by_key(|(key, _)| rank(key));
        Ok(info)
    }

    /// The reply to `GET_USER_INFO`.
    pub fn to_reply(&self) -> Vec<u8> {
        let text = |text: &String| Value::Text(text.clone());
        let mut pairs: Vec<_> = self.fields.iter().map(|(key, value)| (text(key), text(value))).collect();
        if let Some(picture) = &self.picture {
            pairs.push((Value::Text("picture".to_owned()), Value::Bytes(picture.clone())));
        }
        let mut reply = Vec::new();
        pickle::write(Value::Dict(pairs), &mut reply);
        reply
    }

    fn set(&mut self, key: String, value: String) {
        if let Some((_, known)) = self.fields.iter_mut().find(|(known, _)| *known == key) {
            *known = value;
        } else if self.fields.len() < FIELDS {
            self.fields.push((key, value));
        }
    }
}

/// The bytes of a picture; gives back what is none.
fn picture(key: &str, value: Value) -> Result<Vec<u8>, Value> {
    if !PICTURE_KEYS.iter().any(|known| known.eq_ignore_ascii_case(key)) {
        return Err(value);
    }
    let bytes = match &value {
        Value::Bytes(bytes) => bytes.clone(),
        Value::Text(text) => bytes_of_text(text),
        _ => return Err(value),
    };
    if IMAGE_BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning)) { Ok(bytes) } else { Err(value) }
}

/// The byte string of Python 2 that was read as this text: it was Latin-1 if it can be, and is no UTF-8.
fn bytes_of_text(text: &str) -> Vec<u8> {
    let latin1: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    latin1.filter(|bytes| str::from_utf8(bytes).is_err()).unwrap_or_else(|| text.as_bytes().to_vec())
}

/// Any value, for a person to read. Values are at most [`limits::DEPTH`] deep.
fn shown(value: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(shown).collect::<Vec<_>>().join(", ");
    match value {
        Value::None => String::new(),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => all(items),
        Value::Dict(pairs) => {
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{}: {}", shown(key), shown(value))).collect();
            pairs.join(", ")
        }
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Text(text) => text.clone(),
        scalar => ConversationId::from_value(scalar).map(|scalar| scalar.to_string()).unwrap_or_default(),
    }
}
