//! Which peers are known: a pure table from what multicast DNS tells to what the owner needs to hear.

mod known;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use self::known::{Known, Outcome};
use super::instance;
use super::sighting::Sighting;
use super::{Event, Peer, Trouble};
use crate::protocol::ident::UserName;
use crate::protocol::social::instance_name;

/// How many peers are kept, beside as many who are in doubt. A flood of invented ones costs no more than this.
const PEERS: usize = 1000;
/// How many host names of one's own are remembered: each name that is tried has its own.
const OWN_HOSTS: usize = 64;
/// How long somebody may contradict of whom the network says that they are gone or elsewhere. Who has been said to be gone
/// by somebody else, by mistake or out of malice, tells so after a second. Part of [`super::RELOCATION`], for which requests
/// wait whose sender is not known.
pub(super) const OBJECTION: Duration = Duration::from_millis(2500);
/// The same where it is said in the way in which this program says goodbye: shorter, because it mostly is true then, and
/// people are to see at once who leaves, but long enough for an answer to a question. Nobody answers to two questions in a
/// second, so whoever is slandered twice is gone for a moment.
const FAREWELL: Duration = Duration::from_millis(400);

/// The peers that are known.
#[derive(Debug)]
pub(super) struct Directory {
    service_type: String,
    /// The last host names that were one's own: what is there is oneself.
    own_hosts: VecDeque<String>,
    /// One's own name, by its [`instance::key`]: the wanted one at first.
    own_name: String,
    peers: HashMap<String, Known>,
    /// Full names of those of whom something is said that is doubtful, for [`Directory::take_doubtful`].
    doubtful: Vec<String>,
    /// Somebody was refused since the search began.
    is_overflowing: bool,
    is_overflow_told: bool,
}

impl Directory {
    pub(super) fn new(service_type: &str, wanted_name: &str) -> Self {
        Self {
            service_type: service_type.to_owned(),
            own_hosts: VecDeque::new(),
            own_name: instance::key(wanted_name),
            peers: HashMap::new(),
            doubtful: Vec::new(),
            is_overflowing: false,
            is_overflow_told: false,
        }
    }

    /// A host name of one's own.
    pub(super) fn add_own_host(&mut self, host: &str) {
        if self.own_hosts.len() >= OWN_HOSTS {
            self.own_hosts.pop_front();
        }
        self.own_hosts.push_back(instance::key(host));
    }

    pub(super) fn is_own_host(&self, host: &str) -> bool {
        self.own_hosts.contains(&instance::key(host))
    }

    /// A peer was seen, for the first time or again.
    pub(super) fn saw(&mut self, sighting: Sighting, now: Instant) -> Option<Event> {
        let name = self.name_in(&sighting.full_name)?;
        let is_plain = sighting.full_name == format!("{name}.{}", self.service_type);
        let known = self.peers.get(&sighting.full_name);
        let addresses = sighting.usable(known.map_or(&[], |known| known.proven(now)));
        // After a conflict of names, what was known under this name may be oneself now.
        let is_own = self.is_own_host(&sighting.host);
        if is_own || addresses.is_empty() {
            // Who gives a name up because somebody else has it does not take that one away; nor does oneself.
            if known.is_some_and(|known| is_own || known.host == sighting.host) {
                self.doubt(&sighting.full_name, Outcome::Gone, now, FAREWELL);
            }
            return None;
        }
        if known.is_some_and(|known| known.is_elsewhere(&addresses, now)) {
            self.doubt(&sighting.full_name, Outcome::Stays, now, OBJECTION);
            return None;
        }
        let is_new = known.is_none();
        let is_other = |full_name: &str, known: &Known| full_name != sighting.full_name && known.peer.name == name;
        if !is_plain && self.peers.iter().any(|(full_name, known)| is_other(full_name, known)) {
            // To multicast DNS these are two names, so neither has to give way; nobody is taken for somebody else.
            return None;
        }
        if is_new && self.is_full() {
            self.is_overflowing = true;
            let is_told = std::mem::replace(&mut self.is_overflow_told, true);
            return (!is_told).then_some(Event::Trouble(Trouble::TooMany(PEERS)));
        }
        self.peers.retain(|full_name, known| !is_other(full_name, known));
        let (full_name, host) = (sighting.full_name.clone(), sighting.host.clone());
        self.keep(full_name, sighting.into_peer(name, addresses), host, now)
    }

    /// Somebody of whom [`Directory::take_doubtful`] told was asked for, with an empty memory so that only what still is said
    /// counts, and this name is told. That is enough for not being gone: the rest may be mixed with lies.
    pub(super) fn heard_name_again(&mut self, full_name: &str) {
        if let Some(known) = self.peers.get_mut(full_name) {
            known.confirm_name();
        }
    }

