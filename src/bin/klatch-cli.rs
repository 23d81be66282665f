//! `klatch-cli`: the client on a terminal.

use std::process::ExitCode;

use clap::Parser;
use klatch::cli::{self, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    cli::run(&options).unwrap_or_else(|error| {
        eprintln!("klatch-cli: {error}");
        ExitCode::FAILURE
    })
}
