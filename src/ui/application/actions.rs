//! What menus, keys and notifications can ask of the application.

use gtk::prelude::*;
use gtk::{gio, glib};

use super::Application;
use crate::ui::settings::{Settings, key};
use crate::ui::{about, guide, invitation, shortcuts};

/// The keys of the actions that work in every window; the keyboard shortcuts window tells them to people.
pub(in crate::ui) const KEYS: [(&str, &[&str]); 17] = [
    ("app.new-conversation", &["<Primary>n"]),
    ("app.buddy-list", &["<Primary>b"]),
    ("app.transfers", &["<Primary>j"]),
    ("app.connect", &["<Primary><Shift>k"]),
    ("app.disconnect", &["<Primary><Shift>d"]),
    ("app.look-again", &["F5"]),
    ("app.preferences", &["<Primary>comma"]),
    ("app.quit", &["<Primary>q"]),
    ("app.shortcuts", &["<Primary>question"]),
    ("app.guide", &["F1"]),
    ("app.about", &["<Primary>F1"]),
    ("window.close", &["<Primary>w"]),
    ("win.find", &["<Primary>f"]),
    ("win.send-file", &["<Primary><Shift>s"]),
    ("win.members", &["F9"]),
    ("win.copy-all", &["<Primary><Shift>c"]),
    ("win.latest", &["<Primary><Shift>End"]),
];

/// The name of an action without a parameter, and what it does.
type PlainAction = (&'static str, fn(&Application));

impl Application {
    pub(super) fn add_actions(&self, settings: &Settings) {
        let plain: [PlainAction; 10] = [
            ("new-conversation", Self::ask_whom),
            ("buddy-list", Self::show),
            ("connect", Self::connect),
            ("disconnect", Self::ask_to_disconnect),
            ("preferences", Self::show_preferences),
            ("guide", |app| guide::show(app)),
            ("shortcuts", |app| {
                if let Some(window) = app.active_window() {
                    shortcuts::show(&window);
                }
            }),
            ("about", |app| {
                if let Some(window) = app.active_window() {
                    about::show(&window);
                }
            }),
            ("show-invitations", |app| {
                if let Some(window) = invitation::window(app) {
                    window.present();
                }
            }),
            ("quit", Self::ask_to_quit),
        ];
        for (name, run) in plain {
            self.add_plain_action(name, run);
        }
        self.add_action(&settings.gio().create_action(key::APPEARANCE));
        self.add_parametrised_action::<u32>("open-conversation", |app, key| {
            if let Some(client) = app.client()
                && let Some(conversation) = client.conversation(key)
            {
                let window = app.conversation_window(client, &conversation);
                app.carry_draft(&conversation, &window);
                window.present();
            }
        });
        self.add_parametrised_action::<(u32, bool)>("answer-invitation", |app, (key, accept)| {
            if let Some(client) = app.client()
                && let Some(invitation) = client.invitation(key)
            {
                client.answer(&invitation, accept);
            }
        });
        self.add_peer_actions();
        for (action, keys) in KEYS {
            self.set_accels_for_action(action, keys);
        }
    }

    pub(super) fn enable(&self, name: &str, is_enabled: bool) {
        if let Some(action) = self.lookup_action(name).and_downcast::<gio::SimpleAction>() {
            action.set_enabled(is_enabled);
        }
    }

    pub(super) fn add_plain_action(&self, name: &str, run: fn(&Self)) {
        let action = gio::SimpleAction::new(name, None);
        let app = self.downgrade();
        action.connect_activate(move |_, _| {
            if let Some(app) = app.upgrade() {
                run(&app);
            }
        });
        self.add_action(&action);
    }

    pub(super) fn add_parametrised_action<
        T: glib::variant::StaticVariantType + glib::variant::FromVariant + 'static,
    >(
        &self,
        name: &str,
        run: fn(&Self, T),
    ) {
        let action = gio::SimpleAction::new(name, Some(&T::static_variant_type()));
        let app = self.downgrade();
        action.connect_activate(move |_, value| {
            if let (Some(app), Some(value)) = (app.upgrade(), value.and_then(T::from_variant)) {
                run(&app, value);
            }
        });
        self.add_action(&action);
    }
}
