//! Whether the documents are true: their examples are played, the files and options that they name exist.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

#[path = "server_support/host.rs"]
mod host;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use clap::CommandFactory;
use host::{Host, Peer, contains, invitation, invite, join, say, show};
use klatch::protocol::frame::FrameDecoder;
use klatch::protocol::ident::{ConversationId, UserName};
use klatch::protocol::im::{CLIENT_VERBS, ClientMessage, DEFAULT_PORT, SERVER_VERBS, ServerMessage};
use klatch::protocol::limits;
use klatch::protocol::social::{Form, NameMatch, PeerRequest, RequestReader, UserInfo, acceptance, file_list};

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The fenced blocks with this word behind the fence.
fn blocks(document: &str, kind: &str) -> Vec<String> {
    let mut parts = document.split("\n```");
    parts.next();
    // Behind every fence that opens there is one that closes.
    let fenced = parts.step_by(2);
    let found: Vec<_> = fenced.filter_map(|part| part.strip_prefix(&format!("{kind}\n"))).map(str::to_owned).collect();
    assert!(!found.is_empty(), "no example of {kind}");
    found
}

/// Bytes as the documents write them: printable ASCII, and what is escaped.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match rest.next().unwrap() {
            b'n' => b'\n',
            b'r' => b'\r',
            b'\\' => b'\\',
            b'x' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => panic!("\\{} in {text}", char::from(other)),
        });
    }
    out
}

#[test]
fn the_default_port_is_the_same_everywhere() {
    for (file, text, times) in [
        ("data/im.klatch.Klatch.gschema.xml", format!("<default>{DEFAULT_PORT}</default>"), 2),
        ("data/firewalld/klatch-server.xml", format!("port=\"{DEFAULT_PORT}\""), 1),
        ("docs/protocol.md", format!("by default to port {DEFAULT_PORT}"), 1),
        ("docs/hosting.md", format!("TCP port {DEFAULT_PORT}"), 1),
    ] {
        assert_eq!(document(file).matches(&text).count(), times, "{text} in {file}");
    }
}

#[test]
fn the_conversation_goes_as_written() {
    let host = Host::unpaced();
    let mut peers: BTreeMap<&str, Peer> = BTreeMap::new();
    let text = blocks(&document("docs/protocol.md"), "conversation").concat();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, rest) = line.split_once(['>', '<']).unwrap();
        let wanted = bytes(rest.trim_start());
        let peer = peers.entry(name).or_insert_with(|| host.connect());
        if line.starts_with(&format!("{name}>")) {
            peer.send(&wanted);
        } else {
            // A list may come once more than it changes; nothing else may.
            peer.wait_for(&wanted);
        }
        if line.starts_with("alice>") {
            assert_eq!(show(&client_message(&wanted).unwrap().encode()), show(&wanted), "what Klatch writes");
        }
    }
}

fn client_message(bytes: &[u8]) -> Option<ClientMessage> {
    let mut decoder = FrameDecoder::new(CLIENT_VERBS, limits::REQUEST_BYTES);
    decoder.push(bytes);
    decoder.silence();
    ClientMessage::from_frame(decoder.next().unwrap()?).ok()
}

fn server_message(bytes: &[u8]) -> Option<ServerMessage> {
    let mut decoder = FrameDecoder::new(SERVER_VERBS, limits::REPLY_BYTES);
    decoder.push(bytes);
    decoder.silence();
    ServerMessage::from_frame(decoder.next().unwrap()?).ok()
}

fn peer_request(bytes: &[u8]) -> Option<PeerRequest> {
    let mut reader = RequestReader::default();
    reader.push(bytes);
    reader.end();
    reader.next(|_| NameMatch::Unknown).unwrap()
}

#[test]
fn messages_that_are_said_to_mean_the_same_do() {
    let text = blocks(&document("docs/protocol.md"), "same").join("\n\n");
    for group in text.trim().split("\n\n") {
        let lines: Vec<_> = group.lines().map(|line| line.split_once(' ').unwrap()).collect();
        let first = bytes(lines[0].1);
        for (side, line) in &lines {
            let encoded = match *side {
                "client" => client_message(&bytes(line)).map(|message| message.encode()),
                "server" => server_message(&bytes(line)).map(|message| message.encode()),
                "peer" => peer_request(&bytes(line)).map(|request| request.encode()),
                other => panic!("{other}"),
            };
            assert_eq!(encoded.map(|bytes| show(&bytes)), Some(show(&first)), "{line}");
        }
    }
}

#[test]
fn what_is_refused_is_refused_in_these_words() {
    let host = Host::unpaced();
    let mut alice = host.join("alice");
    let text = blocks(&document("docs/protocol.md"), "refused").concat();
    for example in text.trim().split("\n\n") {
        let (message, answer) = example.split_once('\n').unwrap();
        alice.send(bytes(message.strip_prefix("alice> ").unwrap()));
        alice.expect(ServerMessage::Error(answer.to_owned()).encode());
    }
}

