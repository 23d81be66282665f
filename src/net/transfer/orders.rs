//! Which file is got next. Pure: no thread, no clock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use tokio::sync::oneshot;

use super::{Download, Downloaded, TransferError};
use crate::protocol::ident::UserName;

/// How many files are got at once, and how many of one person, or of all who say that they are at one address; more of theirs
/// would only share the same network. Somebody who does not answer keeps the places of theirs for a minute, and must leave
/// some to the others.
pub(super) const AT_ONCE: usize = 8;
const EACH: usize = 4;

/// An order, and who waits for what becomes of it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) order: Download,
    pub(super) outcome: oneshot::Sender<Result<Downloaded, TransferError>>,
}

/// What an order takes up until it has ended: a place of those of one person, and at each of their addresses.
#[derive(Debug)]
pub(super) struct Place {
    peer: UserName,
    at: Vec<IpAddr>,
}

impl Place {
    fn of(order: &Download) -> Self {
        let mut at: Vec<IpAddr> = order.from.iter().map(|address| address.ip().to_canonical()).collect();
        at.sort_unstable();
        at.dedup();
        Self { peer: order.peer.clone(), at }
    }
}

/// All orders that have not ended.
#[derive(Debug, Default)]
pub(super) struct Orders {
    from: BTreeMap<UserName, Line>,
    /// How many are under way at each address.
    under_way_at: HashMap<IpAddr, usize>,
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
    pub(super) fn next(&mut self) -> Option<(Job, Place)> {
        let place = self.next_place()?;
        let line = self.from.get_mut(&place.peer)?;
        let job = line.waiting.pop_front()?;
        self.taken += 1;
        line.last = self.taken;
        line.under_way += 1;
        for address in &place.at {
            *self.under_way_at.entry(*address).or_default() += 1;
        }
        Some((job, place))
    }

    /// Whether there is an order that [`Self::next`] would give.
    pub(super) fn has_next(&self) -> bool {
        self.next_place().is_some()
    }

    fn next_place(&self) -> Option<Place> {
        let lines = self.from.values().filter_map(|line| {
            let place = Place::of(&line.waiting.front()?.order);
            let there = place.at.iter().filter_map(|address| self.under_way_at.get(address)).max();
            let under_way = line.under_way.max(there.copied().unwrap_or_default());
            (under_way < EACH).then_some(((under_way, line.last), place))
        });
        lines.min_by_key(|(turn, _)| *turn).map(|(_, place)| place)
    }

    /// An order has ended that was taken with [`Self::next`], and had this place.
    pub(super) fn ended(&mut self, place: &Place) {
        for address in &place.at {
            if let Some(under_way) = self.under_way_at.get_mut(address) {
                *under_way = under_way.saturating_sub(1);
            }
        }
        self.under_way_at.retain(|_, under_way| *under_way > 0);
        if let Some(line) = self.from.get_mut(&place.peer) {
            line.under_way = line.under_way.saturating_sub(1);
        }
        self.forget(&place.peer);
    }

