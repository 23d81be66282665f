//! Reads the little Markdown of Klatch's own documents: headings, paragraphs, lists, tables and blocks of code.

use std::fmt::Write as _;

use super::chapters::Part;
use crate::ui::markup;

/// The parts of a document, without the title at its beginning.
pub(super) fn parts(document: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut lines = document.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        let mut block = |is_more: fn(&str) -> bool| {
            let mut block = vec![line];
            while let Some(line) = lines.next_if(|line| is_more(line)) {
                block.push(line);
            }
            block
        };
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with("```") {
            let code = block(|line| !line.starts_with("```"));
            // The line that ends it.
            lines.next();
            parts.push(Part::Verbatim(code.get(1..).unwrap_or_default().join("\n")));
        } else if line.starts_with('#') {
            parts.push(Part::Heading(line.trim_start_matches(['#', ' ']).to_owned()));
        } else if line.starts_with("    ") {
            let code = block(|line| line.starts_with("    "));
            parts.push(Part::Verbatim(code.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n")));
        } else if line.starts_with('|') {
            parts.push(Part::Table(table(&block(|line| line.starts_with('|')))));
        } else if line.starts_with("- ") {
            let items = block(|line| line.starts_with("- ") || line.starts_with("  ")).join("\n");
            let items = items.trim_start_matches("- ").split("\n- ");
            parts.push(Part::Points(items.map(inline).collect()));
        } else {
            let text = block(|line| !line.trim().is_empty() && !line.starts_with(['|', '`', '#', '-']));
            parts.push(Part::Text(inline(&text.join("\n"))));
        }
    }
    parts
}

/// The rows of a table; its first one is in bold, and the line below that one is only decoration.
fn table(lines: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> { line.trim_matches('|').split(" | ").map(inline).collect() };
    let rows = lines.iter().enumerate().filter(|(nth, _)| *nth != 1);
    rows.map(|(nth, line)| match nth {
        0 => cells(line).iter().map(|cell| format!("<b>{cell}</b>")).collect(),
        _ => cells(line),
    })
    .collect()
}

/// A paragraph as markup, without its line breaks.
fn inline(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let escaped = markup::escape(&words.join(" "));
    let coded = alternate(&escaped, "`", "tt");
    let mut out = String::new();
    let mut rest = coded.as_str();
    while let Some((before, label, target, after)) = link(rest) {
        out += before;
        // Within the document there is nowhere to go: it is all on one page.
        if target.starts_with('#') {
            out += label;
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "<a href=\"{target}\">{label}</a>");
        }
        rest = after;
    }
    alternate(&(out + rest), "**", "b")
}

/// Puts every other piece between the marks into a tag.
fn alternate(text: &str, mark: &str, tag: &str) -> String {
    let pieces = text.split(mark).enumerate();
    pieces.map(|(nth, piece)| if nth % 2 == 0 { piece.to_owned() } else { format!("<{tag}>{piece}</{tag}>") }).collect()
}

/// The first link: what is before it, its label, its target, what is behind it.
fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (before, rest) = text.split_once("](")?;
    let (before, label) = before.rsplit_once('[')?;
    let (target, after) = rest.split_once(')')?;
    Some((before, label, target, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_parts() {
        let document = "# Title\n\nOne `a < b`,\ntwo **bold**.\n- x\n  y\n- z\n\n## More\n```kind\ncode\n\n  here\n```\n| a | b |\n| --- | --- |\n| 1 | `2` |\n    VERB x\n";
        let expected = [
            Part::Text("One <tt>a &lt; b</tt>, two <b>bold</b>.".into()),
            Part::Points(vec!["x y".into(), "z".into()]),
            Part::Heading("More".into()),
            Part::Verbatim("code\n\n  here".into()),
            Part::Table(vec![vec!["<b>a</b>".into(), "<b>b</b>".into()], vec!["1".into(), "<tt>2</tt>".into()]]),
            Part::Verbatim("VERB x".into()),
        ];
        assert_eq!(parts(document), expected);
    }

    #[test]
    fn links_lead_out_of_the_document_only() {
        assert_eq!(inline("see [a](#b) or [c](https://d.example)."), "see a or <a href=\"https://d.example\">c</a>.");
        assert_eq!(inline("`[x, ...]` (y) [z]"), "<tt>[x, ...]</tt> (y) [z]");
    }

    #[test]
    fn all_of_the_protocol_is_there() {
        let document = include_str!("../../../docs/protocol.md");
        let parts = parts(document);
        let count = |is: fn(&Part) -> bool| parts.iter().filter(|part| is(part)).count();
        assert!(count(|part| matches!(part, Part::Table(_))) >= 4);
        assert_eq!(
            count(|part| matches!(part, Part::Verbatim(_))),
            document.matches("\n```").count() / 2 + document.matches("\n\n    ").count()
        );
    }
}
