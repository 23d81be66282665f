//! One's own status, wherever it is changed.

use super::settings::Settings;
use crate::net::{Command, LinkState, Status};

/// Remembers a new status, and tells the network thread unless one is offline: without a connection at present, it is
/// the one to come back with.
pub(super) fn change(status: Status, settings: &Settings, link: &LinkState, send: impl FnOnce(Command)) {
    if status == settings.status() {
        return;
    }
    settings.set_status(&status);
    if !matches!(link, LinkState::Offline(_)) {
        send(Command::SetStatus(status));
    }
}
