//! The desktop client: GTK windows that send commands and show events.

mod a11y;
pub mod about;
pub mod add_peer;
pub mod address_list;
mod application;
pub mod avatar;
pub mod buddy_row;
mod clock;
mod color_scheme;
mod colour;
mod composer;
pub mod conversation;
mod end_follower;
pub mod field;
pub mod file_manager;
mod goodbye;
pub mod guide;
pub mod hosting;
pub mod hosting_alert;
mod hosting_page;
pub mod i18n;
mod inquiry_page;
pub mod invitation;
mod markup;
mod menu_bar;
mod message_row;
pub mod model;
pub mod name_dialog;
pub mod new_conversation;
mod notifier;
mod offers_bar;
mod options;
mod own_status;
pub mod peer_page;
mod picture;
pub mod picture_row;
pub mod preferences;
pub mod problem;
mod problem_bar;
pub mod prompt;
pub mod pump;
mod question;
mod sandbox;
mod search;
mod sending;
pub mod settings;
pub mod shared_files;
pub mod shortcuts;
pub mod style;
mod transfer_row;
pub mod transfers;
pub mod user_info;
pub mod welcome;
pub mod window;

use std::process::ExitCode;

use gtk::glib;
use gtk::prelude::*;

use crate::net::{self, Command};
use application::Application;
use i18n::gettext;
use model::Client;
pub use options::Options;
use settings::Settings;

/// Runs the desktop client until it is quit.
pub fn run(options: &Options) -> ExitCode {
    i18n::init();
    if gtk::init().is_err() {
        eprintln!(
            "klatch: {}",
            gettext("There is no display to open a window on. Start Klatch in a graphical session.")
        );
        return ExitCode::FAILURE;
    }
    let started = net::start().map_err(|error| error.to_string());
    let settings = Settings::open()
        .or_else(|error| {
            tracing::warn!("nothing will be remembered: {error}");
            Settings::in_memory()
        })
        .and_then(|settings| {
            if options.new_instance && !options.asked.is_nothing() {
                settings.session(&options.asked)
            } else {
                Ok(settings)
            }
        })
        .map_err(|error| error.to_string());
    let ((handle, events), settings) = match (started, settings) {
        (Ok(net), Ok(settings)) => (net, settings),
        (Err(why), _) | (_, Err(why)) => {
            eprintln!("klatch: {why}");
            return ExitCode::FAILURE;
        }
    };
    let app = Application::new(options.application_flags());
    style::register_resources();
    let client = Client::new({
        let handle = handle.clone();
        move |command: Command| handle.send(command).map_err(|(error, _)| error)
    });
    app.connect_startup({
        let asked = options.asked.clone();
        move |app| {
            app.prepare(&settings, &client, asked.clone());
            pump::start(events.clone(), &client);
        }
    });
    goodbye::on_every_end(&app, &handle);
    // Where there is no session bus, Klatch runs all the same.
    let is_elsewhere = app.register(gtk::gio::Cancellable::NONE).is_ok() && app.is_remote();
    if is_elsewhere && !options.asked.is_nothing() {
        eprintln!(
            "klatch: {}",
            gettext("Klatch is running already. To connect elsewhere as well, add --new-instance.")
        );
        handle.shutdown();
        return ExitCode::FAILURE;
    }
    let code = app.run_with_args::<&str>(&[]);
    handle.shutdown();
    if code == glib::ExitCode::SUCCESS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
