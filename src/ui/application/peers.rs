//! The windows and questions that only peers have.

use gtk::prelude::*;

use super::Application;
use crate::net::{Command, LinkState, UserName};
use crate::ui::add_peer::AddPeer;
use crate::ui::shared_files::{self, SharedFilesWindow};
use crate::ui::transfers::{self, TransfersWindow};
use crate::ui::user_info::{self, UserInfoWindow};

impl Application {
    pub(super) fn add_peer_actions(&self) {
        self.add_plain_action("transfers", Self::show_transfers);
        self.add_plain_action("add-peer", |app| app.ask_address(""));
        self.add_parametrised_action::<String>("add-peer-at", |app, known| app.ask_address(&known));
        self.add_plain_action("look-again", Self::look_again);
        self.add_parametrised_action::<String>("user-info", |app, name| {
            let name = UserName::received(&name);
            if let Some(client) = app.client() {
                let open = user_info::window(app, &name);
                open.unwrap_or_else(|| UserInfoWindow::new(app, client, &name)).present();
            }
        });
        self.add_parametrised_action::<String>("shared-files", |app, name| {
            let name = UserName::received(&name);
            if let Some(client) = app.client() {
                let open = shared_files::window(app, &name);
                open.unwrap_or_else(|| SharedFilesWindow::new(app, client, &name)).present();
            }
        });
    }

    /// Which of these actions are there.
    pub(super) fn refresh_peer_actions(&self, link: &LinkState) {
        let has_files = self.client().is_some_and(super::Client::has_files);
        self.enable("transfers", has_files);
        for action in ["add-peer", "add-peer-at", "look-again"] {
            self.enable(action, has_files && matches!(link, LinkState::Online { .. }));
        }
    }

    fn show_transfers(&self) {
        if let Some(client) = self.client() {
            transfers::window(self).unwrap_or_else(|| TransfersWindow::new(self, client)).present();
        }
    }

    /// Asks where somebody is who does not appear by themselves, beginning with what is known of it.
    fn ask_address(&self, known: &str) {
        if let (Some(client), Some(settings), Some(parent)) = (self.client(), self.settings(), self.active_window()) {
            AddPeer::new(&parent, client, settings, known).present();
        }
    }

    fn look_again(&self) {
        if let Some(client) = self.client() {
            // A refusal is told in the problem bar.
            let _ = client.send(Command::RetryNow);
        }
    }
}
