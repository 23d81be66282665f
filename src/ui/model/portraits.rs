//! Files that have come as pictures of people. What becomes of them the model only carries, from whoever decodes them to
//! the avatars.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gtk::glib;
use gtk::subclass::prelude::*;

use super::Client;
use crate::net::UserName;

/// How many bytes may wait to be decoded; whoever sends more of them has no picture.
const BYTES: usize = 32 << 20;

/// Files that wait to be decoded, one after the other: strangers send them, and nobody waits for them.
#[derive(Debug, Default)]
pub struct Portraits {
    waiting: RefCell<BTreeMap<UserName, Vec<u8>>>,
    /// Whose file is being decoded, unless it is not wanted any more.
    current: RefCell<Option<UserName>>,
    is_at_work: Cell<bool>,
}

impl Portraits {
    /// What came of somebody before is not wanted any more.
    fn drop(&self, of: &UserName) {
        self.waiting.borrow_mut().remove(of);
        self.current.borrow_mut().take_if(|current| current == of);
    }

    /// Nothing that came before is wanted any more.
    pub(super) fn clear(&self) {
        self.waiting.take();
        self.current.take();
    }

    fn add(&self, of: UserName, file: Vec<u8>) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.values().map(Vec::len).sum::<usize>() + file.len() <= BYTES {
            waiting.insert(of, file);
        }
    }

    fn next(&self) -> Option<(UserName, Vec<u8>)> {
        let next = self.waiting.borrow_mut().pop_first();
        self.current.replace(next.as_ref().map(|(of, _)| of.clone()));
        self.is_at_work.set(next.is_some());
        next
    }
}

impl Client {
    /// Takes over the picture that somebody has now, an image file, or none. Whether somebody has to begin to decode what
    /// waits, until [`Client::next_portrait`] gives no more.
    pub fn set_portrait(&self, of: &UserName, file: Option<Vec<u8>>) -> bool {
        let portraits = &self.imp().portraits;
        portraits.drop(of);
        let Some(file) = file else {
            self.show_portrait(of, None);
            return false;
        };
        portraits.add(of.clone(), file);
        !portraits.is_at_work.replace(true)
    }

    /// The next file to decode.
    pub fn next_portrait(&self) -> Option<(UserName, Vec<u8>)> {
        self.imp().portraits.next()
    }

    /// Shows what has come of a file, if it is still wanted.
    pub fn set_decoded(&self, of: &UserName, picture: Option<glib::Object>) {
        if self.imp().portraits.current.take().is_some() {
            self.show_portrait(of, picture);
        }
    }

    fn show_portrait(&self, of: &UserName, picture: Option<glib::Object>) {
        self.roster().set_picture(of, picture);
        self.list_people();
    }

    /// Takes over what one looks like oneself.
    pub fn set_own_picture(&self, picture: Option<glib::Object>) {
        self.roster().set_own_picture(picture);
        self.list_people();
    }
}
