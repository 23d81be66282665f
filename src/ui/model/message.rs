//! One row of a transcript.

use std::cell::{Cell, OnceCell, RefCell};
use std::time::SystemTime;

use gtk::glib;
use gtk::subclass::prelude::*;

use super::super::clock;
use crate::net::{Delivery, MessageId, UserName};

/// What a row of a transcript says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Somebody said something.
    Said {
        /// Who.
        from: UserName,
        /// What they are called.
        called: String,
        /// What, whole.
        body: String,
        /// For one's own text, how its delivery is called.
        own: Option<MessageId>,
        /// Whether the row names the sender: it begins a run of messages.
        begins_run: bool,
    },
    /// A new day begins.
    Day,
    /// Something happened, in words.
    Notice(String),
}

mod imp {
    use super::{Cell, Delivery, Entry, OnceCell, RefCell, SystemTime, glib};
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::Message)]
    pub struct Message {
        pub entry: OnceCell<Entry>,
        pub at: OnceCell<SystemTime>,
        pub delivery: Cell<Option<Delivery>>,
        pub missing: RefCell<String>,
        /// Counts the changes of what is known of the delivery.
        #[property(get)]
        pub revision: Cell<u32>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Message {
        const NAME: &'static str = "KlatchMessage";
        type Type = super::Message;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Message {}
}

glib::wrapper! {
    /// One row of a transcript. Only the delivery of one's own text ever changes.
    pub struct Message(ObjectSubclass<imp::Message>);
}

impl Message {
    /// A row that belongs to that time.
    pub fn new(entry: Entry, at: SystemTime) -> Self {
        let message: Self = glib::Object::new();
        if matches!(entry, Entry::Said { own: Some(_), .. }) {
            message.imp().delivery.set(Some(Delivery::Sending));
        }
        message.imp().entry.get_or_init(|| entry);
        message.imp().at.get_or_init(|| at);
        message
    }

    /// What the row says.
    pub fn entry(&self) -> &Entry {
        self.imp().entry.get_or_init(|| Entry::Notice(String::new()))
    }

    /// How many bytes its words take.
    pub fn bytes(&self) -> usize {
        match self.entry() {
            Entry::Said { body, .. } => body.len(),
            Entry::Notice(text) => text.len(),
            Entry::Day => 0,
        }
    }

    /// When it was.
    pub fn at(&self) -> SystemTime {
        *self.imp().at.get_or_init(SystemTime::now)
    }

    /// What is known of the delivery; `None` for what others said.
    pub fn delivery(&self) -> Option<Delivery> {
        self.imp().delivery.get()
    }

    /// Whom one's own text has not reached yet, or will not reach, in words; empty where that is not known.
    pub fn missing(&self) -> String {
        self.imp().missing.borrow().clone()
    }

    /// Takes over what is known of the delivery now.
    pub fn set_delivery(&self, delivery: Delivery, missing: &str) {
        let before = self.imp().delivery.replace(Some(delivery));
        if self.imp().missing.replace(missing.to_owned()) != missing || before != Some(delivery) {
            self.imp().revision.set(self.revision().wrapping_add(1));
            self.notify_revision();
        }
    }

    /// The time of the day, in the form that is usual here.
    pub fn time(&self) -> String {
        local(self.at()).as_ref().map(clock::time_of_day).unwrap_or_default()
    }

    /// The whole date, in words.
    pub fn date(&self) -> String {
        local(self.at()).as_ref().map(clock::date).unwrap_or_default()
    }

    /// Which day it was, to compare with others.
    pub fn day(&self) -> Option<(i32, i32, i32)> {
        local(self.at()).map(|at| at.ymd())
    }
}

fn local(at: SystemTime) -> Option<glib::DateTime> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    glib::DateTime::from_unix_local(i64::try_from(since.as_secs()).ok()?).ok()
}
