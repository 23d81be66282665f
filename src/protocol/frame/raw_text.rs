//! Text that a careless server sends behind `ERROR` as it is, with no pickle around it.
//!
//! Nothing in such a stream says which of the two it is, and words are made of opcodes: `Max.` is a whole pickle, and
//! `Internal error` and its line end are one opcode, behind which the next message would look like more of them. So what
//! counts is how Python writes text, which no sentence begins with.

use super::{Verb, known_verb};
use crate::protocol::pickle::opcode::STOP;

/// Longest raw text, in bytes: it is meant to be one sentence.
const LONGEST: usize = 4096;
/// More bytes than any verb and what must follow it to be told from a word in a sentence.
const VERB_AND_MORE: usize = 32;

/// Whether an argument is pickled where a word could stand as well; `None` if more bytes must tell.
pub(super) fn is_pickled_scalar(argument: &[u8]) -> Option<bool> {
    let width = match argument.first() {
        // BININT1, BININT2, BININT and BINFLOAT: a number may have the bytes of letters.
        Some(b'K') => 1,
        Some(b'M') => 2,
        Some(b'J') => 4,
        Some(b'G') => 8,
        Some(b'c') => return is_global(argument),
        _ => return is_pickled(argument),
    };
    argument.get(1 + width).map(|next| *next == STOP)
}

/// GLOBAL, with two lines of names: how a set begins in protocol 0, and what is refused.
fn is_global(argument: &[u8]) -> Option<bool> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let mut rest = argument.get(1..LONGEST).or(argument.get(1..)).unwrap_or_default();
    for _ in 0..2 {
        let end = rest.iter().position(|byte| !is_name(byte))?;
        if rest.get(end) != Some(&b'\n') {
            return Some(false);
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    match rest {
        [] | [b'p'] => None,
        [b'p', digit, ..] => Some(digit.is_ascii_digit()),
        [next, ..] => Some(matches!(*next, b'(' | b')' | b'q' | STOP)),
    }
}

/// Whether an argument that should be text is pickled; `None` if more bytes must tell.
pub(super) fn is_pickled(argument: &[u8]) -> Option<bool> {
    match argument {
        // The last byte of the length is nul in any message that is not too long.
        [b'T' | b'X', _, _, _, high, ..] => Some(*high == 0),
        [] | [b'S' | b'U' | b'N'] | [b'T' | b'X', ..] => None,
        // A string of protocol 0, and None.
        [b'S', quote, ..] => Some(matches!(quote, b'\'' | b'"')),
        [b'N', next, ..] => Some(*next == b'.'),
        // A string of protocol 1: if its length is no letter that is clear, else its place in the memo tells.
        [b'U', 0..=31, ..] => Some(true),
        [b'U', length, text @ ..] => match text.get(usize::from(*length)..) {
            None | Some([] | [b'q']) => None,
            Some([put, place, ..]) => Some(*put == b'q' && *place <= 1),
            Some(_) => Some(false),
        },
        // A line of Unicode, and its number in the memo.
        [b'V', line @ ..] => {
            // This is asked again whenever bytes come, so it must not look at many.
            let line = line.get(..LONGEST).unwrap_or(line);
            let end = line.iter().position(|b| *b == b'\n');
            // PROTO is no text: the line end is in the text of a message that follows, whatever stands behind it.
            if line
                .get(..end.unwrap_or(line.len()))
                .is_some_and(|line| line.windows(2).any(|two| matches!(two, [0x80, 0..=5])))
            {
                return Some(false);
            }
            match end.and_then(|end| line.get(end + 1..)) {
                None | Some([] | [b'p']) => None,
                Some([next, digit, ..]) => Some(*next == STOP || (*next == b'p' && digit.is_ascii_digit())),
                Some([next]) => Some(*next == STOP),
            }
        }
        _ => is_container(argument),
    }
}

/// Whether a list, a tuple or a dictionary, or anything of protocol 2, begins here. Told before a line end may come.
fn is_container(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [] | [b'('] | [b'(', b'l' | b'd' | b't' | b'S' | b'I'] => None,
        [0x80 | b']' | b'}' | b')', ..] => Some(true),
        [b'(', b'l' | b'd' | b't', next, ..] => Some(matches!(next, b'p' | b'.')),
        [b'(', b'S', next, ..] => Some(matches!(next, b'\'' | b'"')),
        [b'(', b'I', next, ..] => Some(matches!(next, b'-' | b'0'..=b'9')),
        _ => Some(false),
    }
}

/// Where raw text ends, that nothing marks as text: at its line end, before the next message, or where the sender falls
/// silent. It was `searched` up to there before, when no more had come.
pub(super) fn end(verbs: &[Verb], text: &[u8], searched: usize, quiet: bool) -> Option<usize> {
    let window = text.get(..LONGEST).unwrap_or(text);
    let from = searched.saturating_sub(VERB_AND_MORE).min(window.len());
    let line = window.iter().skip(from).position(|b| *b == b'\n').map(|at| from + at);
    let message = (from..line.unwrap_or(window.len())).find(|at| {
        let here = window.get(*at..).unwrap_or_default();
        // A verb in a sentence has words behind it.
        known_verb(verbs, here)
            .and_then(|verb| here.get(verb.name.len()..)?.strip_prefix(b" "))
            .is_some_and(|argument| is_container(argument) == Some(true))
    });
    message.or(line).or((quiet || text.len() >= LONGEST).then_some(window.len()))
}
