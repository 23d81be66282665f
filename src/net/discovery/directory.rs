//! Which peers are known: a pure table from what multicast DNS tells to what the owner needs to hear.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::time::{Duration, Instant};

use super::instance;
use super::{Event, Peer, Trouble};
use crate::protocol::ident::UserName;
use crate::protocol::social::instance_name;

/// How many peers are kept, beside as many who are in doubt. A flood of invented ones costs no more than this.
const PEERS: usize = 1000;
/// How long somebody of whom the network says that they are gone may contradict. Who has been said to be gone by somebody
/// else, by mistake or out of malice, tells so after a second.
const OBJECTION: Duration = Duration::from_millis(2500);
/// How many addresses of one peer are kept.
const ADDRESSES: usize = 16;
/// How many entries of one TXT record are kept.
const TEXT: usize = 64;

/// A service instance as multicast DNS tells it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sighting {
    pub(super) full_name: String,
    pub(super) host: String,
    /// 0 where the service is not there (any more).
    pub(super) port: u16,
    pub(super) addresses: Vec<Address>,
    pub(super) text: Vec<(String, Vec<u8>)>,
}

/// One of its addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    pub(super) ip: IpAddr,
    /// The interface on which it was told, which is the scope of a link-local IPv6 address.
    pub(super) interface: u32,
    /// Whether that interface is the loopback one.
    pub(super) over_loopback: bool,
}

/// The peers that are known.
#[derive(Debug)]
pub(super) struct Directory {
    service_type: String,
    /// Host names that are one's own: what is there is oneself.
    own_hosts: HashSet<String>,
    /// One's own name, by its [`instance::key`]: the wanted one at first.
    own_name: String,
    peers: HashMap<String, Known>,
    /// Somebody was refused since the search began.
    is_overflowing: bool,
    is_overflow_told: bool,
}

#[derive(Debug)]
struct Known {
    peer: Peer,
    /// The host name in its records.
    host: String,
    /// Until then it must be seen again; `None` where there is no doubt.
    doubted_until: Option<Instant>,
    /// It could not be reached, and has been asked whether it is still there.
    is_suspect: bool,
    /// The owner knows of it.
    is_told: bool,
}

impl Directory {
    pub(super) fn new(service_type: &str, wanted_name: &str) -> Self {
        Self {
            service_type: service_type.to_owned(),
            own_hosts: HashSet::new(),
            own_name: instance::key(wanted_name),
            peers: HashMap::new(),
            is_overflowing: false,
            is_overflow_told: false,
        }
    }

    /// A host name of one's own.
    pub(super) fn add_own_host(&mut self, host: &str) {
        self.own_hosts.insert(instance::key(host));
    }

    pub(super) fn is_own_host(&self, host: &str) -> bool {
        self.own_hosts.contains(&instance::key(host))
    }

