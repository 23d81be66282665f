//! How many connections, and how fast, one address may make. Pure: the time goes in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Most connections at once, from everywhere and from one address.
const CONNECTIONS: usize = 256;
const PER_ADDRESS: usize = 32;
/// Most connections at once from all IPv6 addresses: one computer can have as many of these as it likes, and a network of
/// honest ones shares their first half. So the rest is for those at IPv4 addresses, of which there are few.
const IPV6: usize = 192;
/// How many connections one address may make in a row, and then per second: somebody who gets a folder of small files
/// makes one for each. Whoever is faster waits.
const BURST: f64 = 4096.0;
const PER_SECOND: f64 = 256.0;
/// Most addresses that are remembered.
const ADDRESSES: usize = 4096;

/// Counts connections.
#[derive(Debug, Default)]
pub(super) struct Admission {
    open: usize,
    open_ipv6: usize,
    visitors: HashMap<IpAddr, Visitor>,
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
    /// A connection from this address. `None`: there are too many, it is to be closed. Else it may be served after this
    /// time, and must be counted out with [`Self::leave`].
    pub(super) fn enter(&mut self, address: IpAddr, now: Instant) -> Option<Duration> {
        let address = address.to_canonical();
        let is_full = self.open >= CONNECTIONS || (address.is_ipv6() && self.open_ipv6 >= IPV6);
        if is_full || !self.has_room(address, now) {
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
        self.open += 1;
        self.open_ipv6 += usize::from(address.is_ipv6());
        Some(Duration::from_secs_f64((-visitor.allowance).max(0.0) / PER_SECOND))
    }

    /// A connection from this address is closed.
    pub(super) fn leave(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        self.open = self.open.saturating_sub(1);
        self.open_ipv6 = self.open_ipv6.saturating_sub(usize::from(address.is_ipv6()));
        if let Some(visitor) = self.visitors.get_mut(&address) {
            visitor.open = visitor.open.saturating_sub(1);
        }
    }

    /// Whether the address is remembered or can be; forgets those that have nothing to wait for.
    fn has_room(&mut self, address: IpAddr, now: Instant) -> bool {
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
        let entered = (0..10_000).filter(|_| admission.enter(address(1), now).is_some()).count();
        assert_eq!(entered, PER_ADDRESS);
        assert!(admission.enter(address(2), now).is_some());
        admission.leave(address(1));
        assert!(admission.enter(address(1), now).is_some());
        assert!(admission.enter(address(1), now).is_none());
        let more = (3..=255)
            .flat_map(|last| [last; PER_ADDRESS])
            .filter(|last| admission.enter(address(*last), now).is_some());
        assert_eq!(more.count() + PER_ADDRESS + 1, CONNECTIONS);
    }

    #[test]
    fn whoever_is_too_fast_waits() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        let mut enter = |now| {
            let wait = admission.enter(address(1), now).unwrap();
            admission.leave(address(1));
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

    #[test]
    fn neighbours_do_not_count_as_one_and_many_addresses_do_not_take_all_places() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        let mut entered =
            |prefix: &str, last: usize| admission.enter(format!("{prefix}::{last:x}").parse().unwrap(), now).is_some();
        // Somebody idle takes all places of one address, and the next one has all of theirs.
        assert_eq!((0..100).filter(|_| entered("2001:db8", 1)).count(), PER_ADDRESS);
        assert_eq!((0..100).filter(|_| entered("2001:db8", 2)).count(), PER_ADDRESS);
        let (own, link_local) = (1000..2000).map(|last| (entered("2001:db8", last), entered("fe80", last))).unzip();
        let more = |entered: Vec<bool>| entered.into_iter().filter(|entered| *entered).count();
        assert_eq!(2 * PER_ADDRESS + more(own) + more(link_local), IPV6);
        for last in 0..CONNECTIONS - IPV6 {
            assert!(admission.enter(address(u8::try_from(last).unwrap()), now).is_some());
        }
        assert!(admission.enter(address(255), now).is_none());
        admission.leave(address(1));
        assert!(admission.enter("2001:db8::3".parse().unwrap(), now).is_none());
        admission.leave("2001:db8::1".parse().unwrap());
        assert!(admission.enter("2001:db8::3".parse().unwrap(), now).is_some());
    }

    #[test]
    fn quiet_addresses_are_forgotten() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        assert!(admission.enter("::ffff:127.0.0.1".parse().unwrap(), now).is_some());
        assert!(admission.visitors.contains_key(&address(1)));
        for n in 0..2 * ADDRESSES {
            let address = IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
            let later = now + Duration::from_secs(n as u64);
            assert!(admission.enter(address, later).is_some());
            admission.leave(address);
        }
        assert!(admission.visitors.len() <= ADDRESSES);
    }
}
