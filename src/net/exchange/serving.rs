//! The side that is asked.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_channel::Sender;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::admission::Admission;
use super::{Arrival, IsKnown, Lookup, Reply, Request};
use crate::net::transfer;
use crate::protocol::limits;
use crate::protocol::social::{PeerRequest, RequestError, RequestReader};

/// How long a requester may send nothing in the middle of a request, and how long all of it may take.
const STALL: Duration = Duration::from_secs(10);
const ARRIVAL: Duration = Duration::from_mins(1);
/// How long a reply may be thought about: an invitation waits for its user, for two minutes.
const THOUGHT: Duration = Duration::from_secs(130);
/// How long a requester may take nothing of the reply, and how long all of it may take.
const WRITE: Duration = Duration::from_secs(30);
const REPLY: Duration = Duration::from_mins(2);
/// How long a requester may take to close after the reply, and how much more is read from it: closing with unread bytes
/// resets the connection, and can take the reply with it.
const DRAIN: Duration = Duration::from_millis(500);
const DRAINED: usize = 256 << 10;
/// The pause after the system has refused a connection: it has too many files open, for instance.
const REFUSED: Duration = Duration::from_millis(200);

/// The number of the next request.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Takes connections; reads one request of each, passes it on, writes the reply. `questions` gets those without a sender,
/// which only ask, `arrivals` all others. Ends with the listener or the channels; dropping the future closes all connections.
pub(in crate::net) async fn serve(
    listener: TcpListener,
    lookup: Lookup,
    is_known: IsKnown,
    questions: Sender<Arrival>,
    arrivals: Sender<Arrival>,
) {
    let admission = Arc::new(Mutex::new(Admission::default()));
    let mut connections = JoinSet::new();
    while !arrivals.is_closed() {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
                    let is_known = is_known(from.ip());
                    let entered = lock(&admission).enter(from.ip(), is_known, Instant::now());
                    let Some(wait) = entered else {
                        tracing::debug!(%from, "too many connections at once");
                        continue;
                    };
                    let place = Place { admission: Arc::clone(&admission), from, is_known };
                    let (lookup, questions, arrivals) = (Arc::clone(&lookup), questions.clone(), arrivals.clone());
                    connections.spawn(async move {
                        if !wait.is_zero() {
                            sleep(wait).await;
                        }
                        if let Err(error) = connection(stream, place.from, &lookup, &questions, &arrivals).await {
                            tracing::debug!(%from, %error, "a connection was given up");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(REFUSED).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

fn lock(admission: &Mutex<Admission>) -> std::sync::MutexGuard<'_, Admission> {
    admission.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that is counted.
struct Place {
    admission: Arc<Mutex<Admission>>,
    from: SocketAddr,
    is_known: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.admission).leave(self.from.ip(), self.is_known);
    }
}

/// Why a connection was given up; for the log.
#[derive(Debug, thiserror::Error)]
enum GivenUp {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Broken(#[from] io::Error),
    #[error("{0} took too long")]
    TimedOut(&'static str),
    #[error("nobody takes requests any more")]
    Closed,
}

/// Serves one connection.
async fn connection(
    mut stream: TcpStream,
    from: SocketAddr,
    lookup: &Lookup,
    questions: &Sender<Arrival>,
    arrivals: &Sender<Arrival>,
) -> Result<(), GivenUp> {
    let read = timeout(ARRIVAL, read_request(&mut stream, |name| lookup(from, name))).await;
    let Some(request) = read.map_err(|_| GivenUp::TimedOut("the request"))?? else { return Ok(()) };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let arrivals = if request.sender().is_none() { questions } else { arrivals };
    let is_invite = matches!(request, PeerRequest::Invite { .. });
    let (reply, replied) = oneshot::channel();
    let request = Request { number, from, request, reply };
    arrivals.send(Arrival::Request(request)).await.map_err(|_| GivenUp::Closed)?;
    let reply = match timeout(THOUGHT, wait_for_reply(&mut stream, replied)).await {
        Ok(Ok(reply)) => reply,
        given_up => {
            arrivals.send(Arrival::Abandoned { number }).await.map_err(|_| GivenUp::Closed)?;
            return Err(given_up
                .map_or(GivenUp::TimedOut("the reply"), |broken| broken.map_or_else(Into::into, |_| GivenUp::Closed)));
        }
    };
    let bytes = match reply {
        Reply::File(upload) => {
            transfer::send(stream, upload).await;
            return Ok(());
        }
        Reply::Bytes(bytes) => bytes,
        Reply::Nothing => Arc::default(),
    };
    let finished = finish(&mut stream, &bytes).await;
    if is_invite && (finished.is_err() || is_reset(&stream).await) {
        arrivals.send(Arrival::Abandoned { number }).await.map_err(|_| GivenUp::Closed)?;
    }
    Ok(finished?)
}

/// Writes a whole reply and its end, and waits for a short while until the other side has closed.
pub(in crate::net) async fn finish(stream: &mut TcpStream, reply: &[u8]) -> io::Result<()> {
    timeout(REPLY, write(stream, reply)).await??;
    stream.shutdown().await?;
    drain(stream).await
}

/// Whether the other side resets the connection after the reply, because it had closed before. It may have closed its writing
/// side alone, so nothing else tells.
async fn is_reset(stream: &TcpStream) -> bool {
    timeout(DRAIN, stream.ready(Interest::ERROR)).await.is_ok()
}

/// Waits for a short while until the other side has closed, after all was written. Some requesters never close; that is no
/// failure.
pub(in crate::net) async fn drain(stream: &mut TcpStream) -> io::Result<()> {
    timeout(DRAIN, discard(stream)).await.unwrap_or(Ok(()))
}

/// Reads one request; `None` if the connection is closed without a byte.
async fn read_request(
    stream: &mut TcpStream,
    lookup: impl Fn(&str) -> crate::protocol::social::NameMatch,
) -> Result<Option<PeerRequest>, GivenUp> {
    let mut reader = RequestReader::default();
    let mut piece = vec![0; 4 << 10];
    loop {
        let patience = if reader.awaits_silence() { limits::SILENCE } else { STALL };
        match timeout(patience, stream.read(&mut piece)).await {
            Ok(Ok(0)) => {
                reader.end();
                return Ok(reader.next(lookup)?);
            }
            Ok(Ok(count)) => reader.push(piece.get(..count).unwrap_or_default()),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) if reader.awaits_silence() => reader.silence(),
            Err(_) => return Err(GivenUp::TimedOut("the request")),
        }
        if let Some(request) = reader.next(&lookup)? {
            return Ok(Some(request));
        }
    }
}

/// Waits for the reply. An error means that the connection is broken, so that nobody needs one. A requester that has
/// closed its writing side may still wait.
async fn wait_for_reply(stream: &mut TcpStream, mut replied: oneshot::Receiver<Reply>) -> io::Result<Reply> {
    let reply = |reply: Result<Reply, _>| reply.unwrap_or(Reply::Nothing);
    tokio::select! {
        biased;
        replied = &mut replied => Ok(reply(replied)),
        discarded = discard(stream) => {
            discarded?;
            Ok(reply(replied.await))
        }
    }
}

/// Reads what nobody has asked for, until its end or until it is too much.
pub(super) async fn discard(stream: &mut TcpStream) -> io::Result<()> {
    let mut piece = [0; 1024];
    let mut count = 0;
    while count < DRAINED {
        match stream.read(&mut piece).await? {
            0 => break,
            more => count += more,
        }
    }
    Ok(())
}

/// Writes a reply, as slowly as the requester takes it, if it takes it at all.
async fn write(stream: &mut TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = timeout(WRITE, stream.write(bytes)).await??;
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}
