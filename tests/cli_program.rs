//! `klatch-cli server` as a script sees it: lines in, JSON out, exit codes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that is not as it should be"
)]

#[path = "interop/program.rs"]
mod program;

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use program::Program;
use serde_json::{Value as Json, json};

fn server() -> (Program, u16) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-server"));
    let server = Program::start("klatch-server", command.args(["--listen", "127.0.0.1:0", "--log", "error"]));
    let line = server.wait("its address", Json::is_string);
    let port = line.as_str().and_then(|line| line.rsplit(':').next()?.parse().ok()).unwrap();
    (server, port)
}

fn client(port: u16, name: &str) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-cli"));
    let address = format!("127.0.0.1:{port}");
    let client = Program::start(name, command.args(["server", &address, "--name", name, "--json"]));
    client.wait("that it is online", |event| event["event"] == "state" && event["state"] == "online");
    client
}

/// What it says with nothing on its standard input.
fn output(arguments: &[&str]) -> (Option<i32>, Vec<Json>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-cli"));
    let Output { status, stdout, stderr } = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let events = String::from_utf8(stdout).unwrap();
    let events = events.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    (status.code(), events, String::from_utf8(stderr).unwrap())
}

#[test]
fn a_first_connection_that_fails_is_the_last() {
    let (_server, port) = server();
    let taken = client(port, "ann");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (port, words) in [(port, "in use"), (nobody, "no server answers")] {
        let address = format!("127.0.0.1:{port}");
        let (code, events, complaint) = output(&["server", &address, "--name", "Ann", "--json"]);
        assert_eq!(code, Some(1));
        assert!(complaint.contains(words), "{complaint}");
        let states: Vec<_> = events.iter().map(|event| &event["state"]).collect();
        assert_eq!(states, ["connecting", "offline"]);
        assert!(events[1]["detail"].as_str().unwrap().contains(words));
    }
    assert_eq!(output(&["server", "127.0.0.1:6666"]).0, Some(2), "no name");
    assert_eq!(output(&["server", "127.0.0.1:0", "--name", "ann"]).0, Some(2), "no port");
    let (code, events, _) = output(&["server", &format!("127.0.0.1:{port}"), "--name", "bob", "--json"]);
    assert_eq!(code, Some(0), "the end of the input is no failure");
    assert_eq!(events.last(), Some(&json!({"event": "state", "state": "offline", "detail": ""})));
    assert_eq!(taken.finish().code(), Some(0));
}

#[test]
fn what_cannot_be_done_is_told() {
    let (_server, port) = server();
    let ann = client(port, "ann");
    for (line, words) in [
        ("/say 7 hi", "not in conversation 7"),
        ("/leave 7", "not in conversation 7"),
        ("/accept 7", "not invited to conversation 7"),
        ("/refuse 7", "not invited to conversation 7"),
        ("/join 7", "no conversation 7"),
        ("/invite ANN", "nobody else"),
        ("/invite nobody", "not online: nobody"),
        ("/invite \"nobody", "quote"),
        ("/dance", "unknown command /dance"),
        ("hello", "begins with a slash"),
        ("/info bob", "only possible as a peer"),
    ] {
        ann.say(line);
        let error = ann.wait("an error", |event| event["event"] == "error");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(words)), "{line}: {error}");
        // What was tried in vain is over.
        ann.take(|event| event["event"] == "conversation");
    }
    assert_eq!(ann.finish().code(), Some(0));
}

#[test]
fn an_invitation_is_refused_once_and_a_conversation_left_once() {
    let (_server, port) = server();
    let (ann, bob) = (client(port, "ann"), client(port, "bob"));
    ann.wait("that bob has come", |event| event["event"] == "users" && event["users"][0]["name"] == "bob");
    ann.say("/invite bob");
    bob.wait("the invitation", |event| *event == json!({"event": "invitation", "id": 1, "from": "ann"}));
    bob.say("/refuse 1");
    bob.say("/refuse 1");
    bob.wait("an error", |event| event["event"] == "error");
    ann.say("/leave 1");
    ann.wait("the end", |event| event["event"] == "conversation" && event["state"] == "ended");
    ann.say("/leave 1");
    ann.wait("an error", |event| event["event"] == "error");
    for client in [ann, bob] {
        assert_eq!(client.finish().code(), Some(0));
    }
}
