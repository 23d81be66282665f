//! The command line of `klatch`.

use clap::Parser;
use gtk::gio::ApplicationFlags;

use crate::net::{ServerAddress, UserName};

/// Chat on a local network.
///
/// Opens the window of a Klatch that runs already, or starts one.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "klatch", version)]
pub struct Options {
    /// Connect to this server at once, instead of the one in the preferences; the default port is 6666
    #[arg(long, value_name = "HOST[:PORT]")]
    pub server: Option<ServerAddress>,
    /// Connect at once under this name, instead of the one in the preferences
    #[arg(long, value_parser = UserName::new)]
    pub name: Option<UserName>,
    /// Run beside a Klatch that is open already, instead of showing its window
    #[arg(long)]
    pub new_instance: bool,
    /// Wait for the session bus to say what to show. The bus starts the program so; the word is that of `GApplication`.
    #[arg(long, hide = true)]
    pub gapplication_service: bool,
}

impl Options {
    /// Whether one is to go online in another way than the preferences say.
    pub(super) fn leads_elsewhere(&self) -> bool {
        self.server.is_some() || self.name.is_some()
    }

    pub(super) fn application_flags(&self) -> ApplicationFlags {
        if self.new_instance {
            ApplicationFlags::NON_UNIQUE
        } else if self.gapplication_service {
            ApplicationFlags::IS_SERVICE
        } else {
            ApplicationFlags::empty()
        }
    }
}