    /// The same, with the place where they are. Who was forgotten too early is there again.
    pub(super) fn heard_again(&mut self, sighting: Sighting, now: Instant) -> Option<Event> {
        let is_own = self.is_own_host(&sighting.host);
        let Some(known) = self.peers.get_mut(&sighting.full_name) else { return self.saw(sighting, now) };
        let addresses = sighting.usable(known.proven(now));
        if !is_own && !addresses.is_empty() {
            let host = sighting.host.clone();
            let peer = sighting.into_peer(known.peer.name.clone(), addresses);
            known.confirm_place(peer, host, now);
        }
        None
    }

    /// The name of a peer; `None` if it is of another service type.
    fn name_in(&self, full_name: &str) -> Option<UserName> {
        let instance = instance::of_full_name(full_name, &self.service_type)?;
        // Some announce themselves with the service type in their name, once more.
        Some(UserName::received(instance_name(instance, &self.service_type)))
    }

    /// Takes a peer for what it is now.
    fn keep(&mut self, full_name: String, peer: Peer, host: String, now: Instant) -> Option<Event> {
        let is_told = instance::key(peer.name.as_str()) != self.own_name;
        let known = self.peers.entry(full_name).or_insert_with(|| Known::new(peer.clone(), host.clone(), now));
        let is_news = !known.is_told || known.peer != peer;
        known.become_this(peer.clone(), host, now);
        known.is_told = is_told;
        (is_news && is_told).then_some(Event::Found(peer))
    }

    /// Something is said of a peer that may not be true, and there is so much time to object.
    fn doubt(&mut self, full_name: &str, outcome: Outcome, now: Instant, time: Duration) {
        if self.peers.get_mut(full_name).is_some_and(|known| known.doubt(outcome, now + time)) {
            self.doubtful.push(full_name.to_owned());
        }
    }

    /// The full names of those who are to be asked now, because something was said of them that may not be true: answers
    /// are for [`Directory::heard_again`]. Each is told once for each time.
    pub(super) fn take_doubtful(&mut self) -> Vec<String> {
        std::mem::take(&mut self.doubtful)
    }

    /// Under which name one is known now. As long as somebody else had it, the owner would have taken them for itself; so it
    /// hears of them only now.
    pub(super) fn call_oneself(&mut self, name: &str) -> Vec<Event> {
        self.own_name = instance::key(name);
        let withheld = self.peers.values_mut().filter(|known| !known.is_told);
        let others = withheld.filter(|known| instance::key(known.peer.name.as_str()) != self.own_name);
        others
            .map(|known| {
                known.is_told = true;
                Event::Found(known.peer.clone())
            })
            .collect()
    }

    /// The network says that a peer is gone: it is forgotten if it is not seen again soon, or at once if it could not be
    /// reached either.
    pub(super) fn removed(&mut self, full_name: &str, now: Instant) -> Option<Event> {
        if self.peers.get(full_name)?.is_suspect {
            return self.forget(full_name);
        }
        self.doubt(full_name, Outcome::Gone, now, OBJECTION);
        None
    }

    fn forget(&mut self, full_name: &str) -> Option<Event> {
        let known = self.peers.remove(full_name)?;
        known.is_told.then_some(Event::Lost { name: known.peer.name })
    }

    /// Until that moment everybody must be seen again.
    pub(super) fn doubt_all(&mut self, until: Instant) {
        for known in self.peers.values_mut() {
            known.doubt(Outcome::Gone, until);
        }
        self.is_overflowing = false;
    }

    /// When to call [`Directory::settle`].
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.peers.values().filter_map(Known::doubted_until).min()
    }

    /// Ends the doubts whose time is over: forgets who had to be seen again until now, and believes what was repeated.
    pub(super) fn settle(&mut self, now: Instant) -> Vec<Event> {
        let settled = self.peers.iter_mut().filter_map(|(name, known)| Some((name.clone(), known.settle(now)?)));
        let settled: Vec<(String, Outcome)> = settled.collect();
        let events = settled.into_iter().filter_map(|(full_name, outcome)| match outcome {
            Outcome::Gone => self.forget(&full_name),
            Outcome::Stays => None,
            Outcome::Moved(to) => self.keep(full_name, to.0, to.1, now),
        });
        events.collect()
    }

    /// Those in doubt count apart: they may be the invented ones of a flood, and make room for the real ones.
    fn is_full(&self) -> bool {
        let confirmed = || self.peers.values().filter(|known| !known.is_doubted()).count();
        self.peers.len() >= PEERS && (self.peers.len() >= 2 * PEERS || confirmed() >= PEERS)
    }

    /// Whether somebody was refused since the last doubt.
    pub(super) fn is_overflowing(&self) -> bool {
        self.is_overflowing
    }

    /// A peer could not be reached; tells the full name by which to ask whether it is still there.
    pub(super) fn suspect(&mut self, name: &UserName) -> Option<String> {
        let (full_name, known) = self.peers.iter_mut().find(|(_, known)| known.peer.name == *name)?;
        known.is_suspect = true;
        Some(full_name.clone())
    }
}

#[cfg(test)]
mod tests;
