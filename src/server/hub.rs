//! All that the server knows, behind one lock: the registry, the connections, and what waits to be written.
//!
//! The server runs on one thread, so the lock is never waited for; it is there because a runtime wants its tasks to be
//! able to move between threads.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use slotmap::SlotMap;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::{debug, info};

use crate::protocol::frame::Frame;
use crate::protocol::ident::UserName;
use crate::protocol::im::{ClientMessage, ServerMessage};

use super::link::{Link, Phase};
use super::lists::{List, Lists};
use super::metrics::{Counters, Gauges};
use super::options::Options;
use super::refusal::Refusal;
use super::registry::{Action, ClientKey, Departure, Registry};

/// Bytes that are read from a connection at once.
const READ_BYTES: usize = 16 << 10;
/// Connections beyond the allowed number that are told so, or may still be ending; those beyond them are closed without a
/// word.
const TURNED_AWAY: usize = 64;
/// So long after it was accepted, a connection without a `REGISTER` may have to make room for another.
const WELCOME: Duration = Duration::from_secs(5);

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
    pub(super) lists: Lists,
    /// Messages are joined here for one write.
    pub(super) scratch: Vec<u8>,
    /// Connections with something new to write.
    pub(super) dirty: VecDeque<ClientKey>,
    /// Connections whose next message has to wait for the pace, and until when.
    pub(super) paced: BinaryHeap<Reverse<(Instant, ClientKey)>>,
    /// Members who have to be told of a change in their conversations.
    untold_members: HashSet<ClientKey>,
    /// Whoever waits for something to flush.
    pub(super) flusher: Option<Waker>,
    signals: Arc<Signals>,
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
            dirty: VecDeque::new(),
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
        let limit = self.options.max_clients;
        let is_crowded = self.links.len() >= limit && self.open_links() >= limit;
        let is_full = is_crowded && !self.evict_stranger();
        if self.links.len() >= limit.saturating_add(TURNED_AWAY) && (is_full || !is_crowded) {
            return None;
        }
        let key = self.links.insert(Link::new(writer, peer));
        debug!(%peer, "connected");
        self.publish();
        if is_full {
            self.counters.refuse(&Refusal::ServerFull);
            self.close(key, Some(Refusal::ServerFull.to_string()));
        }
        Some(key)
    }

    /// Connections that are not ending.
    fn open_links(&self) -> usize {
        self.links.values().filter(|link| link.phase == Phase::Open).count()
    }

    /// Gives up the connection that has been longest without a `REGISTER`, if there is one: connections that say nothing
    /// must not keep those out who have something to say.
    fn evict_stranger(&mut self) -> bool {
        let now = Instant::now();
        let is_stranger = |(key, link): &(ClientKey, &Link)| {
            link.phase == Phase::Open && now >= link.since + WELCOME && !self.registry.is_registered(*key)
        };
        let Some((key, _)) = self.links.iter().filter(is_stranger).min_by_key(|(_, link)| link.since) else {
            return false;
        };
        self.counters.refuse(&Refusal::ServerFull);
        self.close(key, Some(Refusal::ServerFull.to_string()));
        self.write(key, now);
        if let Some(link) = self.links.get_mut(key) {
            link.give_up();
            link.wake();
        }
        true
    }

    /// Carries out one message of a client.
    pub(super) fn receive(&mut self, key: ClientKey, frame: Frame) {
        self.counters.messages_in += 1;
        let message = match ClientMessage::from_frame(frame) {
            Ok(message) => message,
            Err(error) => return self.refuse(key, &error.into()),
        };
        let registers = matches!(message, ClientMessage::Register { .. });
        // Whoever has said goodbye has no name any more.
        let leaving = if message == ClientMessage::Goodbye { self.registry.name(key).cloned() } else { None };
        match self.registry.apply(key, message) {
            Ok(actions) => {
                if let Some(name) = self.registry.name(key).filter(|_| registers) {
                    self.log(key, name, "registered");
                }
                self.perform(actions);
                if let Some(name) = leaving {
                    self.log(key, &name, "said goodbye");
                    self.close(key, None);
                }
            }
            Err(refusal) => self.refuse(key, &refusal),
        }
    }

    fn refuse(&mut self, key: ClientKey, refusal: &Refusal) {
        self.counters.refuse(refusal);
        let Some(link) = self.links.get(key) else { return };
        debug!(peer = %link.peer, reason = refusal.reason().label(), "refused");
        let bytes: Arc<[u8]> = ServerMessage::Error(refusal.to_string()).encode().into();
        self.push(key, &bytes);
    }

    /// The stream of this client cannot be understood any more.
    pub(super) fn refuse_stream(&mut self, key: ClientKey, refusal: &Refusal) {
        self.counters.refuse(refusal);
        self.close(key, Some(refusal.to_string()));
    }

    fn publish(&self) {
        let Self { registry, links, signals, .. } = self;
        signals.gauges.set(links.len(), registry.user_count(), registry.conversation_count());
    }

    fn log(&self, key: ClientKey, name: &UserName, event: &str) {
        if let Some(link) = self.links.get(key) {
            // Quoted, so that no name can look like the rest of the line.
            info!(name = ?name.as_str(), peer = %link.peer, "{event}");
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
                Action::SendUsers(key) => self.push_list(key, List::Users, true),
                Action::SendConversations(key) => self.push_list(key, List::Conversations, true),
                Action::UsersChanged => self.signals.changed[List::Users as usize].notify_one(),
                Action::MembersChanged(members) => {
                    self.untold_members.extend(members);
                    self.signals.changed[List::Conversations as usize].notify_one();
                }
            }
        }
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
        if let Some(name) = self.registry.name(key) {
            self.log(key, name, "left");
        }
        self.untold_members.remove(&key);
        let actions = self.registry.leave(key, Departure::Lost);
        self.perform(actions);
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
