//! Peer mode, pure: what comes from the network and from the user goes in, what to send and what to tell comes out.
//!
//! No socket and no clock: whoever owns those calls [`Node::handle`] with the time, and again at [`Node::deadline`].
//! Files and what one tells about oneself are not the node's: it knows people and chats.
//!
//! Every name in a request is a claim. It counts only if the connection comes from an address at which discovery knows
//! somebody of that name; then only the initiator changes a chat, and only a member speaks in it.

mod absence;
mod chat;
mod commands;
mod early;
mod invitations;
mod notes;
mod pace;
mod people;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use self::chat::{Chat, Note};
use self::early::EarlyTexts;
use self::invitations::{Invitation, Refused};
use self::notes::Text;
use self::people::People;
use super::command::{Command, MessageId};
use super::event::{Delivery, EndReason, Event, NetError, NetErrorKind};
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::social::{PeerRequest, instance_name};
use crate::protocol::status::Status;

/// Most chats at once.
const CHATS: usize = 200;
/// Most members of a chat: each message goes to every one of them.
const MEMBERS: usize = 500;

/// The time, as a node needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// For deadlines.
    pub(super) now: Instant,
    /// For people.
    pub(super) wall: SystemTime,
}

/// Identifies a request of somebody that has not been answered yet; unlike all others since the program began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ReplyKey(pub(super) u64);

/// Identifies a request of ours that has not been answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AskKey(pub(super) u64);

/// What can happen to a node.
#[derive(Debug)]
pub(super) enum Input {
    /// Others know us by this name now; it differs from the wanted one if that was taken.
    Named(UserName),
    /// Somebody is there, or has changed.
    Found {
        /// Who.
        name: UserName,
        /// Their status.
        status: Status,
        /// Where they can be reached, the best first.
        addresses: Vec<SocketAddr>,
    },
    /// Somebody is gone.
    Lost(UserName),
    /// Somebody wants something that concerns people or chats.
    Request {
        /// From which address.
        from: IpAddr,
        /// What.
        request: PeerRequest,
        /// Where the reply goes.
        reply: ReplyKey,
    },
    /// Whoever wanted something does not wait for the reply any more, or has not taken it.
    Abandoned(ReplyKey),
    /// What became of a request of ours.
    Asked {
        /// Which one.
        ask: AskKey,
        /// What the other side replied, or why there is no reply.
        answer: Answer,
    },
    /// The user wants something.
    Command(Command),
    /// The deadline has come.
    Tick,
}

/// What became of a request of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The other side has read it and closed, with no reply or with `ACK`.
    Yes,
    /// It has replied `NACK`, or nothing sensible where `ACK` or `NACK` was due.
    No,
    /// It could not be reached.
    Unreachable,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// Tell the user interface.
    Emit(Event),
    /// Send a request on a connection of its own.
    Ask {
        /// What [`Input::Asked`] will name it by.
        ask: AskKey,
        /// Whom.
        name: UserName,
        /// Where to, the best address first.
        to: Vec<SocketAddr>,
        /// What.
        request: Arc<PeerRequest>,
    },
    /// Reply to a request and close.
    Reply(ReplyKey, Reply),
    /// Look whether somebody is still there. Others can cause it as often as they like.
    Verify(UserName),
}

/// What is to be told to one person at the end.
#[derive(Debug, PartialEq)]
pub(super) struct Farewell {
    /// Where they are, the best address first.
    pub(super) to: Vec<SocketAddr>,
    /// What, in order.
    pub(super) requests: Vec<Arc<PeerRequest>>,
}

/// What is replied to a request about chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Nothing: the connection is closed.
    Nothing,
    /// The invitation is accepted.
    Ack,
    /// It is refused.
    Nack,
}

/// Why something was asked.
#[derive(Debug)]
enum Purpose {
    /// To get somebody into a chat.
    Invite { chat: ConversationId, name: UserName },
    /// To tell somebody something of a chat.
    Note { to: UserName, note: Note },
}

