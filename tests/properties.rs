//! What holds for every value, every stream and every way in which it may arrive.
#![expect(clippy::expect_used, reason = "a test may stop at the first thing that is not as it should be")]

use klatch::protocol::frame::{Argument, Frame, FrameDecoder, FrameError, Verb};
use klatch::protocol::ident::{ConversationId, UserName};
use klatch::protocol::im::{CLIENT_VERBS, ClientMessage, SERVER_VERBS, ServerMessage};
use klatch::protocol::limits;
use klatch::protocol::pickle::{self, Value};
use klatch::protocol::status::Status;
use num_bigint::BigInt;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_pickle::{DeOptions, HashableValue, Value as Other};

const LIMIT: usize = limits::REQUEST_BYTES;
const NODES: usize = LIMIT / limits::BYTES_PER_NODE;

// ---- Values

/// What can be a key.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-300..300i64).prop_map(Value::Int),
        prop_oneof![Just(i64::MIN), Just(i64::MAX), (0..63u32).prop_map(|n| 1 << n)].prop_map(Value::Int),
        huge().prop_map(Value::BigInt),
        any::<f64>().prop_filter("a NaN equals nothing", |f| !f.is_nan()).prop_map(Value::Float),
        vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
        "[ -~\n'\"\\\\.]{0,40}".prop_map(Value::Text),
        "x{250,260}".prop_map(Value::Text),
    ]
}

/// A whole number beyond 64 bits.
fn huge() -> impl Strategy<Value = BigInt> {
    (vec(any::<u8>(), 8..limits::INTEGER_BYTES - 1), any::<bool>()).prop_filter_map(
        "fits 64 bits",
        |(bytes, negative)| {
            let number =
                BigInt::from_bytes_le(if negative { num_bigint::Sign::Minus } else { num_bigint::Sign::Plus }, &bytes);
            i64::try_from(&number).is_err().then_some(number)
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 200, 12, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..12).prop_map(Value::List),
            vec(inner.clone(), 0..6).prop_map(Value::Tuple),
            vec((scalar(), inner), 0..8).prop_map(|pairs| Value::Dict(distinct(pairs, |pair| &pair.0))),
            vec(scalar(), 0..8).prop_map(|items| Value::Set(distinct(items, |item| item))),
        ]
    })
}

fn distinct<T>(items: Vec<T>, key: impl Fn(&T) -> &Value) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        if !kept.iter().any(|other| same_key(key(other), key(&item))) {
            kept.push(item);
        }
    }
    kept
}

/// Whether Python takes them for one key, as it does `1`, `1.0` and `True`.
fn same_key(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Int(i) => i.to_string().parse().ok(),
        Value::BigInt(i) => i.to_string().parse().ok(),
        Value::Float(f) => Some(*f),
        _ => None,
    };
    a == b || number(a).is_some_and(|a: f64| Some(a) == number(b))
}

/// Sets and dictionaries have no order; the writer sorts them.
fn unordered(value: Value) -> Value {
    let all = |items: Vec<Value>| items.into_iter().map(unordered).collect::<Vec<_>>();
    match value {
        Value::List(items) => Value::List(all(items)),
        Value::Tuple(items) => Value::Tuple(all(items)),
        Value::Set(items) => {
            let mut items = all(items);
            items.sort_by_cached_key(|item| format!("{item:?}"));
            Value::Set(items)
        }
        Value::Dict(pairs) => {
            let mut pairs: Vec<_> = pairs.into_iter().map(|(k, v)| (unordered(k), unordered(v))).collect();
            pairs.sort_by_cached_key(|pair| format!("{:?}", pair.0));
            Value::Dict(pairs)
        }
        other => other,
    }
}

fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    pickle::write(value.clone(), &mut out);
    out
}

