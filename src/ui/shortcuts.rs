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

#[cfg(test)]
mod tests {
    use crate::ui::application::actions::KEYS;

    #[test]
    fn every_key_of_an_action_is_listed() {
        let listed = include_str!("../../data/ui/shortcuts.ui").replace("&lt;", "<").replace("&gt;", ">");
        for key in KEYS.iter().flat_map(|(_, keys)| *keys) {
            assert!(listed.contains(&format!("<property name=\"accelerator\">{key}</property>")), "{key}");
        }
    }
}
