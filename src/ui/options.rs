//! The command line of `klatch`.

use clap::{Args, Parser};
use gtk::gio::ApplicationFlags;

use crate::net::{ServerAddress, UserName};

/// Chat on a local network.
///
/// Opens the window of a Klatch that runs already, or starts one.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "klatch", version)]
pub struct Options {
    /// Where to go online, and as whom.
    #[command(flatten)]
    pub asked: Asked,
    /// Run beside a Klatch that is open already, instead of showing its window
    #[arg(long)]
    pub new_instance: bool,
    /// Wait for the session bus to say what to show. The bus starts the program so; the word is that of `GApplication`.
    #[arg(long, hide = true)]
    pub gapplication_service: bool,
}

/// What to go online with instead of what the preferences say.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Connect to this server at once, instead of the one in the preferences; the default port is 6666
    #[arg(long, value_name = "HOST[:PORT]")]
    pub server: Option<ServerAddress>,
    /// Connect at once under this name, instead of the one in the preferences
    #[arg(long, value_parser = UserName::new)]
    pub name: Option<UserName>,
}

impl Asked {
    /// Whether it is all left to the preferences.
    pub fn is_nothing(&self) -> bool {
        self.server.is_none() && self.name.is_none()
    }
}

impl Options {
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
