//! All that the windows know of the network, in one place, and all that they may ask of it.

mod added;
mod listening;
mod naming;
mod peers;
mod starting;
mod waiting;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::LazyLock;
use std::time::Instant;

use gtk::glib::subclass::Signal;
use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use self::added::Adding;
use self::starting::Starting;
use super::portraits::Portraits;
use super::{Conversation, Entry, Failure, Inquiry, Invitation, Message, Roster, Subject, Transfer};
use crate::net::{
    self, Added, Command, Contact, ConversationId, Delivery, LinkState, MessageId, NetError, NetErrorKind, Phase, Said,
    Sharing, UserName,
};
use crate::ui::i18n::gettext_f;

/// How many invitations and offers of one person, and of everybody, may wait for an answer. More than these nobody reads;
/// they are declined. One person alone cannot keep away those of the others.
const INVITATIONS: usize = 100;
const INVITATIONS_IN_ALL: u32 = 500;

/// Sends a command to the network thread, or tells why not. Never waits.
pub type Outbox = Box<dyn Fn(Command) -> Result<(), NetError>>;

mod imp {
    use super::{
        Added, Adding, Cell, Command, Conversation, ConversationId, Failure, HashMap, HashSet, Inquiry, Instant,
        Invitation, LazyLock, LinkState, OnceCell, Outbox, Portraits, RefCell, Roster, Sharing, Signal, Starting,
        Transfer, UserName, VecDeque, gio, glib,
    };
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    pub struct Client {
        pub outbox: OnceCell<Outbox>,
        pub link: RefCell<LinkState>,
        pub link_since: Cell<Instant>,
        pub name: RefCell<Option<UserName>>,
        pub asked_name: RefCell<Option<UserName>>,
        pub roster: Roster,
        pub portraits: Portraits,
        pub conversations: gio::ListStore,
        pub alive: RefCell<HashMap<ConversationId, Conversation>>,
        pub leaving: RefCell<HashSet<ConversationId>>,
        pub accepted: RefCell<HashSet<ConversationId>>,
        pub starting: RefCell<Option<Starting>>,
        pub invitations: gio::ListStore,
        pub has_files: Cell<bool>,
        pub inquiries: RefCell<Vec<glib::WeakRef<Inquiry>>>,
        pub transfers: gio::ListStore,
        pub sharing: Cell<Option<Sharing>>,
        pub added: RefCell<Vec<Added>>,
        pub adding: RefCell<Option<Adding>>,
        pub lacks_network: Cell<bool>,
        pub waiting: RefCell<VecDeque<Command>>,
        pub sends_later: Cell<bool>,
        pub problem: RefCell<Option<Failure>>,
        pub last_key: Cell<u32>,
        pub last_message: Cell<u64>,
    }

    impl Default for Client {
        fn default() -> Self {
            Self {
                outbox: OnceCell::default(),
                link: RefCell::new(LinkState::Offline(None)),
                link_since: Cell::new(Instant::now()),
                name: RefCell::default(),
                asked_name: RefCell::default(),
                roster: Roster::default(),
                portraits: Portraits::default(),
                conversations: gio::ListStore::new::<Conversation>(),
                alive: RefCell::default(),
                leaving: RefCell::default(),
                accepted: RefCell::default(),
                starting: RefCell::default(),
                invitations: gio::ListStore::new::<Invitation>(),
                has_files: Cell::default(),
                inquiries: RefCell::default(),
                transfers: gio::ListStore::new::<Transfer>(),
                sharing: Cell::default(),
                added: RefCell::default(),
                adding: RefCell::default(),
                lacks_network: Cell::default(),
                waiting: RefCell::default(),
                sends_later: Cell::default(),
                problem: RefCell::default(),
                last_key: Cell::default(),
                last_message: Cell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Client {
        const NAME: &'static str = "KlatchClient";
        type Type = super::Client;
    }

    impl ObjectImpl for Client {
        fn signals() -> &'static [Signal] {
            static SIGNALS: LazyLock<[Signal; 8]> = LazyLock::new(|| {
                [
                    Signal::builder("link-changed").build(),
                    Signal::builder("roster-changed").build(),
                    Signal::builder("problem").build(),
                    Signal::builder("sharing-changed").build(),
                    Signal::builder("opened").param_types([Conversation::static_type()]).build(),
                    Signal::builder("unread").param_types([Conversation::static_type()]).build(),
                    Signal::builder("transfer-changed").param_types([Transfer::static_type()]).build(),
                    Signal::builder("arrived").param_types([Transfer::static_type()]).build(),
                ]
            });
            SIGNALS.as_ref()
        }
    }
}

glib::wrapper! {
    /// All that the windows know of the network.
    pub struct Client(ObjectSubclass<imp::Client>);
}

impl Client {
    /// A client that is offline and sends its commands there.
    pub fn new(outbox: impl Fn(Command) -> Result<(), NetError> + 'static) -> Self {
        let client: Self = glib::Object::new();
        client.imp().outbox.get_or_init(|| Box::new(outbox));
        client
    }

