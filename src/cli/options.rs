//! The command line of `klatch-cli`.

use clap::{Args, Parser, Subcommand};

use crate::net::{Mode, NameError, ServerAddress, ServerParameters, Status, UserName};

/// Chat from a terminal or a script.
///
/// Commands come on standard input, one a line; a name with spaces goes in double quotes:
///
///   /status TEXT     /invite NAME...   /join ID    /leave ID   /say ID TEXT
///   /accept ID       /refuse ID        /list       /quit
///
/// The end of input acts as /quit. Exit codes: 0 after /quit, 1 when the first connection or the registration fails, 2
/// for wrong usage.
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
}

/// Where to, and as whom.
#[derive(Debug, Args)]
struct Server {
    /// Host name or address of the server; the port is 6666 if none is given
    #[arg(value_name = "HOST[:PORT]")]
    address: ServerAddress,
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
    /// What to connect to.
    pub fn mode(&self) -> Mode {
        let Way::Server(server) = &self.way;
        Mode::Server(ServerParameters {
            address: server.address.clone(),
            name: server.name.clone(),
            status: Status::received(&server.status),
        })
    }

    /// Whether the output is for programs.
    pub fn json(&self) -> bool {
        let Way::Server(server) = &self.way;
        server.json
    }
}
