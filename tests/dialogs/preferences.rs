//! The preferences, from a change to its effect.

use std::time::Duration;

use gtk::prelude::*;
use klatch::net::{Command, LinkState, Mode, NetError, NetErrorKind, Presence, Status, UserName};
use klatch::ui::hosting::Hosting;
use klatch::ui::preferences::Page;
use klatch::ui::settings::Appearance;
use klatch::ui::style;

use crate::opened::{field, parameters, preferences, question, settings};
use crate::screen::{below, labelled, press, seen, wait_for};

#[gtk::test]
fn another_name_waits_until_it_is_applied() {
    let settings = settings();
    let old = parameters("127.0.0.1", 6666, "ann");
    settings.set_name(&old.name);
    settings.set_server(&old.address);
    let (parent, preferences, sent) = preferences(&settings, &Hosting::default());
    preferences.show_link(&LinkState::Online { at: "127.0.0.1:6666".into(), name: old.name.clone(), port: None });
    let name = field(&preferences, "Name");

    name.set_text("ann ");
    assert!(!seen(&preferences).contains(&"Apply and Reconnect".to_owned()), "a space is no change");
    name.set_text("");
    assert!(name.problem().is_some(), "told at once");
    assert!(!labelled::<gtk::Button>(&preferences, "Apply and Reconnect").is_sensitive());
    press(&preferences, "Revert");
    assert_eq!((name.text().as_str(), name.problem()), ("ann", None));

    let warning = "Open conversations end when you reconnect.".to_owned();
    assert!(!seen(&preferences).contains(&warning));
    name.set_text("anne");
    wait_for("the warning", || seen(&preferences).contains(&warning));
    assert_eq!(settings.name(), Some(old.name));
    press(&preferences, "Apply and Reconnect");
    let expected = parameters("127.0.0.1", 6666, "anne");
    assert_eq!(settings.name(), Some(expected.name.clone()));
    assert_eq!(*sent.borrow(), [Command::Connect(Mode::Server(expected))]);
    parent.destroy();
}

#[gtk::test]
fn closing_asks_what_shall_become_of_changes() {
    let settings = settings();
    settings.set_name(&UserName::new("ann").unwrap());
    let (parent, preferences, sent) = preferences(&settings, &Hosting::default());
    field(&preferences, "Name").set_text("anne");
    preferences.show_page(Page::Account);
    preferences.close();
    wait_for("the question", || question().is_some());
    question().unwrap().response(gtk::ResponseType::Cancel);
    assert!(preferences.is_mapped() && field(&preferences, "Name").text() == "anne");
    preferences.close();
    wait_for("the question again", || question().is_some());
    question().unwrap().response(gtk::ResponseType::Reject);
    wait_for("the end", || !preferences.is_mapped());
    assert_eq!(settings.name().unwrap().as_str(), "ann");
    assert!(sent.borrow().is_empty());
    parent.destroy();
}

#[gtk::test]
fn a_status_is_told_at_once() {
    let settings = settings();
    let (parent, preferences, sent) = preferences(&settings, &Hosting::default());
    let online = LinkState::Online { at: "h:1".into(), name: UserName::new("ann").unwrap(), port: None };
    preferences.show_link(&online);
    let presence = below(&preferences).into_iter().find_map(|w| w.downcast::<gtk::DropDown>().ok()).unwrap();
    presence.set_selected(2);
    assert_eq!(*sent.borrow(), [Command::SetStatus(Status::new(Presence::Busy, ""))]);
    assert_eq!(settings.status().presence(), Presence::Busy);
    settings.set_status(&Status::new(Presence::Away, "lunch"));
    wait_for("the status that was set elsewhere", || presence.selected() == 1);
    assert_eq!(field(&preferences, "Message").text(), "lunch");
    assert_eq!(sent.borrow().len(), 1, "what was set elsewhere is not told again");
    // Who is being reconnected comes back with it; who is offline says it when going online.
    let because = NetError::new(NetErrorKind::ConnectionLost);
    preferences.show_link(&LinkState::Reconnecting { to: "h:1".into(), after: Duration::from_secs(5), because });
    presence.set_selected(0);
    assert_eq!(sent.borrow()[1..], [Command::SetStatus(Status::new(Presence::Online, "lunch"))]);
    preferences.show_link(&LinkState::Offline(None));
    presence.set_selected(2);
    assert_eq!(sent.borrow().len(), 2);
    assert_eq!(settings.status(), Status::new(Presence::Busy, "lunch"));
    parent.destroy();
}

#[gtk::test]
fn the_preferences_tell_what_is_so_at_present() {
    let settings = settings();
    settings.set_is_peer(true);
    let (parent, preferences, _sent) = preferences(&settings, &Hosting::default());
    let online = LinkState::Online { at: "h:1".into(), name: UserName::new("ann").unwrap(), port: Some(4000) };
    for (is_there, words) in [(false, "This computer is not on a network"), (true, "On this network as ann")] {
        preferences.show_network(is_there);
        preferences.show_link(&online);
        wait_for(words, || seen(&preferences).iter().any(|text| text == words));
    }
    let everybody = "Everybody on this network can get all files in it, and in its sub-folders.";
    let unused = "You go online through a server, which passes no files on.";
    let says = |words: &str| seen(&preferences).iter().any(|text| text.contains(words));
    preferences.show_page(Page::Sharing);
    wait_for("who gets the files", || says(everybody) && !says(unused));
    labelled::<gtk::CheckButton>(&preferences, "Through a server").set_active(true);
    wait_for("that nobody gets them", || says(unused) && !says(everybody));
    parent.destroy();
}

#[gtk::test]
fn the_appearance_follows_the_choice_at_once() {
    let settings = settings();
    style::load(&settings);
    let gtk_settings = gtk::Settings::default().unwrap();
    let (parent, preferences, _sent) = preferences(&settings, &Hosting::default());
    labelled::<gtk::CheckButton>(&preferences, "Dark").set_active(true);
    assert_eq!(settings.appearance(), Appearance::Dark);
    wait_for("the dark theme", || gtk_settings.is_gtk_application_prefer_dark_theme());
    labelled::<gtk::CheckButton>(&preferences, "Light").set_active(true);
    wait_for("the light theme", || !gtk_settings.is_gtk_application_prefer_dark_theme());
    parent.destroy();
}
