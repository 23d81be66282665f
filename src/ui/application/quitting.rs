//! Quitting, and the question before it where something would be lost.

use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::{Application, Client};
use crate::ui::i18n::{gettext, ngettext_f};
use crate::ui::question::Question;

impl Application {
    /// Ends the program; asks first if that cuts others off, or breaks off files on their way.
    pub(super) fn ask_to_quit(&self) {
        let imp = self.imp();
        if let Some(question) = imp.asks_to_quit.upgrade() {
            question.present();
            return;
        }
        let (questions, reasons): (Vec<_>, Vec<_>) = self.losses().into_iter().unzip();
        let Some(parent) = self.active_window().filter(|_| !questions.is_empty()) else {
            self.quit();
            return;
        };
        let question = Question {
            title: gettext("Quit Klatch"),
            text: questions.join("\n"),
            why: reasons.join("\n"),
            keep: gettext("_Cancel"),
            go: gettext("_Quit"),
        };
        let app = self.downgrade();
        let dialog = question.ask(Some(&parent), move |go| {
            if let Some(app) = app.upgrade().filter(|_| go) {
                app.quit();
            }
        });
        imp.asks_to_quit.set(Some(&dialog));
    }

    /// What would be lost: each with the question, and why.
    fn losses(&self) -> Vec<(String, String)> {
        let mut losses = Vec::new();
        let link = self.client().map(Client::link);
        let guests = self.imp().hosting.state().guests(link.as_ref());
        if guests > 0 {
            losses.push((
                ngettext_f("Disconnect {n} other person?", "Disconnect {n} other people?", guests, &[]),
                gettext("The server that others use runs in this Klatch, and stops with it."),
            ));
        }
        let transfers = self.client().map_or(0, |client| client.running_transfers().len());
        if transfers > 0 {
            losses.push((
                ngettext_f("Break off {n} transfer?", "Break off {n} transfers?", transfers, &[]),
                gettext("A file that has not come or gone completely has to be sent again from its beginning."),
            ));
        }
        losses
    }
}
