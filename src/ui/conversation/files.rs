//! Files for everybody in the conversation.

use gtk::gio;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::{ConversationWindow, refusal};
use crate::net::{NetError, NetErrorKind, UserName};
use crate::ui::i18n::gettext;
use crate::ui::model::Client;
use crate::ui::sending;

impl ConversationWindow {
    /// Takes files that are dropped anywhere in the window. Before the entry does, which would take their paths as text.
    pub(super) fn accept_files(&self) {
        let window = self.downgrade();
        let target = sending::drop_target(move |files| window.upgrade().is_some_and(|window| window.offer(files)));
        target.set_propagation_phase(gtk::PropagationPhase::Capture);
        self.add_controller(target);
    }

    pub(super) fn choose_files(&self) {
        if let Some(client) = self.imp().client.get() {
            sending::choose(self, client, self.receivers());
        }
    }

    pub(super) fn refresh_files(&self) {
        self.action_set_enabled("win.send-file", !self.receivers().is_empty());
    }

    /// Offers the files to everybody else who is there; whether there is anybody. If not, says so.
    fn offer(&self, files: &[gio::File]) -> bool {
        let Some(client) = self.imp().client.get() else { return false };
        let people = self.receivers();
        if people.is_empty() {
            self.imp().composer.refuse(Some(&why_not(client)));
        }
        sending::offer(client, &people, files);
        !people.is_empty()
    }

    fn receivers(&self) -> Vec<UserName> {
        let (Some(client), Some(conversation)) = (self.imp().client.get(), self.conversation()) else {
            return Vec::new();
        };
        sending::receivers(client, conversation.present())
    }
}

/// Why nobody can be offered files.
fn why_not(client: &Client) -> String {
    if !client.has_files() {
        gettext("You can exchange files with people on this network, without a server. Through a server you cannot.")
    } else if client.is_online() {
        gettext("Nobody is here to whom files could be sent.")
    } else {
        refusal(&NetError::new(NetErrorKind::NotConnected))
    }
}
