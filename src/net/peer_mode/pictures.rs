//! Whom to ask for their picture, and when.
//!
//! Pictures are in what people tell about themselves. A window shows them beside the names, so whoever appears is asked
//! once, without anybody having asked for it: some time later, and a few at a time, because everybody else on the network
//! does the same, and many a peer has one thread.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::Peer;
use crate::net::event::Event;
use crate::protocol::ident::UserName;
use crate::protocol::social::UserInfo;

/// How many are asked at once, and how many of them at one address: whoever answers slowly, by many names, must leave some
/// places to the others.
const AT_ONCE: usize = 4;
const EACH_ADDRESS: usize = 2;
/// Whoever has appeared is asked at any moment of the time that comes of so much for each person who is there, but not of
/// more than the longest: so those who are there do not all ask at once.
const EACH: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// After so long whoever has gone and come back is asked again, and after so long who has another address, or announces
/// another picture: somebody may do that all the time.
const AGAIN: Duration = Duration::from_mins(2);
const CHANGED: Duration = Duration::from_secs(5);
/// Of how many people it is known; the others have none. Anybody can announce any number of names.
const PEOPLE: usize = 500;

/// What is known of everybody's picture.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    known: BTreeMap<UserName, Person>,
    /// Who is being asked, and where they were when that began.
    under_way: Vec<(UserName, Vec<IpAddr>)>,
}

#[derive(Debug, Default)]
struct Person {
    /// Where they were last.
    addresses: Vec<SocketAddr>,
    /// What they announce of their picture: another word for another picture.
    mark: Option<String>,
    is_there: bool,
    ask_at: Option<Instant>,
    asked_at: Option<Instant>,
    /// The [`mark`] of the picture that the user interface has.
    told: Option<String>,
}

impl Person {
    fn ips(&self) -> impl Iterator<Item = IpAddr> + use<'_> {
        self.addresses.iter().map(|address| address.ip().to_canonical())
    }
}

impl Pictures {
    /// Somebody is there, or something of them has changed. They are asked once as long as they are there, unless they
    /// announce that their picture is another one.
    pub(super) fn found(
        &mut self,
        name: &UserName,
        addresses: &[SocketAddr],
        mark: Option<&str>,
        now: Instant,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        if !self.known.contains_key(name) && self.known.len() >= PEOPLE {
            let Some(oldest) = self.longest_gone() else { return events };
            events.extend(self.forget(&oldest));
        }
        let others = self.known.iter().filter(|(other, person)| person.is_there && *other != name).count();
        let person = self.known.entry(name.clone()).or_default();
        let shares = |is_same: fn(&SocketAddr, &SocketAddr) -> bool| {
            person.addresses.iter().any(|known| addresses.iter().any(|now| is_same(known, now)))
        };
        let is_elsewhere = !shares(|known, now| known == now);
        let may_be_another = !shares(|known, now| known.ip() == now.ip());
        let is_changed = is_elsewhere || mark != person.mark.as_deref();
        if may_be_another && person.told.take().is_some() {
            events.push(Event::Picture { of: name.clone(), picture: None });
        }
        if is_changed || !person.is_there {
            let pause = if is_changed { CHANGED } else { AGAIN };
            let earliest = person.asked_at.map_or(now, |asked| now.max(asked + pause));
            person.ask_at.get_or_insert_with(|| earliest + some_time(others));
        }
        person.is_there = true;
        person.addresses = addresses.to_vec();
        person.mark = mark.map(str::to_owned);
        events
    }

    /// Somebody is gone; they may come back.
    pub(super) fn lost(&mut self, name: &UserName) {
        if let Some(person) = self.known.get_mut(name) {
            person.is_there = false;
            person.ask_at = None;
            if person.asked_at.is_none() {
                self.known.remove(name);
            }
        }
    }

    /// Nothing of somebody's picture is to be known any more.
    pub(super) fn forget(&mut self, name: &UserName) -> Option<Event> {
        let told = self.known.remove(name)?.told;
        told.map(|_| Event::Picture { of: name.clone(), picture: None })
    }

