//! Finds the end of a pickle in a stream, without building anything.

use thiserror::Error;

use super::opcode::{Operand, STOP, little_endian, opcode};

/// Walks the opcodes of one pickle up to its STOP, over as many calls as its bytes take to arrive. No byte is looked
/// at twice, whatever the chunks.
#[derive(Clone, Debug)]
pub struct Scanner {
    /// Longest pickle, in bytes.
    limit: usize,
    /// Where the next opcode begins.
    at: usize,
    /// Up to where the lines behind that opcode are searched for their ends; 0 before the search has begun.
    searched: usize,
    /// How many of those lines have ended.
    lines: usize,
}

/// Why the end of a pickle cannot be found. Nothing after such bytes can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScanError {
    /// A byte stands where an opcode should, and is none.
    #[error("byte {byte:#04x} at offset {offset} is no pickle opcode")]
    NoOpcode {
        /// The byte.
        byte: u8,
        /// Where it is, from the beginning of the pickle.
        offset: usize,
    },
    /// It is, or declares to be, longer than the limit.
    #[error("longer than {0} bytes")]
    TooLong(usize),
}

impl Scanner {
    /// For a pickle of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, at: 0, searched: 0, lines: 0 }
    }

    /// Looks at what has arrived so far, from the first byte of the pickle on. `Ok(Some(n))`: the pickle is the first `n`
    /// bytes. `Ok(None)`: more bytes are needed.
    pub fn scan(&mut self, pickle: &[u8]) -> Result<Option<usize>, ScanError> {
        while let Some(&byte) = pickle.get(self.at) {
            let Some(op) = opcode(byte) else {
                return Err(ScanError::NoOpcode { byte, offset: self.at });
            };
            let operand = self.at + 1;
            let next = match op.operand {
                Operand::Bytes(count) => Some(operand + count),
                Operand::Counted(width) => match pickle.get(operand..operand + width) {
                    None => None,
                    Some(length) => usize::try_from(little_endian(length))
                        .ok()
                        .and_then(|length| (operand + width).checked_add(length))
                        .map(Some)
                        .ok_or(ScanError::TooLong(self.limit))?,
                },
                Operand::Lines(count) => self.lines_end(pickle, operand, count),
            };
            match next {
                Some(next) if next > self.limit => return Err(ScanError::TooLong(self.limit)),
                Some(next) if byte == STOP => return Ok(Some(next)),
                Some(next) if next <= pickle.len() => {
                    self.at = next;
                    self.searched = 0;
                    self.lines = 0;
                }
                _ => break,
            }
        }
        if pickle.len() > self.limit { Err(ScanError::TooLong(self.limit)) } else { Ok(None) }
    }

    /// Where the last of so many lines ends, if it has arrived.
    fn lines_end(&mut self, pickle: &[u8], operand: usize, count: usize) -> Option<usize> {
        let mut from = self.searched.max(operand);
        while let Some(newline) = pickle.get(from..).and_then(|rest| rest.iter().position(|b| *b == b'\n')) {
            from += newline + 1;
            self.searched = from;
            self.lines += 1;
            if self.lines == count {
                return Some(from);
            }
        }
        self.searched = pickle.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_the_stop_and_no_other_full_stop() {
        for (bytes, end) in [
            (&b"N.rest"[..], 2),
            (b"S'a.b'\n.rest", 8),
            (b"U\x03...q\x00.N.", 8),
            (b"\x80\x02X\x01\x00\x00\x00..", 9),
            (b"(lp0\nS'.'\np1\na.", 15),
            (b"cos\nsystem.\n.", 13),
            (b"\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x01..", 15),
        ] {
            assert_eq!(Scanner::new(1 << 20).scan(bytes), Ok(Some(end)), "{bytes:?}");
            let mut dribbled = Scanner::new(1 << 20);
            for n in 0..end {
                assert_eq!(dribbled.scan(&bytes[..n]), Ok(None), "{bytes:?} cut at {n}");
            }
            assert_eq!(dribbled.scan(&bytes[..end]), Ok(Some(end)));
        }
    }

    #[test]
    fn what_cannot_end_inside_the_limit_is_refused_at_once() {
        for bytes in [&b"X\xff\xff\xff\x7f"[..], b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", b"T\xff\xff\xff\xff"] {
            assert_eq!(Scanner::new(100).scan(bytes), Err(ScanError::TooLong(100)));
        }
        assert_eq!(Scanner::new(10).scan(&[b'('; 11]), Err(ScanError::TooLong(10)));
        assert_eq!(Scanner::new(10).scan(b"Ssssssssssssss"), Err(ScanError::TooLong(10)));
        assert_eq!(Scanner::new(10).scan(b"w"), Err(ScanError::NoOpcode { byte: b'w', offset: 0 }));
    }
}
