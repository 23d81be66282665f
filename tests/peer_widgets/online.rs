//! Going online without a server, and back to one.

use gtk::prelude::*;
use klatch::net::{self, Command, LinkState};
use klatch::ui::field::Field;
use klatch::ui::hosting::Hosting;
use klatch::ui::preferences::Page;
use klatch::ui::settings::Settings;
use klatch::ui::style;
use klatch::ui::welcome::Welcome;

use crate::screen::{labelled, press, wait_for};
use crate::stage::{end, preferences, shows};
use crate::stand_in::{Sent, app, name, record};

#[gtk::test]
fn one_goes_online_without_a_server() {
    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    let sent = Sent::default();
    let welcome = Welcome::new(&app(), &settings, &Hosting::default(), record(&sent));
    welcome.present();
    labelled::<Field>(&welcome, "Your name").set_text("ann");
    labelled::<gtk::CheckButton>(&welcome, "Chat on this network").set_active(true);
    press(&welcome, "Go Online");
    let mode = net::Mode::Peer(Box::new(settings.peer(name("ann"))));
    assert_eq!(*sent.borrow(), [Command::Connect(mode.clone())]);
    assert_eq!(settings.mode(), None, "nothing is remembered before it is known to work");
    welcome.show_link(&LinkState::Connecting { to: "_klatch._tcp.local.".into() });
    shows(&welcome, "Joining this network…");
    welcome.show_link(&LinkState::Online { at: "port 4000".into(), name: name("ann"), port: Some(4000) });
    assert_eq!(settings.mode(), Some(mode));
    wait_for("the end of the welcome", || !welcome.is_mapped());
}

#[gtk::test]
fn the_way_of_being_online_is_switched_while_one_is() {
    style::register_resources();
    let settings = Settings::in_memory().unwrap();
    settings.set_name(&name("ann"));
    settings.set_server(&net::ServerAddress::new("chat.example.org", 6666).unwrap());
    let server = settings.mode().unwrap();
    let (preferences, sent, parent) = preferences(&settings);
    preferences.show_link(&LinkState::Online { at: "chat.example.org:6666".into(), name: name("ann"), port: None });
    preferences.show_page(Page::Connection);
    labelled::<gtk::CheckButton>(&preferences, "On this network, without a server").set_active(true);
    assert_eq!(settings.mode(), Some(server.clone()), "not before it is applied");
    press(&preferences, "Apply and Reconnect");
    let peer = net::Mode::Peer(Box::new(settings.peer(name("ann"))));
    assert_eq!((settings.mode(), &*sent.borrow()), (Some(peer.clone()), &vec![Command::Connect(peer)]));
    preferences.show_link(&LinkState::Online { at: "port 4000".into(), name: name("ann"), port: Some(4000) });
    shows(&preferences, "On this network as ann");
    labelled::<gtk::CheckButton>(&preferences, "Through a server").set_active(true);
    press(&preferences, "Apply and Reconnect");
    assert_eq!(sent.borrow().last(), Some(&Command::Connect(server)));
    end(preferences, &parent);
}
