//! Which file is got next. Pure: no thread, no clock.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::oneshot;

use super::{Download, Downloaded, TransferError};
use crate::protocol::ident::UserName;

/// How many files are got at once, and how many of one person; more of theirs would only share the same network. Somebody
/// who does not answer keeps the places of theirs for a minute, and must leave some to the others.
pub(super) const AT_ONCE: usize = 8;
const EACH: usize = 4;

/// An order, and who waits for what becomes of it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) order: Download,
    pub(super) outcome: oneshot::Sender<Result<Downloaded, TransferError>>,
}

/// All orders that have not ended.
#[derive(Debug, Default)]
pub(super) struct Orders {
    from: BTreeMap<UserName, Line>,
    /// How many were taken.
    taken: u64,
    is_over: bool,
}

/// The orders of files of one person.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Job>,
    under_way: usize,
    /// How many orders were taken in all when one of these was taken last.
    last: u64,
}

impl Orders {
    /// Takes an order, unless there can be no more.
    pub(super) fn add(&mut self, job: Job) {
        if !self.is_over {
            self.from.entry(job.order.peer.clone()).or_default().waiting.push_back(job);
        }
    }

    /// The order that is to be carried out next, if one may be: of those from whom the fewest come at the moment, one of
    /// whoever has waited longest. Orders to one person are carried out as they came.
    pub(super) fn next(&mut self) -> Option<Job> {
        let lines = self.from.values_mut().filter(|line| !line.waiting.is_empty() && line.under_way < EACH);
        let line = lines.min_by_key(|line| (line.under_way, line.last))?;
        self.taken += 1;
        line.last = self.taken;
        line.under_way += 1;
        line.waiting.pop_front()
    }

    /// An order from this person has ended that was taken with [`Self::next`].
    pub(super) fn ended(&mut self, peer: &UserName) {
        if let Some(line) = self.from.get_mut(peer) {
            line.under_way = line.under_way.saturating_sub(1);
        }
        self.forget(peer);
    }

    /// Takes back all orders from this person that have not been taken.
    pub(super) fn give_up(&mut self, peer: &UserName) -> VecDeque<Job> {
        let given_up = self.from.get_mut(peer).map(|line| std::mem::take(&mut line.waiting)).unwrap_or_default();
        self.forget(peer);
        given_up
    }

    fn forget(&mut self, peer: &UserName) {
        if self.from.get(peer).is_some_and(|line| line.waiting.is_empty() && line.under_way == 0) {
            self.from.remove(peer);
        }
    }

    /// There can be no more; those that wait are dropped.
    pub(super) fn end(&mut self) {
        self.is_over = true;
        self.from.clear();
    }

    /// Whether there can be no more.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::exchange::Habits;
    use crate::net::transfer::Cancel;

    fn name(text: &str) -> UserName {
        UserName::received(text)
    }

    fn add(orders: &mut Orders, peer: &str, file: &str) {
        let order = Download {
            peer: name(peer),
            from: Vec::new(),
            name: file.to_owned(),
            is_offered: false,
            habits: Habits::default(),
            folder: ".".into(),
            save_as: None,
            progress: Box::new(|_| ()),
            cancel: Cancel::default(),
        };
        orders.add(Job { order, outcome: oneshot::channel().0 });
    }

    fn next(orders: &mut Orders) -> Option<String> {
        orders.next().map(|job| job.order.name)
    }

    #[test]
    fn nobody_takes_all_places_and_everybody_has_their_turn() {
        let mut orders = Orders::default();
        for n in 0..20 {
            add(&mut orders, "bob", &format!("bob {n}"));
        }
        for n in 0..EACH {
            assert_eq!(next(&mut orders), Some(format!("bob {n}")));
        }
        assert_eq!(next(&mut orders), None, "some places are for others");
        for n in 0..3 {
            add(&mut orders, "carl", &format!("carl {n}"));
            add(&mut orders, "dora", &format!("dora {n}"));
        }
        // Carl's are not there sooner because of his name.
        for expected in ["carl 0", "dora 0", "carl 1"] {
            assert_eq!(next(&mut orders).unwrap(), expected);
        }
        orders.ended(&name("carl"));
        orders.ended(&name("carl"));
        assert_eq!(next(&mut orders).unwrap(), "carl 2");
        orders.ended(&name("carl"));
        orders.ended(&name("dora"));
        assert_eq!(next(&mut orders).unwrap(), "dora 1");
        orders.ended(&name("bob"));
        assert_eq!(next(&mut orders).unwrap(), "dora 2");
        assert_eq!(next(&mut orders).unwrap(), "bob 4");
    }

    #[test]
    fn what_waits_for_somebody_who_has_gone_is_given_back_and_nothing_is_left() {
        let mut orders = Orders::default();
        for peer in ["bob", "bob", "carl"] {
            add(&mut orders, peer, peer);
        }
        assert_eq!(next(&mut orders).unwrap(), "bob");
        assert_eq!(orders.give_up(&name("bob")).len(), 1);
        assert_eq!(next(&mut orders).unwrap(), "carl");
        assert_eq!(next(&mut orders), None);
        orders.ended(&name("bob"));
        orders.ended(&name("carl"));
        assert!(orders.from.is_empty());
        orders.end();
        add(&mut orders, "bob", "late");
        assert_eq!(next(&mut orders), None);
    }
}
