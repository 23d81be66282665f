//! A network of peers that is played by the test, and the windows on it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use gtk::prelude::*;
use klatch::net::{
    self, Command, Contact, Direction, Event, LinkState, NetError, NetErrorKind, OfferId, Transfer, TransferId,
    TransferState, UserName,
};
use klatch::ui::conversation::ConversationWindow;
use klatch::ui::hosting::Hosting;
use klatch::ui::model::Client;
use klatch::ui::preferences::Preferences;
use klatch::ui::settings::Settings;
use klatch::ui::window::Window;
use klatch::ui::{invitation, pump, style};

use crate::screen::{seen, sees, wait_for};
use crate::stand_in::{Sent, app, name, record};

/// A network of peers that is played by the test.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) sent: Rc<RefCell<Vec<Command>>>,
    /// How many commands are taken before the next is refused.
    pub(crate) room: Rc<RefCell<usize>>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        style::register_resources();
        let sent: Rc<RefCell<Vec<Command>>> = Rc::default();
        let room = Rc::new(RefCell::new(usize::MAX));
        let client = Client::new({
            let (sent, room) = (sent.clone(), room.clone());
            move |command| {
                let left = room.borrow().checked_sub(1).ok_or_else(|| NetError::new(NetErrorKind::Busy))?;
                room.replace(left);
                sent.borrow_mut().push(command);
                Ok(())
            }
        });
        invitation::follow(&app(), &client);
        let stage = Self { client, sent, room };
        stage.tell(Event::Link(LinkState::Online { at: "this network".into(), name: name("alice"), port: Some(4000) }));
        stage
    }

    /// The buddy list of somebody who is a peer.
    pub(crate) fn buddy_list(&self) -> (Window, Settings) {
        let settings = Settings::in_memory().unwrap();
        settings.set_name(&name("alice"));
        settings.set_is_peer(true);
        self.client.send(Command::Connect(settings.mode().unwrap())).unwrap();
        let window = Window::new(&app(), &self.client, &settings);
        window.present();
        self.tell(Event::Link(LinkState::Online { at: "port 4000".into(), name: name("alice (2)"), port: Some(4000) }));
        // Somebody else has the name; what is told of that is for a test of its own.
        self.client.tell_problem(None);
        self.take_sent();
        (window, settings)
    }

    pub(crate) fn people(&self, people: &[(&str, bool)]) {
        let contact = |(who, is_blocked): &(&str, bool)| Contact {
            is_blocked: *is_blocked,
            ..Contact::at_server(name(who), net::Status::default())
        };
        self.tell(Event::Roster(people.iter().map(contact).collect()));
    }

    pub(crate) fn tell(&self, event: Event) {
        pump::apply(&self.client, vec![event]);
    }

    pub(crate) fn take_sent(&self) -> Vec<Command> {
        self.sent.take()
    }

    pub(crate) fn offered(&self, id: u64, from: &str, file: &str) {
        self.tell(Event::Offered { offer: OfferId(id), from: name(from), file: file.into() });
    }

    pub(crate) fn transfer(&self, id: u64, done: u64, total: Option<u64>, direction: Direction, state: TransferState) {
        self.tell(Event::Transfer(Transfer {
            id: TransferId(id),
            peer: name("bob"),
            file: format!("file {id}"),
            direction,
            was_offered: direction == Direction::Out,
            done,
            total,
            state,
            path: PathBuf::from(format!("/nowhere/file {id}")),
        }));
    }

    pub(crate) fn conversation(&self, news: net::Conversation) -> ConversationWindow {
        self.tell(Event::Conversation(news));
        let conversation = self.client.conversations().item(0).and_downcast().unwrap();
        let open = app().windows().into_iter().find_map(|window| window.downcast::<ConversationWindow>().ok());
        open.unwrap_or_else(|| {
            let window = ConversationWindow::new(&app(), &self.client, &conversation);
            window.present();
            wait_for("the window", || window.is_mapped());
            window
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for window in app().windows() {
            window.destroy();
        }
    }
}

pub(crate) fn names(texts: &[&str]) -> Vec<UserName> {
    texts.iter().map(|text| name(text)).collect()
}

pub(crate) fn shows(within: &impl IsA<gtk::Widget>, text: &str) {
    wait_for(&format!("{text:?} in {:?}", seen(within)), || sees(within, text));
}

/// The preferences of somebody who goes online through a server, what they send, and their parent.
pub(crate) fn preferences(settings: &Settings) -> (Preferences, Sent, gtk::Window) {
    let parent = gtk::Window::builder().application(&app()).build();
    let sent = Sent::default();
    let preferences = Preferences::new(&parent, settings, &Hosting::default(), record(&sent));
    preferences.present();
    (preferences, sent, parent)
}

/// Ends the preferences with their parent. GTK does not expect that anybody keeps them any longer than that.
pub(crate) fn end(preferences: Preferences, parent: &gtk::Window) {
    drop(preferences);
    parent.destroy();
}