/// What serde-pickle has decoded, as our type.
fn ours(other: Other) -> Value {
    let all = |items: Vec<Other>| items.into_iter().map(ours).collect();
    match other {
        Other::None => Value::None,
        Other::Bool(b) => Value::Bool(b),
        Other::I64(i) => Value::Int(i),
        Other::Int(i) => i64::try_from(&i).map_or(Value::BigInt(i), Value::Int),
        Other::F64(f) => Value::Float(f),
        Other::Bytes(bytes) => Value::Bytes(bytes),
        Other::String(text) => Value::Text(text),
        Other::List(items) => Value::List(all(items)),
        Other::Tuple(items) => Value::Tuple(all(items)),
        Other::Set(items) | Other::FrozenSet(items) => Value::Set(items.into_iter().map(our_key).collect()),
        Other::Dict(pairs) => Value::Dict(pairs.into_iter().map(|(k, v)| (our_key(k), ours(v))).collect()),
    }
}

fn our_key(other: HashableValue) -> Value {
    match other {
        HashableValue::None => Value::None,
        HashableValue::Bool(b) => Value::Bool(b),
        HashableValue::I64(i) => Value::Int(i),
        HashableValue::Int(i) => i64::try_from(&i).map_or(Value::BigInt(i), Value::Int),
        HashableValue::F64(f) => Value::Float(f),
        HashableValue::Bytes(bytes) => Value::Bytes(bytes),
        HashableValue::String(text) => Value::Text(text),
        HashableValue::Tuple(items) => Value::Tuple(items.into_iter().map(our_key).collect()),
        HashableValue::FrozenSet(items) => Value::Set(items.into_iter().map(our_key).collect()),
    }
}

// ---- Messages and streams

fn name() -> impl Strategy<Value = UserName> {
    prop_oneof!["[a-z]{1,8}", "\\PC{1,20}"].prop_map(|name| UserName::received(&name))
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\n]{0,80}",
        Just("N.".to_owned()),
        Just("JOIN (lp0\nI7\na.GOODBYE N.STATUS".to_owned()),
    ]
}

fn id() -> impl Strategy<Value = ConversationId> {
    prop_oneof![
        any::<i64>().prop_map(ConversationId::Int),
        (0..20i64).prop_map(ConversationId::Int),
        huge().prop_map(ConversationId::BigInt),
        "\\PC{0,12}".prop_map(|text| ConversationId::Text(text.into())),
        vec(any::<u8>(), 0..12).prop_map(|bytes| ConversationId::Bytes(bytes.into())),
    ]
}

fn from_client() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        (name(), body()).prop_map(|(user, status)| ClientMessage::Register { user, status: Status::received(&status) }),
        body().prop_map(|status| ClientMessage::Status(Status::received(&status))),
        Just(ClientMessage::Goodbye),
        vec(name(), 0..5).prop_map(ClientMessage::Invite),
        Just(ClientMessage::ListConversations),
        id().prop_map(ClientMessage::Join),
        (id(), body()).prop_map(|(conversation, body)| ClientMessage::SendMessage { conversation, body }),
        id().prop_map(ClientMessage::Leave),
    ]
}

fn from_server() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        btree_map(name(), body().prop_map(|text| Status::received(&text)), 0..6).prop_map(ServerMessage::OnlineUsers),
        (id(), name()).prop_map(|(conversation, from)| ServerMessage::Invitation { conversation, from }),
        btree_map(id(), vec(name(), 0..4), 0..4).prop_map(ServerMessage::Conversations),
        (id(), name(), body()).prop_map(|(conversation, from, body)| ServerMessage::Message {
            conversation,
            from,
            body
        }),
        body().prop_map(ServerMessage::Error),
    ]
}

