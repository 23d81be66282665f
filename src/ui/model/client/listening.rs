//! Where to listen for what changes.

use gtk::glib;
use gtk::prelude::*;

use super::super::Conversation;
use super::super::transfer::Transfer;
use super::Client;

impl Client {
    /// Calls back when one is connected in another way.
    pub fn connect_link_changed(&self, callback: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_plain("link-changed", callback)
    }

    /// Calls back when somebody has come, gone or changed.
    pub fn connect_roster_changed(&self, callback: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_plain("roster-changed", callback)
    }

    /// Calls back when something has gone wrong, or that has been read.
    pub fn connect_problem(&self, callback: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_plain("problem", callback)
    }

    /// Calls back when a conversation needs a window.
    pub fn connect_opened(&self, callback: impl Fn(&Conversation) + 'static) -> glib::SignalHandlerId {
        self.connect_with_conversation("opened", callback)
    }

    /// Calls back when something was said that was not seen at once.
    pub fn connect_unread(&self, callback: impl Fn(&Conversation) + 'static) -> glib::SignalHandlerId {
        self.connect_with_conversation("unread", callback)
    }

    /// Calls back when there is news of a transfer.
    pub fn connect_transfer_changed(&self, callback: impl Fn(&Self, &Transfer) + 'static) -> glib::SignalHandlerId {
        self.connect_closure(
            "transfer-changed",
            false,
            glib::closure_local!(move |client: &Self, transfer: &Transfer| callback(client, transfer)),
        )
    }

    /// Calls back when others see something else of the shared folder.
    pub fn connect_sharing_changed(&self, callback: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_plain("sharing-changed", callback)
    }

    /// Calls back when a file has come, or has failed to.
    pub fn connect_arrived(&self, callback: impl Fn(&Transfer) + 'static) -> glib::SignalHandlerId {
        self.connect_closure(
            "arrived",
            false,
            glib::closure_local!(move |_: &Self, transfer: &Transfer| callback(transfer)),
        )
    }
    fn connect_with_conversation(
        &self,
        signal: &str,
        callback: impl Fn(&Conversation) + 'static,
    ) -> glib::SignalHandlerId {
        let callback = glib::closure_local!(move |_: &Self, conversation: &Conversation| callback(conversation));
        self.connect_closure(signal, false, callback)
    }

    fn connect_plain(&self, signal: &str, callback: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_closure(signal, false, glib::closure_local!(move |client: &Self| callback(client)))
    }
}
