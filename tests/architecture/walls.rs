//! Whether each file names only what its room may.

use std::fmt;

use crate::rooms::{EXCEPTIONS, ONE_PLACE, ROOMS, TOOLKIT, WITHOUT_TOOLKIT};
use crate::rust_source::{paths, translates};
use crate::sources;

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
pub(crate) fn is_in(place: &str, room: &str) -> bool {
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
