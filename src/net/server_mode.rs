//! Server mode, the shell of IO: connects, reconnects, and carries messages between the link and the session.

use std::time::{Duration, Instant, SystemTime};

use async_channel::Receiver;

use super::backoff::Backoff;
use super::command::Command;
use super::event::{Event, LinkState, NetError};
use super::events::EventSender;
use super::link::Link;
use super::mode::ServerParameters;
use super::session::{Action, Input, Moment, Session};
use super::{Next, emit, sleep_until};
use crate::protocol::im::ServerMessage;

/// A connection that has lasted so long was a good one: after it the pauses between attempts begin anew.
const GOOD: Duration = Duration::from_secs(10);

/// How a connection ended.
enum Outcome {
    /// It is to be made again.
    Lost(NetError),
    /// It is of no use to make it again.
    GivenUp(NetError),
    /// The user wants something else.
    Left(Next),
}

/// What came first while there was no connection.
enum Meanwhile<T> {
    /// What was waited for.
    Done(T),
    /// The user wants it to be tried now.
    Retry,
    /// The user wants something else.
    Left(Next),
}

/// A stay at a server, over all its connections.
struct Stay<'a> {
    session: Session,
    inbox: &'a Receiver<Command>,
    events: &'a EventSender,
}

/// Stays online through a server until the user wants something else, or the server does not want the user.
pub(super) async fn run(parameters: &ServerParameters, inbox: &Receiver<Command>, events: &EventSender) -> Next {
    let mut stay = Stay { session: Session::new(parameters), inbox, events };
    let mut backoff = Backoff::default();
    let to = parameters.address.to_string();
    emit(events, Event::Link(LinkState::Connecting { to: to.clone() })).await;
    loop {
        let because = match stay.meanwhile(Link::open(&parameters.address)).await {
            Meanwhile::Retry => continue,
            Meanwhile::Left(next) => return stay.leave(None, next, None).await,
            Meanwhile::Done(Err(error)) => error,
            Meanwhile::Done(Ok(mut link)) => {
                let since = Instant::now();
                let outcome = stay.talk(&mut link).await;
                if since.elapsed() >= GOOD {
                    backoff.reset();
                }
                match outcome {
                    Outcome::Left(next) => return stay.leave(Some(link), next, None).await,
                    Outcome::GivenUp(error) => return stay.leave(Some(link), Next::Offline, Some(error)).await,
                    Outcome::Lost(error) => error,
                }
            }
        };
        stay.handle(Input::Lost, None).await;
        let after = backoff.next(fastrand::f64());
        let reconnecting = |after| LinkState::Reconnecting { to: to.clone(), after, because: because.clone() };
        emit(events, Event::Link(reconnecting(after))).await;
        if let Meanwhile::Left(next) = stay.meanwhile(tokio::time::sleep(after)).await {
            return stay.leave(None, next, None).await;
        }
        emit(events, Event::Link(reconnecting(Duration::ZERO))).await;
    }
}

impl Stay<'_> {
    /// Waits for something while there is no connection.
    async fn meanwhile<T>(&mut self, future: impl Future<Output = T>) -> Meanwhile<T> {
        tokio::pin!(future);
        loop {
            tokio::select! {
                done = &mut future => return Meanwhile::Done(done),
                command = self.inbox.recv() => match command {
                    Err(_) => return Meanwhile::Left(Next::End),
                    Ok(Command::Connect(mode)) => return Meanwhile::Left(Next::Connect(mode)),
                    Ok(Command::Disconnect) => return Meanwhile::Left(Next::Offline),
                    Ok(Command::RetryNow) => return Meanwhile::Retry,
                    Ok(command) => {
                        // Without a connection there is nothing that could end it.
                        let _ = self.handle(Input::Command(command), None).await;
                    }
                }
            }
        }
    }

    /// Carries messages until the connection ends.
    async fn talk(&mut self, link: &mut Link) -> Outcome {
        let mut input = Input::Connected;
        loop {
            if let Some(outcome) = self.handle(input, Some(link)).await {
                return outcome;
            }
            let deadline = self.session.deadline();
            input = tokio::select! {
                frame = link.next() => match frame.map(ServerMessage::from_frame) {
                    Ok(Ok(message)) => Input::Received(message),
                    Ok(Err(error)) => Input::Unreadable(error),
                    Err(error) => return Outcome::Lost(error),
                },
                command = self.inbox.recv() => match command {
                    Err(_) => return Outcome::Left(Next::End),
                    Ok(Command::Connect(mode)) => return Outcome::Left(Next::Connect(mode)),
                    Ok(Command::Disconnect) => return Outcome::Left(Next::Offline),
                    Ok(command) => Input::Command(command),
                },
                () = sleep_until(deadline) => Input::Tick,
            };
        }
    }

    /// Gives the session one input and carries out what it wants done.
    async fn handle(&mut self, input: Input, mut link: Option<&mut Link>) -> Option<Outcome> {
        let moment = Moment { now: Instant::now(), wall: SystemTime::now() };
        for action in self.session.handle(input, moment) {
            match action {
                Action::Emit(event) => emit(self.events, event).await,
                Action::Send(message) => {
                    if let Some(Err(error)) = link.as_mut().map(|link| link.send(message.encode())) {
                        return Some(Outcome::Lost(error));
                    }
                }
                Action::Reconnect(error) => return Some(Outcome::Lost(error)),
                Action::GiveUp(error) => return Some(Outcome::GivenUp(error)),
            }
        }
        None
    }

    /// Says goodbye, ends the session and goes on to what is next.
    async fn leave(self, mut link: Option<Link>, next: Next, because: Option<NetError>) -> Next {
        for action in self.session.leave() {
            match (action, &mut link) {
                (Action::Emit(event), _) => emit(self.events, event).await,
                (Action::Send(message), Some(link)) => {
                    // A link that takes no more is about to be closed anyway.
                    let _ = link.send(message.encode());
                }
                _ => {}
            }
        }
        if let Some(link) = link {
            link.close().await;
        }
        if !matches!(next, Next::Connect(_)) {
            emit(self.events, Event::Link(LinkState::Offline(because))).await;
        }
        next
    }
}
