//! Quitting and going offline, and the question before it where something would be lost.

use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::{Application, Client};
use crate::net::Command;
use crate::ui::i18n::{gettext, ngettext_f};
use crate::ui::model::Conversation;
use crate::ui::question::Question;

/// Something that would be lost: the question, and why.
type Loss = (String, String);

impl Application {
    /// Ends the program; asks first if that cuts others off, or breaks off files on their way.
    pub(super) fn ask_to_quit(&self) {
        let losses = self.lost_guests().into_iter().chain(self.lost_offline()).collect();
        self.ask_before(losses, gettext("Quit Klatch"), gettext("_Quit"), Self::quit);
    }

    /// Goes offline; asks first if that ends conversations of others, or breaks off files on their way.
    pub(super) fn ask_to_disconnect(&self) {
        self.ask_before(self.lost_offline(), gettext("Disconnect"), gettext("_Disconnect"), |app| {
            if let Some(client) = app.client() {
                // A refusal is told in the problem bar.
                let _ = client.send(Command::Disconnect);
            }
        });
    }

    fn ask_before(&self, losses: Vec<Loss>, title: String, go: String, then: fn(&Self)) {
        let imp = self.imp();
        if let Some(question) = imp.asks_to_end.upgrade() {
            question.present();
            return;
        }
        let (questions, reasons): (Vec<_>, Vec<_>) = losses.into_iter().unzip();
        let Some(parent) = self.active_window().filter(|_| !questions.is_empty()) else {
            then(self);
            return;
        };
        let question =
            Question { title, text: questions.join("\n"), why: reasons.join("\n"), keep: gettext("_Cancel"), go };
        let app = self.downgrade();
        let dialog = question.ask(Some(&parent), move |go| {
            if let Some(app) = app.upgrade().filter(|_| go) {
                then(&app);
            }
        });
        imp.asks_to_end.set(Some(&dialog));
    }

    /// Who is at the server of this program, which ends with it.
    fn lost_guests(&self) -> Option<Loss> {
        let link = self.client().map(Client::link);
        let guests = self.imp().hosting.state().guests(link.as_ref());
        (guests > 0).then(|| {
            (
                ngettext_f("Disconnect {n} other person?", "Disconnect {n} other people?", guests, &[]),
                gettext("The server that others use runs in this Klatch, and stops with it."),
            )
        })
    }

    /// What ends when one goes offline.
    fn lost_offline(&self) -> Vec<Loss> {
        let Some(client) = self.client() else { return Vec::new() };
        let mut losses = Vec::new();
        let every = client.conversations().iter::<Conversation>().filter_map(Result::ok);
        let closed = every.filter(|conversation| conversation.ends_for() > 0).count();
        if closed > 0 {
            losses.push((
                ngettext_f(
                    "Close {n} conversation for everybody?",
                    "Close {n} conversations for everybody?",
                    closed,
                    &[],
                ),
                gettext("A conversation that you have started ends for the others as well."),
            ));
        }
        let transfers = client.running_transfers().len();
        if transfers > 0 {
            losses.push((
                ngettext_f("Break off {n} transfer?", "Break off {n} transfers?", transfers, &[]),
                gettext("A file that has not come or gone completely has to be sent again from its beginning."),
            ));
        }
        losses
    }
}
