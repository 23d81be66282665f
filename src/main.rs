//! The desktop client: logging; everything else is in [`klatch::ui`].

use std::io;
use std::process::ExitCode;

use clap::Parser;
use klatch::ui::{self, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(io::stderr).init();
    ui::run(&options)
}
