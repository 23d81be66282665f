//! The programs that a class writes, and each of the servers and clients in them.

use serde_json::{Value as Json, json};

use crate::interpreter::Interpreter;
use crate::program::Program;

/// Naive servers with these options, in one process; and their ports, in that order.
pub(crate) fn naive_servers(interpreter: Interpreter, options: &[String]) -> (Program, Vec<u16>) {
    let mut command = interpreter.script("naive_server.py");
    command.arg("--stdin").args(options.join(" + ").split_whitespace());
    let servers = Program::start(&format!("naive servers on {interpreter:?}"), &mut command);
    let ports = options
        .iter()
        .map(|_| {
            let event = servers.wait("its port", |event| event["event"] == "listening");
            event["server"].as_u64().and_then(|port| port.try_into().ok()).unwrap()
        })
        .collect();
    (servers, ports)
}

/// One of the servers in a process.
pub(crate) struct Naive<'a> {
    pub(crate) servers: &'a Program,
    pub(crate) port: u16,
    pub(crate) options: &'a str,
}

impl Naive<'_> {
    /// Waits until the server has received this.
    pub(crate) fn received(&self, from: Option<&str>, verb: &str, args: &Json) {
        self.servers.wait(&format!("{verb} {args} of {from:?} with {}", self.options), |event| {
            event["event"] == "received"
                && event["server"] == self.port
                && event["from"] == json!(from)
                && event["verb"] == verb
                && (event["args"] == *args || args == "anything")
        });
    }
}

/// A process for any number of naive clients.
pub(crate) fn naive_clients(interpreter: Interpreter) -> Program {
    let clients =
        Program::start(&format!("naive clients on {interpreter:?}"), &mut interpreter.script("naive_client.py"));
    clients.wait("that it is ready", |event| event["event"] == "ready");
    clients
}

/// A client in a process of naive ones.
pub(crate) struct Client<'a> {
    pub(crate) process: &'a Program,
    /// What it is called on standard input and output.
    pub(crate) label: String,
    /// The name under which it registers.
    pub(crate) name: String,
}

impl<'a> Client<'a> {
    /// Connects and registers.
    pub(crate) fn register(process: &'a Program, label: String, name: String, options: &Json) -> Self {
        let client = Self { process, label, name };
        client.process.say(&format!("{} connect {options}", client.label));
        client.send("REGISTER", &json!([client.name, "here"]));
        client.wait_status(&client.name, "here");
        client
    }

    pub(crate) fn send(&self, verb: &str, args: &Json) {
        self.process.say(&format!("{} {verb} {args}", self.label));
    }

    /// A verb with no argument, in the client's way.
    pub(crate) fn send_bare(&self, verb: &str) {
        self.process.say(&format!("{} {verb}", self.label));
    }

    pub(crate) fn is_mine(&self, event: &Json, verb: &str) -> bool {
        event["event"] == "received" && event["client"] == *self.label && event["verb"] == verb
    }

    pub(crate) fn wait(&self, verb: &str, mut is_it: impl FnMut(&Json) -> bool) -> Json {
        let event = self
            .process
            .wait(&format!("{verb} to {}", self.label), |event| self.is_mine(event, verb) && is_it(&event["args"]));
        event["args"].clone()
    }

    pub(crate) fn wait_status(&self, name: &str, status: &str) {
        self.wait("ONLINE_USERS", |users| users[name] == status);
    }

    pub(crate) fn wait_message(&self, id: &Json, from: &str, text: &str) {
        self.wait("MESSAGE", |args| *args == json!([id, from, text]));
    }

    pub(crate) fn wait_members(&self, id: &Json, members: &[&str]) {
        self.wait("CONVERSATIONS", |all| {
            let mut listed: Vec<&str> =
                all[id.to_string()].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            let mut members = members.to_vec();
            listed.sort_unstable();
            members.sort_unstable();
            listed == members
        });
    }

    /// Nothing that this client received was broken, and no message is left that the test did not expect.
    pub(crate) fn assert_clean(&self) {
        let broken = self.process.take(|event| event["event"] == "broken" && event["client"] == *self.label);
        assert_eq!(broken, Vec::<Json>::new());
        let left =
            self.process.take(|event| ["MESSAGE", "INVITATION", "ERROR"].iter().any(|verb| self.is_mine(event, verb)));
        assert_eq!(left, Vec::<Json>::new(), "{} received more than once", self.label);
    }
}
