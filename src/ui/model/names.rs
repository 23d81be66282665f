//! What people are called in the windows.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::net::{Contact, UserName};
use crate::ui::i18n::{gettext, gettext_f};

/// How many names a title or a notice spells out.
const ENUMERATED: usize = 4;
/// How many marks are kept of people who are not there any more.
const MARKS: usize = 500;

/// What people are called in the windows. Two names can look the same, by chance or out of malice: then the later one has
/// a mark behind it. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct Names {
    marked: Rc<RefCell<HashMap<UserName, String>>>,
}

impl Names {
    /// What somebody is called.
    pub fn called(&self, name: &UserName) -> String {
        self.marked.borrow().get(name).cloned().unwrap_or_else(|| name.to_string())
    }

    /// Some names, and how many more.
    pub fn enumeration(&self, names: &[UserName]) -> String {
        let shown = if names.len() > ENUMERATED + 1 { ENUMERATED } else { names.len() };
        let list = names.iter().take(shown).map(|name| self.called(name)).collect::<Vec<_>>().join(&gettext(", "));
        match names.len() - shown {
            0 => list,
            more => gettext_f("{names} and {n} more", &[("names", &list), ("n", &more.to_string())]),
        }
    }

    /// Marks those who arrive with a name that looks like that of one of the others: by their address, or with a number.
    pub(super) fn tell_apart<'a>(
        &self,
        others: impl Iterator<Item = &'a UserName>,
        arrivals: impl Iterator<Item = &'a Contact>,
    ) {
        let mut taken = HashMap::new();
        let mut there = HashSet::new();
        for name in others {
            *taken.entry(name.key()).or_insert(0) += 1;
            there.insert(name);
        }
        let mut marked = self.marked.borrow_mut();
        if marked.len() > MARKS {
            marked.retain(|name, _| there.contains(name));
        }
        for contact in arrivals {
            let count = taken.entry(contact.name.key()).or_insert(0_u32);
            *count += 1;
            if *count > 1 {
                let mark = contact.addresses.first().map_or_else(|| count.to_string(), |at| at.ip().to_string());
                let called = gettext_f("{name} ({mark})", &[("name", &contact.name.shown()), ("mark", &mark)]);
                marked.entry(contact.name.clone()).or_insert(called);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Status;

    fn name(text: &str) -> UserName {
        UserName::received(text)
    }

    fn contact(text: &str, at: &[&str]) -> Contact {
        let addresses = at.iter().map(|at| at.parse().unwrap()).collect();
        Contact { addresses, ..Contact::at_server(name(text), Status::default()) }
    }

    #[test]
    fn whoever_comes_later_with_a_name_that_looks_the_same_is_marked() {
        let names = Names::default();
        let (bob, alice) = (name("bob"), name("alice"));
        let eve = [contact("bob\u{200b}", &["10.0.0.66:4001", "[fe80::1]:4001"]), contact("carol", &[])];
        names.tell_apart([&bob, &alice].into_iter(), eve.iter());
        assert_eq!(
            ["bob", "bob\u{200b}", "carol"].map(|it| names.called(&name(it))),
            ["bob", "bob\u{200b} (10.0.0.66)", "carol"]
        );
        // Without an address, by how many there are; whoever was marked stays so.
        let more = [contact("bob ", &[]), contact("bob\u{200b}", &[])];
        names.tell_apart([&bob].into_iter(), more.iter());
        assert_eq!(names.enumeration(&["bob ", "bob\u{200b}"].map(name)), "bob  (2), bob\u{200b} (10.0.0.66)");
        // Of those who come together, the first in their order is as before.
        let both = [contact("Zoë", &["10.0.0.2:1"]), contact("Zoe\u{308}", &["10.0.0.3:1"])];
        let names = Names::default();
        names.tell_apart([].into_iter(), both.iter());
        assert_eq!(
            (names.called(&both[0].name), names.called(&both[1].name)),
            ("Zoë".into(), "Zoe\u{308} (10.0.0.3)".into())
        );
    }

    #[test]
    fn invented_names_take_no_more_than_a_limit() {
        let names = Names::default();
        for number in 0..2 * MARKS {
            let another = contact(&format!("bob{}", "\u{200b}".repeat(number + 1)), &[]);
            names.tell_apart([&name("bob")].into_iter(), [&another].into_iter());
        }
        assert!(names.marked.borrow().len() <= MARKS + 1);
    }
}
