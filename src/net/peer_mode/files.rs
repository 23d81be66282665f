//! The files of this computer that others may get, as the network thread and the threads that read disks share them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::net::share::{Listing, Offers, Share, ShareError, SharedFile};
use crate::net::transfer::Source;
use crate::protocol::ident::UserName;
use crate::protocol::social::NameMatch;

/// What is shared with whom. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Files(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    share: Option<Share>,
    offers: Offers,
    /// Who is where: an offer is to a person, and a request comes from an address.
    people: HashMap<IpAddr, Vec<UserName>>,
}

impl State {
    fn shares(&self, share: &Share) -> bool {
        self.share.as_ref().is_some_and(|known| known.is_same(share))
    }
}

impl Files {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is complete in itself, so what a panic left behind is no worse than any other state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shares this folder from now on, or none.
    pub(super) fn share(&self, share: Option<Share>) {
        self.lock().share = share;
    }

    /// Takes note of who is at an address.
    pub(super) fn set_people(&self, address: IpAddr, people: Vec<UserName>) {
        let address = address.to_canonical();
        let mut state = self.lock();
        if people.is_empty() {
            state.people.remove(&address);
        } else {
            state.people.insert(address, people);
        }
    }

    /// What is known of a name that somebody at this address asks for. Does not touch a disk.
    pub(super) fn lookup(&self, from: SocketAddr, name: &str) -> NameMatch {
        let state = self.lock();
        let people = state.people.get(&from.ip().to_canonical()).into_iter().flatten();
        let offered = people.map(|person| state.offers.lookup(person, name));
        let shared = state.share.as_ref().map_or(NameMatch::Unknown, |share| share.lookup(name));
        offered.fold(shared, |known, offer| match (known, offer) {
            (NameMatch::Continued, _) | (_, NameMatch::Continued) => NameMatch::Continued,
            (NameMatch::Exact, _) | (_, NameMatch::Exact) => NameMatch::Exact,
            (NameMatch::Unknown, NameMatch::Unknown) => NameMatch::Unknown,
        })
    }

    /// Looks through what is shared with everybody, if anything is. Blocks on the disk.
    pub(super) fn list(&self) -> Option<(Share, Result<Listing, ShareError>)> {
        let share = self.lock().share.clone()?;
        let listing = share.list();
        Some((share, listing))
    }

    /// Whether this folder is shared.
    pub(super) fn is_shared(&self, share: &Share) -> bool {
        self.lock().shares(share)
    }

    /// Shares this folder no longer; whether it was shared until now.
    pub(super) fn unshare(&self, share: &Share) -> bool {
        let mut state = self.lock();
        let was_shared = state.shares(share);
        if was_shared {
            state.share = None;
        }
        was_shared
    }

    /// What somebody at this address may get by this name, where it is, and whom it was offered to if it was; `None` if
    /// nothing is shared with them. Does not touch a disk: whether there is such a file is found out when it is opened.
    pub(super) fn source(&self, from: IpAddr, name: &str) -> Option<(Source, PathBuf, Option<UserName>)> {
        let state = self.lock();
        let mut people = state.people.get(&from.to_canonical()).into_iter().flatten();
        let offered = people.find_map(|person| state.offers.find(person, name).map(|path| (person, path)));
        if let Some((person, path)) = offered {
            return Some((Source::Offered(path.to_owned()), path.to_owned(), Some(person.clone())));
        }
        let share = state.share.clone()?;
        let path = share.path().join(name);
        Some((Source::Shared(share, name.to_owned()), path, None))
    }

    /// Offers a file to somebody; tells the name by which they can get it. Blocks on the disk.
    pub(super) fn offer(&self, to: &UserName, path: &Path) -> Result<String, ShareError> {
        // Whatever takes long happens here, not under the lock.
        drop(SharedFile::open(path)?);
        Ok(self.lock().offers.add(to, path))
    }

    /// Takes an offer back.
    pub(super) fn withdraw(&self, to: &UserName, name: &str) {
        self.lock().offers.withdraw(to, name);
    }
}
