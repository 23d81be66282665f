//! The side that asks.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::serving::discard;
use super::{Answer, ExchangeError, Habits};
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
/// How long to wait for the reply to one form of a request before the next one is tried beside it: a Jython peer that does
/// not know a form may leave the connection open.
const FORM: Duration = Duration::from_secs(4);
/// How long to wait for the other side to close when there is nothing to reply, and again once our side is closed.
pub(in crate::net) const CLOSE: Duration = Duration::from_millis(500);
/// How long the answer to an invitation may take: two minutes to think, and some seconds on the way.
const INVITE: Duration = Duration::from_secs(125);
/// Longest reply that is read of what should be one word. Bytes.
const WORD: usize = 1024;

/// Sends a request, to the first of these addresses that takes a connection, and reads the reply. Everything but
/// `GET_FILE`, for which there is [`crate::net::transfer::Downloads`].
///
/// An `INVITE` waits for two minutes and some seconds. A request without argument is sent again in other forms when there
/// is no sensible reply to one.
pub(in crate::net) async fn ask(
    to: &[SocketAddr],
    request: &PeerRequest,
    habits: Habits,
) -> Result<Answer, ExchangeError> {
    if request.has_forms() {
        let answer = ask_in_forms(to, request, habits, FORM).await;
        let is_vain = match &answer {
            Ok(answer) => answer.reply.is_empty(),
            Err(error) => matches!(error, ExchangeError::TimedOut(_) | ExchangeError::Lost(_)),
        };
        if !(habits.reads_to_end && is_vain) {
            return answer;
        }
        // It may have other habits by now.
        return ask_in_forms(to, request, Habits { reads_to_end: false, ..habits }, FORM).await;
    }
    if !matches!(request, PeerRequest::Invite { .. }) {
        tell(to, request, habits, CLOSE, || ()).await?;
        return Ok(Answer { reply: Vec::new(), habits });
    }
    let (mut stream, _) = self::request(to, &request.encode(), habits).await?;
    // Whoever gives up waiting resets the connection, so that the other side need not ask its user any longer.
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    let reply = read_reply(&mut stream, INVITE, WORD, |reply| acceptance(reply).is_some()).await?;
    let _ = SockRef::from(&stream).set_linger(None);
    Ok(Answer { reply, habits })
}

/// Sends a request that has no reply, to the first of these addresses that takes a connection.
///
/// It waits until the other side has closed: then that has read the request, and the next one cannot overtake it. Many a
/// peer reads until we close, so after this grace our side is closed, and the other one has as long again. Both sides at
/// once would be too early: a Jython peer that has not taken the connection by then does not get what was written.
/// `written` is called before all this waiting.
pub(in crate::net) async fn tell(
    to: &[SocketAddr],
    request: &PeerRequest,
    habits: Habits,
    grace: Duration,
    written: impl FnOnce(),
) -> Result<(), ExchangeError> {
    let (mut stream, _) = self::request(to, &request.encode(), habits).await?;
    written();
    if let Ok(closed) = timeout(grace, discard(&mut stream)).await {
        return closed.map_err(ExchangeError::Lost);
    }
    stream.shutdown().await.map_err(ExchangeError::Lost)?;
    timeout(grace, discard(&mut stream)).await.unwrap_or(Ok(())).map_err(ExchangeError::Lost)
}

/// Asks one time and in one form for a value: whoever does not understand that is left alone. The reply may have so many
/// bytes.
pub(in crate::net) async fn ask_once(
    to: &[SocketAddr],
    request: &PeerRequest,
    habits: Habits,
    limit: usize,
) -> Result<Vec<u8>, ExchangeError> {
    let (mut stream, _) = self::request(to, &request.encode_as(habits.form), habits).await?;
    let mut scanner = Scanner::new(limit);
    let is_complete = |reply: &[u8]| matches!(scanner.scan(reply.trim_ascii_start()), Ok(Some(_)));
    read_reply(&mut stream, FORM, limit, is_complete).await
}

