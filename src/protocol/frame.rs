//! Cuts a stream into frames: a verb and its argument. No IO.
//!
//! A message has no length and no terminator. What makes the stream splittable all the same: at a boundary a whole
//! known verb is tried before anything else (none is the beginning of another), and a pickle ends at its STOP. Pickle
//! opcodes alone would not do: `JOIN ` is also a valid BININT.
//!
//! A verb without argument may come bare, and then nothing says that it is complete but what follows: another message,
//! a line end, the end of the stream, or silence. The decoder has no clock, so its owner tells it of silence.

mod raw_text;

use thiserror::Error;

use super::ident::displayable;
use super::limits;
use super::pickle::{self, PickleError, ScanError, Scanner, Value};

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

/// Why a stream can no longer be split into messages: the connection that it came over is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// What stands where a message should begin is neither a verb nor a pickle.
    #[error("bytes that are neither a verb nor a pickle: {0}")]
    NoMessage(String),
    /// The argument of a verb has no end that can be found.
    #[error("the argument of {verb} is no pickle: {error}")]
    BadArgument {
        /// The verb before it.
        verb: String,
        /// Where the walk over its opcodes ended.
        error: ScanError,
    },
}

/// Most blanks between a verb and its argument; one is usual.
const BLANKS: usize = 256;
/// A buffer that has grown larger than this is given back when it is empty: a server has thousands of them.
const KEPT_BUFFER: usize = 512;

/// Takes bytes in any chunks and gives the frames that they hold.
#[derive(Debug)]
pub struct FrameDecoder {
    verbs: &'static [Verb],
    limit: usize,
    buffer: Vec<u8>,
    /// Everything in the buffer before this is done with.
    start: usize,
    state: State,
    /// The last frame was a verb that came bare: an empty argument of it may still follow.
    after_bare: bool,
    /// In so many bytes from `start` on, what looks like a word is one: it was tried as a pickle in vain. Without this, each
    /// word could cost a walk over all that follow.
    words: usize,
    flow: Flow,
    awaits_silence: bool,
    failed: Option<FrameError>,
}

/// Whether more bytes may be expected soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Flowing,
    /// There were none for [`limits::SILENCE`].
    Silent,
    Ended,
}

/// Where in a message the stream is.
#[derive(Debug)]
enum State {
    /// Between two messages.
    Boundary,
    /// Behind a verb of so many bytes, whose argument is being looked for or walked over.
    /// Of raw text, so much is searched for its end.
    Argument { verb: Result<Verb, String>, word: usize, scanner: Scanner, searched: usize },
    /// In a pickle that has no verb before it.
    Stray { scanner: Scanner },
}

/// What the decoder does next.
enum Step {
    Emit(Frame),
    Again(State),
    Wait(State),
}

impl FrameDecoder {
    /// For a stream with these verbs and messages of at most `limit` bytes.
    pub fn new(verbs: &'static [Verb], limit: usize) -> Self {
        Self {
            verbs,
            limit,
            buffer: Vec::new(),
            start: 0,
            state: State::Boundary,
            after_bare: false,
            words: 0,
            flow: Flow::Flowing,
            awaits_silence: false,
            failed: None,
        }
    }

    /// Another size for the messages that begin from now on.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Takes bytes. They are held until they make a frame, so push no more than a few dozen KiB between two calls of
    /// [`Self::next`].
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.failed.is_some() {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
        self.flow = Flow::Flowing;
    }

    /// The sender has sent nothing for [`limits::SILENCE`].
    pub fn silence(&mut self) {
        if self.flow == Flow::Flowing {
            self.flow = Flow::Silent;
        }
    }

    /// The stream has ended.
    pub fn end(&mut self) {
        self.flow = Flow::Ended;
    }

    /// Whether [`Self::silence`] would complete a message that is held now.
    pub fn awaits_silence(&self) -> bool {
        self.awaits_silence
    }

    /// Whether bytes of a message that is not complete are held.
    pub fn is_mid_message(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// The next frame, `None` if more bytes are needed. An error is final.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: None is not the end")]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.awaits_silence = false;
        loop {
            let step = match std::mem::replace(&mut self.state, State::Boundary) {
                State::Boundary => self.boundary(),
                State::Argument { verb, word, scanner, searched } => self.argument(verb, word, scanner, searched),
                State::Stray { scanner } => self.stray(scanner),
            };
            match step {
                Ok(Step::Emit(frame)) => return Ok(Some(frame)),
                Ok(Step::Again(state)) => self.state = state,
                Ok(Step::Wait(state)) => {
                    self.state = state;
                    if self.flow == Flow::Silent {
                        self.flow = Flow::Flowing;
                    }
                    return Ok(None);
                }
                Err(error) => {
                    self.buffer = Vec::new();
                    self.start = 0;
                    self.failed = Some(error.clone());
                    return Err(error);
                }
            }
        }
    }

