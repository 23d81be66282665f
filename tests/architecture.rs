//! The walls between the rooms of the house: who may import whom, and where a thing has to be.
//!
//! What is checked is what the compiler resolves: paths, in `use` trees and in code, without comments and text.
#![expect(clippy::expect_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

// ---- The table

/// A part of the source: a module with all that is below it, as its path from `src` without `.rs`.
struct Room {
    place: &'static str,
    /// The other rooms that it may name.
    may: &'static [&'static str],
    /// What it must never name.
    never: &'static [&'static str],
}

const TOOLKIT: [&str; 6] = ["gtk", "gdk", "glib", "gio", "gettextrs", "gtk4"];

/// Where two places hold for a file, both do.
const ROOMS: &[Room] = &[
    Room {
        place: "protocol",
        may: &[],
        never: &[
            "std::net",
            "std::thread",
            "std::fs",
            "std::process",
            "tokio",
            "socket2",
            "async_channel",
            "Instant::now",
            "SystemTime::now",
        ],
    },
    Room { place: "net", may: &["protocol"], never: &["rusqlite"] },
    // Pure: inputs and the time go in, actions come out.
    Room {
        place: "net/session",
        may: &["protocol"],
        never: &["tokio", "std::net", "std::thread", "async_channel", "socket2", "Instant::now", "SystemTime::now"],
    },
    Room { place: "server", may: &["protocol"], never: &["rusqlite", "async_channel"] },
    Room {
        place: "server/registry",
        may: &["protocol"],
        never: &["tokio", "std::net", "std::thread", "socket2", "Instant::now", "SystemTime::now"],
    },
    Room { place: "cli", may: &["net"], never: &["tokio::net", "TcpStream", "UdpSocket", "socket2"] },
    Room {
        place: "ui",
        may: &["net"],
        never: &["std::net", "std::thread", "tokio", "socket2", "rusqlite", "serde_pickle", "mdns_sd"],
    },
    // No widgets in here.
    Room {
        place: "ui/model",
        may: &["net"],
        never: &[
            "gdk",
            "gtk::Widget",
            "gtk::Label",
            "gtk::Window",
            "gtk::Box",
            "gtk::Button",
            "gtk::TextView",
            "gtk::ListView",
        ],
    },
    Room { place: "main", may: &["ui"], never: &[] },
    Room { place: "bin/klatch-server", may: &["server"], never: &[] },
    Room { place: "bin/klatch-cli", may: &["cli"], never: &[] },
];

/// What a single file may name, against the table: it is the one place for it.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("ui/hosting", &["server", "std::net", "std::thread", "tokio"]),
    // A test begins at some time, whichever it is.
    ("net/session/tests", &["Instant::now"]),
];

/// What is named in one file only, and in those below it.
const ONE_PLACE: &[(&str, &str)] =
    &[("serde_pickle", "protocol/pickle"), ("mdns_sd", "net/discovery"), ("if_addrs", "net/interfaces")];

/// Rooms that are built without the toolkit.
const WITHOUT_TOOLKIT: [&str; 5] = ["protocol", "net", "server", "cli", "bin"];

/// Longest source file, in lines.
const LINES: usize = 500;

// ---- The checker

/// Something that is where it must not be.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    place: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}.rs:{}: {}", self.place, self.line, self.what)
    }
}

/// Whether a file is in a room.
fn is_in(place: &str, room: &str) -> bool {
    place.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is wrong with the paths in a file.
fn violations(place: &str, source: &str) -> Vec<Violation> {
    let names = ["protocol", "net", "server", "cli", "store", "ui"];
    let excepted = |what: &str| EXCEPTIONS.iter().any(|(file, allowed)| *file == place && allowed.contains(&what));
    let mut found = Vec::new();
    for (line, indent, path) in paths(source) {
        let mut report = |what: String| found.push(Violation { place: place.to_owned(), line, what });
        let path = absolute(place, indent, path);
        for room in ROOMS.iter().filter(|room| is_in(place, room.place)) {
            let own = room.place.split('/').next().unwrap_or_default();
            if let [root, other, ..] = path.as_slice()
                && (root == "crate" || root == "klatch")
                && names.contains(&other.as_str())
                && other != own
                && !room.may.contains(&other.as_str())
                && !excepted(other)
            {
                report(format!("{} is not for {}", path.join("::"), room.place));
            }
            for never in room.never.iter().filter(|never| names_it(&path, never) && !excepted(never)) {
                report(format!("{never} is not for {}", room.place));
            }
        }
        if let [root, ui, module, ..] = path.as_slice()
            && is_in(place, "ui/model")
            && root == "crate"
            && ui == "ui"
            && !["model", "i18n", "clock"].contains(&module.as_str())
        {
            report(format!("{} is not for ui/model", path.join("::")));
        }
        if WITHOUT_TOOLKIT.iter().any(|room| is_in(place, room)) {
            for crate_name in TOOLKIT.iter().filter(|crate_name| names_it(&path, crate_name)) {
                report(format!("{crate_name} is only for ui"));
            }
        }
        for (crate_name, file) in ONE_PLACE {
            if names_it(&path, crate_name) && !is_in(place, file) {
                report(format!("{crate_name} is only for {file}"));
            }
        }
    }
    found.dedup();
    found
}

/// Whether a path has these parts next to each other.
fn names_it(path: &[String], pattern: &str) -> bool {
    let pattern: Vec<&str> = pattern.split("::").collect();
    path.windows(pattern.len()).any(|part| part.iter().zip(&pattern).all(|(a, b)| a == b))
}

/// The path from the crate on, where it begins with `super`. A module inside of a file is as deep as its lines are
/// indented; where that is wrong, because the line is in a function, the path is taken for one of the own room.
fn absolute(place: &str, indent: usize, path: Vec<String>) -> Vec<String> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    if supers == 0 {
        return path;
    }
    let mut module: Vec<String> = place.split('/').map(str::to_owned).collect();
    module.extend(vec!["inner".to_owned(); indent / 4]);
    module.truncate(module.len().saturating_sub(supers));
    [vec!["crate".to_owned()], module, path.into_iter().skip(supers).collect()].concat()
}

