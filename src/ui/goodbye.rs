//! Every way in which the program ends says goodbye to the server.

use gtk::glib;
use gtk::prelude::*;

use super::application::Application;
use crate::net::Handle;

/// Signals that ask a program to end, by their numbers on Linux (signal(7)): the terminal is closed, Ctrl+C, the
/// session ends.
const ENDING: [i32; 3] = [1, 2, 15];

/// What GDK logs when the display is gone. It ends the process right after that, without any other sign; the level
/// differs with the version (gdk/x11/gdkmain-x11.c, gdk/wayland/gdkeventsource.c).
const LAST_WORDS: [&str; 5] = [
    "Fatal IO error",
    "lost its connection to the display",
    "Lost connection to Wayland compositor",
    "Error reading events from display",
    "dispatching to Wayland display",
];

/// Ends the program cleanly on a signal that asks for it, and says goodbye when the display dies.
pub(super) fn on_every_end(app: &Application, handle: &Handle) {
    for signal in ENDING {
        let app = app.downgrade();
        glib_unix::unix_signal_add_local(signal, move || {
            if let Some(app) = app.upgrade() {
                app.quit();
            }
            glib::ControlFlow::Continue
        });
    }
    let handle = handle.clone();
    glib::log_set_writer_func(move |level, fields| {
        if are_last_words(fields) {
            handle.shutdown();
        }
        glib::log_writer_default(level, fields)
    });
}

fn are_last_words(fields: &[glib::LogField<'_>]) -> bool {
    let value = |key: &str| fields.iter().find(|field| field.key() == key).and_then(glib::LogField::value_str);
    value("GLIB_DOMAIN") == Some("Gdk")
        && value("MESSAGE").is_some_and(|message| LAST_WORDS.iter().any(|words| message.contains(words)))
}
