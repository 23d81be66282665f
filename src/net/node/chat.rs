//! One chat: who is in it, and what of it is on its way to whom.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::pace::Pace;
use super::people::RETRIES;
use super::{Action, Answer, ReplyKey};
use crate::net::command::MessageId;
use crate::net::event::{Conversation, EndReason, Event, Phase};
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::social::PeerRequest;

/// Something of a chat that is to be told to one person.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// The same for all to whom it goes: a text may be long, and they may be many.
    pub(super) request: Arc<PeerRequest>,
    /// For a text of one's own: in which conversation, and by what the user interface knows it.
    pub(super) message: Option<(ConversationId, MessageId)>,
    /// How often it was tried in vain.
    pub(super) tries: u32,
}

impl Note {
    /// A note that is no text.
    pub(super) fn new(request: impl Into<Arc<PeerRequest>>) -> Self {
        Self { request: request.into(), message: None, tries: 0 }
    }

    pub(super) fn kind(&self) -> Kind<'_> {
        match &*self.request {
            PeerRequest::Message { .. } => Kind::Text,
            PeerRequest::ChatStatus { chat, .. } => Kind::List(chat),
            _ => Kind::LastWord,
        }
    }
}

/// What is lost if a note does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A text, of which the user is told.
    Text,
    /// Who is in this chat: everybody would have a list of their own.
    List(&'a ConversationId),
    /// That a chat is over, or that one has left it.
    LastWord,
}

/// A chat that one is in.
#[derive(Debug)]
pub(super) struct Chat {
    /// Its id on the wire, which its initiator has chosen.
    pub(super) wire: ConversationId,
    /// Oneself has started it, and owns the list of its members.
    pub(super) is_own: bool,
    /// The reply by which oneself has accepted the invitation to it.
    pub(super) accepted_by: Option<ReplyKey>,
    pub(super) shown: Conversation,
    /// Who was in it when discovery lost them, and may believe to be so still.
    pub(super) lost: BTreeSet<UserName>,
    /// At which ports its initiator was when they were last heard in it; nothing in one's own.
    heard_at: BTreeSet<u16>,
    /// How often those were asked again whom invitations did not reach, since the last of them was found or heard.
    tries: usize,
    /// When to ask them the next time.
    ask_at: Option<Instant>,
    /// What the user interface was told last.
    told: Option<Conversation>,
    pace: Pace,
}

impl Chat {
    /// A chat that oneself, who is `me`, has started with those who are invited.
    pub(super) fn own(wire: ConversationId, me: UserName, invited: Vec<UserName>) -> Self {
        let shown = Conversation::entered(wire.clone(), me.clone(), invited);
        Self::new(wire, true, Conversation { initiator: Some(me), ..shown })
    }

    /// A chat that `initiator` has invited oneself to, who is `me`; the user interface knows it as `id`. Nothing was heard of
    /// them in it yet.
    pub(super) fn of(initiator: UserName, wire: ConversationId, id: ConversationId, me: UserName) -> Self {
        let mut shown = Conversation::entered(id, me, Vec::new());
        shown.members.push(initiator.clone());
        let mut chat = Self::new(wire, false, Conversation { initiator: Some(initiator), ..shown });
        chat.settle();
        chat
    }

    fn new(wire: ConversationId, is_own: bool, shown: Conversation) -> Self {
        let mut pace = Pace::default();
        pace.changed();
        Self {
            wire,
            is_own,
            accepted_by: None,
            shown,
            lost: BTreeSet::new(),
            heard_at: BTreeSet::new(),
            tries: 0,
            ask_at: None,
            told: None,
            pace,
        }
    }

    /// Whether it is a chat of this other person.
    pub(super) fn is_initiated_by(&self, name: &UserName) -> bool {
        !self.is_own && self.shown.initiator.as_ref() == Some(name)
    }

    /// All members but oneself, who is always the first.
    pub(super) fn others(&self) -> Vec<UserName> {
        self.shown.members.iter().skip(1).cloned().collect()
    }

    pub(super) fn has_other(&self, name: &UserName) -> bool {
        self.shown.members.iter().skip(1).any(|member| member == name)
    }

    /// Takes the members from the initiator's word, each of them once: who is named often does not get a text as often. Gives
    /// back who was one until now.
    pub(super) fn set_members(&mut self, members: Vec<UserName>, me: &UserName) -> Vec<UserName> {
        let mut taken = BTreeSet::new();
        let all = std::iter::once(me.clone()).chain(members);
        let members = all.filter(|name| taken.insert(name.clone())).collect();
        let mut before = std::mem::replace(&mut self.shown.members, members);
        before.retain(|name| !taken.contains(name));
        self.settle();
        before
    }

