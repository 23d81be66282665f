//! Finding words in the guide.

use std::ops::Range;

/// Where the wanted words are, in bytes; upper and lower case are the same. Nothing is found for no words.
pub(super) fn matches(text: &str, wanted: &str) -> Vec<Range<usize>> {
    let wanted: Vec<char> = wanted.trim().chars().flat_map(char::to_lowercase).collect();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty() && !wanted.is_empty()) {
        if let Some(length) = match_length(rest, &wanted) {
            found.push(from..from + length);
            from += length;
        } else {
            from += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// How many bytes at the beginning of the text are the wanted characters.
fn match_length(text: &str, wanted: &[char]) -> Option<usize> {
    let mut wanted = wanted.iter().peekable();
    for (at, c) in text.char_indices() {
        if wanted.peek().is_none() {
            return Some(at);
        }
        for lower in c.to_lowercase() {
            if wanted.next() != Some(&lower) {
                return None;
            }
        }
    }
    wanted.peek().is_none().then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_wherever_they_are() {
        let found = |text: &str, wanted: &str| -> Vec<String> {
            matches(text, wanted).into_iter().map(|place| text[place].to_owned()).collect()
        };
        assert_eq!(found("Port and ports", "PORT"), ["Port", "port"]);
        assert_eq!(found("in Größe M", "größe"), ["Größe"]);
        assert_eq!(found("İstanbul", "i\u{307}s"), ["İs"]);
        assert_eq!(found("防火墙", "火"), ["火"]);
        assert_eq!(found("aaa", " aa "), ["aa"]);
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        for (text, wanted) in [("", "x"), ("x", ""), ("x", "  "), ("por", "port"), ("xy", "yx")] {
            assert!(matches(text, wanted).is_empty(), "{text} {wanted}");
        }
    }
}
