//! The side that asks.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::serving::discard;
use super::{Answer, ExchangeError};
use crate::protocol::limits;
use crate::protocol::pickle::Scanner;
use crate::protocol::social::{Form, PeerRequest, acceptance};

/// How long an attempt to reach one address may take, and after what time the next address is tried beside it: a peer
/// announces addresses of networks that we are not in.
const CONNECT: Duration = Duration::from_secs(8);
const NEXT_ADDRESS: Duration = Duration::from_millis(250);
/// Most addresses that are tried.
const ADDRESSES: usize = 16;
/// How long the other side may take for the request.
const WRITE: Duration = Duration::from_secs(30);
/// How long to wait for more of a reply, and for all of it.
const STALL: Duration = Duration::from_secs(15);
const REPLY: Duration = Duration::from_mins(2);
/// How long to wait for the reply to one form of a request before the next one is tried: a Jython peer that does not
/// know a form may leave the connection open.
const FORM: Duration = Duration::from_secs(4);
/// How long to wait for the other side to close when there is nothing to reply, and again once our side is closed.
const CLOSE: Duration = Duration::from_millis(500);
/// How long the answer to an invitation may take: two minutes to think, and some seconds on the way.
const INVITE: Duration = Duration::from_secs(125);
/// Longest reply that is read of what should be one word. Bytes.
const WORD: usize = 1024;

/// Sends a request, to the first of these addresses that takes a connection, and reads the reply. Everything but
/// `GET_FILE`, for which there is [`crate::net::transfer::download`].
///
/// An `INVITE` waits for two minutes and some seconds. A request without argument is sent again in other forms when there
/// is no sensible reply to one.
pub(in crate::net) async fn ask(to: &[SocketAddr], request: &PeerRequest, form: Form) -> Result<Answer, ExchangeError> {
    if request.has_forms() {
        return ask_in_forms(to, request, form).await;
    }
    if !matches!(request, PeerRequest::Invite { .. }) {
        tell(to, request, CLOSE).await?;
        return Ok(Answer { reply: Vec::new(), form });
    }
    let (mut stream, _) = self::request(to, &request.encode()).await?;
    // Whoever gives up waiting resets the connection, so that the other side need not ask its user any longer.
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    let reply = read_reply(&mut stream, INVITE, WORD, |reply| acceptance(reply).is_some()).await?;
    let _ = SockRef::from(&stream).set_linger(None);
    Ok(Answer { reply, form })
}

/// Sends a request that has no reply, to the first of these addresses that takes a connection.
///
/// It waits until the other side has closed: then that has read the request, and the next one cannot overtake it. Many a
/// peer reads until we close, so after this grace our side is closed, and the other one has as long again. Both sides at
/// once would be too early: a Jython peer that has not taken the connection by then does not get what was written.
pub(in crate::net) async fn tell(
    to: &[SocketAddr],
    request: &PeerRequest,
    grace: Duration,
) -> Result<(), ExchangeError> {
    let (mut stream, _) = self::request(to, &request.encode()).await?;
    if let Ok(closed) = timeout(grace, discard(&mut stream)).await {
        return closed.map_err(ExchangeError::Lost);
    }
    stream.shutdown().await.map_err(ExchangeError::Lost)?;
    timeout(grace, discard(&mut stream)).await.unwrap_or(Ok(())).map_err(ExchangeError::Lost)
}

/// Asks until a reply makes sense. Asking several times does no harm.
async fn ask_in_forms(to: &[SocketAddr], request: &PeerRequest, first: Form) -> Result<Answer, ExchangeError> {
    // A reply, even one without sense, tells more than none.
    let mut best: Option<Answer> = None;
    let mut failure = ExchangeError::NoAddress;
    for form in first.first() {
        let (mut stream, _) = self::request(to, &request.encode_as(form)).await?;
        let mut scanner = Scanner::new(limits::REPLY_BYTES);
        let mut is_sensible = false;
        let reply = read_reply(&mut stream, FORM, limits::REPLY_BYTES, |reply| {
            is_sensible = matches!(scanner.scan(reply.trim_ascii_start()), Ok(Some(_)));
            is_sensible
        });
        match reply.await {
            Ok(reply) if is_sensible => return Ok(Answer { reply, form }),
            Ok(reply) if best.as_ref().is_none_or(|best| best.reply.is_empty()) => best = Some(Answer { reply, form }),
            Ok(_) => {}
            Err(error) => failure = error,
        }
    }
    best.ok_or(failure)
}