    /// How one is connected.
    pub fn link(&self) -> LinkState {
        self.imp().link.borrow().clone()
    }

    /// Whether one is connected and registered.
    pub fn is_online(&self) -> bool {
        matches!(*self.imp().link.borrow(), LinkState::Online { .. })
    }

    /// In how many seconds the next attempt to connect begins, rounded up; `None` if none waits.
    pub fn seconds_to_retry(&self) -> Option<u64> {
        let LinkState::Reconnecting { after, .. } = *self.imp().link.borrow() else { return None };
        let left = after.saturating_sub(self.imp().link_since.get().elapsed());
        Some(left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
    }

    /// The name under which one is, or last was, online.
    pub fn name(&self) -> Option<UserName> {
        self.imp().name.borrow().clone()
    }

    /// Who else is there.
    pub fn roster(&self) -> &Roster {
        &self.imp().roster
    }

    /// The conversations that have a window, each a [`Conversation`], oldest first.
    pub fn conversations(&self) -> &gio::ListStore {
        &self.imp().conversations
    }

    /// The invitations that wait for an answer, each an [`Invitation`], oldest first.
    pub fn invitations(&self) -> &gio::ListStore {
        &self.imp().invitations
    }

    /// What has last gone wrong that is shown nowhere else.
    pub fn problem(&self) -> Option<Failure> {
        self.imp().problem.borrow().clone()
    }

    /// A conversation, by its key.
    pub fn conversation(&self, key: u32) -> Option<Conversation> {
        self.every_conversation().find(|conversation| conversation.key() == key)
    }

    /// What titles and menus call a conversation. Of several with the same people, all but the oldest have a number.
    pub fn label_of(&self, conversation: &Conversation) -> String {
        let title = conversation.title();
        let same_title = |other: &Conversation| other.title() == title;
        let older = self.every_conversation().take_while(|other| other != conversation).filter(same_title).count();
        match older {
            0 => title,
            older => gettext_f("{title} ({n})", &[("title", &title), ("n", &(older + 1).to_string())]),
        }
    }

    /// An invitation, by its key.
    pub fn invitation(&self, key: u32) -> Option<Invitation> {
        self.invitations().iter::<Invitation>().filter_map(Result::ok).find(|invitation| invitation.key() == key)
    }

    fn every_conversation(&self) -> impl Iterator<Item = Conversation> + use<> {
        let all: Vec<_> = self.conversations().iter::<Conversation>().filter_map(Result::ok).collect();
        all.into_iter()
    }

    /// Who is there, as far as that is known now.
    fn known_roster(&self) -> Option<&Roster> {
        self.is_online().then(|| self.roster())
    }

    pub(super) fn list_people(&self) {
        for conversation in self.every_conversation() {
            conversation.list_people(self.known_roster());
        }
    }

    fn next_key(&self) -> u32 {
        self.imp().last_key.set(self.imp().last_key.get().wrapping_add(1));
        self.imp().last_key.get()
    }
}

/// What is asked of the network.
impl Client {
    /// Sends a command. If it is refused, the reason is told as a problem as well.
    pub fn send(&self, command: Command) -> Result<(), NetError> {
        let Some(outbox) = self.imp().outbox.get() else { return Err(NetError::new(NetErrorKind::NotConnected)) };
        let mode = if let Command::Connect(mode) = &command { Some(mode.clone()) } else { None };
        // Another folder, or none, is looked through first.
        let shares_anew = matches!(command, Command::Share(_) | Command::Connect(_));
        outbox(command).inspect_err(|error| self.tell_problem(Some(error.clone().into())))?;
        if let Some(mode) = mode {
            self.imp().has_files.set(mode.has_files());
            self.imp().asked_name.replace(Some(mode.name_if_free()));
        }
        if shares_anew {
            self.set_sharing(None);
        }
        Ok(())
    }

    /// Says something. The text is in the transcript when the network thread has taken it up; why it does not is shown
    /// where it was written.
    pub fn say(&self, conversation: &Conversation, body: &str) -> Result<(), NetError> {
        self.imp().last_message.set(self.imp().last_message.get() + 1);
        let id = MessageId(self.imp().last_message.get());
        self.send_quietly(Command::Say { conversation: conversation.id(), body: body.to_owned(), id })
    }

