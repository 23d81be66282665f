//! Finds the end of one request in its bytes. No IO, no clock.
//!
//! A requester does not close its writing side, so the end of the stream does not mark the end of the request: the end
//! of the pickle does, the line end of a file name, or silence, of which the owner tells, because there is no clock here.

use thiserror::Error;

use super::{GET_FILE, PICKLED_VERBS, PeerRequest};
use crate::protocol::argument::ArgumentError;
use crate::protocol::frame::{FrameDecoder, FrameError};
use crate::protocol::limits;
use crate::protocol::pickle::{self, Scanner};

/// Longest argument of `GET_FILE`, in bytes: a name, and what a pickle puts around it.
const NAME_ARGUMENT: usize = 2 * limits::FILE_NAME_BYTES;

/// What is known of a text that may be the name of a file that can be got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameMatch {
    /// Nothing: there may be such a file or not.
    Unknown,
    /// It is a name, and the beginning of another one.
    Continued,
    /// It is a name, and none is longer.
    Exact,
}

/// Why bytes are no request. The connection is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// They are no message.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// They are a message, but no request of the protocol.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The name of a file is longer than any can be.
    #[error("the name of the file is too long")]
    NameTooLong,
    /// The connection has ended in the middle of a request.
    #[error("the connection ended in the middle of a request")]
    Incomplete,
}

/// Takes the bytes of one connection, in any chunks, and gives the request in them.
#[derive(Debug)]
pub struct RequestReader {
    stage: Stage,
    flow: Flow,
    awaits_silence: bool,
}

/// What is known of the request so far.
#[derive(Debug)]
enum Stage {
    /// Whether it is a `GET_FILE` is not known yet; what has come.
    Verb(Vec<u8>),
    /// It is a `GET_FILE`; what has come behind the verb and one space.
    Name { argument: Vec<u8>, scanner: Scanner },
    /// It is something else.
    Frame(Box<FrameDecoder>),
}

/// Whether more bytes may be expected soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Flowing,
    Silent,
    Ended,
}

impl Default for RequestReader {
    fn default() -> Self {
        Self { stage: Stage::Verb(Vec::new()), flow: Flow::Flowing, awaits_silence: false }
    }
}

impl RequestReader {
    /// Takes bytes. They are held until they make a request: call [`Self::next`] after each chunk.
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.flow = Flow::Flowing;
        match &mut self.stage {
            Stage::Verb(held) | Stage::Name { argument: held, .. } => held.extend_from_slice(bytes),
            Stage::Frame(decoder) => decoder.push(bytes),
        }
    }

    /// The sender has sent nothing for [`limits::SILENCE`].
    pub fn silence(&mut self) {
        if self.flow == Flow::Flowing {
            self.flow = Flow::Silent;
        }
        if let Stage::Frame(decoder) = &mut self.stage {
            decoder.silence();
        }
    }

    /// The sender will send nothing more.
    pub fn end(&mut self) {
        self.flow = Flow::Ended;
        if let Stage::Frame(decoder) = &mut self.stage {
            decoder.end();
        }
    }

    /// Whether [`Self::silence`] would complete the request.
    pub fn awaits_silence(&self) -> bool {
        match &self.stage {
            Stage::Frame(decoder) => decoder.awaits_silence(),
            Stage::Verb(_) | Stage::Name { .. } => self.awaits_silence,
        }
    }

    /// The request, `None` if it is not complete; at the end of the stream that means that nothing has come at all.
    /// `lookup` says what is known of the name of a file: one that is known is complete without a line end or silence,
    /// and is taken as it is even if it looks like a pickle.
    pub fn next(&mut self, lookup: impl Fn(&str) -> NameMatch) -> Result<Option<PeerRequest>, RequestError> {
        self.awaits_silence = false;
        if let Stage::Verb(held) = &mut self.stage {
            let begin = held.iter().take_while(|b| b.is_ascii_whitespace()).count();
            held.drain(..begin);
            match split_verb(held) {
                Some(stage) => self.stage = stage,
                None if self.flow == Flow::Ended && !held.is_empty() => return Err(RequestError::Incomplete),
                None => return Ok(None),
            }
            match (self.flow, &mut self.stage) {
                (Flow::Silent, Stage::Frame(decoder)) => decoder.silence(),
                (Flow::Ended, Stage::Frame(decoder)) => decoder.end(),
                _ => {}
            }
        }
        match &mut self.stage {
            Stage::Verb(_) => Ok(None),
            Stage::Frame(decoder) => match decoder.next()? {
                Some(frame) => Ok(Some(PeerRequest::from_frame(frame)?)),
                None if self.flow == Flow::Ended && decoder.is_mid_message() => Err(RequestError::Incomplete),
                None => Ok(None),
            },
            Stage::Name { argument, scanner } => {
                let found = match read_name(argument, scanner, self.flow, lookup) {
                    Name::Complete(name) if name.len() <= limits::FILE_NAME_BYTES => Some(PeerRequest::GetFile(name)),
                    Name::Complete(_) => return Err(RequestError::NameTooLong),
                    _ if argument.len() > NAME_ARGUMENT => return Err(RequestError::NameTooLong),
                    _ if self.flow == Flow::Ended => return Err(RequestError::Incomplete),
                    Name::AwaitsSilence => {
                        self.awaits_silence = true;
                        None
                    }
                    Name::AwaitsBytes => None,
                };
                // What follows is another silence.
                if self.flow == Flow::Silent {
                    self.flow = Flow::Flowing;
                }
                Ok(found)
            }
        }
    }
}

