//! Programs that take one recv(1024) for one message, as the slides do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::json;

use crate::alone;
use crate::interpreter::Interpreter;
use crate::klatch::klatch_server;
use crate::naive::{Client, Naive, naive_clients, naive_servers};
use crate::servers::converse_over;

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
