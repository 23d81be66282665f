//! klatch-cli with naive servers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value as Json, json};

use crate::interpreter::Interpreter;
use crate::klatch::{klatch_cli, message};
use crate::naive::{Naive, naive_servers};
use crate::{TEXT, at_once, beside_others};

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

/// Two people at one server, from coming to going.
pub(crate) fn converse_over(server: &Naive) {
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