    /// A peer was seen, for the first time or again.
    pub(super) fn saw(&mut self, sighting: Sighting) -> Option<Event> {
        let instance = instance::of_full_name(&sighting.full_name, &self.service_type)?;
        // Some announce themselves with the service type in their name, once more.
        let name = UserName::received(instance_name(instance, &self.service_type));
        let is_plain = sighting.full_name == format!("{name}.{}", self.service_type);
        let addresses = usable(&sighting);
        if addresses.is_empty() {
            // Who gives a name up because somebody else has it does not take that one away; nor does oneself.
            let is_of_this_host = self.peers.get(&sighting.full_name).is_some_and(|known| known.host == sighting.host);
            return if is_of_this_host { self.forget(&sighting.full_name) } else { None };
        }
        if self.is_own_host(&sighting.host) {
            // After a conflict of names, what was known under this name may be oneself now.
            return self.forget(&sighting.full_name);
        }
        let text: Vec<(String, String)> =
            sighting.text.into_iter().take(TEXT).map(|(key, value)| (key, lenient_text(value))).collect();
        let entry = |wanted: &str| {
            text.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
        };
        let (status, picture) = (entry("status"), entry("picture"));
        let peer = Peer { name, addresses, status, picture, text };
        let is_other = |full_name: &str, known: &Known| full_name != sighting.full_name && known.peer.name == peer.name;
        if !is_plain && self.peers.iter().any(|(full_name, known)| is_other(full_name, known)) {
            // To multicast DNS these are two names, so neither has to give way; nobody is taken for somebody else.
            return None;
        }
        if !self.peers.contains_key(&sighting.full_name) && self.is_full() {
            self.is_overflowing = true;
            let is_told = std::mem::replace(&mut self.is_overflow_told, true);
            return (!is_told).then_some(Event::Trouble(Trouble::TooMany(PEERS)));
        }
        self.peers.retain(|full_name, known| !is_other(full_name, known));
        let before = self.peers.get(&sighting.full_name);
        let is_news = before.is_none_or(|before| !before.is_told || before.peer != peer);
        let is_told = instance::key(peer.name.as_str()) != self.own_name;
        let known = Known { peer: peer.clone(), host: sighting.host, doubted_until: None, is_suspect: false, is_told };
        self.peers.insert(sighting.full_name, known);
        (is_news && is_told).then_some(Event::Found(peer))
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
        let known = self.peers.get_mut(full_name)?;
        if known.is_suspect {
            return self.forget(full_name);
        }
        known.doubted_until.get_or_insert(now + OBJECTION);
        None
    }

    fn forget(&mut self, full_name: &str) -> Option<Event> {
        let known = self.peers.remove(full_name)?;
        known.is_told.then_some(Event::Lost { name: known.peer.name })
    }

    /// Until that moment everybody must be seen again.
    pub(super) fn doubt_all(&mut self, until: Instant) {
        for known in self.peers.values_mut() {
            known.doubted_until.get_or_insert(until);
        }
        self.is_overflowing = false;
    }

    /// When to call [`Directory::forget_doubted`].
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.peers.values().filter_map(|known| known.doubted_until).min()
    }

    /// Forgets those who had to be seen again until now.
    pub(super) fn forget_doubted(&mut self, now: Instant) -> Vec<Event> {
        let gone = self.peers.extract_if(|_, known| known.doubted_until.is_some_and(|until| until <= now));
        gone.filter(|(_, known)| known.is_told).map(|(_, known)| Event::Lost { name: known.peer.name }).collect()
    }

    /// Those in doubt count apart: they may be the invented ones of a flood, and make room for the real ones.
    fn is_full(&self) -> bool {
        let confirmed = || self.peers.values().filter(|known| known.doubted_until.is_none()).count();
        self.peers.len() >= PEERS && (self.peers.len() >= 2 * PEERS || confirmed() >= PEERS)
    }

    /// Whether somebody was refused since the last doubt.
    pub(super) fn is_overflowing(&self) -> bool {
        self.is_overflowing
    }

    /// A peer could not be reached; tells the full name by which to ask whether it is still there.
    pub(super) fn suspect(&mut self, name: &UserName) -> Option<&str> {
        let (full_name, known) = self.peers.iter_mut().find(|(_, known)| known.peer.name == *name)?;
        known.is_suspect = true;
        Some(full_name)
    }
}