/// Every path in Rust source, in `use` trees and in code, with its line and how far that is indented.
fn paths(source: &str) -> Vec<(usize, usize, Vec<String>)> {
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

// ---- The house

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with this ending, by their path from there without it.
fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, base: &Path, ending: &str, found: &mut Vec<(String, String)>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            let name = path.strip_prefix(base).ok().and_then(Path::to_str).expect("a name in UTF-8");
            if path.is_dir() {
                walk(&path, base, ending, found);
            } else if let Some(place) = name.strip_suffix(ending) {
                found.push((place.to_owned(), fs::read_to_string(&path).expect("a readable file")));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, ending, &mut found);
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    let sources = files(&root().join("src"), ".rs");
    assert!(sources.len() > 20, "is this the source?");
    sources
}

#[test]
fn each_room_names_only_what_it_may() {
    let found: Vec<String> = sources()
        .iter()
        .flat_map(|(place, source)| violations(place, source))
        .map(|violation| violation.to_string())
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_room_of_the_table_exists() {
    let sources = sources();
    let exists = |place: &str| sources.iter().any(|(file, _)| is_in(file, place));
    for room in ROOMS {
        assert!(exists(room.place), "there is no src/{} any more: mend the table", room.place);
    }
    for (file, _) in EXCEPTIONS {
        assert!(exists(file), "there is no src/{file}.rs any more: mend the table");
    }
    // And every module of the library is in the table.
    for (place, _) in &sources {
        let in_table = place == "lib" || ROOMS.iter().any(|room| is_in(place, room.place));
        assert!(in_table, "src/{place}.rs is in no room of the table");
    }
}

#[test]
fn files_are_short_and_named_after_their_modules() {
    for (place, source) in sources() {
        assert!(!is_in(&place, "mod") && !place.ends_with("/mod"), "src/{place}.rs: a module is named by its file");
        let lines = source.lines().count();
        assert!(lines <= LINES, "src/{place}.rs has {lines} lines: split it by meaning");
    }
}

#[test]
fn every_template_has_its_source_and_is_in_the_resource() {
    let resource = fs::read_to_string(root().join("data/klatch.gresource.xml")).expect("the list of resources");
    let templates = files(&root().join("data/ui"), ".ui");
    assert!(!templates.is_empty());
    for (name, _) in &templates {
        assert!(root().join(format!("src/ui/{name}.rs")).is_file(), "data/ui/{name}.ui has no src/ui/{name}.rs");
        assert!(resource.contains(&format!(">ui/{name}.ui<")), "data/ui/{name}.ui is not in klatch.gresource.xml");
    }
    let listed = resource.matches(">ui/").count();
    assert_eq!(listed, templates.len(), "klatch.gresource.xml lists a template that does not exist");
}

#[test]
fn every_file_with_text_for_people_is_translated() {
    let list = fs::read_to_string(root().join("po/POTFILES")).expect("the list of files to translate");
    let listed: BTreeSet<&str> =
        list.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
    for file in &listed {
        assert!(root().join(file).is_file(), "po/POTFILES lists {file}, which does not exist");
    }
    for (place, source) in sources() {
        if translates(&source) && place != "ui/i18n" {
            let file = format!("src/{place}.rs");
            assert!(listed.contains(file.as_str()), "{file} has text to translate and is not in po/POTFILES");
        }
    }
    for (name, source) in files(&root().join("data/ui"), ".ui") {
        if source.contains("translatable=\"yes\"") {
            let file = format!("data/ui/{name}.ui");
            assert!(listed.contains(file.as_str()), "{file} has text to translate and is not in po/POTFILES");
        }
    }
}

/// Whether a function that translates is called.
fn translates(source: &str) -> bool {
    tokens(source).windows(2).any(|pair| {
        let name = pair[0].text.as_str();
        pair[1].text == "("
            && ["gettext", "ngettext", "pgettext", "npgettext"]
                .iter()
                .any(|base| name == *base || name.strip_prefix(base).is_some_and(|rest| rest.starts_with('_')))
    })
}

#[test]
fn without_the_desktop_client_nothing_needs_the_toolkit() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--no-default-features", "--edges", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(tree.contains("serde-pickle"), "is this our tree?\n{tree}");
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let toolkit = ["gtk4", "gdk4", "gsk4", "glib", "gio", "gettext", "gobject", "pango", "cairo"];
        assert!(!toolkit.iter().any(|part| name.starts_with(part)), "{line}");
    }
}

