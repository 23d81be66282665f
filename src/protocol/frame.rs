//! Cuts a stream into frames: a verb and its argument. No IO.

use super::pickle::{PickleError, Value};

/// A verb of the protocol, as its table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verb {
    /// The word on the wire.
    pub name: &'static str,
    /// What follows it.
    pub shape: Shape,
}

/// What follows a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing; it may come bare, or with an empty argument.
    None,
    /// A pickle.
    Pickle,
    /// A pickle, or text as it is (`ERROR` of a careless server).
    PickleOrText,
}

/// One message of the wire, not yet understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// A verb of the table, or a word that is none; `None` for a pickle with no word before it.
    pub verb: Option<Result<Verb, String>>,
    /// What came behind the verb.
    pub argument: Argument,
    /// Size of all of it, in bytes.
    pub size: usize,
}

/// What came behind a verb.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// Nothing.
    None,
    /// Plain data.
    Value(Value),
    /// Text that was not pickled.
    Text(String),
    /// A pickle that ends where it should, but is refused.
    Refused(PickleError),
}

// FrameDecoder, being written: the interface is
//   FrameDecoder::new(verbs: &'static [Verb], limit: usize)   limit: bytes of one message
//   set_limit(&mut self, limit)         e.g. after REGISTER
//   push(&mut self, &[u8])              cheap; keep what is pushed at once <= 64 KiB
//   next(&mut self) -> Result<Option<Frame>, FrameError>      Err is final: the stream cannot be split any more
//   awaits_silence(&self) -> bool       a bare verb may be complete: call silence() after limits::SILENCE without bytes
//   silence(&mut self)                  then next() again
//   end(&mut self)                      end of file; then next() again
//   is_mid_message(&self) -> bool       bytes of an unfinished message are held: enforce a deadline
