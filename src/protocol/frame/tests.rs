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
fn the_argument_of_the_unknown_may_look_like_a_word() {
    for (argument, read_as) in [
        (&b"Vhello\np0\n."[..], "Text(\"hello\")"),
        (b"VJOIN I7\n.", "Text(\"JOIN I7\")"),
        (b"XA\0\0\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaq\0.", "Text("),
        (b"UAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaq\0.", "Text("),
        (b"Ka.", "Int(97)"),
        (b"Mab.", "Int(25185)"),
        (b"Ja\0\x01\0.", "Int(65633)"),
        (b"cos\nsystem\n(S'ls'\ntR.", "refused GLOBAL os.system"),
        (b"c__builtin__\nset\np0\n((lp1\nI1\natp2\nRp3\n.", "Set("),
        (b"GA.\x84\x80\0\0\0\0.", "Float(1000000.0)"),
    ] {
        let stream = [b"FROB ", argument, b"JOIN I7\n."].concat();
        let frames = read(client, &stream);
        assert!(frames.len() == 2 && frames[0].starts_with(&format!("?FROB {read_as}")), "{frames:?}");
        assert_eq!(frames[1], "JOIN Int(7)");
    }
    // What does not go on like a pickle is a word, and so is what does not go on.
    assert_eq!(read(client, b"FROB cat\ndog\nJOIN I7\n."), ["?FROB", "?cat", "?dog", "JOIN Int(7)"]);
    assert_eq!(read(client, b"FROB VOTE now\nN.JOIN I7\n."), ["?FROB", "?VOTE", "?now", "JOIN Int(7)"]);
    let mut decoder = client();
    decoder.push(b"FROB Very long");
    assert!(drain(&mut decoder).is_empty() && decoder.awaits_silence());
    decoder.silence();
    assert_eq!(drain(&mut decoder), ["?FROB", "?Very", "?long"]);
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
    // What looks like the end of a pickle is in the text of the message that follows.
    assert_eq!(
        read(server, b"ERROR Very badONLINE_USERS \x80\x02}q\x00X\x01\x00\x00\x00aq\x01X\x03\x00\x00\x00\n.0q\x02s."),
        ["ERROR raw Very bad", "ONLINE_USERS Dict([(Text(\"a\"), Text(\"\\n.0\"))])"]
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

#[test]
fn a_long_error_in_small_pieces() {
    // With time that grows with the square of the length, this would take minutes.
    let long = "x".repeat(1 << 18);
    let mut decoder = server();
    let mut frames = Vec::new();
    for piece in format!("ERROR V{long}\np0\n.ERROR Sorry: {long}").as_bytes().chunks(16) {
        decoder.push(piece);
        frames.extend(drain(&mut decoder));
    }
    assert_eq!(frames[0], format!("ERROR Text({long:?})"));
    assert!(frames[1].starts_with("ERROR raw Sorry: xxx"));
}

#[test]
fn many_words_that_could_be_pickles() {
    // With time that grows with the square of their number, this would take minutes.
    for (word, end) in [("Va ", "\n\u{7f}"), ("cc ", "\n\u{7f}"), ("Va ", "\n0.JOIN w")] {
        let mut decoder = client();
        let mut frames = Vec::new();
        for piece in format!("FROB {}{end}", word.repeat(100_000)).as_bytes().chunks(16 << 10) {
            decoder.push(piece);
            frames.extend(drain(&mut decoder));
        }
        assert!(frames.last().unwrap().starts_with('!'), "{:?}", frames.last());
    }
}
