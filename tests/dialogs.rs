//! The dialogs, as a person meets them. Needs a display: build-aux/test gives it a private one.
#![cfg(feature = "gui")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::cell::RefCell;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use gtk::prelude::*;
use gtk::{gio, glib};
use klatch::net::{
    Command, LinkState, Mode, NetError, NetErrorKind, Presence, ServerAddress, ServerParameters, Status, UserName,
};
use klatch::ui::address_list::AddressList;
use klatch::ui::field::Field;
use klatch::ui::hosting::{Hosting, HostingState, own_address};
use klatch::ui::preferences::{Page, Preferences};
use klatch::ui::problem::{self, Problem};
use klatch::ui::settings::{Appearance, Settings};
use klatch::ui::welcome::Welcome;
use klatch::ui::{about, hosting_alert, shortcuts, style};

#[path = "gui_support/screen.rs"]
mod screen;

use screen::{below, labelled, press, seen, wait_for};

/// One application for all tests: a second one of the same id cannot be registered.
fn app() -> gtk::Application {
    thread_local!(static APP: gtk::Application = {
        let flags = gio::ApplicationFlags::NON_UNIQUE;
        let app = gtk::Application::builder().application_id("im.klatch.Test").flags(flags).build();
        app.register(gio::Cancellable::NONE).unwrap();
        app
    });
    APP.with(Clone::clone)
}

fn settings() -> Settings {
    style::register_resources();
    Settings::in_memory().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn field(within: &impl IsA<gtk::Widget>, label: &str) -> Field {
    labelled(within, label)
}

/// The question that is asked at present.
fn question() -> Option<gtk::MessageDialog> {
    gtk::Window::list_toplevels().into_iter().find_map(|window| window.downcast().ok())
}

type Sent = Rc<RefCell<Vec<Command>>>;

fn record(sent: &Sent) -> impl Fn(Command) -> Result<(), NetError> + 'static {
    let sent = Rc::clone(sent);
    move |command| {
        sent.borrow_mut().push(command);
        Ok(())
    }
}

fn parameters(host: &str, port: u16, name: &str) -> ServerParameters {
    ServerParameters {
        address: ServerAddress::new(host, port).unwrap(),
        name: UserName::new(name).unwrap(),
        status: Status::default(),
    }
}

fn welcome(settings: &Settings, hosting: &Hosting) -> (Welcome, Sent) {
    let sent = Sent::default();
    let welcome = Welcome::new(&app(), settings, hosting, record(&sent));
    welcome.present();
    wait_for("the welcome window", || welcome.is_mapped());
    (welcome, sent)
}

/// No stand-in: the window with a real network thread.
fn connected_welcome(settings: &Settings, hosting: &Hosting) -> (Welcome, klatch::net::Handle) {
    let (handle, events) = klatch::net::start().unwrap();
    let sender = handle.clone();
    let welcome =
        Welcome::new(&app(), settings, hosting, move |command| sender.send(command).map_err(|(error, _)| error));
    welcome.present();
    let links = welcome.downgrade();
    glib::spawn_future_local(async move {
        while let Ok(event) = events.recv().await {
            if let (klatch::net::Event::Link(link), Some(welcome)) = (event, links.upgrade()) {
                welcome.show_link(&link);
            }
        }
    });
    (welcome, handle)
}

fn preferences(settings: &Settings, hosting: &Hosting) -> (gtk::Window, Preferences, Sent) {
    let parent = gtk::Window::builder().title("Parent").build();
    parent.present();
    let sent = Sent::default();
    let preferences = Preferences::new(&parent, settings, hosting, record(&sent));
    preferences.show_link(&LinkState::Offline(None));
    preferences.present();
    wait_for("the preferences", || preferences.is_mapped());
    (parent, preferences, sent)
}

#[gtk::test]
fn every_problem_says_what_happened_and_what_to_do() {
    let mut titles = Vec::new();
    for kind in NetErrorKind::ALL {
        let problem = Problem::new(&NetError::new(kind), "chat.example.org:6666");
        for text in [&problem.title, &problem.advice] {
            assert!(text.ends_with(['.', '?', '”']) && !text.contains(['{', '}']), "{kind:?}: {text}");
        }
        assert_eq!(problem.retry, kind.is_worth_retrying(), "{kind:?}");
        titles.push(problem.title);
    }
    let all = titles.len();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), all, "two kinds of error look the same");

    let unknown = Problem::new(&NetError::new(NetErrorKind::HostNotFound), "nowhere.example:7000");
    assert_eq!(unknown.title, "There is no computer named nowhere.example.");
    let refused = Problem::new(&NetError::new(NetErrorKind::Refused), "10.0.0.2:7000");
    assert!(refused.title.contains("10.0.0.2:7000"));
}

#[gtk::test]
fn the_words_of_a_server_are_quoted_harmlessly() {
    let said = format!("no\u{202e}\n{}", "x".repeat(10_000));
    let problem = Problem::new(&NetError::with(NetErrorKind::NameRefused, &said), "h:1");
    assert!(problem.advice.contains("no\u{fffd}\u{fffd}xxx") && problem.advice.chars().count() < 500);
    assert!(problem.advice.ends_with(".” Choose another name."), "a sentence ends before the next one");
}

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

#[gtk::test]
fn a_server_that_cannot_be_hosted_is_told_of_where_nobody_looks() {
    style::register_resources();
    let parent = gtk::Window::new();
    parent.present();
    let problem = problem::hosting(&std::io::Error::from(std::io::ErrorKind::AddrInUse), 6666);
    hosting_alert::show(&parent, &problem);
    wait_for("the alert", || question().is_some_and(|alert| seen(&alert).contains(&problem.title)));
    question().unwrap().response(gtk::ResponseType::Close);
    assert!(question().is_none());
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

#[gtk::test]
fn the_style_sheets_have_no_mistakes() {
    settings();
    for sheet in ["style.css", "style-dark.css"] {
        let provider = gtk::CssProvider::new();
        let mistakes = Rc::new(RefCell::new(Vec::new()));
        let found = Rc::clone(&mistakes);
        provider.connect_parsing_error(move |_, section, error| {
            found.borrow_mut().push(format!("{}: {error}", section.to_str()));
        });
        provider.load_from_resource(&format!("{}/{sheet}", style::RESOURCES));
        assert!(mistakes.borrow().is_empty(), "{mistakes:?}");
    }
}

#[gtk::test]
fn the_lists_of_keys_and_of_the_program_open_over_their_window() {
    settings();
    let parent = gtk::Window::new();
    parent.present();
    shortcuts::show(&parent);
    about::show(&parent);
    let over = |class: glib::Type| {
        let mut windows = gtk::Window::list_toplevels().into_iter().filter_map(|w| w.downcast::<gtk::Window>().ok());
        windows.find(|window| window.type_() == class && window.transient_for().as_ref() == Some(&parent))
    };
    for class in [gtk::ShortcutsWindow::static_type(), gtk::AboutDialog::static_type()] {
        wait_for("the window", || over(class).is_some_and(|window| window.is_mapped()));
        over(class).unwrap().destroy();
    }
    parent.destroy();
}
