//! One connection, as those see it who write to it.

use std::net::SocketAddr;
use std::task::Waker;

use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::Instant;
use tracing::debug;

use super::outbox::Outbox;

/// What is shared of a connection; its task has the rest.
pub(super) struct Link {
    pub(super) peer: SocketAddr,
    /// When it was accepted.
    pub(super) since: Instant,
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
    /// It is in the queue of those with something new to write.
    pub(super) dirty: bool,
    /// It is in the queue of those that wait for their pace.
    pub(super) is_paced: bool,
    /// Not before then, if it is paced.
    pub(super) next_write: Instant,
    /// The state of the list of users that was sent last.
    pub(super) users_told: u64,
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

impl Link {
    /// A new connection.
    pub(super) fn new(writer: OwnedWriteHalf, peer: SocketAddr) -> Self {
        Self {
            peer,
            since: Instant::now(),
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
        }
    }

    /// Notes which task to wake.
    pub(super) fn set_task(&mut self, waker: &Waker) {
        if !self.task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            self.task = Some(waker.clone());
        }
    }

    /// The connection is of no more use.
    pub(super) fn give_up(&mut self) {
        debug!(peer = %self.peer, "given up");
        self.phase = Phase::Broken;
    }

    pub(super) fn wake(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }
}
