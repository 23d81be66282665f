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

    /// When the next one has waited long enough: all wait for the same time.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.front().map(|text| text.until)
    }
}

impl Node {
    /// Lets those speak who are members by now. Texts that have waited too long are forgotten first: nobody is to read them
    /// long after, when their writer has become a member.
    pub(super) fn admit_early_texts(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.early.0.retain(|text| text.until > now);
        for text in std::mem::take(&mut self.early.0) {
            match self.find(&text.wire, |chat| chat.has_other(&text.from)) {
                Some(conversation) => {
                    let said = Said { conversation, from: text.from, body: text.body, at: text.at, own: None };
                    out.push(Action::Emit(Event::Said(said)));
                }
                None => self.early.0.push_back(text),
            }
        }
    }
}
