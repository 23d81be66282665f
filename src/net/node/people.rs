//! Who is there, where, and what is to be told to them next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::chat::{Kind, Note};
use super::{Action, Farewell};
use crate::net::event::{Contact, Event};
use crate::protocol::ident::UserName;
use crate::protocol::status::Status;

/// Most people that are known at once: anybody can announce any number of names.
const PEOPLE: usize = 2_000;
/// Most addresses of one person.
const ADDRESSES: usize = 16;
/// Most texts that wait for one person, and most last words. Of each chat one list of members can wait besides.
pub(super) const NOTES: usize = 256;
/// Most last words to those who are lost; the oldest go first.
const LAST_WORDS: usize = 256;
/// The pauses before a note or an invitation is tried again; after the last one it is given up.
pub(super) const RETRIES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
    Duration::from_secs(20),
    Duration::from_secs(45),
];

/// Somebody who is there.
#[derive(Debug, Default)]
struct Person {
    status: Option<Status>,
    addresses: Vec<SocketAddr>,
    /// What is to be told to them, in order. One note is on its way at a time, so that texts arrive in order.
    notes: VecDeque<Note>,
    is_busy: bool,
    /// After a failure: when to try again.
    retry_at: Option<Instant>,
    /// Discovery has them; else only notes are left.
    is_there: bool,
}

impl Person {
    fn ips(&self) -> BTreeSet<IpAddr> {
        self.addresses.iter().map(|address| address.ip().to_canonical()).collect()
    }
}

fn ports(addresses: &[SocketAddr]) -> BTreeSet<u16> {
    addresses.iter().map(SocketAddr::port).collect()
}

/// Everybody.
#[derive(Debug, Default)]
pub(super) struct People {
    known: BTreeMap<UserName, Person>,
    /// Of whom one hears nothing, and where they were last: they may be there still when they announce nothing any more.
    blocked: BTreeMap<UserName, BTreeSet<IpAddr>>,
    /// That a chat is over, or that one has left it, for those who were lost before they could hear it: they are told when
    /// they are back, or would go on to write to nobody.
    last_words: VecDeque<(UserName, Note)>,
    /// By what names those call themselves who are known by another one.
    own_names: BTreeMap<UserName, UserName>,
    /// What the user interface was told last.
    told: Vec<Contact>,
}

