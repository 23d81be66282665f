//! What the guide quotes: labels of the windows, keys, titles of its own chapters.
//!
//! They come from where they are defined, so that the guide never tells of a button that is called otherwise by now, or
//! in this language.

use gtk::glib;

use crate::ui::application::actions::KEYS;
use crate::ui::i18n::{fill, gettext};
use crate::ui::markup;

/// Markup for every place that a text of the guide may have.
pub(super) struct Words(Vec<(&'static str, String)>);

impl Words {
    pub(super) fn new() -> Self {
        let labels = labels().into_iter().map(|(place, label)| (place, format!("<b>{}</b>", plain(&label))));
        let keys = keys().into_iter().map(|(place, key)| (place, format!("<b>{}</b>", isolated(&key_label(key)))));
        let links = titles().into_iter().map(|(place, title)| {
            let (id, title) = (place.trim_start_matches("see_"), markup::escape(&title));
            (place, format!("<a href=\"{id}\">{title}</a>"))
        });
        Self(labels.chain(keys).chain(links).collect())
    }

    /// The text as markup, with its places filled.
    pub(super) fn fill(&self, text: &str) -> String {
        let values: Vec<_> = self.0.iter().map(|(place, markup)| (*place, markup.as_str())).collect();
        fill(&markup::escape(text), &values)
    }
}

/// The chapters in their order: the place of a link to them, which is `see_` and their id, and their titles.
pub(super) fn titles() -> [(&'static str, String); 10] {
    [
        ("see_start", gettext("First Steps")),
        ("see_people", gettext("People and Status")),
        ("see_conversations", gettext("Conversations")),
        ("see_files", gettext("Files")),
        ("see_network", gettext("Network and Firewall")),
        ("see_trouble", gettext("When Something Does Not Work")),
        ("see_privacy", gettext("Privacy")),
        ("see_keys", gettext("Keyboard Shortcuts")),
        ("see_programming", gettext("Your Own Programs")),
        ("see_protocol", gettext("The Protocols")),
    ]
}

/// Labels of the windows, with the mark of their key.
fn labels() -> [(&'static str, String); 36] {
    [
        ("join", gettext("_Join a server")),
        ("join_button", gettext("Jo_in")),
        ("host", gettext("_Host a server here")),
        ("host_button", gettext("Host and Jo_in")),
        ("peers", gettext("_Chat on this network")),
        ("go_online", gettext("Go Onl_ine")),
        ("preferences", gettext("_Preferences")),
        ("account", gettext("_Account")),
        ("connection", gettext("Conne_ction")),
        ("sharing", gettext("S_haring")),
        ("hosting", gettext("_Hosting")),
        ("notifications", gettext("N_otifications")),
        ("advanced", gettext("Ad_vanced")),
        ("listen", gettext("Liste_n on port")),
        ("service_type", gettext("Ser_vice type")),
        ("stop_sharing", gettext("S_top Sharing")),
        ("start_conversation", gettext("_Start Conversation")),
        ("user_info", gettext("_User Info")),
        ("shared_files", gettext("Shared _Files")),
        ("send_file", gettext("S_end Files…")),
        ("block", gettext("_Block")),
        ("new_conversation", gettext("_New Conversation…")),
        ("start_button", gettext("_Start")),
        ("start_again", gettext("Start _Again")),
        ("accept", gettext("_Accept")),
        ("decline", gettext("_Decline")),
        ("resend", gettext("Resend")),
        ("conversations_menu", gettext("C_onversations")),
        ("copy_all", gettext("Copy _All Messages")),
        ("get", gettext("_Get")),
        ("get_as", gettext("Get _As…")),
        ("transfers", gettext("_Transfers")),
        ("add_peer", gettext("_Add Peer by Address…")),
        ("look_again", gettext("_Look Again")),
        ("remove_address", gettext("_Remove Address")),
        ("shared_folder", gettext("Shared folder")),
    ]
}

fn keys() -> [(&'static str, &'static str); 6] {
    let of = |action| {
        let keys = KEYS.iter().find(|(name, _)| *name == action);
        keys.and_then(|(_, keys)| keys.first().copied()).unwrap_or_default()
    };
    [
        ("key_new", of("app.new-conversation")),
        ("key_find", of("win.find")),
        ("key_transfers", of("app.transfers")),
        ("key_look_again", of("app.look-again")),
        ("key_menu", "<Shift>F10"),
        ("key_before", "<Primary>Up"),
    ]
}

/// A key as people read it on their keyboard, in their language; several are separated by spaces.
pub(super) fn key_label(accelerators: &str) -> String {
    let parsed = accelerators.split(' ').filter_map(gtk::accelerator_parse);
    let labels: Vec<_> = parsed.map(|(key, modifiers)| gtk::accelerator_get_label(key, modifiers)).collect();
    labels.iter().map(glib::GString::as_str).collect::<Vec<_>>().join(", ")
}

/// A label without the mark of its key, which some languages put behind it in brackets, and without the dots of a menu.
pub(super) fn without_mark(label: &str) -> String {
    let bracketed = label.find("(_").and_then(|start| {
        let (before, from) = label.split_at(start);
        Some((before, from.split_once(')')?.1))
    });
    let whole = bracketed.map_or_else(|| label.replacen('_', "", 1), |(before, after)| format!("{before}{after}"));
    whole.trim_end_matches('…').trim_end().to_owned()
}

fn plain(label: &str) -> String {
    markup::escape(&without_mark(label))
}

/// Something in Latin letters, which keeps its order in a text that runs from the right to the left.
fn isolated(text: &str) -> String {
    format!("\u{2068}{}\u{2069}", markup::escape(text))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn marks_of_keys_are_left_out() {
        assert_eq!(without_mark("_New Conversation…"), "New Conversation");
        assert_eq!(without_mark("新建会话(_N)…"), "新建会话");
        assert_eq!(without_mark("Plain"), "Plain");
    }

    #[test]
    fn every_label_that_is_quoted_is_in_a_window() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut windows = String::new();
        for folder in ["data/ui", "src/ui", "src/ui/window"] {
            for entry in fs::read_dir(root.join(folder)).expect("a folder of the source").flatten() {
                windows += &fs::read_to_string(entry.path()).unwrap_or_default();
            }
        }
        for (_, label) in labels() {
            let in_template = format!(">{label}</property>");
            let in_menu = format!(">{label}</attribute>");
            let in_code = format!("gettext(\"{label}\")");
            assert!([in_template, in_menu, in_code].iter().any(|words| windows.contains(words)), "{label}");
        }
    }

    #[test]
    fn texts_are_no_markup_and_places_are() {
        let words = Words(vec![("join", "<b>Join</b>".into())]);
        assert_eq!(words.fill("a < b & {join}"), "a &lt; b &amp; <b>Join</b>");
    }
}
