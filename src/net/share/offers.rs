//! Single files that may be got by one person.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::protocol::ident::UserName;
use crate::protocol::social::NameMatch;

/// Most files that are on offer to one person; older offers go.
const OFFERS: usize = 100;

/// What is on offer, to whom. Small and quick: it never touches a disk.
#[derive(Debug, Default)]
pub(in crate::net) struct Offers {
    to: BTreeMap<UserName, Vec<Offer>>,
}

#[derive(Debug)]
struct Offer {
    name: String,
    /// Empty once the offer is taken back: then it cannot be opened, which whoever asks for it is told.
    path: PathBuf,
}

impl Offers {
    /// Offers a file to somebody. Returns the name by which they can get it: its own, with a number in it where another
    /// file is on offer to them by that name already.
    pub(in crate::net) fn add(&mut self, to: &UserName, path: &Path) -> String {
        // A name that is no UTF-8, or that could be taken for more than a name, becomes one that can be sent.
        let own = crate::net::transfer::safe_name(&path.file_name().unwrap_or_default().to_string_lossy());
        let offers = self.to.entry(to.clone()).or_default();
        if let Some(known) = offers.iter().find(|offer| offer.path == path) {
            return known.name.clone();
        }
        offers.retain(|offer| offer.name != own || !offer.path.as_os_str().is_empty());
        let name = crate::net::transfer::numbered(&own)
            .find(|name| offers.iter().all(|offer| offer.name != *name))
            .unwrap_or_else(|| own.clone());
        if offers.len() >= OFFERS {
            offers.remove(0);
        }
        offers.push(Offer { name: name.clone(), path: path.to_owned() });
        name
    }

    /// The file that was offered to somebody by this name; to be opened with [`super::SharedFile::open`].
    pub(in crate::net) fn find(&self, to: &UserName, name: &str) -> Option<&Path> {
        self.to.get(to)?.iter().find(|offer| offer.name == name).map(|offer| offer.path.as_path())
    }

    /// What is known of a name in an offer to somebody.
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
            offer.path = PathBuf::new();
        }
    }
}
