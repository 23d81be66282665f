//! The main windows on a network that is played by the test, and what can be read in them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::SystemTime;

use gtk::glib;
use gtk::prelude::*;
use klatch::net::{
    self, Command, Contact, ConversationId, Delivery, Event, LinkState, NetError, NetErrorKind, Phase, Said,
    ServerAddress, Status,
};
use klatch::ui::conversation::ConversationWindow;
use klatch::ui::model::Client;
use klatch::ui::settings::Settings;
use klatch::ui::window::Window;
use klatch::ui::{invitation, pump, style};

use crate::screen::{all, labelled, seen, wait_for};
use crate::stand_in::{app, name};

/// The main windows on a network that is played by the test.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) sent: Rc<RefCell<Vec<Command>>>,
    pub(crate) refuses: Rc<Cell<bool>>,
    pub(crate) window: Window,
}

impl Stage {
    pub(crate) fn new() -> Self {
        style::register_resources();
        let settings = Settings::in_memory().unwrap();
        settings.set_name(&name("alice"));
        settings.set_server(&ServerAddress::new("chat.example.org", 6666).unwrap());
        style::load(&settings);
        let sent: Rc<RefCell<Vec<Command>>> = Rc::default();
        let refuses: Rc<Cell<bool>> = Rc::default();
        let client = Client::new({
            let (sent, refuses) = (sent.clone(), refuses.clone());
            move |command| {
                if refuses.get() {
                    return Err(NetError::new(NetErrorKind::Busy));
                }
                sent.borrow_mut().push(command);
                Ok(())
            }
        });
        client.connect_opened(glib::clone!(
            #[weak]
            client,
            move |conversation| ConversationWindow::new(&app(), &client, conversation).present()
        ));
        invitation::follow(&app(), &client);
        let window = Window::new(&app(), &client, &settings);
        window.present();
        wait_for("the buddy list", || window.is_mapped());
        Self { client, settings, sent, refuses, window }
    }

    pub(crate) fn online() -> Self {
        let stage = Self::new();
        stage.tell(Event::Link(LinkState::Online {
            at: "chat.example.org:6666".into(),
            name: name("alice"),
            port: None,
        }));
        stage
    }

    pub(crate) fn tell(&self, event: Event) {
        pump::apply(&self.client, vec![event]);
    }

    pub(crate) fn roster(&self, people: &[(&str, &str)]) {
        let contact = |(who, status): &(&str, &str)| Contact::at_server(name(who), Status::received(status));
        self.tell(Event::Roster(people.iter().map(contact).collect()));
    }

    pub(crate) fn converse(&self, id: i64, members: &[&str], awaited: &[&str], phase: Phase) {
        self.tell(Event::Conversation(net::Conversation {
            members: members.iter().map(|member| name(member)).collect(),
            phase,
            ..net::Conversation::entered(
                ConversationId::Int(id),
                name("alice"),
                awaited.iter().map(|member| name(member)).collect(),
            )
        }));
    }

    pub(crate) fn said(&self, id: i64, from: &str, body: &str) {
        self.tell(Event::Said(said(id, from, body)));
    }

    /// Plays the network thread's part of the last Say: the text is taken up, with this delivery.
    pub(crate) fn take_up(&self, delivery: Delivery) -> net::MessageId {
        let Some(Command::Say { conversation, body, id }) = self.sent.borrow().last().cloned() else {
            panic!("nothing was said: {:?}", self.sent.borrow())
        };
        let at = SystemTime::now();
        self.tell(Event::Said(Said { conversation, from: name("alice"), body, at, own: Some(id) }));
        self.tell(Event::Delivery { id, state: delivery, missing: Vec::new() });
        id
    }

    pub(crate) fn take_sent(&self) -> Vec<Command> {
        self.sent.take()
    }

    /// The windows of this stage's conversations.
    pub(crate) fn conversations(&self) -> Vec<ConversationWindow> {
        let windows = app().windows().into_iter().filter_map(|window| window.downcast::<ConversationWindow>().ok());
        let mut windows: Vec<_> = windows
            .filter(|window| {
                window
                    .conversation()
                    .is_some_and(|conversation| self.client.conversations().find(conversation).is_some())
            })
            .collect();
        windows.sort_by_key(|window| window.conversation().unwrap().key());
        windows
    }

    pub(crate) fn conversation(&self) -> ConversationWindow {
        let windows = self.conversations();
        let [window] = windows.as_slice() else { panic!("{} conversations are open", windows.len()) };
        wait_for("the conversation", || window.is_mapped());
        window.clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for window in app().windows() {
            window.destroy();
        }
    }
}

/// The first widget of this class that can be seen; menus and drop-downs have hidden ones.
pub(crate) fn shown<W: IsA<gtk::Widget>>(within: &impl IsA<gtk::Widget>) -> W {
    let found = all::<W>(within).into_iter().find(WidgetExt::is_mapped);
    found.unwrap_or_else(|| panic!("no {} is shown", W::static_type().name()))
}

pub(crate) fn said(id: i64, from: &str, body: &str) -> Said {
    Said {
        conversation: ConversationId::Int(id),
        from: name(from),
        body: body.to_owned(),
        at: SystemTime::now(),
        own: None,
    }
}

pub(crate) fn write(window: &ConversationWindow, text: &str) {
    shown::<gtk::TextView>(window).buffer().set_text(text);
}

pub(crate) fn written(window: &ConversationWindow) -> String {
    let buffer = shown::<gtk::TextView>(window).buffer();
    buffer.text(&buffer.start_iter(), &buffer.end_iter(), true).into()
}

/// What the rows of the transcript say, without the times of the day.
pub(crate) fn transcript(window: &ConversationWindow) -> Vec<String> {
    let list = shown::<gtk::ListView>(window);
    let rows = seen(&list).into_iter().map(|row| {
        let is_digit_or_colon = |c: char| c.is_ascii_digit() || c == ':';
        let words = row.split("  ").filter(|part| !(part.len() == 5 && part.chars().all(is_digit_or_colon)));
        words.collect::<Vec<_>>().join("  ")
    });
    rows.map(|row| {
        let (first, rest) = row.split_once('\n').unwrap_or((&row, ""));
        let sender = first.split("  ").next().unwrap_or_default();
        if rest.is_empty() { row.clone() } else { format!("{sender}: {rest}") }
    })
    .collect()
}

pub(crate) fn shows(window: &ConversationWindow, rows: &[&str]) {
    wait_for(&format!("{rows:?}, not {:?}", transcript(window)), || transcript(window) == rows);
}

pub(crate) fn is_sensitive(within: &impl IsA<gtk::Widget>, label: &str) -> bool {
    labelled::<gtk::Button>(within, label).is_sensitive()
}
