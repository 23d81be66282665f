//! The decoder against pickles that real interpreters wrote, and the writer against real interpreters that read.
//!
//! `tests/interop/make_known_answers.py` makes the fixture and says how it describes a value.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that is not as it should be"
)]

#[path = "interop/interpreter.rs"]
mod interpreter;

use std::io::Write;
use std::process::Stdio;

use interpreter::Interpreter;
use klatch::protocol::frame::{Argument, FrameDecoder, Verb};
use klatch::protocol::ident::{ConversationId, UserName};
use klatch::protocol::im::{CLIENT_VERBS, ClientMessage, SERVER_VERBS, ServerMessage};
use klatch::protocol::limits;
use klatch::protocol::pickle::{self, Value};
use klatch::protocol::status::Status;
use num_bigint::BigInt;
use serde_json::{Value as Json, json};

const NODES: usize = limits::REPLY_BYTES / limits::BYTES_PER_NODE;

/// One value or message of the fixture, and what writers made of it.
struct Entry {
    name: String,
    value: Json,
    pickles: Vec<(String, Vec<u8>)>,
}

fn fixture(part: &str) -> Vec<Entry> {
    let text = include_str!("fixtures/known_answers.json");
    let mut all: Json = serde_json::from_str(text).unwrap();
    let entries = match all[part].take() {
        Json::Array(entries) => entries,
        other => panic!("{other}"),
    };
    entries
        .into_iter()
        .map(|entry| Entry {
            name: entry["name"].as_str().unwrap().to_owned(),
            value: normalized(entry["value"].clone()),
            pickles: entry["pickles"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(by, hex)| (by.clone(), from_hex(hex.as_str().unwrap())))
                .collect(),
        })
        .collect()
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|n| u8::from_str_radix(&hex[n..n + 2], 16).unwrap()).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The description of a value, as the fixture has it.
fn describe(value: &Value) -> Json {
    let all = |items: &[Value]| items.iter().map(describe).collect::<Vec<_>>();
    normalized(match value {
        Value::None => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(i) => json!({ "int": i.to_string() }),
        Value::BigInt(i) => json!({ "int": i.to_string() }),
        Value::Float(f) if f.is_nan() => json!({ "float": "7ff8000000000000" }),
        Value::Float(f) => json!({ "float": format!("{:016x}", f.to_bits()) }),
        Value::Bytes(bytes) => json!({ "bytes": to_hex(bytes) }),
        Value::Text(text) => json!({ "text": text }),
        Value::List(list) => json!({ "list": all(list) }),
        Value::Tuple(list) => json!({ "tuple": all(list) }),
        Value::Set(list) => json!({ "set": all(list) }),
        Value::Dict(pairs) => {
            json!({ "dict": pairs.iter().map(|(k, v)| json!([describe(k), describe(v)])).collect::<Vec<_>>() })
        }
    })
}

/// Sets and dictionaries have no order.
fn normalized(mut description: Json) -> Json {
    match &mut description {
        Json::Array(items) => items.iter_mut().for_each(|item| *item = normalized(item.take())),
        Json::Object(object) => {
            for (kind, part) in object {
                *part = normalized(part.take());
                if let ("set" | "dict", Json::Array(items)) = (kind.as_str(), part) {
                    items.sort_by_cached_key(ToString::to_string);
                }
            }
        }
        _ => {}
    }
    description
}

