//! Notifications of what happens while nobody looks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use gtk::prelude::*;
use gtk::{gio, glib};

use super::i18n::{gettext, gettext_f, ngettext_f};
use super::invitation;
use super::model::{Client, Conversation, Entry, Invitation, Message};
use super::settings::Settings;
use crate::net::{TransferState, displayable};

/// A conversation notifies at most this often; what comes in between is counted in the next notification.
const PAUSE: Duration = Duration::from_secs(1);
/// How much of a message a notification shows, in characters.
const SHOWN_CHARS: usize = 200;

/// Notifies of messages and invitations as the settings allow.
pub(super) fn follow(app: &impl IsA<gio::Application>, client: &Client, settings: &Settings) {
    let app = app.clone().upcast::<gio::Application>();
    let last: Rc<RefCell<HashMap<u32, Instant>>> = Rc::default();
    client.connect_unread(glib::clone!(
        #[weak]
        app,
        #[strong]
        settings,
        #[strong]
        last,
        move |conversation| {
            if settings.notifications() {
                notify_soon(&app, conversation, &last);
            }
        }
    ));
    client.conversations().connect_items_changed(glib::clone!(
        #[weak]
        app,
        #[strong]
        last,
        move |list, at, _, added| {
            for conversation in (at..at + added).filter_map(|at| list.item(at).and_downcast::<Conversation>()) {
                withdraw_when_read(&app, &conversation, &last);
            }
        }
    ));
    follow_invitations(&app, client, settings);
    follow_arrivals(&app, client, settings);
}

fn notify_soon(app: &gio::Application, conversation: &Conversation, last: &Rc<RefCell<HashMap<u32, Instant>>>) {
    let now = Instant::now();
    let key = conversation.key();
    let next = last.borrow().get(&key).map(|last| *last + PAUSE);
    let Some(wait) = next.map(|next| next.saturating_duration_since(now)).filter(|wait| !wait.is_zero()) else {
        last.borrow_mut().insert(key, now);
        app.send_notification(Some(&id(conversation)), &notification(conversation));
        return;
    };
    // One that waits already will tell of this message as well: its time lies in the future.
    if wait > PAUSE {
        return;
    }
    last.borrow_mut().insert(key, now + wait);
    glib::timeout_add_local_once(
        wait,
        glib::clone!(
            #[weak]
            app,
            #[weak]
            conversation,
            move || {
                if conversation.unread() > 0 {
                    app.send_notification(Some(&id(&conversation)), &notification(&conversation));
                }
            }
        ),
    );
}

fn withdraw_when_read(app: &gio::Application, conversation: &Conversation, last: &Rc<RefCell<HashMap<u32, Instant>>>) {
    conversation.connect_unread_notify(glib::clone!(
        #[weak]
        app,
        #[strong]
        last,
        move |conversation| {
            if conversation.unread() == 0 {
                last.borrow_mut().remove(&conversation.key());
                app.withdraw_notification(&id(conversation));
            }
        }
    ));
}

fn id(conversation: &Conversation) -> String {
    format!("conversation-{}", conversation.key())
}

fn notification(conversation: &Conversation) -> gio::Notification {
    let notification = gio::Notification::new(&conversation.title());
    notification.set_body(Some(&body(conversation)));
    notification.set_default_action_and_target_value("app.open-conversation", Some(&conversation.key().to_variant()));
    notification
}

fn body(conversation: &Conversation) -> String {
    let unread = conversation.unread();
    if unread > 1 {
        return ngettext_f("{n} new message", "{n} new messages", unread as usize, &[]);
    }
    let transcript = conversation.transcript();
    let last = transcript.n_items().checked_sub(1).and_then(|at| transcript.item(at)).and_downcast::<Message>();
    let Some(Entry::Said { called, body, .. }) = last.as_ref().map(Message::entry) else { return String::new() };
    let text: String = body.chars().take(SHOWN_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if conversation.others().len() > 1 {
        gettext_f("{name}: {text}", &[("name", called), ("text", &text)])
    } else {
        text
    }
}

fn is_in_front(app: &gio::Application) -> bool {
    let window = app.downcast_ref::<gtk::Application>().and_then(gtk::prelude::GtkApplicationExt::active_window);
    window.is_some_and(|window| window.is_active())
}

/// One notification tells of the last file that has come, or has not; many at once would bury each other.
fn follow_arrivals(app: &gio::Application, client: &Client, settings: &Settings) {
    client.connect_arrived(glib::clone!(
        #[weak]
        app,
        #[strong]
        settings,
        move |transfer| {
            let Some(now) = transfer.now().filter(|_| settings.notifications() && !is_in_front(&app)) else { return };
            let title = match now.state {
                TransferState::Done => gettext("A file has come"),
                _ => gettext("A file could not be got"),
            };
            let notification = gio::Notification::new(&title);
            let file = displayable(&now.file);
            let words = gettext_f("{file} from {name}", &[("file", &file), ("name", &now.peer.shown())]);
            notification.set_body(Some(&words));
            notification.set_default_action("app.transfers");
            app.send_notification(Some("arrival"), &notification);
        }
    ));
}

fn follow_invitations(app: &gio::Application, client: &Client, settings: &Settings) {
    let shown: RefCell<Vec<u32>> = RefCell::default();
    client.invitations().connect_items_changed(glib::clone!(
        #[weak]
        app,
        #[strong]
        settings,
        move |list, _, _, _| {
            let now: Vec<Invitation> = list.iter::<Invitation>().filter_map(Result::ok).collect();
            let before = shown.replace(now.iter().map(Invitation::key).collect());
            for key in before.iter().filter(|key| !now.iter().any(|invitation| invitation.key() == **key)) {
                app.withdraw_notification(&format!("invitation-{key}"));
            }
            let is_in_front = is_in_front(&app);
            for invitation in now.iter().filter(|invitation| !before.contains(&invitation.key())) {
                if settings.notifications() && !is_in_front {
                    let id = format!("invitation-{}", invitation.key());
                    app.send_notification(Some(&id), &invitation::notification(invitation));
                }
            }
        }
    ));
}
