//! Every way in which the program ends says goodbye to the server.

use gtk::glib;
use gtk::prelude::*;

use super::application::Application;
use crate::net::Handle;

/// Signals that ask a program to end, by their numbers on Linux (signal(7)): the terminal is closed, Ctrl+C, the
/// session ends.
const ENDING: [i32; 3] = [1, 2, 15];

/// What GDK logs under this name at the level "message" are its last words: the display is gone, and GDK ends the
/// process right after it, without any other sign (X11: `gdk_x_io_error`; Wayland: `gdk_event_source_check`).
const DYING: &str = "Gdk";
/// In GTK 4.8 the last words on X11 are at the level "debug", among others, and contain this. They are not translated.
const X11_IS_GONE: &str = "Fatal IO error";

/// Ends the program cleanly on a signal that asks for it, and says goodbye when the display dies.
pub fn on_every_end(app: &Application, handle: &Handle) {
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
        if is_last_word(level, fields) {
            handle.shutdown();
        }
        glib::log_writer_default(level, fields)
    });
}

fn is_last_word(level: glib::LogLevel, fields: &[glib::LogField<'_>]) -> bool {
    let value = |key| fields.iter().find(|field| field.key() == key).and_then(glib::LogField::value_str);
    value("GLIB_DOMAIN") == Some(DYING)
        && match level {
            glib::LogLevel::Message => true,
            glib::LogLevel::Debug => value("MESSAGE").is_some_and(|text| text.contains(X11_IS_GONE)),
            _ => false,
        }
}