    /// Says something again that was not delivered, or may not have been; the old row goes.
    pub fn say_again(&self, conversation: &Conversation, message: &Message) -> Result<(), NetError> {
        if let Entry::Said { body, .. } = message.entry() {
            self.say(conversation, body)?;
            conversation.remove(message);
        }
        Ok(())
    }

    /// Leaves a conversation and forgets it, because its window is closed.
    pub fn leave(&self, conversation: &Conversation) {
        self.give_up(conversation);
        if let Some(at) = self.conversations().find(conversation) {
            self.conversations().remove(at);
        }
        self.count_unread(&conversation.others());
    }

    /// Leaves a conversation that has not ended; its window may have another one later.
    fn give_up(&self, conversation: &Conversation) {
        let id = conversation.id();
        let is_known = self.imp().alive.borrow().get(&id) == Some(conversation);
        if is_known {
            self.imp().alive.borrow_mut().remove(&id);
            if self.send(Command::Leave(id.clone())).is_ok() {
                self.imp().leaving.borrow_mut().insert(id);
            }
        }
    }

    /// Answers an invitation.
    pub fn answer(&self, invitation: &Invitation, accept: bool) {
        let Some(subject) = invitation.subject() else { return };
        if let Subject::Conversation(id) = subject
            && accept
        {
            self.imp().leaving.borrow_mut().remove(id);
            self.imp().accepted.borrow_mut().insert(id.clone());
        }
        if self.send(subject.answer(accept)).is_ok()
            && let Some(at) = self.invitations().find(invitation)
        {
            self.invitations().remove(at);
        }
    }

    /// Answers all offers of files.
    pub fn answer_offers(&self, accept: bool) {
        let waiting = self.invitations().iter::<Invitation>().filter_map(Result::ok).filter(Invitation::is_offer);
        let answers: Vec<_> = waiting.filter_map(|offer| Some(offer.subject()?.answer(accept))).collect();
        self.drop_requests(|subject| matches!(subject, Subject::File { .. }));
        self.send_all(answers.into_iter());
    }

    /// Counts a conversation's unread messages for the people in it, after they were seen.
    pub fn count_unread(&self, people: &[UserName]) {
        for name in people {
            if let Some(buddy) = self.roster().get(name) {
                buddy.set_unread(
                    self.every_conversation().map(|conversation| conversation.unseen_of(name)).sum::<u32>(),
                );
            }
        }
    }
}

/// What the network tells.
impl Client {
    /// Takes over how one is connected.
    pub fn set_link(&self, link: LinkState) {
        let imp = self.imp();
        let is_over = |problem: &Failure| match link {
            // What is still wrong goes wrong again.
            LinkState::Connecting { .. } => true,
            LinkState::Online { .. } => problem.is_over_online(self.is_online()),
            // They say that one is still connected.
            LinkState::Offline(_) | LinkState::Reconnecting { .. } => {
                problem.kind() == Some(NetErrorKind::BadMessage) || matches!(problem, Failure::Renamed { .. })
            }
        };
        if self.problem().as_ref().is_some_and(is_over) {
            self.tell_problem(None);
        }
        if let LinkState::Online { name, .. } = &link {
            self.take_name(name);
        } else {
            // What was offered, and what is still to be asked for, can be got only while one is there oneself. Whoever
            // goes online in another way is not told to be offline in between.
            self.drop_requests(|subject| matches!(subject, Subject::File { .. }));
            imp.waiting.take();
            self.stop_trying_again();
            self.await_no_answers();
            self.forget_added();
            imp.portraits.clear();
            imp.roster.clear_pictures();
        }
        if matches!(link, LinkState::Offline(_)) {
            self.set_sharing(None);
        }
        imp.starting.replace(None);
        imp.link_since.set(Instant::now());
        imp.link.replace(link);
        self.list_people();
        self.emit_by_name::<()>("link-changed", &[]);
    }

    /// Takes over who is there.
    pub fn set_roster(&self, contacts: &[Contact]) {
        let were = |name: &UserName| self.roster().get(name).is_some();
        if self.problem().is_some_and(|problem| problem.is_over_with(contacts, were)) {
            self.tell_problem(None);
        }
        let back: Vec<_> = contacts.iter().map(|contact| &contact.name).filter(|name| !were(name)).collect();
        self.roster().update(contacts);
        self.mark_added();
        self.list_people();
        self.ask_who_is_back(&back);
        self.emit_by_name::<()>("roster-changed", &[]);
    }

