use super::*;
use crate::protocol::im::{CLIENT_VERBS, SERVER_VERBS};

/// The frames in short: verb and argument.
fn drain(decoder: &mut FrameDecoder) -> Vec<String> {
    let mut frames = Vec::new();
    loop {
        match decoder.next() {
            Ok(Some(frame)) => {
                let verb = match frame.verb {
                    Some(Ok(verb)) => verb.name.to_owned(),
                    Some(Err(unknown)) => format!("?{unknown}"),
                    None => "-".to_owned(),
                };
                frames.push(match frame.argument {
                    Argument::None => verb,
                    Argument::Value(value) => format!("{verb} {value:?}"),
                    Argument::Text(text) => format!("{verb} raw {text}"),
                    Argument::Refused(error) => format!("{verb} refused {error}"),
                });
            }
            Ok(None) => return frames,
            Err(error) => {
                frames.push(format!("! {error}"));
                return frames;
            }
        }
    }
}

fn client() -> FrameDecoder {
    FrameDecoder::new(CLIENT_VERBS, limits::REQUEST_BYTES)
}

fn server() -> FrameDecoder {
    FrameDecoder::new(SERVER_VERBS, limits::REPLY_BYTES)
}

/// All at once, and byte by byte; both must give the same.
fn read(mut decoder: impl FnMut() -> FrameDecoder, bytes: &[u8]) -> Vec<String> {
    let mut whole = decoder();
    whole.push(bytes);
    let frames = drain(&mut whole);
    let mut dribbled = decoder();
    let mut slow = Vec::new();
    for byte in bytes {
        dribbled.push(&[*byte]);
        slow.extend(drain(&mut dribbled));
    }
    assert_eq!(frames, slow, "{}", String::from_utf8_lossy(bytes));
    frames
}

#[test]
fn messages_one_behind_the_other() {
    assert_eq!(
        read(client, b"JOIN I7\n.JOIN (lp0\nI8\na.LEAVE I7\n. \r\nSTATUS S'JOIN '\n."),
        ["JOIN Int(7)", "JOIN List([Int(8)])", "LEAVE Int(7)", "STATUS Text(\"JOIN \")"]
    );
}

#[test]
fn bare_verbs_end_where_something_else_begins() {
    for stream in [
        "LIST_CONVERSATIONSJOIN I7\n.",
        "LIST_CONVERSATIONS JOIN I7\n.",
        "LIST_CONVERSATIONS\nJOIN I7\n.",
        "LIST_CONVERSATIONS\r\nJOIN I7\n.",
    ] {
        assert_eq!(read(client, stream.as_bytes()), ["LIST_CONVERSATIONS", "JOIN Int(7)"], "{stream:?}");
    }
    for stream in ["GOODBYE N.", "GOODBYE (t.", "GOODBYE )."] {
        assert_eq!(read(client, stream.as_bytes()).len(), 1, "{stream:?}");
    }
    assert_eq!(read(client, b"GOODBYE\nN.JOIN I7\n."), ["GOODBYE", "JOIN Int(7)"]);
}

#[test]
fn silence_completes_a_bare_verb_and_a_late_argument_is_swallowed() {
    for late in [&b" N."[..], b"N.", b" (lp0\n.", b"\x80\x02]q\x00.", b" S''\np0\n.", b"V\np0\n.", b" )."] {
        let mut decoder = client();
        decoder.push(b"LIST_CONVERSATIONS");
        assert!(drain(&mut decoder).is_empty());
        assert!(decoder.awaits_silence());
        decoder.silence();
        assert_eq!(drain(&mut decoder), ["LIST_CONVERSATIONS"]);
        for byte in late {
            decoder.push(&[*byte]);
            assert!(drain(&mut decoder).is_empty(), "{late:?}");
            decoder.silence();
            assert!(drain(&mut decoder).is_empty(), "{late:?}");
        }
        decoder.push(b"JOIN I7\n.");
        assert_eq!(drain(&mut decoder), ["JOIN Int(7)"], "{late:?}");
    }
}

#[test]
fn a_verb_that_needs_an_argument_is_not_completed_by_silence() {
    for stream in [&b"JOIN"[..], b"JOIN ", b"JOIN I7"] {
        let mut decoder = client();
        decoder.push(stream);
        assert!(drain(&mut decoder).is_empty());
        assert!(!decoder.awaits_silence() && decoder.is_mid_message());
        decoder.silence();
        assert!(drain(&mut decoder).is_empty());
        decoder.end();
        assert!(drain(&mut decoder).is_empty());
    }
}

#[test]
fn the_unknown_is_skipped_as_one_message() {
    assert_eq!(read(client, b"FROB (lp0\n.JOIN I7\n."), ["?FROB List([])", "JOIN Int(7)"]);
    assert_eq!(read(client, b"FROB\nJOIN I7\n."), ["?FROB", "JOIN Int(7)"]);
    assert_eq!(read(client, b"JOINT I7\n.JOIN I7\n."), ["?JOINT Int(7)", "JOIN Int(7)"]);
    assert_eq!(read(client, b"(lp0\nI7\na.JOIN I7\n."), ["- List([Int(7)])", "JOIN Int(7)"]);
    let mut decoder = client();
    decoder.push(b"FROB");
    assert!(drain(&mut decoder).is_empty());
    assert!(decoder.awaits_silence());
    decoder.silence();
    assert_eq!(drain(&mut decoder), ["?FROB"]);
}

#[test]
fn a_refused_pickle_costs_one_message() {
    assert_eq!(
        read(client, b"STATUS cos\nsystem\n(S'ls'\ntR.JOIN I7\n."),
        ["STATUS refused GLOBAL os.system is not plain data", "JOIN Int(7)"]
    );
}

#[test]
fn what_cannot_be_split_is_final() {
    for stream in [&b"JOIN w"[..], b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"JOIN X\xff\xff\xff\xff"] {
        let mut decoder = client();
        decoder.push(stream);
        let frames = drain(&mut decoder);
        assert!(frames.last().is_some_and(|f| f.starts_with('!')), "{frames:?}");
        decoder.push(b"JOIN I7\n.");
        assert!(decoder.next().is_err());
    }
    let mut decoder = client();
    decoder.push(&[b'A'; 100]);
    assert!(decoder.next().is_err());
}

#[test]
fn errors_as_pickle_and_as_raw_text() {
    assert_eq!(read(server, b"ERROR S'no'\np0\n."), ["ERROR Text(\"no\")"]);
    assert_eq!(read(server, b"ERROR \x80\x02X\x02\x00\x00\x00noq\x00."), ["ERROR Text(\"no\")"]);
    assert_eq!(read(server, b"ERROR Name in use\n"), ["ERROR raw Name in use"]);
    assert_eq!(
        read(server, b"ERROR Sorry, no MESSAGE for youONLINE_USERS (dp0\n."),
        ["ERROR raw Sorry, no MESSAGE for you", "ONLINE_USERS Dict([])"]
    );
    for text in ["Very bad", "Unknown user", "No", "bad name", "Sorry", "404"] {
        let mut decoder = server();
        decoder.push(format!("ERROR {text}").as_bytes());
        assert!(drain(&mut decoder).is_empty(), "{text}");
        assert!(decoder.awaits_silence(), "{text}");
        decoder.silence();
        assert_eq!(drain(&mut decoder), [format!("ERROR raw {text}")]);
    }
}
