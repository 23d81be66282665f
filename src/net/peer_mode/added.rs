//! People at addresses that the user has given, because a network may drop multicast.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::Peer;
use crate::net::discovery;
use crate::net::event::{Added, Event, NetError, NetErrorKind};
use crate::net::exchange::Habits;
use crate::net::mode::ServerAddress;
use crate::protocol::ident::UserName;
use crate::protocol::limits;
use crate::protocol::social::UserInfo;
use crate::protocol::status::Status;

/// How many people of one name are told apart.
const SAME: u32 = 99;

/// Who is known from where.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The addresses that the user has given.
    given: Vec<Given>,
    /// Who at them has asked something by the name by which they are known.
    heard: BTreeSet<UserName>,
    /// What the user interface was told of them last.
    told: Vec<Added>,
    /// Whom discovery knows: it is asked all the time, so what it tells counts.
    discovered: BTreeSet<UserName>,
}

/// An address that the user has given.
#[derive(Debug)]
struct Given {
    address: ServerAddress,
    /// Who is there now.
    who: Option<UserName>,
    /// It is looked at again and again: somebody was there once.
    is_kept: bool,
    /// The user waits to hear who is there.
    is_asked: bool,
    /// Somebody is about to look: what an earlier look has found must not come after the later one.
    is_looked_at: bool,
}

/// Who answers at an address.
#[derive(Debug)]
pub(super) struct Answering {
    /// What they tell about themselves.
    pub(super) info: UserInfo,
    /// The addresses that the given one stands for.
    pub(super) at: Vec<SocketAddr>,
    /// How they take requests.
    pub(super) habits: Habits,
}

/// Why it is not known who is at an address.
#[derive(Debug)]
pub(super) struct Silence {
    pub(super) error: NetError,
    /// Something there takes connections and does not answer: many a peer has one thread, and may be sending a large file.
    pub(super) is_busy: bool,
}

impl Sources {
    /// With the addresses that are kept from earlier.
    pub(super) fn new(added: &[ServerAddress]) -> Self {
        let mut sources = Self::default();
        for address in added {
            sources.given(address).is_kept = true;
        }
        sources
    }

    /// What is known of an address, from now on.
    fn given(&mut self, address: &ServerAddress) -> &mut Given {
        let known = self.given.iter().position(|given| given.address == *address);
        let at = known.unwrap_or(self.given.len());
        if known.is_none() {
            let address = address.clone();
            self.given.push(Given { address, who: None, is_kept: false, is_asked: false, is_looked_at: false });
        }
        &mut self.given[at]
    }

    /// What the user interface is to know of the addresses.
    fn added(&self) -> Vec<Added> {
        let kept = self.given.iter().filter(|given| given.is_kept);
        kept.map(|given| Added { address: given.address.clone(), who: given.who.clone() }).collect()
    }

    /// Somebody has asked something by the name by which they are known.
    pub(super) fn heard(&mut self, name: &UserName) {
        if self.may_have_other_name(name) {
            self.heard.insert(name.clone());
        }
    }

    /// Whether somebody is known only because the user has given their address, and has not been heard yet.
    pub(super) fn may_have_other_name(&self, name: &UserName) -> bool {
        let is_there = |given: &Given| given.who.as_ref() == Some(name);
        !self.discovered.contains(name) && !self.heard.contains(name) && self.given.iter().any(is_there)
    }

    /// Whether nobody is left who says that this person is there.
    fn is_gone(&self, name: &UserName) -> bool {
        !self.discovered.contains(name) && self.given.iter().all(|given| given.who.as_ref() != Some(name))
    }
}

