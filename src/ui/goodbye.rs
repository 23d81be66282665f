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
        if level == glib::LogLevel::Message && fields.iter().any(|field| is_domain(field, DYING)) {
            handle.shutdown();
        }
        glib::log_writer_default(level, fields)
    });
}

fn is_domain(field: &glib::LogField<'_>, domain: &str) -> bool {
    field.key() == "GLIB_DOMAIN" && field.value_str() == Some(domain)
}
