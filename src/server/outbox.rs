//! What waits to be written to one connection, in order. No IO.

use std::collections::VecDeque;
use std::sync::Arc;

use super::lists::List;

/// Most bytes in one write.
const CHUNK: usize = 64 << 10;
/// More bytes than this, and the owner of the connection is not read from: it first takes what it has caused.
const HEAVY: usize = 64 << 10;
/// Most bytes that may wait, beside those in the kernel's buffers.
const LIMIT: usize = 256 << 10;
/// So many messages may wait, whatever their size.
const ALWAYS: usize = 4;
/// What a short message costs in memory beside its bytes.
const OVERHEAD: usize = 64;
/// A queue that has grown larger than this is given back when it is empty.
const KEPT: usize = 16;

enum Item {
    Bytes(Arc<[u8]>),
    /// Encoded at the last moment: so it is never out of date, and takes no memory while it waits.
    List(List),
}

/// The messages that wait for one connection.
#[derive(Default)]
pub(super) struct Outbox {
    items: VecDeque<Item>,
    /// How much of the first message is written already.
    written: usize,
    /// Bytes that wait, lists that are not encoded yet left out.
    bytes: usize,
    lists: [usize; 2],
}

impl Outbox {
    pub(super) fn push(&mut self, message: Arc<[u8]>) {
        self.bytes += message.len();
        self.items.push_back(Item::Bytes(message));
    }

    /// A list in its turn. One that waits already is enough, unless this one was asked for. Whether it was taken.
    pub(super) fn push_list(&mut self, list: List, asked: bool) -> bool {
        let wanted = asked || self.lists[list as usize] == 0;
        if wanted {
            self.lists[list as usize] += 1;
            self.items.push_back(Item::List(list));
        }
        wanted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many messages wait.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// How many bytes wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the first message is written in part.
    pub(super) fn is_mid_message(&self) -> bool {
        self.written > 0
    }

    /// Whether its owner should read before it says more.
    pub(super) fn is_heavy(&self) -> bool {
        self.cost() > HEAVY
    }

    /// Whether its owner is too slow to be kept.
    pub(super) fn is_over_limit(&self) -> bool {
        self.cost() > LIMIT && self.items.len() > ALWAYS
    }

    fn cost(&self) -> usize {
        self.bytes + self.items.len() * OVERHEAD
    }

    /// Forgets all but the rest of a message that is written in part, which the stream needs to stay readable.
    pub(super) fn clear_unwritten(&mut self) {
        let kept = usize::from(self.is_mid_message());
        self.items.truncate(kept);
        self.items.shrink_to_fit();
        self.lists = [0; 2];
        self.bytes = self.items.iter().map(Item::len).sum::<usize>() - self.written;
    }

    /// What to write next: at most so many messages, and not much more than [`CHUNK`]. `scratch` is for joining them.
    pub(super) fn chunk<'a>(
        &'a mut self,
        messages: usize,
        scratch: &'a mut Vec<u8>,
        mut encode: impl FnMut(List) -> Arc<[u8]>,
    ) -> &'a [u8] {
        let (mut count, mut size) = (0, 0);
        for item in self.items.iter_mut().take(messages) {
            if let Item::List(list) = *item {
                self.lists[list as usize] -= 1;
                let bytes = encode(list);
                self.bytes += bytes.len();
                *item = Item::Bytes(bytes);
            }
            if count > 0 && size + item.len() > CHUNK {
                break;
            }
            count += 1;
            size += item.len();
        }
        if count <= 1 {
            return match self.items.front() {
                Some(Item::Bytes(bytes)) => bytes.get(self.written..).unwrap_or_default(),
                _ => &[],
            };
        }
        scratch.clear();
        let mut skipped = self.written;
        for item in self.items.iter().take(count) {
            if let Item::Bytes(bytes) = item {
                scratch.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
            }
            skipped = 0;
        }
        scratch
    }

    /// So many bytes of the chunk are written.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.written += bytes;
        while let Some(length) = self.items.front().map(Item::len) {
            if length == 0 || self.written < length {
                break;
            }
            self.written -= length;
            self.items.pop_front();
        }
        if self.items.is_empty() && self.items.capacity() > KEPT {
            self.items = VecDeque::new();
        }
    }
}