    /// This person is somewhere else now: what waits is asked for there.
    pub(super) fn moved(&mut self, peer: &UserName, now_at: &[SocketAddr]) {
        for Job { order, .. } in self.from.get_mut(peer).into_iter().flat_map(|line| &mut line.waiting) {
            // Whoever was started anew has another port, and does not offer what they did before.
            order.may_be_empty &= order.from.iter().any(|before| now_at.contains(before));
            order.from = now_at.to_vec();
        }
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

    /// Orders a file of somebody who is at these addresses.
    fn add(orders: &mut Orders, peer: &str, at: &[u8], file: &str) {
        let order = Download {
            peer: name(peer),
            from: at.iter().map(|last| ([10, 0, 0, *last], 4001).into()).collect(),
            name: file.to_owned(),
            is_offered: false,
            may_be_empty: false,
            habits: Habits::default(),
            folder: ".".into(),
            save_as: None,
            progress: Box::new(|_| ()),
            cancel: Cancel::default(),
        };
        orders.add(Job { order, outcome: oneshot::channel().0 });
    }

    /// Takes the next order: which file, and its place.
    #[track_caller]
    fn next(orders: &mut Orders) -> (String, Place) {
        assert!(orders.has_next());
        let (job, place) = orders.next().unwrap();
        (job.order.name, place)
    }

    #[test]
    fn nobody_takes_all_places_and_everybody_has_their_turn() {
        let mut orders = Orders::default();
        for n in 0..20 {
            add(&mut orders, "bob", &[2], &format!("bob {n}"));
        }
        let mut bobs = Vec::new();
        for n in 0..EACH {
            let (file, place) = next(&mut orders);
            assert_eq!(file, format!("bob {n}"));
            bobs.push(place);
        }
        assert!(orders.next().is_none() && !orders.has_next(), "some places are for others");
        for n in 0..3 {
            add(&mut orders, "carl", &[3], &format!("carl {n}"));
            add(&mut orders, "dora", &[4], &format!("dora {n}"));
        }
        // Carl's are not there sooner because of his name.
        let [carl, dora, carl_too] = ["carl 0", "dora 0", "carl 1"].map(|expected| {
            let (file, place) = next(&mut orders);
            assert_eq!(file, expected);
            place
        });
        orders.ended(&carl);
        orders.ended(&carl_too);
        let (file, carl) = next(&mut orders);
        assert_eq!(file, "carl 2");
        orders.ended(&carl);
        orders.ended(&dora);
        assert_eq!(next(&mut orders).0, "dora 1");
        orders.ended(&bobs[0]);
        assert_eq!(next(&mut orders).0, "dora 2");
        assert_eq!(next(&mut orders).0, "bob 4");
    }

    #[test]
    fn several_names_at_one_address_have_the_places_of_one() {
        let mut orders = Orders::default();
        for n in 0..EACH {
            add(&mut orders, "eve", &[66], &format!("eve {n}"));
            add(&mut orders, "mallory", &[66, 67], &format!("mallory {n}"));
        }
        let mut taken: Vec<_> = (0..EACH).map(|_| next(&mut orders)).collect();
        assert!(taken.iter().any(|(file, _)| file == "eve 0") && taken.iter().any(|(file, _)| file == "mallory 0"));
        assert!(!orders.has_next());
        // Whoever has come last is next, since nothing of theirs is under way.
        add(&mut orders, "bob", &[2], "bob");
        assert_eq!(next(&mut orders).0, "bob");
        assert!(!orders.has_next());
        orders.ended(&taken.pop().unwrap().1);
        taken.push(next(&mut orders));
        assert!(!orders.has_next());
        while let Some((_, place)) = taken.pop() {
            orders.ended(&place);
            taken.extend(orders.next().map(|(job, place)| (job.order.name, place)));
        }
        assert_eq!((orders.from.len(), orders.under_way_at.len()), (1, 1), "what bob has");
    }

    #[test]
    fn what_waits_is_asked_for_where_somebody_is_now() {
        let mut orders = Orders::default();
        for n in 0..EACH {
            add(&mut orders, "eve", &[66], &format!("eve {n}"));
            add(&mut orders, "bob", &[66], &format!("bob {n}"));
        }
        let taken: Vec<_> = (0..EACH).map(|_| next(&mut orders).1).collect();
        assert!(!orders.has_next());
        let at = |last: u8| SocketAddr::from(([10, 0, 0, last], 4001));
        for job in orders.from.values_mut().flat_map(|line| &mut line.waiting) {
            job.order.may_be_empty = true;
        }
        // An address of his own has room, and what is under way is counted where it has begun.
        for (now_at, may_be_empty) in [(vec![at(66), at(2)], true), (vec![at(2)], true), (vec![at(3)], false)] {
            orders.moved(&name("bob"), &now_at);
            let waiting = &orders.from[&name("bob")].waiting;
            assert!(waiting.iter().all(|it| it.order.from == now_at && it.order.may_be_empty == may_be_empty));
            assert_eq!(orders.has_next(), !now_at.contains(&at(66)));
        }
        assert!(next(&mut orders).0.starts_with("bob"));
        for place in &taken {
            orders.ended(place);
        }
        assert_eq!(orders.under_way_at.keys().collect::<Vec<_>>(), [&at(3).ip()]);
    }

    #[test]
    fn what_waits_for_somebody_who_has_gone_is_given_back_and_nothing_is_left() {
        let mut orders = Orders::default();
        for peer in ["bob", "bob", "carl"] {
            add(&mut orders, peer, &[], peer);
        }
        let (file, bob) = next(&mut orders);
        assert_eq!(file, "bob");
        assert_eq!(orders.give_up(&name("bob")).len(), 1);
        let (file, carl) = next(&mut orders);
        assert_eq!(file, "carl");
        assert!(!orders.has_next());
        orders.ended(&bob);
        orders.ended(&carl);
        assert!(orders.from.is_empty());
        orders.end();
        add(&mut orders, "bob", &[2], "late");
        assert!(!orders.has_next());
    }
}