/// A program that is killed when the test ends early.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program of a document, in one of the interpreters that it is said to run in.
fn run(interpreter: &str, source: &str, arguments: &[&str]) -> (Program, BufReader<ChildStdout>) {
    let mut command = Command::new(interpreter);
    command.args(["-c", source]).args(arguments).stdout(Stdio::piped());
    let mut program = Program(command.spawn().unwrap_or_else(|error| panic!("{interpreter}: {error}")));
    let output = BufReader::new(program.0.stdout.take().unwrap());
    (program, output)
}

#[test]
fn the_client_in_python_works() {
    ["python3", "jython"].into_iter().for_each(client_works);
}

#[test]
fn the_peer_in_python_works() {
    ["python3", "jython"].into_iter().for_each(peer_works);
}

fn client_works(interpreter: &str) {
    let host = Host::unpaced();
    let mut alice = host.join("alice");
    let source = blocks(&document("docs/protocol.md"), "python").concat();
    let port = host.address.port().to_string();
    let (mut program, mut output) = run(interpreter, &source, &["127.0.0.1", &port, "pia"]);
    let mut line = String::new();
    while !line.starts_with("ONLINE_USERS") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "it ended");
    }
    alice.send(invite(&["pia"]));
    alice.expect(invitation(1, "alice"));
    alice.send(join(1));
    while !contains(&alice.receive_verb("CONVERSATIONS"), b"pia") {}
    alice.send(say(1, "hello"));
    alice.send(say(1, "bye"));
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.replace("u'", "'").contains("MESSAGE [1, 'alice', 'hello']"), "{rest}");
    assert!(program.0.wait().unwrap().success());
}

fn peer_works(interpreter: &str) {
    let source = blocks(&document("docs/protocol.md"), "py").concat();
    let (_program, mut output) = run(interpreter, &source, &["pia", "0"]);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let port: u16 = line.strip_prefix("listening ").unwrap().trim().parse().unwrap();
    let ask = |request: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        reply
    };
    let (chat, ann) = (ConversationId::Int(1000), || UserName::received("ann"));
    let info = UserInfo::from_reply(&ask(&PeerRequest::GetUserInfo.encode())).unwrap();
    assert!(info.fields.contains(&("name".to_owned(), "pia".to_owned())), "{info:?}");
    for form in [Form::Pickled, Form::Bare, Form::Spaced] {
        let files = file_list(&ask(&PeerRequest::ListFiles.encode_as(form))).unwrap();
        assert_eq!(files.names, ["hello.txt"], "{form:?}");
    }
    assert_eq!(ask(&PeerRequest::GetFile("hello.txt".to_owned()).encode()), b"Hello!\n");
    assert_eq!(ask(&PeerRequest::GetFile("other.txt".to_owned()).encode()), b"");
    let invitation = ask(&PeerRequest::Invite { chat: chat.clone(), from: ann() }.encode());
    assert_eq!(acceptance(&invitation), Some(true));
    assert_eq!(ask(&PeerRequest::Message { chat, from: ann(), body: "hello".to_owned() }.encode()), b"");
    while !line.starts_with("MESSAGE") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "it ended");
    }
    assert_eq!(line.replace("u'", "'").trim(), "MESSAGE (1000, 'ann', 'hello')");
}

const DOCUMENTS: [&str; 7] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/hosting.md",
    "docs/protocol.md",
    "CHANGELOG.md",
];

/// What stands between single back-ticks, outside of blocks.
fn quoted(document: &str) -> Vec<&str> {
    document.split("\n```").step_by(2).flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn files_that_documents_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src/", "tests/", "data/", "docs/", "po/", "build-aux/"];
    let mut count = 0;
    for name in DOCUMENTS {
        let text = document(name);
        for path in quoted(&text).into_iter().filter_map(|words| words.split(' ').next()) {
            if folders.iter().any(|folder| path.starts_with(folder)) {
                assert!(root.join(path).exists(), "{name}: {path}");
                count += 1;
            }
        }
    }
    assert!(count > 20, "only {count} paths were found");
}

#[test]
fn options_that_documents_name_exist() {
    let commands = [klatch::server::Arguments::command(), klatch::cli::Options::command()];
    let mut known: BTreeSet<String> = ["--help", "--version"].map(str::to_owned).into();
    for command in &commands {
        let subcommands = command.get_subcommands().flat_map(clap::Command::get_arguments);
        known.extend(command.get_arguments().chain(subcommands).filter_map(|a| Some(format!("--{}", a.get_long()?))));
    }
    for name in ["docs/hosting.md", "docs/protocol.md"] {
        for word in document(name).split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
            let is_foreign = ["--permanent", "--add-service", "--reload", "--now", "--user"].contains(&word);
            if word.starts_with("--") && word.len() > 3 && !word.ends_with('-') && !is_foreign {
                assert!(known.contains(word), "{name}: there is no option {word}");
            }
        }
    }
}
