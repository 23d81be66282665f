//! The welcome window, until one is online.

use std::time::Duration;

use gtk::prelude::*;
use klatch::net::{Command, LinkState, Mode, NetError, NetErrorKind};
use klatch::ui::hosting::Hosting;
use klatch::ui::problem;

use crate::opened::{connected_welcome, field, free_port, parameters, settings, welcome};
use crate::screen::{labelled, press, press_key, seen, wait_for};

#[gtk::test]
fn a_server_is_joined() {
    let settings = settings();
    let (welcome, sent) = welcome(&settings, &Hosting::default());
    field(&welcome, "Your name").set_text(" ann ");
    field(&welcome, "Address").set_text("chat.example.org");
    field(&welcome, "Port").set_text("7000");
    press(&welcome, "Join");
    let expected = parameters("chat.example.org", 7000, "ann");
    assert_eq!(*sent.borrow(), [Command::Connect(Mode::Server(expected.clone()))]);
    assert_eq!(settings.mode(), None, "nothing is remembered before it is known to work");

    welcome.show_link(&LinkState::Connecting { to: "chat.example.org:7000".into() });
    assert!(seen(&welcome).contains(&"Connecting to chat.example.org:7000…".to_owned()));
    assert!(!field(&welcome, "Your name").is_sensitive());
    welcome.show_link(&LinkState::Online {
        at: "chat.example.org:7000".into(),
        name: expected.name.clone(),
        port: None,
    });
    assert_eq!(settings.mode(), Some(Mode::Server(expected)));
    wait_for("the end of the welcome", || !welcome.is_mapped());
}

#[gtk::test]
fn enter_goes_on_the_way_that_has_the_keyboard() {
    let settings = settings();
    let (welcome, sent) = welcome(&settings, &Hosting::default());
    let way = labelled::<gtk::CheckButton>(&welcome, "Chat on this network");
    field(&welcome, "Your name").set_text("");
    press_key(&way, gtk::gdk::Key::Return);
    assert!(sent.borrow().is_empty() && field(&welcome, "Your name").problem().is_some());
    field(&welcome, "Your name").set_text("ann");
    press_key(&way, gtk::gdk::Key::Return);
    assert!(matches!(sent.borrow().as_slice(), [Command::Connect(Mode::Peer(_))]), "{:?}", sent.borrow());
    welcome.destroy();
}

#[gtk::test]
fn what_cannot_be_used_is_told_beside_its_field() {
    let (welcome, sent) = welcome(&settings(), &Hosting::default());
    let (name, host, port) = (field(&welcome, "Your name"), field(&welcome, "Address"), field(&welcome, "Port"));
    for (texts, wrong) in [
        (["", "host", "6666"], [true, false, false]),
        (["ann", "", "6666"], [false, true, false]),
        (["ann", "two words", "6666"], [false, true, false]),
        (["ann", "host", "0"], [false, false, true]),
        (["ann", "host", "65536"], [false, false, true]),
        (["a\u{7}", "", "x"], [true, true, true]),
    ] {
        for (field, text) in [&name, &host, &port].into_iter().zip(texts) {
            field.set_text(text);
        }
        press(&welcome, "Join");
        let told = [&name, &host, &port].map(|field| field.problem().is_some());
        assert_eq!(told, wrong, "{texts:?}");
    }
    assert!(sent.borrow().is_empty());
    assert_eq!(port.problem().unwrap(), problem::address(klatch::net::AddressError::BadPort));
    port.set_text("1");
    assert_eq!(port.problem(), None, "the complaint goes while it is being corrected");
    welcome.destroy();
}

#[gtk::test]
fn the_keyboard_gets_back_out_of_a_field() {
    let (welcome, _) = welcome(&settings(), &Hosting::default());
    wait_for("the window", || welcome.is_mapped());
    let is_in = |label: &str| field(&welcome, label).focus_child().is_some();
    field(&welcome, "Port").grab_focus();
    assert!(is_in("Port"));
    welcome.child_focus(gtk::DirectionType::TabBackward);
    assert!(is_in("Address"));
    welcome.child_focus(gtk::DirectionType::TabBackward);
    assert!(!is_in("Address"));
    welcome.destroy();
}

