//! The table: the rooms of the house, what each may name, and what has one place.

/// A part of the source: a module with all that is below it, as its path from `src` without `.rs`.
pub(crate) struct Room {
    pub(crate) place: &'static str,
    /// The other rooms that it may name.
    pub(crate) may: &'static [&'static str],
    /// What it must never name.
    pub(crate) never: &'static [&'static str],
}

pub(crate) const TOOLKIT: [&str; 6] = ["gtk", "gdk", "glib", "gio", "gettextrs", "gtk4"];

/// Where two places hold for a file, both do.
pub(crate) const ROOMS: &[Room] = &[
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
pub(crate) const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("ui/hosting", &["server", "std::net", "std::thread", "tokio"]),
    // A test begins at some time, whichever it is.
    ("net/session/tests", &["Instant::now"]),
];

/// What is named in one file only, and in those below it.
pub(crate) const ONE_PLACE: &[(&str, &str)] =
    &[("serde_pickle", "protocol/pickle"), ("mdns_sd", "net/discovery"), ("if_addrs", "net/interfaces")];

/// Rooms that are built without the toolkit.
pub(crate) const WITHOUT_TOOLKIT: [&str; 5] = ["protocol", "net", "server", "cli", "bin"];
