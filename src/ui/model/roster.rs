//! Who is there, in sections by presence, filtered by what is searched for.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::BTreeMap;

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::{Buddy, Names};
use crate::net::{Contact, Presence, UserName};

mod imp {
    use super::{Cell, Presence, gio, glib};
    use glib::prelude::*;
    use glib::subclass::prelude::*;

    #[derive(glib::Properties)]
    #[properties(wrapper_type = super::Section)]
    pub struct Section {
        pub presence: Cell<Presence>,
        pub people: gio::ListStore,
        /// How many people are in it.
        #[property(get)]
        pub count: Cell<u32>,
    }

    impl Default for Section {
        fn default() -> Self {
            Self { presence: Cell::default(), people: gio::ListStore::new::<super::Buddy>(), count: Cell::default() }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Section {
        const NAME: &'static str = "KlatchSection";
        type Type = super::Section;
    }

    #[glib::derived_properties]
    impl ObjectImpl for Section {}
}

glib::wrapper! {
    /// The people of one presence.
    pub struct Section(ObjectSubclass<imp::Section>);
}

impl Section {
    fn new(presence: Presence) -> Self {
        let section: Self = glib::Object::new();
        section.imp().presence.set(presence);
        section
    }

    /// Which presence its people have.
    pub fn presence(&self) -> Presence {
        self.imp().presence.get()
    }

    /// Its people, each a [`Buddy`], sorted by name.
    pub fn people(&self) -> &gio::ListStore {
        &self.imp().people
    }

    fn show(&self, wanted: &[Buddy]) {
        merge(self.people(), wanted, Buddy::order);
        let count = self.people().n_items();
        if self.imp().count.replace(count) != count {
            self.notify_count();
        }
    }
}

/// Everybody who is there but oneself.
#[derive(Debug)]
pub struct Roster {
    everybody: RefCell<BTreeMap<UserName, Buddy>>,
    sections: [Section; 3],
    shown: gio::ListStore,
    search: RefCell<String>,
    names: Names,
    own_name: RefCell<Option<UserName>>,
    /// The pictures of those who are there, and of some who may come back.
    pictures: RefCell<BTreeMap<UserName, glib::Object>>,
    own_picture: RefCell<Option<glib::Object>>,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            everybody: RefCell::default(),
            sections: Presence::ALL.map(Section::new),
            shown: gio::ListStore::new::<Section>(),
            search: RefCell::default(),
            names: Names::default(),
            own_name: RefCell::default(),
            pictures: RefCell::default(),
            own_picture: RefCell::default(),
        }
    }
}

impl Roster {
    /// The sections that have somebody to show, each a [`Section`].
    pub fn sections(&self) -> &gio::ListStore {
        &self.shown
    }

    /// How many people are there, shown or not.
    pub fn len(&self) -> usize {
        self.everybody.borrow().len()
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.everybody.borrow().is_empty()
    }

    /// Somebody, by name.
    pub fn get(&self, name: &UserName) -> Option<Buddy> {
        self.everybody.borrow().get(name).cloned()
    }

    /// Everybody, sorted by name as in the lists.
    pub fn people(&self) -> Vec<Buddy> {
        let mut people: Vec<_> = self.everybody.borrow().values().cloned().collect();
        people.sort_by(Buddy::order);
        people
    }

    /// Takes over the whole list. Objects of people who stay are kept, so that selections and unread counts stay.
    pub fn update(&self, contacts: &[Contact]) {
        let mut before = self.everybody.take();
        let (there, arrivals): (Vec<_>, Vec<_>) =
            contacts.iter().partition(|contact| before.contains_key(&contact.name));
        if !arrivals.is_empty() {
            let own_name = self.own_name.borrow();
            let others = there.iter().map(|contact| &contact.name).chain(&*own_name);
            self.names.tell_apart(others, arrivals.into_iter());
        }
        let now = contacts
            .iter()
            .map(|contact| {
                let buddy = before.remove(&contact.name).unwrap_or_else(|| self.arrived(contact));
                buddy.set_status(Some(&contact.status));
                buddy.set_is_blocked(contact.is_blocked);
                (contact.name.clone(), buddy)
            })
            .collect();
        self.everybody.replace(now);
        self.refresh();
    }

    fn arrived(&self, contact: &Contact) -> Buddy {
        let buddy = Buddy::new(&contact.name, &self.names);
        buddy.set_picture(self.pictures.borrow().get(&contact.name).cloned());
        buddy
    }

    /// Takes over what somebody looks like, who need not be there; `None` if that is not known any more.
    pub fn set_picture(&self, of: &UserName, picture: Option<glib::Object>) {
        if let Some(buddy) = self.get(of) {
            buddy.set_picture(picture.clone());
        }
        let mut pictures = self.pictures.borrow_mut();
        match picture {
            Some(picture) => drop(pictures.insert(of.clone(), picture)),
            None => drop(pictures.remove(of)),
        }
    }

    /// Forgets what everybody looks like.
    pub fn clear_pictures(&self) {
        for of in self.pictures.take().keys() {
            self.set_picture(of, None);
        }
    }

    /// What people are called.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Takes over what one is called oneself: nobody else is called so.
    pub fn set_own_name(&self, name: &UserName) {
        self.own_name.replace(Some(name.clone()));
    }

