//! What of others waits for the user has a limit, and nobody may use all of it up: neither under one name nor, with many
//! names, from one address.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::protocol::ident::UserName;

/// Who wants something of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) name: UserName,
    pub(super) address: IpAddr,
}

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// Of one person or address.
    pub(super) each: usize,
    /// Of everybody.
    pub(super) all: usize,
}

/// Whether one more may wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<K> {
    /// There is room.
    Free,
    /// In the place of this one, of somebody who has more than anybody else.
    InsteadOf(K),
    /// No.
    None,
}

impl Places {
    /// Whether one more of this newcomer may wait beside those that do, the oldest first.
    pub(super) fn find<'a, K>(
        self,
        waiting: impl Iterator<Item = (K, &'a Origin)> + Clone,
        newcomer: &Origin,
    ) -> Place<K> {
        let (mut by_name, mut by_address) = (HashMap::new(), HashMap::new());
        let mut all = 0;
        for (_, origin) in waiting.clone() {
            *by_name.entry(&origin.name).or_insert(0_usize) += 1;
            *by_address.entry(origin.address).or_insert(0_usize) += 1;
            all += 1;
        }
        let count_of = |origin: &Origin| {
            let counts = (by_name.get(&origin.name), by_address.get(&origin.address));
            counts.0.max(counts.1).copied().unwrap_or_default()
        };
        let own = count_of(newcomer);
        if own >= self.each {
            return Place::None;
        }
        if all < self.all {
            return Place::Free;
        }
        let most = waiting.map(|(key, origin)| (count_of(origin), key)).reduce(|a, b| if b.0 > a.0 { b } else { a });
        match most {
            Some((count, key)) if count > own + 1 => Place::InsteadOf(key),
            _ => Place::None,
        }
    }
}

/// For whom something was done lately that anybody can cause as often as they like: it is done again only after a while,
/// and for only so many in that time.
#[derive(Debug)]
pub(super) struct Seldom<K> {
    pause: Duration,
    most: usize,
    done: BTreeMap<K, Instant>,
}

impl<K: Ord> Seldom<K> {
    pub(super) fn new(pause: Duration, most: usize) -> Self {
        Self { pause, most, done: BTreeMap::new() }
    }

    /// Whether it is to be done now; then it counts as done.
    pub(super) fn may(&mut self, key: K, now: Instant) -> bool {
        self.done.retain(|_, done| now.saturating_duration_since(*done) < self.pause);
        !self.done.contains_key(&key) && self.done.len() < self.most && self.done.insert(key, now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_cause_is_done_for_a_few() {
        const PAUSE: Duration = Duration::from_mins(1);
        let (mut seldom, now) = (Seldom::new(PAUSE, 16), Instant::now());
        assert_eq!((0..200).filter(|number| seldom.may(number % 100, now)).count(), 16);
        assert!(!seldom.may(0, now + PAUSE / 2) && !seldom.may(99, now + PAUSE / 2));
        assert!(seldom.may(0, now + PAUSE) && seldom.may(99, now + PAUSE));
    }

    const PLACES: Places = Places { each: 3, all: 6 };

    fn origin(name: &str, last: u8) -> Origin {
        Origin { name: UserName::received(name), address: [10, 0, 0, last].into() }
    }

    fn place(waiting: &[Origin], newcomer: &Origin) -> Place<usize> {
        PLACES.find(waiting.iter().enumerate(), newcomer)
    }

    #[test]
    fn nobody_has_more_than_a_part() {
        let eve = origin("eve", 6);
        assert_eq!(place(&[], &eve), Place::Free);
        let waiting = vec![eve.clone(); 3];
        assert_eq!(place(&waiting, &eve), Place::None);
        assert_eq!(place(&waiting, &origin("mallory", 6)), Place::None, "the same computer");
        assert_eq!(place(&waiting, &origin("eve", 7)), Place::None, "the same person");
        assert_eq!(place(&waiting, &origin("bob", 2)), Place::Free);
    }

    #[test]
    fn where_all_is_taken_whoever_has_most_makes_room() {
        let mut waiting =
            vec![origin("bob", 2), origin("eve", 6), origin("eve", 6), origin("cid", 3), origin("eve", 6)];
        waiting.push(origin("cid", 3));
        assert_eq!(place(&waiting, &origin("dan", 4)), Place::InsteadOf(1));
        assert_eq!(place(&waiting, &origin("bob", 2)), Place::InsteadOf(1));
        assert_eq!(place(&waiting, &origin("cid", 3)), Place::None, "it would have as many then");
        let each_one: Vec<Origin> = (0..6).map(|n| origin(&format!("somebody {n}"), n)).collect();
        assert_eq!(place(&each_one, &origin("dan", 9)), Place::None);
    }
}
