//! Both kinds of client at one server.

use serde_json::{Value as Json, json};

use crate::interpreter::Interpreter;
use crate::klatch::{klatch_cli, klatch_server, message};
use crate::naive::{Client, naive_clients, naive_servers};
use crate::{TEXT, beside_others};

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