    /// Somebody is about to be invited.
    pub(super) fn expect(&mut self, name: &UserName) {
        self.shown.unasked.retain(|unasked| unasked != name);
        if !self.shown.awaited.contains(name) {
            self.shown.awaited.push(name.clone());
        }
        self.pace.changed();
    }

    /// Somebody who was invited has answered, or could not be asked.
    pub(super) fn answered(&mut self, name: &UserName, answer: Answer, now: Instant) {
        self.shown.awaited.retain(|awaited| awaited != name);
        match answer {
            Answer::Yes => {
                self.lost.remove(name);
                if !self.shown.members.contains(name) {
                    self.shown.members.push(name.clone());
                }
            }
            Answer::No => self.shown.declined.push(name.clone()),
            Answer::Unreachable => {
                self.shown.unasked.push(name.clone());
                if self.ask_at.is_none() {
                    self.ask_at = RETRIES.get(self.tries).map(|pause| now + *pause);
                }
            }
        }
        self.settle();
    }

    /// Somebody is found or heard who may be asked again: whatever kept the invitations away may be over.
    pub(super) fn begin_anew(&mut self) {
        self.tries = 0;
    }

    /// Who is to be asked again now, as invitations have not reached them.
    pub(super) fn due(&mut self, now: Instant) -> Option<Vec<UserName>> {
        self.ask_at.take_if(|at| *at <= now)?;
        self.tries += 1;
        Some(self.shown.unasked.clone())
    }

    /// Somebody has said goodbye; whether they were in it. They are not asked back.
    pub(super) fn leave(&mut self, name: &UserName) -> bool {
        self.lost.remove(name);
        self.shown.unasked.retain(|unasked| unasked != name);
        self.remove(name)
    }

    /// Discovery has lost somebody; whether they were in it. They are to be asked when they are back, if they were in it or
    /// have not answered.
    pub(super) fn lose(&mut self, name: &UserName) -> bool {
        let was_member = self.remove(name);
        let was_awaited = self.shown.awaited.contains(name);
        self.shown.awaited.retain(|awaited| awaited != name);
        if was_member {
            self.lost.insert(name.clone());
        }
        if was_member || was_awaited {
            self.shown.unasked.push(name.clone());
        }
        was_member
    }

    /// Whether it is one's own and somebody is to be asked as soon as they can be reached.
    pub(super) fn misses(&self, name: &UserName) -> bool {
        self.is_own && self.shown.unasked.contains(name)
    }

    fn remove(&mut self, name: &UserName) -> bool {
        let was_member = self.has_other(name);
        self.shown.members.retain(|member| member != name);
        self.settle();
        was_member
    }

    /// Its initiator, who is at these ports now, has said something that only whoever is in it can know.
    pub(super) fn heard_initiator(&mut self, at: BTreeSet<u16>) {
        self.freeze(false);
        self.heard_at = at;
    }

    /// Whether somebody who is at these ports now, or at none, is its initiator by name alone: the program that was in it is
    /// gone, and what is told to another one is told to nobody.
    pub(super) fn is_beyond(&self, name: &UserName, at: &BTreeSet<u16>) -> bool {
        self.is_initiated_by(name) && self.heard_at.is_disjoint(at)
    }

    pub(super) fn freeze(&mut self, frozen: bool) {
        if self.shown.is_frozen != frozen {
            self.shown.is_frozen = frozen;
            self.pace.changed();
        }
    }

    pub(super) fn unreached(&mut self, name: &UserName) {
        if self.has_other(name) && !self.shown.unreachable.contains(name) {
            self.shown.unreachable.push(name.clone());
            self.pace.changed();
        }
    }

    pub(super) fn reached(&mut self, name: &UserName) {
        if let Some(at) = self.shown.unreachable.iter().position(|unreachable| unreachable == name) {
            self.shown.unreachable.remove(at);
            self.pace.changed();
        }
    }

    /// Makes the rest fit the members.
    fn settle(&mut self) {
        let members = &self.shown.members;
        self.shown.unreachable.retain(|name| members.contains(name));
        self.shown.phase = if members.len() > 1 { Phase::Open } else { Phase::Waiting };
        self.pace.changed();
    }

    /// Tells how it stands, if that is news and may be told now.
    pub(super) fn show(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.pace.is_due(now) && self.told.as_ref() != Some(&self.shown) {
            self.told = Some(self.shown.clone());
            out.push(Action::Emit(Event::Conversation(self.shown.clone())));
        }
    }

    /// When it is to be shown, if it was too early for that, or somebody is to be asked again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pace.deadline().into_iter().chain(self.ask_at).min()
    }

    /// It is over for oneself.
    pub(super) fn end(mut self, why: EndReason, out: &mut Vec<Action>) {
        self.shown.phase = Phase::Ended(why);
        self.shown.awaited.clear();
        out.push(Action::Emit(Event::Conversation(self.shown)));
    }
}
