//! Oneself in the buddy list: name, presence and status message.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::Window;
use crate::net::{LinkState, Presence, Status};
use crate::ui::buddy_row::{presence_icon, presence_word, seen_word};
use crate::ui::own_status;
use crate::ui::picture;
use crate::ui::settings::{Settings, key};

impl Window {
    pub(super) fn build_me(&self, settings: &Settings) {
        let imp = self.imp();
        let words: Vec<_> = Presence::ALL.into_iter().map(presence_word).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        imp.presence.set_model(Some(&gtk::StringList::new(&words)));
        imp.presence.set_list_factory(Some(&presence_factory(false)));
        picture::follow_own(self, settings, Self::show_own_picture);
        self.show_status(&settings.status());
        imp.presence.connect_selected_notify(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| {
                window.change_status();
                window.refresh_presence();
            }
        ));
        imp.status.connect_activate(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| {
                window.change_status();
                window.imp().list.grab_focus();
            }
        ));
        let focus = gtk::EventControllerFocus::new();
        focus.connect_leave(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.change_status()
        ));
        imp.status.add_controller(focus);
        let keys = gtk::EventControllerKey::new();
        keys.connect_key_pressed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, _| {
                if key == gdk::Key::Escape
                    && let Some(settings) = window.imp().settings.get()
                {
                    window.show_status(&settings.status());
                    window.imp().list.grab_focus();
                    return glib::Propagation::Stop;
                }
                glib::Propagation::Proceed
            }
        ));
        imp.status.add_controller(keys);
        settings.on_changed(&[key::NAME, key::PRESENCE, key::STATUS], {
            let window = self.downgrade();
            move |settings| {
                if let Some(window) = window.upgrade() {
                    window.show_status(&settings.status());
                    window.refresh_name();
                }
            }
        });
        self.refresh_name();
    }

    fn show_own_picture(&self, picture: Option<gdk::Texture>) {
        self.imp().avatar.set_picture(picture.clone());
        if let Some(client) = self.client() {
            client.set_own_picture(picture.and_upcast());
        }
    }

    fn show_status(&self, status: &Status) {
        let imp = self.imp();
        imp.shows_settings.set(true);
        let at = Presence::ALL.iter().position(|presence| *presence == status.presence()).unwrap_or_default();
        imp.presence.set_selected(u32::try_from(at).unwrap_or_default());
        if imp.status.text() != status.message() {
            imp.status.set_text(status.message());
        }
        imp.shows_settings.set(false);
    }

    /// Takes over what was chosen and typed, and tells the others.
    fn change_status(&self) {
        let imp = self.imp();
        let (Some(client), Some(settings)) = (imp.client.get(), imp.settings.get()) else { return };
        if imp.shows_settings.get() {
            return;
        }
        let presence = Presence::ALL.get(imp.presence.selected() as usize).copied().unwrap_or_default();
        own_status::change(Status::new(presence, &imp.status.text()), settings, &client.link(), |command| {
            // A refusal is told in the problem bar.
            let _ = client.send(command);
        });
    }

    pub(super) fn refresh_name(&self) {
        let imp = self.imp();
        let Some(client) = imp.client.get() else { return };
        let online = match client.link() {
            LinkState::Online { name, .. } => Some(name),
            _ => None,
        };
        let name = online
            .or_else(|| imp.asked_name.borrow().clone())
            .or_else(|| imp.settings.get().and_then(Settings::name))
            .or_else(|| client.name());
        let name = name.map(|name| name.to_string()).unwrap_or_default();
        imp.avatar.set_person(&name);
        imp.name.set_label(&name);
        imp.name.set_tooltip_text(Some(&name));
    }
}

/// Shows presences, or that one is offline.
pub(super) fn presence_factory(is_offline: bool) -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        let choice = gtk::Box::builder().spacing(6).build();
        choice.append(&gtk::Image::builder().pixel_size(12).build());
        choice.append(&gtk::Label::new(None));
        item.set_child(Some(&choice));
    });
    factory.connect_bind(move |_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        let Some(choice) = item.child() else { return };
        let presence = Presence::ALL.get(item.position() as usize).copied().filter(|_| !is_offline);
        if let Some(icon) = choice.first_child().and_downcast::<gtk::Image>() {
            icon.set_icon_name(Some(presence_icon(presence)));
        }
        if let Some(label) = choice.last_child().and_downcast::<gtk::Label>() {
            label.set_label(&seen_word(presence));
        }
    });
    factory
}
