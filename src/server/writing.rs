//! What goes out: into the outboxes, and from there to the sockets.

use std::cmp::Reverse;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tracing::warn;

use super::hub::State;
use super::link::{Link, Phase};
use super::lists::List;
use super::registry::ClientKey;

/// When more messages than this wait for a paced client, it has fallen behind: it gets them all at once.
const PACED_MESSAGES: usize = 4;
/// So many bytes are written before everything else has its turn.
const TURN_BYTES: u64 = 4 << 20;

impl State {
    /// A message for a client.
    pub(super) fn push(&mut self, key: ClientKey, message: &Arc<[u8]>) {
        let Some(link) = self.links.get_mut(key) else { return };
        if link.phase != Phase::Open {
            return;
        }
        link.outbox.push(Arc::clone(message));
        self.counters.messages_out += 1;
        if link.outbox.is_over_limit() {
            self.relieve(key);
        } else {
            self.mark_dirty(key);
        }
    }

    /// A list for a client in its turn.
    pub(super) fn push_list(&mut self, key: ClientKey, list: List, asked: bool) {
        let Some(link) = self.links.get_mut(key).filter(|link| link.phase == Phase::Open) else { return };
        if link.outbox.push_list(list, asked) {
            self.counters.messages_out += 1;
            self.mark_dirty(key);
        }
    }

    pub(super) fn mark_dirty(&mut self, key: ClientKey) {
        let Some(link) = self.links.get_mut(key) else { return };
        if !link.dirty && link.blocked.is_none() {
            link.dirty = true;
            self.dirty.push_back(key);
            if let Some(flusher) = self.flusher.take() {
                flusher.wake();
            }
        }
    }

    /// Too much waits for a client: writes it now if that is possible, else the client is too slow.
    fn relieve(&mut self, key: ClientKey) {
        if self.links.get(key).is_some_and(|link| link.blocked.is_none()) {
            self.write(key, Instant::now());
        }
        let Some(link) = self.links.get_mut(key) else { return };
        if !link.outbox.is_over_limit() || link.phase == Phase::Broken {
            return;
        }
        let (messages, bytes) = (link.outbox.len(), link.outbox.bytes());
        warn!(peer = %link.peer, messages, bytes, "too slow a reader is disconnected");
        link.outbox.clear_unwritten();
        self.counters.too_slow += 1;
        self.close(key, Some(format!("too slow: {messages} messages were waiting for you")));
    }

    /// Whether there is something new to flush; if not, this task is woken when there is.
    pub(super) fn poll_dirty(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.dirty.is_empty() {
            self.flusher = Some(cx.waker().clone());
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    /// When the next paced message is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.paced.peek().map(|Reverse((due, _))| *due)
    }

    /// Writes what may be written now; if that is very much, a part of it, and the rest is still to be flushed.
    pub(super) fn flush(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((due, key))) = self.paced.peek().copied() {
            if due > now {
                break;
            }
            self.paced.pop();
            if let Some(link) = self.links.get_mut(key) {
                link.is_paced = false;
                self.write(key, now);
            }
        }
        let enough = self.counters.bytes_out + TURN_BYTES;
        while self.counters.bytes_out < enough
            && let Some(key) = self.dirty.pop_front()
        {
            if let Some(link) = self.links.get_mut(key) {
                link.dirty = false;
                self.write(key, now);
            }
        }
    }

    /// Writes to one connection what its pace and its socket allow.
    pub(super) fn write(&mut self, key: ClientKey, now: Instant) {
        let Some(link) = self.links.get_mut(key) else { return };
        let Link { outbox, writer: Some(writer), users_told, .. } = link else { return };
        if link.phase == Phase::Broken {
            return;
        }
        let pace = self.options.pace;
        while !outbox.is_empty() {
            let messages = if pace.is_zero() || outbox.len() > PACED_MESSAGES || link.phase == Phase::Closing {
                usize::MAX
            } else if now >= link.next_write || outbox.is_mid_message() {
                1
            } else {
                if !link.is_paced {
                    link.is_paced = true;
                    self.paced.push(Reverse((link.next_write, key)));
                }
                break;
            };
            let chunk = outbox.chunk(messages, &mut self.scratch, |list| {
                if list == List::Users {
                    *users_told = self.registry.users_version();
                }
                self.lists.encoded(list, &self.registry, key)
            });
            match writer.try_write(chunk) {
                Ok(bytes) => {
                    outbox.advance(bytes);
                    self.counters.bytes_out += bytes as u64;
                    self.counters.writes += 1;
                    link.next_write = now + pace;
                    link.blocked = None;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    link.blocked.get_or_insert(now);
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    link.phase = Phase::Broken;
                    break;
                }
            }
        }
        let relieved = link.held && !link.outbox.is_heavy();
        let done = link.phase == Phase::Closing && link.outbox.is_empty();
        if link.blocked.is_some() || link.phase == Phase::Broken || relieved || done {
            link.wake();
        }
    }
}
