//! Names of files on this computer that were made of names from the network.

use std::iter;

use crate::protocol::ident::displayable;

/// What the name of a download ends with until it is complete.
const PARTIAL: &str = ".klatch-part";
/// Longest name, in bytes. A file system takes 255; a number and what marks a partial file must still find room.
const LENGTH: usize = 200;
/// What a file is called of whose name nothing is left.
const NAMELESS: &str = "file";
/// How many files of the same name are told apart.
const NUMBERS: u32 = 9_999;

/// A name that can stand in a folder, made of any text: the last part of a path, with separators of either kind; not
/// hidden, with no characters that cannot be seen, not too long.
pub(in crate::net) fn safe_name(text: &str) -> String {
    let is_name = |part: &&str| !part.trim_matches(|c: char| c == '.' || c.is_whitespace()).is_empty();
    let last = text.split(['/', '\\', '\0']).rfind(is_name).unwrap_or(NAMELESS);
    let visible = displayable(last).replace('\u{fffd}', "_");
    let bare = visible.trim().trim_start_matches('.').trim_end_matches('.').trim();
    let short = shortened(if bare.is_empty() { NAMELESS } else { bare });
    // It would be hidden from those with whom it is shared.
    if is_partial(&short) { format!("{short}_") } else { short }
}

/// The name, and then the name with a number, for where it is taken: `a.txt`, `a (2).txt`, `a (3).txt`.
pub(in crate::net) fn numbered(name: &str) -> impl Iterator<Item = String> {
    let (stem, extension) = split_extension(name);
    let others = (2..=NUMBERS).map(move |number| format!("{stem} ({number}){extension}"));
    iter::once(name.to_owned()).chain(others)
}

/// A hidden name for a download that is not complete; no two calls give the same.
pub(super) fn partial_name(name: &str) -> String {
    let unique: String = iter::repeat_with(fastrand::alphanumeric).take(8).collect();
    format!(".{name}.{unique}{PARTIAL}")
}

/// Whether a file of this name is a download that is not complete.
pub(in crate::net) fn is_partial(name: &str) -> bool {
    name.ends_with(PARTIAL)
}

/// Cut to [`LENGTH`] bytes, between characters; an extension stays.
fn shortened(name: &str) -> String {
    if name.len() <= LENGTH {
        return name.to_owned();
    }
    let (stem, extension) = split_extension(name);
    let extension = if extension.len() <= LENGTH / 4 { extension } else { "" };
    let end = stem.floor_char_boundary(LENGTH - extension.len());
    format!("{}{extension}", stem.get(..end).unwrap_or_default().trim_end())
}

/// The name before its extension, and the extension with its dot: `.tar.gz` is one.
fn split_extension(name: &str) -> (&str, &str) {
    let Some((stem, _)) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else { return (name, "") };
    let stem = stem.strip_suffix(".tar").filter(|stem| !stem.is_empty()).unwrap_or(stem);
    name.split_at_checked(stem.len()).unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_the_network_become_names_in_a_folder() {
        for (text, name) in [
            ("notes.txt", "notes.txt"),
            ("  notes.txt ", "notes.txt"),
            ("sub/notes.txt", "notes.txt"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("C:\\Users\\bob\\a.txt", "a.txt"),
            ("a/..", "a"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("///", "file"),
            ("...", "file"),
            (".bashrc", "bashrc"),
            ("a.txt\0.exe", ".exe".trim_start_matches('.')),
            ("a\nb.txt", "a_b.txt"),
            ("\u{202e}txt.exe", "_txt.exe"),
            ("x.klatch-part", "x.klatch-part_"),
            (". hidden", "hidden"),
            ("Zoë 张伟.pdf", "Zoë 张伟.pdf"),
        ] {
            assert_eq!(safe_name(text), name, "{text:?}");
        }
    }

    #[test]
    fn long_names_keep_their_extension() {
        let name = safe_name(&format!("{}.tar.gz", "ä".repeat(5000)));
        assert!(name.len() <= LENGTH && name.len() > LENGTH - 4, "{}", name.len());
        assert!(name.ends_with("ä.tar.gz"));
        assert_eq!(safe_name(&format!("a.{}", "x".repeat(5000))), "a");
        let whole = partial_name(&safe_name(&"x".repeat(5000)));
        assert!(whole.len() <= 255 && is_partial(&whole) && whole.starts_with('.'));
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let names = |name| numbered(name).take(3).collect::<Vec<_>>();
        assert_eq!(names("a.txt"), ["a.txt", "a (2).txt", "a (3).txt"]);
        assert_eq!(names("a.tar.gz"), ["a.tar.gz", "a (2).tar.gz", "a (3).tar.gz"]);
        assert_eq!(names("README"), ["README", "README (2)", "README (3)"]);
        assert_eq!(names(".tar.gz"), [".tar.gz", ".tar (2).gz", ".tar (3).gz"]);
    }
}
