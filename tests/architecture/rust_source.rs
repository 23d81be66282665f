//! Reads Rust source as far as it has to be known here: which paths are in it, and what is called.

/// Every path in Rust source, in `use` trees and in code, with its line and how far that is indented.
pub(crate) fn paths(source: &str) -> Vec<(usize, usize, Vec<String>)> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].text.starts_with(is_name) {
            at = path_from(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Whether a function that translates is called.
pub(crate) fn translates(source: &str) -> bool {
    tokens(source).windows(2).any(|pair| {
        let name = pair[0].text.as_str();
        pair[1].text == "("
            && ["gettext", "ngettext", "pgettext", "npgettext"]
                .iter()
                .any(|base| name == *base || name.strip_prefix(base).is_some_and(|rest| rest.starts_with('_')))
    })
}

struct Token {
    line: usize,
    indent: usize,
    text: String,
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads the path, or the tree of paths, that begins at a token; gives the first token behind it.
fn path_from(
    tokens: &[Token],
    mut at: usize,
    before: &[String],
    found: &mut Vec<(usize, usize, Vec<String>)>,
) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let (line, indent) = (tokens[at].line, tokens[at].indent);
    let mut path = before.to_vec();
    loop {
        if text(at) == "{" {
            at += 1;
            while at < tokens.len() && text(at) != "}" {
                at = if text(at).starts_with(is_name) || text(at) == "{" {
                    path_from(tokens, at, &path, found)
                } else {
                    at + 1
                };
            }
            return at + 1;
        }
        if !text(at).starts_with(is_name) {
            break;
        }
        path.push(text(at).to_owned());
        at += 1;
        if text(at) != "::" {
            break;
        }
        at += 1;
    }
    found.push((line, indent, path));
    at
}

/// Names, `::` and single characters, without comments, text and characters.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut block_comment = 0;
    // How the text ends that the line before has begun.
    let mut text_end: Option<String> = None;
    for (n, line) in source.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let mut rest = line;
        while !rest.is_empty() {
            if let Some(end) = &text_end {
                let escaped = end == "\"" && rest.starts_with('\\');
                if escaped {
                    rest = rest.get(2..).unwrap_or_default();
                } else if let Some(behind) = rest.strip_prefix(end.as_str()) {
                    rest = behind;
                    text_end = None;
                } else {
                    rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
                }
            } else if let Some(behind) = rest.strip_prefix("/*") {
                block_comment += 1;
                rest = behind;
            } else if block_comment > 0 {
                if let Some(behind) = rest.strip_prefix("*/") {
                    block_comment -= 1;
                    rest = behind;
                } else {
                    rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
                }
            } else if rest.starts_with("//") {
                break;
            } else if let Some((end, behind)) = text_begin(rest) {
                text_end = Some(end);
                rest = behind;
            } else if let Some(behind) = character(rest) {
                rest = behind;
            } else {
                let length = match rest.find(|c| !is_name(c)) {
                    Some(0) if rest.starts_with("::") => 2,
                    Some(0) => rest.chars().next().map_or(1, char::len_utf8),
                    Some(length) => length,
                    None => rest.len(),
                };
                let (token, behind) = rest.split_at(length);
                if !token.trim().is_empty() {
                    tokens.push(Token { line: n + 1, indent, text: token.to_owned() });
                }
                rest = behind;
            }
        }
    }
    tokens
}

/// The end of the text that begins here, and what is behind its beginning: `"`, `b"`, `r#"` and so on.
fn text_begin(rest: &str) -> Option<(String, &str)> {
    let prefix = rest.find(['"', '#']).filter(|at| ["", "b", "c", "r", "br", "cr"].contains(&&rest[..*at]))?;
    let hashes = rest[prefix..].len() - rest[prefix..].trim_start_matches('#').len();
    let raw = rest[..prefix].ends_with('r');
    let behind = rest[prefix + hashes..].strip_prefix('"')?;
    match (raw, hashes) {
        (true, _) => Some((format!("\"{}", "#".repeat(hashes)), behind)),
        (false, 0) => Some(("\"".to_owned(), behind)),
        (false, _) => None,
    }
}

/// What is behind a character such as `'a'` or `'\n'`; a lifetime is none.
fn character(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('\'')?;
    if let Some(escaped) = inner.strip_prefix('\\') {
        let skipped = escaped.chars().next().map_or(0, char::len_utf8);
        return escaped[skipped..].split_once('\'').map(|(_, behind)| behind);
    }
    let one = inner.chars().next().map_or(0, char::len_utf8);
    inner[one..].strip_prefix('\'')
}
