//! The texts that were said and may still turn out not to have arrived.

use std::collections::BTreeMap;

use super::REMEMBERED;
use crate::net::{ConversationId, Delivery, MessageId};

#[derive(Debug, Default)]
pub(super) struct Said(BTreeMap<MessageId, Text>);

#[derive(Debug)]
struct Text {
    conversation: ConversationId,
    /// That somebody misses it yet was told.
    is_told: bool,
}

impl Said {
    /// A text is said.
    pub(super) fn add(&mut self, id: MessageId, conversation: ConversationId) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_first();
        }
        self.0.insert(id, Text { conversation, is_told: false });
    }

    /// There is news of a text: in which conversation it was said, if the news is bad and was not told before.
    pub(super) fn bad_news(&mut self, id: MessageId, state: Delivery) -> Option<ConversationId> {
        match state {
            // A server that is lost may not have relayed what was sent to it.
            Delivery::Sending | Delivery::Sent => None,
            Delivery::Delivered => {
                self.0.remove(&id);
                None
            }
            Delivery::Partial => {
                let text = self.0.get_mut(&id)?;
                (!std::mem::replace(&mut text.is_told, true)).then(|| text.conversation.clone())
            }
            Delivery::Missed | Delivery::Uncertain | Delivery::Failed => {
                self.0.remove(&id).map(|text| text.conversation)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_news_is_told_once_and_also_after_better_news() {
        let mut said = Said::default();
        let conversation = ConversationId::Int(7);
        for (id, news, expected) in [
            (1, vec![Delivery::Sent, Delivery::Uncertain, Delivery::Failed], vec![Delivery::Uncertain]),
            (
                2,
                vec![Delivery::Partial, Delivery::Partial, Delivery::Missed],
                vec![Delivery::Partial, Delivery::Missed],
            ),
            (3, vec![Delivery::Partial, Delivery::Delivered, Delivery::Failed], vec![Delivery::Partial]),
        ] {
            said.add(MessageId(id), conversation.clone());
            let told: Vec<_> =
                news.into_iter().filter(|state| said.bad_news(MessageId(id), *state).is_some()).collect();
            assert_eq!(told, expected, "{id}");
        }
        for id in 0..2 * REMEMBERED as u64 {
            said.add(MessageId(id), conversation.clone());
        }
        assert_eq!(said.0.len(), REMEMBERED);
    }
}
