//! The about dialog.

use gtk::prelude::*;

use super::i18n::gettext;

/// Shows what this program is, over the window from which it was asked for.
pub fn show(parent: &impl IsA<gtk::Window>) {
    let about = gtk::AboutDialog::builder()
        .transient_for(parent)
        .modal(true)
        .title(gettext("About Klatch"))
        .program_name("Klatch")
        .logo_icon_name("im.klatch.Klatch")
        .version(env!("CARGO_PKG_VERSION"))
        .comments(gettext("Chat on a local network, over two tiny open protocols."))
        .copyright(gettext("© 2026 The Klatch contributors"))
        .license_type(gtk::License::Gpl30)
        .build();
    // Translators: your names, one a line.
    let translators = gettext("translator-credits");
    if translators != "translator-credits" {
        about.set_translator_credits(Some(&translators));
    }
    about.present();
}
