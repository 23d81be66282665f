//! What a node tells others, in order and again if need be, and what becomes of each text.

use std::sync::Arc;
use std::time::Instant;

use super::chat::{Kind, Note};
use super::pace::Pace;
use super::{Action, Answer, AskKey, Moment, Node, Purpose, delivery};
use crate::net::event::Delivery;
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::social::PeerRequest;

/// What has become of a text of one's own so far.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// To whom it is on its way.
    pub(super) pending: Vec<UserName>,
    /// Who will not get it.
    pub(super) failed: Vec<UserName>,
    /// To whom it could not be told at the first attempt, of those to whom it is on its way.
    missed: Vec<UserName>,
    /// How many have it.
    reached: usize,
    /// The user interface knows that somebody misses it, or did.
    is_told: bool,
    pace: Pace,
}

impl Text {
    /// A text that goes to these people.
    pub(super) fn to(pending: Vec<UserName>) -> Self {
        Self { pending, ..Self::default() }
    }

    /// It will not reach this person.
    pub(super) fn give_up(&mut self, to: &UserName) {
        self.pending.retain(|name| name != to);
        self.missed.retain(|name| name != to);
        self.failed.push(to.clone());
        self.pace.changed();
    }

    /// It has not reached this person yet.
    fn miss(&mut self, to: &UserName) {
        if !self.missed.contains(to) {
            self.missed.push(to.clone());
            self.pace.changed();
        }
    }

    /// This person has it.
    fn reach(&mut self, to: &UserName) {
        self.pending.retain(|name| name != to);
        self.missed.retain(|name| name != to);
        self.reached += 1;
        self.pace.changed();
    }

    /// How it stands and who misses it.
    fn standing(&self) -> (Delivery, Vec<UserName>) {
        let state = match (self.pending.is_empty(), self.failed.is_empty(), self.reached) {
            (false, ..) => Delivery::Partial,
            (true, true, _) => Delivery::Delivered,
            (true, false, 0) => Delivery::Failed,
            (true, false, _) => Delivery::Missed,
        };
        (state, self.missed.iter().chain(&self.failed).cloned().collect())
    }

    /// What is to be told of it now: how it ends, or that somebody is known to miss it.
    fn news(&mut self, now: Instant) -> Option<(Delivery, Vec<UserName>)> {
        self.is_told |= !self.missed.is_empty() || !self.failed.is_empty();
        let is_due = self.pending.is_empty() || self.is_told && self.pace.is_due(now);
        is_due.then(|| self.standing())
    }

    /// When there is more to tell, if it was too early for that.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pace.deadline()
    }
}

impl Node {
    /// Tells somebody something of a chat, after everything that was to be told before.
    pub(super) fn note(&mut self, to: &UserName, note: Note, out: &mut Vec<Action>) {
        if self.people.is_out_of_reach(to) {
            // It waits behind one that did not arrive.
            self.undelivered(to, &note, false);
        }
        if let Some(dropped) = self.people.queue(to, note) {
            self.give_up(to, dropped, out);
        }
        self.send_notes(to, out);
    }

    /// Sends the next note to somebody, if none is on its way to them.
    pub(super) fn send_notes(&mut self, to: &UserName, out: &mut Vec<Action>) {
        if let Some(note) = self.people.next_note(to) {
            self.ask(to, Arc::clone(&note.request), Purpose::Note { to: to.clone(), note }, out);
        }
    }

    pub(super) fn ask(&mut self, to: &UserName, request: Arc<PeerRequest>, purpose: Purpose, out: &mut Vec<Action>) {
        let ask = AskKey(self.next_ask);
        self.next_ask += 1;
        self.asks.insert(ask, purpose);
        let addresses = self.people.addresses(to).unwrap_or_default();
        out.push(Action::Ask { ask, name: to.clone(), to: addresses, request });
    }

