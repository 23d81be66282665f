//! Texts that are here before the initiator's word that their writer is a member: the two come over different
//! connections, so either can be first.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use super::{Action, Moment, Node};
use crate::net::event::{Event, Said};
use crate::protocol::ident::{ConversationId, UserName};

/// How long a text waits for that word.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most texts that wait; the oldest go first.
const TEXTS: usize = 64;

/// A text whose writer is who they say, but no member.
#[derive(Debug)]
struct EarlyText {
    wire: ConversationId,
    from: UserName,
    body: String,
    at: SystemTime,
    until: Instant,
}

/// All of them, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct EarlyTexts(VecDeque<EarlyText>);

impl EarlyTexts {
    pub(super) fn hold(&mut self, wire: ConversationId, from: UserName, body: String, moment: Moment) {
        if self.0.len() >= TEXTS {
            self.0.pop_front();
        }
        self.0.push_back(EarlyText { wire, from, body, at: moment.wall, until: moment.now + PATIENCE });
    }
}

impl Node {
    /// Lets those speak who are members by now, and forgets those who are not for too long.
    pub(super) fn admit_early_texts(&mut self, now: Instant, out: &mut Vec<Action>) {
        for text in std::mem::take(&mut self.early.0) {
            match self.find(&text.wire, |chat| chat.has_other(&text.from)) {
                Some(conversation) => {
                    let said = Said { conversation, from: text.from, body: text.body, at: text.at, own: None };
                    out.push(Action::Emit(Event::Said(said)));
                }
                None if text.until > now => self.early.0.push_back(text),
                None => {}
            }
        }
    }
}