impl Purpose {
    /// Whether it is this person who was asked.
    fn is_of(&self, somebody: &UserName) -> bool {
        match self {
            Self::Invite { name, .. } | Self::Note { to: name, .. } => name == somebody,
        }
    }
}

/// Everybody who is there and everything that is said, as far as this peer knows.
#[derive(Debug)]
pub(super) struct Node {
    me: UserName,
    service_type: String,
    people: People,
    chats: BTreeMap<ConversationId, Chat>,
    invitations: BTreeMap<ConversationId, Invitation>,
    refused: Vec<Refused>,
    asks: BTreeMap<AskKey, Purpose>,
    next_ask: u64,
    /// Texts that are on their way to several people.
    texts: BTreeMap<MessageId, Text>,
    early: EarlyTexts,
}

impl Node {
    /// A node that knows nobody yet.
    pub(super) fn new(me: UserName, service_type: &str) -> Self {
        Self {
            me,
            service_type: service_type.to_owned(),
            people: People::default(),
            chats: BTreeMap::new(),
            invitations: BTreeMap::new(),
            refused: Vec::new(),
            asks: BTreeMap::new(),
            next_ask: 0,
            texts: BTreeMap::new(),
            early: EarlyTexts::default(),
        }
    }

    /// The name by which others know us.
    pub(super) fn me(&self) -> &UserName {
        &self.me
    }

    /// Where somebody can be reached; `None` if nobody of that name is known.
    pub(super) fn addresses(&self, name: &UserName) -> Option<Vec<SocketAddr>> {
        self.people.addresses(name)
    }

    /// Who is behind a connection from this address, if they are who they say.
    pub(super) fn verified(&self, claimed: &UserName, from: IpAddr) -> Option<UserName> {
        let name = self.bare(claimed);
        self.people.is_at(&name, from).then_some(name)
    }

    /// Somebody calls themselves by another name than that by which they are known here: what they ask by it, and what is
    /// said of it, is theirs from now on. The first such name of a person counts, unless somebody else has it.
    pub(super) fn calls_themselves(&mut self, person: &UserName, claimed: &UserName) {
        let own_name = self.bare(claimed);
        if own_name != self.me {
            self.people.calls_themselves(person, own_name);
        }
    }

    /// Everybody at this address.
    pub(super) fn people_at(&self, address: IpAddr) -> Vec<UserName> {
        self.people.at(address)
    }

    /// Whether the user wants to hear nothing from whoever this is.
    pub(super) fn is_blocked_name(&self, claimed: &UserName) -> bool {
        self.people.is_blocked(&self.bare(claimed))
    }

    /// Whether the user wants to hear nothing from this address.
    pub(super) fn is_blocked(&self, from: IpAddr) -> bool {
        self.people.is_blocked_address(from)
    }

    /// Takes one input and says what is to be done, in order.
    pub(super) fn handle(&mut self, input: Input, moment: Moment) -> Vec<Action> {
        let mut out = Vec::new();
        match input {
            Input::Named(name) => self.rename(name, &mut out),
            Input::Found { name, status, addresses } => {
                if name != self.me {
                    if self.people.is_another_program(&name, &addresses) {
                        self.people.forget(&name);
                        self.gone(&name, &mut out);
                    }
                    self.people.found(name.clone(), status, addresses, &mut out);
                    self.returned(&name, &mut out);
                    self.send_notes(&name, &mut out);
                }
            }
            Input::Lost(name) => {
                self.people.lost(&name, &mut out);
                self.gone(&name, &mut out);
            }
            Input::Request { from, request, reply } => self.request(from, request, reply, moment, &mut out),
            Input::Abandoned(reply) => self.abandoned(reply, moment.now, &mut out),
            Input::Asked { ask, answer } => self.asked(ask, answer, moment, &mut out),
            Input::Command(command) => self.command(command, moment, &mut out),
            Input::Tick => {}
        }
        self.tick(moment, &mut out);
        for chat in self.chats.values_mut() {
            chat.show(moment.now, &mut out);
        }
        self.tell_texts(moment.now, &mut out);
        self.admit_early_texts(moment.now, &mut out);
        out
    }

