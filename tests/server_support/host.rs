//! A server on a free port, and clients that speak bytes: nothing of our codec checks our codec.
#![allow(dead_code, reason = "each test program uses some of it")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use klatch::server::{Monitor, Options, Server, listen};
use tokio::sync::oneshot;

/// No test waits longer for anything.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) monitor: Monitor,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    pub(crate) fn start(options: Options) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let server = Server::new(listen("127.0.0.1:0".parse().unwrap()).unwrap(), options);
                tell.send((server.local_addresses()[0], server.monitor())).unwrap();
                server.run(async { drop(stopped.await) }).await;
            });
        });
        let (address, monitor) = told.recv_timeout(DEADLINE).unwrap();
        Self { address, monitor, stop: Some(stop), thread: Some(thread) }
    }

    /// One without a pause between messages, which the tests need not wait for.
    pub(crate) fn unpaced() -> Self {
        Self::start(Options { pace: Duration::ZERO, ..Options::default() })
    }

    pub(crate) fn connect(&self) -> Peer {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Peer { socket, buffer: Vec::new() }
    }

    /// A client that is registered.
    pub(crate) fn join(&self, name: &str) -> Peer {
        let mut peer = self.connect();
        peer.send(register(name));
        while !contains(&peer.receive_verb("ONLINE_USERS"), &text(name)) {}
        peer
    }

    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            assert!(outcome.is_ok() || std::thread::panicking(), "the server has panicked");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

/// A client.
pub(crate) struct Peer {
    pub(crate) socket: TcpStream,
    buffer: Vec<u8>,
}

impl Peer {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).unwrap();
    }

    /// Closes the writing side.
    pub(crate) fn end(&mut self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    /// The bytes of the next message; `None` at the end of the stream.
    pub(crate) fn receive(&mut self) -> Option<Vec<u8>> {
        let started = Instant::now();
        loop {
            if let Some(end) = message_end(&self.buffer) {
                return Some(self.buffer.drain(..end).collect());
            }
            let mut some = [0; 4096];
            match self.socket.read(&mut some) {
                Ok(0) => {
                    assert!(self.buffer.is_empty(), "cut inside a message: {:?}", show(&self.buffer));
                    return None;
                }
                Ok(n) => self.buffer.extend_from_slice(&some[..n]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}, and {:?} was there", show(&self.buffer)),
            }
            assert!(started.elapsed() < DEADLINE);
        }
    }

    /// The next message that is no list.
    pub(crate) fn receive_event(&mut self) -> Option<Vec<u8>> {
        loop {
            let message = self.receive()?;
            if !message.starts_with(b"ONLINE_USERS ") && !message.starts_with(b"CONVERSATIONS ") {
                return Some(message);
            }
        }
    }

    /// The next message with this verb; others before it are dropped.
    pub(crate) fn receive_verb(&mut self, verb: &str) -> Vec<u8> {
        loop {
            let message = self.receive().unwrap_or_else(|| panic!("the stream ended before {verb}"));
            if message.starts_with(format!("{verb} ").as_bytes()) {
                return message;
            }
        }
    }

    /// The next message that is no list is this one.
    #[track_caller]
    pub(crate) fn expect(&mut self, wanted: impl AsRef<[u8]>) {
        let event = self.receive_event().unwrap_or_default();
        assert_eq!(show(&event), show(wanted.as_ref()));
    }

    /// Waits until a list is told that is exactly this one.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, wanted: impl AsRef<[u8]>) {
        let wanted = wanted.as_ref();
        let started = Instant::now();
        let mut seen = Vec::new();
        while seen != wanted {
            assert!(started.elapsed() < DEADLINE, "{:?}", show(&seen));
            seen = self.receive().unwrap_or_else(|| panic!("the stream ended; last: {:?}", show(&seen)));
        }
    }

    /// An ERROR with these words in it.
    #[track_caller]
    pub(crate) fn expect_error(&mut self, words: &str) {
        let event = self.receive_event().unwrap_or_default();
        assert!(event.starts_with(b"ERROR \x80\x02X") && contains(&event, words.as_bytes()), "{:?}", show(&event));
    }

    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        assert_eq!(self.receive_event().map(|message| show(&message)), None);
    }
}

/// Waits until something that this process can look at is so.
pub(crate) fn wait_until(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
}

pub(crate) fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

/// Where the first message ends, in the few opcodes that the server writes.
fn message_end(bytes: &[u8]) -> Option<usize> {
    let mut at = bytes.iter().position(|byte| *byte == b' ')? + 1;
    loop {
        let operand = match bytes.get(at)? {
            b'.' => return Some(at + 1),
            b']' | b'}' | b'(' | b'e' | b'u' => 0,
            0x80 => 1,
            b'J' => 4,
            b'X' => 4 + u32::from_le_bytes(bytes.get(at + 1..at + 5)?.try_into().unwrap()) as usize,
            other => panic!("opcode {other:#x} in {:?}", show(bytes)),
        };
        at += 1 + operand;
    }
}

/// BINUNICODE
pub(crate) fn text(text: &str) -> Vec<u8> {
    [b"X", &u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
}

/// BININT
pub(crate) fn int(number: i32) -> Vec<u8> {
    [b"J", &number.to_le_bytes()[..]].concat()
}

pub(crate) fn online_users(users: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<u8> = users.iter().flat_map(|(name, status)| [text(name), text(status)].concat()).collect();
    [b"ONLINE_USERS \x80\x02}(", &pairs[..], b"u."].concat()
}

pub(crate) fn conversations(all: &[(i32, &[&str])]) -> Vec<u8> {
    let list = |names: &[&str]| -> Vec<u8> {
        if names.is_empty() {
            return b"]".to_vec();
        }
        [b"](".to_vec(), names.iter().flat_map(|name| text(name)).collect(), b"e".to_vec()].concat()
    };
    let pairs: Vec<u8> = all.iter().flat_map(|(id, names)| [int(*id), list(names)].concat()).collect();
    [b"CONVERSATIONS \x80\x02}(", &pairs[..], b"u."].concat()
}

pub(crate) fn invitation(id: i32, from: &str) -> Vec<u8> {
    [b"INVITATION \x80\x02](", &int(id)[..], &text(from), b"e."].concat()
}

/// `id` is the pickled id.
pub(crate) fn message(id: &[u8], from: &str, body: &str) -> Vec<u8> {
    [b"MESSAGE \x80\x02](", id, &text(from), &text(body), b"e."].concat()
}

// What clients send, in the pickle protocol 0 of the slides.

/// In protocol 2, as protocol 0 knows Latin-1 only.
pub(crate) fn register(name: &str) -> Vec<u8> {
    [b"REGISTER \x80\x02](", &text(name)[..], &text("online"), b"e."].concat()
}

pub(crate) fn status(status: &str) -> String {
    format!("STATUS (lp0\nV{status}\np1\na.")
}

pub(crate) fn invite(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("V{name}\na")).collect();
    format!("INVITE (l{}.", names.concat())
}

pub(crate) fn join(id: i32) -> String {
    format!("JOIN (lI{id}\na.")
}

pub(crate) fn leave(id: i32) -> String {
    format!("LEAVE (lI{id}\na.")
}

pub(crate) fn say(id: i32, body: &str) -> String {
    format!("SEND_MESSAGE (lI{id}\naV{body}\na.")
}
