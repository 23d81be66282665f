//! Invitations of others: those that the user has not answered, and for a while those that are over.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{Action, Moment, Node, Reply, ReplyKey};
use crate::net::event::Event;
use crate::net::fairness::{Origin, Place, Places};
use crate::protocol::ident::{ConversationId, UserName};

/// How long an `INVITE` waits for the user; then it is refused.
pub(super) const INVITE: Duration = Duration::from_mins(2);
/// How many invitations may wait.
pub(super) const INVITATIONS: Places = Places { each: 5, all: 50 };
/// How long one that was refused or taken back keeps its place, and is refused when it comes again. Else somebody could have
/// the user asked hundreds of times a second. Shorter than the time after which a person tries once more.
pub(super) const REST: Duration = Duration::from_secs(10);

/// An `INVITE` that the user has not answered.
#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) wire: ConversationId,
    pub(super) from: Origin,
    /// At which ports they were then.
    pub(super) at: BTreeSet<u16>,
    pub(super) reply: ReplyKey,
    pub(super) until: Instant,
}

impl Invitation {
    /// Whether it is one of this person to this chat.
    pub(super) fn is(&self, wire: &ConversationId, from: &UserName) -> bool {
        self.wire == *wire && self.from.name == *from
    }
}

/// An invitation that the user has refused, or whoever sent it has taken back.
#[derive(Debug)]
pub(super) struct Refused {
    wire: ConversationId,
    from: Origin,
    until: Instant,
}

impl Refused {
    pub(super) fn new(Invitation { wire, from, .. }: Invitation, now: Instant) -> Self {
        Self { wire, from, until: now + REST }
    }
}

impl Node {
    /// Somebody invites to their chat.
    pub(super) fn invited(
        &mut self,
        address: IpAddr,
        wire: ConversationId,
        inviter: &UserName,
        reply: ReplyKey,
        moment: Moment,
        out: &mut Vec<Action>,
    ) {
        let verified = self.verified(inviter, address).filter(|name| !self.people.is_blocked(name));
        let Some(name) = verified else {
            out.push(Action::Reply(reply, Reply::Nack));
            return;
        };
        if let Some(id) = self.find(&wire, |chat| chat.is_initiated_by(&name)) {
            self.heard_in(&id, &name);
            // The initiator asks again: our ACK was lost on its way.
            out.push(Action::Reply(reply, Reply::Ack));
            return;
        }
        let (at, until) = (self.people.ports(&name), moment.now + INVITE);
        if let Some(known) = self.invitations.values_mut().find(|known| known.is(&wire, &name)) {
            // The user is being asked already; the answer goes to whoever asks now.
            let before = std::mem::replace(&mut known.reply, reply);
            (known.at, known.until) = (at, until);
            out.push(Action::Reply(before, Reply::Nothing));
            return;
        }
        self.refused.retain(|refused| refused.until > moment.now);
        let is_refused = self.refused.iter().any(|refused| refused.wire == wire && refused.from.name == name);
        let from = Origin { name, address };
        if is_refused || !self.make_room(&from, out) {
            out.push(Action::Reply(reply, Reply::Nack));
            return;
        }
        let id = self.local_id(&wire, &from.name);
        out.push(Action::Emit(Event::Invited { conversation: id.clone(), from: from.name.clone() }));
        self.invitations.insert(id, Invitation { wire, from, at, reply, until });
    }

    /// Whether somebody may have one more invitation, which may take the place of another.
    fn make_room(&mut self, newcomer: &Origin, out: &mut Vec<Action>) -> bool {
        let over = self.refused.iter().enumerate().map(|(at, refused)| (Err(at), &refused.from));
        let waiting = self.invitations.iter().map(|(id, known)| (Ok(id.clone()), &known.from));
        match INVITATIONS.find(over.chain(waiting), newcomer) {
            Place::Free => {}
            Place::InsteadOf(Ok(waiting)) => drop(self.withdraw(&waiting, out)),
            Place::InsteadOf(Err(over)) => drop(self.refused.remove(over)),
            Place::None => return false,
        }
        true
    }

    /// Whoever sent it takes an invitation back.
    pub(super) fn take_back(&mut self, is_it: impl Fn(&Invitation) -> bool, now: Instant, out: &mut Vec<Action>) {
        let Some((id, _)) = self.invitations.iter().find(|(_, invitation)| is_it(invitation)) else { return };
        let id = id.clone();
        let refused = self.withdraw(&id, out).map(|invitation| Refused::new(invitation, now));
        self.refused.extend(refused);
    }

    /// Refuses invitations that were not answered.
    pub(super) fn withdraw_where(&mut self, is_meant: impl Fn(&Invitation) -> bool, out: &mut Vec<Action>) {
        let meant = self.invitations.iter().filter(|(_, invitation)| is_meant(invitation));
        for id in meant.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.withdraw(&id, out);
        }
    }

    fn withdraw(&mut self, id: &ConversationId, out: &mut Vec<Action>) -> Option<Invitation> {
        let invitation = self.invitations.remove(id)?;
        out.push(Action::Reply(invitation.reply, Reply::Nack));
        out.push(Action::Emit(Event::Uninvited { conversation: id.clone() }));
        Some(invitation)
    }
}
