//! Files that have come as pictures of people, and become what the lists show.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gdk, glib};

use super::Client;
use crate::net::UserName;
use crate::ui::picture;

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
        next
    }
}

impl Client {
    /// Takes over the picture that somebody has now, an image file, or none. It is shown when it is decoded.
    pub fn set_picture(&self, of: &UserName, file: Option<Vec<u8>>) {
        let portraits = &self.imp().portraits;
        portraits.drop(of);
        let Some(file) = file else {
            self.show_picture(of, None);
            return;
        };
        portraits.add(of.clone(), file);
        if !portraits.is_at_work.replace(true) {
            let client = self.downgrade();
            glib::spawn_future_local(async move {
                while let Some((of, file)) = client.upgrade().and_then(|client| client.imp().portraits.next()) {
                    let picture = picture::portrait(file).await;
                    let Some(client) = client.upgrade() else { return };
                    if client.imp().portraits.current.take().is_some() {
                        client.show_picture(&of, picture);
                    }
                }
                if let Some(client) = client.upgrade() {
                    client.imp().portraits.is_at_work.set(false);
                }
            });
        }
    }

    fn show_picture(&self, of: &UserName, picture: Option<gdk::Texture>) {
        self.roster().set_picture(of, picture);
        self.list_people();
    }

    /// Takes over what one looks like oneself.
    pub fn set_own_picture(&self, picture: Option<gdk::Texture>) {
        self.roster().set_own_picture(picture);
        self.list_people();
    }
}
