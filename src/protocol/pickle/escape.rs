//! Text as the different opcodes write it.

/// A byte string of Python 2: UTF-8 if it is that, else Latin-1.
pub(in crate::protocol) fn utf8_or_latin1(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|not_utf8| not_utf8.as_bytes().iter().map(|b| char::from(*b)).collect())
}

/// The UTF-8 of BINUNICODE. Python writes lone surrogates into it (`surrogatepass`), Jython also pairs of them: a pair
/// becomes its character, a lone one U+FFFD, as do bytes that are no UTF-8 at all.
pub(super) fn surrogate_utf8(bytes: &[u8]) -> String {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        if let Some((unit, len)) = surrogate(rest) {
            let low = rest.get(len..).and_then(surrogate);
            if let (0xd800..=0xdbff, Some((low @ 0xdc00..=0xdfff, low_len))) = (unit, low) {
                text.push(join(unit, low));
                rest = rest.get(len + low_len..).unwrap_or_default();
            } else {
                text.push(char::REPLACEMENT_CHARACTER);
                rest = rest.get(len..).unwrap_or_default();
            }
            continue;
        }
        // Up to the next byte that may begin a surrogate; it is dealt with above.
        let until = rest.iter().skip(1).position(|b| *b == 0xed).map_or(rest.len(), |n| n + 1);
        let (plain, after) = rest.split_at(until);
        text.push_str(&String::from_utf8_lossy(plain));
        rest = after;
    }
    text
}

/// A surrogate in the three bytes that UTF-8 would have for it: ED, A0 to BF, 80 to BF.
fn surrogate(bytes: &[u8]) -> Option<(u32, usize)> {
    match bytes {
        [0xed, high @ 0xa0..=0xbf, low @ 0x80..=0xbf, ..] => {
            Some((0xd000 | (u32::from(high & 0x3f) << 6) | u32::from(low & 0x3f), 3))
        }
        _ => None,
    }
}

fn join(high: u32, low: u32) -> char {
    char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Adds UTF-16 units and characters to a text, joining pairs of surrogates.
#[derive(Default)]
struct Units {
    text: String,
    high: Option<u32>,
}

impl Units {
    fn push(&mut self, code: u32) {
        match (self.high.take(), code) {
            (Some(high), 0xdc00..=0xdfff) => return self.text.push(join(high, code)),
            (Some(_), _) => self.text.push(char::REPLACEMENT_CHARACTER),
            (None, _) => {}
        }
        if (0xd800..=0xdbff).contains(&code) {
            self.high = Some(code);
        } else {
            self.text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }

    fn finish(mut self) -> String {
        if self.high.is_some() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        self.text
    }
}

/// The line of UNICODE: "raw unicode escape", which is Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn raw_unicode_escape(line: &[u8]) -> String {
    let mut units = Units::default();
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = match rest {
            [b'\\', b'u', ..] => 4,
            [b'\\', b'U', ..] => 8,
            _ => 0,
        };
        if digits > 0
            && let Some((code, after)) = number(rest, 2, digits, 16)
        {
            units.push(code);
            rest = after;
            continue;
        }
        units.push(u32::from(byte));
        rest = after;
        // A backslash takes the one behind it along: in `\\u0041` there is no escape.
        if let ([b'\\', ..], [b'\\', after @ ..]) = (&[byte], rest) {
            units.push(u32::from(b'\\'));
            rest = after;
        }
    }
    units.finish()
}

