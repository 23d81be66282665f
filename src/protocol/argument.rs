//! The argument of a message: how it is written, and what is read from it liberally.

use thiserror::Error;

use super::frame::{Argument, Frame};
use super::ident::{ConversationId, UserName};
use super::limits;
use super::pickle::{self, PickleError, Value};

/// Why a frame is no message. The text is meant for whoever wrote the frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArgumentError {
    /// There is no such verb in this direction.
    #[error("unknown verb {0}")]
    UnknownVerb(String),
    /// A pickle with no verb before it.
    #[error("an argument without a verb before it")]
    NoVerb,
    /// The argument cannot be read.
    #[error("the argument of {verb} is refused: {error}")]
    Pickle {
        /// The verb before it.
        verb: String,
        /// What is wrong with it.
        error: PickleError,
    },
    /// The argument is read, but has another shape.
    #[error("{verb} needs {wanted}")]
    Shape {
        /// The verb.
        verb: &'static str,
        /// The shape of its argument, as in the table.
        wanted: &'static str,
    },
}

/// One message: verb, one space, one pickle.
pub(super) fn encode(verb: &str, argument: Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(verb.len() + 64);
    bytes.extend_from_slice(verb.as_bytes());
    bytes.push(b' ');
    pickle::write(argument, &mut bytes);
    bytes
}

/// A message without argument: never the bare verb, since a dispatcher that cuts at the first space would lose its last
/// letter; and in protocol 0, which is plain ASCII, since some decode all that has come as text.
pub(super) fn encode_empty(verb: &str) -> Vec<u8> {
    [verb.as_bytes(), b" N."].concat()
}

/// The verb and the argument, which is `None` where there is none.
pub(super) fn open(frame: Frame) -> Result<(&'static str, Value), ArgumentError> {
    let verb = match frame.verb {
        Some(Ok(verb)) => verb.name,
        Some(Err(unknown)) => return Err(ArgumentError::UnknownVerb(unknown)),
        None => return Err(ArgumentError::NoVerb),
    };
    match frame.argument {
        Argument::None => Ok((verb, Value::None)),
        Argument::Value(value) => Ok((verb, value)),
        Argument::Text(text) => Ok((verb, Value::Text(text))),
        Argument::Refused(error) => Err(ArgumentError::Pickle { verb: verb.to_owned(), error }),
    }
}

/// A list or tuple of at least so many parts; what a sender adds behind them is left unread.
pub(super) fn sequence(value: Value, parts: usize) -> Option<Vec<Value>> {
    value.into_sequence().filter(|list| list.len() >= parts)
}

/// The one argument, in a list or bare.
pub(super) fn single(value: Value) -> Option<Value> {
    match value {
        Value::List(list) | Value::Tuple(list) => list.into_iter().next(),
        Value::None => None,
        bare => Some(bare),
    }
}

pub(super) fn single_id(value: Value) -> Option<ConversationId> {
    single(value).as_ref().and_then(ConversationId::from_value)
}

/// An id of sensible length.
pub(super) fn short_id(value: &Value) -> Option<ConversationId> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    if length <= limits::RECEIVED_NAME_BYTES { ConversationId::from_value(value) } else { None }
}

pub(super) fn name(value: Value) -> Option<UserName> {
    value.into_text().map(|text| UserName::received(&text))
}

/// A name of at most so many bytes.
pub(super) fn short_name(value: Value, limit: usize) -> Option<UserName> {
    name(value).filter(|name| name.as_str().len() <= limit)
}

/// Names of at most so many bytes. Longer ones are left out: one of them must not hide all the others.
pub(super) fn short_names(value: Value, limit: usize) -> Option<Vec<UserName>> {
    let mut names = names(value)?;
    names.retain(|name| name.as_str().len() <= limit);
    Some(names)
}

pub(super) fn names(value: Value) -> Option<Vec<UserName>> {
    match value {
        Value::List(list) | Value::Tuple(list) | Value::Set(list) => list.into_iter().map(name).collect(),
        bare => name(bare).map(|one| vec![one]),
    }
}