    /// Takes over the state of a conversation, which may be new.
    pub fn set_conversation(&self, news: &net::Conversation) {
        let imp = self.imp();
        let is_over = matches!(news.phase, Phase::Ended(_));
        if is_over {
            imp.leaving.borrow_mut().remove(&news.id);
        } else if imp.leaving.borrow().contains(&news.id) {
            return;
        }
        let known = imp.alive.borrow().get(&news.id).cloned();
        let me = self.name();
        if news.initiator == me {
            // They have accepted.
            self.hear(&news.members);
        }
        match known {
            Some(conversation) => {
                conversation.update(news, me.as_ref(), self.known_roster());
                // What comes under the same id later is another conversation, in another window.
                if is_over {
                    imp.alive.borrow_mut().remove(&news.id);
                }
            }
            None if is_over => {}
            None => {
                let is_guest = imp.accepted.borrow_mut().remove(&news.id);
                if let Some(over) = self.take_over(news).filter(|_| !is_guest) {
                    self.give_up(&over);
                    imp.alive.borrow_mut().insert(news.id.clone(), over.clone());
                    over.begin_again(&news.id);
                    over.update(news, me.as_ref(), self.known_roster());
                    return;
                }
                let conversation = self.open(&news.id);
                conversation.set_guest(is_guest);
                conversation.update(news, me.as_ref(), self.known_roster());
                self.emit_by_name::<()>("opened", &[&conversation]);
            }
        }
    }

    fn open(&self, id: &ConversationId) -> Conversation {
        let conversation = Conversation::new(self.next_key(), id, self.roster().names());
        self.imp().alive.borrow_mut().insert(id.clone(), conversation.clone());
        self.conversations().append(&conversation);
        conversation
    }

    /// Adds what was said, in one change for each conversation.
    pub fn append(&self, said: Vec<Said>) {
        let mut by_conversation: BTreeMap<ConversationId, Vec<Said>> = BTreeMap::new();
        for text in said {
            by_conversation.entry(text.conversation.clone()).or_default().push(text);
        }
        for (id, said) in by_conversation {
            // What others said to a conversation that is being left, or has ended, has nowhere to go; one's own text
            // must not be lost, also where it comes back as not sent.
            let alive = self.imp().alive.borrow().get(&id).cloned();
            let ended = || self.every_conversation().filter(|conversation| conversation.id() == id).last();
            let own = said.iter().any(|text| text.own.is_some());
            let Some(conversation) = alive.or_else(|| if own { ended() } else { None }) else { continue };
            if conversation.append(&said) > 0 {
                let senders: BTreeSet<_> = said.into_iter().map(|text| text.from).collect();
                self.count_unread(&senders.into_iter().collect::<Vec<_>>());
                self.emit_by_name::<()>("unread", &[&conversation]);
            }
        }
    }

    /// Takes over what is known of the delivery of one's own text.
    pub fn set_delivery(&self, id: MessageId, delivery: Delivery, missing: &[UserName]) {
        let mut every = self.every_conversation();
        let _said_somewhere = every.any(|conversation| conversation.set_delivery(id, delivery, missing));
    }

    /// Takes up an invitation.
    pub fn add_invitation(&self, conversation: ConversationId, from: UserName) {
        self.add_request(Subject::Conversation(conversation), from);
    }

    fn add_request(&self, subject: Subject, from: UserName) {
        self.hear([&from]);
        let waiting = self.invitations().iter::<Invitation>().filter_map(Result::ok);
        let of_the_same = waiting.filter(|other| other.sender() == Some(&from)).count();
        if of_the_same >= INVITATIONS || self.invitations().n_items() >= INVITATIONS_IN_ALL {
            // Nobody can answer so many; a full command queue leaves it open, which does no harm.
            let _ = self.send(subject.answer(false));
            return;
        }
        self.invitations().append(&Invitation::new(self.next_key(), subject, from, self.roster().names()));
    }

    /// Drops an invitation that can no longer be answered.
    pub fn drop_invitation(&self, conversation: &ConversationId) {
        self.drop_requests(|subject| matches!(subject, Subject::Conversation(id) if id == conversation));
    }

    fn drop_requests(&self, is_over: impl Fn(&Subject) -> bool) {
        self.invitations().retain(|invitation| {
            !invitation.downcast_ref::<Invitation>().and_then(Invitation::subject).is_some_and(&is_over)
        });
    }

    /// Says what has gone wrong; `None` when it has been read.
    pub fn tell_problem(&self, problem: Option<Failure>) {
        if let Some(Failure::General(error)) = &problem
            && self.refuse_start(error)
        {
            return;
        }
        self.imp().problem.replace(problem);
        self.emit_by_name::<()>("problem", &[]);
    }
}

impl fmt::Debug for imp::Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("link", &self.link).finish_non_exhaustive()
    }
}