/// One message as careful and careless clients send it.
fn client_piece() -> impl Strategy<Value = Vec<u8>> {
    let careless = select(vec![
        &b"GOODBYE"[..],
        b"GOODBYE ",
        b"GOODBYE\n",
        b"GOODBYE \r\n",
        b"GOODBYE N.",
        b"GOODBYE (t.",
        b"GOODBYE (lp0\n.",
        b"GOODBYE S''\np0\n.",
        b"GOODBYE \x80\x02).",
        b"LIST_CONVERSATIONS",
        b"LIST_CONVERSATIONS ",
        b"LIST_CONVERSATIONS\r\n",
        b"LIST_CONVERSATIONS V\np0\n.",
        b"STATUS S'it\\'s \"x\"'\np0\n.",
        b"STATUS U\x05aw.ayq\x00.",
        b"STATUS \x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x04away\x94.",
        b"JOIN I7\n.",
        b"JOIN (lp0\nI7\na.",
        b"JOIN(lp0\nI7\na.",
        b"LEAVE K\x07.",
        b"SEND_MESSAGE (I7\nS'N. JOIN K'\ntp0\n.",
        b"INVITE S'bob'\n.",
        b"INVITE (lp0\nS'bob'\np1\nag1\na.\n",
        b"STATUS cos\nsystem\n(S'ls'\ntR.",
        b"FROB (lp0\nI1\na.",
        b"FROB N.",
        b"FROBNICATE_EVERYTHING\n",
        b"JOINT (lp0\n.",
        b"(lp0\nI7\na.",
        b" \r\n\t",
    ])
    .prop_map(<[u8]>::to_vec);
    prop_oneof![from_client().prop_map(|message| message.encode()), careless]
}

/// One message as careful and careless servers send it.
fn server_piece() -> impl Strategy<Value = Vec<u8>> {
    let careless = select(vec![
        &b"ERROR S'no'\np0\n."[..],
        b"ERROR \x80\x02X\x02\x00\x00\x00noq\x00.",
        b"ERROR Name in use\n",
        b"ERROR Bad.\n",
        b"ERROR bad.\n",
        b"ERROR No.\n",
        b"ERROR No such conversation\r\n",
        b"ERROR Foo\n",
        b"ERROR 404\n",
        b"ERROR (none)\n",
        b"ERROR Sorry, no MESSAGE for you\n",
        b"ERROR Internal error\n",
        b"ERROR Very bad\nplease go\n",
        b"ERROR Max. 5 users\n",
        b"ERROR Vbad\np0\n.",
        b"ERROR U\x03badq\x00.",
        b"ERROR\n",
        b"ONLINE_USERS (dp0\nS'bob'\np1\nS'away'\np2\ns.",
        b"ONLINE_USERS }.",
        b"INVITATION (I7\nS'bob'\ntp0\n.",
        b"CONVERSATIONS (dp0\nI7\n(lp1\ns.",
        b"MESSAGE (lp0\nI7\naS'bob'\np1\naS'hi. N.'\np2\na.",
        b"SEND_MESSAGE (I7\nS'bob'\np1\nS'hi'\np2\nt.",
        b"WELCOME S'hi'\n.",
    ])
    .prop_map(<[u8]>::to_vec);
    prop_oneof![from_server().prop_map(|message| message.encode()), careless]
}

/// What a careless server says is wrong.
fn sentence() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z][a-z ][a-z ,.'!()]{0,60}[a-z.!]",
        "[A-Z][a-z]{1,8}( (MESSAGE|ERROR|JOIN|user|no|[a-z]{2,8}[.,]?)){0,6}",
        select(vec![
            "No.",
            "bad.",
            "Max. 5 users",
            "Internal error",
            "Login failed",
            "cannot join",
            "invalid name",
            "Problem",
            "Foo",
            "Very bad",
            "User unknown",
            "Unknown user",
            "The name is taken",
            "404",
            "(none)",
            "Xerxes is here",
            "Kicked",
            "Name in use",
            "Goodbye",
            "Join first",
            "Désolé",
            "ERROR",
            "Größe falsch",
            "I 7",
            "p0",
            "L5",
        ])
        .prop_map(str::to_owned),
    ]
}

/// Where the stream is cut, or bytes are put; resolved against its length.
fn places() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..24)
}

