//! What others ask of a node, and whether they may.

use std::net::IpAddr;

use super::chat::Chat;
use super::{Action, MEMBERS, Moment, Node, Reply, ReplyKey};
use crate::net::event::{EndReason, Event, Said};
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::social::PeerRequest;

impl Node {
    pub(super) fn request(
        &mut self,
        from: IpAddr,
        request: PeerRequest,
        reply: ReplyKey,
        moment: Moment,
        out: &mut Vec<Action>,
    ) {
        if let PeerRequest::Invite { chat, from: inviter } = request {
            return self.invited(from, chat, &inviter, reply, moment, out);
        }
        out.push(Action::Reply(reply, Reply::Nothing));
        match request {
            PeerRequest::ChatStatus { chat, from: owner, members } => {
                let Some(owner) = self.verified(&owner, from) else { return };
                let mut members: Vec<UserName> = members.iter().take(MEMBERS).map(|name| self.bare(name)).collect();
                let Some(id) = self.find(&chat, |chat| chat.is_initiated_by(&owner)) else { return };
                if !members.contains(&self.me) {
                    self.end(&id, EndReason::Removed, out);
                } else if let Some(chat) = self.chats.get_mut(&id) {
                    chat.heard_initiator(self.people.ports(&owner));
                    // Not every initiator lists itself.
                    if !members.contains(&owner) {
                        members.push(owner);
                    }
                    // Perhaps the initiator has found out sooner than oneself that they are not there any more.
                    let dropped = chat.set_members(members, &self.me).into_iter();
                    out.extend(dropped.filter(|name| self.people.is_known(name)).map(Action::Verify));
                }
            }
            PeerRequest::Message { chat, from: sender, body } => {
                let Some(sender) = self.verified(&sender, from) else { return };
                let Some(id) = self.find(&chat, |chat| chat.has_other(&sender)) else {
                    if self.find(&chat, |_| true).is_some() {
                        self.spoken_to_by_outsider(&chat, &sender, out);
                        self.early.hold(chat, sender, body, moment);
                    }
                    return;
                };
                self.heard_in(&id, &sender);
                if let Some(chat) = self.chats.get_mut(&id) {
                    chat.reached(&sender);
                }
                let said = Said { conversation: id, from: sender, body, at: moment.wall, own: None };
                out.push(Action::Emit(Event::Said(said)));
            }
            PeerRequest::Goodbye { chat, from: leaver } => {
                let Some(leaver) = self.verified(&leaver, from) else { return };
                if let Some(id) = self.find(&chat, |chat| chat.is_own) {
                    self.left(&id, &leaver, out);
                }
            }
            PeerRequest::CloseChat { chat, from: owner } => {
                let Some(owner) = self.verified(&owner, from) else { return };
                if let Some(id) = self.find(&chat, |chat| chat.is_initiated_by(&owner)) {
                    self.end(&id, EndReason::Closed, out);
                }
                self.take_back(|invitation| invitation.is(&chat, &owner), moment.now, out);
            }
            // Whoever owns the sockets answers these: they concern neither people nor chats.
            PeerRequest::GetUserInfo
            | PeerRequest::ListFiles
            | PeerRequest::GetFile(_)
            | PeerRequest::OfferFile { .. }
            | PeerRequest::Invite { .. } => {}
        }
    }

    /// The id by which the user interface knows a chat: the one on the wire, unless another initiator has chosen the
    /// same.
    pub(super) fn local_id(&self, wire: &ConversationId, initiator: &UserName) -> ConversationId {
        let taken = |id: &ConversationId| self.chats.contains_key(id) || self.invitations.contains_key(id);
        if !taken(wire) {
            return wire.clone();
        }
        let mut id = ConversationId::Text(format!("{wire} ({initiator})").into());
        let mut number = 2;
        while taken(&id) {
            id = ConversationId::Text(format!("{wire} ({initiator} {number})").into());
            number += 1;
        }
        id
    }

    /// The chat with this id on the wire that fits.
    pub(super) fn find(&self, wire: &ConversationId, fits: impl Fn(&Chat) -> bool) -> Option<ConversationId> {
        self.chats.iter().find(|(_, chat)| chat.wire == *wire && fits(chat)).map(|(id, _)| id.clone())
    }
}