/// The addresses to try, in this order: IPv4, because programs written from the slides listen there only; then IPv6, then
/// what holds on one link only.
fn usable(sighting: &Sighting) -> Vec<SocketAddr> {
    if sighting.port == 0 {
        return Vec::new();
    }
    let mut found: Vec<(u8, SocketAddr)> = Vec::new();
    for address in &sighting.addresses {
        // An IPv6 address may stand for an IPv4 one: ::ffff:127.0.0.1.
        let rank = match address.ip.to_canonical() {
            // Whoever tells others the address of a loopback interface would have them speak to themselves.
            ip if ip.is_loopback() && !address.over_loopback => continue,
            ip if ip.is_unspecified() || ip.is_multicast() => continue,
            IpAddr::V4(v4) if v4.is_broadcast() => continue,
            IpAddr::V4(v4) if v4.is_link_local() => 2,
            IpAddr::V4(_) => 0,
            IpAddr::V6(v6) if v6.is_unicast_link_local() => 3,
            IpAddr::V6(_) => 1,
        };
        let address = match address.ip {
            IpAddr::V6(v6) if rank == 3 => SocketAddrV6::new(v6, sighting.port, 0, address.interface).into(),
            ip => SocketAddr::new(ip.to_canonical(), sighting.port),
        };
        found.push((rank, address));
    }
    // Multicast DNS tells them in no order; ours must not change without a reason.
    found.sort_unstable();
    found.dedup();
    found.truncate(ADDRESSES);
    found.into_iter().map(|(_, address)| address).collect()
}

