//! One TCP connection to a server: bytes in, bytes out, and when it is to be given up.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::iter;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::WriteHalf;
use tokio::time::{Instant, timeout};

use super::event::{NetError, NetErrorKind};
use super::mode::ServerAddress;
use super::resolve::resolve;
use super::sleep_until;
use crate::protocol::frame::{Frame, FrameDecoder};
use crate::protocol::im::SERVER_VERBS;
use crate::protocol::limits;

/// How long the attempt to reach one address may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may refuse to take what is written, or leave a message unfinished.
const STALL: Duration = Duration::from_secs(45);
/// A program written from the slides takes one `recv` for one message: the pause between two writes makes that true
/// (measured: without one, 4 of 15 messages reached such a program glued to another; with 50 ms none). People do not
/// type that fast.
const PACE: Duration = Duration::from_millis(50);
/// When more messages than this wait, they are written at once.
const PACED: usize = 4;
/// Most messages in one write.
const SLICES: usize = 64;
/// Most bytes that may wait to be written.
const OUTBOX: usize = 4 * limits::REQUEST_BYTES;
/// How long the last messages may take on closing, and how long the server is listened to after them: closing with
/// unread bytes would reset the connection and could take the goodbye with it.
const FLUSH: Duration = Duration::from_secs(1);
const DRAIN: Duration = Duration::from_millis(300);

/// A connection, with what waits to be written.
#[derive(Debug)]
pub(super) struct Link {
    stream: TcpStream,
    decoder: FrameDecoder,
    buffer: Box<[u8]>,
    outbox: VecDeque<Vec<u8>>,
    queued: usize,
    /// How much of the first message in the outbox is written.
    written: usize,
    /// When the next write may begin.
    write_at: Instant,
    last_read: Instant,
    last_progress: Instant,
}

/// What time brings by itself.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// A bare verb is complete.
    Silence,
    /// The server has taken too long.
    Timeout,
}

impl Link {
    /// Connects to the first address of the server that answers.
    pub(super) async fn open(address: &ServerAddress) -> Result<Self, NetError> {
        let addresses = resolve(address).await?;
        let mut failure = NetError::new(NetErrorKind::HostNotFound);
        for address in addresses {
            match timeout(CONNECT, TcpStream::connect(address)).await {
                // On loopback a port without a listener can answer itself: the kernel may choose it as our own.
                Ok(Ok(stream)) if stream.local_addr().ok() == stream.peer_addr().ok() => {
                    failure = NetError::new(NetErrorKind::Refused);
                }
                Ok(Ok(stream)) => return Ok(Self::new(stream)),
                Ok(Err(error)) => failure = connect_error(&error),
                Err(_) => failure = NetError::new(NetErrorKind::TimedOut),
            }
        }
        Err(failure)
    }

    fn new(stream: TcpStream) -> Self {
        // None of these is needed for the connection to work.
        let _ = stream.set_nodelay(true);
        let keepalive = TcpKeepalive::new()
            .with_time(limits::KEEPALIVE)
            .with_interval(limits::PROBE_INTERVAL)
            .with_retries(limits::PROBES);
        let socket = SockRef::from(&stream);
        let _ = socket.set_tcp_keepalive(&keepalive);
        let _ = socket.set_tcp_user_timeout(Some(limits::UNACKNOWLEDGED));
        let now = Instant::now();
        Self {
            stream,
            decoder: FrameDecoder::new(SERVER_VERBS, limits::REPLY_BYTES),
            buffer: vec![0; 64 << 10].into(),
            outbox: VecDeque::new(),
            queued: 0,
            written: 0,
            write_at: now,
            last_read: now,
            last_progress: now,
        }
    }

    /// Queues a message. An error means that the server has not taken anything for so long that too much waits.
    pub(super) fn send(&mut self, message: Vec<u8>) -> Result<(), NetError> {
        if self.queued + message.len() > OUTBOX {
            return Err(NetError::new(NetErrorKind::TimedOut));
        }
        if self.outbox.is_empty() {
            self.last_progress = Instant::now();
        }
        self.queued += message.len();
        self.outbox.push_back(message);
        Ok(())
    }

