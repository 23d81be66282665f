//! How many connections, and how fast, one address may make. Pure: the time goes in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Most connections at once from everywhere, and from strangers: addresses at which nobody is known. One computer can have
/// several addresses, and as many of IPv6 as it likes, while a network of honest ones shares their first half. So some
/// places are for those at IPv4 addresses, of which there are few, and some for those who are known.
const EVERYBODY: Count = Count { all: 256, ipv6: 192 };
const STRANGERS: Count = Count { all: 192, ipv6: 128 };
/// Most connections at once from one address.
const PER_ADDRESS: usize = 32;
/// How many connections one address may make in a row, and then per second: somebody who gets a folder of small files
/// makes one for each. Whoever is faster waits.
const BURST: f64 = 4096.0;
const PER_SECOND: f64 = 256.0;
/// Most addresses that are remembered.
const ADDRESSES: usize = 4096;

/// Counts connections.
#[derive(Debug, Default)]
pub(super) struct Admission {
    everybody: Count,
    strangers: Count,
    visitors: HashMap<IpAddr, Visitor>,
}

/// So many connections, and how many of them are from IPv6 addresses.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: usize,
    ipv6: usize,
}

impl Count {
    /// Whether one more from this address is within a limit.
    fn has_room(self, limit: Self, address: IpAddr) -> bool {
        self.all < limit.all && (!address.is_ipv6() || self.ipv6 < limit.ipv6)
    }

    fn enter(&mut self, address: IpAddr) {
        self.all += 1;
        self.ipv6 += usize::from(address.is_ipv6());
    }

    fn leave(&mut self, address: IpAddr) {
        self.all = self.all.saturating_sub(1);
        self.ipv6 = self.ipv6.saturating_sub(usize::from(address.is_ipv6()));
    }
}

/// What is known of an address.
#[derive(Debug)]
struct Visitor {
    open: usize,
    /// How many connections it may make now; less than none if it must wait.
    allowance: f64,
    at: Instant,
}

impl Visitor {
    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.allowance = (self.allowance + passed * PER_SECOND).min(BURST);
        self.at = now;
    }
}

impl Admission {
    /// A connection from this address, at which somebody is known or nobody is. `None`: there are too many, it is to be
    /// closed. Else it may be served after this time, and must be counted out with [`Self::leave`].
    pub(super) fn enter(&mut self, address: IpAddr, is_known: bool, now: Instant) -> Option<Duration> {
        let address = address.to_canonical();
        let is_admitted = self.everybody.has_room(EVERYBODY, address)
            && (is_known || self.strangers.has_room(STRANGERS, address))
            && self.can_remember(address, now);
        if !is_admitted {
            return None;
        }
        let new = Visitor { open: 0, allowance: BURST, at: now };
        let visitor = self.visitors.entry(address).or_insert(new);
        if visitor.open >= PER_ADDRESS {
            return None;
        }
        visitor.refill(now);
        visitor.open += 1;
        visitor.allowance -= 1.0;
        self.everybody.enter(address);
        if !is_known {
            self.strangers.enter(address);
        }
        Some(Duration::from_secs_f64((-visitor.allowance).max(0.0) / PER_SECOND))
    }

    /// A connection from this address is closed, at which somebody was known, or nobody, when it came.
    pub(super) fn leave(&mut self, address: IpAddr, was_known: bool) {
        let address = address.to_canonical();
        self.everybody.leave(address);
        if !was_known {
            self.strangers.leave(address);
        }
        if let Some(visitor) = self.visitors.get_mut(&address) {
            visitor.open = visitor.open.saturating_sub(1);
        }
    }

