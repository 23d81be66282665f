//! What is told about the connection, and what of oneself goes over it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use gtk::prelude::*;
use klatch::net::{Command, Event, LinkState, NetError, NetErrorKind, Presence, Status, UserName};
use klatch::ui::name_dialog::NameDialog;
use klatch::ui::problem::Problem;

use crate::screen::{all, press, seen, sees, wait_for};
use crate::stage::{Stage, is_sensitive, shown};
use crate::stand_in::name;

#[gtk::test]
fn the_status_bar_tells_what_is_wrong_and_counts_down() {
    let stage = Stage::new();
    let reconnecting = |seconds| LinkState::Reconnecting {
        to: "chat.example.org:6666".into(),
        after: Duration::from_secs(seconds),
        because: NetError::new(NetErrorKind::ConnectionLost),
    };
    stage.tell(Event::Link(reconnecting(3)));
    let bar = |words: &str| sees(&stage.window, &format!("The connection to chat.example.org:6666 was lost. {words}"));
    assert!(bar("Next attempt in 3 s."), "{:?}", seen(&stage.window));
    wait_for("a second", || bar("Next attempt in 2 s."));
    stage.tell(Event::Link(reconnecting(0)));
    assert!(bar("Trying again…"));
    assert!(
        all::<gtk::Button>(&stage.window)
            .iter()
            .any(|button| button.label().is_some_and(|label| label == "_Stop Trying"))
    );
    let presence = || all::<gtk::DropDown>(&stage.window).remove(0);
    assert!(sees(&presence(), "Offline"), "nobody sees a presence that is chosen for later");
    stage.tell(Event::Link(LinkState::Online { at: "chat.example.org:6666".into(), name: name("alice"), port: None }));
    assert!(sees(&stage.window, "Connected to chat.example.org:6666"));
    wait_for("what others see", || sees(&presence(), "Online"));
}

#[gtk::test]
fn hosting_is_told_without_hiding_where_one_is_connected() {
    let stage = Stage::new();
    stage.window.set_hosting(Some((6666, 3)));
    let online = |at: &str| Event::Link(LinkState::Online { at: at.into(), name: name("alice"), port: None });
    stage.tell(online("localhost:6666"));
    assert!(sees(&stage.window, "Hosting here; 3 people are connected."));
    stage.tell(online("chat.example.org:6666"));
    assert!(sees(&stage.window, "Connected to chat.example.org:6666. Hosting here; 3 people are connected."));
    stage.window.set_hosting(None);
    assert!(sees(&stage.window, "Connected to chat.example.org:6666"));
}

#[gtk::test]
fn ones_own_status_is_sent_when_it_is_changed() {
    let stage = Stage::online();
    stage.take_sent();
    shown::<gtk::DropDown>(&stage.window).set_selected(2);
    assert_eq!(stage.take_sent(), [Command::SetStatus(Status::new(Presence::Busy, ""))]);
    let entry = shown::<gtk::Entry>(&stage.window);
    entry.set_text("writing");
    assert_eq!(stage.take_sent(), [], "nothing is sent while one types");
    entry.emit_activate();
    assert_eq!(stage.take_sent(), [Command::SetStatus(Status::new(Presence::Busy, "writing"))]);
    entry.emit_activate();
    assert_eq!(stage.take_sent(), [], "nothing has changed");
    assert_eq!(stage.settings.status(), Status::new(Presence::Busy, "writing"));
}

#[gtk::test]
fn another_name_is_asked_for() {
    let stage = Stage::new();
    let error = NetError::with(NetErrorKind::NameRefused, "alice is taken");
    let chosen: Rc<RefCell<Option<UserName>>> = Rc::default();
    let dialog = NameDialog::new(&stage.window, "alice", &Problem::new(&error, ""), {
        let chosen = chosen.clone();
        move |name| drop(chosen.replace(Some(name)))
    });
    dialog.present();
    wait_for("the dialog", || dialog.is_mapped());
    assert!(seen(&dialog).iter().any(|label| label.contains("alice is taken")));
    let entry = shown::<gtk::Entry>(&dialog);
    entry.set_text("");
    assert!(!is_sensitive(&dialog, "Retry"));
    entry.set_text("alice2");
    press(&dialog, "Retry");
    assert_eq!(*chosen.borrow(), Some(name("alice2")));
}
