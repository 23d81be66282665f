//! The desktop client: arguments and logging; everything else is in [`klatch::ui`].

use std::io;
use std::process::ExitCode;

use clap::Parser;
use klatch::net::{ServerAddress, UserName};
use klatch::ui::{self, Options};

/// Chat on a local network.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Connect to this server at once, instead of the one in the preferences; the default port is 6666
    #[arg(long, value_name = "HOST[:PORT]")]
    server: Option<ServerAddress>,
    /// Connect at once under this name, instead of the one in the preferences
    #[arg(long, value_parser = UserName::new)]
    name: Option<UserName>,
    /// Run beside a Klatch that is open already, instead of showing its window
    #[arg(long)]
    new_instance: bool,
}

fn main() -> ExitCode {
    let Arguments { server, name, new_instance } = Arguments::parse();
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(io::stderr).init();
    ui::run(&Options { server, name, new_instance })
}