impl Item {
    /// Bytes, 0 for a list that is not encoded yet.
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::List(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(list: List) -> Arc<[u8]> {
        match list {
            List::Users => b"users".as_slice().into(),
            List::Conversations => b"conversations".as_slice().into(),
        }
    }

    fn all(outbox: &mut Outbox, step: usize) -> Vec<u8> {
        let (mut scratch, mut taken) = (Vec::new(), Vec::new());
        while !outbox.is_empty() {
            let chunk = outbox.chunk(usize::MAX, &mut scratch, encode);
            let n = chunk.len().min(step);
            taken.extend_from_slice(&chunk[..n]);
            outbox.advance(n);
        }
        assert_eq!((outbox.bytes(), outbox.is_mid_message()), (0, false));
        taken
    }

    #[test]
    fn messages_leave_in_order_however_small_the_writes() {
        for step in [1, 2, 3, 7, 1000] {
            let mut outbox = Outbox::default();
            outbox.push(b"one".as_slice().into());
            outbox.push_list(List::Users, false);
            outbox.push(b"two".as_slice().into());
            assert_eq!(all(&mut outbox, step), b"oneuserstwo");
        }
    }

    #[test]
    fn a_list_that_waits_is_replaced_unless_it_was_asked_for() {
        let mut outbox = Outbox::default();
        assert!(outbox.push_list(List::Users, false));
        assert!(!outbox.push_list(List::Users, false));
        assert!(outbox.push_list(List::Conversations, true));
        assert!(!outbox.push_list(List::Conversations, false));
        assert!(outbox.push_list(List::Conversations, true));
        assert_eq!(all(&mut outbox, 1000), b"usersconversationsconversations");
        outbox.push_list(List::Users, false);
        assert_eq!(all(&mut outbox, 1000), b"users");
    }

    #[test]
    fn one_message_at_a_time_if_so_wanted() {
        let (mut outbox, mut scratch) = (Outbox::default(), Vec::new());
        outbox.push(b"one".as_slice().into());
        outbox.push(b"two".as_slice().into());
        assert_eq!(outbox.chunk(1, &mut scratch, encode), b"one");
        outbox.advance(2);
        assert!(outbox.is_mid_message());
        assert_eq!(outbox.chunk(1, &mut scratch, encode), b"e");
    }

    #[test]
    fn what_is_begun_is_kept_when_the_rest_is_dropped() {
        let mut outbox = Outbox::default();
        outbox.push(b"one".as_slice().into());
        outbox.push(b"two".as_slice().into());
        outbox.push_list(List::Users, false);
        outbox.advance(1);
        outbox.clear_unwritten();
        outbox.push(b"end".as_slice().into());
        assert_eq!(all(&mut outbox, 1000), b"neend");
        outbox.push(b"one".as_slice().into());
        outbox.clear_unwritten();
        assert_eq!((outbox.len(), outbox.bytes()), (0, 0));
    }

    #[test]
    fn a_few_messages_may_wait_whatever_their_size() {
        let large: Arc<[u8]> = vec![0; 1 << 20].into();
        let mut outbox = Outbox::default();
        for _ in 0..ALWAYS {
            outbox.push(Arc::clone(&large));
        }
        assert!(outbox.is_heavy() && !outbox.is_over_limit());
        outbox.push(large);
        assert!(outbox.is_over_limit());
        let mut outbox = Outbox::default();
        for _ in 0..=LIMIT / OVERHEAD {
            outbox.push(b"!".as_slice().into());
        }
        assert!(outbox.is_over_limit());
    }
}