    /// Takes over what one looks like oneself.
    pub fn set_own_picture(&self, picture: Option<glib::Object>) {
        self.own_picture.replace(picture);
    }

    /// What one looks like oneself.
    pub fn own_picture(&self) -> Option<glib::Object> {
        self.own_picture.borrow().clone()
    }

    /// Shows only people whose name has these words; all of them for an empty text.
    pub fn set_search(&self, text: &str) {
        text.trim().clone_into(&mut self.search.borrow_mut());
        self.refresh();
    }

    fn refresh(&self) {
        let search = self.search.borrow();
        let mut wanted: [Vec<Buddy>; 3] = Default::default();
        for buddy in self.people() {
            let section = Presence::ALL.iter().position(|presence| buddy.presence() == Some(*presence));
            if let Some(people) = section.and_then(|section| wanted.get_mut(section))
                && buddy.matches(&search)
            {
                people.push(buddy);
            }
        }
        for (section, people) in self.sections.iter().zip(&wanted) {
            section.show(people);
        }
        let sections: Vec<_> = self.sections.iter().filter(|section| section.count() > 0).cloned().collect();
        merge(&self.shown, &sections, |a, b| a.presence().cmp(&b.presence()));
    }
}

/// Makes a sorted list equal to another one with as few changes as that needs: what stays is not touched, so that
/// rows, selections and the scroll position stay as well.
fn merge<T: IsA<glib::Object>>(list: &gio::ListStore, wanted: &[T], order: impl Fn(&T, &T) -> Ordering) {
    let mut at = 0;
    for item in wanted {
        loop {
            let present = list.item(at).and_downcast::<T>();
            match present.map(|present| order(&present, item)) {
                Some(Ordering::Equal) if list.item(at).as_ref() == Some(item.upcast_ref()) => break,
                Some(Ordering::Less | Ordering::Equal) => list.remove(at),
                Some(Ordering::Greater) | None => {
                    list.insert(at, item);
                    break;
                }
            }
        }
        at += 1;
    }
    let surplus = list.n_items() - at;
    if surplus > 0 {
        list.splice(at, surplus, &[] as &[T]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Status;

    fn contacts(people: &[(&str, &str)]) -> Vec<Contact> {
        people
            .iter()
            .map(|(name, status)| Contact::at_server(UserName::received(name), Status::received(status)))
            .collect()
    }

    fn shown(roster: &Roster) -> Vec<(Presence, Vec<String>)> {
        roster
            .sections()
            .iter::<Section>()
            .map(|section| {
                let section = section.unwrap();
                let names = section.people().iter::<Buddy>().map(|buddy| buddy.unwrap().name().to_string()).collect();
                (section.presence(), names)
            })
            .collect()
    }

    #[test]
    fn people_are_grouped_and_sorted() {
        let roster = Roster::default();
        assert!(shown(&roster).is_empty());
        roster.update(&contacts(&[("carol", "away: lunch"), ("Bob", "online"), ("alice", "at home"), ("dan", "busy")]));
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            shown(&roster),
            [
                (Presence::Online, names(&["alice", "Bob"])),
                (Presence::Away, names(&["carol"])),
                (Presence::Busy, names(&["dan"]))
            ]
        );
        roster.update(&contacts(&[("carol", "online"), ("Bob", "online")]));
        assert_eq!(shown(&roster), [(Presence::Online, names(&["Bob", "carol"]))]);
    }

    #[test]
    fn who_stays_is_the_same_object() {
        let roster = Roster::default();
        roster.update(&contacts(&[("bob", "online"), ("carol", "online")]));
        let bob = roster.get(&UserName::received("bob")).unwrap();
        bob.set_unread(3);
        roster.update(&contacts(&[("alice", "online"), ("bob", "busy: writing")]));
        let again = roster.get(&UserName::received("bob")).unwrap();
        assert_eq!(bob, again);
        assert_eq!((again.unread(), again.status(), again.presence()), (3, "writing".into(), Some(Presence::Busy)));
    }

    #[test]
    fn the_search_takes_all_words_in_any_case() {
        let roster = Roster::default();
        roster.update(&contacts(&[("Bob Smith", "online"), ("Bob Jones", "away"), ("carol", "online")]));
        roster.set_search("  SMI bo");
        assert_eq!(shown(&roster), [(Presence::Online, vec!["Bob Smith".to_owned()])]);
        assert_eq!(roster.len(), 3);
        roster.set_search("nobody");
        assert!(shown(&roster).is_empty());
        roster.set_search("");
        assert_eq!(shown(&roster).len(), 2);
    }

    #[test]
    fn a_merge_touches_only_what_differs() {
        let roster = Roster::default();
        roster.update(&contacts(&[("a", ""), ("b", ""), ("c", ""), ("d", "")]));
        let people = roster.sections().item(0).and_downcast::<Section>().unwrap().people().clone();
        let changes = std::rc::Rc::new(RefCell::new(vec![]));
        people.connect_items_changed({
            let changes = changes.clone();
            move |_, at, removed, added| changes.borrow_mut().push((at, removed, added))
        });
        roster.update(&contacts(&[("a", ""), ("bb", ""), ("c", "")]));
        assert_eq!(*changes.borrow(), [(1, 1, 0), (1, 0, 1), (3, 1, 0)]);
    }
}
