//! Klatch and the programs that a class writes from the slides, on real Jython and real CPython, in both directions.
//!
//! The programs are `naive_server.py` and `naive_client.py` in `tests/interop`; each has at its head what it can do.
//! Nothing here is skipped where an interpreter is missing: such a test fails and says what to install.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that is not as it should be"
)]

#[path = "interop/interpreter.rs"]
mod interpreter;
#[path = "interop/program.rs"]
mod program;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use interpreter::Interpreter;
use program::Program;
use serde_json::{Value as Json, json};

/// What a text may look like: quotes, a backslash, opcodes, verbs, and characters of one, two and four bytes in UTF-8.
const TEXT: &str = r#"it's "x" \n N. JOIN I7 . é 张 😀 \u0041 (lp0"#;
/// How many conversations run at once; they wait most of the time.
const AT_ONCE: usize = 8;

/// The tests of strict programs are about the time between two messages: no other test runs beside them.
static QUIET: RwLock<()> = RwLock::new(());

fn beside_others<T>(test: impl FnOnce() -> T) -> T {
    let _guard = QUIET.read().unwrap_or_else(PoisonError::into_inner);
    test()
}

fn alone<T>(test: impl FnOnce() -> T) -> T {
    let _guard = QUIET.write().unwrap_or_else(PoisonError::into_inner);
    test()
}

// ---- The programs

/// `klatch-server` on a free port of the loopback address.
fn klatch_server() -> (Program, u16) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-server"));
    let server = Program::start("klatch-server", command.args(["--listen", "127.0.0.1:0", "--log", "error"]));
    let line = server.wait("its address", Json::is_string);
    let port = line.as_str().and_then(|line| line.rsplit(':').next()?.parse().ok()).expect("a port");
    (server, port)
}

/// `klatch-cli`, online.
fn klatch_cli(port: u16, name: &str) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klatch-cli"));
    let address = format!("127.0.0.1:{port}");
    command.args(["server", &address, "--name", name, "--status", "here", "--json"]);
    let client = Program::start(&format!("klatch-cli of {name} at {port}"), &mut command);
    client.wait("that it is online", |event| event["event"] == "state" && event["state"] == "online");
    client
}

/// Naive servers with these options, in one process; and their ports, in that order.
fn naive_servers(interpreter: Interpreter, options: &[String]) -> (Program, Vec<u16>) {
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

/// A process for any number of naive clients.
fn naive_clients(interpreter: Interpreter) -> Program {
    let clients =
        Program::start(&format!("naive clients on {interpreter:?}"), &mut interpreter.script("naive_client.py"));
    clients.wait("that it is ready", |event| event["event"] == "ready");
    clients
}

/// Runs each case once, some at a time.
fn at_once<T: Sync>(cases: &[T], run: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(n) else { return };
                    run(n, case);
                }
            });
        }
    });
}

// ---- klatch-cli with naive servers

