//! The ids of conversations that were told, by what they look like: `7` may be a number or text.

use std::collections::BTreeMap;

use super::{REMEMBERED, json};
use crate::net::ConversationId;

/// What ids look like that were told.
#[derive(Debug, Default)]
pub(super) struct Ids(BTreeMap<String, ConversationId>);

impl Ids {
    /// An id is told, to a person or to a program: some numbers do not look the same to both. One that was told before and
    /// looks the same goes first: else somebody who gives their conversation such an id would get what is for another.
    pub(super) fn remember(&mut self, id: &ConversationId) {
        for shown in [id.to_string(), json::shown_id(id)] {
            if self.0.len() < REMEMBERED {
                self.0.entry(shown).or_insert_with(|| id.clone());
            }
        }
    }

    /// The id that looks like this: one that was told, else a number, else text.
    pub(super) fn find(&self, text: &str) -> ConversationId {
        let number = || text.parse().map_or_else(|_| ConversationId::Text(text.into()), ConversationId::Int);
        self.0.get(text).cloned().unwrap_or_else(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_by_what_is_shown_of_it() {
        let floats = [0.0, -0.0, 1.5, 1e-5, 1e16, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let mut all: Vec<_> = floats.iter().map(|float: &f64| ConversationId::Float(float.to_bits())).collect();
        all.extend([
            ConversationId::Int(0),
            ConversationId::Int(-1),
            ConversationId::BigInt("123456789012345678901234567890".parse().unwrap()),
            ConversationId::Bool(true),
            ConversationId::Text("the room".into()),
            ConversationId::Text("turned\u{202e}".into()),
            ConversationId::Bytes(b"\xe9".as_slice().into()),
        ]);
        let mut ids = Ids::default();
        for id in &all {
            ids.remember(id);
        }
        for id in &all {
            assert_eq!(ids.find(&id.to_string()), *id);
            assert_eq!(ids.find(&json::shown_id(id)), *id);
        }
        ids.remember(&ConversationId::Text("0".into()));
        assert_eq!(ids.find("0"), ConversationId::Int(0), "what was told first");
        assert_eq!(ids.find("7"), ConversationId::Int(7), "nobody has told of it");
        assert_eq!(ids.find("seven"), ConversationId::Text("seven".into()));
    }
}
