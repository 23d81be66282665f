//! The question before something that cannot be taken back.

use std::cell::Cell;

use gtk::prelude::*;

/// What a question says.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The title of the window.
    pub title: String,
    /// What is asked.
    pub text: String,
    /// What is lost.
    pub why: String,
    /// The button that leaves all as it is, as Escape does; Enter presses it.
    pub keep: String,
    /// The button that goes on.
    pub go: String,
}

impl Question {
    /// Asks over a window, which is blocked meanwhile; `answer` is told once whether to go on.
    pub(super) fn ask(self, parent: Option<&gtk::Window>, answer: impl FnOnce(bool) + 'static) -> gtk::MessageDialog {
        let dialog = gtk::MessageDialog::builder()
            .modal(true)
            .title(self.title)
            .text(self.text)
            .secondary_text(self.why)
            .build();
        dialog.set_transient_for(parent);
        dialog.add_button(&self.keep, gtk::ResponseType::Cancel);
        dialog.add_button(&self.go, gtk::ResponseType::Accept).add_css_class("destructive-action");
        dialog.set_default_response(gtk::ResponseType::Cancel);
        let answer = Cell::new(Some(answer));
        dialog.connect_response(move |dialog, response| {
            dialog.destroy();
            if let Some(answer) = answer.take() {
                answer(response == gtk::ResponseType::Accept);
            }
        });
        dialog.present();
        dialog
    }
}
