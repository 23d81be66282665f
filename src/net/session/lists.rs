//! Who is in which conversation, as the server tells it, and when to ask for it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{ANSWER, Action, Moment, Session, room};
use crate::net::event::{EndReason, Event};
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::im::ClientMessage;

/// How often the members are asked for, at a server that does not tell them by itself.
pub(super) const POLL: Duration = Duration::from_secs(3);
/// The same for a server that has never answered.
pub(super) const SLOW_POLL: Duration = Duration::from_mins(1);

/// How the server tells the members of conversations, as far as it has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Habit {
    #[default]
    Unknown,
    /// It has let a request go unanswered, and has never answered one.
    Mute,
    /// It has answered.
    Answers,
    /// It has told them without being asked.
    Pushes,
}

/// What was asked about the members of conversations, and what has come of it.
#[derive(Debug, Default)]
pub(super) struct Lists {
    habit: Habit,
    /// Requests whose answer is waited for.
    open: u32,
    /// Requests whose answer is not waited for any more, but may still come.
    late: u32,
    asked_at: Option<Instant>,
    /// The user has asked for the list.
    wanted: bool,
}

impl Lists {
    /// A list has come.
    fn came(&mut self) {
        let unanswered = if self.open > 0 { &mut self.open } else { &mut self.late };
        match unanswered.checked_sub(1) {
            Some(rest) => *unanswered = rest,
            None => self.habit = Habit::Pushes,
        }
        if self.habit != Habit::Pushes {
            self.habit = Habit::Answers;
        }
    }

    /// No list has come in time.
    fn give_up(&mut self) {
        self.late = self.late.saturating_add(self.open);
        self.open = 0;
        if self.habit == Habit::Unknown {
            self.habit = Habit::Mute;
        }
    }
}

impl Session {
    /// Takes back invitations of people who have gone to conversations that nobody is in.
    fn withdraw_stale(&mut self, all: &BTreeMap<ConversationId, Vec<UserName>>, out: &mut Vec<Action>) {
        for conversation in self.orphaned() {
            if all.get(&conversation).is_none_or(Vec::is_empty) {
                self.invitations.remove(&conversation);
                out.push(Action::Emit(Event::Uninvited { conversation }));
            }
        }
    }

    pub(super) fn conversations(
        &mut self,
        mut all: BTreeMap<ConversationId, Vec<UserName>>,
        moment: Moment,
        out: &mut Vec<Action>,
    ) {
        self.lists.came();
        for id in self.rooms.keys() {
            if let Some(members) = all.get_mut(id) {
                self.respell(members);
            }
        }
        let mut ask_again = false;
        let mut ended = Vec::new();
        for (id, room) in &mut self.rooms {
            match room.listed(all.get(id).map(Vec::as_slice), out) {
                room::Standing::In => {}
                room::Standing::Doubtful => ask_again = true,
                room::Standing::Out(why) => ended.push((id.clone(), why)),
            }
        }
        for (id, why) in ended {
            self.end(&id, why, out);
        }
        self.withdraw_stale(&all, out);
        if ask_again {
            self.ask_list(moment, out);
        }
        if std::mem::take(&mut self.lists.wanted) {
            out.push(Action::Emit(Event::Listed(all)));
        }
    }

    /// Asks for the list to show it to the user.
    pub(super) fn want_list(&mut self, moment: Moment, out: &mut Vec<Action>) {
        self.lists.wanted = true;
        self.ask_list(moment, out);
    }

    pub(super) fn ask_list(&mut self, moment: Moment, out: &mut Vec<Action>) {
        out.push(Action::Send(ClientMessage::ListConversations));
        self.lists.open = self.lists.open.saturating_add(1);
        self.lists.asked_at = Some(moment.now);
    }

    /// When to ask for the members next, or to stop waiting for them.
    pub(super) fn next_list(&self) -> Option<Instant> {
        let asked_at = self.lists.asked_at?;
        if self.rooms.is_empty() || !self.is_online() {
            return None;
        }
        if self.lists.open > 0 {
            return Some(asked_at + ANSWER);
        }
        match self.lists.habit {
            Habit::Unknown | Habit::Answers => Some(asked_at + POLL),
            Habit::Mute => Some(asked_at + SLOW_POLL),
            Habit::Pushes => None,
        }
    }

    /// Asks for the members or stops waiting for them, if the time for it has come.
    pub(super) fn list_due(&mut self, moment: Moment, out: &mut Vec<Action>) {
        if self.next_list().is_none_or(|at| at > moment.now) {
            return;
        }
        if self.lists.open == 0 {
            self.ask_list(moment, out);
            return;
        }
        self.lists.give_up();
        let unresumed = self.rooms.iter().filter(|(_, room)| room.is_interrupted());
        for id in unresumed.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.end(&id, EndReason::NotResumed, out);
        }
    }
}
