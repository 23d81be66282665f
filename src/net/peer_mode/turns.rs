//! Whose request goes out next. Only some do at once, and somebody who cannot be reached keeps a place for many seconds:
//! anybody can announce hundreds of people at addresses where nobody is, and fill a chat with them.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::protocol::ident::UserName;

/// Most requests of ours on their way at once, and to one person; the others wait.
const AT_ONCE: usize = 64;
const EACH: usize = 16;
/// Most requests that the other side has and whose connection it has not closed yet. Beyond that they keep their place.
const CLOSING: usize = 128;

/// What is known of somebody: of whom more is known goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// The last request of ours did not reach them.
    Failed,
    /// Nothing.
    #[default]
    Unknown,
    /// They have asked something of us since. Many who do not answer may do that.
    Heard,
    /// The last request of ours has reached them.
    Reached,
}

impl Reach {
    const ALL: [Self; 4] = [Self::Failed, Self::Unknown, Self::Heard, Self::Reached];

    /// How many requests may be on their way to people of whom no more is known: some places are left to the others.
    fn places(self) -> usize {
        match self {
            Self::Failed => AT_ONCE / 4,
            Self::Unknown => AT_ONCE / 2,
            Self::Heard => AT_ONCE / 4 * 3,
            Self::Reached => AT_ONCE,
        }
    }
}

/// The requests to one person.
#[derive(Debug, Default)]
struct Person {
    reach: Reach,
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
    /// With what was known when they went.
    under_way: Vec<(u64, Reach)>,
}

/// All requests that have not ended, by numbers in the order in which they came. Pure: no socket, no clock.
#[derive(Debug, Default)]
struct Line {
    people: BTreeMap<UserName, Person>,
    closing: BTreeSet<u64>,
    numbers: u64,
}

impl Line {
    fn add(&mut self, to: &UserName, call: oneshot::Sender<()>) -> u64 {
        self.numbers += 1;
        self.people.entry(to.clone()).or_default().waiting.push_back((self.numbers, call));
        self.numbers
    }

    /// Lets the next request go, if one may; gives back how to call it.
    fn next(&mut self) -> Option<oneshot::Sender<()>> {
        let under_way = || self.people.values().flat_map(|person| &person.under_way);
        let full = Reach::ALL.map(|level| under_way().filter(|(_, reach)| *reach <= level).count() >= level.places());
        let most = Reach::ALL.into_iter().zip(full).filter(|(_, is_full)| *is_full).map(|(level, _)| level).max();
        let may_go =
            |person: &&mut Person| person.under_way.len() < EACH && most.is_none_or(|full| person.reach > full);
        let next = self.people.values_mut().filter(may_go).filter_map(|person| {
            let (number, _) = person.waiting.front()?;
            Some(((Reverse(person.reach), person.under_way.len(), *number), person))
        });
        let ((_, _, number), person) = next.min_by_key(|(order, _)| *order)?;
        person.under_way.push((number, person.reach));
        person.waiting.pop_front().map(|(_, call)| call)
    }

    /// The other side has the request. Until it closes the connection, that takes nobody's place, if there is room.
    fn is_written(&mut self, to: &UserName, number: u64) {
        if self.closing.len() < CLOSING {
            self.end(to, number);
            self.closing.insert(number);
        }
    }

    /// A request has ended, wherever it was.
    fn end(&mut self, to: &UserName, number: u64) {
        self.closing.remove(&number);
        if let Some(person) = self.people.get_mut(to) {
            person.waiting.retain(|(other, _)| *other != number);
            person.under_way.retain(|(other, _)| *other != number);
        }
        self.tidy(to);
    }

    fn learn(&mut self, of: &UserName, learn: impl FnOnce(Reach) -> Reach) {
        let person = self.people.entry(of.clone()).or_default();
        person.reach = learn(person.reach);
        self.tidy(of);
    }

    /// Forgets somebody of whom nothing is known and to whom nothing goes.
    fn tidy(&mut self, of: &UserName) {
        let is_nobody = |person: &Person| {
            person.reach == Reach::default() && person.waiting.is_empty() && person.under_way.is_empty()
        };
        if self.people.get(of).is_some_and(is_nobody) {
            self.people.remove(of);
        }
    }
}

/// Gives requests their turns. Clones share one line.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<Line>>);

/// The turn of a request, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    to: UserName,
    number: u64,
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, Line> {
        // Nothing in there panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may go to this person.
    pub(super) async fn take(&self, to: &UserName) -> Turn {
        let (call, called) = oneshot::channel();
        let number = self.lock().add(to, call);
        let turn = Turn { turns: self.clone(), to: to.clone(), number };
        self.call();
        // It is called as long as it is in the line, which ends with the turn.
        let _ = called.await;
        turn
    }

    fn call(&self) {
        let mut line = self.lock();
        while let Some(call) = line.next() {
            // Whoever has given up leaves the line by itself.
            let _ = call.send(());
        }
    }

    /// Somebody was reached, or could not be.
    pub(super) fn tried(&self, to: &UserName, is_reached: bool) {
        self.lock().learn(to, |_| if is_reached { Reach::Reached } else { Reach::Failed });
        self.call();
    }

    /// Somebody has asked something.
    pub(super) fn heard(&self, from: &UserName) {
        self.lock().learn(from, |known| known.max(Reach::Heard));
        self.call();
    }

    /// Somebody has gone: what is known of them does not count any more.
    pub(super) fn forget(&self, gone: &UserName) {
        self.lock().learn(gone, |_| Reach::default());
    }
}

impl Turn {
    /// The other side has the request, and only its end is waited for.
    pub(super) fn is_written(&self) {
        self.turns.lock().is_written(&self.to, self.number);
        self.turns.call();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().end(&self.to, self.number);
        self.turns.call();
    }
}