/// The line of STRING: what `repr` writes in Python 2 and Jython, with every escape that Python reads. `None` if it is
/// not in quotes.
pub(super) fn string_literal(line: &[u8]) -> Option<String> {
    // Jython 2.7 writes text that is not ASCII as a unicode literal; the prefix changes nothing for us.
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"u").or(line.strip_prefix(b"b")).unwrap_or(line);
    let (quote, inner) = line.split_first()?;
    if !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let (last, mut rest) = inner.split_last()?;
    if last != quote {
        return None;
    }
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'\\' {
            bytes.push(byte);
            rest = after;
            continue;
        }
        let (plain, behind) = match after {
            [b'\n', behind @ ..] => (None, behind),
            [b'n', behind @ ..] => (Some(b'\n'), behind),
            [b'r', behind @ ..] => (Some(b'\r'), behind),
            [b't', behind @ ..] => (Some(b'\t'), behind),
            [b'a', behind @ ..] => (Some(7), behind),
            [b'b', behind @ ..] => (Some(8), behind),
            [b'f', behind @ ..] => (Some(12), behind),
            [b'v', behind @ ..] => (Some(11), behind),
            [c @ (b'\\' | b'\'' | b'"'), behind @ ..] => (Some(*c), behind),
            [b'x', ..] => match number(after, 1, 2, 16) {
                Some((code, behind)) => (u8::try_from(code).ok(), behind),
                None => (Some(byte), after),
            },
            [b'u' | b'U', ..] => {
                let (text, behind) = unicode_escapes(rest);
                bytes.extend_from_slice(text.as_bytes());
                (None, behind)
            }
            [b'0'..=b'7', ..] => {
                let width = after.iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
                match number(after, 0, width, 8) {
                    // Python keeps the low eight bits of `\400` and above.
                    Some((code, behind)) => (code.to_le_bytes().first().copied(), behind),
                    None => (Some(byte), after),
                }
            }
            _ => (Some(byte), after),
        };
        bytes.extend(plain);
        rest = behind;
    }
    Some(utf8_or_latin1(bytes))
}

/// The escapes `\uXXXX` and `\UXXXXXXXX` at the beginning, as many as follow each other, and what is behind them. A
/// backslash that begins none is returned as it is.
fn unicode_escapes(mut rest: &[u8]) -> (String, &[u8]) {
    let mut units = Units::default();
    let mut any = false;
    loop {
        let digits = match rest {
            [b'\\', b'u', ..] => 4,
            [b'\\', b'U', ..] => 8,
            _ => break,
        };
        let Some((code, behind)) = number(rest, 2, digits, 16) else { break };
        units.push(code);
        rest = behind;
        any = true;
    }
    if !any {
        units.push(u32::from(b'\\'));
        rest = rest.get(1..).unwrap_or_default();
    }
    (units.finish(), rest)
}

/// The number of so many digits behind a prefix of so many bytes, and what is behind it.
fn number(bytes: &[u8], prefix: usize, digits: usize, radix: u32) -> Option<(u32, &[u8])> {
    let text = str::from_utf8(bytes.get(prefix..prefix + digits)?).ok()?;
    if text.is_empty() || !text.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some((u32::from_str_radix(text, radix).ok()?, bytes.get(prefix + digits..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_literals() {
        for (line, text) in [
            (&br#"'it\'s "x"'"#[..], r#"it's "x""#),
            (br#""it's""#, "it's"),
            (br"'a\\b\n\t\x41\101\0'", "a\\b\n\tAA\0"),
            (br"'\xc3\xa9'", "é"),
            (br"'\xe9'", "é"),
            (br"'\u00e9\U0001f600\ud83d\ude00\ud83d'", "é😀😀\u{fffd}"),
            (br"'\q\x4'", r"\q\x4"),
            (b"''", ""),
            (b"u'x'", "x"),
        ] {
            assert_eq!(string_literal(line).as_deref(), Some(text), "{}", String::from_utf8_lossy(line));
        }
        for line in [&b""[..], b"'", b"abc", b"'abc\"", b"abc'"] {
            assert_eq!(string_literal(line), None, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn raw_unicode_escapes() {
        for (line, text) in [
            (&br"a\u00e9b\u005cc\u000a"[..], "aéb\\c\n"),
            (br"\ud83d\ude00 \U0001f600", "😀 😀"),
            (br"\ud83d \ude00", "\u{fffd} \u{fffd}"),
            (br"\\u0041 \n \u12", r"\\u0041 \n \u12"),
            (b"\xe9", "é"),
        ] {
            assert_eq!(raw_unicode_escape(line), text, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn utf8_with_surrogates_and_without_sense() {
        assert_eq!(surrogate_utf8("é😀".as_bytes()), "é😀");
        assert_eq!(surrogate_utf8(b"a\xed\xa0\xbd\xed\xb8\x80b"), "a😀b");
        assert_eq!(surrogate_utf8(b"a\xed\xa0\xbdb\xed\xb8\x80"), "a\u{fffd}b\u{fffd}");
        assert_eq!(surrogate_utf8(b"\xff\xed\x9f\xbf\xed"), "\u{fffd}\u{d7ff}\u{fffd}");
        assert_eq!(utf8_or_latin1(b"caf\xe9".to_vec()), "café");
    }
}
