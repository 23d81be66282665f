//! What the user of a node wants.

use std::sync::Arc;

use super::chat::{Chat, Note};
use super::invitations::Refused;
use super::notes::Text;
use super::{Action, CHATS, MEMBERS, Moment, Node, Reply, problem};
use crate::net::command::{Command, MessageId};
use crate::net::event::{EndReason, Event, NetErrorKind, Said};
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::limits;
use crate::protocol::social::PeerRequest;

impl Node {
    pub(super) fn command(&mut self, command: Command, moment: Moment, out: &mut Vec<Action>) {
        match command {
            Command::Start { with } => self.start(with, out),
            Command::Answer { conversation, accept } => self.answer(&conversation, accept, moment, out),
            Command::Join(conversation) => self.answer(&conversation, true, moment, out),
            Command::Say { conversation, body, id } => self.say(&conversation, body, id, moment, out),
            Command::Leave(id) => self.leave_chat(&id, EndReason::Left, out),
            Command::Block { name, blocked } => {
                self.people.block(&name, blocked, out);
                if blocked {
                    self.withdraw_where(|invitation| invitation.from.name == name, out);
                }
                if blocked || !self.people.is_known(&name) {
                    // From a blocked initiator one does not hear any more who is in the chat, or that it is over.
                    self.freeze_chats_of(&name);
                } else {
                    self.returned(&name, out);
                }
            }
            Command::ListConversations => {
                let all = self.chats.iter().map(|(id, chat)| (id.clone(), chat.shown.members.clone())).collect();
                out.push(Action::Emit(Event::Listed(all)));
            }
            // These concern neither people nor chats.
            Command::Connect(_)
            | Command::Disconnect
            | Command::RetryNow
            | Command::SetStatus(_)
            | Command::AskUserInfo(_)
            | Command::ListFiles(_)
            | Command::Fetch { .. }
            | Command::Offer { .. }
            | Command::AnswerOffer { .. }
            | Command::Cancel(_)
            | Command::AddPeer(_)
            | Command::RemovePeer(_)
            | Command::Share(_)
            | Command::SetDownloads(_)
            | Command::SetUserInfo(_) => {}
        }
    }

    /// Goes out of a chat, and tells those who have to know; one's own is closed.
    pub(super) fn leave_chat(&mut self, id: &ConversationId, why: EndReason, out: &mut Vec<Action>) {
        let Some(chat) = self.chats.get(id) else { return };
        let (wire, from) = (chat.wire.clone(), self.me.clone());
        let (to, request): (Vec<UserName>, _) = if chat.is_own {
            // Those who are still asked need not answer any more, and those who are lost hear of it if they come back.
            let more = chat.shown.awaited.iter().chain(&chat.shown.unasked).cloned();
            (chat.others().into_iter().chain(more).collect(), PeerRequest::CloseChat { chat: wire, from })
        } else {
            (chat.shown.initiator.iter().cloned().collect(), PeerRequest::Goodbye { chat: wire, from })
        };
        let request = Arc::new(request);
        for name in to {
            self.note(&name, Note::new(Arc::clone(&request)), out);
        }
        self.end(id, why, out);
    }

    fn start(&mut self, with: Vec<UserName>, out: &mut Vec<Action>) {
        let mut invited = Vec::new();
        for name in with {
            if !self.people.is_known(&name) {
                out.push(problem(NetErrorKind::UnknownPeer, &name.shown()));
            } else if name != self.me && !invited.contains(&name) && invited.len() < MEMBERS {
                invited.push(name);
            }
        }
        if invited.is_empty() {
            return;
        }
        if self.chats.len() >= CHATS {
            out.push(problem(NetErrorKind::TooManyConversations, ""));
            return;
        }
        // Random, because others choose ids too; small, because people read them and students print them with %d.
        let id = std::iter::repeat_with(|| ConversationId::Int(i64::from(fastrand::u32(1_000..1_000_000_000))))
            .find(|id| !self.chats.contains_key(id) && !self.invitations.contains_key(id));
        let Some(id) = id else { return };
        self.chats.insert(id.clone(), Chat::own(id.clone(), self.me.clone(), invited.clone()));
        for name in invited {
            self.invite(&id, &name, out);
        }
    }

    fn answer(&mut self, id: &ConversationId, accept: bool, moment: Moment, out: &mut Vec<Action>) {
        let Some(invitation) = self.invitations.remove(id) else {
            out.push(problem(NetErrorKind::NotInConversation, &id.to_string()));
            return;
        };
        let has_room = self.chats.len() < CHATS;
        if accept && !has_room {
            out.push(problem(NetErrorKind::TooManyConversations, ""));
        }
        let accept = accept && has_room;
        out.push(Action::Reply(invitation.reply, if accept { Reply::Ack } else { Reply::Nack }));
        if accept {
            let initiator = invitation.from.name;
            let mut chat = Chat::of(initiator.clone(), invitation.wire, id.clone(), self.me.clone());
            chat.accepted_by = Some(invitation.reply);
            chat.heard_initiator(invitation.at);
            // They may have gone since, of which their connection need not tell.
            chat.freeze(chat.is_beyond(&initiator, &self.people.ports(&initiator)));
            self.chats.insert(id.clone(), chat);
        } else {
            self.refused.push(Refused::new(invitation, moment.now));
        }
    }

    fn say(&mut self, id: &ConversationId, body: String, message: MessageId, moment: Moment, out: &mut Vec<Action>) {
        let me = self.me.clone();
        let (chat, others) = match self.chats.get(id) {
            Some(chat) if body.len() <= limits::TEXT_BYTES => (chat.wire.clone(), chat.others()),
            chat => {
                let refusal = match chat {
                    Some(_) => problem(NetErrorKind::TooLong, ""),
                    None => problem(NetErrorKind::NotInConversation, &id.to_string()),
                };
                out.extend(Event::unsaid(id.clone(), me, body, message, moment.wall).map(Action::Emit));
                out.push(refusal);
                return;
            }
        };
        if others.is_empty() {
            // There is nobody to send it to; it is not kept for those who come later.
            out.extend(Event::unsaid(id.clone(), me, body, message, moment.wall).map(Action::Emit));
            return;
        }
        out.push(Action::Emit(Event::Said(Said {
            conversation: id.clone(),
            from: me.clone(),
            body: body.clone(),
            at: moment.wall,
            own: Some(message),
        })));
        let request = Arc::new(PeerRequest::Message { chat, from: me, body });
        self.texts.insert(message, Text::to(others.clone()));
        for name in others {
            let note = Note { request: Arc::clone(&request), message: Some((id.clone(), message)), tries: 0 };
            let ports = self.people.ports(&name);
            if self.chats.get(id).is_some_and(|chat| chat.is_beyond(&name, &ports)) {
                self.undelivered(&name, &note, true);
            } else {
                self.note(&name, note, out);
            }
        }
    }
}
