//! A server that is hosted here: in the welcome window, in the preferences, and behind them.

use std::net::{TcpListener, TcpStream};

use gtk::prelude::*;
use klatch::net::{Command, LinkState, Mode, UserName};
use klatch::ui::address_list::AddressList;
use klatch::ui::hosting::{Hosting, HostingState, own_address};
use klatch::ui::preferences::Page;

use crate::opened::{connected_welcome, field, free_port, parameters, preferences, question, settings, welcome};
use crate::screen::{below, labelled, press, seen, wait_for};

#[gtk::test]
fn a_server_is_hosted_and_joined() {
    let (settings, hosting, port) = (settings(), Hosting::default(), free_port());
    let (welcome, sent) = welcome(&settings, &hosting);
    field(&welcome, "Your name").set_text("ann");
    labelled::<gtk::CheckButton>(&welcome, "Host a server here").set_active(true);
    field(&welcome, "Server port").set_text(&port.to_string());
    press(&welcome, "Host and Join");
    assert_eq!(hosting.state(), HostingState::Running { port, people: 0 });
    let expected = parameters("localhost", port, "ann");
    assert_eq!(*sent.borrow(), [Command::Connect(Mode::Server(expected.clone()))]);
    drop(TcpStream::connect(("127.0.0.1", port)).unwrap());

    welcome.show_link(&LinkState::Online { at: format!("localhost:{port}"), name: expected.name, port: None });
    wait_for("the addresses", || seen(&welcome).contains(&"Your server is running".to_owned()));
    let list = below(&welcome).into_iter().find_map(|widget| widget.downcast::<AddressList>().ok()).unwrap();
    assert!(list.addresses().iter().all(|address| address.ends_with(&format!(":{port}"))));
    assert!(settings.host_at_start() && settings.host_port() == port);
    press(&welcome, "Start Chatting");
    assert_eq!(settings.server(), Some(own_address(port)));
    assert!(matches!(hosting.state(), HostingState::Running { .. }), "it survives the window");
    hosting.shutdown();
}

#[gtk::test]
fn hosting_brings_one_online_for_real() {
    let (settings, hosting, port) = (settings(), Hosting::default(), free_port());
    let (welcome, handle) = connected_welcome(&settings, &hosting);
    field(&welcome, "Your name").set_text("ann");
    field(&welcome, "Server port").set_text(&port.to_string());
    labelled::<gtk::CheckButton>(&welcome, "Host a server here").set_active(true);
    press(&welcome, "Host and Join");
    wait_for("being online", || seen(&welcome).contains(&"Your server is running".to_owned()));
    wait_for("being counted", || hosting.state() == HostingState::Running { port, people: 1 });
    assert_eq!(settings.mode(), Some(Mode::Server(parameters("localhost", port, "ann"))));
    press(&welcome, "Start Chatting");
    handle.shutdown();
    wait_for("the goodbye", || hosting.state() == HostingState::Running { port, people: 0 });
    hosting.shutdown();
}

#[gtk::test]
fn a_server_that_led_to_nothing_is_stopped_again() {
    let (hosting, port) = (Hosting::default(), free_port());
    let (welcome, _sent) = welcome(&settings(), &hosting);
    field(&welcome, "Your name").set_text("ann");
    labelled::<gtk::CheckButton>(&welcome, "Host a server here").set_active(true);
    field(&welcome, "Server port").set_text(&port.to_string());
    press(&welcome, "Host and Join");
    welcome.close();
    wait_for("the end of the server", || hosting.state() == HostingState::Stopped);
}

#[gtk::test]
fn a_port_that_is_taken_is_told_in_words() {
    let hosting = Hosting::default();
    let taken = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).unwrap();
    let port = taken.local_addr().unwrap().port();
    hosting.start(port);
    let HostingState::Failed(problem) = hosting.state() else { panic!("{:?}", hosting.state()) };
    assert_eq!(problem.title, format!("Port {port} is already in use on this computer."));
    assert!(problem.retry);
    drop(taken);
    hosting.start(port);
    assert!(matches!(hosting.state(), HostingState::Running { .. }));
    hosting.shutdown();
}

