//! Commands that wait until there is room for what comes of them.

use std::collections::HashMap;
use std::time::Duration;

use gtk::glib;
use gtk::subclass::prelude::*;

use super::super::transfer::Transfer;
use super::Client;
use crate::net::{Command, Direction, NetErrorKind, UserName};

/// How many files are got at once; the others are asked for when one of these has ended. Each has a row, and each row
/// costs time with every news of one of them. So many of one person are asked for all the same: they need not wait until
/// somebody else has sent theirs.
const UNDER_WAY: usize = 200;
const OF_EACH: usize = 4;
/// How long to wait for the network thread to take more.
const PAUSE: Duration = Duration::from_millis(100);

impl Client {
    /// Sends commands after those that wait already.
    pub(super) fn send_all(&self, commands: impl Iterator<Item = Command>) {
        self.imp().waiting.borrow_mut().extend(commands);
        if !self.imp().sends_later.get() {
            self.send_waiting();
        }
    }

    fn send_waiting(&self) {
        let imp = self.imp();
        imp.sends_later.set(false);
        let mut coming = Coming::of(&self.running_transfers());
        loop {
            let next = imp.waiting.borrow().iter().position(|command| coming.has_room_for(command));
            let Some(command) = next.and_then(|at| imp.waiting.borrow_mut().remove(at)) else { break };
            match self.send_quietly(command.clone()) {
                Ok(()) => coming.add(&command),
                Err(error) if error.kind == NetErrorKind::Busy => {
                    imp.waiting.borrow_mut().push_front(command);
                    break;
                }
                Err(error) => {
                    imp.waiting.take();
                    self.tell_problem(Some(error.into()));
                    return;
                }
            }
        }
        if imp.waiting.borrow().is_empty() {
            return;
        }
        imp.sends_later.set(true);
        glib::timeout_add_local_once(
            PAUSE,
            glib::clone!(
                #[weak(rename_to = client)]
                self,
                move || client.send_waiting()
            ),
        );
    }
}

/// The files that are coming.
struct Coming {
    total: usize,
    from: HashMap<UserName, usize>,
}

impl Coming {
    fn of(running: &[Transfer]) -> Self {
        let mut coming = Self { total: 0, from: HashMap::new() };
        for transfer in running.iter().filter_map(Transfer::now).filter(|now| now.direction == Direction::In) {
            coming.count(&transfer.peer);
        }
        coming
    }

    fn count(&mut self, peer: &UserName) {
        self.total += 1;
        *self.from.entry(peer.clone()).or_default() += 1;
    }

    /// Whether this may be sent now. Only what lets a file come has to wait for others.
    fn has_room_for(&self, command: &Command) -> bool {
        let Command::Fetch { from, .. } = command else { return true };
        self.total < UNDER_WAY || self.from.get(from).is_none_or(|count| *count < OF_EACH)
    }

    fn add(&mut self, command: &Command) {
        if let Command::Fetch { from, .. } = command {
            self.count(from);
        }
    }
}