    /// What is in the buffer and not done with.
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Whether what is here will not be made clearer by more bytes soon.
    fn is_quiet(&self) -> bool {
        self.flow != Flow::Flowing
    }

    fn scanner(&self) -> Scanner {
        Scanner::new(self.limit)
    }

    /// Done with so many bytes.
    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.words = self.words.saturating_sub(bytes);
        if self.start >= self.buffer.len() {
            self.start = 0;
            if self.buffer.capacity() > KEPT_BUFFER {
                self.buffer = Vec::new();
            } else {
                self.buffer.clear();
            }
        }
    }

    fn emit(&mut self, verb: Option<Result<Verb, String>>, argument: Argument, size: usize) -> Step {
        self.after_bare = matches!(argument, Argument::None);
        self.consume(size);
        Step::Emit(Frame { verb, argument, size })
    }

    /// The value of a complete pickle, as an argument.
    fn decode(&self, pickle: &[u8]) -> Argument {
        match pickle::decode(pickle, self.limit / limits::BYTES_PER_NODE) {
            Ok(value) => Argument::Value(value),
            Err(error) => Argument::Refused(error),
        }
    }

    fn boundary(&mut self) -> Result<Step, FrameError> {
        let blanks = self.rest().iter().take_while(|b| is_blank(**b)).count();
        self.consume(blanks);
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(Step::Wait(State::Boundary));
        }
        if let Some(verb) = known_verb(self.verbs, rest) {
            return Ok(Step::Again(self.behind(Ok(verb), verb.name.len())));
        }
        if is_beginning_of_verb(self.verbs, rest) && self.flow != Flow::Ended {
            return Ok(Step::Wait(State::Boundary));
        }
        if begins_with_word(rest) {
            return self.unknown_verb();
        }
        if rest.len() == 1 && rest.iter().all(|b| is_word(*b)) && self.flow != Flow::Ended {
            return Ok(Step::Wait(State::Boundary));
        }
        Ok(Step::Again(State::Stray { scanner: self.scanner() }))
    }

    /// A word that is no verb of ours: reported, and skipped with the argument behind it.
    fn unknown_verb(&mut self) -> Result<Step, FrameError> {
        let rest = self.rest();
        let word: Vec<u8> = rest.iter().copied().take_while(|b| is_word(*b)).collect();
        if word.len() > limits::VERB_BYTES {
            return Err(FrameError::NoMessage(excerpt(rest)));
        }
        let touches_end = word.len() == rest.len();
        if touches_end && !self.is_quiet() {
            self.awaits_silence = true;
            return Ok(Step::Wait(State::Boundary));
        }
        let name = String::from_utf8_lossy(&word).into_owned();
        Ok(Step::Again(self.behind(Err(name), word.len())))
    }

    /// Behind a verb of so many bytes.
    fn behind(&self, verb: Result<Verb, String>, word: usize) -> State {
        State::Argument { verb, word, scanner: self.scanner(), searched: 0 }
    }

    fn argument(
        &mut self,
        verb: Result<Verb, String>,
        word: usize,
        mut scanner: Scanner,
        searched: usize,
    ) -> Result<Step, FrameError> {
        let shape = verb.as_ref().map_or(Shape::None, |verb| verb.shape);
        let rest = self.rest();
        let behind = rest.get(word..).unwrap_or_default();
        let blanks = behind.iter().take_while(|b| is_blank(**b)).count();
        let line_end = behind.iter().take(blanks).position(|b| *b == b'\n').map(|at| word + at + 1);
        let (begin, argument) = (word + blanks, behind.get(blanks..).unwrap_or_default());
        if blanks > BLANKS {
            return Err(FrameError::BadArgument { verb: name_of(&verb), error: ScanError::TooLong(BLANKS) });
        }
        if blanks == 0 && shape != Shape::None && argument.first().is_some_and(|b| is_word(*b)) {
            // JOINT is not JOIN; but GOODBYEJOIN is a bare GOODBYE and a JOIN.
            return self.unknown_verb();
        }
        match shape {
            Shape::None if line_end.is_some() || self.ends_bare(argument, begin) => {
                Ok(self.emit(Some(verb), Argument::None, line_end.unwrap_or(begin)))
            }
            Shape::None if argument.is_empty() || may_be_verb(self.verbs, argument) => {
                self.awaits_silence = true;
                Ok(Step::Wait(State::Argument { verb, word, scanner, searched }))
            }
            Shape::PickleOrText if self.is_raw(argument) => {
                let Some(end) = raw_text::end(self.verbs, argument, searched, self.is_quiet()) else {
                    let searched = argument.len();
                    self.awaits_silence = true;
                    return Ok(Step::Wait(State::Argument { verb, word, scanner, searched }));
                };
                let text = String::from_utf8_lossy(argument.get(..end).unwrap_or_default()).trim().to_owned();
                Ok(self.emit(Some(verb), Argument::Text(text), begin + end))
            }
            _ => match scanner.scan(argument) {
                Ok(Some(end)) => {
                    let argument = self.decode(argument.get(..end).unwrap_or_default());
                    Ok(self.emit(Some(verb), argument, begin + end))
                }
                Ok(None) => {
                    self.awaits_silence = match shape {
                        Shape::None => begins_with_word(argument) && raw_text::is_pickled_scalar(argument).is_none(),
                        Shape::Pickle => false,
                        Shape::PickleOrText => !argument.is_empty() && raw_text::is_pickled(argument).is_none(),
                    };
                    Ok(Step::Wait(State::Argument { verb, word, scanner, searched }))
                }
                // What follows a bare verb is no argument of it; the next round says what it is.
                Err(error) if shape == Shape::None => {
                    self.words = begin
                        + match error {
                            ScanError::NoOpcode { offset, .. } => offset,
                            ScanError::TooLong(limit) => limit,
                        };
                    Ok(self.emit(Some(verb), Argument::None, begin))
                }
                Err(error) => Err(FrameError::BadArgument { verb: name_of(&verb), error }),
            },
        }
    }

    /// Whether a verb without argument is complete, with this behind it and its blanks, which are so many bytes.
    fn ends_bare(&self, behind: &[u8], begin: usize) -> bool {
        if behind.is_empty() {
            return self.is_quiet();
        }
        known_verb(self.verbs, behind).is_some()
            || (may_be_verb(self.verbs, behind) && self.is_quiet())
            || (begins_with_word(behind)
                && !is_beginning_of_verb(self.verbs, behind)
                && !self.may_be_pickled(behind, begin))
    }

    /// Whether what could be a word may as well be a pickle: `FROB Vhello\np0\n.` is one message.
    fn may_be_pickled(&self, behind: &[u8], begin: usize) -> bool {
        begin >= self.words && raw_text::is_pickled_scalar(behind).unwrap_or(!self.is_quiet())
    }

    /// Whether what follows `ERROR` is text as it is, not a pickle.
    fn is_raw(&self, argument: &[u8]) -> bool {
        match raw_text::is_pickled(argument) {
            Some(pickled) => !pickled,
            None if argument.is_empty() => self.flow == Flow::Ended,
            None => self.is_quiet(),
        }
    }

    fn stray(&mut self, mut scanner: Scanner) -> Result<Step, FrameError> {
        let rest = self.rest();
        match scanner.scan(rest) {
            Ok(Some(end)) => {
                let argument = self.decode(rest.get(..end).unwrap_or_default());
                if self.after_bare && matches!(&argument, Argument::Value(value) if value.is_empty()) {
                    self.after_bare = false;
                    self.consume(end);
                    return Ok(Step::Again(State::Boundary));
                }
                Ok(self.emit(None, argument, end))
            }
            Ok(None) => Ok(Step::Wait(State::Stray { scanner })),
            Err(ScanError::TooLong(limit)) => {
                Err(FrameError::BadArgument { verb: "no verb".to_owned(), error: ScanError::TooLong(limit) })
            }
            Err(ScanError::NoOpcode { .. }) => Err(FrameError::NoMessage(excerpt(rest))),
        }
    }
}

