//! The lists of people: those of whom one does not want to hear, and those who were added by their address.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::PeerPage;
use crate::net::{Added, Command, ServerAddress, UserName};
use crate::ui::a11y;
use crate::ui::i18n::{gettext, gettext_f};

impl PeerPage {
    pub(super) fn show_blocked(&self) {
        let imp = self.imp();
        let Some(settings) = imp.settings.get() else { return };
        let blocked = settings.blocked();
        fill(&imp.blocked_part, &imp.blocked, blocked.iter().map(|name| self.blocked_line(name)));
    }

    pub(super) fn show_added(&self) {
        let imp = self.imp();
        let Some(settings) = imp.settings.get() else { return };
        let added = settings.added_peers();
        fill(&imp.added_part, &imp.added, added.iter().map(|address| self.added_line(address)));
    }

    fn blocked_line(&self, name: &UserName) -> gtk::Box {
        let words = gettext_f("Unblock {name}", &[("name", &name.shown())]);
        let (line, unblock) = line(&name.shown(), &gettext("Unblock"), &words);
        let name = name.clone();
        unblock.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| {
                page.send(Command::Block { name: name.clone(), blocked: false });
                if let Some(settings) = page.imp().settings.get() {
                    settings.set_blocked(&name, false);
                }
            }
        ));
        line
    }

    fn added_line(&self, address: &ServerAddress) -> gtk::Box {
        let text = address.to_string();
        let words = gettext_f("Remove {address}", &[("address", &text)]);
        let at = |added: &&Added| added.address == *address;
        let who = self.imp().who.borrow().iter().find(at).and_then(|added| added.who.clone());
        let shown = who.map_or_else(|| text.clone(), |who| format!("{} · {text}", who.shown()));
        let (line, remove) = line(&shown, &gettext("Remove"), &words);
        let address = address.clone();
        remove.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |_| {
                page.send(Command::RemovePeer(address.clone()));
                if let Some(settings) = page.imp().settings.get() {
                    settings.set_added_peer(&address, false);
                }
            }
        ));
        line
    }
}

/// Shows these lines in a list, and the part of the page that it is in while there are any.
fn fill(part: &gtk::Box, list: &gtk::Box, lines: impl Iterator<Item = gtk::Box>) {
    while let Some(line) = list.first_child() {
        list.remove(&line);
    }
    for line in lines {
        list.append(&line);
    }
    part.set_visible(list.first_child().is_some());
}

/// A line with a button; what the button does with whom is for screen readers.
fn line(text: &str, action: &str, words: &str) -> (gtk::Box, gtk::Button) {
    let line = gtk::Box::new(gtk::Orientation::Horizontal, 6);
    let label = gtk::Label::builder().label(text).xalign(0.0).hexpand(true).build();
    label.set_ellipsize(gtk::pango::EllipsizeMode::End);
    let button = gtk::Button::with_label(action);
    a11y::label(&button, words);
    line.append(&label);
    line.append(&button);
    (line, button)
}
