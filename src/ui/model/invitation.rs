//! An invitation or an offer that waits for an answer.

use std::cell::OnceCell;

use gtk::glib;
use gtk::subclass::prelude::*;

use super::Names;
use crate::net::{Command, ConversationId, OfferId, UserName};

/// What can be accepted or declined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// To enter this conversation.
    Conversation(ConversationId),
    /// To get a file.
    File {
        /// By what the network knows the offer.
        offer: OfferId,
        /// The name of the file, as it may be shown.
        name: String,
    },
}

impl Subject {
    /// The command that answers.
    pub(super) fn answer(&self, accept: bool) -> Command {
        match self {
            Self::Conversation(id) => Command::Answer { conversation: id.clone(), accept },
            Self::File { offer, .. } => Command::AnswerOffer { offer: *offer, accept },
        }
    }
}

mod imp {
    use super::{OnceCell, Subject, UserName, glib};
    use glib::subclass::prelude::*;

    #[derive(Default)]
    pub struct Invitation {
        pub what: OnceCell<(u32, Subject, UserName, String)>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Invitation {
        const NAME: &'static str = "KlatchInvitation";
        type Type = super::Invitation;
    }

    impl ObjectImpl for Invitation {}
}

glib::wrapper! {
    /// An invitation or an offer that waits for an answer. It never changes.
    pub struct Invitation(ObjectSubclass<imp::Invitation>);
}

impl Invitation {
    pub(super) fn new(key: u32, subject: Subject, from: UserName, names: &Names) -> Self {
        let invitation: Self = glib::Object::new();
        invitation.imp().what.get_or_init(|| {
            let called = names.called(&from);
            (key, subject, from, called)
        });
        invitation
    }

    /// How notifications call it; unique in this run of the program.
    pub fn key(&self) -> u32 {
        self.imp().what.get().map_or(0, |what| what.0)
    }

    /// To what.
    pub fn subject(&self) -> Option<&Subject> {
        self.imp().what.get().map(|what| &what.1)
    }

    /// Whether it is about a file.
    pub fn is_offer(&self) -> bool {
        matches!(self.subject(), Some(Subject::File { .. }))
    }

    /// Who invites or offers.
    pub fn sender(&self) -> Option<&UserName> {
        self.imp().what.get().map(|what| &what.2)
    }

    /// What whoever invites or offers is called.
    pub fn from(&self) -> String {
        self.imp().what.get().map(|what| what.3.clone()).unwrap_or_default()
    }
}