/// Connects to the first of these addresses that answers and writes a request in one go: many a peer takes one `recv`
/// for all of it. Says which address it was.
pub(in crate::net) async fn request(to: &[SocketAddr], bytes: &[u8]) -> Result<(TcpStream, SocketAddr), ExchangeError> {
    let (mut stream, address) = connect(to).await?;
    match timeout(WRITE, stream.write_all(bytes)).await {
        Ok(Ok(())) => Ok((stream, address)),
        Ok(Err(error)) => Err(ExchangeError::Lost(error)),
        Err(_) => Err(ExchangeError::TimedOut(WRITE)),
    }
}

/// The first connection that comes about; another address is tried whenever one fails or takes its time.
async fn connect(to: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), ExchangeError> {
    let mut failure = ExchangeError::NoAddress;
    let mut attempts = Vec::new();
    let mut addresses = to.iter().copied().take(ADDRESSES);
    loop {
        let next = addresses.next();
        match next {
            Some(address) => attempts.push(Box::pin(attempt(address))),
            None if attempts.is_empty() => return Err(failure),
            None => {}
        }
        let patience = async {
            match next {
                Some(_) => sleep(NEXT_ADDRESS).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = next_ended(&mut attempts) => match ended {
                Ok(connected) => return Ok(connected),
                Err(error) => failure = ExchangeError::Unreachable(error),
            },
            () = patience => {}
        }
    }
}

/// What comes of the first of these that ends, which is taken out. They run only here, and end with who waits for them.
async fn next_ended<F: Future>(running: &mut Vec<Pin<Box<F>>>) -> F::Output {
    poll_fn(|context| {
        let ended = running.iter_mut().enumerate().find_map(|(at, it)| match it.as_mut().poll(context) {
            Poll::Ready(output) => Some((at, output)),
            Poll::Pending => None,
        });
        let Some((at, output)) = ended else { return Poll::Pending };
        drop(running.swap_remove(at));
        Poll::Ready(output)
    })
    .await
}

async fn attempt(address: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let stream = timeout(CONNECT, TcpStream::connect(address)).await??;
    // On loopback a port without a listener can answer itself: the kernel may choose it as our own.
    if stream.local_addr()? == address {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    // The end of a long request does not wait until its beginning is confirmed. It works without, too.
    let _ = stream.set_nodelay(true);
    Ok((stream, address))
}

/// Reads until the other side closes, or until the reply is complete. `patience` is for its first byte, `limit` for all.
async fn read_reply(
    stream: &mut TcpStream,
    patience: Duration,
    limit: usize,
    mut is_complete: impl FnMut(&[u8]) -> bool,
) -> Result<Vec<u8>, ExchangeError> {
    let begin = Instant::now();
    let mut reply = Vec::new();
    let mut piece = vec![0; 16 << 10];
    loop {
        let stall = if reply.is_empty() { patience } else { STALL };
        let until = (Instant::now() + stall).min(begin + REPLY.max(patience));
        let count = match timeout_at(until, stream.read(&mut piece)).await {
            Ok(Ok(0)) => return Ok(reply),
            Ok(Ok(count)) => count,
            Ok(Err(error)) => return Err(ExchangeError::Lost(error)),
            Err(_) => return Err(ExchangeError::TimedOut(stall)),
        };
        if reply.len() + count > limit {
            return Err(ExchangeError::TooLong);
        }
        reply.extend_from_slice(piece.get(..count).unwrap_or_default());
        if is_complete(&reply) {
            return Ok(reply);
        }
    }
}
