//! What answers all offers of files at once, below the list of them.

use gtk::prelude::*;
use gtk::{gio, glib};

use super::a11y;
use super::i18n::{gettext, ngettext_f};
use super::model::{Client, Invitation};

/// A bar that is shown while more than one offer waits.
pub(super) fn build(client: &Client) -> gtk::Box {
    let bar = gtk::Box::builder().spacing(8).css_classes(["actions"]).build();
    let text = gtk::Label::builder().xalign(0.0).hexpand(true).wrap(true).width_chars(12).max_width_chars(30).build();
    bar.append(&text);
    let button = |label: String, accept: bool| {
        let button = gtk::Button::builder().label(label).use_underline(true).valign(gtk::Align::Center).build();
        button.connect_clicked(glib::clone!(
            #[weak]
            client,
            move |button| {
                if accept {
                    // Before the answer, which takes the bar away. How far the files have come is told there.
                    let _there = button.activate_action("app.transfers", None);
                }
                client.answer_offers(accept);
            }
        ));
        bar.append(&button);
        button
    };
    let buttons = [button(gettext("Re_fuse All"), false), button(gettext("Accept A_ll"), true)];
    let refresh = move |bar: &gtk::Box, invitations: &gio::ListStore| {
        let waiting = invitations.iter::<Invitation>().filter_map(Result::ok);
        let count = waiting.filter(Invitation::is_offer).count();
        let words = ngettext_f("{n} file is offered to you.", "{n} files are offered to you.", count, &[]);
        text.set_label(&words);
        for button in &buttons {
            a11y::description(button, &words);
        }
        bar.set_visible(count > 1);
    };
    refresh(&bar, client.invitations());
    // The list outlives the bar.
    let changed = glib::closure_local!(
        #[watch]
        bar,
        move |invitations: &gio::ListStore, _: u32, _: u32, _: u32| refresh(bar, invitations)
    );
    client.invitations().connect_closure("items-changed", false, changed);
    bar
}