    /// When to call [`Self::handle`] with [`Input::Tick`] at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let invitations = self.invitations.values().map(|invitation| invitation.until).min();
        let chats = self.chats.values().filter_map(Chat::deadline).min();
        let texts = self.texts.values().filter_map(Text::deadline).min();
        [invitations, chats, texts, self.early.deadline(), self.people.deadline()].into_iter().flatten().min()
    }

    /// A name as it came over the wire, without the service type that some write behind it; for whoever is known here by
    /// another name, that one.
    pub(super) fn bare(&self, name: &UserName) -> UserName {
        let name = UserName::received(instance_name(name.as_str(), &self.service_type));
        if name == self.me { name } else { self.people.known_as(name) }
    }

    fn tick(&mut self, moment: Moment, out: &mut Vec<Action>) {
        self.withdraw_where(|invitation| invitation.until <= moment.now, out);
        for name in self.people.due(moment.now) {
            self.send_notes(&name, out);
        }
        self.ask_again(moment.now, out);
    }

    /// Others know us by another name from now on. In a chat everybody goes by their name, and no request tells of a new
    /// one, so that all chats are over: to whoever has the old name now, they would listen as to us.
    fn rename(&mut self, name: UserName, out: &mut Vec<Action>) {
        if name != self.me {
            self.leave_all(out);
            self.me = name;
        }
    }

    /// Ends all chats and refuses all invitations.
    fn leave_all(&mut self, out: &mut Vec<Action>) {
        self.withdraw_where(|_| true, out);
        for id in self.chats.keys().cloned().collect::<Vec<_>>() {
            self.leave_chat(&id, EndReason::Offline, out);
        }
    }

    /// Nobody takes a reply: what it answers, or has accepted, is over.
    fn abandoned(&mut self, reply: ReplyKey, now: Instant, out: &mut Vec<Action>) {
        self.take_back(|invitation| invitation.reply == reply, now, out);
        let chat = self.chats.iter().find(|(_, chat)| chat.accepted_by == Some(reply));
        if let Some(id) = chat.map(|(id, _)| id.clone()) {
            self.end(&id, EndReason::TooLate, out);
        }
    }

    /// Somebody has left a chat of one's own.
    fn left(&mut self, id: &ConversationId, name: &UserName, out: &mut Vec<Action>) {
        let Some(chat) = self.chats.get_mut(id) else { return };
        let was_member = chat.leave(name);
        if was_member {
            self.announce(id, out);
        }
    }

    fn end(&mut self, id: &ConversationId, why: EndReason, out: &mut Vec<Action>) {
        if let Some(chat) = self.chats.remove(id) {
            chat.end(why, out);
        }
    }

    /// Ends everything: the user goes offline. What is to be told to each person is in order, for one after the other.
    pub(super) fn leave(mut self) -> (Vec<Event>, Vec<Farewell>) {
        let mut out = Vec::new();
        self.give_up_texts(&mut out);
        self.people.hold();
        self.leave_all(&mut out);
        let farewells = self.people.farewells();
        self.people.clear(&mut out);
        let events = out.into_iter().filter_map(|action| match action {
            Action::Emit(event) => Some(event),
            Action::Ask { .. } | Action::Reply(..) | Action::Verify(_) => None,
        });
        (events.collect(), farewells)
    }
}

fn delivery(id: MessageId, state: Delivery, missing: Vec<UserName>) -> Action {
    Action::Emit(Event::Delivery { id, state, missing })
}

fn problem(kind: NetErrorKind, detail: &str) -> Action {
    Action::Emit(Event::Problem(NetError::with(kind, detail)))
}