    /// Reads and writes until a message has come. Can be dropped at any point without losing bytes.
    pub(super) async fn next(&mut self) -> Result<Frame, NetError> {
        loop {
            match self.decoder.next() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => return Err(NetError::with(NetErrorKind::NotTheProtocol, error.to_string())),
            }
            let due = self.next_due();
            let (mut reader, mut writer) = self.stream.split();
            tokio::select! {
                read = reader.read(&mut self.buffer) => {
                    let count = read.map_err(|error| lost(&error))?;
                    if count == 0 {
                        return Err(NetError::new(NetErrorKind::ConnectionLost));
                    }
                    self.last_read = Instant::now();
                    self.decoder.push(self.buffer.get(..count).unwrap_or_default());
                }
                written = write_some(&mut writer, &self.outbox, self.written, self.write_at),
                    if !self.outbox.is_empty() => {
                    let count = written.map_err(|error| lost(&error))?;
                    self.wrote(count);
                }
                () = sleep_until(due.map(|(at, _)| at)) => match due {
                    Some((_, Due::Silence)) => self.decoder.silence(),
                    Some((_, Due::Timeout)) | None => return Err(NetError::new(NetErrorKind::TimedOut)),
                },
            }
        }
    }

    /// What is due next though no byte comes or goes, and when.
    fn next_due(&self) -> Option<(Instant, Due)> {
        let reading = if self.decoder.awaits_silence() {
            Some((self.last_read + limits::SILENCE, Due::Silence))
        } else {
            self.decoder.is_mid_message().then_some((self.last_read + STALL, Due::Timeout))
        };
        let written_by = self.last_progress.max(self.write_at) + STALL;
        let writing = (!self.outbox.is_empty()).then_some((written_by, Due::Timeout));
        reading.into_iter().chain(writing).min_by_key(|(at, _)| *at)
    }

    /// Takes so many written bytes off the outbox.
    fn wrote(&mut self, mut count: usize) {
        self.last_progress = Instant::now();
        self.write_at = self.last_progress + PACE;
        self.queued = self.queued.saturating_sub(count);
        while let Some(first) = self.outbox.front() {
            let rest = first.len() - self.written;
            if count < rest {
                self.written += count;
                return;
            }
            count -= rest;
            self.written = 0;
            self.outbox.pop_front();
        }
    }

    /// Writes what waits, closes the writing side, and listens until the server has closed too; all of it for a short
    /// time at most.
    pub(super) async fn close(mut self) {
        let flush = async {
            while !self.outbox.is_empty() {
                let (_, mut writer) = self.stream.split();
                let Ok(count) = write_some(&mut writer, &self.outbox, self.written, self.write_at).await else { break };
                self.wrote(count);
            }
        };
        if timeout(FLUSH, flush).await.is_ok() && self.stream.shutdown().await.is_ok() {
            let drain = async { while matches!(self.stream.read(&mut self.buffer).await, Ok(1..)) {} };
            // A server that does not close is left behind.
            let _ = timeout(DRAIN, drain).await;
        }
    }
}

/// Writes the rest of the first message when its time has come; all messages if there are many.
async fn write_some(
    writer: &mut WriteHalf<'_>,
    outbox: &VecDeque<Vec<u8>>,
    written: usize,
    at: Instant,
) -> io::Result<usize> {
    let count = if outbox.len() > PACED { outbox.len().min(SLICES) } else { 1 };
    if count == 1 && written == 0 {
        tokio::time::sleep_until(at).await;
    }
    let mut messages = outbox.iter();
    let first = messages.next().and_then(|message| message.get(written..)).unwrap_or_default();
    let rest = messages.map(Vec::as_slice);
    let slices: Vec<IoSlice> = iter::once(first).chain(rest).take(count).map(IoSlice::new).collect();
    writer.write_vectored(&slices).await
}

fn connect_error(error: &io::Error) -> NetError {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => NetErrorKind::Refused,
        io::ErrorKind::TimedOut => NetErrorKind::TimedOut,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => NetErrorKind::ConnectionLost,
        _ => NetErrorKind::Unreachable,
    };
    NetError::with(kind, error.to_string())
}

fn lost(error: &io::Error) -> NetError {
    let kind =
        if error.kind() == io::ErrorKind::TimedOut { NetErrorKind::TimedOut } else { NetErrorKind::ConnectionLost };
    NetError::with(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dead_server_is_noticed_with_and_without_text_on_its_way() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let link = Link::open(&address).await.unwrap();
        let socket = SockRef::from(&link.stream);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), limits::KEEPALIVE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), limits::PROBE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), limits::PROBES);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(limits::UNACKNOWLEDGED));
    }
}
