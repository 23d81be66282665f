//! The way out of the network thread: a queue that is bounded in events and in bytes.
//!
//! One message of a server may have 16 MiB, so that a bound on the number of events alone would let a hostile server
//! fill the memory of a client whose user interface does not keep up.

use std::sync::Arc;

use async_channel::{Receiver, RecvError, Sender, TryRecvError};
use tokio::sync::Semaphore;

use super::event::{Contact, Event};
use crate::protocol::ident::{ConversationId, UserName};

/// How many events may wait for the user interface; then the network thread stops reading, which slows the server down.
const EVENTS: usize = 1024;
/// How many bytes they may have. A larger one waits until it is the only one.
const BYTES: usize = 32 << 20;
/// What each takes beside its text, and each name in a list.
const OVERHEAD: usize = 64;

/// The news of the network thread, for the user interface. Clones share one queue.
#[derive(Clone, Debug)]
pub struct Events {
    queue: Receiver<(Event, usize)>,
    room: Arc<Semaphore>,
}

impl Events {
    /// The next event; an error once the network thread has ended.
    pub async fn recv(&self) -> Result<Event, RecvError> {
        self.queue.recv().await.map(|taken| self.take(taken))
    }

    /// The next event, if there is one already.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.queue.try_recv().map(|taken| self.take(taken))
    }

    /// Whether the network thread has to wait.
    #[cfg(test)]
    pub(super) fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Nobody takes events any more.
    pub(super) fn close(&self) {
        self.queue.close();
        self.room.close();
    }

    fn take(&self, (event, bytes): (Event, usize)) -> Event {
        self.room.add_permits(bytes);
        event
    }
}

/// The way into the queue. Clones share it.
#[derive(Clone, Debug)]
pub struct EventSender {
    queue: Sender<(Event, usize)>,
    room: Arc<Semaphore>,
}

impl EventSender {
    /// Tells the user interface. Waits as long as there is no room; `false` if nobody takes events any more.
    pub async fn send(&self, event: Event) -> bool {
        let bytes = size(&event).min(BYTES);
        let Ok(taken) = self.room.acquire_many(u32::try_from(bytes).unwrap_or(u32::MAX)).await else { return false };
        if self.queue.send((event, bytes)).await.is_err() {
            return false;
        }
        // Whoever takes the event gives them back.
        taken.forget();
        true
    }
}

/// Both ends. Public for whoever plays the network thread to a user interface.
pub fn queue() -> (EventSender, Events) {
    queue_for(EVENTS)
}

/// Both ends of a queue for so many events.
pub(super) fn queue_for(events: usize) -> (EventSender, Events) {
    let (outbox, queue) = async_channel::bounded(events);
    let room = Arc::new(Semaphore::new(BYTES));
    (EventSender { queue: outbox, room: Arc::clone(&room) }, Events { queue, room })
}

/// Bytes of memory that an event takes, about.
fn size(event: &Event) -> usize {
    OVERHEAD
        + match event {
            Event::Roster(contacts) => contacts.iter().map(contact).sum(),
            Event::Stranger { name: stranger, .. } => name(stranger),
            Event::Invited { conversation, from } => id(conversation) + name(from),
            Event::Uninvited { conversation } => id(conversation),
            Event::Conversation(it) => {
                let all = [&it.members, &it.awaited, &it.declined, &it.unasked, &it.unreachable];
                id(&it.id) + all.into_iter().map(|list| names(list)).sum::<usize>()
            }
            Event::Said(said) => id(&said.conversation) + name(&said.from) + said.body.len(),
            Event::Delivery { missing, .. } => names(missing),
            Event::Listed(all) => all.iter().map(|(of, members)| id(of) + names(members)).sum(),
            Event::UserInfo { info, .. } => {
                let fields = info.fields.iter().map(|(field, value)| OVERHEAD + field.len() + value.len());
                fields.sum::<usize>() + info.picture.as_ref().map_or(0, Vec::len)
            }
            Event::Picture { of, picture } => name(of) + picture.as_ref().map_or(0, Vec::len),
            Event::Files { names, .. } => names.iter().map(|file| OVERHEAD + file.len()).sum(),
            Event::Problem(error)
            | Event::Unanswered { because: error, .. }
            | Event::NotOffered { because: error, .. }
            | Event::NotAdded { because: error, .. } => error.detail.len(),
            Event::Added(all) => all.iter().map(|added| OVERHEAD + added.who.as_ref().map_or(0, name)).sum(),
            Event::Offered { file, .. } => file.len(),
            Event::Link(_)
            | Event::Unoffered { .. }
            | Event::Transfer(_)
            | Event::Sharing(_)
            | Event::Network { .. } => 0,
        }
}

fn contact(contact: &Contact) -> usize {
    OVERHEAD + name(&contact.name) + contact.status.as_str().len()
}

fn names(list: &[UserName]) -> usize {
    list.iter().map(name).sum()
}

fn name(name: &UserName) -> usize {
    OVERHEAD + name.as_str().len()
}

fn id(id: &ConversationId) -> usize {
    match id {
        ConversationId::Text(text) => text.len(),
        ConversationId::Bytes(bytes) => bytes.len(),
        ConversationId::Int(_) | ConversationId::BigInt(_) | ConversationId::Float(_) | ConversationId::Bool(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::event::{NetError, NetErrorKind};

    fn problem(bytes: usize) -> Event {
        Event::Problem(NetError::with(NetErrorKind::ServerError, "x".repeat(bytes)))
    }

    #[tokio::test]
    async fn large_events_wait_until_others_are_taken_and_keep_their_order() {
        let (sender, events) = queue();
        let sizes = [3, BYTES / 2, BYTES / 2, 5, 2 * BYTES, 7];
        let producer = tokio::spawn(async move {
            for bytes in sizes {
                assert!(sender.send(problem(bytes)).await);
            }
        });
        let mut taken = Vec::new();
        for _ in sizes {
            tokio::task::yield_now().await;
            let held: usize = BYTES - events.room.available_permits();
            assert!(held <= BYTES);
            taken.push(events.recv().await.unwrap());
        }
        assert_eq!(taken, sizes.map(problem));
        producer.await.unwrap();
        assert_eq!(events.room.available_permits(), BYTES);
        assert!(events.recv().await.is_err());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_queue_that_is_closed() {
        let (sender, events) = queue();
        assert!(sender.send(problem(BYTES)).await);
        let waiting = tokio::spawn(async move { sender.send(problem(BYTES)).await });
        tokio::task::yield_now().await;
        events.close();
        assert!(!waiting.await.unwrap());
    }
}
