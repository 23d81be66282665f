//! A conversation: who is in it, what was said, and what of that has not been seen.

mod people;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use gtk::glib::subclass::Signal;
use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::{Buddy, Entry, Message, Names, Roster};
use crate::net::{self, ConversationId, Delivery, MessageId, NetError, Phase, Said, UserName};
use crate::ui::i18n::{gettext, gettext_f, ngettext_f};

/// How many rows a transcript keeps. Taking rows away costs time while they are shown, so it happens seldom.
const ROWS: u32 = 20_000;
/// How many rows more there may be before the oldest are taken away.
const SLACK: u32 = 5_000;
/// How many bytes the words in a transcript may take, the newest row left out: a server may send very long texts.
const BYTES: usize = 16 << 20;
/// How many bytes more there may be before the oldest rows are taken away.
const BYTES_SLACK: usize = 4 << 20;
/// Messages of one person that are not further apart than this are shown as one run.
const RUN: Duration = Duration::from_mins(2);

mod imp {
    use super::{
        BTreeMap, Buddy, Cell, ConversationId, HashMap, LazyLock, Message, MessageId, Names, NetError, Phase, RefCell,
        Signal, UserName, gio, glib,
    };
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    #[derive(glib::Properties)]
    #[properties(wrapper_type = super::Conversation)]
    pub struct Conversation {
        pub key: Cell<u32>,
        pub id: RefCell<Option<ConversationId>>,
        pub names: RefCell<Names>,
        pub me: RefCell<Option<UserName>>,
        pub members: RefCell<Vec<UserName>>,
        pub awaited: RefCell<Vec<UserName>>,
        pub others: RefCell<Vec<UserName>>,
        pub declined: RefCell<Vec<UserName>>,
        pub unasked: RefCell<Vec<UserName>>,
        pub unreachable: RefCell<Vec<UserName>>,
        pub initiator: RefCell<Option<UserName>>,
        pub is_frozen: Cell<bool>,
        pub phase: Cell<Option<Phase>>,
        pub transcript: gio::ListStore,
        /// How many bytes the words in the transcript take.
        pub bytes: Cell<usize>,
        pub people: gio::ListStore,
        /// One's own texts in the transcript whose delivery is not known to the end.
        pub own: RefCell<HashMap<MessageId, glib::WeakRef<Message>>>,
        pub unseen: RefCell<BTreeMap<UserName, u32>>,
        pub is_watched: Cell<bool>,
        pub is_guest: Cell<bool>,
        /// Why something that was asked for in its window does not happen.
        pub refusal: RefCell<Option<NetError>>,
        /// With whom, in words.
        #[property(get)]
        pub title: RefCell<String>,
        /// How many messages of others have not been seen.
        #[property(get)]
        pub unread: Cell<u32>,
    }

