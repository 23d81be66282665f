//! The window that lists every key of the program. The keys themselves are set by the application.

use gtk::prelude::*;

use super::style::RESOURCES;

/// Shows the list of all keys over the window from which it was asked for.
pub fn show(parent: &impl IsA<gtk::Window>) {
    let builder = gtk::Builder::from_resource(&format!("{RESOURCES}/ui/shortcuts.ui"));
    let Some(window) = builder.object::<gtk::ShortcutsWindow>("shortcuts") else {
        tracing::error!("the list of keys is not in the program");
        return;
    };
    window.set_transient_for(Some(parent));
    window.present();
}
