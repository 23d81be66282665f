//! The dialogs, opened for a test, and what is in them.

use std::net::TcpListener;

use gtk::glib;
use gtk::prelude::*;
use klatch::net::{LinkState, ServerAddress, ServerParameters, Status, UserName};
use klatch::ui::field::Field;
use klatch::ui::hosting::Hosting;
use klatch::ui::preferences::Preferences;
use klatch::ui::settings::Settings;
use klatch::ui::style;
use klatch::ui::welcome::Welcome;

use crate::screen::{labelled, wait_for};
use crate::stand_in::{Sent, app, record};

pub(crate) fn settings() -> Settings {
    style::register_resources();
    Settings::in_memory().unwrap()
}

pub(crate) fn parameters(host: &str, port: u16, name: &str) -> ServerParameters {
    ServerParameters {
        address: ServerAddress::new(host, port).unwrap(),
        name: UserName::new(name).unwrap(),
        status: Status::default(),
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn welcome(settings: &Settings, hosting: &Hosting) -> (Welcome, Sent) {
    let sent = Sent::default();
    let welcome = Welcome::new(&app(), settings, hosting, record(&sent));
    welcome.present();
    wait_for("the welcome window", || welcome.is_mapped());
    (welcome, sent)
}

/// No stand-in: the window with a real network thread.
pub(crate) fn connected_welcome(settings: &Settings, hosting: &Hosting) -> (Welcome, klatch::net::Handle) {
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

pub(crate) fn preferences(settings: &Settings, hosting: &Hosting) -> (gtk::Window, Preferences, Sent) {
    let parent = gtk::Window::builder().title("Parent").build();
    parent.present();
    let sent = Sent::default();
    let preferences = Preferences::new(&parent, settings, hosting, record(&sent));
    preferences.show_link(&LinkState::Offline(None));
    preferences.present();
    wait_for("the preferences", || preferences.is_mapped());
    (parent, preferences, sent)
}

pub(crate) fn field(within: &impl IsA<gtk::Widget>, label: &str) -> Field {
    labelled(within, label)
}

/// The question that is asked at present.
pub(crate) fn question() -> Option<gtk::MessageDialog> {
    gtk::Window::list_toplevels().into_iter().find_map(|window| window.downcast().ok())
}