    /// When somebody is [`due`](Self::due).
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next().map(|(at, _)| at)
    }

    /// Who is to be asked now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<UserName> {
        let mut due = Vec::new();
        while let Some((at, name)) = self.next()
            && at <= now
            && let Some(person) = self.known.get_mut(&name)
        {
            (person.ask_at, person.asked_at) = (None, Some(now));
            self.under_way.push((name.clone(), person.ips().collect()));
            due.push(name);
        }
        due
    }

    /// Who is to be asked next, and when: whoever waits longest, of those for whom there is room.
    fn next(&self) -> Option<(Instant, UserName)> {
        if self.under_way.len() >= AT_ONCE {
            return None;
        }
        let full = self.full_addresses();
        let has_room = |person: &Person| !person.ips().any(|ip| full.contains(&ip));
        let waiting = self.known.iter().filter_map(|(name, person)| Some((person.ask_at?, name, person)));
        let next = waiting.filter(|(.., person)| has_room(person)).min_by_key(|(at, ..)| *at);
        next.map(|(at, name, _)| (at, name.clone()))
    }

    /// Where no more may be asked.
    fn full_addresses(&self) -> Vec<IpAddr> {
        let asked_at = |ip: &IpAddr| self.under_way.iter().filter(|(_, ips)| ips.contains(ip)).count();
        self.under_way.iter().flat_map(|(_, ips)| ips).filter(|ip| asked_at(ip) >= EACH_ADDRESS).copied().collect()
    }

    /// Somebody who was [`due`](Self::due) has answered, or has not.
    pub(super) fn answered(&mut self, who: &UserName) {
        if let Some(at) = self.under_way.iter().position(|(name, _)| name == who) {
            self.under_way.remove(at);
        }
    }

    /// Somebody has told about themselves, whoever wanted to know, and has this picture: whether it is news.
    pub(super) fn told(&mut self, name: &UserName, picture: Option<&[u8]>, now: Instant) -> Option<Event> {
        let person = self.known.get_mut(name)?;
        (person.ask_at, person.asked_at) = (None, Some(now));
        let told = picture.map(mark);
        let is_news = told != person.told;
        person.told = told;
        is_news.then(|| Event::Picture { of: name.clone(), picture: picture.map(<[u8]>::to_vec) })
    }

    fn longest_gone(&self) -> Option<UserName> {
        let gone = self.known.iter().filter(|(_, person)| !person.is_there);
        gone.min_by_key(|(_, person)| person.asked_at).map(|(name, _)| name.clone())
    }
}

impl Peer<'_> {
    /// Sees to it that somebody's picture is known who is there, or of whom something has changed; `mark` is what they
    /// announce of it.
    pub(super) async fn want_picture(&mut self, name: &UserName, mark: Option<&str>) {
        let Some(at) = self.node.addresses(name).filter(|_| self.parameters.pictures) else { return };
        if !self.node.is_blocked_name(name) {
            for event in self.pictures.found(name, &at, mark, Instant::now()) {
                self.tell(event).await;
            }
        }
    }

    /// Asks those whose picture it is time to ask for.
    pub(super) fn ask_for_pictures(&mut self, now: Instant) {
        for name in self.pictures.due(now) {
            let at = self.node.addresses(&name).unwrap_or_default();
            let habits = self.habits_of(&name);
            self.errands.picture(name, at, habits);
        }
    }

    /// Nothing of somebody is to be shown any more.
    pub(super) async fn forget_picture(&mut self, name: &UserName) {
        if let Some(event) = self.pictures.forget(name) {
            self.tell(event).await;
        }
    }

    /// Tells which picture somebody has, if that is news.
    pub(super) async fn tell_picture(&mut self, of: &UserName, info: &UserInfo) {
        let news = self.pictures.told(of, info.picture.as_deref(), Instant::now());
        if let Some(event) = news {
            self.tell(event).await;
        }
    }
}

