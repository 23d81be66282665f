//! The desktop client: logging; everything else is in [`klatch::ui`].

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use klatch::ui::{self, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // The terminal from which it was started may be gone, and reporting that on standard error would be a panic.
        .log_internal_errors(false)
        .init();
    ui::run(&options)
}
