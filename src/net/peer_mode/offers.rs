//! The files that others have offered, as long as the user has not answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::net::command::OfferId;
use crate::net::fairness::{Origin, Place, Places};
use crate::protocol::ident::UserName;
use crate::protocol::social;

/// How many may wait. Somebody may offer a whole folder.
const PLACES: Places = Places { each: 100, all: 300 };

/// Whoever is told of offers may still show those from before the last time that one went offline.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Default)]
pub(super) struct Offers(BTreeMap<OfferId, Offer>);

#[derive(Debug)]
struct Offer {
    from: Origin,
    file: String,
}

/// What comes of an offer.
#[derive(Debug, Default)]
pub(super) struct Offered {
    /// The user is to be asked about it, under this number.
    pub(super) new: Option<OfferId>,
    /// This one has made room for it.
    pub(super) dropped: Option<OfferId>,
}

impl Offers {
    /// Takes up an offer, unless it waits already or whoever makes it has too many.
    pub(super) fn add(&mut self, from: Origin, file: &str) -> Offered {
        if !social::can_be_asked_for(file) || self.is_known(&from.name, file) {
            return Offered::default();
        }
        let waiting = self.0.iter().map(|(offer, known)| (*offer, &known.from));
        let dropped = match PLACES.find(waiting, &from) {
            Place::Free => None,
            Place::InsteadOf(other) => Some(other),
            Place::None => return Offered::default(),
        };
        if let Some(other) = &dropped {
            self.0.remove(other);
        }
        let new = OfferId(NEXT.fetch_add(1, Ordering::Relaxed));
        self.0.insert(new, Offer { from, file: file.to_owned() });
        Offered { new: Some(new), dropped }
    }

    /// Whether this file is offered by this person.
    pub(super) fn is_known(&self, from: &UserName, file: &str) -> bool {
        self.0.values().any(|known| known.from.name == *from && known.file == file)
    }

    /// The user answers an offer: from whom it is, and the file.
    pub(super) fn take(&mut self, offer: OfferId) -> Option<(UserName, String)> {
        self.0.remove(&offer).map(|known| (known.from.name, known.file))
    }

    /// Drops all of somebody.
    pub(super) fn drop_of(&mut self, name: &UserName) -> Vec<OfferId> {
        self.0.extract_if(.., |_, known| known.from.name == *name).map(|(offer, _)| offer).collect()
    }

    /// Drops all.
    pub(super) fn drop_all(&mut self) -> Vec<OfferId> {
        std::mem::take(&mut self.0).into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::limits;

    fn origin(name: &str, last: u8) -> Origin {
        Origin { name: UserName::received(name), address: [10, 0, 0, last].into() }
    }

    #[test]
    fn one_person_does_not_push_the_offers_of_others_out() {
        let mut offers = Offers::default();
        let of_bob = offers.add(origin("bob", 2), "photo.jpg").new.unwrap();
        for last in 10..20 {
            for number in 0..PLACES.all {
                let offered = offers.add(origin(&format!("eve {last}"), last), &number.to_string());
                assert_ne!(offered.dropped, Some(of_bob));
            }
        }
        assert_eq!(offers.0.len(), PLACES.all);
        assert!(offers.add(origin("cid", 3), "late.txt").dropped.is_some(), "who has most makes room");
        assert_eq!(offers.take(of_bob), Some((UserName::received("bob"), "photo.jpg".to_owned())));
        assert_eq!(offers.take(of_bob), None);
    }

    #[test]
    fn what_is_offered_twice_or_cannot_be_got_is_not_taken_up() {
        let mut offers = Offers::default();
        assert!(offers.add(origin("bob", 2), "a").new.is_some());
        for name in ["a", "", "two\nlines", &"x".repeat(limits::FILE_NAME_BYTES + 1)] {
            assert!(offers.add(origin("bob", 2), name).new.is_none());
        }
    }
}
