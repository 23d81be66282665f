//! The files of this computer that others may get, as the network thread and the threads that read disks share them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::task::spawn_blocking;

use crate::net::share::{Listing, Offered, Offers, Share, ShareError, SharedFile};
use crate::net::transfer::Source;
use crate::protocol::ident::UserName;
use crate::protocol::social::{self, NameMatch};

/// What is shared with whom. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Files(Arc<Mutex<State>>);

/// What a look through a shared folder has found.
pub(super) type Found = (Share, Result<Listing, ShareError>);

#[derive(Debug, Default)]
struct State {
    share: Option<Share>,
    /// When the last look through the shared folder began; held while there is one. Another folder has another one: that
    /// look may never end, on a disk of another computer.
    last_look: Arc<tokio::sync::Mutex<Option<Instant>>>,
    /// What the last look has found, as a reply. All who get it share it: some take it very slowly.
    list: Option<Arc<[u8]>>,
    offers: Offers,
    /// Who is where: an offer is to a person, and a request comes from an address.
    people: HashMap<IpAddr, Vec<UserName>>,
}

impl State {
    fn shares(&self, share: &Share) -> bool {
        self.share.as_ref().is_some_and(|known| known.is_same(share))
    }

    fn people_at(&self, address: IpAddr) -> &[UserName] {
        self.people.get(&address).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Files {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is complete in itself, so what a panic left behind is no worse than any other state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shares this folder from now on, or none.
    pub(super) fn share(&self, share: Option<Share>) {
        let mut state = self.lock();
        state.share = share;
        state.last_look = Arc::default();
        state.list = None;
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

    /// Whether anybody is at an address.
    pub(super) fn is_somebody_at(&self, address: IpAddr) -> bool {
        self.lock().people.contains_key(&address.to_canonical())
    }

    /// What is known of a name that somebody at this address asks for. Does not touch a disk.
    pub(super) fn lookup(&self, from: SocketAddr, name: &str) -> NameMatch {
        let state = self.lock();
        let people = state.people_at(from.ip().to_canonical());
        let offered = people.iter().map(|person| state.offers.lookup(person, name));
        let shared = state.share.as_ref().map_or(NameMatch::Unknown, |share| share.lookup(name));
        offered.fold(shared, |known, offer| match (known, offer) {
            (NameMatch::Continued, _) | (_, NameMatch::Continued) => NameMatch::Continued,
            (NameMatch::Exact, _) | (_, NameMatch::Exact) => NameMatch::Exact,
            (NameMatch::Unknown, NameMatch::Unknown) => NameMatch::Unknown,
        })
    }

    /// Looks through what is shared with everybody, if anything is, unless somebody else does so from now on. Gives the
    /// reply to whoever has asked, and, of a look of one's own, what it has found.
    pub(super) async fn list(&self) -> (Arc<[u8]>, Option<Found>) {
        let asked = Instant::now();
        let nothing = || social::encode_file_list(Vec::new()).into();
        let (share, last_look) = {
            let state = self.lock();
            (state.share.clone(), Arc::clone(&state.last_look))
        };
        let Some(share) = share else { return (nothing(), None) };
        let mut last = last_look.lock().await;
        if last.is_some_and(|began| began >= asked) {
            return (self.last_list().unwrap_or_else(nothing), None);
        }
        let began = Instant::now();
        let (folder, before) = (share.clone(), self.last_list());
        let looked = spawn_blocking(move || {
            let listing = folder.list();
            // What is wrong with the folder is not for others: to them nothing is shared.
            let names = listing.as_ref().map_or_else(|_| Vec::new(), |listing| listing.names.to_vec());
            let reply = social::encode_file_list(names);
            (before.filter(|before| **before == *reply).unwrap_or_else(|| reply.into()), listing)
        });
        // A panic of that thread has been printed; there is nothing to tell then. Nor is there if sharing was stopped.
        match looked.await {
            Ok((reply, listing)) if self.keep_list(&share, &reply) => {
                *last = Some(began);
                (reply, Some((share, listing)))
            }
            _ => (nothing(), None),
        }
    }

    /// What the last look through the shared folder has found, as a reply; `None` before the first.
    pub(super) fn last_list(&self) -> Option<Arc<[u8]>> {
        self.lock().list.clone()
    }

    /// Keeps what a look through this folder has found, if it is still shared.
    fn keep_list(&self, share: &Share, list: &Arc<[u8]>) -> bool {
        let mut state = self.lock();
        let is_shared = state.shares(share);
        if is_shared {
            state.list = Some(Arc::clone(list));
        }
        is_shared
    }

    /// A look that takes as long as the test holds it.
    #[cfg(test)]
    pub(super) async fn look(&self) -> impl Drop + use<> {
        let last_look = Arc::clone(&self.lock().last_look);
        last_look.lock_owned().await
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
            state.list = None;
        }
        was_shared
    }

    /// What somebody at this address may get by this name, where it is, and whom it was offered to if it was; `None` if
    /// nothing is shared with them. Does not touch a disk: whether there is such a file is found out when it is opened.
    pub(super) fn source(&self, from: IpAddr, name: &str) -> Option<(Source, PathBuf, Option<UserName>)> {
        let state = self.lock();
        let people = || state.people_at(from.to_canonical()).iter();
        let offered = people().find_map(|person| {
            let are_at = |address| state.people_at(address).contains(person);
            Some((person, state.offers.find(person, name, are_at)?))
        });
        if let Some((person, path)) = offered {
            return Some((Source::Offered(path.to_owned()), path.to_owned(), Some(person.clone())));
        }
        let withdrawn = people().find(|person| state.offers.lookup(person, name) != NameMatch::Unknown);
        match (&state.share, withdrawn) {
            (Some(share), withdrawn) if withdrawn.is_none() || share.lists(name) => {
                Some((Source::Shared(share.clone(), name.to_owned()), share.path().join(name), None))
            }
            // It cannot be opened, and whoever asks is told so.
            (_, Some(person)) => Some((Source::Offered(PathBuf::new()), PathBuf::new(), Some(person.clone()))),
            (_, None) => None,
        }
    }

    /// Offers a file that is at this [`real_place`] to somebody who is at these addresses, by a name that is not that of
    /// another file in the shared folder. Does not touch a disk.
    pub(super) fn offer(&self, to: &UserName, at: &[SocketAddr], path: &Path, place: &Path) -> Offered {
        let mut state = self.lock();
        let State { share, offers, .. } = &mut *state;
        let is_another = |share: &Share, name: &str| share.lists(name) && share.path().join(name) != place;
        offers.add(to, ips(at), path, |name| share.as_ref().is_some_and(|share| is_another(share, name)))
    }

    /// Takes an offer back.
    pub(super) fn withdraw(&self, to: &UserName, name: &str) {
        self.lock().offers.withdraw(to, name);
    }

    /// Somebody of this name is at these addresses now. What was offered to somebody of that name who was at none of them is
    /// taken back: by which name, and where it is.
    pub(super) fn withdraw_from_another(&self, to: &UserName, now_at: &[SocketAddr]) -> Vec<(String, PathBuf)> {
        self.lock().offers.withdraw_from_another(to, &ips(now_at))
    }
}

/// Where a file is to which a path leads, perhaps through links, if it can be read. Blocks on the disk.
pub(super) fn real_place(path: &Path) -> Result<PathBuf, ShareError> {
    drop(SharedFile::open(path)?);
    Ok(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
}

fn ips(addresses: &[SocketAddr]) -> Vec<IpAddr> {
    addresses.iter().map(|address| address.ip().to_canonical()).collect()
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn somebody_is_at_an_address_in_either_form() {
        let files = Files::default();
        let [address, mapped]: [IpAddr; 2] = ["10.0.0.2", "::ffff:10.0.0.2"].map(|address| address.parse().unwrap());
        for (people, is_there) in [(vec![UserName::received("bob")], true), (Vec::new(), false)] {
            files.set_people(mapped, people);
            assert_eq!([address, mapped].map(|address| files.is_somebody_at(address)), [is_there; 2]);
        }
    }

    #[tokio::test]
    async fn a_folder_is_looked_through_for_many_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::default();
        assert!(files.list().await.1.is_none(), "nothing is shared");
        files.share(Some(Share::open(folder.path()).unwrap()));
        for name in ["a", "b"] {
            std::fs::write(folder.path().join(name), "").unwrap();
            // All ask during somebody's look, which may be too late for what has changed.
            let look = files.look().await;
            let mut asking = JoinSet::new();
            for _ in 0..20 {
                let files = files.clone();
                asking.spawn(async move { files.list().await });
            }
            tokio::task::yield_now().await;
            drop(look);
            let told = asking.join_all().await;
            let looks: Vec<_> = told.iter().filter_map(|(_, found)| found.as_ref()).collect();
            assert_eq!(looks.len(), 1);
            let names = &looks[0].1.as_ref().unwrap().names;
            assert!(names.contains(&name.to_owned()), "what is new is seen at once: {names:?}");
            assert!(told.iter().all(|(reply, _)| **reply == *social::encode_file_list(names.to_vec())));
            // However many there are who take it, and when they have asked, it is in memory once.
            let again = files.list().await.0;
            assert!(told.iter().all(|(reply, _)| Arc::ptr_eq(reply, &again)));
        }
    }
}
