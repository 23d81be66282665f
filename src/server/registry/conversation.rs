//! One conversation: who is in it, who may come, and what its members call it.

use std::collections::{BTreeMap, BTreeSet};

use super::ClientKey;
use crate::protocol::ident::{ConversationId, NameKey, UserName};

pub(super) struct Member {
    pub(super) client: ClientKey,
    /// The id as this client writes it, where that is not the number as we wrote it: it gets back what it sent.
    pub(super) writes: Option<Box<ConversationId>>,
}

#[derive(Default)]
pub(super) struct Conversation {
    /// Who has made it; may have gone.
    pub(super) inviter: ClientKey,
    pub(super) members: Vec<Member>,
    pub(super) invited: Vec<ClientKey>,
    /// Those whose connection was lost: they may enter again, but do not keep the conversation alive.
    pub(super) may_return: BTreeSet<NameKey>,
}

impl Conversation {
    pub(super) fn position(&self, client: ClientKey) -> Option<usize> {
        self.members.iter().position(|member| member.client == client)
    }

    pub(super) fn clients(&self) -> Vec<ClientKey> {
        self.members.iter().map(|member| member.client).collect()
    }
}

/// What one conversation without members takes in the list: its id and an empty list of names.
pub(super) const CONVERSATION_BYTES: usize = 16;

pub(super) fn member_bytes(name: &UserName) -> usize {
    name.as_str().len() + 5
}

/// Longest text that is taken for one of our numbers, in bytes: it is kept as long as its writer is a member.
const ID_BYTES: usize = 32;

/// The conversation that a client means: our number, in whatever type it writes it.
pub(super) fn find<'a>(
    conversations: &'a mut BTreeMap<i64, Conversation>,
    id: &ConversationId,
) -> Option<(i64, &'a mut Conversation)> {
    let read = |text: &str| (text.len() <= ID_BYTES).then(|| text.trim().parse().ok())?;
    let number = match id {
        ConversationId::Int(number) => *number,
        ConversationId::Text(text) => read(text)?,
        ConversationId::Bytes(bytes) => read(std::str::from_utf8(bytes).ok()?)?,
        // The text of a whole float has no fraction, and that of any other is no whole number.
        ConversationId::Float(bits) => f64::from_bits(*bits).to_string().parse().ok()?,
        ConversationId::BigInt(_) | ConversationId::Bool(_) => return None,
    };
    Some((number, conversations.get_mut(&number)?))
}

pub(super) fn as_written(id: ConversationId, number: i64) -> Option<Box<ConversationId>> {
    (id != ConversationId::Int(number)).then(|| Box::new(id))
}
