//! Who is in which conversation, as the server tells it, and when to ask for it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{ANSWER, Action, Moment, Session, room};
use crate::net::event::Event;
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::im::ClientMessage;

/// How often the members are asked for, at a server that does not tell them by itself.
pub(super) const POLL: Duration = Duration::from_secs(3);
/// The same for a server that has never answered.
pub(super) const SLOW_POLL: Duration = Duration::from_mins(1);

/// What is known about how the server tells the members of conversations.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Requests that are not answered yet.
    pub(super) open: u32,
    pub(super) asked_at: Option<Instant>,
    /// It has told them without being asked.
    pub(super) pushes: bool,
    /// It has let a request go unanswered, and has never answered one.
    pub(super) mute: bool,
    pub(super) answered: bool,
}

impl Session {
    /// Takes back invitations of people who have gone to conversations that nobody is in.
    fn withdraw_stale(&mut self, all: &BTreeMap<ConversationId, Vec<UserName>>, out: &mut Vec<Action>) {
        let is_stale =
            |(id, from): &(&ConversationId, &UserName)| !self.is_there(from) && all.get(*id).is_none_or(Vec::is_empty);
        let stale: Vec<ConversationId> = self.invitations.iter().filter(is_stale).map(|(id, _)| id.clone()).collect();
        for conversation in stale {
            self.invitations.remove(&conversation);
            out.push(Action::Emit(Event::Uninvited { conversation }));
        }
    }

    pub(super) fn conversations(
        &mut self,
        all: BTreeMap<ConversationId, Vec<UserName>>,
        moment: Moment,
        out: &mut Vec<Action>,
    ) {
        match self.lists.open.checked_sub(1) {
            Some(open) => self.lists.open = open,
            None => self.lists.pushes = true,
        }
        self.lists.answered = true;
        self.lists.mute = false;
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
        if std::mem::take(&mut self.list_wanted) {
            out.push(Action::Emit(Event::Listed(all)));
        }
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
            None
        } else if self.lists.open > 0 {
            Some(asked_at + ANSWER)
        } else if self.lists.mute {
            Some(asked_at + SLOW_POLL)
        } else if self.lists.pushes {
            None
        } else {
            Some(asked_at + POLL)
        }
    }
}
