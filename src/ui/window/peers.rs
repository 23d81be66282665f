//! What the buddy list offers among peers: to look somebody up, to see and send files, to block.

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::Window;
use crate::net::{Command, TransferState, UserName};
use crate::ui::model::{Buddy, Client};
use crate::ui::{sending, transfers};

/// The actions that only peers have.
const ACTIONS: [&str; 6] =
    ["win.user-info", "win.shared-files", "win.send-file", "win.block", "win.unblock", "win.remove-address"];

impl Window {
    /// Installs the actions on the class.
    pub(super) fn install_peer_actions(class: &mut <super::imp::Window as ObjectSubclass>::Class) {
        class.install_action("win.user-info", None, |window, _, _| window.show_about_selected("user-info"));
        class.install_action("win.shared-files", None, |window, _, _| window.show_about_selected("shared-files"));
        class.install_action("win.send-file", None, |window, _, _| window.choose_files());
        class.install_action("win.block", None, |window, _, _| window.block(true));
        class.install_action("win.unblock", None, |window, _, _| window.block(false));
        class.install_action("win.remove-address", None, |window, _, _| window.remove_addresses());
    }

    /// Offers what can be done with who is selected; menus hide the rest.
    pub(super) fn refresh_peer_actions(&self) {
        for (action, is_enabled) in self.peer_actions() {
            self.action_set_enabled(action, is_enabled);
        }
    }

    /// What only peers can do, and whether it can be done with who is selected.
    pub(super) fn peer_actions(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let selected = self.selected();
        let is_peer = self.client().is_some_and(|client| client.has_files() && client.is_online());
        let is_one = is_peer && selected.len() == 1;
        let is_somebody = is_peer && !selected.is_empty();
        let are_blocked = selected.iter().filter(|buddy| buddy.is_blocked()).count();
        let enabled = [
            is_one,
            is_one,
            is_somebody && are_blocked == 0,
            is_somebody && are_blocked < selected.len(),
            is_somebody && are_blocked > 0,
            is_somebody && selected.iter().all(Buddy::is_added),
        ];
        ACTIONS.into_iter().zip(enabled)
    }

    /// Opens a window about each selected person, by an action of the application.
    fn show_about_selected(&self, action: &str) {
        let Some(app) = self.application() else { return };
        for buddy in self.selected() {
            app.activate_action(action, Some(&buddy.name().as_str().to_variant()));
        }
    }

    fn choose_files(&self) {
        if let Some(client) = self.client() {
            sending::choose(self, client, self.selected().iter().map(Buddy::name).collect());
        }
    }

    fn block(&self, is_blocked: bool) {
        let (Some(client), Some(settings)) = (self.client(), self.imp().settings.get()) else { return };
        for buddy in self.selected().into_iter().filter(|buddy| buddy.is_blocked() != is_blocked) {
            let name = buddy.name();
            if client.send(Command::Block { name: name.clone(), blocked: is_blocked }).is_ok() {
                settings.set_blocked(&name, is_blocked);
            }
        }
    }

    fn remove_addresses(&self) {
        let (Some(client), Some(settings)) = (self.client(), self.imp().settings.get()) else { return };
        for address in self.selected().iter().filter_map(|buddy| client.added_address(&buddy.name())) {
            if client.send(Command::RemovePeer(address.clone())).is_ok() {
                settings.set_added_peer(&address, false);
            }
        }
    }

    /// Lets files be dropped on a row, which offers them to the person.
    pub(super) fn accept_files(&self, row: &impl IsA<gtk::Widget>, item: &gtk::ListItem) {
        let target = sending::drop_target(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[weak]
            item,
            #[upgrade_or]
            false,
            move |files| {
                let (Some(client), Some(person)) = (window.client(), window.receiver_at(item.position())) else {
                    return false;
                };
                sending::offer(client, &[person], files);
                true
            }
        ));
        target.connect_enter(glib::clone!(
            #[weak(rename_to = window)]
            self,
            #[weak]
            item,
            #[upgrade_or]
            gdk::DragAction::empty(),
            move |_, _, _| {
                let person = window.receiver_at(item.position());
                person.map_or_else(gdk::DragAction::empty, |_| gdk::DragAction::COPY)
            }
        ));
        row.add_controller(target);
    }

    /// Who can be offered files in that row.
    fn receiver_at(&self, at: u32) -> Option<UserName> {
        sending::receivers(self.client()?, vec![self.buddy_at(at)?.name()]).pop()
    }

    /// Shows in the status bar what is under way.
    pub(super) fn follow_transfers(&self, client: &Client) {
        client.connect_transfer_changed(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |client, transfer| {
                if transfer.now().is_some_and(|now| now.state == TransferState::Offered) {
                    // There one sees what comes of it.
                    let _there = WidgetExt::activate_action(&window, "app.transfers", None);
                }
                let running = client.running_transfers();
                let imp = window.imp();
                imp.transfers.set_visible(!running.is_empty());
                imp.transfers.set_tooltip_text(transfers::summary(&running).as_deref());
                // For how fast they are there is no room.
                imp.transfers_count.set_label(&transfers::count(&running));
            }
        ));
    }
}
