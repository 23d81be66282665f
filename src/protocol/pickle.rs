//! Pickles as data: read by a small bounded decoder of our own, written by `serde-pickle`.
//!
//! Why our own decoder: measured on `serde-pickle` 1.2.0, it cannot say where a pickle ends, 1,600 nested lists (3 KB)
//! overflow a 2 MiB stack and abort the process, an 84-byte bomb of DUP takes over 3 GB, and Jython's protocol-0 text
//! for `it's "x"` fails. Ours walks the opcodes twice: [`Scanner`] finds the end without building anything, [`decode`]
//! builds the value, iteratively and inside the limits. Nothing is executed, imported or instantiated.

mod decode;
mod escape;
pub mod opcode;
mod scan;

use num_bigint::BigInt;
use serde_pickle::{HashableValue, SerOptions, Value as Written};
use thiserror::Error;

pub use decode::decode;
pub(super) use escape::utf8_or_latin1;
pub use scan::{ScanError, Scanner};

/// Plain Python data.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True` and `False`
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// A whole number that does not.
    BigInt(BigInt),
    /// A floating point number.
    Float(f64),
    /// A byte string of Python 3, or a byte array.
    Bytes(Vec<u8>),
    /// Text, and a byte string of Python 2.
    Text(String),
    /// `[...]`
    List(Vec<Value>),
    /// `(...)`
    Tuple(Vec<Value>),
    /// `{...}`, in the order of the pickle; of pairs with the same key the last one counts.
    Dict(Vec<(Value, Value)>),
    /// A set or a frozen set, in the order of the pickle.
    Set(Vec<Value>),
}

impl Value {
    /// The parts of a list or tuple.
    pub fn into_sequence(self) -> Option<Vec<Self>> {
        match self {
            Self::List(list) | Self::Tuple(list) => Some(list),
            _ => None,
        }
    }

    /// Text; a byte string is read as UTF-8, else as Latin-1; a number is written out, since a careless sender may
    /// have a number where the protocol wants text.
    pub fn into_text(self) -> Option<String> {
        Some(match self {
            Self::Text(text) => text,
            Self::Bytes(bytes) => utf8_or_latin1(bytes),
            Self::Int(i) => i.to_string(),
            Self::BigInt(i) => i.to_string(),
            Self::Float(f) => f.to_string(),
            _ => return None,
        })
    }

    /// `None`, `()`, `[]`, `{}` or an empty string: what stands for "no argument".
    pub fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Text(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::List(list) | Self::Tuple(list) | Self::Set(list) => list.is_empty(),
            Self::Dict(pairs) => pairs.is_empty(),
            Self::Bool(_) | Self::Int(_) | Self::BigInt(_) | Self::Float(_) => false,
        }
    }
}

/// Why a pickle, whose end was found, is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PickleError {
    /// It would import, call or build something.
    #[error("{0} is not plain data")]
    NotPlainData(String),
    /// It holds more values than a message of its kind may, counting a shared one each time that it is used.
    #[error("too many values")]
    TooManyValues,
    /// Containers are nested deeper than [`super::limits::DEPTH`], or inside themselves.
    #[error("nested deeper than {} levels, or inside itself", super::limits::DEPTH)]
    TooDeep,
    /// An integer has more than [`super::limits::INTEGER_BYTES`] bytes.
    #[error("an integer of too many digits")]
    IntegerTooLong,
    /// An opcode does not find on the stack or in the memo what it needs, or its argument cannot be read.
    #[error("{opcode} at byte {offset} makes no sense")]
    Malformed {
        /// Name of the opcode in Python's `pickletools`.
        opcode: &'static str,
        /// Where it is, from the beginning of the pickle.
        offset: usize,
    },
    /// STOP does not find exactly one value.
    #[error("{0} values are left at its end instead of one")]
    NotOneValue(usize),
}

/// Appends a value, pickled with protocol 2, which Jython 2.7 and every CPython since 2.3 reads.
pub fn write(value: Value, out: &mut Vec<u8>) {
    let written = serde_pickle::value_to_writer(out, &to_written(value), SerOptions::new().proto_v2());
    // The only failure there is comes from the writer, and writing to memory does not fail.
    debug_assert!(written.is_ok(), "{written:?}");
}

fn to_written(value: Value) -> Written {
    match value {
        Value::None => Written::None,
        Value::Bool(b) => Written::Bool(b),
        Value::Int(i) => Written::I64(i),
        Value::BigInt(i) => Written::Int(i),
        Value::Float(f) => Written::F64(f),
        Value::Bytes(bytes) => Written::Bytes(bytes),
        Value::Text(text) => Written::String(text),
        Value::List(list) => Written::List(list.into_iter().map(to_written).collect()),
        Value::Tuple(list) => Written::Tuple(list.into_iter().map(to_written).collect()),
        Value::Set(list) => Written::Set(list.into_iter().filter_map(to_key).collect()),
        Value::Dict(pairs) => Written::Dict(
            pairs.into_iter().filter_map(|(key, value)| Some((to_key(key)?, to_written(value)))).collect(),
        ),
    }
}

/// What can be a key in Python; lists and dictionaries cannot, and a set can if it is frozen.
fn to_key(value: Value) -> Option<HashableValue> {
    Some(match value {
        Value::None => HashableValue::None,
        Value::Bool(b) => HashableValue::Bool(b),
        Value::Int(i) => HashableValue::I64(i),
        Value::BigInt(i) => HashableValue::Int(i),
        Value::Float(f) => HashableValue::F64(f),
        Value::Bytes(bytes) => HashableValue::Bytes(bytes),
        Value::Text(text) => HashableValue::String(text),
        Value::Tuple(list) => HashableValue::Tuple(list.into_iter().map(to_key).collect::<Option<_>>()?),
        Value::Set(list) => HashableValue::FrozenSet(list.into_iter().filter_map(to_key).collect()),
        Value::List(_) | Value::Dict(_) => return None,
    })
}