/// Asks until a reply makes sense. Asking several times does no harm. Each form waits so long before the next one is tried
/// beside it: whoever has to look for the answer may still give it. When all of them have waited, they end: whoever has
/// said nothing at all may be reading until then.
pub(super) async fn ask_in_forms(
    to: &[SocketAddr],
    request: &PeerRequest,
    habits: Habits,
    patience: Duration,
) -> Result<Answer, ExchangeError> {
    // A reply, even one without sense, tells more than none.
    let mut best: Option<Answer> = None;
    let mut failure = ExchangeError::NoAddress;
    let asking = Asking {
        to,
        request,
        patience: 4 * patience,
        is_answered: AtomicBool::new(false),
        is_over: watch::Sender::new(habits.reads_to_end),
    };
    let mut forms = habits.form.first().into_iter();
    let mut attempts = Vec::new();
    loop {
        match forms.next() {
            Some(form) => attempts.push(Box::pin(asking.in_form(form))),
            None if attempts.is_empty() => return best.ok_or(failure),
            None => drop(asking.is_over.send_replace(true)),
        }
        let wait = async {
            sleep(patience).await;
            if asking.is_answered.load(Ordering::Relaxed) {
                pending::<()>().await;
            }
        };
        tokio::select! {
            (form, ended) = next_ended(&mut attempts) => match ended {
                Ok((reply, is_sensible)) => {
                    let reads_to_end = *asking.is_over.borrow();
                    let answer = Answer { reply, habits: Habits { form, reads_to_end } };
                    if is_sensible {
                        return Ok(answer);
                    }
                    if best.as_ref().is_none_or(|best| best.reply.is_empty()) {
                        best = Some(answer);
                    }
                }
                Err(error @ ExchangeError::Unreachable(_)) if attempts.is_empty() => return best.ok_or(error),
                Err(error) => failure = error,
            },
            () = wait => {}
        }
    }
}

/// A request that is sent in several forms.
struct Asking<'a> {
    to: &'a [SocketAddr],
    request: &'a PeerRequest,
    /// How long each form waits for the first byte of a reply.
    patience: Duration,
    /// Some of a reply has come.
    is_answered: AtomicBool,
    /// Nothing more is written: our side of each connection is closed.
    is_over: watch::Sender<bool>,
}

impl Asking<'_> {
    /// Sends it in one form; what was replied, and whether that makes sense.
    async fn in_form(&self, form: Form) -> (Form, Result<(Vec<u8>, bool), ExchangeError>) {
        let asked = async {
            let habits = Habits { form, reads_to_end: *self.is_over.borrow() };
            let (mut stream, _) = request(self.to, &self.request.encode_as(form), habits).await?;
            let (mut reader, mut writer) = stream.split();
            let mut scanner = Scanner::new(limits::REPLY_BYTES);
            let mut is_sensible = false;
            let reading = read_reply(&mut reader, self.patience, limits::REPLY_BYTES, |reply| {
                self.is_answered.store(true, Ordering::Relaxed);
                is_sensible = matches!(scanner.scan(reply.trim_ascii_start()), Ok(Some(_)));
                is_sensible
            });
            let closing = async {
                let mut is_over = self.is_over.subscribe();
                // A connection that cannot be closed is broken, which reading tells.
                let _ = is_over.wait_for(|is_over| *is_over).await;
                let _ = writer.shutdown().await;
                pending::<Infallible>().await
            };
            let reply = tokio::select! {
                reply = reading => reply?,
                never = closing => match never {},
            };
            Ok((reply, is_sensible))
        };
        (form, asked.await)
    }
}

/// Connects to the first of these addresses that answers and writes a request in one go: many a peer takes one `recv`
/// for all of it. Our side of the connection is closed behind it if that is what the peer waits for. Says which address
/// it was.
pub(in crate::net) async fn request(
    to: &[SocketAddr],
    bytes: &[u8],
    habits: Habits,
) -> Result<(TcpStream, SocketAddr), ExchangeError> {
    let (mut stream, address) = connect(to).await?;
    let writing = async {
        stream.write_all(bytes).await?;
        if habits.reads_to_end { stream.shutdown().await } else { Ok(()) }
    };
    match timeout(WRITE, writing).await {
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
                None => pending().await,
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
    stream: &mut (impl AsyncRead + Unpin),
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
        let mut more = piece.get(..count).unwrap_or_default();
        if reply.is_empty() {
            // Blanks before it mean nothing; kept, they would be read again with every piece.
            more = more.trim_ascii_start();
        }
        if reply.len() + more.len() > limit {
            return Err(ExchangeError::TooLong);
        }
        reply.extend_from_slice(more);
        if is_complete(&reply) {
            return Ok(reply);
        }
    }
}