fn chunks<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    at.push(stream.len());
    at.sort_unstable();
    let mut begin = 0;
    at.into_iter().map(|end| &stream[std::mem::replace(&mut begin, end)..end]).collect()
}

/// Everything that a decoder gives now. It must not go on for ever.
fn drain(decoder: &mut FrameDecoder, pushed: usize, frames: &mut Vec<Frame>) -> Result<(), FrameError> {
    loop {
        match decoder.next()? {
            Some(frame) => frames.push(frame),
            None => return Ok(()),
        }
        assert!(frames.len() <= pushed, "more frames than bytes: {frames:?}");
    }
}

/// All frames of a stream that comes in these chunks and then ends.
fn read(verbs: &'static [Verb], chunks: &[&[u8]]) -> (Vec<Frame>, Option<FrameError>) {
    let mut decoder = FrameDecoder::new(verbs, LIMIT);
    let mut frames = Vec::new();
    let mut pushed = 0;
    for chunk in chunks {
        pushed += chunk.len();
        decoder.push(chunk);
        if let Err(error) = drain(&mut decoder, pushed, &mut frames) {
            return (frames, Some(error));
        }
    }
    decoder.end();
    let error = drain(&mut decoder, pushed, &mut frames).err();
    assert!(frames.iter().map(|frame| frame.size).sum::<usize>() <= pushed, "frames are larger than the stream");
    (frames, error)
}

/// The frames without their sizes, and without the difference between no argument and an empty one.
fn gist(frames: Vec<Frame>) -> Vec<(Option<Result<Verb, String>>, Argument)> {
    frames
        .into_iter()
        .map(|frame| {
            let bare = match (&frame.verb, &frame.argument) {
                (Some(Ok(Verb { shape: klatch::protocol::frame::Shape::None, .. })), Argument::Value(v)) => {
                    v.is_empty()
                }
                _ => false,
            };
            (frame.verb, if bare { Argument::None } else { frame.argument })
        })
        .collect()
}

/// Reads a stream with a silence after each chunk.
fn read_with_silences(verbs: &'static [Verb], chunks: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = FrameDecoder::new(verbs, LIMIT);
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        drain(&mut decoder, usize::MAX, &mut frames).expect("a stream that can be split");
        decoder.silence();
        drain(&mut decoder, usize::MAX, &mut frames).expect("a stream that can be split");
    }
    decoder.end();
    drain(&mut decoder, usize::MAX, &mut frames).expect("a stream that can be split");
    frames
}