    /// Whether the address is remembered or can be; forgets those that have nothing to wait for.
    fn can_remember(&mut self, address: IpAddr, now: Instant) -> bool {
        if self.visitors.len() >= ADDRESSES && !self.visitors.contains_key(&address) {
            self.visitors.retain(|_, visitor| {
                visitor.refill(now);
                visitor.open > 0 || visitor.allowance < BURST
            });
        }
        self.visitors.len() < ADDRESSES || self.visitors.contains_key(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        let entered = (0..10_000).filter(|_| admission.enter(address(1), true, now).is_some()).count();
        assert_eq!(entered, PER_ADDRESS);
        assert!(admission.enter(address(2), true, now).is_some());
        admission.leave(address(1), true);
        assert!(admission.enter(address(1), true, now).is_some());
        assert!(admission.enter(address(1), true, now).is_none());
        let more = (3..=255)
            .flat_map(|last| [last; PER_ADDRESS])
            .filter(|last| admission.enter(address(*last), true, now).is_some());
        assert_eq!(more.count() + PER_ADDRESS + 1, EVERYBODY.all);
    }

    #[test]
    fn whoever_is_too_fast_waits() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        let mut enter = |now| {
            let wait = admission.enter(address(1), false, now).unwrap();
            admission.leave(address(1), false);
            wait
        };
        let mut left = BURST;
        while left >= 1.0 {
            assert!(enter(now).is_zero());
            left -= 1.0;
        }
        let first = enter(now);
        assert!(enter(now) > first);
        assert!(enter(now + Duration::from_secs(1)).is_zero());
    }

    /// How many connections of so many come in from each of these addresses.
    fn flood(admission: &mut Admission, addresses: impl Iterator<Item = IpAddr>, is_known: bool) -> Vec<usize> {
        let now = Instant::now();
        let from = |address| (0..100).filter(|_| admission.enter(address, is_known, now).is_some()).count();
        addresses.map(from).collect()
    }

    fn ipv6(prefix: &str, last: u16) -> IpAddr {
        format!("{prefix}::{last:x}").parse().unwrap()
    }

    #[test]
    fn strangers_leave_places_to_those_who_are_known() {
        let mut admission = Admission::default();
        // One computer, with many addresses of both kinds.
        let eve = flood(&mut admission, (0..1000).map(|last| ipv6("fe80", last)), false);
        assert_eq!(eve.iter().sum::<usize>(), STRANGERS.ipv6);
        let eve = flood(&mut admission, (100..200).map(address), false);
        assert_eq!(eve.iter().sum::<usize>(), STRANGERS.all - STRANGERS.ipv6);
        let now = Instant::now();
        let people = [ipv6("2001:db8", 2), address(2)];
        for person in people {
            assert!(admission.enter(person, true, now).is_some());
            assert!(admission.enter(person, false, now).is_none(), "nobody is known there any more");
        }
        // Somebody may become known, or be lost, while a connection is open.
        for person in people {
            admission.leave(person, true);
        }
        admission.leave(address(100), false);
        assert!(admission.enter(address(3), false, now).is_some());
        assert!(admission.enter(address(3), false, now).is_none());
    }

    #[test]
    fn neighbours_do_not_count_as_one_and_many_addresses_do_not_take_all_places() {
        let mut admission = Admission::default();
        // Somebody idle takes all places of one address, and the next one has all of theirs.
        let first = flood(&mut admission, (1..=2).map(|last| ipv6("2001:db8", last)), true);
        assert_eq!(first, [PER_ADDRESS; 2]);
        let more = ["2001:db8", "fe80"].into_iter().flat_map(|prefix| (1000..2000).map(move |last| ipv6(prefix, last)));
        let more: usize = flood(&mut admission, more, true).iter().sum();
        assert_eq!(2 * PER_ADDRESS + more, EVERYBODY.ipv6);
        let now = Instant::now();
        for last in 0..EVERYBODY.all - EVERYBODY.ipv6 {
            assert!(admission.enter(address(u8::try_from(last).unwrap()), true, now).is_some());
        }
        assert!(admission.enter(address(255), true, now).is_none());
        admission.leave(address(1), true);
        assert!(admission.enter(ipv6("2001:db8", 3), true, now).is_none());
        admission.leave(ipv6("2001:db8", 1), true);
        assert!(admission.enter(ipv6("2001:db8", 3), true, now).is_some());
    }

    #[test]
    fn quiet_addresses_are_forgotten() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        assert!(admission.enter("::ffff:127.0.0.1".parse().unwrap(), false, now).is_some());
        assert!(admission.visitors.contains_key(&address(1)));
        for n in 0..2 * ADDRESSES {
            let address = IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
            let later = now + Duration::from_secs(n as u64);
            assert!(admission.enter(address, false, later).is_some());
            admission.leave(address, false);
        }
        assert!(admission.visitors.len() <= ADDRESSES);
    }
}
