//! The name under which one is online, which need not be the one that was asked for.

use gtk::subclass::prelude::*;

use super::super::failure::Failure;
use super::Client;
use crate::net::UserName;

impl Client {
    /// Takes over the name under which one is online. If it is another one than was asked for, that is told once.
    pub(super) fn take_name(&self, name: &UserName) {
        let imp = self.imp();
        let before = imp.name.replace(Some(name.clone()));
        imp.roster.set_own_name(name);
        if self.is_online() && before.as_ref() == Some(name) {
            return;
        }
        let asked = imp.asked_name.borrow().clone().filter(|asked| asked != name);
        match (asked, self.problem()) {
            // Something worse stays: the status bar has the name as well.
            (Some(asked), None | Some(Failure::Renamed { .. })) => {
                self.tell_problem(Some(Failure::Renamed { asked, name: name.clone() }));
            }
            (None, Some(Failure::Renamed { .. })) => self.tell_problem(None),
            _ => {}
        }
    }
}
