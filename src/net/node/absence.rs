//! Who is lost, and who is back: a network that is away for a while must not split a chat for good.
//!
//! The initiator takes out whom discovery has lost, who may know nothing of that, and invites them again when they are
//! back. A Klatch that is still in the chat accepts by itself; whoever does not come back is told to be out.

use std::collections::BTreeMap;
use std::time::Instant;

use super::chat::Note;
use super::{Action, AskKey, Node, Purpose};
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::social::PeerRequest;

impl Node {
    /// Discovery has lost somebody, or has found another program of theirs. Their invitations stay: the connection of each
    /// tells whether somebody still waits for the answer, and a refusal would say that the user has declined.
    pub(super) fn gone(&mut self, name: &UserName, out: &mut Vec<Action>) {
        for text in self.texts.values_mut().filter(|text| text.pending.contains(name)) {
            text.give_up(name);
        }
        self.freeze_chats_of(name);
        // Whatever comes of what is on its way to them: it counts as lost, and who was invited is asked anew.
        let (theirs, others) = std::mem::take(&mut self.asks).into_iter().partition(|(_, it)| it.is_of(name));
        self.asks = others;
        let theirs: BTreeMap<AskKey, Purpose> = theirs;
        for purpose in theirs.into_values() {
            if let Purpose::Note { note, .. } = purpose {
                self.people.keep(name, note);
            }
        }
        let mut without = Vec::new();
        for (id, chat) in self.chats.iter_mut().filter(|(_, chat)| chat.is_own) {
            if chat.lose(name) {
                without.push(id.clone());
            }
        }
        for id in without {
            self.announce(&id, out);
        }
    }

    /// Somebody is there, and can be reached as far as is known: perhaps an initiator or a member that was lost.
    pub(super) fn returned(&mut self, name: &UserName, out: &mut Vec<Action>) {
        if self.people.is_blocked(name) {
            return;
        }
        let ports = self.people.ports(name);
        for chat in self.chats.values_mut().filter(|chat| chat.is_initiated_by(name)) {
            // Another program knows nothing of it.
            chat.freeze(chat.is_beyond(name, &ports));
        }
        let without: Vec<ConversationId> =
            self.chats.iter().filter(|(_, chat)| chat.misses(name)).map(|(id, _)| id.clone()).collect();
        for id in without {
            self.ask_back(&id, name, out);
        }
    }

    /// Invites somebody who is found or heard and whom an invitation has not reached, or who was lost.
    fn ask_back(&mut self, id: &ConversationId, name: &UserName, out: &mut Vec<Action>) {
        if let Some(chat) = self.chats.get_mut(id) {
            chat.begin_anew();
        }
        self.invite(id, name, out);
    }

    /// Invites those again whom invitations have not reached, as far as they are there.
    pub(super) fn ask_again(&mut self, now: Instant, out: &mut Vec<Action>) {
        let due: Vec<_> = self.chats.iter_mut().filter_map(|(id, chat)| Some((id.clone(), chat.due(now)?))).collect();
        for (id, mut names) in due {
            names.retain(|name| self.people.is_known(name) && !self.people.is_blocked(name));
            for name in names {
                self.invite(&id, &name, out);
            }
        }
    }

    /// Invites somebody to a chat of one's own.
    pub(super) fn invite(&mut self, id: &ConversationId, name: &UserName, out: &mut Vec<Action>) {
        let Some(chat) = self.chats.get_mut(id) else { return };
        chat.expect(name);
        let request = PeerRequest::Invite { chat: chat.wire.clone(), from: self.me.clone() };
        self.ask(name, request.into(), Purpose::Invite { chat: id.clone(), name: name.clone() }, out);
    }

    /// Somebody who is no member speaks in a chat, which may be one's own: after a loss that they did not notice, they are
    /// asked back, or told that they are out if they were asked in vain.
    pub(super) fn spoken_to_by_outsider(&mut self, wire: &ConversationId, name: &UserName, out: &mut Vec<Action>) {
        let Some(id) = self.find(wire, |chat| chat.is_own) else { return };
        let Some(chat) = self.chats.get_mut(&id) else { return };
        if chat.misses(name) {
            self.ask_back(&id, name, out);
        } else if !chat.shown.awaited.contains(name) && chat.lost.remove(name) {
            self.tell_out(&id, name, out);
        }
    }

    /// Somebody has not heard who is in a chat of one's own, or that they are not.
    pub(super) fn missed_list(&mut self, wire: &ConversationId, name: &UserName, out: &mut Vec<Action>) {
        let Some(id) = self.find(wire, |chat| chat.is_own) else { return };
        let Some(chat) = self.chats.get_mut(&id) else { return };
        if chat.has_other(name) {
            chat.lose(name);
            self.announce(&id, out);
        } else {
            chat.lost.insert(name.clone());
        }
    }

    /// Tells somebody that they are in a chat of one's own no longer, and nothing of who is.
    pub(super) fn tell_out(&mut self, id: &ConversationId, name: &UserName, out: &mut Vec<Action>) {
        let Some(chat) = self.chats.get(id) else { return };
        let (chat, from) = (chat.wire.clone(), self.me.clone());
        let request = PeerRequest::ChatStatus { chat, members: vec![from.clone()], from };
        self.note(name, Note::new(request), out);
    }

    pub(super) fn freeze_chats_of(&mut self, initiator: &UserName) {
        for chat in self.chats.values_mut().filter(|chat| chat.is_initiated_by(initiator)) {
            chat.freeze(true);
        }
    }

    /// The initiator of a chat is still in it, or again, if it is they who speak in it.
    pub(super) fn heard_in(&mut self, id: &ConversationId, speaker: &UserName) {
        let ports = self.people.ports(speaker);
        if let Some(chat) = self.chats.get_mut(id).filter(|chat| chat.is_initiated_by(speaker)) {
            chat.heard_initiator(ports);
        }
    }
}
