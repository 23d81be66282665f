//! The command line of `klatch-cli`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::net::{
    Mode, NameError, PeerParameters, ServerAddress, ServerParameters, ServiceType, Status, UserInfo, UserName,
};

/// Chat from a terminal or a script.
///
/// Commands come on standard input, one a line; a name with spaces goes in double quotes:
///
///   /status TEXT     /invite NAME...   /join ID    /leave ID   /say ID TEXT
///   /accept ID       /refuse ID        /list       /quit
///
/// As a peer also:
///
///   /peers           /info PEER        /files PEER      /get PEER FILE [AS]
///   /offer PEER PATH /chat PEER...     /close ID        /add HOST:PORT
///   /cancel TRANSFER
///
/// /accept and /refuse also answer the offer of a file, by its number.
///
/// The end of input acts as /quit. What follows /invite, /join or /accept waits for it.
///
/// Exit codes: 0 after /quit, 1 when the first connection or the registration fails,
/// 2 for wrong usage.
// The text is also what --help prints, where brackets are no link.
#[allow(rustdoc::broken_intra_doc_links)]
#[derive(Debug, Parser)]
#[command(name = "klatch-cli", version, verbatim_doc_comment)]
pub struct Options {
    #[command(subcommand)]
    way: Way,
}

/// The way of being online.
#[derive(Debug, Subcommand)]
enum Way {
    /// Chat through a server
    Server(Server),
    /// Chat and share files with peers on this network, without a server
    Peer(Peer),
}

/// Where to, and as whom.
#[derive(Debug, Args)]
struct Server {
    /// Host name or address of the server; the port is 6666 if none is given
    #[arg(value_name = "HOST[:PORT]")]
    address: ServerAddress,
    #[command(flatten)]
    common: Common,
}

/// Among whom, as whom, and with which files.
#[derive(Debug, Args)]
struct Peer {
    /// Folder whose files others may get; without it nothing is shared
    #[arg(long, value_name = "DIR")]
    share: Option<PathBuf>,
    /// Folder for files that are got from others; the current one if none is given
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    downloads: PathBuf,
    /// Service type by which peers find each other
    #[arg(long, value_name = "TYPE", default_value_t)]
    service_type: ServiceType,
    /// Port to listen on; any free one if none is given
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// Name to be known by
    #[arg(long, value_parser = user_name)]
    name: UserName,
    /// Status to begin with
    #[arg(long, value_name = "TEXT", default_value = "online")]
    status: String,
    /// Print one JSON object a line, for programs
    #[arg(long)]
    json: bool,
}

fn user_name(text: &str) -> Result<UserName, NameError> {
    UserName::new(text)
}

impl Options {
    /// How to go online.
    pub fn mode(&self) -> Mode {
        match &self.way {
            Way::Server(Server { address, common }) => Mode::Server(ServerParameters {
                address: address.clone(),
                name: common.name.clone(),
                status: Status::received(&common.status),
            }),
            Way::Peer(Peer { share, downloads, service_type, port, common }) => Mode::Peer(Box::new(PeerParameters {
                name: common.name.clone(),
                status: Status::received(&common.status),
                service_type: service_type.clone(),
                port: *port,
                share: share.clone(),
                downloads: downloads.clone(),
                info: UserInfo::default(),
                blocked: Vec::new(),
                added: Vec::new(),
                pictures: false,
            })),
        }
    }

    /// Whether the output is for programs.
    pub fn json(&self) -> bool {
        match &self.way {
            Way::Server(Server { common, .. }) | Way::Peer(Peer { common, .. }) => common.json,
        }
    }
}
