//! All that the server knows, behind one lock: the registry, the connections, and what waits to be written.
//!
//! The server runs on one thread, so the lock is never waited for; it is there because a runtime wants its tasks to be
//! able to move between threads.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use slotmap::SlotMap;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use crate::protocol::frame::Frame;
use crate::protocol::im::{ClientMessage, ServerMessage};

use super::lists::{List, Lists};
use super::metrics::{Counters, Gauges};
use super::options::Options;
use super::outbox::Outbox;
use super::refusal::Refusal;
use super::registry::{Action, ClientKey, Departure, Registry};

/// Bytes that are read from a connection at once.
const READ_BYTES: usize = 16 << 10;
/// So many refused messages without a good one between them end a connection.
const REFUSALS: u8 = 100;
/// When more messages than this wait for a paced client, it has fallen behind: it gets them all at once.
const PACED_MESSAGES: usize = 4;
/// Connections beyond the allowed number that are told so; those beyond them are closed without a word.
const TURNED_AWAY: usize = 64;

/// The state, and what tells the helpers of the server that there is something to do.
pub(super) struct Hub {
    state: Mutex<State>,
    pub(super) signals: Arc<Signals>,
}

/// What happened to the state that somebody waits for.
#[derive(Default)]
pub(super) struct Signals {
    /// A list has changed, and somebody does not know yet. By [`List`].
    pub(super) changed: [Notify; 2],
    /// The last connection has gone.
    pub(super) emptied: Notify,
    pub(super) gauges: Gauges,
}

/// What is behind the lock.
pub(super) struct State {
    pub(super) options: Options,
    pub(super) registry: Registry,
    pub(super) links: SlotMap<ClientKey, Link>,
    pub(super) counters: Counters,
    /// What is read goes here first: one buffer for all connections, which are served in turn.
    pub(super) input: Box<[u8]>,
    lists: Lists,
    /// Messages are joined here for one write.
    scratch: Vec<u8>,
    /// Connections with something new to write.
    dirty: Vec<ClientKey>,
    /// Connections whose next message has to wait for the pace, and until when.
    paced: BinaryHeap<Reverse<(Instant, ClientKey)>>,
    /// Members who have to be told of a change in their conversations.
    untold_members: HashSet<ClientKey>,
    /// Whoever waits for something to flush.
    flusher: Option<Waker>,
    signals: Arc<Signals>,
}

/// One connection, as those see it who write to it.
pub(super) struct Link {
    peer: SocketAddr,
    /// Gone once everything is written and the client has been told that nothing follows.
    pub(super) writer: Option<OwnedWriteHalf>,
    pub(super) outbox: Outbox,
    /// Wakes the task of the connection.
    task: Option<Waker>,
    /// The socket takes no more: since when nothing has been written.
    pub(super) blocked: Option<Instant>,
    pub(super) phase: Phase,
    /// The task waits until the outbox is no longer heavy.
    pub(super) held: bool,
    dirty: bool,
    is_paced: bool,
    next_write: Instant,
    /// The state of the list of users that was sent last.
    users_told: u64,
    refusals: u8,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// Nothing more is carried out; the connection ends when the outbox is empty.
    Closing,
    /// Nothing more can be written.
    Broken,
}

impl Hub {
    pub(super) fn new(options: Options) -> Self {
        let signals = Arc::<Signals>::default();
        let state = State {
            registry: Registry::new(options.conversations),
            options,
            links: SlotMap::with_key(),
            counters: Counters::default(),
            input: vec![0; READ_BYTES].into(),
            lists: Lists::default(),
            scratch: Vec::new(),
            dirty: Vec::new(),
            paced: BinaryHeap::new(),
            untold_members: HashSet::new(),
            flusher: None,
            signals: Arc::clone(&signals),
        };
        Self { state: Mutex::new(state), signals }
    }

    /// The state, for as long as the guard lives: never across an `await`.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What a panic left behind is no worse than any other state: each step on it is complete in itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a new connection; `None` if there are far too many.
    pub(super) fn connect(&mut self, writer: OwnedWriteHalf, peer: SocketAddr) -> Option<ClientKey> {
        let excess = (self.links.len() + 1).saturating_sub(self.options.max_clients);
        if excess > TURNED_AWAY {
            return None;
        }
        let key = self.links.insert(Link {
            peer,
            writer: Some(writer),
            outbox: Outbox::default(),
            task: None,
            blocked: None,
            phase: Phase::Open,
            held: false,
            dirty: false,
            is_paced: false,
            next_write: Instant::now(),
            users_told: 0,
            refusals: 0,
        });
        debug!(%peer, "connected");
        self.publish();
        if excess > 0 {
            self.counters.refuse(&Refusal::ServerFull);
            self.close(key, Some(Refusal::ServerFull.to_string()));
        }
        Some(key)
    }

    /// Carries out one message of a client.
    pub(super) fn receive(&mut self, key: ClientKey, frame: Frame) {
        self.counters.messages_in += 1;
        let mut goodbye = false;
        let outcome = ClientMessage::from_frame(frame).map_err(Refusal::from).and_then(|message| {
            goodbye = message == ClientMessage::Goodbye;
            if goodbye && self.registry.is_registered(key) {
                self.log(key, "said goodbye");
            }
            self.registry.apply(key, message)
        });
        match outcome {
            Ok(actions) => {
                if let Some(link) = self.links.get_mut(key) {
                    link.refusals = 0;
                }
                self.perform(actions);
                if goodbye {
                    self.close(key, None);
                }
            }
            Err(refusal) => self.refuse(key, &refusal),
        }
    }

