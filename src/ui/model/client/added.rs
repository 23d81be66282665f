//! People at addresses that the user has given, and others whom one does not see.

use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::super::failure::Failure;
use super::Client;
use crate::net::{Added, Command, NetError, NetErrorKind, ServerAddress, UserName};

/// Who waits to hear whether somebody is at an address.
pub struct Adding {
    address: ServerAddress,
    done: Box<dyn FnOnce(Result<(), NetError>)>,
}

impl Client {
    /// Whether this computer is on a network, as far as is known. Only peers are told.
    pub fn has_network(&self) -> bool {
        !self.imp().lacks_network.get()
    }

    /// Who is at the addresses that the user has given.
    pub fn added(&self) -> Vec<Added> {
        self.imp().added.borrow().clone()
    }

    /// By which of the addresses that the user has given somebody is known.
    pub fn added_address(&self, name: &UserName) -> Option<ServerAddress> {
        let added = self.imp().added.borrow();
        added.iter().find(|added| added.who.as_ref() == Some(name)).map(|added| added.address.clone())
    }

    /// Looks who is at an address, from now on. `done` is told whether somebody is, unless another one is added or it is
    /// given up before that.
    pub fn add_peer(&self, address: &ServerAddress, done: impl FnOnce(Result<(), NetError>) + 'static) {
        self.imp().adding.replace(Some(Adding { address: address.clone(), done: Box::new(done) }));
        if let Err(error) = self.send_quietly(Command::AddPeer(address.clone())) {
            self.end_adding(Err(error));
        }
    }

    /// Does not wait any more for whoever is at the address that was added last.
    pub fn give_up_adding(&self) {
        let Some(Adding { address, .. }) = self.imp().adding.take() else { return };
        if self.imp().added.borrow().iter().all(|added| added.address != address) {
            // Without room for it, somebody may appear whom nobody wanted so much.
            let _ = self.send_quietly(Command::RemovePeer(address));
        }
    }

    fn end_adding(&self, result: Result<(), NetError>) {
        if let Some(adding) = self.imp().adding.take() {
            (adding.done)(result);
        }
    }

    fn is_adding(&self, address: &ServerAddress) -> bool {
        self.imp().adding.borrow().as_ref().is_some_and(|adding| adding.address == *address)
    }
}

/// What the network tells.
impl Client {
    /// Takes over who is at the addresses that the user has given.
    pub fn set_added(&self, added: Vec<Added>) {
        let is_there = added.iter().any(|added| added.who.is_some() && self.is_adding(&added.address));
        self.imp().added.replace(added);
        self.mark_added();
        self.list_people();
        self.emit_by_name::<()>("roster-changed", &[]);
        if is_there {
            self.end_adding(Ok(()));
        }
    }

    /// Tells those who are there whether the user has given their address.
    pub(super) fn mark_added(&self) {
        for buddy in self.roster().people() {
            buddy.set_is_added(self.added_address(&buddy.name()).is_some());
        }
    }

    /// Takes over that these have shown to know of oneself.
    pub(super) fn hear<'a>(&self, of: impl IntoIterator<Item = &'a UserName>) {
        for buddy in of.into_iter().filter_map(|name| self.roster().get(name)) {
            buddy.set_heard();
        }
    }

    /// Takes over that nobody is at an address.
    pub fn set_not_added(&self, address: &ServerAddress, because: NetError) {
        if self.is_adding(address) {
            self.end_adding(Err(because));
        }
    }

    /// Tells of somebody who is not known here, and was refused.
    pub fn set_stranger(&self, name: UserName, address: String) {
        self.tell_problem(Some(Failure::Stranger { name, address }));
    }

    /// Takes over whether this computer is on a network.
    pub fn set_network(&self, is_there: bool) {
        self.imp().lacks_network.set(!is_there);
        self.emit_by_name::<()>("link-changed", &[]);
    }

    /// Forgets what is only so while one is a peer.
    pub(super) fn forget_added(&self) {
        self.imp().lacks_network.set(false);
        self.imp().added.take();
        self.end_adding(Err(NetError::new(NetErrorKind::NotConnected)));
    }
}
