//! An invitation that waits for an answer.

use std::cell::OnceCell;

use gtk::glib;
use gtk::subclass::prelude::*;

use crate::net::{ConversationId, UserName};

mod imp {
    use super::{ConversationId, OnceCell, UserName, glib};
    use glib::subclass::prelude::*;

    #[derive(Default)]
    pub struct Invitation {
        pub what: OnceCell<(u32, ConversationId, UserName)>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Invitation {
        const NAME: &'static str = "KlatchInvitation";
        type Type = super::Invitation;
    }

    impl ObjectImpl for Invitation {}
}

glib::wrapper! {
    /// An invitation that waits for an answer. It never changes.
    pub struct Invitation(ObjectSubclass<imp::Invitation>);
}

impl Invitation {
    pub(super) fn new(key: u32, conversation: ConversationId, from: UserName) -> Self {
        let invitation: Self = glib::Object::new();
        invitation.imp().what.get_or_init(|| (key, conversation, from));
        invitation
    }

    /// How notifications call it; unique in this run of the program.
    pub fn key(&self) -> u32 {
        self.imp().what.get().map_or(0, |what| what.0)
    }

    /// To which conversation.
    pub fn conversation(&self) -> Option<&ConversationId> {
        self.imp().what.get().map(|what| &what.1)
    }

    /// Who invites, as it may be shown.
    pub fn from(&self) -> String {
        self.imp().what.get().map(|what| what.2.to_string()).unwrap_or_default()
    }
}
