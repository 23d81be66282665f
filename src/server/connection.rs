//! One connection: a task that reads, and writes when the socket had been full.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::protocol::frame::FrameDecoder;
use crate::protocol::im::CLIENT_VERBS;
use crate::protocol::limits;

use super::hub::{Hub, State};
use super::link::Phase;
use super::refusal::Refusal;
use super::registry::ClientKey;

/// How long a `REGISTER` may take (people type it by hand), and any message from its first byte to its last.
const PATIENCE: Duration = Duration::from_mins(1);
/// A reader that has taken nothing for so long is dead.
const STALLED: Duration = Duration::from_secs(45);
/// How long a connection that ends may take to read the last words and to close its side.
const LINGER: Duration = Duration::from_secs(2);
/// Messages of one connection that are carried out before the others have their turn.
const TURN: usize = 32;

/// Serves a connection until it ends.
pub(super) async fn serve(hub: Arc<Hub>, key: ClientKey, reader: OwnedReadHalf) {
    let mut connection = Connection {
        hub,
        session: Session {
            key,
            reader,
            decoder: FrameDecoder::new(CLIENT_VERBS, limits::STRANGER_BYTES),
            registered: false,
            lingers: false,
            ended: false,
            last_read: Instant::now(),
            owes_since: Some(Instant::now()),
            timer: None,
        },
    };
    poll_fn(|cx| connection.poll(cx)).await;
}

struct Connection {
    hub: Arc<Hub>,
    session: Session,
}

impl Connection {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.session.poll(&mut self.hub.lock(), cx)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Here, so that a connection is forgotten however its task ends.
        self.hub.lock().remove(self.session.key);
    }
}

struct Session {
    key: ClientKey,
    reader: OwnedReadHalf,
    decoder: FrameDecoder,
    registered: bool,
    /// The last words are being written and read.
    lingers: bool,
    /// The client has closed its side.
    ended: bool,
    last_read: Instant,
    /// Since when the client owes something: its registration, the rest of a message, or the end of the connection.
    owes_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// How the task goes on.
enum Next {
    Again,
    /// When the socket or the clock or somebody else wakes it.
    Wait,
    /// After the others.
    Yield,
    End,
}

/// What time brings by itself.
#[derive(Clone, Copy)]
enum Due {
    /// The client is dead, or has had its time to close.
    End,
    /// What the client owes has not come.
    Overdue,
    /// A bare verb is complete.
    Silence,
}

impl Session {
    fn poll(&mut self, state: &mut State, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.step(state, cx) {
                Next::Again => {}
                Next::Wait => match self.next_due(state) {
                    Some((at, due)) if self.poll_timer(at, cx).is_ready() => self.carry_out(due, state),
                    Some(_) => return Poll::Pending,
                    None => {
                        self.timer = None;
                        return Poll::Pending;
                    }
                },
                Next::Yield => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Next::End => return Poll::Ready(()),
            }
        }
    }

    fn step(&mut self, state: &mut State, cx: &mut Context<'_>) -> Next {
        let Some(link) = state.links.get_mut(self.key) else { return Next::End };
        link.set_task(cx.waker());
        if link.phase == Phase::Broken {
            return Next::End;
        }
        if link.blocked.is_some() {
            match self.reader.as_ref().poll_write_ready(cx) {
                Poll::Ready(Ok(())) => {
                    state.write(self.key, Instant::now());
                    return Next::Again;
                }
                Poll::Ready(Err(_)) => return Next::End,
                Poll::Pending => {}
            }
        }
        if link.phase == Phase::Closing {
            return self.linger(state, cx);
        }
        if self.take_messages(state) {
            return Next::Yield;
        }
        let Some(link) = state.links.get_mut(self.key) else { return Next::End };
        if link.phase != Phase::Open {
            return Next::Again;
        }
        link.held = link.outbox.is_heavy();
        if link.held {
            return Next::Wait;
        }
        if self.ended {
            state.close(self.key, None);
            return Next::Again;
        }
        match self.read(state, cx) {
            Poll::Ready(0) => {
                self.ended = true;
                self.decoder.end();
                Next::Again
            }
            Poll::Ready(bytes) => {
                self.decoder.push(state.input.get(..bytes).unwrap_or_default());
                Next::Again
            }
            Poll::Pending => Next::Wait,
        }
    }

