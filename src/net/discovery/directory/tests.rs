//! Who is known when what is told.

use super::*;
use crate::net::discovery::sighting::Address;

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

impl Directory {
    /// Sees somebody now: all of it happens at one moment as long as a test names no other.
    fn sees(&mut self, sighting: Sighting) -> Option<Event> {
        self.saw(sighting, Instant::now())
    }

    /// Who is lost when this is seen and nobody contradicts.
    fn loses(&mut self, sighting: Sighting) -> Vec<Event> {
        assert_eq!(self.sees(sighting), None);
        self.settle(Instant::now() + OBJECTION)
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
    let peer = found(directory.sees(bob.clone()));
    assert_eq!(peer.name.as_str(), "b.o b");
    assert_eq!(peer.status.as_deref(), Some("café"));
    assert_eq!(peer.text.len(), 2);
    assert_eq!(directory.sees(bob.clone()), None);

    let away = Sighting { text: vec![("status".into(), b"away".to_vec())], ..bob.clone() };
    assert_eq!(found(directory.sees(away)).status.as_deref(), Some("away"));
    let elsewhere = Sighting { port: 4002, ..bob.clone() };
    assert_eq!(found(directory.sees(elsewhere)).addresses, ["10.0.0.2:4002".parse().unwrap()]);

    assert_eq!(directory.loses(Sighting { port: 0, ..bob.clone() }), [lost("b.o b")]);
    assert_eq!(directory.sees(Sighting { port: 0, ..bob }), None);
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
    let peer = found(directory.sees(bob));
    let shown: Vec<String> = peer.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.2:4001", "[2001:db8::2]:4001", "169.254.1.1:4001", "[fe80::2%3]:4001"]);

    let mut alone = sighting("eve", &["127.0.0.1"]);
    assert_eq!(directory.sees(alone.clone()), None);
    alone.addresses[0].over_loopback = true;
    assert_eq!(found(directory.sees(alone)).addresses, ["127.0.0.1:4001".parse().unwrap()]);
}

#[test]
fn a_peer_with_no_port_or_no_address_any_more_is_gone() {
    let mut directory = Directory::new(TYPE, "Ann");
    let bob = sighting("bob", &["10.0.0.2"]);
    found(directory.sees(bob.clone()));
    assert_eq!(directory.loses(Sighting { port: 0, ..bob.clone() }), [lost("bob")]);
    found(directory.sees(bob.clone()));
    assert_eq!(directory.loses(Sighting { addresses: vec![], ..bob }), [lost("bob")]);
}

#[test]
fn who_is_said_to_be_gone_may_object() {
    let mut directory = Directory::new(TYPE, "Ann");
    let (bob, eve) = (sighting("bob", &["10.0.0.2"]), sighting("eve", &["10.0.0.3"]));
    found(directory.sees(bob.clone()));
    found(directory.sees(eve.clone()));
    assert_eq!(directory.deadline(), None);
    let now = Instant::now();
    assert_eq!(directory.removed(&bob.full_name, now), None);
    assert_eq!(directory.removed(&eve.full_name, now), None);
    assert_eq!(directory.deadline(), Some(now + OBJECTION));
    assert_eq!(directory.settle(now), []);
    assert_eq!(directory.sees(bob.clone()), None);
    assert_eq!(directory.removed(&eve.full_name, now + OBJECTION), None);
    assert_eq!(directory.settle(now + OBJECTION), [lost("eve")]);
    assert_eq!(directory.deadline(), None);
    assert_eq!(directory.removed(&eve.full_name, now), None);
    assert_eq!(directory.deadline(), None);

    // Who could not be reached either may not.
    assert_eq!(directory.suspect(&UserName::received("bob")), Some(bob.full_name.clone()));
    assert_eq!(directory.suspect(&UserName::received("eve")), None);
    assert_eq!(directory.removed(&bob.full_name, now), Some(lost("bob")));
}

#[test]
fn who_gives_a_name_up_does_not_take_the_other_of_that_name_away() {
    let mut directory = Directory::new(TYPE, "Ann");
    let bob = sighting("bob", &["10.0.0.2"]);
    let other = Sighting { host: "other.local.".into(), ..sighting("bob", &["10.0.0.3"]) };
    found(directory.sees(bob.clone()));
    assert_eq!(directory.sees(Sighting { port: 0, ..other.clone() }), None);
    assert_eq!(directory.sees(bob), None);
    // Somebody who has been killed comes back with another host name.
    found(directory.sees(other.clone()));
    assert_eq!(directory.loses(Sighting { port: 0, ..other }), [lost("bob")]);
}

#[test]
fn whoever_has_the_service_type_in_their_name_takes_nobodys_place() {
    let mut directory = Directory::new(TYPE, "Ann");
    let (bob, alias) = (sighting("bob", &["10.0.0.2"]), sighting("bob._klatch._tcp", &["10.0.0.66"]));
    // Alone, it is nobody else's name.
    assert_eq!(found(directory.sees(alias.clone())).name.as_str(), "bob");
    assert_eq!(directory.sees(alias.clone()), None);
    assert_eq!(directory.sees(sighting("bob._KLATCH._tcp.local.", &["10.0.0.67"])), None);
    let real = found(directory.sees(bob.clone()));
    assert_eq!((real.name.as_str(), &real.addresses[..]), ("bob", &["10.0.0.2:4001".parse().unwrap()][..]));
    assert_eq!(directory.sees(alias.clone()), None);
    assert_eq!(directory.sees(Sighting { port: 0, ..alias.clone() }), None);
    assert_eq!(directory.removed(&alias.full_name, Instant::now()), None);
    assert_eq!(directory.sees(bob.clone()), None);
    assert_eq!(directory.loses(Sighting { port: 0, ..bob }), [lost("bob")]);
}

#[test]
fn oneself_is_no_peer_and_other_services_are_none() {
    let mut directory = Directory::new(TYPE, "Ann");
    directory.add_own_host("klatch-1.local.");
    let own = Sighting { host: "Klatch-1.local.".into(), ..sighting("bob", &["10.0.0.2"]) };
    assert_eq!(directory.sees(own), None);
    let printer = Sighting { full_name: "lp._ipp._tcp.local.".into(), ..sighting("lp", &["10.0.0.2"]) };
    assert_eq!(directory.sees(printer), None);
}

#[test]
fn who_has_ones_own_name_is_told_once_one_has_another() {
    let mut directory = Directory::new(TYPE, "Ann");
    let (ann, bob) = (sighting("ann", &["10.0.0.2"]), sighting("bob", &["10.0.0.3"]));
    assert_eq!(directory.sees(ann.clone()), None);
    found(directory.sees(bob));
    // One gives the name up, and takes that one of it not away.
    directory.add_own_host("own.local.");
    assert_eq!(directory.sees(Sighting { host: "own.local.".into(), port: 0, ..ann.clone() }), None);
    assert_eq!(directory.call_oneself("Ann"), []);
    let told = directory.call_oneself("Ann (2)");
    assert!(matches!(&told[..], [Event::Found(peer)] if peer.name.as_str() == "ann"), "{told:?}");
    assert_eq!(directory.call_oneself("Ann (2)"), []);
    assert_eq!(directory.loses(Sighting { port: 0, ..ann }), [lost("ann")]);

    assert_eq!(directory.sees(sighting("ANN (2)", &["10.0.0.2"])), None);
    assert_eq!(directory.sees(Sighting { port: 0, ..sighting("ANN (2)", &["10.0.0.2"]) }), None);
}

#[test]
fn after_a_doubt_only_those_seen_again_remain() {
    let mut directory = Directory::new(TYPE, "Ann");
    let (bob, eve) = (sighting("bob", &["10.0.0.2"]), sighting("eve", &["10.0.0.3"]));
    found(directory.sees(bob.clone()));
    found(directory.sees(eve));
    let until = Instant::now();
    directory.doubt_all(until);
    assert_eq!(directory.sees(bob), None);
    assert_eq!(directory.settle(until), [lost("eve")]);
    assert_eq!(directory.settle(until), []);
}

#[test]
fn a_flood_of_invented_peers_is_cut_off_and_told_once() {
    let mut directory = Directory::new(TYPE, "Ann");
    let mut events = Vec::new();
    for number in 0..PEERS + 500 {
        events.extend(directory.sees(sighting(&format!("bogus {number}"), &["10.0.0.66"])));
    }
    assert_eq!(events.len(), PEERS + 1);
    assert_eq!(events.last(), Some(&Event::Trouble(Trouble::TooMany(PEERS))));
    let seventh = Sighting { port: 0, ..sighting("bogus 7", &["10.0.0.66"]) };
    assert_eq!(directory.loses(seventh), [lost("bogus 7")]);
    found(directory.sees(sighting("bob", &["10.0.0.2"])));

    // Those who are real answer again, and those who are new find room.
    assert!(directory.is_overflowing());
    let until = Instant::now();
    directory.doubt_all(until);
    assert!(!directory.is_overflowing());
    found(directory.sees(sighting("eve", &["10.0.0.3"])));
    assert_eq!(directory.sees(sighting("bob", &["10.0.0.2"])), None);

    // It goes on: those in doubt do not become ever more, nor stay for ever.
    for number in 0..5 * PEERS {
        directory.sees(sighting(&format!("more {number}"), &["10.0.0.66"]));
        directory.doubt_all(until + OBJECTION);
    }
    assert_eq!(directory.peers.len(), 2 * PEERS);
    assert_eq!(directory.settle(until).len(), PEERS - 1);
    assert_eq!(directory.settle(until + OBJECTION).len(), PEERS + 1);
}

/// A moment when those who are found now have all their addresses.
fn later() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

fn addresses(event: Option<&Event>) -> Vec<String> {
    match event {
        Some(Event::Found(peer)) => peer.addresses.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_goodbye_that_the_peer_contradicts_when_asked_does_not_hold() {
    let mut directory = Directory::new(TYPE, "Ann");
    directory.add_own_host("own.local.");
    let bob = sighting("bob", &["10.0.0.2"]);
    found(directory.sees(bob.clone()));
    let now = later();
    for lie in [Sighting { port: 0, ..bob.clone() }, Sighting { host: "own.local.".into(), ..bob.clone() }] {
        assert_eq!(directory.saw(lie.clone(), now), None);
        assert_eq!(directory.saw(lie.clone(), now), None);
        assert_eq!(directory.take_doubtful(), [bob.full_name.as_str()]);
        assert_eq!(directory.heard_again(lie, now), None);
        assert!(directory.deadline().is_some());
        directory.heard_name_again(&bob.full_name);
        assert_eq!((directory.deadline(), directory.settle(now + OBJECTION)), (None, vec![]));
    }
    assert_eq!(directory.removed(&bob.full_name, now), None);
    assert_eq!(directory.take_doubtful(), [bob.full_name.as_str()]);
    directory.heard_name_again(&bob.full_name);
    assert_eq!(directory.settle(now + OBJECTION), []);
    // Who was forgotten too early is there again.
    found(directory.heard_again(sighting("eve", &["10.0.0.3"]), now));
}

#[test]
fn a_goodbye_counts_sooner_than_silence_whoever_has_left_just_before() {
    let mut directory = Directory::new(TYPE, "Ann");
    let (bob, eve) = (sighting("bob", &["10.0.0.2"]), sighting("eve", &["10.0.0.3"]));
    found(directory.sees(bob.clone()));
    found(directory.sees(eve.clone()));
    found(directory.sees(sighting("cid", &["10.0.0.4"])));
    let now = later();
    assert_eq!(directory.removed(&sighting("cid", &[]).full_name, now), None);
    assert_eq!(directory.saw(Sighting { port: 0, ..bob.clone() }, now), None);
    assert_eq!(directory.removed(&bob.full_name, now), None);
    let soon = now + FAREWELL / 2;
    assert_eq!(directory.saw(Sighting { port: 0, ..eve }, soon), None);
    assert_eq!(directory.settle(now + FAREWELL), [lost("bob")]);
    assert_eq!(directory.settle(soon + FAREWELL), [lost("eve")]);
    assert_eq!(directory.settle(now + OBJECTION), [lost("cid")]);
}

#[test]
fn an_address_that_nobody_repeats_is_not_believed() {
    let mut directory = Directory::new(TYPE, "Ann");
    let bob = sighting("bob", &["10.0.0.2"]);
    // At first, a packet may have only some of them.
    found(directory.sees(sighting("bob", &["2001:db8::2"])));
    let both = sighting("bob", &["10.0.0.2", "2001:db8::2"]);
    let event = directory.sees(both.clone());
    assert_eq!(addresses(event.as_ref()), ["10.0.0.2:4001", "[2001:db8::2]:4001"]);

    let now = later();
    let beside = sighting("bob", &["10.0.0.1", "10.0.0.2", "2001:db8::2"]);
    let instead = Sighting { host: "mallory.local.".into(), ..sighting("bob", &["10.0.0.1"]) };
    for lie in [beside.clone(), instead] {
        assert_eq!(directory.saw(lie.clone(), now), None);
        assert_eq!(directory.take_doubtful(), [bob.full_name.as_str()]);
        directory.heard_name_again(&bob.full_name);
        // What was taken for true while one asked is not, if it is gone by then.
        assert_eq!(directory.heard_again(lie, now), None);
        assert_eq!(directory.heard_again(both.clone(), now), None);
        assert_eq!(directory.settle(now + OBJECTION), []);
        assert_eq!(directory.deadline(), None);
    }
    // It is forgotten by the first search as well.
    assert_eq!(directory.saw(beside.clone(), now), None);
    assert_eq!(directory.saw(both.clone(), now), None);
    assert_eq!(directory.deadline(), None);

    // Whoever repeats it is believed, and yet comes last.
    assert_eq!(directory.saw(beside.clone(), now), None);
    assert_eq!(directory.heard_again(both.clone(), now), None);
    assert_eq!(directory.heard_again(beside.clone(), now), None);
    assert_eq!(directory.settle(now), []);
    let events = directory.settle(now + OBJECTION);
    assert_eq!(addresses(events.first()), ["10.0.0.2:4001", "[2001:db8::2]:4001", "10.0.0.1:4001"]);
    assert_eq!(directory.saw(beside, now + OBJECTION), None);
}

#[test]
fn whoever_has_moved_is_found_there_and_may_come_back_at_once() {
    let mut directory = Directory::new(TYPE, "Ann");
    let (home, away) = (sighting("bob", &["10.0.0.2"]), sighting("bob", &["10.9.0.2"]));
    found(directory.sees(home.clone()));
    let now = later();
    // A new network: everybody has to be seen again, and has another address.
    directory.doubt_all(now + OBJECTION);
    assert_eq!(directory.saw(away.clone(), now), None);
    assert_eq!(directory.heard_again(away, now), None);
    assert_eq!(addresses(directory.settle(now + OBJECTION).first()), ["10.9.0.2:4001"]);
    assert_eq!(addresses(directory.saw(home, now + OBJECTION).as_ref()), ["10.0.0.2:4001"]);
}

#[test]
fn of_many_addresses_only_the_last_are_remembered() {
    let mut directory = Directory::new(TYPE, "Ann");
    let at = |number: u8| sighting("bob", &[&format!("10.0.0.{number}")]);
    found(directory.sees(at(1)));
    let mut now = later();
    let mut moves = |directory: &mut Directory, number| {
        now += OBJECTION;
        if let Some(event) = directory.saw(at(number), now) {
            return Some(event);
        }
        assert_eq!(directory.heard_again(at(number), now), None);
        assert!(matches!(directory.settle(now + OBJECTION)[..], [Event::Found(_)]));
        None
    };
    for number in 2..=100 {
        assert_eq!(moves(&mut directory, number), None);
    }
    found(moves(&mut directory, 99));
    assert_eq!(moves(&mut directory, 2), None);
}

#[test]
fn whoever_is_put_beside_somebody_who_has_moved_comes_last() {
    let mut directory = Directory::new(TYPE, "Ann");
    found(directory.sees(sighting("bob", &["10.0.0.9"])));
    let mut now = later();
    let mut is_repeated = |directory: &mut Directory, ips: &[&str]| {
        now += OBJECTION;
        assert_eq!(directory.saw(sighting("bob", ips), now), None);
        assert_eq!(directory.heard_again(sighting("bob", ips), now), None);
        addresses(directory.settle(now + OBJECTION).first())
    };
    assert_eq!(is_repeated(&mut directory, &["10.9.0.9"]), ["10.9.0.9:4001"]);
    let both = ["10.9.0.9:4001", "10.9.0.1:4001"];
    assert_eq!(is_repeated(&mut directory, &["10.9.0.1", "10.9.0.9"]), both);
    // One that is alone for once gets no better place.
    found(directory.saw(sighting("bob", &["10.9.0.1"]), later()));
    assert_eq!(addresses(directory.saw(sighting("bob", &["10.9.0.1", "10.9.0.9"]), later()).as_ref()), both);
    // However many are told beside it, where it is remains known.
    for number in 100..200 {
        let beside = format!("10.9.0.{number}");
        assert_eq!(
            is_repeated(&mut directory, &["10.9.0.9", &beside]),
            ["10.9.0.9:4001".to_owned(), format!("{beside}:4001")]
        );
    }
}