    pub(super) fn asked(&mut self, ask: AskKey, answer: Answer, moment: Moment, out: &mut Vec<Action>) {
        match self.asks.remove(&ask) {
            None => {}
            Some(Purpose::Invite { chat: id, name }) => {
                let Some(chat) = self.chats.get_mut(&id) else {
                    if answer == Answer::Yes {
                        // Accepted when the chat was closed already.
                        let request = PeerRequest::CloseChat { chat: id, from: self.me.clone() };
                        self.note(&name, Note::new(request), out);
                    }
                    return;
                };
                chat.answered(&name, answer, moment.now);
                let is_out = answer == Answer::No && chat.lost.contains(&name);
                if answer == Answer::Yes {
                    self.announce(&id, out);
                } else if is_out {
                    self.tell_out(&id, &name, out);
                }
            }
            Some(Purpose::Note { to, mut note }) => {
                if answer == Answer::Unreachable {
                    if self.people.failed(&to, &mut note, moment.now) {
                        self.undelivered(&to, &note, false);
                        self.people.put_back(&to, note);
                    } else {
                        self.give_up(&to, note, out);
                    }
                } else {
                    self.people.succeeded(&to);
                    self.delivered(&to, &note);
                }
                self.send_notes(&to, out);
            }
        }
    }

    fn delivered(&mut self, to: &UserName, note: &Note) {
        let Some((chat, message)) = &note.message else { return };
        if let Some(chat) = self.chats.get_mut(chat) {
            chat.reached(to);
        }
        if let Some(text) = self.texts.get_mut(message) {
            text.reach(to);
        }
    }

    /// A note has not arrived and is not tried again. Nobody must go by an old list for good: who has not heard who is in a
    /// chat counts as lost there, and is asked back when they are found or heard; last words are kept until then.
    fn give_up(&mut self, to: &UserName, note: Note, out: &mut Vec<Action>) {
        self.undelivered(to, &note, true);
        match note.kind() {
            Kind::Text => {}
            Kind::List(chat) => self.missed_list(chat, to, out),
            Kind::LastWord => self.people.keep(to, note),
        }
    }

    /// A note did not arrive; it is tried again unless it was given up.
    pub(super) fn undelivered(&mut self, to: &UserName, note: &Note, gave_up: bool) {
        let Some((chat, message)) = &note.message else { return };
        if let Some(chat) = self.chats.get_mut(chat) {
            chat.unreached(to);
        }
        if let Some(text) = self.texts.get_mut(message) {
            if gave_up {
                text.give_up(to);
            } else {
                text.miss(to);
            }
        }
    }

    /// Tells what is known of the texts, as far as it is news, and forgets those of which all is told.
    pub(super) fn tell_texts(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.texts.retain(|message, text| {
            out.extend(text.news(now).map(|(state, missing)| delivery(*message, state, missing)));
            !text.pending.is_empty()
        });
    }

    /// One goes offline, and does not hear any more what becomes of the texts that are on their way.
    pub(super) fn give_up_texts(&mut self, out: &mut Vec<Action>) {
        for (message, mut text) in std::mem::take(&mut self.texts) {
            for to in text.pending.clone().iter().filter(|to| self.people.is_out_of_reach(to)) {
                text.give_up(to);
            }
            let is_known = text.pending.is_empty();
            let (state, missing) = if is_known { text.standing() } else { (Delivery::Uncertain, Vec::new()) };
            out.push(delivery(message, state, missing));
        }
    }

    /// Tells all members of a chat of ours who is in it.
    pub(super) fn announce(&mut self, id: &ConversationId, out: &mut Vec<Action>) {
        let Some(chat) = self.chats.get(id) else { return };
        // They look for the names that they have themselves.
        let members = chat.shown.members.iter().map(|name| self.people.own_name(name)).collect();
        let request = Arc::new(PeerRequest::ChatStatus { chat: chat.wire.clone(), from: self.me.clone(), members });
        for name in chat.others() {
            self.note(&name, Note::new(Arc::clone(&request)), out);
        }
    }
}