/// Every way in which a naive server can be careless, with each of the others; what is left over is dealt out in turn.
fn careless_servers(interpreter: Interpreter) -> Vec<String> {
    let protocols = match interpreter {
        Interpreter::Jython => 0..=2,
        Interpreter::CPython => 0..=5,
    };
    let mut all = Vec::new();
    for protocol in protocols {
        for ids in ["int", "str"] {
            for echo in ["", "--no-echo"] {
                for relay in ["MESSAGE", "SEND_MESSAGE"] {
                    for dribble in ["", "--dribble"] {
                        for coalesce in ["", "--coalesce"] {
                            let n = all.len();
                            // 5 and 7 have no divisor in common with the other choices.
                            let errors = if n % 5 < 2 { "raw" } else { "pickle" };
                            let tuples = if n % 7 < 3 { "--tuples" } else { "" };
                            let text = if n % 5 < 3 { "str" } else { "unicode" };
                            all.push(format!(
                                "--proto {protocol} --ids {ids} {echo} --relay {relay} {dribble} {coalesce} \
                                 --errors {errors} {tuples} --text {text}"
                            ));
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn klatch_cli_with_naive_servers_on_jython() {
    beside_others(|| with_naive_servers(Interpreter::Jython, &careless_servers(Interpreter::Jython)));
}

#[test]
fn klatch_cli_with_naive_servers_on_cpython() {
    beside_others(|| with_naive_servers(Interpreter::CPython, &careless_servers(Interpreter::CPython)));
}

fn with_naive_servers(interpreter: Interpreter, options: &[String]) {
    let (servers, ports) = naive_servers(interpreter, options);
    at_once(&ports, |n, port| {
        let options = &options[n];
        let server = Naive { servers: &servers, port: *port, options };
        let outcome = catch_unwind(AssertUnwindSafe(|| converse_over(&server)));
        assert!(outcome.is_ok(), "this was with a server on {interpreter:?} with {options}");
    });
}

/// One of the servers in a process.
struct Naive<'a> {
    servers: &'a Program,
    port: u16,
    options: &'a str,
}

impl Naive<'_> {
    /// Waits until the server has received this.
    fn received(&self, from: Option<&str>, verb: &str, args: &Json) {
        self.servers.wait(&format!("{verb} {args} of {from:?} with {}", self.options), |event| {
            event["event"] == "received"
                && event["server"] == self.port
                && event["from"] == json!(from)
                && event["verb"] == verb
                && (event["args"] == *args || args == "anything")
        });
    }
}

/// Two people at one server, from coming to going.
fn converse_over(server: &Naive) {
    let alice = klatch_cli(server.port, "alice");
    server.received(None, "REGISTER", &json!(["alice", "here"]));
    let zoe = klatch_cli(server.port, "Zoë");
    let other = |name: &str, status: &str| json!({"event": "users", "users": [{"name": name, "status": status}]});
    alice.wait("that Zoë has come", |event| *event == other("Zoë", "here"));
    zoe.wait("that alice is there", |event| *event == other("alice", "here"));

    alice.say("/invite Zoë");
    server.received(Some("alice"), "INVITE", &json!(["Zoë"]));
    let id = if server.options.contains("--ids str") { json!("c1") } else { json!(1) };
    let spoken = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let conversation =
        |members: &[&str], state: &str| json!({"event": "conversation", "id": id, "members": members, "state": state});
    alice.wait("that it waits", |event| event["event"] == "conversation" && event["state"] == "waiting");
    zoe.wait("the invitation", |event| *event == json!({"event": "invitation", "id": id, "from": "alice"}));
    // One's own invitation is no question.
    assert_eq!(alice.take(|event| event["event"] == "invitation"), Vec::<Json>::new());
    server.received(Some("alice"), "JOIN", &json!([id]));

    zoe.say(&format!("/accept {spoken}"));
    server.received(Some("Zoë"), "JOIN", &json!([id]));
    // Else it would be seen with the next regular question, seconds later.
    alice.say("/list");
    for client in [&alice, &zoe] {
        client.wait("both members", |event| {
            *event == conversation(&["alice", "Zoë"], "open") || *event == conversation(&["Zoë", "alice"], "open")
        });
    }

    alice.say(&format!("/say {spoken} {TEXT}"));
    server.received(Some("alice"), "SEND_MESSAGE", &json!([id, TEXT]));
    zoe.wait("what alice says", |event| *event == message(&id, "alice", TEXT, false));
    alice.wait("what alice has said", |event| *event == message(&id, "alice", TEXT, true));
    zoe.say("/status away: lunch");
    server.received(Some("Zoë"), "STATUS", &json!(["away: lunch"]));
    alice.wait("that Zoë is away", |event| *event == other("Zoë", "away: lunch"));
    for (from, to, name) in [(&zoe, &alice, "Zoë"), (&alice, &zoe, "alice")] {
        for n in 0..2 {
            let text = format!("{n} from {name}");
            from.say(&format!("/say {spoken} {text}"));
            to.wait(&text, |event| *event == message(&id, name, &text, false));
            from.wait(&text, |event| *event == message(&id, name, &text, true));
        }
    }

    // A conversation that is none: the server says so, and is understood.
    alice.say("/join 99");
    server.received(Some("alice"), "JOIN", &json!([99]));
    alice.wait("the server's complaint", |event| {
        event["event"] == "error"
            && event["message"].as_str().is_some_and(|text| text.contains("There is no such conversation"))
    });

    for (client, name) in [(&alice, "alice"), (&zoe, "Zoë")] {
        client.say("/quit");
        server.received(Some(name), "GOODBYE", &json!("anything"));
        let status = client.finish();
        assert!(status.success(), "{name} ended with {status}");
        let again = client.take(|event| event["event"] == "message" || event["event"] == "error");
        assert_eq!(again, Vec::<Json>::new(), "{name} was told more than once");
    }
    let broken = server.servers.take(|event| event["event"] == "broken" && event["server"] == server.port);
    assert_eq!(broken, Vec::<Json>::new());
}

fn message(id: &Json, from: &str, text: &str, own: bool) -> Json {
    json!({"event": "message", "id": id, "from": from, "text": text, "own": own})
}

// ---- Naive clients with klatch-server

/// Every way in which a naive client can be careless, with each of the others.
fn careless_clients(interpreter: Interpreter) -> Vec<Json> {
    let (protocols, texts) = match interpreter {
        Interpreter::Jython => (0..=2, &["str", "unicode"][..]),
        Interpreter::CPython => (0..=5, &["unicode"][..]),
    };
    let bare = ["", " ", "\n", "\r\n", "none", "tuple", "list", "text"];
    let mut all = Vec::new();
    for protocol in protocols {
        for text in texts {
            for dribble in [false, true] {
                for coalesce in [false, true] {
                    for tuples in [false, true] {
                        for bare in [bare[all.len() * 2 % bare.len()], bare[(all.len() * 2 + 1) % bare.len()]] {
                            all.push(json!({
                                "proto": protocol, "text": text, "tuples": tuples, "dribble": dribble,
                                "coalesce": coalesce, "bare": bare,
                            }));
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn naive_clients_on_jython_with_klatch_server() {
    beside_others(|| with_klatch_server(Interpreter::Jython));
}

#[test]
fn naive_clients_on_cpython_with_klatch_server() {
    beside_others(|| with_klatch_server(Interpreter::CPython));
}

fn with_klatch_server(interpreter: Interpreter) {
    let (_server, port) = klatch_server();
    let clients = naive_clients(interpreter);
    at_once(&careless_clients(interpreter), |n, options| {
        let mut options = options.clone();
        options["port"] = json!(port);
        let outcome = catch_unwind(AssertUnwindSafe(|| converse_as_naive_clients(&clients, n, &options)));
        assert!(outcome.is_ok(), "this was with clients on {interpreter:?} with {options}");
    });
}

/// A client in a process of naive ones.
struct Client<'a> {
    process: &'a Program,
    /// What it is called on standard input and output.
    label: String,
    /// The name under which it registers.
    name: String,
}

impl<'a> Client<'a> {
    /// Connects and registers.
    fn register(process: &'a Program, label: String, name: String, options: &Json) -> Self {
        let client = Self { process, label, name };
        client.process.say(&format!("{} connect {options}", client.label));
        client.send("REGISTER", &json!([client.name, "here"]));
        client.wait_status(&client.name, "here");
        client
    }

    fn send(&self, verb: &str, args: &Json) {
        self.process.say(&format!("{} {verb} {args}", self.label));
    }

    /// A verb with no argument, in the client's way.
    fn send_bare(&self, verb: &str) {
        self.process.say(&format!("{} {verb}", self.label));
    }

    fn is_mine(&self, event: &Json, verb: &str) -> bool {
        event["event"] == "received" && event["client"] == *self.label && event["verb"] == verb
    }

    fn wait(&self, verb: &str, mut is_it: impl FnMut(&Json) -> bool) -> Json {
        let event = self
            .process
            .wait(&format!("{verb} to {}", self.label), |event| self.is_mine(event, verb) && is_it(&event["args"]));
        event["args"].clone()
    }

    fn wait_status(&self, name: &str, status: &str) {
        self.wait("ONLINE_USERS", |users| users[name] == status);
    }

    fn wait_message(&self, id: &Json, from: &str, text: &str) {
        self.wait("MESSAGE", |args| *args == json!([id, from, text]));
    }

    fn wait_members(&self, id: &Json, members: &[&str]) {
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
    fn assert_clean(&self) {
        let broken = self.process.take(|event| event["event"] == "broken" && event["client"] == *self.label);
        assert_eq!(broken, Vec::<Json>::new());
        let left =
            self.process.take(|event| ["MESSAGE", "INVITATION", "ERROR"].iter().any(|verb| self.is_mine(event, verb)));
        assert_eq!(left, Vec::<Json>::new(), "{} received more than once", self.label);
    }
}

/// Two naive clients at our server, from coming to going.
fn converse_as_naive_clients(process: &Program, n: usize, options: &Json) {
    let alice = Client::register(process, format!("a{n}"), format!("alice {n}"), options);
    let zoe = Client::register(process, format!("z{n}"), format!("Zoë {n}"), options);
    alice.wait_status(&zoe.name, "here");

    alice.send("INVITE", &json!([zoe.name]));
    let invitation = alice.wait("INVITATION", |args| args[1] == *alice.name);
    let id = invitation[0].clone();
    assert_eq!(zoe.wait("INVITATION", |_| true), invitation);
    alice.send("JOIN", &json!([id]));
    alice.wait_members(&id, &[&alice.name]);
    zoe.send("JOIN", &json!([id]));
    alice.wait_members(&id, &[&alice.name, &zoe.name]);
    zoe.wait_members(&id, &[&alice.name, &zoe.name]);

    // With nothing behind it that would show where it ends, and then with something.
    zoe.send_bare("LIST_CONVERSATIONS");
    zoe.wait_members(&id, &[&alice.name, &zoe.name]);
    zoe.send_bare("LIST_CONVERSATIONS");
    zoe.send("SEND_MESSAGE", &json!([id, "behind a bare verb"]));
    zoe.wait_members(&id, &[&alice.name, &zoe.name]);
    for client in [&alice, &zoe] {
        client.wait_message(&id, &zoe.name, "behind a bare verb");
    }
    for (from, text) in [(&alice, TEXT), (&zoe, TEXT), (&alice, ""), (&alice, "once more")] {
        from.send("SEND_MESSAGE", &json!([id, text]));
        for client in [&alice, &zoe] {
            client.wait_message(&id, &from.name, text);
        }
    }
    zoe.send("STATUS", &json!(["away: it's \"lunch\""]));
    alice.wait_status(&zoe.name, "away: it's \"lunch\"");

    // What the server cannot do costs one message.
    alice.send("FROBNICATE", &json!([1, "two"]));
    alice.wait("ERROR", |text| text.as_str().is_some_and(|text| text.contains("FROBNICATE")));
    alice.send("JOIN", &json!([987_654_321]));
    alice.wait("ERROR", |_| true);
    alice.send("SEND_MESSAGE", &json!({}));
    alice.wait("ERROR", |text| text.as_str().is_some_and(|text| text.contains("SEND_MESSAGE")));
    alice.send("SEND_MESSAGE", &json!([id, "still here"]));
    for client in [&alice, &zoe] {
        client.wait_message(&id, &alice.name, "still here");
    }

    zoe.send("LEAVE", &json!([id]));
    alice.wait_members(&id, &[&alice.name]);
    alice.assert_clean();
    alice.send_bare("GOODBYE");
    zoe.wait("ONLINE_USERS", |users| users.get(&alice.name).is_none());
    alice.process.say(&format!("{} close", alice.label));
    zoe.process.say(&format!("{} close", zoe.label));
    zoe.assert_clean();
}

// ---- Both kinds at one server

#[test]
fn klatch_cli_and_naive_clients_at_klatch_server() {
    beside_others(|| {
        let (_server, port) = klatch_server();
        for interpreter in Interpreter::ALL {
            mixed_conversation(interpreter, port, "over klatch-server");
        }
    });
}

#[test]
fn klatch_cli_and_naive_clients_at_naive_servers() {
    beside_others(|| {
        for interpreter in Interpreter::ALL {
            let (_servers, ports) = naive_servers(interpreter, &["--period 1".to_owned()]);
            mixed_conversation(interpreter, ports[0], "over a naive server");
        }
    });
}

/// A class program invites a person with Klatch, and the other way round.
fn mixed_conversation(interpreter: Interpreter, port: u16, place: &str) {
    let carol = klatch_cli(port, &format!("carol {interpreter:?}"));
    let carol_name = format!("carol {interpreter:?}");
    let process = naive_clients(interpreter);
    let dave = Client::register(&process, "d".to_owned(), format!("dave {interpreter:?}"), &json!({"port": port}));
    carol.wait("that dave has come", |event| {
        event["event"] == "users"
            && event["users"].as_array().is_some_and(|users| users.iter().any(|user| user["name"] == *dave.name))
    });

    let talk = |id: &Json| {
        let spoken = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        carol.wait("an open conversation", |event| {
            event["event"] == "conversation" && event["id"] == *id && event["state"] == "open"
        });
        let from_dave = format!("dave, {place}: ascii's \"text\"");
        dave.send("SEND_MESSAGE", &json!([id, from_dave]));
        dave.wait_message(id, &dave.name, &from_dave);
        carol.wait("what dave says", |event| *event == message(id, &dave.name, &from_dave, false));
        let from_carol = format!("carol, {place}: {TEXT}");
        carol.say(&format!("/say {spoken} {from_carol}"));
        dave.wait_message(id, &carol_name, &from_carol);
        carol.wait("what carol has said", |event| *event == message(id, &carol_name, &from_carol, true));
    };

    dave.send("INVITE", &json!([carol_name]));
    let id = dave.wait("INVITATION", |args| args[1] == *dave.name)[0].clone();
    dave.send("JOIN", &json!([id]));
    carol.wait("dave's invitation", |event| *event == json!({"event": "invitation", "id": id, "from": dave.name}));
    carol.say(&format!("/accept {id}"));
    talk(&id);

    carol.say(&format!("/invite \"{}\"", dave.name));
    let id = dave.wait("INVITATION", |args| args[1] == *carol_name)[0].clone();
    dave.send("JOIN", &json!([id]));
    talk(&id);

    carol.say("/quit");
    assert!(carol.finish().success());
    dave.wait("ONLINE_USERS", |users| users.get(&carol_name).is_none());
    dave.assert_clean();
    let again = carol.take(|event| event["event"] == "message" || event["event"] == "error");
    assert_eq!(again, Vec::<Json>::new());
}

// ---- Programs that take one recv(1024) for one message, as the slides do

/// How often a conversation with a strict program is tried. Nobody can keep two messages apart for a reader that does
/// not run for longer than lies between them, so a machine that is busy with other things gets another chance; whoever
/// sends messages too close to each other fails all of them.
const TRIES: usize = 3;

fn at_least_once(what: &str, mut conversation: impl FnMut() -> Result<(), String>) {
    let lost: Vec<String> = (0..TRIES).map_while(|_| conversation().err()).collect();
    assert!(lost.len() < TRIES, "{what}, each of {TRIES} times:\n{}", lost.join("\n"));
}

/// What Klatch sends to a strict server, of its own accord and for a person who types, must never arrive glued together.
#[test]
fn klatch_cli_with_strict_servers() {
    alone(|| {
        for interpreter in Interpreter::ALL {
            for options in ["--strict", "--strict --ids str --no-echo --proto 2"] {
                at_least_once(&format!("{interpreter:?} {options}"), || {
                    let (servers, ports) = naive_servers(interpreter, &[options.to_owned()]);
                    let server = Naive { servers: &servers, port: ports[0], options };
                    catch_unwind(AssertUnwindSafe(|| converse_over(&server))).map_err(|_| {
                        let broken = servers.take(|event| event["event"] == "broken");
                        format!("{broken:?}")
                    })
                });
            }
        }
    });
}

/// A strict client, while two people write at human speed and others come, go and change their status: it must lose
/// nothing.
#[test]
fn strict_clients_at_klatch_server_lose_nothing() {
    alone(|| {
        for interpreter in Interpreter::ALL {
            at_least_once(&format!("{interpreter:?}"), || strict_conversation(interpreter));
        }
    });
}

fn strict_conversation(interpreter: Interpreter) -> Result<(), String> {
    const MESSAGES: usize = 20;
    let (_server, port) = klatch_server();
    let process = naive_clients(interpreter);
    let plain = json!({"port": port});
    let strict = Client::register(&process, "s".into(), "strict".into(), &json!({"port": port, "strict": true}));
    let writers = ["ann", "ben"].map(|name| Client::register(&process, name.into(), name.into(), &plain));
    strict.wait_status("ben", "here");
    strict.send("INVITE", &json!(["ann", "ben"]));
    let id = strict.wait("INVITATION", |_| true)[0].clone();
    for client in [&strict, &writers[0], &writers[1]] {
        client.send("JOIN", &json!([id]));
        client.wait("CONVERSATIONS", |all| {
            all[id.to_string()].as_array().is_some_and(|members| members.iter().any(|member| *member == *client.name))
        });
    }
    let mut expected = Vec::new();
    // People take time to write: this is the speed that the test is about, not a wait for anything.
    let pause = || std::thread::sleep(Duration::from_millis(25));
    for n in 0..MESSAGES {
        for writer in &writers {
            let text = format!("{n} from {}", writer.name);
            writer.send("SEND_MESSAGE", &json!([id, text]));
            expected.push(text);
            pause();
            if n % 4 == 0 {
                writer.send("STATUS", &json!([format!("writing {n}")]));
            }
            pause();
        }
        if n % 5 == 0 {
            let guest = Client::register(&process, format!("g{n}"), format!("guest {n}"), &plain);
            pause();
            process.say(&format!("{} close", guest.label));
            pause();
        }
    }
    // Once it is here, so is everything before it.
    for writer in &writers {
        writer.wait_message(&id, "ben", expected.last().unwrap());
    }
    writers[0].send("SEND_MESSAGE", &json!([id, "the end"]));
    process.wait("the end, or that something is broken", |event| {
        event["client"] == "s" && (event["event"] == "gone" || event["args"] == json!([id, "ann", "the end"]))
    });
    let broken = process.take(|event| event["client"] == "s" && event["event"] == "broken");
    if !broken.is_empty() {
        return Err(format!("{broken:?}"));
    }
    let mut read: Vec<String> = process
        .take(|event| strict.is_mine(event, "MESSAGE"))
        .iter()
        .map(|event| event["args"][2].as_str().unwrap_or_default().to_owned())
        .collect();
    // On a busy machine two who write one after the other may be read the other way round.
    for texts in [&mut read, &mut expected] {
        texts.sort_by_key(|text| text.ends_with("ben"));
    }
    assert_eq!(read, expected, "nothing is broken, but something is missing");
    Ok(())
}
