//! What is counted, and how it is told.

use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::hub::{Hub, State};
use super::outbox::Outbox;
use super::refusal::{Reason, Refusal};

/// How many there are now. Read without waiting from any thread.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    connections: AtomicUsize,
    users: AtomicUsize,
    conversations: AtomicUsize,
}

/// How many connections, users and conversations a server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open connections, registered or not.
    pub connections: usize,
    /// Registered users.
    pub users: usize,
    /// Conversations that have members or invitations.
    pub conversations: usize,
}

impl Gauges {
    pub(super) fn set(&self, connections: usize, users: usize, conversations: usize) {
        self.connections.store(connections, Ordering::Relaxed);
        self.users.store(users, Ordering::Relaxed);
        self.conversations.store(conversations, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Counts {
        Counts {
            connections: self.connections.load(Ordering::Relaxed),
            users: self.users.load(Ordering::Relaxed),
            conversations: self.conversations.load(Ordering::Relaxed),
        }
    }
}

/// What has happened since the server was started.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) messages_in: u64,
    pub(super) messages_out: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) reads: u64,
    pub(super) writes: u64,
    pub(super) too_slow: u64,
    /// By [`Reason`].
    refused: [u64; Reason::ALL.len()],
}

impl Counters {
    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        self.refused[refusal.reason() as usize] += 1;
    }
}

/// Most scrapes at the same time.
const SCRAPES: usize = 4;
/// How long a scrape may take.
const SCRAPE_TIME: Duration = Duration::from_secs(5);
/// Longest request, in bytes.
const REQUEST_BYTES: usize = 4096;

/// Answers scrapes for ever.
pub(super) async fn serve(hub: Arc<Hub>, listener: TcpListener) {
    let mut scrapes = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = scrapes.join_next() => {}
            accepted = listener.accept(), if scrapes.len() < SCRAPES => match accepted {
                Ok((stream, _)) => drop(scrapes.spawn(timeout(SCRAPE_TIME, answer(Arc::clone(&hub), stream)))),
                Err(error) => {
                    warn!(%error, "cannot accept a scrape for now");
                    sleep(Duration::from_secs(1)).await;
                }
            },
        }
    }
}

/// One request of HTTP/1, one answer, and the end of the connection.
async fn answer(hub: Arc<Hub>, mut stream: TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    while !has_ended(&request) {
        if request.len() >= REQUEST_BYTES || stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let mut words = request.split(u8::is_ascii_whitespace);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let (status, body) = match (method, path) {
        (b"GET" | b"HEAD", b"/metrics" | b"/") => ("200 OK", text(&hub.lock())),
        (b"GET" | b"HEAD", _) => ("404 Not Found", "GET /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed\r\nAllow: GET, HEAD", "GET /metrics\n".to_owned()),
    };
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if method != b"HEAD" {
        answer += &body;
    }
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// Whether the blank line is there that ends the head of a request; some write line ends without a carriage return.
fn has_ended(request: &[u8]) -> bool {
    request.windows(2).any(|end| end == b"\n\n") || request.windows(3).any(|end| end == b"\n\r\n")
}

/// The figures in the text format of Prometheus.
fn text(state: &State) -> String {
    let State { registry, links, counters, .. } = state;
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
        let _ = writeln!(out, "# HELP klatch_{name} {help}\n# TYPE klatch_{name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(out, "klatch_{name}{labels} {value}");
        }
    };
    let one = |value: u64| [(String::new(), value)];
    let count = |value: usize| one(value as u64);
    family("connections", "gauge", "Open connections.", &count(links.len()));
    family("users", "gauge", "Registered users.", &count(registry.user_count()));
    family("conversations", "gauge", "Conversations.", &count(registry.conversation_count()));
    let queued = |size: fn(&Outbox) -> usize| count(links.values().map(|link| size(&link.outbox)).sum());
    family("queued_messages", "gauge", "Messages that wait to be written.", &queued(Outbox::len));
    family("queued_bytes", "gauge", "Bytes that wait to be written.", &queued(Outbox::bytes));
    family("messages_received_total", "counter", "Messages from clients.", &one(counters.messages_in));
    family("messages_sent_total", "counter", "Messages to clients.", &one(counters.messages_out));
    family("received_bytes_total", "counter", "Bytes from clients.", &one(counters.bytes_in));
    family("sent_bytes_total", "counter", "Bytes to clients.", &one(counters.bytes_out));
    family("slow_readers_total", "counter", "Clients disconnected for reading too slowly.", &one(counters.too_slow));
    let refused: Vec<_> = Reason::ALL
        .iter()
        .zip(counters.refused)
        .map(|(reason, n)| (format!("{{reason=\"{}\"}}", reason.label()), n))
        .collect();
    family("refused_messages_total", "counter", "Messages of clients that were refused.", &refused);
    out
}