#[test]
fn every_pickle_of_a_real_interpreter_is_read() {
    let entries = fixture("values");
    let mut wrong = Vec::new();
    for entry in &entries {
        for (by, bytes) in &entry.pickles {
            match pickle::decode(bytes, NODES) {
                Ok(value) if describe(&value) == entry.value => {}
                Ok(value) => wrong.push(format!("{} by {by}: {value:?}", entry.name)),
                Err(error) => wrong.push(format!("{} by {by}: {error}", entry.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let writers: usize = entries.iter().map(|entry| entry.pickles.len()).sum();
    assert!(writers > 500, "the fixture has only {writers} pickles");
}

#[test]
fn what_is_read_can_be_written_and_read_again() {
    for entry in fixture("values") {
        for (by, bytes) in &entry.pickles {
            let value = pickle::decode(bytes, NODES).unwrap();
            let mut written = Vec::new();
            pickle::write(value, &mut written);
            let again = pickle::decode(&written, NODES);
            assert_eq!(again.as_ref().map(describe), Ok(entry.value.clone()), "{} by {by}", entry.name);
        }
    }
}

#[test]
fn real_interpreters_read_what_we_write() {
    let entries = fixture("values");
    // One pickle of each value is enough: those of an entry all decode to the same.
    let written: Vec<Vec<u8>> = entries
        .iter()
        .map(|entry| {
            let mut out = Vec::new();
            pickle::write(pickle::decode(&entry.pickles[0].1, NODES).unwrap(), &mut out);
            out
        })
        .collect();
    for interpreter in Interpreter::ALL {
        let mut child = interpreter
            .script("make_known_answers.py")
            .arg("--load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines: String = written.iter().map(|bytes| to_hex(bytes) + "\n").collect();
        let mut stdin = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap().unwrap();
        assert!(output.status.success(), "{interpreter:?}");
        let answers = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answers.lines().count(), entries.len(), "{interpreter:?}");
        for (entry, answer) in entries.iter().zip(answers.lines()) {
            let expected = match interpreter {
                Interpreter::CPython => entry.value.clone(),
                // Its byte strings and its texts are one type.
                Interpreter::Jython => normalized(bytes_as_text(entry.value.clone())),
            };
            let answer: Json = serde_json::from_str(answer).unwrap();
            assert_eq!(normalized(answer), expected, "{interpreter:?}: {}", entry.name);
        }
    }
}

fn bytes_as_text(mut description: Json) -> Json {
    match &mut description {
        Json::Array(items) => items.iter_mut().for_each(|item| *item = bytes_as_text(item.take())),
        Json::Object(object) => {
            if let Some(Json::String(hex)) = object.get("bytes") {
                let bytes = from_hex(hex);
                let text =
                    String::from_utf8(bytes).unwrap_or_else(|e| e.as_bytes().iter().map(|b| *b as char).collect());
                return json!({ "text": text });
            }
            object.values_mut().for_each(|part| *part = bytes_as_text(part.take()));
        }
        _ => {}
    }
    description
}

/// The one frame in these bytes, and nothing left.
fn only_frame(verbs: &'static [Verb], bytes: &[u8]) -> klatch::protocol::frame::Frame {
    let mut decoder = FrameDecoder::new(verbs, limits::REPLY_BYTES);
    decoder.push(bytes);
    let frame = decoder.next().unwrap().expect("a frame");
    assert_eq!(frame.size, bytes.len());
    assert_eq!(decoder.next(), Ok(None));
    assert!(!decoder.is_mid_message());
    frame
}

fn user(name: &str) -> UserName {
    UserName::received(name)
}

fn text_id(id: &str) -> ConversationId {
    ConversationId::Text(id.into())
}

#[test]
fn every_message_of_a_client() {
    let huge = ConversationId::BigInt(BigInt::from(1) << 70);
    let expected = |name: &str| match name {
        "register" => ClientMessage::Register { user: user("alice"), status: Status::received("online") },
        "register, with a name beyond ASCII" => {
            ClientMessage::Register { user: user("Zoë 张伟 😀"), status: Status::received("at the café") }
        }
        "status" => ClientMessage::Status(Status::received("away: it's \"lunch\"\n")),
        "goodbye" => ClientMessage::Goodbye,
        "invite" => ClientMessage::Invite(vec![user("bob"), user("carol")]),
        "list" => ClientMessage::ListConversations,
        "join" => ClientMessage::Join(ConversationId::Int(7)),
        "join by text" => ClientMessage::Join(text_id("c7")),
        "join by a huge id" => ClientMessage::Join(huge.clone()),
        "say" => ClientMessage::SendMessage {
            conversation: ConversationId::Int(7),
            body: "N. JOIN STATUS . it's".to_owned(),
        },
        "leave" => ClientMessage::Leave(ConversationId::Int(7)),
        other => panic!("{other}: what is expected?"),
    };
    let entries = fixture("client");
    assert_eq!(entries.len(), 11);
    for entry in entries {
        for (by, bytes) in &entry.pickles {
            let frame = only_frame(CLIENT_VERBS, bytes);
            assert_eq!(argument(&frame.argument), entry.value, "{} by {by}", entry.name);
            let message = ClientMessage::from_frame(frame).unwrap();
            assert_eq!(message, expected(&entry.name), "{} by {by}", entry.name);
            let ours = only_frame(CLIENT_VERBS, &message.encode());
            assert_eq!(argument(&ours.argument), entry.value, "{} written by us", entry.name);
            assert_eq!(ClientMessage::from_frame(ours), Ok(message));
        }
    }
}

#[test]
fn every_message_of_a_server() {
    let message = ServerMessage::Message {
        conversation: ConversationId::Int(7),
        from: user("bob"),
        body: "hello\nthere".to_owned(),
    };
    let expected = |name: &str| match name {
        "users" => ServerMessage::OnlineUsers(
            [(user("alice"), Status::received("online")), (user("bob"), Status::received("away"))].into(),
        ),
        "nobody" => ServerMessage::OnlineUsers([].into()),
        "invitation" => ServerMessage::Invitation { conversation: ConversationId::Int(7), from: user("bob") },
        "conversations" => ServerMessage::Conversations(
            [(ConversationId::Int(7), vec![user("alice"), user("bob")]), (ConversationId::Int(8), vec![])].into(),
        ),
        "conversations by text" => {
            ServerMessage::Conversations([(text_id("c7"), vec![user("alice")]), (text_id("c8"), vec![])].into())
        }
        "message" | "relayed message" => message.clone(),
        "error" => ServerMessage::Error("The name is taken".to_owned()),
        other => panic!("{other}: what is expected?"),
    };
    let entries = fixture("server");
    assert_eq!(entries.len(), 8);
    for entry in entries {
        for (by, bytes) in &entry.pickles {
            let frame = only_frame(SERVER_VERBS, bytes);
            assert_eq!(argument(&frame.argument), entry.value, "{} by {by}", entry.name);
            let message = ServerMessage::from_frame(frame).unwrap();
            assert_eq!(message, expected(&entry.name), "{} by {by}", entry.name);
            let ours = only_frame(SERVER_VERBS, &message.encode());
            assert_eq!(argument(&ours.argument), entry.value, "{} written by us", entry.name);
            assert_eq!(ServerMessage::from_frame(ours), Ok(message));
        }
    }
}

fn argument(argument: &Argument) -> Json {
    match argument {
        Argument::Value(value) => describe(value),
        other => panic!("{other:?}"),
    }
}

/// What CPython 2 writes or has written, by its documentation and by the source of its `pickle.py`; no such
/// interpreter is packaged any more.
#[test]
fn pickles_of_cpython_2() {
    let text = |text: &str| Value::Text(text.to_owned());
    for (pickle, value) in [
        (&b"N."[..], Value::None),
        // Its int: decimal in protocol 0, with True and False as I01 and I00 in protocols 0 and 1.
        (b"I01\n.", Value::Bool(true)),
        (b"I00\n.", Value::Bool(false)),
        (b"I1\n.", Value::Int(1)),
        (b"I0\n.", Value::Int(0)),
        (b"I-2147483648\n.", Value::Int(-2_147_483_648)),
        // On a 64-bit machine `int` has 64 bits; an older 32-bit reader makes a long of it.
        (b"I9223372036854775807\n.", Value::Int(i64::MAX)),
        (b"I9223372036854775808\n.", Value::BigInt(BigInt::from(1u64 << 63))),
        // Its long: with an L; versions before 2.3 wrote it so in every protocol.
        (b"L123L\n.", Value::Int(123)),
        (b"L-123L\n.", Value::Int(-123)),
        (b"L0L\n.", Value::Int(0)),
        (b"L18446744073709551616L\n.", Value::BigInt(BigInt::from(1) << 64)),
        // An `L` that CPython 3 leaves out is not missed.
        (b"L5\n.", Value::Int(5)),
        // Its float: repr, which before 2.7 had 17 digits.
        (b"F1.5\n.", Value::Float(1.5)),
        (b"F0.10000000000000001\n.", Value::Float(0.1)),
        (b"F-1e-05\n.", Value::Float(-1e-5)),
        (b"F1e+300\n.", Value::Float(1e300)),
        (b"Finf\n.", Value::Float(f64::INFINITY)),
        (b"F-inf\n.", Value::Float(f64::NEG_INFINITY)),
        (b"G?\xf8\x00\x00\x00\x00\x00\x00.", Value::Float(1.5)),
        // Its str: repr in protocol 0, with whichever quotes need fewer escapes.
        (b"S'hello'\np0\n.", text("hello")),
        (b"S'it\\'s \"x\"'\np0\n.", text("it's \"x\"")),
        (b"S\"it's\"\np0\n.", text("it's")),
        (b"S'say \"x\"'\np0\n.", text("say \"x\"")),
        (b"S'a\\nb\\r\\tc\\\\d'\np0\n.", text("a\nb\r\tc\\d")),
        (b"S'\\x00\\x1b\\x7f'\np0\n.", text("\0\u{1b}\u{7f}")),
        (b"S'Zo\\xc3\\xab'\np0\n.", text("Zoë")),
        (b"S'Zo\\xeb'\np0\n.", text("Zoë")),
        (b"S''\np0\n.", text("")),
        (b"U\x05helloq\x00.", text("hello")),
        (b"U\x04Zo\xc3\xabq\x00.", text("Zoë")),
        (b"U\x03Zo\xebq\x00.", text("Zoë")),
        (b"T\x05\x00\x00\x00helloq\x00.", text("hello")),
        // Its unicode: Latin-1 with \u escapes in protocol 0; a narrow build writes pairs of surrogates.
        (b"Vhello\np0\n.", text("hello")),
        (b"VZo\xeb\np0\n.", text("Zoë")),
        (b"V\\u4e2d\\u6587\np0\n.", text("中文")),
        (b"V\\U0001f600\np0\n.", text("😀")),
        (b"V\\ud83d\\ude00\np0\n.", text("😀")),
        (b"Va\\u005cb\\u000ac\np0\n.", text("a\\b\nc")),
        (b"X\x04\x00\x00\x00Zo\xc3\xabq\x00.", text("Zoë")),
        (b"X\x06\x00\x00\x00\xed\xa0\xbd\xed\xb8\x80q\x00.", text("😀")),
        (b"X\x03\x00\x00\x00\xed\xa0\xbdq\x00.", text("\u{fffd}")),
        // Containers of protocol 0 and 1.
        (b"(lp0\n.", Value::List(vec![])),
        (b"(lp0\nI1\naI2\na.", Value::List(vec![Value::Int(1), Value::Int(2)])),
        (b"(t.", Value::Tuple(vec![])),
        (b"(I1\nI2\ntp0\n.", Value::Tuple(vec![Value::Int(1), Value::Int(2)])),
        (b"(dp0\n.", Value::Dict(vec![])),
        (b"(dp0\nS'a'\np1\nI1\ns.", Value::Dict(vec![(text("a"), Value::Int(1))])),
        (b"]q\x00(K\x01K\x02e.", Value::List(vec![Value::Int(1), Value::Int(2)])),
        (b"}q\x00U\x01aq\x01K\x01s.", Value::Dict(vec![(text("a"), Value::Int(1))])),
        // A set: class and reduce, in every protocol it has.
        (b"c__builtin__\nset\np0\n((lp1\nI1\natp2\nRp3\n.", Value::Set(vec![Value::Int(1)])),
        (b"\x80\x02c__builtin__\nfrozenset\nq\x00]q\x01K\x01a\x85q\x02Rq\x03.", Value::Set(vec![Value::Int(1)])),
        // A byte array: made from Latin-1 text.
        (b"c__builtin__\nbytearray\np0\n(Vab\np1\nS'latin-1'\np2\ntp3\nRp4\n.", Value::Bytes(b"ab".to_vec())),
        // The example of the slides' exchange, as CPython 2 sends it with its default protocol.
        (b"(lp0\nI7\naS'it\\'s \"you\"'\np1\na.", Value::List(vec![Value::Int(7), text("it's \"you\"")])),
        // One value twice: the memo, in the three forms of GET.
        (b"(lp0\nS'a'\np1\nag1\na.", Value::List(vec![text("a"), text("a")])),
        (b"]q\x00(U\x01aq\x01h\x01e.", Value::List(vec![text("a"), text("a")])),
        (b"]q\x00(U\x01ar\x00\x01\x00\x00j\x00\x01\x00\x00e.", Value::List(vec![text("a"), text("a")])),
    ] {
        assert_eq!(pickle::decode(pickle, NODES).as_ref(), Ok(&value), "{}", pickle.escape_ascii());
    }
}
