//! Somebody in a list: in the buddy list, or among the members of a conversation.

use std::cell::{Cell, OnceCell, RefCell};

use gtk::glib;
use gtk::subclass::prelude::*;

use super::Names;
use crate::net::{Presence, Status, UserName};

mod imp {
    use super::{Cell, OnceCell, Presence, RefCell, UserName, glib};
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::Buddy)]
    pub struct Buddy {
        pub name: OnceCell<UserName>,
        pub called: OnceCell<String>,
        pub sort_key: OnceCell<String>,
        pub presence: Cell<Option<Presence>>,
        /// The words beside the presence, as they may be shown.
        #[property(get)]
        pub status: RefCell<String>,
        /// What is said of the person in this list alone, such as "invited"; may be empty.
        #[property(get, set = Self::set_note, explicit_notify)]
        pub note: RefCell<String>,
        /// Whether one does not want to hear of the person.
        #[property(get, set = Self::set_is_blocked, explicit_notify)]
        pub is_blocked: Cell<bool>,
        /// Whether the user has given an address of the person.
        pub is_added: Cell<bool>,
        /// Whether the person has shown to know of oneself.
        pub is_heard: Cell<bool>,
        /// How many messages of this person have not been seen.
        #[property(get, set = Self::set_unread, explicit_notify)]
        pub unread: Cell<u32>,
        /// What the person looks like, for an avatar, if that is known.
        #[property(get, set = Self::set_picture, explicit_notify, nullable)]
        pub picture: RefCell<Option<glib::Object>>,
    }

    impl Buddy {
        fn set_note(&self, note: String) {
            if *self.note.borrow() != note {
                self.note.replace(note);
                self.obj().notify_note();
            }
        }

        fn set_is_blocked(&self, is_blocked: bool) {
            if self.is_blocked.replace(is_blocked) != is_blocked {
                self.obj().notify_is_blocked();
            }
        }

        fn set_unread(&self, unread: u32) {
            if self.unread.replace(unread) != unread {
                self.obj().notify_unread();
            }
        }

        fn set_picture(&self, picture: Option<glib::Object>) {
            if *self.picture.borrow() != picture {
                self.picture.replace(picture);
                self.obj().notify_picture();
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Buddy {
        const NAME: &'static str = "KlatchBuddy";
        type Type = super::Buddy;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Buddy {}
}

glib::wrapper! {
    /// Somebody in a list. The name never changes; everything else may, and says so by the usual notifications.
    pub struct Buddy(ObjectSubclass<imp::Buddy>);
}

impl Buddy {
    /// Somebody of whom only the name is known.
    pub fn new(name: &UserName, names: &Names) -> Self {
        let buddy: Self = glib::Object::new();
        buddy.imp().called.get_or_init(|| names.called(name));
        buddy.imp().name.get_or_init(|| name.clone());
        buddy.imp().sort_key.get_or_init(|| name.shown().to_lowercase());
        buddy
    }

    /// The name, as it goes over the wire.
    pub fn name(&self) -> UserName {
        self.imp().name.get().cloned().unwrap_or_else(|| UserName::received(""))
    }

    /// What the person is called where the name is shown.
    pub fn called(&self) -> &str {
        self.imp().called.get().map_or("", String::as_str)
    }

    /// By what lists of people are sorted: the name without case, then exactly.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let (a, b) = (self.imp(), other.imp());
        (a.sort_key.get(), a.name.get()).cmp(&(b.sort_key.get(), b.name.get()))
    }

    /// The presence; `None` for somebody who is not there.
    pub fn presence(&self) -> Option<Presence> {
        self.imp().presence.get()
    }

    /// Whether the user has given an address of the person.
    pub fn is_added(&self) -> bool {
        self.imp().is_added.get()
    }

    pub(super) fn set_is_added(&self, is_added: bool) {
        self.imp().is_added.set(is_added);
    }

    /// Takes over that the person has shown to know of oneself.
    pub(super) fn set_heard(&self) {
        self.imp().is_heard.set(true);
    }

    /// Whether the person may not see oneself, and so refuses without having been asked: where people do not find each other
    /// by themselves, each must add the other.
    pub fn may_not_see_me(&self) -> bool {
        self.is_added() && !self.imp().is_heard.get()
    }

    /// Takes over what is known of the person now; `None` for somebody who is not there.
    pub fn set_status(&self, status: Option<&Status>) {
        let presence = status.map(Status::presence);
        let words = status.map(|status| Status::received(status.message()).to_string()).unwrap_or_default();
        self.show(presence, &words);
    }

    /// Takes over the presence, the words and the picture of the same person in another list; `None` for somebody who is
    /// not there, who still looks the same.
    pub fn adopt(&self, other: Option<&Self>) {
        if let Some(other) = other {
            self.set_picture(other.picture());
        }
        let presence = other.and_then(Self::presence);
        let words = other.map(Self::status).unwrap_or_default();
        self.show(presence, &words);
    }

    fn show(&self, presence: Option<Presence>, words: &str) {
        let was = self.imp().presence.replace(presence);
        if self.imp().status.replace(words.to_owned()) != words || was != presence {
            self.notify_status();
        }
    }

    /// Whether the name has all the words that are looked for, in any case.
    pub fn matches(&self, search: &str) -> bool {
        let name = self.imp().sort_key.get().map_or("", String::as_str);
        search.to_lowercase().split_whitespace().all(|word| name.contains(word))
    }
}