/// Bytes that look like a pickle, more or less.
fn opcodes() -> impl Strategy<Value = Vec<u8>> {
    let opcode = select(b"(.012FIJKLMNPQRSTUVXabcd}eghijl]opqrst)uGBC\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98".as_slice());
    let piece = prop_oneof![
        6 => opcode.prop_map(|byte| vec![byte]),
        4 => select(vec![
            &b"N"[..], b"K\x07", b"I7\n", b"I01\n", b"L5L\n", b"F1.5\n", b"S'a'\n", b"S\"it's\"\n", b"Vx\n", b"U\x01a",
            b"X\x01\x00\x00\x00a", b"\x8c\x01b", b"C\x01c", b"p0\n", b"q\x00", b"\x94", b"g0\n", b"h\x00", b"(", b"]", b"}",
            b"l", b"t", b"a", b"s", b"u", b"e", b"\x85", b"\x86", b"2", b"0", b"\x8a\x02\x00\x01",
            b"c__builtin__\nset\n", b"c_codecs\nencode\n", b"R",
        ]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(piece, 0..40).prop_map(|pieces| {
        let mut bytes = pieces.concat();
        bytes.push(b'.');
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_comes_back(value in value()) {
        let bytes = written(&value);
        let again = pickle::decode(&bytes, NODES).unwrap();
        prop_assert_eq!(unordered(again), unordered(value));
    }

    #[test]
    fn serde_pickle_reads_the_same(value in value()) {
        let bytes = written(&value);
        let theirs = serde_pickle::value_from_slice(&bytes, DeOptions::new()).unwrap();
        prop_assert_eq!(unordered(ours(theirs)), unordered(value));
    }

    #[test]
    fn where_both_decode_opcodes_they_agree(bytes in opcodes()) {
        // One message: up to the first STOP that is no operand.
        let Ok(Some(end)) = pickle::Scanner::new(LIMIT).scan(&bytes) else { return Ok(()) };
        let bytes = &bytes[..end];
        let theirs = serde_pickle::value_from_slice(bytes, DeOptions::new().decode_strings());
        if let (Ok(mine), Ok(theirs)) = (pickle::decode(bytes, NODES), theirs) {
            let theirs = ours(theirs);
            // They keep one of several equal keys, and a dictionary of ours has what it was given.
            if !format!("{mine:?}").contains("Dict") && !format!("{mine:?}").contains("Set") {
                // A NaN is not equal to itself, but looks like itself.
                prop_assert_eq!(format!("{:?}", mine), format!("{:?}", theirs));
            }
        }
    }

    #[test]
    fn a_message_of_a_client_comes_back(message in from_client()) {
        let bytes = message.encode();
        let (mut frames, error) = read(CLIENT_VERBS, &[&bytes]);
        prop_assert_eq!(error, None);
        prop_assert_eq!(frames.len(), 1);
        prop_assert_eq!(frames[0].size, bytes.len());
        prop_assert_eq!(ClientMessage::from_frame(frames.remove(0)), Ok(message));
    }

    #[test]
    fn a_message_of_a_server_comes_back(message in from_server()) {
        let bytes = message.encode();
        let (mut frames, error) = read(SERVER_VERBS, &[&bytes]);
        prop_assert_eq!(error, None);
        prop_assert_eq!(frames.len(), 1);
        prop_assert_eq!(frames[0].size, bytes.len());
        prop_assert_eq!(ServerMessage::from_frame(frames.remove(0)), Ok(message));
    }

    #[test]
    fn any_chunks_of_a_client_give_the_same_frames(pieces in vec(client_piece(), 0..8), cuts in places()) {
        let stream = pieces.concat();
        let whole = read(CLIENT_VERBS, &[&stream]);
        prop_assert_eq!(&whole, &read(CLIENT_VERBS, &chunks(&stream, &cuts)));
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&whole, &read(CLIENT_VERBS, &bytes));
        prop_assert_eq!(whole.1, None);
    }

    #[test]
    fn any_chunks_of_a_server_give_the_same_frames(pieces in vec(server_piece(), 0..8), cuts in places()) {
        let stream = pieces.concat();
        let whole = read(SERVER_VERBS, &[&stream]);
        prop_assert_eq!(&whole, &read(SERVER_VERBS, &chunks(&stream, &cuts)));
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&whole, &read(SERVER_VERBS, &bytes));
        prop_assert_eq!(whole.1, None);
    }

    #[test]
    fn any_chunks_of_nonsense_give_the_same_frames(
        start in prop_oneof![Just(Vec::new()), client_piece()],
        nonsense in prop_oneof![vec(any::<u8>(), 0..60), opcodes(), "[A-Z_ .\n]{0,40}".prop_map(String::into_bytes)],
        cuts in places(),
    ) {
        let stream = [start, nonsense].concat();
        for verbs in [CLIENT_VERBS, SERVER_VERBS] {
            let whole = read(verbs, &[&stream]);
            let cut = read(verbs, &chunks(&stream, &cuts));
            prop_assert_eq!(&whole.0, &cut.0);
            prop_assert_eq!(whole.1.is_some(), cut.1.is_some());
        }
    }

    #[test]
    fn silence_between_messages_changes_nothing(pieces in vec(client_piece(), 0..8)) {
        let parts: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let silent = gist(read_with_silences(CLIENT_VERBS, &parts));
        // The same without a pause, but with what separates bare verbs from what follows.
        let lines = pieces.join(&b'\n');
        prop_assert_eq!(silent, gist(read(CLIENT_VERBS, &[&lines]).0));
    }

    #[test]
    fn silence_within_a_message_changes_nothing(messages in vec(from_client(), 1..4), cuts in places()) {
        let stream: Vec<u8> = messages.iter().flat_map(ClientMessage::encode).collect();
        let frames = read_with_silences(CLIENT_VERBS, &chunks(&stream, &cuts));
        let read: Result<Vec<_>, _> = frames.into_iter().map(ClientMessage::from_frame).collect();
        prop_assert_eq!(read, Ok(messages));
    }

    #[test]
    fn silence_within_a_message_of_a_server_changes_nothing(messages in vec(from_server(), 1..4), cuts in places()) {
        let stream: Vec<u8> = messages.iter().flat_map(ServerMessage::encode).collect();
        let frames = read_with_silences(SERVER_VERBS, &chunks(&stream, &cuts));
        let read: Result<Vec<_>, _> = frames.into_iter().map(ServerMessage::from_frame).collect();
        prop_assert_eq!(read, Ok(messages));
    }

    #[test]
    fn raw_text_ends_with_silence_or_the_stream(
        text in sentence(),
        cuts in places(),
    ) {
        let stream = format!("ERROR {text}").into_bytes();
        let expected = Ok(ServerMessage::Error(text));
        let (mut frames, error) = read(SERVER_VERBS, &chunks(&stream, &cuts));
        prop_assert_eq!((frames.len(), error), (1, None));
        prop_assert_eq!(&ServerMessage::from_frame(frames.remove(0)), &expected);
        let mut decoder = FrameDecoder::new(SERVER_VERBS, LIMIT);
        for chunk in chunks(&stream, &cuts) {
            decoder.push(chunk);
            prop_assert_eq!(decoder.next(), Ok(None));
        }
        prop_assert!(decoder.awaits_silence());
        decoder.silence();
        prop_assert_eq!(&ServerMessage::from_frame(decoder.next().unwrap().unwrap()), &expected);
        // What follows is read as if nothing had been.
        decoder.push(b"ONLINE_USERS (dp0\n.");
        prop_assert_eq!(
            ServerMessage::from_frame(decoder.next().unwrap().unwrap()),
            Ok(ServerMessage::OnlineUsers([].into()))
        );
    }

    #[test]
    fn raw_text_ends_with_its_line_or_the_next_message(text in sentence(), next in from_server(), cuts in places()) {
        for between in ["\n", "\r\n", ""] {
            let stream = [b"ERROR ", text.as_bytes(), between.as_bytes(), &next.encode()].concat();
            // With nothing between them, an ERROR with one text begins like a word of the sentence.
            if between.is_empty() && matches!(next, ServerMessage::Error(_)) {
                continue;
            }
            let (frames, error) = read(SERVER_VERBS, &chunks(&stream, &cuts));
            prop_assert_eq!(error, None);
            let read: Vec<_> = frames.into_iter().map(ServerMessage::from_frame).collect();
            prop_assert_eq!(read, vec![Ok(ServerMessage::Error(text.clone())), Ok(next.clone())]);
        }
    }

    #[test]
    fn a_cut_message_is_incomplete_and_never_an_error(message in from_client(), other in from_server()) {
        for (verbs, bytes) in [(CLIENT_VERBS, message.encode()), (SERVER_VERBS, other.encode())] {
            for end in 0..bytes.len() {
                let mut decoder = FrameDecoder::new(verbs, LIMIT);
                decoder.push(&bytes[..end]);
                prop_assert_eq!(decoder.next(), Ok(None), "cut at {}", end);
                prop_assert_eq!(decoder.is_mid_message(), end > 0);
                decoder.push(&bytes[end..]);
                prop_assert!(decoder.next().unwrap().is_some());
                prop_assert!(!decoder.is_mid_message());
            }
        }
    }

    #[test]
    fn a_cut_value_is_incomplete(value in value()) {
        let bytes = written(&value);
        for end in 0..bytes.len() {
            prop_assert_eq!(pickle::Scanner::new(LIMIT).scan(&bytes[..end]), Ok(None));
        }
        prop_assert_eq!(pickle::Scanner::new(LIMIT).scan(&bytes), Ok(Some(bytes.len())));
        prop_assert_eq!(pickle::Scanner::new(bytes.len()).scan(&bytes), Ok(Some(bytes.len())));
        prop_assert!(pickle::Scanner::new(bytes.len() - 1).scan(&bytes).is_err());
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop_oneof![vec(any::<u8>(), 0..2000), opcodes()], silent in any::<bool>()) {
        let _ = pickle::decode(&bytes, NODES);
        for verbs in [CLIENT_VERBS, SERVER_VERBS] {
            read(verbs, &[&bytes]);
            let mut decoder = FrameDecoder::new(verbs, LIMIT);
            let mut frames = Vec::new();
            for chunk in bytes.chunks(7) {
                decoder.push(chunk);
                if silent {
                    decoder.silence();
                }
                if drain(&mut decoder, usize::MAX, &mut frames).is_err() {
                    prop_assert!(!decoder.is_mid_message());
                    break;
                }
            }
        }
    }

    #[test]
    fn changed_messages_do_no_harm(
        pieces in vec(prop_oneof![client_piece(), server_piece()], 1..4),
        changes in vec((any::<Index>(), any::<u8>(), 0..3u8), 1..8),
    ) {
        let mut stream = pieces.concat();
        for (place, byte, how) in changes {
            let at = place.index(stream.len() + 1);
            match how {
                0 => stream.insert(at, byte),
                1 if at < stream.len() => drop(stream.remove(at)),
                _ if at < stream.len() => stream[at] = byte,
                _ => stream.push(byte),
            }
        }
        for verbs in [CLIENT_VERBS, SERVER_VERBS] {
            let (frames, _) = read(verbs, &[&stream]);
            for frame in frames {
                let _ = ClientMessage::from_frame(frame.clone());
                let _ = ServerMessage::from_frame(frame);
            }
        }
    }
}

/// A decoder that looked at bytes twice would take hours for these; linear ones are done at once.
#[test]
fn a_megabyte_byte_by_byte() {
    let padding = LIMIT - 64;
    for (what, stream, frames) in [
        ("one text", [b"STATUS X".as_slice(), &padding.to_le_bytes()[..4], &vec![b'x'; padding], b"."].concat(), 1),
        ("one line", [b"STATUS S'".as_slice(), &vec![b'x'; padding], b"'\n."].concat(), 1),
        (
            "two lines",
            [b"STATUS c".as_slice(), &vec![b'x'; padding / 2], b"\n", &vec![b'x'; padding / 2], b"\n."].concat(),
            1,
        ),
        ("many opcodes", [b"STATUS (".as_slice(), &vec![b'N'; padding], b"t."].concat(), 1),
        ("blanks", [vec![b' '; padding], b"JOIN I7\n.".to_vec()].concat(), 1),
        ("line ends", [vec![b'\n'; padding], b"JOIN I7\n.".to_vec()].concat(), 1),
        ("bare verbs", b"GOODBYE\n".repeat(padding / 8), padding / 8),
        ("unknown verbs", b"FROB\n".repeat(padding / 5), padding / 5),
        ("stray pickles", b"N.".repeat(padding / 2), padding / 2),
    ] {
        let mut decoder = FrameDecoder::new(CLIENT_VERBS, LIMIT);
        let mut count = 0;
        for byte in &stream {
            decoder.push(std::slice::from_ref(byte));
            while decoder.next().unwrap_or_else(|error| panic!("{what}: {error}")).is_some() {
                count += 1;
            }
        }
        assert_eq!(count, frames, "{what}");
        assert!(!decoder.is_mid_message(), "{what}");
    }
}