/// A word for a picture, which is another one for another picture.
pub(super) fn mark(picture: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    picture.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Some of the time in which so many others, and oneself, ask the same person.
fn some_time(others: usize) -> Duration {
    let asking = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
    EACH.saturating_mul(asking).min(LONGEST).mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::received(text)
    }

    fn at(last: u8) -> [SocketAddr; 1] {
        [SocketAddr::from(([10, 0, 0, last], 4001))]
    }

    fn gone(who: &str) -> Event {
        Event::Picture { of: name(who), picture: None }
    }

    /// Whoever is due at the next moment at which somebody is, and when that is.
    fn next(pictures: &mut Pictures) -> Option<(Instant, Vec<UserName>)> {
        let at = pictures.deadline()?;
        Some((at, pictures.due(at)))
    }

    #[test]
    fn whoever_appears_is_asked_once() {
        let (mut pictures, begin) = (Pictures::default(), Instant::now());
        assert_eq!(pictures.found(&name("bob"), &at(2), None, begin), []);
        let (asked, who) = next(&mut pictures).unwrap();
        assert_eq!(who, [name("bob")]);
        assert!((begin..=begin + EACH).contains(&asked));
        pictures.answered(&name("bob"));
        let news = pictures.told(&name("bob"), Some(b"bob"), asked);
        assert_eq!(news, Some(Event::Picture { of: name("bob"), picture: Some(b"bob".to_vec()) }));
        // Another status is no reason, nor is a second address; and what is told again is no news.
        pictures.found(&name("bob"), &[at(2), at(3)].concat(), None, asked);
        assert_eq!(pictures.deadline(), None);
        assert_eq!(pictures.told(&name("bob"), Some(b"bob"), asked), None);
        assert_eq!(pictures.told(&name("bob"), None, asked), Some(gone("bob")));
        assert_eq!(pictures.told(&name("eve"), Some(b"eve"), asked), None, "who is not there");
    }

    #[test]
    fn whoever_comes_back_is_asked_again_but_not_soon() {
        let (mut pictures, begin) = (Pictures::default(), Instant::now());
        pictures.found(&name("bob"), &at(2), None, begin);
        let (asked, _) = next(&mut pictures).unwrap();
        pictures.answered(&name("bob"));
        for _ in 0..3 {
            pictures.lost(&name("bob"));
            assert_eq!(pictures.deadline(), None);
            pictures.found(&name("bob"), &at(2), None, asked);
        }
        let again = pictures.deadline().unwrap();
        assert!((asked + AGAIN..=asked + AGAIN + EACH).contains(&again));
        // Who has asked for all of it has the picture as well.
        pictures.told(&name("bob"), None, asked);
        assert_eq!(pictures.deadline(), None);
    }

    #[test]
    fn whoever_announces_another_picture_is_asked_for_it() {
        let (mut pictures, begin) = (Pictures::default(), Instant::now());
        pictures.found(&name("bob"), &at(2), Some("one"), begin);
        let (asked, _) = next(&mut pictures).unwrap();
        pictures.answered(&name("bob"));
        pictures.told(&name("bob"), Some(b"one"), asked);
        for mark in [Some("one"), Some("two"), Some("three")] {
            assert_eq!(pictures.found(&name("bob"), &at(2), mark, asked), []);
        }
        let (again, who) = next(&mut pictures).unwrap();
        assert_eq!(who, [name("bob")]);
        assert!((asked + CHANGED..=asked + CHANGED + EACH).contains(&again));
        assert_eq!(pictures.deadline(), None);
    }

    #[test]
    fn somebody_else_of_that_name_has_another_picture() {
        let (mut pictures, begin) = (Pictures::default(), Instant::now());
        pictures.found(&name("bob"), &at(2), None, begin);
        let (asked, _) = next(&mut pictures).unwrap();
        pictures.told(&name("bob"), Some(b"bob"), asked);
        pictures.answered(&name("bob"));
        pictures.lost(&name("bob"));
        assert_eq!(pictures.found(&name("bob"), &at(66), None, asked), [gone("bob")]);
        assert!(pictures.deadline().unwrap() <= asked + CHANGED + EACH);
        // A program that was started again has another port.
        let port = SocketAddr::from(([10, 0, 0, 66], 4002));
        pictures.told(&name("bob"), Some(b"eve"), asked);
        assert_eq!(pictures.found(&name("bob"), &[port], None, asked), []);
        assert!(pictures.deadline().unwrap() <= asked + CHANGED + EACH);
        assert_eq!(pictures.forget(&name("bob")), Some(gone("bob")));
    }

    #[test]
    fn a_class_is_asked_a_few_at_a_time_and_not_at_once() {
        let (mut pictures, begin) = (Pictures::default(), Instant::now());
        for number in 0..30 {
            pictures.found(&name(&number.to_string()), &at(number), None, begin);
        }
        let late = begin + LONGEST;
        assert!(pictures.known.values().all(|person| person.ask_at.is_some_and(|at| at < late)));
        let mut asked = pictures.due(late);
        assert_eq!((asked.len(), pictures.deadline()), (AT_ONCE, None));
        while asked.len() < 30 {
            assert_eq!(pictures.due(late), []);
            let first = pictures.under_way[0].0.clone();
            pictures.answered(&first);
            asked.extend(pictures.due(late));
        }
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), 30);
        // Nobody was asked at once by all the others who came with them.
        let spread: Vec<_> = (0..1000).map(|_| some_time(29)).collect();
        let soon = spread.iter().filter(|time| **time < EACH).count();
        assert!(soon < 100 && spread.iter().all(|time| *time <= 30 * EACH), "{soon}");
    }

    #[test]
    fn many_names_at_one_address_do_not_keep_the_others_waiting() {
        let (mut pictures, begin) = (Pictures::default(), Instant::now());
        for number in 0..50 {
            pictures.found(&name(&format!("a {number}")), &at(66), None, begin);
        }
        let late = begin + LONGEST;
        assert_eq!(pictures.due(late).len(), EACH_ADDRESS);
        assert_eq!(pictures.deadline(), None, "nobody who waits has room");
        pictures.found(&name("bob"), &at(2), None, late);
        pictures.found(&name("cid"), &[at(66), at(3)].concat(), None, late);
        assert_eq!(next(&mut pictures).unwrap().1, [name("bob")]);
        // Whoever has room waits for nobody who came later.
        let (slow, _) = pictures.under_way[0].clone();
        pictures.answered(&slow);
        let waited: Vec<_> = pictures.known.values().filter_map(|person| person.ask_at).collect();
        assert_eq!(pictures.deadline(), waited.into_iter().min());
    }

    #[test]
    fn invented_people_take_no_more_than_a_limit() {
        let (mut pictures, begin) = (Pictures::default(), Instant::now());
        let find = |pictures: &mut Pictures, who: String| pictures.found(&name(&who), &at(2), None, begin);
        find(&mut pictures, "bob".into());
        next(&mut pictures).unwrap();
        pictures.told(&name("bob"), Some(b"bob"), begin);
        for number in 0..2 * PEOPLE {
            find(&mut pictures, format!("bogus {number}"));
        }
        assert_eq!(pictures.known.len(), PEOPLE);
        pictures.lost(&name("bob"));
        assert_eq!(find(&mut pictures, "eve".into()), [gone("bob")]);
        assert_eq!(pictures.known.len(), PEOPLE);
    }
}
