//! `klatch-server` as whoever starts it sees it.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

#[path = "server_support/host.rs"]
mod host;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use host::{DEADLINE, contains, register};

struct Program(Child);

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-server"));
        Self(command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// The addresses that it says it listens on.
    fn addresses(&mut self, count: usize) -> Vec<String> {
        let mut out = BufReader::new(self.0.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).to_owned()
        };
        (0..count).map(|_| line()).collect()
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < DEADLINE);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// What it has written to standard error, once it has ended.
    fn complaint(&mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn ask(address: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_all_its_addresses_until_a_signal_ends_it() {
    for signal in ["TERM", "INT"] {
        let mut program =
            Program::start(&["--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0", "--log", "info", "--pace", "0"]);
        let mut clients = Vec::new();
        for (address, name) in program.addresses(2).iter().zip(["bob", "eve"]) {
            assert!(!address.ends_with(":0"), "the real port: {address}");
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            stream.write_all(&register(name)).unwrap();
            let mut first = [0; 12];
            stream.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"ONLINE_USERS");
            clients.push(stream);
        }
        program.signal(signal);
        for mut stream in clients {
            stream.read_to_end(&mut Vec::new()).unwrap();
        }
        assert_eq!(program.wait().code(), Some(0));
        assert!(program.complaint().contains("registered name=\"bob\""));
    }
}

#[test]
fn a_client_that_does_not_close_does_not_hold_it_up() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0"]);
    let address = program.addresses(1).remove(0);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&register("bob")).unwrap();
    stream.read_exact(&mut [0; 12]).unwrap();
    let started = Instant::now();
    program.signal("TERM");
    assert_eq!(program.wait().code(), Some(0));
    assert!(started.elapsed().as_secs() < 5);
    drop(stream);
}

#[test]
fn it_says_what_is_wrong_and_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, code, words) in [
        (&["--listen", address.as_str()][..], 1, "is in use by another program"),
        (&["--listen", "127.0.0.1:0", "--metrics", &address], 1, "--metrics"),
        (&["--listen", "192.0.2.1:6666"], 1, "no address 192.0.2.1"),
        (&["--listen", "nonsense"], 2, "nonsense"),
        (&["--conversations", "secret"], 2, "invited, public, private"),
        (&["--frobnicate"], 2, "--frobnicate"),
    ] {
        let mut program = Program::start(arguments);
        assert_eq!(program.wait().code(), Some(code), "{arguments:?}");
        let complaint = program.complaint();
        assert!(complaint.contains(words) && !complaint.contains("panicked"), "{complaint}");
    }
}

#[test]
fn only_the_journal_gets_no_times() {
    for is_journal in [true, false] {
        let log = tempfile::NamedTempFile::new().unwrap();
        let metadata = log.as_file().metadata().unwrap();
        let stream = format!("{}:{}", metadata.dev(), metadata.ino() + u64::from(!is_journal));
        let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-server"));
        command.args(["--listen", "127.0.0.1:0"]).env("JOURNAL_STREAM", stream);
        let mut program = Program(command.stdout(Stdio::piped()).stderr(log.reopen().unwrap()).spawn().unwrap());
        ask(&program.addresses(1)[0], &[register("bob"), b"GOODBYE N.".to_vec()].concat());
        program.signal("TERM");
        assert_eq!(program.wait().code(), Some(0));
        let text = fs::read_to_string(log.path()).unwrap();
        let line = text.lines().find(|line| line.contains("registered")).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(line.trim_start().starts_with("INFO"), is_journal, "{line}");
    }
}

#[test]
fn closed_outputs_are_no_reason_to_fail() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--log", "trace", "--metrics", "127.0.0.1:0"]);
    drop(program.0.stderr.take());
    let address = program.addresses(1).remove(0);
    for name in ["bob", "eve"] {
        let answer = ask(&address, &[register(name), b"GOODBYE N.".to_vec()].concat());
        assert!(answer.starts_with(b"ONLINE_USERS"));
    }
    program.signal("TERM");
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn it_tells_its_figures() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    let mut log = BufReader::new(program.0.stderr.take().unwrap());
    let metrics = loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0);
        if let Some((_, url)) = line.trim_end().split_once("metrics at http://") {
            break url.strip_suffix("/metrics").unwrap().to_owned();
        }
    };
    let address = program.addresses(1).remove(0);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[register("bob"), b"JOIN I1\n.FROB N.".to_vec()].concat()).unwrap();
    let mut received = Vec::new();
    while !contains(&received, b"unknown verb FROB") {
        let mut some = [0; 1024];
        let n = stream.read(&mut some).unwrap();
        assert_ne!(n, 0);
        received.extend(&some[..n]);
    }
    let answer = ask(&metrics, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    for line in [
        "klatch_connections 1",
        "klatch_users 1",
        "klatch_conversations 0",
        "klatch_messages_received_total 3",
        "klatch_queued_messages 0",
        "klatch_refused_messages_total{reason=\"membership\"} 1",
        "klatch_refused_messages_total{reason=\"argument\"} 1",
        "klatch_refused_messages_total{reason=\"stream\"} 0",
    ] {
        assert!(contains(&answer, format!("\n{line}\n").as_bytes()), "{line} in {}", String::from_utf8_lossy(&answer));
    }
    let with_head = |request: &[u8], head: &[u8]| {
        let answer = ask(&metrics, request);
        assert!(answer.starts_with(head), "{}", String::from_utf8_lossy(&answer));
        contains(&answer, b"klatch_users 1\n")
    };
    for request in ["GET / HTTP/1.1\r\n\r\n", "GET /metrics?a=b HTTP/1.0\r\n\r\n", "GET /metrics HTTP/1.1\n\n"] {
        assert!(with_head(request.as_bytes(), b"HTTP/1.1 200 "), "{request}");
    }
    assert!(!with_head(b"HEAD /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 "));
    assert!(!with_head(b"GET /other HTTP/1.1\r\n\r\n", b"HTTP/1.1 404 "));
    assert!(!with_head(b"POST /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 405 "));
}