#[gtk::test]
fn a_hosted_server_starts_moves_and_stops() {
    let hosting = Hosting::default();
    let (first, second) = (free_port(), free_port());
    hosting.start(first);
    let guest = TcpStream::connect(("127.0.0.1", first)).unwrap();
    hosting.start(second);
    wait_for("the other port", || matches!(hosting.state(), HostingState::Running { port, .. } if port == second));
    drop(guest);
    assert!(TcpStream::connect(("127.0.0.1", first)).is_err());
    assert!(TcpStream::connect(("127.0.0.1", second)).is_ok());
    hosting.stop();
    wait_for("the end", || hosting.state() == HostingState::Stopped);
    assert!(TcpStream::connect(("127.0.0.1", second)).is_err());
    hosting.start(second);
    hosting.shutdown();
    assert!(TcpStream::connect(("127.0.0.1", second)).is_err(), "it has ended when the program ends");
}

#[gtk::test]
fn a_server_stays_where_it_is_when_the_new_port_is_taken() {
    let hosting = Hosting::default();
    let first = free_port();
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let second = taken.local_addr().unwrap().port();
    hosting.move_to(first).unwrap();
    let problem = hosting.move_to(second).unwrap_err();
    assert!(problem.title.contains(&second.to_string()));
    assert!(matches!(hosting.state(), HostingState::Running { port, .. } if port == first));
    drop(taken);
    hosting.move_to(second).unwrap();
    wait_for("the other port", || matches!(hosting.state(), HostingState::Running { port, .. } if port == second));
    hosting.shutdown();
}

#[gtk::test]
fn hosting_is_switched_in_the_preferences() {
    let (settings, hosting, port) = (settings(), Hosting::default(), free_port());
    settings.set_host_port(port);
    settings.set_name(&UserName::new("ann").unwrap());
    let (parent, preferences, sent) = preferences(&settings, &hosting);
    preferences.show_page(Page::Hosting);
    let switch: gtk::CheckButton = labelled(&preferences, "Host a server on this computer while Klatch runs");
    switch.set_active(true);
    assert!(settings.host_at_start());
    wait_for("the port", || seen(&preferences).iter().any(|text| text.contains(&port.to_string())));
    press(&preferences, "Join This Server");
    let expected = Command::Connect(Mode::Server(parameters("localhost", port, "ann")));
    assert_eq!(*sent.borrow(), [expected]);
    let name = UserName::new("ann").unwrap();
    preferences.show_link(&LinkState::Online { at: format!("localhost:{port}"), name, port: None });
    switch.set_active(false);
    assert_eq!(sent.borrow().last(), Some(&Command::Disconnect), "nobody looks for a server that is gone");
    wait_for("the end", || hosting.state() == HostingState::Stopped);
    assert!(!settings.host_at_start());
    parent.destroy();
}

#[gtk::test]
fn stopping_asks_first_if_others_are_there() {
    let (settings, hosting, port) = (settings(), Hosting::default(), free_port());
    let (welcome, handle) = connected_welcome(&settings, &hosting);
    field(&welcome, "Your name").set_text("guest");
    field(&welcome, "Address").set_text("127.0.0.1");
    field(&welcome, "Port").set_text(&port.to_string());
    hosting.start(port);
    settings.set_host_at_start(true);
    press(&welcome, "Join");
    wait_for("the guest", || hosting.state() == HostingState::Running { port, people: 1 });

    let (parent, preferences, _sent) = preferences(&settings, &hosting);
    let switch: gtk::CheckButton = labelled(&preferences, "Host a server on this computer while Klatch runs");
    for (answer, runs) in [(gtk::ResponseType::Cancel, true), (gtk::ResponseType::Accept, false)] {
        switch.set_active(false);
        wait_for("the question", || question().is_some());
        question().unwrap().response(answer);
        assert_eq!(matches!(hosting.state(), HostingState::Running { .. }), runs);
        assert_eq!(switch.is_active(), runs);
    }
    parent.destroy();
    handle.shutdown();
    hosting.shutdown();
}
