//! Says that the server of this program cannot run, when nobody is looking at the preferences.

use std::cell::Cell;

use gtk::glib;
use gtk::prelude::*;

use super::i18n::gettext;
use super::preferences::{Page, Preferences};
use super::problem::Problem;

/// Shows the problem over a window, with a way to the preferences; they show it themselves while they are open.
pub fn show(parent: &impl IsA<gtk::Window>, problem: &Problem) {
    let parent = parent.upcast_ref::<gtk::Window>();
    if preferences(parent).is_some() {
        return;
    }
    let alert = gtk::MessageDialog::builder()
        .transient_for(parent)
        .destroy_with_parent(true)
        .modal(true)
        .title(gettext("Your Server Is Not Running"))
        .text(&problem.title)
        .secondary_text(&problem.advice)
        .build();
    alert.add_button(&gettext("_Close"), gtk::ResponseType::Close);
    alert.add_button(&gettext("_Preferences"), gtk::ResponseType::Accept);
    alert.set_default_response(gtk::ResponseType::Close);
    let weak = parent.downgrade();
    alert.connect_response(move |alert, response| {
        alert.destroy();
        let Some(parent) = weak.upgrade().filter(|_| response == gtk::ResponseType::Accept) else { return };
        if parent.activate_action("app.preferences", None).is_ok()
            && let Some(preferences) = preferences(&parent)
        {
            preferences.show_page(Page::Hosting);
        }
    });
    present_over(&alert, parent);
}

/// At the start of the program the window comes first: an alert that is there before it ends up behind it.
fn present_over(alert: &gtk::MessageDialog, parent: &gtk::Window) {
    if parent.is_mapped() {
        alert.present();
        return;
    }
    let waiting = Cell::new(Some(alert.downgrade()));
    parent.connect_map(move |_| {
        if let Some(alert) = waiting.take().and_then(|alert| alert.upgrade()) {
            glib::idle_add_local_once(move || alert.present());
        }
    });
}

fn preferences(parent: &gtk::Window) -> Option<Preferences> {
    parent.application()?.windows().into_iter().find_map(|window| window.downcast().ok())
}
