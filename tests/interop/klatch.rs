//! Klatch's own programs, and what they tell.

use std::process::Command;

use serde_json::{Value as Json, json};

use crate::program::Program;

/// `klatch-server` on a free port of the loopback address.
pub(crate) fn klatch_server() -> (Program, u16) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-server"));
    let server = Program::start("klatch-server", command.args(["--listen", "127.0.0.1:0", "--log", "error"]));
    let line = server.wait("its address", Json::is_string);
    let port = line.as_str().and_then(|line| line.rsplit(':').next()?.parse().ok()).expect("a port");
    (server, port)
}

/// `klatch-cli`, online.
pub(crate) fn klatch_cli(port: u16, name: &str) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-cli"));
    let address = format!("127.0.0.1:{port}");
    command.args(["server", &address, "--name", name, "--status", "here", "--json"]);
    let client = Program::start(&format!("klatch-cli of {name} at {port}"), &mut command);
    client.wait("that it is online", |event| event["event"] == "state" && event["state"] == "online");
    client
}

pub(crate) fn message(id: &Json, from: &str, text: &str, own: bool) -> Json {
    json!({"event": "message", "id": id, "from": from, "text": text, "own": own})
}
