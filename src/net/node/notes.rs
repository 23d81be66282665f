//! What a node tells others, in order and again if need be, and what becomes of each text.

use super::chat::Note;
use super::{Action, Answer, AskKey, Moment, Node, Purpose, delivery};
use crate::net::command::MessageId;
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
    }
}

impl Node {
    /// Tells somebody something of a chat, after everything that was to be told before.
    pub(super) fn note(&mut self, to: &UserName, note: Note, out: &mut Vec<Action>) {
        if self.people.is_out_of_reach(to) {
            // It waits behind one that did not arrive.
            self.undelivered(to, &note, false, out);
        }
        if let Some(dropped) = self.people.queue(to, note) {
            self.undelivered(to, &dropped, true, out);
        }
        self.send_notes(to, out);
    }

    /// Sends the next note to somebody, if none is on its way to them.
    pub(super) fn send_notes(&mut self, to: &UserName, out: &mut Vec<Action>) {
        if let Some(note) = self.people.next_note(to) {
            self.ask(to, note.request.clone(), Purpose::Note { to: to.clone(), note }, out);
        }
    }

    pub(super) fn ask(&mut self, to: &UserName, request: PeerRequest, purpose: Purpose, out: &mut Vec<Action>) {
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
                chat.answered(&name, answer);
                let is_out = answer == Answer::No && chat.lost.contains(&name);
                chat.show(out);
                if answer == Answer::Yes {
                    self.announce(&id, out);
                } else if is_out {
                    self.tell_out(&id, &name, out);
                }
            }
            Some(Purpose::Note { to, mut note }) => {
                if answer == Answer::Unreachable {
                    let gave_up = !self.people.failed(&to, &mut note, moment.now);
                    self.undelivered(&to, &note, gave_up, out);
                    if !gave_up {
                        self.people.put_back(&to, note);
                    }
                } else {
                    self.people.succeeded(&to);
                    self.delivered(&to, &note, out);
                }
                self.send_notes(&to, out);
            }
        }
    }

    pub(super) fn delivered(&mut self, to: &UserName, note: &Note, out: &mut Vec<Action>) {
        let Some((chat, message)) = &note.message else { return };
        if let Some(chat) = self.chats.get_mut(chat) {
            chat.reached(to);
            chat.show(out);
        }
        if let Some(text) = self.texts.get_mut(message) {
            text.pending.retain(|name| name != to);
            text.missed.retain(|name| name != to);
            text.reached += 1;
            self.tell_delivery(*message, out);
        }
    }

    /// A note did not arrive; it is tried again unless it was given up.
    pub(super) fn undelivered(&mut self, to: &UserName, note: &Note, gave_up: bool, out: &mut Vec<Action>) {
        let Some((chat, message)) = &note.message else { return };
        if let Some(chat) = self.chats.get_mut(chat) {
            chat.unreached(to);
            chat.show(out);
        }
        if let Some(text) = self.texts.get_mut(message) {
            if gave_up {
                text.give_up(to);
            } else if !text.missed.contains(to) {
                text.missed.push(to.clone());
            }
            self.tell_delivery(*message, out);
        }
    }

    /// Tells what is known of a text, if that is final or somebody is known to miss it.
    pub(super) fn tell_delivery(&mut self, message: MessageId, out: &mut Vec<Action>) {
        let Some(text) = self.texts.get_mut(&message) else { return };
        let missing: Vec<UserName> = text.missed.iter().chain(&text.failed).cloned().collect();
        text.is_told |= !missing.is_empty();
        if !text.pending.is_empty() {
            if text.is_told {
                out.push(delivery(message, Delivery::Partial, missing));
            }
            return;
        }
        let state = match (text.failed.is_empty(), text.reached) {
            (true, _) => Delivery::Delivered,
            (false, 0) => Delivery::Failed,
            (false, _) => Delivery::Missed,
        };
        self.texts.remove(&message);
        out.push(delivery(message, state, missing));
    }

    /// One goes offline, and does not hear any more what becomes of the texts that are on their way.
    pub(super) fn give_up_texts(&mut self, out: &mut Vec<Action>) {
        for message in self.texts.keys().copied().collect::<Vec<_>>() {
            let Some(text) = self.texts.get_mut(&message) else { continue };
            for to in text.pending.clone().iter().filter(|to| self.people.is_out_of_reach(to)) {
                text.give_up(to);
            }
            if text.pending.is_empty() {
                self.tell_delivery(message, out);
            } else {
                self.texts.remove(&message);
                out.push(delivery(message, Delivery::Uncertain, Vec::new()));
            }
        }
    }

    /// Tells all members of a chat of ours who is in it.
    pub(super) fn announce(&mut self, id: &ConversationId, out: &mut Vec<Action>) {
        let Some(chat) = self.chats.get(id) else { return };
        // They look for the names that they have themselves.
        let members = chat.shown.members.iter().map(|name| self.people.own_name(name)).collect();
        let request = PeerRequest::ChatStatus { chat: chat.wire.clone(), from: self.me.clone(), members };
        for name in chat.others() {
            self.people.supersede(&name, &request);
            self.note(&name, Note::new(request.clone()), out);
        }
    }
}
