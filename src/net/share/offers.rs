//! Single files that may be got by one person.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::protocol::ident::UserName;
use crate::protocol::social::NameMatch;

/// Most files that are on offer to one person; the oldest is taken back for a newer one.
const OFFERS: usize = 100;
/// Most names of offers to one person that are remembered, with those that were taken back.
const NAMES: usize = 1_000;

/// What is on offer, to whom. Small and quick: it never touches a disk.
#[derive(Debug, Default)]
pub(in crate::net) struct Offers {
    to: BTreeMap<UserName, Vec<Offer>>,
}

#[derive(Debug)]
struct Offer {
    name: String,
    /// `None` once the offer is taken back. Whoever asks for it then must not take what they get for an empty file.
    path: Option<PathBuf>,
    /// Where the person was when it was made. They may come to have other addresses as well; whoever is at none of these any
    /// more may be somebody else, who has taken their name.
    at: Vec<IpAddr>,
}

/// What has come of offering a file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) struct Offered {
    /// The name by which it can be got.
    pub(in crate::net) name: String,
    /// An older offer that was taken back for it, by its name, and where that file is.
    pub(in crate::net) superseded: Option<(String, PathBuf)>,
}

impl Offers {
    /// Offers a file to somebody who is at these addresses, by its own name, or with a number in it where that is the name
    /// of another file that they can get: one that is on offer to them, or else `is_taken`.
    pub(in crate::net) fn add(
        &mut self,
        to: &UserName,
        at: Vec<IpAddr>,
        path: &Path,
        is_taken: impl Fn(&str) -> bool,
    ) -> Offered {
        // A name that is no UTF-8, or that could be taken for more than a name, becomes one that can be sent.
        let own = crate::net::transfer::safe_name(&path.file_name().unwrap_or_default().to_string_lossy());
        let offers = self.to.entry(to.clone()).or_default();
        if let Some(known) = offers.iter_mut().find(|offer| offer.path.as_deref() == Some(path)) {
            known.at = at;
            return Offered { name: known.name.clone(), superseded: None };
        }
        let has_name = |name: &str| offers.iter().any(|offer| offer.name == name && offer.path.is_some());
        let free = crate::net::transfer::numbered(&own).find(|name| !is_taken(name) && !has_name(name));
        let name = free.unwrap_or(own);
        offers.retain(|offer| offer.name != name || offer.path.is_some());
        let mut standing = offers.iter_mut().filter(|offer| offer.path.is_some()).rev();
        let oldest = standing.nth(OFFERS - 1);
        let superseded = oldest.and_then(|offer| Some((offer.name.clone(), offer.path.take()?)));
        if offers.len() >= NAMES
            && let Some(at) = offers.iter().position(|offer| offer.path.is_none())
        {
            offers.remove(at);
        }
        offers.push(Offer { name: name.clone(), path: Some(path.to_owned()), at });
        Offered { name, superseded }
    }

    /// The file that was offered to somebody by this name, as long as they are still at one of the addresses where they were
    /// then; to be opened with [`super::SharedFile::open`].
    pub(in crate::net) fn find(&self, to: &UserName, name: &str, are_at: impl Fn(IpAddr) -> bool) -> Option<&Path> {
        let offer = self.to.get(to)?.iter().find(|offer| offer.name == name)?;
        offer.path.as_deref().filter(|_| offer.at.iter().any(|at| are_at(*at)))
    }

    /// What is known of a name in an offer to somebody, even if it cannot be had.
    pub(in crate::net) fn lookup(&self, to: &UserName, name: &str) -> NameMatch {
        let offers = || self.to.get(to).into_iter().flatten();
        if offers().all(|offer| offer.name != name) {
            NameMatch::Unknown
        } else if offers().any(|offer| offer.name.len() > name.len() && offer.name.starts_with(name)) {
            NameMatch::Continued
        } else {
            NameMatch::Exact
        }
    }

    /// Takes an offer back.
    pub(in crate::net) fn withdraw(&mut self, to: &UserName, name: &str) {
        let offers = self.to.get_mut(to).into_iter().flatten();
        for offer in offers.filter(|offer| offer.name == name) {
            offer.path = None;
        }
    }

    /// Somebody of this name is at these addresses now. Whoever was offered something by that name and was at none of them
    /// may be somebody else: takes that back, and gives its name and where the file is.
    pub(in crate::net) fn withdraw_from_another(&mut self, to: &UserName, now_at: &[IpAddr]) -> Vec<(String, PathBuf)> {
        let offers = self.to.get_mut(to).into_iter().flatten();
        let to_others = offers.filter(|offer| !offer.at.iter().any(|before| now_at.contains(before)));
        to_others.filter_map(|offer| Some((offer.name.clone(), offer.path.take()?))).collect()
    }
}
