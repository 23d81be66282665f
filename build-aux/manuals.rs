//! Writes manual pages and shell completions from the descriptions of the options that `--help` shows.
//!
//!     manuals man FOLDER              klatch.1, klatch-server.1, klatch-cli.1
//!     manuals completions FOLDER      for bash, zsh and fish
//!
//! `klatch` is among them only with the feature `gui`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// What a manual page says beside the options: titles and texts of sections.
type Sections = &'static [(&'static str, &'static str)];

#[cfg(feature = "gui")]
const CLIENT: Sections = &[
    (
        "FILES",
        "GSettings keeps the preferences as im.klatch.Klatch: \"gsettings list-recursively im.klatch.Klatch\" shows them.",
    ),
    ("SEE ALSO", "klatch-server(1), klatch-cli(1)"),
];
const SERVER: Sections = &[
    (
        "EXIT STATUS",
        "0 after SIGTERM or SIGINT, within 5 seconds; 1 when it cannot start, with the reason on standard error; 2 for \
         wrong usage.",
    ),
    ("SEE ALSO", "klatch(1), klatch-cli(1)"),
];
const TERMINAL: Sections = &[("SEE ALSO", "klatch(1), klatch-server(1)")];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let written = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["man", folder] => programs().into_iter().try_for_each(|(command, sections)| {
            let path = Path::new(folder).join(format!("{}.1", command.get_name()));
            fs::write(path, page(command, sections)?)
        }),
        ["completions", folder] => {
            programs().into_iter().try_for_each(|(command, _)| write_completions(command, folder))
        }
        _ => Err(io::Error::other("usage: manuals man|completions FOLDER")),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manuals: {error}");
            ExitCode::FAILURE
        }
    }
}

fn programs() -> Vec<(Command, Sections)> {
    vec![
        #[cfg(feature = "gui")]
        (klatch::ui::Options::command(), CLIENT),
        (klatch::server::Arguments::command(), SERVER),
        (klatch::cli::Options::command().disable_help_subcommand(true), TERMINAL),
    ]
}

/// One page for a program and all its subcommands, which have a section each.
fn page(mut command: Command, sections: Sections) -> io::Result<Vec<u8>> {
    command.build();
    let title = command.get_name().to_uppercase();
    let man = Man::new(command.clone()).title(title).manual("Klatch");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands() {
        let about = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
        let name = subcommand.get_bin_name().unwrap_or_default().to_uppercase();
        add_section(&mut page, &name, &about)?;
        let mut options = Vec::new();
        Man::new(subcommand.clone()).render_options_section(&mut options)?;
        page.extend(String::from_utf8_lossy(&options).replace(".SH OPTIONS\n", "").into_bytes());
    }
    for (title, text) in sections {
        add_section(&mut page, title, text)?;
    }
    Ok(page)
}

fn add_section(page: &mut impl Write, title: &str, text: &str) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    roff.text([roman(text)]);
    roff.to_writer(page)
}

fn write_completions(mut command: Command, folder: &str) -> io::Result<()> {
    let name = command.get_name().to_owned();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, &name, folder)?;
    }
    Ok(())
}
