//! Naive clients with klatch-server.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value as Json, json};

use crate::interpreter::Interpreter;
use crate::klatch::klatch_server;
use crate::naive::{Client, naive_clients};
use crate::program::Program;
use crate::{TEXT, at_once, beside_others};

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