    fn refuse(&mut self, key: ClientKey, refusal: &Refusal) {
        self.counters.refuse(refusal);
        let Some(link) = self.links.get_mut(key) else { return };
        debug!(peer = %link.peer, reason = refusal.label(), "refused");
        link.refusals += 1;
        if link.refusals >= REFUSALS {
            self.close(key, Some(format!("{refusal}; after {REFUSALS} refused messages this connection ends")));
        } else {
            self.send_error(key, refusal.to_string());
        }
    }

    /// The stream of this client cannot be understood any more.
    pub(super) fn refuse_stream(&mut self, key: ClientKey, refusal: &Refusal) {
        self.counters.refuse(refusal);
        self.close(key, Some(refusal.to_string()));
    }

    fn send_error(&mut self, key: ClientKey, text: String) {
        let bytes: Arc<[u8]> = ServerMessage::Error(text).encode().into();
        self.push(key, &bytes);
    }

    fn publish(&self) {
        let Self { registry, links, signals, .. } = self;
        signals.gauges.set(links.len(), registry.user_count(), registry.conversation_count());
    }

    fn log(&self, key: ClientKey, event: &str) {
        if let (Some(name), Some(link)) = (self.registry.name(key), self.links.get(key)) {
            info!(%name, peer = %link.peer, "{event}");
        }
    }

    fn perform(&mut self, actions: Vec<Action>) {
        self.publish();
        for action in actions {
            match action {
                Action::Send { to, message } => {
                    let bytes: Arc<[u8]> = message.encode().into();
                    for key in to {
                        self.push(key, &bytes);
                    }
                }
                Action::SendUsers(key) => {
                    self.log(key, "registered");
                    self.push_list(key, List::Users, true);
                }
                Action::SendConversations(key) => self.push_list(key, List::Conversations, true),
                Action::UsersChanged => self.signals.changed[List::Users as usize].notify_one(),
                Action::MembersChanged(members) => {
                    self.untold_members.extend(members);
                    self.signals.changed[List::Conversations as usize].notify_one();
                }
            }
        }
    }

    fn push(&mut self, key: ClientKey, message: &Arc<[u8]>) {
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
        link.outbox.push_list(list, asked);
        self.counters.messages_out += 1;
        self.mark_dirty(key);
    }

    fn mark_dirty(&mut self, key: ClientKey) {
        let Some(link) = self.links.get_mut(key) else { return };
        if !link.dirty && link.blocked.is_none() {
            link.dirty = true;
            self.dirty.push(key);
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

    /// Ends a connection: its user leaves now, what waits is written, then it is closed.
    pub(super) fn close(&mut self, key: ClientKey, error: Option<String>) {
        self.leave(key);
        if self.links.get(key).is_none_or(|link| link.phase != Phase::Open) {
            return;
        }
        if let Some(text) = error {
            // Not pushed: a queue over its limit must take this one, too.
            let bytes: Arc<[u8]> = ServerMessage::Error(text).encode().into();
            if let Some(link) = self.links.get_mut(key) {
                link.outbox.push(bytes);
            }
        }
        self.mark_dirty(key);
        if let Some(link) = self.links.get_mut(key) {
            link.phase = Phase::Closing;
            link.wake();
        }
    }

    /// Forgets a connection that has ended.
    pub(super) fn remove(&mut self, key: ClientKey) {
        self.leave(key);
        if let Some(link) = self.links.remove(key) {
            debug!(peer = %link.peer, "disconnected");
        }
        self.publish();
        if self.links.is_empty() {
            self.signals.emptied.notify_one();
        }
    }

    /// Begins to close all connections; tells how many.
    pub(super) fn close_all(&mut self) -> usize {
        for key in self.links.keys().collect::<Vec<_>>() {
            self.close(key, None);
        }
        self.links.len()
    }

    /// Forgets all connections, which ends their tasks.
    pub(super) fn abandon(&mut self) {
        for (_, link) in self.links.drain() {
            link.wake();
        }
    }

    fn leave(&mut self, key: ClientKey) {
        if self.registry.is_registered(key) {
            self.log(key, "left");
        }
        self.untold_members.remove(&key);
        let actions = self.registry.leave(key, Departure::Lost);
        self.perform(actions);
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

    /// Writes whatever may be written now.
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
        let mut dirty = std::mem::take(&mut self.dirty);
        for key in dirty.drain(..) {
            if let Some(link) = self.links.get_mut(key) {
                link.dirty = false;
                self.write(key, now);
            }
        }
        self.dirty = dirty;
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

    /// Bytes that telling a list to everybody concerned takes, about.
    pub(super) fn announcement_bytes(&self, list: List) -> usize {
        let (users, conversations) = self.registry.list_bytes();
        match list {
            List::Users => users * self.registry.user_count(),
            List::Conversations => conversations * self.untold_members.len(),
        }
    }

    /// Who has to be told of a change.
    pub(super) fn audience(&mut self, list: List) -> Vec<ClientKey> {
        match list {
            List::Users => {
                let version = self.registry.users_version();
                let is_told = |key| self.links.get(key).is_some_and(|link| link.users_told == version);
                self.registry.registered().filter(|&key| !is_told(key)).collect()
            }
            List::Conversations => self.untold_members.drain().collect(),
        }
    }
}

impl Link {
    /// Notes which task to wake.
    pub(super) fn set_task(&mut self, waker: &Waker) {
        if !self.task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            self.task = Some(waker.clone());
        }
    }

    /// The connection is of no more use.
    pub(super) fn give_up(&mut self) {
        debug!(peer = %self.peer, "the client does not answer");
        self.phase = Phase::Broken;
    }

    fn wake(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }
}