    impl Default for Conversation {
        fn default() -> Self {
            Self {
                key: Cell::default(),
                id: RefCell::default(),
                names: RefCell::default(),
                me: RefCell::default(),
                members: RefCell::default(),
                awaited: RefCell::default(),
                others: RefCell::default(),
                declined: RefCell::default(),
                unasked: RefCell::default(),
                unreachable: RefCell::default(),
                initiator: RefCell::default(),
                is_frozen: Cell::default(),
                phase: Cell::default(),
                transcript: gio::ListStore::new::<Message>(),
                bytes: Cell::default(),
                people: gio::ListStore::new::<Buddy>(),
                own: RefCell::default(),
                unseen: RefCell::default(),
                is_watched: Cell::default(),
                is_guest: Cell::default(),
                refusal: RefCell::default(),
                title: RefCell::default(),
                unread: Cell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Conversation {
        const NAME: &'static str = "KlatchConversation";
        type Type = super::Conversation;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Conversation {
        fn signals() -> &'static [Signal] {
            static SIGNALS: LazyLock<[Signal; 2]> =
                LazyLock::new(|| ["changed", "refused"].map(|name| Signal::builder(name).build()));
            SIGNALS.as_ref()
        }
    }
}

glib::wrapper! {
    /// A conversation, as long as it has a window.
    pub struct Conversation(ObjectSubclass<imp::Conversation>);
}

impl Conversation {
    pub(super) fn new(key: u32, id: &ConversationId, names: &Names) -> Self {
        let conversation: Self = glib::Object::new();
        conversation.imp().names.replace(names.clone());
        conversation.imp().key.set(key);
        conversation.imp().id.replace(Some(id.clone()));
        conversation
    }

    /// How menus and notifications call it; unique in this run of the program.
    pub fn key(&self) -> u32 {
        self.imp().key.get()
    }

    /// How the server calls it; another name after it was started again.
    pub fn id(&self) -> ConversationId {
        self.imp().id.borrow().clone().unwrap_or(ConversationId::Int(0))
    }

    /// It has ended or is deserted, and goes on as another one.
    pub(super) fn begin_again(&self, id: &ConversationId) {
        self.imp().id.replace(Some(id.clone()));
        self.set_guest(false);
        self.notice(gettext("You have started this conversation again."));
    }

    /// What can be done in it.
    pub fn phase(&self) -> Phase {
        self.imp().phase.get().unwrap_or(Phase::Waiting)
    }

    /// Whether it goes on, or may go on.
    pub fn is_alive(&self) -> bool {
        !matches!(self.phase(), Phase::Ended(_))
    }

    /// Whether it goes on, and nobody else is in it or will be: all have left it, declined, or could not be reached.
    pub fn is_deserted(&self) -> bool {
        self.phase() == Phase::Waiting && self.imp().awaited.borrow().is_empty()
    }

    /// The rows of the transcript, each a [`Message`].
    pub fn transcript(&self) -> &gio::ListStore {
        &self.imp().transcript
    }

    /// Who is in it or invited to it, each a [`Buddy`] of this list alone.
    pub fn people(&self) -> &gio::ListStore {
        &self.imp().people
    }

    /// Whether somebody is oneself.
    pub fn is_me(&self, name: &UserName) -> bool {
        self.imp().me.borrow().as_ref() == Some(name)
    }

    /// Calls back when the phase or the people are news.
    pub fn connect_changed(&self, callback: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_closure("changed", false, glib::closure_local!(move |conversation: &Self| callback(conversation)))
    }

    /// Calls back when something that was asked for in its window does not happen, and why.
    pub fn connect_refused(&self, callback: impl Fn(&NetError) + 'static) -> glib::SignalHandlerId {
        let told = move |conversation: &Self| {
            if let Some(because) = &*conversation.imp().refusal.borrow() {
                callback(because);
            }
        };
        self.connect_closure("refused", false, glib::closure_local!(move |conversation: &Self| told(conversation)))
    }

    /// Tells why something that was asked for in its window does not happen.
    pub(super) fn refuse(&self, because: NetError) {
        self.imp().refusal.replace(Some(because));
        self.emit_by_name::<()>("refused", &[]);
    }

    /// Takes over the phase and the members.
    pub(super) fn update(&self, news: &net::Conversation, me: Option<&UserName>, roster: Option<&Roster>) {
        let imp = self.imp();
        if let Some(me) = me {
            imp.me.replace(Some(me.clone()));
        }
        let before = (imp.phase.replace(Some(news.phase)), imp.members.replace(news.members.clone()));
        imp.awaited.replace(news.awaited.clone());
        imp.declined.replace(news.declined.clone());
        imp.unasked.replace(news.unasked.clone());
        imp.unreachable.replace(news.unreachable.clone());
        imp.initiator.replace(news.initiator.clone());
        imp.is_frozen.set(news.is_frozen);
        let others: Vec<_> =
            news.members.iter().chain(&news.awaited).filter(|name| !self.is_me(name)).cloned().collect();
        if !others.is_empty() {
            let title = imp.names.borrow().enumeration(&others);
            imp.others.replace(others);
            if imp.title.replace(title.clone()) != title {
                self.notify_title();
            }
        }
        self.tell_what_happened(before.0, &before.1);
        self.list_people(roster);
        self.emit_by_name::<()>("changed", &[]);
    }

    /// Lists the people anew, after somebody's presence has changed; without a roster nobody's is known.
    pub(super) fn list_people(&self, roster: Option<&Roster>) {
        let imp = self.imp();
        let members = imp.members.borrow();
        let awaited = imp.awaited.borrow();
        let is_over = !self.is_alive();
        let (declined, unreachable) = (imp.declined.borrow(), imp.unreachable.borrow());
        let note_of = |name| if unreachable.contains(name) { gettext("not reachable") } else { String::new() };
        let mut wanted: Vec<_> = members.iter().map(|name| (name, note_of(name))).collect();
        wanted.extend(awaited.iter().map(|name| (name, gettext("invited"))));
        let may_not_see_me = |name| roster.and_then(|roster| roster.get(name)).is_some_and(|it| it.may_not_see_me());
        let refusal_of = |name| if may_not_see_me(name) { gettext("has not joined") } else { gettext("has declined") };
        wanted.extend(declined.iter().map(|name| (name, refusal_of(name))));
        let unasked = imp.unasked.borrow();
        wanted.extend(unasked.iter().map(|name| (name, gettext("not reachable"))));
        if is_over {
            wanted.clear();
        }
        let present: HashMap<_, _> =
            imp.people.iter::<Buddy>().filter_map(Result::ok).map(|buddy| (buddy.name(), buddy)).collect();
        let people: Vec<_> = wanted
            .into_iter()
            .map(|(name, note)| {
                let buddy = present.get(name).cloned().unwrap_or_else(|| Buddy::new(name, &imp.names.borrow()));
                if self.is_me(name) {
                    buddy.set_note(gettext("you"));
                    if let Some(roster) = roster {
                        buddy.set_picture(roster.own_picture());
                    }
                } else {
                    buddy.set_note(note);
                    buddy.adopt(roster.and_then(|roster| roster.get(name)).as_ref());
                }
                buddy
            })
            .collect();
        let same = imp.people.n_items() as usize == people.len()
            && imp.people.iter::<Buddy>().zip(&people).all(|(old, new)| old.as_ref() == Ok(new));
        if !same {
            imp.people.splice(0, imp.people.n_items(), &people);
        }
    }

    /// Adds what was said, in one change of the list. Tells how much of it is unread by that.
    pub(super) fn append(&self, said: &[Said]) -> u32 {
        let imp = self.imp();
        let mut rows = Vec::with_capacity(said.len() + 1);
        let mut previous = self.last();
        let mut unseen = 0;
        for text in said {
            let message = row(previous.as_ref(), text, &imp.names.borrow());
            if previous.as_ref().is_some_and(|previous| previous.day() != message.day()) {
                rows.push(Message::new(Entry::Day, text.at));
            }
            if let Some(id) = text.own {
                imp.own.borrow_mut().insert(id, message.downgrade());
            } else if !imp.is_watched.get() {
                unseen += 1;
                *imp.unseen.borrow_mut().entry(text.from.clone()).or_default() += 1;
            }
            rows.push(message.clone());
            previous = Some(message);
        }
        self.splice_rows(&rows);
        if unseen > 0 {
            imp.unread.set(self.unread() + unseen);
            self.notify_unread();
        }
        unseen
    }

    /// Adds a row that says what happened.
    pub(super) fn notice(&self, text: String) {
        self.splice_rows(&[Message::new(Entry::Notice(text), SystemTime::now())]);
    }

    fn splice_rows(&self, rows: &[Message]) {
        let (transcript, bytes) = (self.transcript(), &self.imp().bytes);
        transcript.splice(transcript.n_items(), 0, rows);
        bytes.set(bytes.get() + rows.iter().map(Message::bytes).sum::<usize>());
        let (surplus, left) = self.surplus();
        if surplus > 0 {
            bytes.set(left);
            transcript.splice(0, surplus, &[] as &[Message]);
            // A server that does not echo never says what became of them.
            self.imp().own.borrow_mut().retain(|_, message| message.upgrade().is_some());
        }
    }

    /// How many of the oldest rows are too many, and how many bytes the others have.
    fn surplus(&self) -> (u32, usize) {
        let transcript = self.transcript();
        let (rows, mut bytes) = (transcript.n_items(), self.imp().bytes.get());
        if rows <= ROWS + SLACK && bytes <= BYTES + BYTES_SLACK {
            return (0, bytes);
        }
        let mut surplus = 0;
        for row in transcript.iter::<Message>().filter_map(Result::ok) {
            let is_enough = rows - surplus <= ROWS && bytes <= BYTES;
            if is_enough || surplus + 1 == rows {
                break;
            }
            bytes = bytes.saturating_sub(row.bytes());
            surplus += 1;
        }
        (surplus, bytes)
    }

    /// Takes over what is known of the delivery of one's own text; whether it was said here.
    pub(super) fn set_delivery(&self, id: MessageId, delivery: Delivery, missing: &[UserName]) -> bool {
        let mut own = self.imp().own.borrow_mut();
        let Some(message) = own.get(&id).and_then(glib::WeakRef::upgrade) else { return false };
        message.set_delivery(delivery, &self.imp().names.borrow().enumeration(missing));
        if delivery == Delivery::Delivered {
            own.remove(&id);
        }
        true
    }

    /// Takes a row out of the transcript, because its text is said again.
    pub(super) fn remove(&self, message: &Message) {
        if let Some(at) = self.transcript().find(message) {
            let bytes = &self.imp().bytes;
            bytes.set(bytes.get().saturating_sub(message.bytes()));
            self.transcript().remove(at);
        }
    }

    /// Tells whether one was invited: then those who are found in it were there before.
    pub(super) fn set_guest(&self, is_guest: bool) {
        self.imp().is_guest.set(is_guest);
    }

    /// Tells whether the window is in front: what comes then is seen at once.
    pub fn set_watched(&self, is_watched: bool) {
        let imp = self.imp();
        imp.is_watched.set(is_watched);
        if is_watched && imp.unread.replace(0) > 0 {
            imp.unseen.borrow_mut().clear();
            self.notify_unread();
        }
    }

    /// How many messages of this person have not been seen here.
    pub(super) fn unseen_of(&self, name: &UserName) -> u32 {
        self.imp().unseen.borrow().get(name).copied().unwrap_or_default()
    }

    fn last(&self) -> Option<Message> {
        let transcript = self.transcript();
        transcript.item(transcript.n_items().checked_sub(1)?).and_downcast()
    }

    /// Writes into the transcript who came and went, and where something may be missing.
    fn tell_what_happened(&self, phase: Option<Phase>, members: &[UserName]) {
        let now = self.phase();
        match (phase, now) {
            (Some(Phase::Waiting | Phase::Open), Phase::Interrupted) => {
                self.notice(gettext("The connection was lost."));
                return;
            }
            (Some(Phase::Interrupted), Phase::Waiting | Phase::Open) => {
                self.notice(gettext("The connection is back. What others said meanwhile is not shown."));
            }
            (Some(Phase::Waiting | Phase::Open), Phase::Waiting | Phase::Open) => {}
            _ => return,
        }
        if self.imp().is_guest.get() {
            self.imp().is_guest.set(now == Phase::Waiting);
            return;
        }
        let missing = |from: &[UserName], of: &[UserName]| -> Vec<UserName> {
            // A server may list any number of members.
            let from: HashSet<_> = from.iter().collect();
            of.iter().filter(|name| !from.contains(name) && !self.is_me(name)).cloned().collect()
        };
        let (came, went) = {
            let current = self.imp().members.borrow();
            (missing(members, &current), missing(&current, members))
        };
        if !came.is_empty() {
            let names = self.imp().names.borrow().enumeration(&came);
            self.notice(ngettext_f("{names} has joined.", "{names} have joined.", came.len(), &[("names", &names)]));
        }
        // Those who are lost are asked back when they can be reached.
        let (lost, left): (Vec<_>, Vec<_>) =
            went.into_iter().partition(|name| self.imp().unasked.borrow().contains(name));
        if !lost.is_empty() {
            self.notice(gettext_f(
                "No longer reachable: {names}.",
                &[("names", &self.imp().names.borrow().enumeration(&lost))],
            ));
        }
        if !left.is_empty() {
            let names = self.imp().names.borrow().enumeration(&left);
            self.notice(ngettext_f("{names} has left.", "{names} have left.", left.len(), &[("names", &names)]));
        }
    }
}

/// The row for a text, which names its sender unless it follows the sender's previous one closely.
fn row(previous: Option<&Message>, said: &Said, names: &Names) -> Message {
    let follows = previous.is_some_and(|previous| {
        let is_same = matches!(previous.entry(), Entry::Said { from, .. } if *from == said.from);
        let gap = said.at.duration_since(previous.at()).unwrap_or_default();
        is_same && gap <= RUN
    });
    let entry = Entry::Said {
        called: names.called(&said.from),
        from: said.from.clone(),
        body: said.body.clone(),
        own: said.own,
        begins_run: !follows,
    };
    Message::new(entry, said.at)
}
