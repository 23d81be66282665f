//! The files that others have offered, as long as the user has not answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
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

/// A file that somebody has offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// Who.
    pub(super) from: Origin,
    /// Where they could be reached then.
    pub(super) at: Vec<SocketAddr>,
    /// The file, by its name there.
    pub(super) file: String,
}

impl Offer {
    /// Whether it still stands when whoever made it is at these addresses, however many more than then. A program that was
    /// started anew has another port, and does not know what it has offered before.
    pub(super) fn still_stands(&self, now_at: &[SocketAddr]) -> bool {
        self.at.iter().any(|before| now_at.contains(before))
    }
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
    /// Takes up an offer, unless whoever makes it has too many. One that waits already is renewed, which is no news.
    pub(super) fn add(&mut self, offer: Offer) -> Offered {
        let Offer { from, file, .. } = &offer;
        let is_it = |known: &&mut Offer| known.from.name == from.name && known.file == *file;
        if let Some(known) = self.0.values_mut().find(is_it) {
            *known = offer;
            return Offered::default();
        }
        if !social::can_be_asked_for(file) {
            return Offered::default();
        }
        let waiting = self.0.iter().map(|(offer, known)| (*offer, &known.from));
        let dropped = match PLACES.find(waiting, from) {
            Place::Free => None,
            Place::InsteadOf(other) => Some(other),
            Place::None => return Offered::default(),
        };
        if let Some(other) = &dropped {
            self.0.remove(other);
        }
        let new = OfferId(NEXT.fetch_add(1, Ordering::Relaxed));
        self.0.insert(new, offer);
        Offered { new: Some(new), dropped }
    }

    /// The offer of this file by this person.
    pub(super) fn find(&self, from: &UserName, file: &str) -> Option<&Offer> {
        self.0.values().find(|known| known.from.name == *from && known.file == file)
    }

    /// The user answers an offer.
    pub(super) fn take(&mut self, offer: OfferId) -> Option<Offer> {
        self.0.remove(&offer)
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

    fn offer(name: &str, last: u8, file: &str) -> Offer {
        let from = Origin { name: UserName::received(name), address: [10, 0, 0, last].into() };
        Offer { from, at: Vec::new(), file: file.to_owned() }
    }

    #[test]
    fn one_person_does_not_push_the_offers_of_others_out() {
        let mut offers = Offers::default();
        let of_bob = offers.add(offer("bob", 2, "photo.jpg")).new.unwrap();
        for last in 10..20 {
            for number in 0..PLACES.all {
                let offered = offers.add(offer(&format!("eve {last}"), last, &number.to_string()));
                assert_ne!(offered.dropped, Some(of_bob));
            }
        }
        assert_eq!(offers.0.len(), PLACES.all);
        assert!(offers.add(offer("cid", 3, "late.txt")).dropped.is_some(), "who has most makes room");
        assert_eq!(offers.take(of_bob), Some(offer("bob", 2, "photo.jpg")));
        assert_eq!(offers.take(of_bob), None);
    }

    #[test]
    fn an_offer_stands_as_long_as_an_address_is_left_and_is_renewed_by_the_same_one() {
        let at = |last: u8, port| SocketAddr::from(([10, 0, 0, last], port));
        let of_bob = |at: &[SocketAddr]| Offer { at: at.to_vec(), ..offer("bob", 2, "empty") };
        let mut offers = Offers::default();
        let number = offers.add(of_bob(&[at(2, 4001)])).new.unwrap();
        let stands = |offers: &Offers, now_at: &[SocketAddr]| offers.0[&number].still_stands(now_at);
        assert!(stands(&offers, &[at(3, 4001), at(2, 4001)]));
        assert!(!stands(&offers, &[at(2, 4002)]), "started anew");
        assert!(offers.add(of_bob(&[at(2, 4002)])).new.is_none());
        assert!(stands(&offers, &[at(2, 4002)]));
    }

    #[test]
    fn what_is_offered_twice_or_cannot_be_got_is_not_taken_up() {
        let mut offers = Offers::default();
        assert!(offers.add(offer("bob", 2, "a")).new.is_some());
        for name in ["a", "", "two\nlines", &"x".repeat(limits::FILE_NAME_BYTES + 1)] {
            assert!(offers.add(offer("bob", 2, name)).new.is_none());
        }
    }
}
