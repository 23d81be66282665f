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
    let refuse = button(gettext("Re_fuse All"), false);
    let accept = button(gettext("Accept A_ll"), true);
    accept.add_css_class("suggested-action");
    let buttons = [refuse, accept];
    let refresh = move |bar: &gtk::Widget, invitations: &gio::ListStore| {
        let count = count(invitations);
        let words = ngettext_f("{n} file is offered to you.", "{n} files are offered to you.", count, &[]);
        text.set_label(&words);
        for button in &buttons {
            a11y::description(button, &words);
        }
        bar.set_visible(count > 1);
    };
    follow(client.invitations(), bar.upcast_ref(), refresh);
    bar
}

/// How many offers wait.
fn count(invitations: &gio::ListStore) -> usize {
    invitations.iter::<Invitation>().filter_map(Result::ok).filter(Invitation::is_offer).count()
}

/// Suggests to accept this one offer, while there are no others: what is suggested then is to accept all.
pub(super) fn suggest(accept: &gtk::Button, client: &Client) {
    follow(client.invitations(), accept.upcast_ref(), |accept, invitations| {
        if count(invitations) > 1 {
            accept.remove_css_class("suggested-action");
        } else {
            accept.add_css_class("suggested-action");
        }
    });
}

/// Keeps a widget up to date with what waits, which outlives it.
fn follow(
    invitations: &gio::ListStore,
    widget: &gtk::Widget,
    refresh: impl Fn(&gtk::Widget, &gio::ListStore) + 'static,
) {
    refresh(widget, invitations);
    let changed = glib::closure_local!(
        #[watch]
        widget,
        move |invitations: &gio::ListStore, _: u32, _: u32, _: u32| refresh(widget, invitations)
    );
    invitations.connect_closure("items-changed", false, changed);
}