/// Text that ought to be UTF-8 and may be Latin-1.
fn lenient_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "_klatch._tcp.local.";

    fn sighting(name: &str, ips: &[&str]) -> Sighting {
        let addresses = ips.iter().map(|ip| Address { ip: ip.parse().unwrap(), interface: 3, over_loopback: false });
        Sighting {
            full_name: format!("{name}.{TYPE}"),
            host: format!("{name}.local."),
            port: 4001,
            addresses: addresses.collect(),
            text: vec![("txtvers".into(), b"1".to_vec()), ("Status".into(), b"caf\xe9".to_vec())],
        }
    }

    fn found(event: Option<Event>) -> Peer {
        match event {
            Some(Event::Found(peer)) => peer,
            other => panic!("{other:?}"),
        }
    }

    fn lost(name: &str) -> Event {
        Event::Lost { name: UserName::received(name) }
    }

    #[test]
    fn a_peer_is_told_once_and_when_it_changes() {
        let mut directory = Directory::new(TYPE, "Ann");
        let bob = sighting("b.o b", &["10.0.0.2"]);
        let peer = found(directory.saw(bob.clone()));
        assert_eq!(peer.name.as_str(), "b.o b");
        assert_eq!(peer.status.as_deref(), Some("café"));
        assert_eq!(peer.text.len(), 2);
        assert_eq!(directory.saw(bob.clone()), None);

        let away = Sighting { text: vec![("status".into(), b"away".to_vec())], ..bob.clone() };
        assert_eq!(found(directory.saw(away)).status.as_deref(), Some("away"));
        let elsewhere = Sighting { port: 4002, ..bob.clone() };
        assert_eq!(found(directory.saw(elsewhere)).addresses, ["10.0.0.2:4002".parse().unwrap()]);

        assert_eq!(directory.saw(Sighting { port: 0, ..bob.clone() }), Some(lost("b.o b")));
        assert_eq!(directory.saw(Sighting { port: 0, ..bob }), None);
    }

    #[test]
    fn only_addresses_that_lead_to_the_peer_are_kept_and_the_best_come_first() {
        let mut directory = Directory::new(TYPE, "Ann");
        let bob = sighting(
            "bob",
            &[
                "fe80::2",
                "2001:db8::2",
                "169.254.1.1",
                "127.0.1.1",
                "::1",
                "0.0.0.0",
                "224.0.0.251",
                "255.255.255.255",
                "ff02::1",
                "::",
                "::ffff:127.0.0.1",
                "::ffff:224.0.0.1",
                "::ffff:255.255.255.255",
                "10.0.0.2",
                "::ffff:10.0.0.2",
            ],
        );
        let peer = found(directory.saw(bob));
        let shown: Vec<String> = peer.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.2:4001", "[2001:db8::2]:4001", "169.254.1.1:4001", "[fe80::2%3]:4001"]);

        let mut alone = sighting("eve", &["127.0.0.1"]);
        assert_eq!(directory.saw(alone.clone()), None);
        alone.addresses[0].over_loopback = true;
        assert_eq!(found(directory.saw(alone)).addresses, ["127.0.0.1:4001".parse().unwrap()]);
    }

    #[test]
    fn a_peer_with_no_port_or_no_address_any_more_is_gone() {
        let mut directory = Directory::new(TYPE, "Ann");
        let bob = sighting("bob", &["10.0.0.2"]);
        found(directory.saw(bob.clone()));
        assert_eq!(directory.saw(Sighting { port: 0, ..bob.clone() }), Some(lost("bob")));
        found(directory.saw(bob.clone()));
        assert_eq!(directory.saw(Sighting { addresses: vec![], ..bob }), Some(lost("bob")));
    }

    #[test]
    fn who_is_said_to_be_gone_may_object() {
        let mut directory = Directory::new(TYPE, "Ann");
        let (bob, eve) = (sighting("bob", &["10.0.0.2"]), sighting("eve", &["10.0.0.3"]));
        found(directory.saw(bob.clone()));
        found(directory.saw(eve.clone()));
        assert_eq!(directory.deadline(), None);
        let now = Instant::now();
        assert_eq!(directory.removed(&bob.full_name, now), None);
        assert_eq!(directory.removed(&eve.full_name, now), None);
        assert_eq!(directory.deadline(), Some(now + OBJECTION));
        assert_eq!(directory.forget_doubted(now), []);
        assert_eq!(directory.saw(bob.clone()), None);
        assert_eq!(directory.removed(&eve.full_name, now + OBJECTION), None);
        assert_eq!(directory.forget_doubted(now + OBJECTION), [lost("eve")]);
        assert_eq!(directory.deadline(), None);
        assert_eq!(directory.removed(&eve.full_name, now), None);
        assert_eq!(directory.deadline(), None);

        // Who could not be reached either may not.
        assert_eq!(directory.suspect(&UserName::received("bob")), Some(bob.full_name.as_str()));
        assert_eq!(directory.suspect(&UserName::received("eve")), None);
        assert_eq!(directory.removed(&bob.full_name, now), Some(lost("bob")));
    }

    #[test]
    fn who_gives_a_name_up_does_not_take_the_other_of_that_name_away() {
        let mut directory = Directory::new(TYPE, "Ann");
        let bob = sighting("bob", &["10.0.0.2"]);
        let other = Sighting { host: "other.local.".into(), ..sighting("bob", &["10.0.0.3"]) };
        found(directory.saw(bob.clone()));
        assert_eq!(directory.saw(Sighting { port: 0, ..other.clone() }), None);
        assert_eq!(directory.saw(bob), None);
        // Somebody who has been killed comes back with another host name.
        found(directory.saw(other.clone()));
        assert_eq!(directory.saw(Sighting { port: 0, ..other }), Some(lost("bob")));
    }

    #[test]
    fn whoever_has_the_service_type_in_their_name_takes_nobodys_place() {
        let mut directory = Directory::new(TYPE, "Ann");
        let (bob, alias) = (sighting("bob", &["10.0.0.2"]), sighting("bob._klatch._tcp", &["10.0.0.66"]));
        // Alone, it is nobody else's name.
        assert_eq!(found(directory.saw(alias.clone())).name.as_str(), "bob");
        assert_eq!(directory.saw(alias.clone()), None);
        assert_eq!(directory.saw(sighting("bob._KLATCH._tcp.local.", &["10.0.0.67"])), None);
        let real = found(directory.saw(bob.clone()));
        assert_eq!((real.name.as_str(), &real.addresses[..]), ("bob", &["10.0.0.2:4001".parse().unwrap()][..]));
        assert_eq!(directory.saw(alias.clone()), None);
        assert_eq!(directory.saw(Sighting { port: 0, ..alias.clone() }), None);
        assert_eq!(directory.removed(&alias.full_name, Instant::now()), None);
        assert_eq!(directory.saw(bob.clone()), None);
        assert_eq!(directory.saw(Sighting { port: 0, ..bob }), Some(lost("bob")));
    }

    #[test]
    fn oneself_is_no_peer_and_other_services_are_none() {
        let mut directory = Directory::new(TYPE, "Ann");
        directory.add_own_host("klatch-1.local.");
        let own = Sighting { host: "Klatch-1.local.".into(), ..sighting("bob", &["10.0.0.2"]) };
        assert_eq!(directory.saw(own), None);
        let printer = Sighting { full_name: "lp._ipp._tcp.local.".into(), ..sighting("lp", &["10.0.0.2"]) };
        assert_eq!(directory.saw(printer), None);
    }

    #[test]
    fn who_has_ones_own_name_is_told_once_one_has_another() {
        let mut directory = Directory::new(TYPE, "Ann");
        let (ann, bob) = (sighting("ann", &["10.0.0.2"]), sighting("bob", &["10.0.0.3"]));
        assert_eq!(directory.saw(ann.clone()), None);
        found(directory.saw(bob));
        // One gives the name up, and takes that one of it not away.
        directory.add_own_host("own.local.");
        assert_eq!(directory.saw(Sighting { host: "own.local.".into(), port: 0, ..ann.clone() }), None);
        assert_eq!(directory.call_oneself("Ann"), []);
        let told = directory.call_oneself("Ann (2)");
        assert!(matches!(&told[..], [Event::Found(peer)] if peer.name.as_str() == "ann"), "{told:?}");
        assert_eq!(directory.call_oneself("Ann (2)"), []);
        assert_eq!(directory.saw(Sighting { port: 0, ..ann }), Some(lost("ann")));

        assert_eq!(directory.saw(sighting("ANN (2)", &["10.0.0.2"])), None);
        assert_eq!(directory.saw(Sighting { port: 0, ..sighting("ANN (2)", &["10.0.0.2"]) }), None);
    }

    #[test]
    fn after_a_doubt_only_those_seen_again_remain() {
        let mut directory = Directory::new(TYPE, "Ann");
        let (bob, eve) = (sighting("bob", &["10.0.0.2"]), sighting("eve", &["10.0.0.3"]));
        found(directory.saw(bob.clone()));
        found(directory.saw(eve));
        let until = Instant::now();
        directory.doubt_all(until);
        assert_eq!(directory.saw(bob), None);
        assert_eq!(directory.forget_doubted(until), [lost("eve")]);
        assert_eq!(directory.forget_doubted(until), []);
    }

    #[test]
    fn a_flood_of_invented_peers_is_cut_off_and_told_once() {
        let mut directory = Directory::new(TYPE, "Ann");
        let mut events = Vec::new();
        for number in 0..PEERS + 500 {
            events.extend(directory.saw(sighting(&format!("bogus {number}"), &["10.0.0.66"])));
        }
        assert_eq!(events.len(), PEERS + 1);
        assert_eq!(events.last(), Some(&Event::Trouble(Trouble::TooMany(PEERS))));
        let seventh = Sighting { port: 0, ..sighting("bogus 7", &["10.0.0.66"]) };
        assert_eq!(directory.saw(seventh), Some(lost("bogus 7")));
        found(directory.saw(sighting("bob", &["10.0.0.2"])));

        // Those who are real answer again, and those who are new find room.
        assert!(directory.is_overflowing());
        let until = Instant::now();
        directory.doubt_all(until);
        assert!(!directory.is_overflowing());
        found(directory.saw(sighting("eve", &["10.0.0.3"])));
        assert_eq!(directory.saw(sighting("bob", &["10.0.0.2"])), None);

        // It goes on: those in doubt do not become ever more, nor stay for ever.
        for number in 0..5 * PEERS {
            directory.saw(sighting(&format!("more {number}"), &["10.0.0.66"]));
            directory.doubt_all(until + OBJECTION);
        }
        assert_eq!(directory.peers.len(), 2 * PEERS);
        assert_eq!(directory.forget_doubted(until).len(), PEERS - 1);
        assert_eq!(directory.forget_doubted(until + OBJECTION).len(), PEERS + 1);
    }
}
