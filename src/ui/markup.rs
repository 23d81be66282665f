//! Text from the network as Pango markup: escaped, with links that can be followed.

use std::fmt::Write as _;

use gtk::glib;

/// How much of one message a row shows, in bytes. Laying text out costs time that grows with it, and one message may
/// be a megabyte long; the rest can be copied.
const SHOWN_BYTES: usize = 6_000;
/// How many lines of one message a row shows.
const SHOWN_LINES: usize = 120;

/// The part of a message that is shown, and whether that is all of it.
pub(super) fn visible_part(body: &str) -> (&str, bool) {
    let by_lines = body.match_indices('\n').nth(SHOWN_LINES - 1).map_or(body.len(), |(at, _)| at);
    let end = by_lines.min(body.floor_char_boundary(SHOWN_BYTES));
    (body.get(..end).unwrap_or(body), end == body.len())
}

/// Escapes plain text.
pub(super) fn escape(text: &str) -> String {
    glib::markup_escape_text(text).into()
}

/// Escapes the text of a message and makes its http and https addresses links. Characters that have no shape, which
/// markup does not allow, are replaced.
pub(super) fn linked(body: &str) -> String {
    let clean: String = body.chars().map(|c| if is_markup_safe(c) { c } else { '\u{fffd}' }).collect();
    let mut markup = String::with_capacity(clean.len() + 16);
    let mut rest = clean.as_str();
    while let Some(start) = find_link(rest) {
        let (before, from) = rest.split_at(start);
        let (link, after) = from.split_at(link_length(from));
        let link = escape(link);
        // Writing to a String cannot fail.
        let _ = write!(markup, "{}<a href=\"{link}\">{link}</a>", escape(before));
        rest = after;
    }
    markup.push_str(&escape(rest));
    markup
}

fn is_markup_safe(c: char) -> bool {
    (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Where the next address begins: at a scheme that no letter or digit precedes and that something follows.
fn find_link(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("http")).map(|at| from + at) {
        let (before, here) = text.split_at(at);
        let begins = !before.chars().next_back().is_some_and(char::is_alphanumeric);
        let host = here.strip_prefix("https://").or_else(|| here.strip_prefix("http://"));
        if begins && host.and_then(|host| host.chars().next()).is_some_and(|c| c.is_alphanumeric() || c == '[') {
            return Some(at);
        }
        from = at + "http".len();
    }
    None
}

/// How long the address at the beginning of the text is. A full stop at its end belongs to the sentence, and a closing
/// bracket to one that was opened before the address.
fn link_length(text: &str) -> usize {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\u{fffd}')).unwrap_or(text.len());
    let mut link = text.get(..end).unwrap_or(text);
    while let Some(last) = link.chars().next_back() {
        let count = |c| link.matches(c).count();
        let is_of_sentence = match last {
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            _ => matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '…' | '”' | '’' | '»'),
        };
        if !is_of_sentence {
            break;
        }
        link = link.strip_suffix(last).unwrap_or(link);
    }
    link.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_message_is_shown_as_it_is() {
        assert_eq!(linked("<b>&amp; \"x\"</b>"), "&lt;b&gt;&amp;amp; &quot;x&quot;&lt;/b&gt;");
        assert_eq!(linked("a\0b\u{1b}[31m\tc\nd"), "a\u{fffd}b\u{fffd}[31m\tc\nd");
    }

    #[test]
    fn addresses_become_links() {
        for (text, link, after) in [
            ("see http://example.org.", "http://example.org", "."),
            ("see https://example.org/a?b=1&c=2, ok", "https://example.org/a?b=1&amp;c=2", ", ok"),
            ("(see http://example.org/a_(b))", "http://example.org/a_(b)", ")"),
            ("see http://[::1]:8080/ now", "http://[::1]:8080/", " now"),
            ("see http://example.org/'\"><b>", "http://example.org/", "&apos;&quot;&gt;&lt;b&gt;"),
        ] {
            let markup = linked(text);
            assert!(markup.contains(&format!("<a href=\"{link}\">{link}</a>")), "{text}: {markup}");
            assert!(markup.replace("&#39;", "&apos;").ends_with(&format!("</a>{after}")), "{text}: {markup}");
        }
    }

    #[test]
    fn nothing_else_becomes_a_link() {
        for text in
            ["http:// x", "https", "xhttp://example.org", "javascript:alert(1)", "file:///etc/passwd", "http://"]
        {
            assert_eq!(linked(text), text);
        }
    }

    #[test]
    fn everything_is_valid_markup() {
        let nasty = "http://a&b<c>\"'</a> \u{feff}\u{202e}http://x\u{0}y\u{fffe} https://é.org/ü, 👩‍💻";
        let parsed =
            gtk::pango::parse_markup(&linked(nasty).replace("<a href", "<span font").replace("</a>", "</span>"), '\0');
        assert!(parsed.is_ok(), "{}", linked(nasty));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let long = "é".repeat(SHOWN_BYTES);
        let (shown, whole) = visible_part(&long);
        assert!(!whole && shown.len() <= SHOWN_BYTES && shown.chars().all(|c| c == 'é'));
        let many = "line\n".repeat(1000);
        let (shown, whole) = visible_part(&many);
        assert!(!whole && shown.lines().count() == SHOWN_LINES);
        assert_eq!(visible_part("short"), ("short", true));
    }
}
