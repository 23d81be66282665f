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

/// All keys: the groups with their titles, and in each the keys, as GTK writes them, and what they do.
pub fn all() -> Vec<(String, Vec<(String, String)>)> {
    let builder = gtk::Builder::from_resource(&format!("{RESOURCES}/ui/shortcuts.ui"));
    let Some(window) = builder.object::<gtk::ShortcutsWindow>("shortcuts") else { return Vec::new() };
    let groups = below::<gtk::ShortcutsGroup>(window.upcast_ref());
    let read = groups.iter().map(|group| {
        let shortcuts = below::<gtk::ShortcutsShortcut>(group.upcast_ref());
        let keys = shortcuts.iter().map(|shortcut| (shortcut.property("accelerator"), shortcut.property("title")));
        (group.property("title"), keys.collect())
    });
    let all = read.collect();
    window.destroy();
    all
}

/// The widgets of a class within another one, in their order.
fn below<W: IsA<gtk::Widget>>(widget: &gtk::Widget) -> Vec<W> {
    let mut found = Vec::new();
    let mut child = widget.first_child();
    while let Some(widget) = child {
        child = widget.next_sibling();
        found.extend(below(&widget));
        found.extend(widget.downcast().ok());
    }
    found
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