// ---- The checker, checked

#[test]
fn a_planted_violation_is_found() {
    for (place, source, line, what) in [
        ("protocol/frame", "use crate::net::Event;", 1, "crate::net::Event is not for protocol"),
        ("protocol/frame", "\nfn f() { crate::server::run() }", 2, "crate::server::run is not for protocol"),
        ("protocol/frame", "use {\n    crate::{\n        net,\n    },\n};", 3, "crate::net is not for protocol"),
        ("protocol", "use super::net::Event;", 1, "crate::net::Event is not for protocol"),
        ("net/session/room", "use super::super::super::server::Hub;", 1, "crate::server::Hub is not for net"),
        ("protocol/im", "use std::net::TcpStream;", 1, "std::net is not for protocol"),
        ("protocol/im", "use std::{io, net::{IpAddr, TcpStream}};", 1, "std::net is not for protocol"),
        ("protocol/im", "let now = std::time::Instant::now();", 1, "Instant::now is not for protocol"),
        ("protocol/im", "use serde_pickle::Value;", 1, "serde_pickle is only for protocol/pickle"),
        ("net/session", "tokio::spawn(async {});", 1, "tokio is not for net/session"),
        ("net/link", "use crate::ui::Window;", 1, "crate::ui::Window is not for net"),
        ("net/link", "use glib::spawn_future_local;", 1, "glib is only for ui"),
        ("net/link", "use ::gtk::prelude::*;", 1, "gtk is only for ui"),
        ("net/session/room", "use mdns_sd as mdns;", 1, "mdns_sd is only for net/discovery"),
        ("server/hub", "use crate::net::Command;", 1, "crate::net::Command is not for server"),
        ("cli/text", "use crate::protocol::im;", 1, "crate::protocol::im is not for cli"),
        ("ui/window", "use crate::protocol::ident::UserName;", 1, "crate::protocol::ident::UserName is not for ui"),
        ("ui/window", "use crate::server::Server;", 1, "crate::server::Server is not for ui"),
        ("ui/window", "let socket = std::net::UdpSocket::bind(a);", 1, "std::net is not for ui"),
        ("ui/model/roster", "use crate::ui::window::Window;", 1, "crate::ui::window::Window is not for ui/model"),
        ("ui/model/roster", "use super::super::window::Window;", 1, "crate::ui::window::Window is not for ui/model"),
        ("ui/model/roster", "fn f(row: &gtk::Label) {}", 1, "gtk::Label is not for ui/model"),
        ("bin/klatch-cli", "use klatch::server::Server;", 1, "klatch::server::Server is not for bin/klatch-cli"),
    ] {
        let found = violations(place, source);
        let expected = Violation { place: place.to_owned(), line, what: what.to_owned() };
        assert!(found.contains(&expected), "{source:?} in {place}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_no_violation() {
    for (place, source) in [
        ("protocol/pickle", "use serde_pickle::Value;"),
        ("protocol/pickle/decode", "use super::super::limits;\nuse crate::protocol::ident;"),
        ("protocol/frame", "mod tests {\n    use super::*;\n}"),
        ("protocol", "// use crate::net;\n/* crate::server */\nlet s = \"crate::ui \\\" crate::ui\";"),
        ("protocol", "let s = r#\"gtk \" tokio::spawn\"#; let c = '\"'; let l: &'a str = b\"std::net\";"),
        ("protocol", "//! [`crate::net`] is told of it."),
        ("net/link", "use crate::protocol::frame::Frame;\nuse tokio::net::TcpStream;"),
        ("server/hub", "use crate::protocol::im;"),
        ("ui/hosting", "use crate::server::Server;\nuse std::{net::SocketAddr, thread};\nuse tokio::sync::oneshot;"),
        ("ui/window", "use crate::net::{Command, Event};\nuse crate::ui::model::Roster;"),
        ("ui/model/roster", "use gtk::{gio, glib};\nuse crate::ui::i18n::gettext_f;"),
        ("bin/klatch-server", "use klatch::server::{Server, listen};"),
    ] {
        assert_eq!(violations(place, source), [], "{source:?} in {place}");
    }
    assert!(translates("let label = gettext_f(\"{name}\", &[]);") && translates("gettext(\"x\")"));
    assert!(!translates("use crate::ui::i18n::gettext;\n// gettext(\"x\")"));
}