    /// Carries out messages that are here, as many as a turn allows. Whether there may be more of them.
    fn take_messages(&mut self, state: &mut State) -> bool {
        for _ in 0..TURN {
            if state.links.get(self.key).is_none_or(|link| link.phase != Phase::Open || link.outbox.is_heavy()) {
                return false;
            }
            match self.decoder.next() {
                Ok(Some(frame)) => {
                    state.receive(self.key, frame);
                    if !self.registered && state.registry.is_registered(self.key) {
                        self.registered = true;
                        self.decoder.set_limit(limits::REQUEST_BYTES);
                    }
                    if self.registered {
                        self.owes_since = None;
                    }
                }
                Ok(None) => {
                    if self.registered {
                        let begun = self.owes_since.unwrap_or(self.last_read);
                        self.owes_since = self.decoder.is_mid_message().then_some(begun);
                    }
                    return false;
                }
                Err(error) => {
                    state.refuse_stream(self.key, &Refusal::Stream(error));
                    return false;
                }
            }
        }
        true
    }

    /// Reads into the buffer that all connections share. 0: there will be no more.
    fn read(&mut self, state: &mut State, cx: &mut Context<'_>) -> Poll<usize> {
        let mut buffer = ReadBuf::new(&mut state.input);
        let bytes = match ready!(Pin::new(&mut self.reader).poll_read(cx, &mut buffer)) {
            Ok(()) => buffer.filled().len(),
            Err(_) => 0,
        };
        state.counters.bytes_in += bytes as u64;
        state.counters.reads += 1;
        self.last_read = Instant::now();
        Poll::Ready(bytes)
    }

    /// Lets the client read the last words: closing a socket with unread bytes in it would reset them away.
    fn linger(&mut self, state: &mut State, cx: &mut Context<'_>) -> Next {
        if !self.lingers {
            self.lingers = true;
            self.owes_since = Some(Instant::now());
            self.decoder = FrameDecoder::new(&[], 0);
        }
        let Some(link) = state.links.get_mut(self.key) else { return Next::End };
        let all_is_written = link.outbox.is_empty();
        if all_is_written {
            // Dropping it tells the client that nothing follows.
            link.writer = None;
        }
        if self.ended {
            return if all_is_written { Next::End } else { Next::Wait };
        }
        match self.read(state, cx) {
            Poll::Ready(bytes) => {
                self.ended = bytes == 0;
                Next::Again
            }
            Poll::Pending => Next::Wait,
        }
    }

    /// What is due next though nothing is read or written, and when.
    fn next_due(&self, state: &State) -> Option<(Instant, Due)> {
        let link = state.links.get(self.key)?;
        let stalled = link.blocked.map(|since| (since + STALLED, Due::End));
        let owed = if self.lingers {
            self.owes_since.map(|since| (since + LINGER, Due::End))
        } else {
            // Whoever is not read from cannot finish a message.
            self.owes_since.filter(|_| !link.held).map(|since| (since + PATIENCE, Due::Overdue))
        };
        let silence = self.decoder.awaits_silence() && !link.held;
        let silence = silence.then_some((self.last_read + limits::SILENCE, Due::Silence));
        [stalled, owed, silence].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn poll_timer(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }

    fn carry_out(&mut self, due: Due, state: &mut State) {
        match due {
            Due::End => {
                if let Some(link) = state.links.get_mut(self.key) {
                    link.give_up();
                }
            }
            Due::Overdue => {
                let what = if self.registered { "the rest of a message" } else { "REGISTER" };
                state.close(self.key, Some(format!("{what} has not come within {} s", PATIENCE.as_secs())));
            }
            Due::Silence => self.decoder.silence(),
        }
    }
}
