//! One conversation that one is in: its members, and what was said there and is not known to have arrived.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::{Action, Moment};
use crate::net::command::MessageId;
use crate::net::event::{Conversation, Delivery, EndReason, Event, Phase, Said};
use crate::protocol::ident::{ConversationId, NameKey, UserName};

/// A server that sends a text back to its sender does so within this; another one is believed to have it.
pub(super) const ECHO: Duration = Duration::from_secs(3);
/// Most texts that wait for their echo; a server that never sends any back must not make us keep them all.
const PENDING: usize = 256;
/// Most people that are shown in a conversation, and remembered to find it again after a lost connection.
const KNOWN: usize = 10_000;

/// A text of one's own whose echo has not come.
#[derive(Debug)]
struct Pending {
    id: MessageId,
    body: String,
    at: Instant,
    /// It was told to be sent already.
    told: bool,
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Room {
    me: UserName,
    shown: Conversation,
    /// What the user interface was told last.
    told: Option<Conversation>,
    /// Everybody else who was ever seen or awaited in it.
    known: BTreeSet<NameKey>,
    pending: VecDeque<Pending>,
    /// The server sends texts back to their sender.
    echoes: bool,
    /// The server has told its members at least once.
    is_listed: bool,
    /// How many lists in a row had it without oneself.
    absent: u32,
}

/// What a list of conversations says about this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// One is in it.
    In,
    /// One is not in it, but the list may be older than one's joining.
    Doubtful,
    /// It is over.
    Out(EndReason),
}

impl Room {
    pub(super) fn new(id: ConversationId, me: UserName, awaited: Vec<UserName>) -> Self {
        let known = awaited.iter().map(UserName::key).collect();
        let shown = Conversation::entered(id, me.clone(), awaited);
        Self { me, shown, told: None, known, pending: VecDeque::new(), echoes: false, is_listed: false, absent: 0 }
    }

    /// Tells how it stands, if that is news.
    pub(super) fn show(&mut self, out: &mut Vec<Action>) {
        if self.told.as_ref() != Some(&self.shown) {
            self.told = Some(self.shown.clone());
            out.push(Action::Emit(Event::Conversation(self.shown.clone())));
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.shown.phase == Phase::Interrupted
    }

    /// Takes its members from a list of all conversations; `None` if the list does not have it.
    pub(super) fn listed(&mut self, members: Option<&[UserName]>, out: &mut Vec<Action>) -> Standing {
        let others: Vec<NameKey> =
            members.unwrap_or_default().iter().filter(|name| **name != self.me).map(UserName::key).collect();
        if self.is_interrupted() {
            if !others.iter().any(|key| self.known.contains(key)) {
                return Standing::Out(EndReason::NotResumed);
            }
            out.push(Action::Send(crate::protocol::im::ClientMessage::Join(self.shown.id.clone())));
            self.absent = 0;
            self.take(members.unwrap_or_default(), others, out);
            return Standing::In;
        }
        let within = members.is_some_and(|list| list.contains(&self.me));
        if !within {
            // The list may have been made before our JOIN was read: only the second in a row counts.
            self.absent += 1;
            return if self.absent > 1 { Standing::Out(EndReason::Gone) } else { Standing::Doubtful };
        }
        self.absent = 0;
        self.take(members.unwrap_or_default(), others, out);
        Standing::In
    }

    fn take(&mut self, members: &[UserName], others: Vec<NameKey>, out: &mut Vec<Action>) {
        self.is_listed = true;
        let mut shown: Vec<UserName> = members.iter().take(KNOWN).cloned().collect();
        if !shown.contains(&self.me) {
            shown.push(self.me.clone());
        }
        self.shown.members = shown;
        self.shown.awaited.retain(|name| !others.contains(&name.key()));
        self.shown.phase = if others.is_empty() { Phase::Waiting } else { Phase::Open };
        self.remember(others);
        self.show(out);
    }

    fn remember(&mut self, others: impl IntoIterator<Item = NameKey>) {
        for key in others {
            if self.known.len() < KNOWN {
                self.known.insert(key);
            }
        }
    }

    /// Somebody has said something in it.
    pub(super) fn said(&mut self, from: UserName, body: String, own: bool, moment: Moment, out: &mut Vec<Action>) {
        if own {
            // Sent text is shown when it is said, so what comes back is only news of its delivery. A server may have
            // changed the text: then it is the oldest one that has come.
            let at = self.pending.iter().position(|pending| pending.body == body).unwrap_or(0);
            if let Some(pending) = self.pending.remove(at) {
                self.echoes = true;
                out.push(Action::Emit(delivered(pending.id, Delivery::Delivered)));
            }
            return;
        }
        if !self.is_listed && self.shown.members.len() < KNOWN {
            // A server that does not list members: who speaks is one.
            let key = from.key();
            let is_awaited = self.shown.awaited.iter().any(|name| name.key() == key);
            if is_awaited || !self.known.contains(&key) {
                self.shown.members.push(from.clone());
                self.shown.awaited.retain(|name| name.key() != key);
                self.shown.phase = Phase::Open;
                self.remember([key]);
                self.show(out);
            }
        }
        out.push(Action::Emit(Event::Said(Said {
            conversation: self.shown.id.clone(),
            from,
            body,
            at: moment.wall,
            own: None,
        })));
    }

    /// Takes note of a text of one's own that is being sent.
    pub(super) fn say(&mut self, body: String, id: MessageId, moment: Moment, out: &mut Vec<Action>) {
        out.push(Action::Emit(Event::Said(Said {
            conversation: self.shown.id.clone(),
            from: self.me.clone(),
            body: body.clone(),
            at: moment.wall,
            own: Some(id),
        })));
        if self.pending.len() >= PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(Pending { id, body, at: moment.now, told: false });
    }

    /// When the next text is believed to be sent though it did not come back.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pending.iter().find(|pending| !pending.told).map(|pending| pending.at + ECHO)
    }

    pub(super) fn tick(&mut self, moment: Moment, out: &mut Vec<Action>) {
        for pending in self.pending.iter_mut().filter(|pending| !pending.told) {
            if moment.now < pending.at + ECHO {
                break;
            }
            pending.told = true;
            out.push(Action::Emit(delivered(pending.id, Delivery::Sent)));
        }
    }

    /// The connection is lost.
    pub(super) fn interrupt(&mut self, moment: Moment, out: &mut Vec<Action>) {
        // A text that was written long ago to a server that sends nothing back is as sent as it can be. One that sends
        // texts back was perhaps not there any more.
        self.tick(moment, out);
        for pending in std::mem::take(&mut self.pending) {
            if self.echoes || !pending.told {
                out.push(Action::Emit(delivered(pending.id, Delivery::Uncertain)));
            }
        }
        self.shown.phase = Phase::Interrupted;
        self.absent = 0;
        self.show(out);
    }

    /// It is over for oneself.
    pub(super) fn end(mut self, why: EndReason, out: &mut Vec<Action>) {
        self.shown.phase = Phase::Ended(why);
        self.shown.awaited.clear();
        self.show(out);
    }
}

fn delivered(id: MessageId, state: Delivery) -> Event {
    Event::Delivery { id, state, missing: Vec::new() }
}