fn name_of(verb: &Result<Verb, String>) -> String {
    match verb {
        Ok(verb) => verb.name.to_owned(),
        Err(name) => name.clone(),
    }
}

/// The verb at the beginning of these bytes. No verb is the beginning of another, so there is one at most.
fn known_verb(verbs: &[Verb], bytes: &[u8]) -> Option<Verb> {
    verbs.iter().find(|verb| bytes.starts_with(verb.name.as_bytes())).copied()
}

/// Whether these bytes are all that has come yet of what may become a verb.
fn is_beginning_of_verb(verbs: &[Verb], bytes: &[u8]) -> bool {
    !bytes.is_empty() && verbs.iter().any(|verb| verb.name.as_bytes().starts_with(bytes))
}

/// Whether more bytes may make a verb of these: they begin a known one, or are the one letter that may begin any word.
fn may_be_verb(verbs: &[Verb], bytes: &[u8]) -> bool {
    is_beginning_of_verb(verbs, bytes) || matches!(bytes, [b] if is_word(*b))
}

/// A word has two letters at least: one alone is more likely an opcode (`N.`, `I7`).
fn begins_with_word(bytes: &[u8]) -> bool {
    let is_letter = |b: &u8| b.is_ascii_alphabetic() || *b == b'_';
    matches!(bytes, [first, second, ..] if is_letter(first) && is_letter(second))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The first bytes of something, for a person to recognise it by.
fn excerpt(bytes: &[u8]) -> String {
    let start = bytes.get(..24).unwrap_or(bytes);
    displayable(&String::from_utf8_lossy(start)).into_owned()
}

#[cfg(test)]
mod tests;