#[gtk::test]
fn what_is_wrong_with_a_field_that_does_not_count_is_not_told() {
    let (welcome, _) = welcome(&settings(), &Hosting::default());
    field(&welcome, "Your name").set_text("ann");
    press(&welcome, "Join");
    assert!(field(&welcome, "Address").problem().is_some());
    labelled::<gtk::CheckButton>(&welcome, "Host a server here").set_active(true);
    assert!(field(&welcome, "Address").problem().is_none());
    welcome.destroy();
}

#[gtk::test]
fn an_address_that_was_copied_whole_can_be_pasted() {
    let (welcome, sent) = welcome(&settings(), &Hosting::default());
    for (pasted, host) in [("192.168.1.20:7001", "192.168.1.20"), ("[2001:db8::7]:7001", "2001:db8::7")] {
        field(&welcome, "Your name").set_text("ann");
        field(&welcome, "Address").set_text(pasted);
        field(&welcome, "Port").set_text("6666");
        press(&welcome, "Join");
        assert_eq!(field(&welcome, "Address").text(), host);
        assert_eq!(field(&welcome, "Port").text(), "7001");
        let expected = Command::Connect(Mode::Server(parameters(host, 7001, "ann")));
        assert_eq!(sent.borrow_mut().pop(), Some(expected));
        welcome.show_link(&LinkState::Offline(Some(NetError::new(NetErrorKind::Refused))));
        sent.borrow_mut().clear();
    }
    welcome.destroy();
}

#[gtk::test]
fn a_failure_is_told_in_place_and_can_be_tried_again() {
    let (welcome, sent) = welcome(&settings(), &Hosting::default());
    field(&welcome, "Your name").set_text("ann");
    field(&welcome, "Address").set_text("127.0.0.1");
    press(&welcome, "Join");
    let because = NetError::new(NetErrorKind::Refused);
    let after = Duration::from_secs(1);
    welcome.show_link(&LinkState::Reconnecting { to: "127.0.0.1:6666".into(), after, because });
    wait_for("the reason", || seen(&welcome).contains(&"No server answers at 127.0.0.1:6666.".to_owned()));
    assert_eq!(sent.borrow().last(), Some(&Command::Disconnect), "nothing is tried behind one's back");
    assert_eq!(field(&welcome, "Your name").text(), "ann");
    assert!(!labelled::<gtk::Button>(&welcome, "Retry").is_visible(), "one button that tries again is enough");
    press(&welcome, "Join");
    assert_eq!(sent.borrow().len(), 3);

    welcome.show_link(&LinkState::Offline(Some(NetError::with(NetErrorKind::NameRefused, "name in use"))));
    assert!(field(&welcome, "Your name").problem().unwrap().contains("name in use"));

    press(&welcome, "Join");
    press(&welcome, "Cancel");
    assert_eq!(sent.borrow().last(), Some(&Command::Disconnect));
    assert!(field(&welcome, "Your name").is_sensitive());
    welcome.destroy();
}

/// A person who mistypes the port is told so by the real network, and gets in after correcting it.
#[gtk::test]
fn a_wrong_port_is_corrected_for_real() {
    let (settings, hosting) = (settings(), Hosting::default());
    let (right, wrong) = (free_port(), free_port());
    hosting.start(right);
    let (welcome, handle) = connected_welcome(&settings, &hosting);
    settings.set_host_at_start(true);
    field(&welcome, "Your name").set_text("ann");
    field(&welcome, "Address").set_text("127.0.0.1");
    field(&welcome, "Port").set_text(&wrong.to_string());
    press(&welcome, "Join");
    wait_for("the reason", || seen(&welcome).contains(&format!("No server answers at 127.0.0.1:{wrong}.")));
    field(&welcome, "Port").set_text(&right.to_string());
    press(&welcome, "Join");
    wait_for("being online", || !welcome.is_mapped());
    assert_eq!(settings.mode(), Some(Mode::Server(parameters("127.0.0.1", right, "ann"))));
    handle.shutdown();
    hosting.shutdown();
}