impl Peer<'_> {
    /// Discovery has found somebody, or something of them has changed.
    pub(super) async fn discovered_somebody(&mut self, peer: discovery::Peer) {
        self.sources.discovered.insert(peer.name.clone());
        self.unite(&peer).await;
        let status = Status::received(peer.status.as_deref().unwrap_or("online"));
        self.found(peer.name, status, peer.addresses, peer.picture).await;
        self.tell_added(false).await;
    }

    /// Whoever was known only by their address, and by what they tell about themselves, is now known by their name.
    async fn unite(&mut self, discovered: &discovery::Peer) {
        let mut others = Vec::new();
        for given in &mut self.sources.given {
            let Some(who) = given.who.as_ref().filter(|who| !self.sources.discovered.contains(*who)) else { continue };
            if is_one(&self.node.addresses(who).unwrap_or_default(), &discovered.addresses) {
                others.extend(given.who.replace(discovered.name.clone()));
            }
        }
        for other in others {
            self.perhaps_lost(other).await;
        }
    }

    /// Somebody is not where they were, and so is lost unless they are known from elsewhere.
    async fn perhaps_lost(&mut self, name: UserName) {
        if self.sources.is_gone(&name) {
            self.sources.heard.remove(&name);
            self.lost(name).await;
        }
    }

    /// Discovery has lost somebody; they may still be at the address that the user has given.
    pub(super) async fn discovery_lost(&mut self, name: UserName) {
        self.sources.discovered.remove(&name);
        if self.sources.is_gone(&name) {
            self.lost(name).await;
        } else {
            self.look_at_given();
        }
    }

    /// The user gives an address.
    pub(super) fn give_address(&mut self, address: &ServerAddress) {
        self.sources.given(address).is_asked = true;
        self.look_where(|given| given.address == *address);
    }

    /// The user takes an address back.
    pub(super) async fn forget_address(&mut self, address: &ServerAddress) {
        let Some(at) = self.sources.given.iter().position(|given| given.address == *address) else { return };
        let forgotten = self.sources.given.remove(at);
        if let Some(who) = forgotten.who {
            self.perhaps_lost(who).await;
        }
        self.tell_added(false).await;
    }

    /// Tells who is at the addresses, if that is news or the user wants to hear it.
    pub(super) async fn tell_added(&mut self, is_asked: bool) {
        let added = self.sources.added();
        if is_asked || added != self.sources.told {
            self.sources.told.clone_from(&added);
            self.tell_roster().await;
            self.tell(Event::Added(added)).await;
        }
    }

    /// Looks who is at the addresses that the user has given.
    pub(super) fn look_at_given(&mut self) {
        self.look_where(|_| true);
    }

    /// Looks whether somebody is still there, wherever they are known from.
    pub(super) fn verify(&mut self, name: &UserName) {
        self.discovery.verify(name);
        self.look_where(|given| given.who.as_ref() == Some(name));
    }

    fn look_where(&mut self, is_meant: impl Fn(&Given) -> bool) {
        for given in self.sources.given.iter_mut().filter(|given| !given.is_looked_at && is_meant(given)) {
            given.is_looked_at = true;
            let habits = given.who.as_ref().and_then(|name| self.habits.get(name).copied());
            self.errands.look_at(given.address.clone(), habits.unwrap_or_default());
        }
    }

    /// Somebody, or nobody, is at an address that the user has given.
    pub(super) async fn looked_at(&mut self, address: ServerAddress, answer: Result<Answering, Silence>) {
        let Some(at) = self.sources.given.iter().position(|given| given.address == address) else { return };
        let Some(given) = self.sources.given.get_mut(at) else { return };
        given.is_looked_at = false;
        let is_asked = std::mem::take(&mut given.is_asked);
        let is_busy = given.who.is_some() && matches!(&answer, Err(Silence { is_busy: true, .. }));
        if !is_busy {
            let found = answer.map_err(|silence| silence.error).and_then(|answer| self.recognised(at, answer));
            let error = self.settle(at, found).await.err().filter(|_| is_asked);
            if let Some(because) = error {
                self.tell(Event::NotAdded { address, because }).await;
                return;
            }
        }
        self.tell_added(is_asked).await;
    }

    /// Takes over who is at an address now.
    async fn settle(&mut self, at: usize, found: Result<(UserName, Answering), NetError>) -> Result<(), NetError> {
        let Some(given) = self.sources.given.get_mut(at) else { return Ok(()) };
        let before = std::mem::replace(&mut given.who, found.as_ref().ok().map(|(name, _)| name.clone()));
        given.is_kept |= found.is_ok();
        if !given.is_kept {
            self.sources.given.remove(at);
        }
        if let Some(before) = before {
            self.perhaps_lost(before).await;
        }
        let (name, answer) = found?;
        self.habits.insert(name.clone(), answer.habits);
        if !self.sources.discovered.contains(&name) {
            let status = answer.info.field("status").unwrap_or("online").chars().take(limits::STATUS_CHARS);
            let status = Status::received(&status.collect::<String>());
            self.found(name.clone(), status, answer.at, None).await;
        }
        self.tell_picture(&name, &answer.info).await;
        Ok(())
    }

    /// By which name somebody is known who answers at an address that the user has given.
    fn recognised(&self, given: usize, answer: Answering) -> Result<(UserName, Answering), NetError> {
        let address = self.sources.given.get(given).map(|given| given.address.to_string()).unwrap_or_default();
        let name = answer.info.field("name").filter(|name| name.len() <= limits::PEER_NAME_BYTES);
        let claimed = self.node.bare(&UserName::received(name.unwrap_or(&address)));
        if self.is_oneself(&claimed, &answer.at) {
            return Err(NetError::new(NetErrorKind::OwnAddress));
        }
        let discovered = || self.discovered_at(&claimed, &answer.at);
        let name = discovered().or_else(|| self.name_for(&claimed, &answer.at, given));
        name.map(|name| (name, answer)).ok_or_else(|| NetError::new(NetErrorKind::Busy))
    }

    fn is_oneself(&self, claimed: &UserName, at: &[SocketAddr]) -> bool {
        let is_own = |address: &SocketAddr| address.port() == self.port && is_local(address.ip());
        claimed == self.node.me() && at.iter().any(is_own)
    }

    /// Whom discovery knows at these addresses: the one that they claim to be, if there are several.
    fn discovered_at(&self, claimed: &UserName, at: &[SocketAddr]) -> Option<UserName> {
        let is_there = |name: &&UserName| self.node.addresses(name).is_some_and(|known| is_one(&known, at));
        let mut discovered = self.sources.discovered.iter();
        self.sources.discovered.get(claimed).filter(is_there).or_else(|| discovered.find(is_there)).cloned()
    }

    /// The name that somebody gets who answers at these addresses: the one that they claim, with a number if somebody
    /// else has it. Who they are is only their word, so it must not take anybody's place.
    fn name_for(&self, claimed: &UserName, at: &[SocketAddr], given: usize) -> Option<UserName> {
        let numbered = (2..=SAME).map(|number| UserName::received(&format!("{claimed} ({number})")));
        std::iter::once(claimed.clone()).chain(numbered).find(|name| {
            let is_theirs = || {
                let is_only_here = !self.sources.discovered.contains(name)
                    && self.sources.given.get(given).is_some_and(|given| given.who.as_ref() == Some(name));
                is_only_here || self.node.addresses(name).is_none_or(|known| is_one(&known, at))
            };
            name != self.node.me() && is_theirs()
        })
    }
}

/// Whether some of these addresses lead to the same program.
fn is_one(some: &[SocketAddr], others: &[SocketAddr]) -> bool {
    some.iter().any(|a| others.iter().any(|b| is_same(*a, *b)))
}

/// Whether both lead to the same program: this computer has several addresses.
fn is_same(a: SocketAddr, b: SocketAddr) -> bool {
    a == b || (a.port() == b.port() && is_local(a.ip()) && is_local(b.ip()))
}

/// Whether this is an address of this computer: no other can be bound.
fn is_local(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}
