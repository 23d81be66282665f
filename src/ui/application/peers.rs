//! The windows and questions that only peers have.

use gtk::prelude::*;

use super::Application;
use crate::net::{Command, LinkState, UserName};
use crate::ui::i18n::gettext;
use crate::ui::problem::{self, Problem};
use crate::ui::prompt::{Prompt, Words};
use crate::ui::shared_files::{self, SharedFilesWindow};
use crate::ui::transfers::{self, TransfersWindow};
use crate::ui::user_info::{self, UserInfoWindow};

impl Application {
    pub(super) fn add_peer_actions(&self) {
        self.add_plain_action("transfers", Self::show_transfers);
        self.add_plain_action("add-peer", Self::ask_address);
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
        self.enable("add-peer", has_files && matches!(link, LinkState::Online { .. }));
    }

    fn show_transfers(&self) {
        if let Some(client) = self.client() {
            transfers::window(self).unwrap_or_else(|| TransfersWindow::new(self, client)).present();
        }
    }

    /// Asks where somebody is who does not appear by themselves.
    fn ask_address(&self) {
        let (Some(client), Some(parent)) = (self.client(), self.active_window()) else { return };
        let words = Words {
            title: gettext("Add Peer by Address"),
            advice: gettext(
                "On some networks people do not appear by themselves. Ask for the address and the port of their Klatch; its preferences tell them.",
            ),
            caption: gettext("_Address"),
            go: gettext("_Add"),
        };
        let client = client.clone();
        let prompt = Prompt::new(&parent, &words, "", move |text| {
            let address = text.parse().map_err(problem::address)?;
            client.send(Command::AddPeer(address)).map_err(|error| Problem::new(&error, text).title)
        });
        prompt.present();
    }
}