/// Whether these bytes begin a `GET_FILE` or something else; `None` if that is not known yet.
fn split_verb(held: &[u8]) -> Option<Stage> {
    let verb = GET_FILE.as_bytes();
    match held.strip_prefix(verb) {
        Some([blank, argument @ ..]) if blank.is_ascii_whitespace() => {
            Some(Stage::Name { argument: argument.to_vec(), scanner: Scanner::new(NAME_ARGUMENT) })
        }
        Some([]) => None,
        None if verb.starts_with(held) => None,
        _ => {
            let mut decoder = FrameDecoder::new(PICKLED_VERBS, limits::REQUEST_BYTES);
            decoder.push(held);
            Some(Stage::Frame(Box::new(decoder)))
        }
    }
}

/// How far the argument of `GET_FILE` has come.
enum Name {
    Complete(String),
    AwaitsSilence,
    AwaitsBytes,
}

fn read_name(argument: &[u8], scanner: &mut Scanner, flow: Flow, lookup: impl Fn(&str) -> NameMatch) -> Name {
    let is_quiet = flow != Flow::Flowing;
    let line_end = argument.iter().position(|b| *b == b'\n');
    let line = argument.get(..line_end.unwrap_or(argument.len())).unwrap_or_default();
    let line = if line_end.is_some() { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
    let text = pickle::utf8_or_latin1(line.to_vec());
    match lookup(&text) {
        NameMatch::Exact => return Name::Complete(text),
        NameMatch::Continued if line_end.is_some() || is_quiet => return Name::Complete(text),
        NameMatch::Continued | NameMatch::Unknown => {}
    }
    match scanner.scan(argument) {
        Ok(Some(end)) => {
            if let Some(name) = pickled_name(argument, end) {
                return Name::Complete(name);
            }
        }
        // No text in UTF-8 begins with this byte, and the line ends in a pickle are not its end.
        Ok(None) if argument.first() == Some(&0x80) => return Name::AwaitsBytes,
        Ok(None) if !is_quiet && !argument.is_empty() => return Name::AwaitsSilence,
        Ok(None) | Err(_) => {}
    }
    match text.trim() {
        "" => Name::AwaitsBytes,
        name if line_end.is_some() || is_quiet => Name::Complete(name.to_owned()),
        _ => Name::AwaitsSilence,
    }
}

/// The name in a pickle of so many bytes, if nothing but blanks is behind it.
fn pickled_name(argument: &[u8], end: usize) -> Option<String> {
    let (pickled, rest) = argument.split_at_checked(end)?;
    if !rest.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let value = pickle::decode(pickled, NAME_ARGUMENT / limits::BYTES_PER_NODE).ok()?;
    let name = match value {
        pickle::Value::List(list) | pickle::Value::Tuple(list) => list.into_iter().next()?,
        bare => bare,
    };
    name.into_text().filter(|name| !name.is_empty())
}
