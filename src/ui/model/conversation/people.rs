//! Who is in a conversation, who is to come, and who has begun it.

use gtk::subclass::prelude::*;

use super::Conversation;
use crate::net::UserName;

impl Conversation {
    /// Who was invited and has not come yet.
    pub fn awaited(&self) -> Vec<UserName> {
        self.imp().awaited.borrow().clone()
    }

    /// Who was invited and has declined.
    pub fn declined(&self) -> Vec<UserName> {
        self.imp().declined.borrow().clone()
    }

    /// Who is to be invited as soon as they can be reached.
    pub fn unasked(&self) -> Vec<UserName> {
        self.imp().unasked.borrow().clone()
    }

    /// Everybody else who is in it and can be reached.
    pub fn present(&self) -> Vec<UserName> {
        let unreachable = self.imp().unreachable.borrow();
        let members = self.imp().members.borrow();
        members.iter().filter(|name| !self.is_me(name) && !unreachable.contains(name)).cloned().collect()
    }

    /// Who has started it, if that is known.
    pub fn initiator(&self) -> Option<UserName> {
        self.imp().initiator.borrow().clone()
    }

    /// Who has started it and is gone or blocked, so that its members stay as they are.
    pub fn unheard_initiator(&self) -> Option<UserName> {
        self.initiator().filter(|_| self.imp().is_frozen.get())
    }

    /// For how many others it ends if one leaves it or goes offline: among peers, whoever has started it closes it for all.
    /// One other person alone does not count, who is left alone in it whether or not it ends.
    pub fn ends_for(&self) -> usize {
        let imp = self.imp();
        let is_own = self.initiator().is_some_and(|initiator| self.is_me(&initiator));
        let others = imp.members.borrow().iter().filter(|name| !self.is_me(name)).count();
        if is_own && others > 1 && self.is_alive() { others } else { 0 }
    }

    /// Everybody else who is, will be or last was in it.
    pub fn others(&self) -> Vec<UserName> {
        self.imp().others.borrow().clone()
    }

    /// Everybody else for whom it was meant, if it is begun again.
    pub fn wanted(&self) -> Vec<UserName> {
        let imp = self.imp();
        let mut wanted = self.others();
        for name in imp.declined.borrow().iter().chain(&*imp.unasked.borrow()) {
            if !wanted.contains(name) {
                wanted.push(name.clone());
            }
        }
        wanted
    }
}
