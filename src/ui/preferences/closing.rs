//! What becomes of changes that are not applied when the preferences are closed.

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::Preferences;
use crate::ui::i18n::gettext;

impl Preferences {
    /// Asks what shall become of the changes that are not applied.
    pub(super) fn ask_before_closing(&self) {
        let valid = self.read().is_some();
        let dialog = gtk::MessageDialog::builder()
            .transient_for(self)
            .modal(true)
            .title(gettext("Unapplied Changes"))
            .text(gettext("Apply the changes before closing?"))
            .secondary_text(if valid {
                gettext("How you go online has been changed, but the change has not been applied.")
            } else {
                gettext("How you go online has been changed, but cannot be used as it is.")
            })
            .build();
        dialog.add_button(&gettext("_Discard"), gtk::ResponseType::Reject);
        dialog.add_button(&gettext("_Cancel"), gtk::ResponseType::Cancel);
        if valid {
            let label = self.imp().apply.label().unwrap_or_default();
            dialog.add_button(&label, gtk::ResponseType::Accept).add_css_class("suggested-action");
            dialog.set_default_response(gtk::ResponseType::Accept);
        }
        dialog.connect_response(glib::clone!(
            #[weak(rename_to = preferences)]
            self,
            move |dialog, response| {
                dialog.destroy();
                let done = match response {
                    gtk::ResponseType::Accept => preferences.apply(),
                    gtk::ResponseType::Reject => true,
                    _ => false,
                };
                if done {
                    preferences.destroy();
                }
            }
        ));
        dialog.present();
    }
}