impl People {
    /// Somebody is there, or has changed.
    pub(super) fn found(
        &mut self,
        name: UserName,
        status: Status,
        mut addresses: Vec<SocketAddr>,
        out: &mut Vec<Action>,
    ) {
        if self.known.len() >= PEOPLE && !self.known.contains_key(&name) {
            return;
        }
        // It is the name of somebody else.
        self.own_names.remove(&name);
        addresses.truncate(ADDRESSES);
        let (theirs, others): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.last_words).into_iter().partition(|(to, _)| *to == name);
        self.last_words = others;
        let blocked = self.blocked.get_mut(&name);
        let person = self.known.entry(name).or_default();
        person.notes.extend(theirs.into_iter().map(|(_, note)| note));
        person.status = Some(status);
        person.addresses = addresses;
        if let Some(last) = blocked {
            *last = person.ips();
        }
        person.is_there = true;
        // Whatever kept notes from arriving may be over.
        person.retry_at = None;
        self.show(out);
    }

    /// Somebody is gone, and with them what was still to be told, except last words.
    pub(super) fn lost(&mut self, name: &UserName, out: &mut Vec<Action>) {
        if self.is_known(name) {
            self.forget(name);
            self.show(out);
        }
    }

    /// The same, of which nothing is told: there is somebody else of that name.
    pub(super) fn forget(&mut self, name: &UserName) {
        self.own_names.retain(|_, person| person != name);
        for note in self.known.remove(name).map(|person| person.notes).unwrap_or_default() {
            self.keep(name, note);
        }
    }

    /// Whether somebody who is known and is found at these addresses now has ended their program and started it again: it
    /// knows nothing of any chat. A program has one port as long as it runs, whatever becomes of its addresses.
    pub(super) fn is_another_program(&self, name: &UserName, addresses: &[SocketAddr]) -> bool {
        let before = self.ports(name);
        !before.is_empty() && before.is_disjoint(&ports(addresses))
    }

    /// At which ports somebody can be reached; none if nobody of that name is known.
    pub(super) fn ports(&self, name: &UserName) -> BTreeSet<u16> {
        self.known.get(name).map(|person| ports(&person.addresses)).unwrap_or_default()
    }

    /// Keeps a note to somebody who is gone, if it is one of last words.
    pub(super) fn keep(&mut self, to: &UserName, note: Note) {
        if note.kind() == Kind::LastWord {
            if self.last_words.len() >= LAST_WORDS {
                self.last_words.pop_front();
            }
            self.last_words.push_back((to.clone(), Note { tries: 0, ..note }));
        }
    }

    /// Everybody is out of reach: one goes offline.
    pub(super) fn clear(&mut self, out: &mut Vec<Action>) {
        if !self.known.is_empty() {
            self.known.clear();
            self.own_names.clear();
            self.show(out);
        }
    }

    fn show(&mut self, out: &mut Vec<Action>) {
        let contacts: Vec<Contact> = self
            .known
            .iter()
            .filter(|(_, person)| person.is_there)
            .map(|(name, person)| Contact {
                name: name.clone(),
                status: person.status.clone().unwrap_or_default(),
                addresses: person.addresses.clone(),
                is_blocked: self.is_blocked(name),
            })
            .collect();
        if contacts != self.told {
            self.told.clone_from(&contacts);
            out.push(Action::Emit(Event::Roster(contacts)));
        }
    }

    pub(super) fn is_known(&self, name: &UserName) -> bool {
        self.known.contains_key(name)
    }

    pub(super) fn addresses(&self, name: &UserName) -> Option<Vec<SocketAddr>> {
        self.known.get(name).map(|person| person.addresses.clone())
    }

    /// Somebody calls themselves so, and is known by another name. Takes no name that somebody has, and one for each.
    pub(super) fn calls_themselves(&mut self, person: &UserName, own_name: UserName) {
        let is_free = !self.known.contains_key(&own_name) && !self.blocked.contains_key(&own_name);
        if is_free && self.known.contains_key(person) && self.own_names.values().all(|known| known != person) {
            self.own_names.insert(own_name, person.clone());
        }
    }

    /// By which name somebody is known who calls themselves so.
    pub(super) fn known_as(&self, own_name: UserName) -> UserName {
        self.own_names.get(&own_name).cloned().unwrap_or(own_name)
    }

    /// How somebody calls themselves who is known by this name.
    pub(super) fn own_name(&self, person: &UserName) -> UserName {
        let own = self.own_names.iter().find(|(_, known)| *known == person).map(|(own, _)| own);
        own.unwrap_or(person).clone()
    }

    /// Whether discovery knows somebody of that name at that address.
    pub(super) fn is_at(&self, name: &UserName, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.known
            .get(name)
            .is_some_and(|person| person.addresses.iter().any(|known| known.ip().to_canonical() == address))
    }

    /// Everybody at this address.
    pub(super) fn at(&self, address: IpAddr) -> Vec<UserName> {
        self.known.keys().filter(|name| self.is_at(name, address)).cloned().collect()
    }

    pub(super) fn is_blocked(&self, name: &UserName) -> bool {
        self.blocked.contains_key(name)
    }

    /// Whether everybody who is known at this address is blocked, or nobody is known there and somebody blocked was.
    pub(super) fn is_blocked_address(&self, address: IpAddr) -> bool {
        let there = self.at(address);
        if there.is_empty() {
            let address = address.to_canonical();
            return self.blocked.values().any(|last| last.contains(&address));
        }
        there.iter().all(|name| self.is_blocked(name))
    }

    pub(super) fn block(&mut self, name: &UserName, blocked: bool, out: &mut Vec<Action>) {
        if blocked {
            let last = self.known.get(name).map(Person::ips).unwrap_or_default();
            self.blocked.entry(name.clone()).or_insert(last);
        } else {
            self.blocked.remove(name);
        }
        self.show(out);
    }

    /// Queues a note, and takes an older list of members back that has not been sent yet: the newer one says it all. Gives a
    /// note back for which there is no room, or nobody.
    pub(super) fn queue(&mut self, to: &UserName, note: Note) -> Option<Note> {
        let Some(person) = self.known.get_mut(to) else { return Some(note) };
        let kind = note.kind();
        if let Kind::List(_) = kind {
            person.notes.retain(|older| older.kind() != kind);
        } else if person.notes.iter().filter(|older| older.kind() == kind).count() >= NOTES {
            return Some(note);
        }
        person.notes.push_back(note);
        None
    }

    /// From now on nothing is sent, only queued.
    pub(super) fn hold(&mut self) {
        for person in self.known.values_mut() {
            person.is_busy = true;
        }
    }

    /// Everything that was still to be told to those who could be reached lately.
    pub(super) fn farewells(&mut self) -> Vec<Farewell> {
        let people = self.known.values_mut().filter(|person| person.retry_at.is_none() && !person.notes.is_empty());
        people
            .map(|person| Farewell {
                to: person.addresses.clone(),
                requests: person.notes.drain(..).map(|note| note.request).collect(),
            })
            .collect()
    }

    /// The next note to send now, if none is on its way.
    pub(super) fn next_note(&mut self, to: &UserName) -> Option<Note> {
        let person = self.known.get_mut(to)?;
        if person.is_busy || person.retry_at.is_some() {
            return None;
        }
        let note = person.notes.pop_front()?;
        person.is_busy = true;
        Some(note)
    }

    /// A note has arrived.
    pub(super) fn succeeded(&mut self, to: &UserName) {
        if let Some(person) = self.known.get_mut(to) {
            person.is_busy = false;
            person.retry_at = None;
        }
    }

    /// A note has not arrived; whether it is to be tried again.
    pub(super) fn failed(&mut self, to: &UserName, note: &mut Note, now: Instant) -> bool {
        let Some(person) = self.known.get_mut(to) else { return false };
        person.is_busy = false;
        let pause = usize::try_from(note.tries).ok().and_then(|tries| RETRIES.get(tries));
        note.tries += 1;
        person.retry_at = pause.map(|pause| now + *pause);
        pause.is_some()
    }

    /// Puts a note back before all others.
    pub(super) fn put_back(&mut self, to: &UserName, note: Note) {
        if let Some(person) = self.known.get_mut(to) {
            person.notes.push_front(note);
        }
    }

    /// Whether the last attempt to tell them something failed.
    pub(super) fn is_out_of_reach(&self, name: &UserName) -> bool {
        self.known.get(name).is_some_and(|person| person.retry_at.is_some())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.known.values().filter_map(|person| person.retry_at).min()
    }

    /// Whose notes are to be tried again now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<UserName> {
        let mut due = Vec::new();
        for (name, person) in &mut self.known {
            if person.retry_at.is_some_and(|at| at <= now) {
                person.retry_at = None;
                due.push(name.clone());
            }
        }
        due
    }
}
