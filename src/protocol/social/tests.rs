use proptest::prelude::*;

use super::*;
use crate::protocol::limits;
use crate::protocol::pickle::{self, PickleError};

fn bob() -> UserName {
    UserName::received("bob")
}

fn every_request() -> Vec<PeerRequest> {
    let chat = ConversationId::Int(7);
    vec![
        PeerRequest::GetUserInfo,
        PeerRequest::ListFiles,
        PeerRequest::GetFile("sub folder/it's \"ü\".txt".into()),
        PeerRequest::OfferFile { from: bob(), file: "a.txt".into() },
        PeerRequest::Invite { chat: chat.clone(), from: bob() },
        PeerRequest::ChatStatus { chat: chat.clone(), from: bob(), members: vec![bob(), UserName::received("Zoë")] },
        PeerRequest::Message { chat: chat.clone(), from: bob(), body: "GET_FILE x\n.".into() },
        PeerRequest::Goodbye { chat: ConversationId::Text("7".into()), from: bob() },
        PeerRequest::CloseChat { chat, from: bob() },
    ]
}

#[test]
fn the_longest_text_fits_one_message() {
    let chat = ConversationId::Text("x".repeat(limits::RECEIVED_NAME_BYTES).into());
    let from = UserName::received(&"x".repeat(limits::PEER_NAME_BYTES));
    for letter in ["x", "\n", "é", "\u{1f600}"] {
        let body = letter.repeat(limits::TEXT_BYTES / letter.len());
        let request = PeerRequest::Message { chat: chat.clone(), from: from.clone(), body };
        assert!(request.encode().len() <= limits::REQUEST_BYTES, "{letter:?}");
    }
}

#[test]
fn an_endless_id_is_not_taken() {
    let longest = "x".repeat(limits::RECEIVED_NAME_BYTES);
    let invite = |id: &str| PeerRequest::Invite { chat: ConversationId::Text(id.into()), from: bob() };
    assert_eq!(at_once(&invite(&longest).encode(), &[]), Ok(Some(invite(&longest))));
    let endless = at_once(&invite(&(longest + "x")).encode(), &[]);
    assert!(matches!(endless, Err(RequestError::Argument(ArgumentError::Shape { .. }))), "{endless:?}");
}

#[test]
fn an_endless_name_is_not_taken_and_left_out_of_a_list() {
    let longest = UserName::received(&"é".repeat(limits::PEER_NAME_BYTES / 2));
    let endless = UserName::received(&format!("{longest}x"));
    let chat = ConversationId::Int(7);
    let with_sender = |from: &UserName| {
        [
            PeerRequest::OfferFile { from: from.clone(), file: "a.txt".into() },
            PeerRequest::Invite { chat: chat.clone(), from: from.clone() },
            PeerRequest::ChatStatus { chat: chat.clone(), from: from.clone(), members: vec![bob()] },
            PeerRequest::Message { chat: chat.clone(), from: from.clone(), body: "hi".into() },
            PeerRequest::Goodbye { chat: chat.clone(), from: from.clone() },
            PeerRequest::CloseChat { chat: chat.clone(), from: from.clone() },
        ]
    };
    for request in with_sender(&longest) {
        assert_eq!(at_once(&request.encode(), &[]), Ok(Some(request)));
    }
    for request in with_sender(&endless) {
        let read = at_once(&request.encode(), &[]);
        assert!(matches!(read, Err(RequestError::Argument(ArgumentError::Shape { .. }))), "{read:?}");
    }
    let status = |members| PeerRequest::ChatStatus { chat: chat.clone(), from: bob(), members };
    let sent = status(vec![bob(), endless, longest.clone()]);
    assert_eq!(at_once(&sent.encode(), &[]), Ok(Some(status(vec![bob(), longest]))));
}

/// What is known in these tests: the names of a small share.
fn lookup(names: &'static [&'static str]) -> impl Fn(&str) -> NameMatch {
    |name| match names.contains(&name) {
        false => NameMatch::Unknown,
        true if names.iter().any(|other| other.len() > name.len() && other.starts_with(name)) => NameMatch::Continued,
        true => NameMatch::Exact,
    }
}

/// What a reader makes of these bytes at once, in one piece.
fn at_once(bytes: &[u8], names: &'static [&'static str]) -> Result<Option<PeerRequest>, RequestError> {
    let mut reader = RequestReader::default();
    reader.push(bytes);
    reader.next(lookup(names))
}

/// The same if nothing follows for a while.
fn after_silence(bytes: &[u8], names: &'static [&'static str]) -> Result<Option<PeerRequest>, RequestError> {
    let mut reader = RequestReader::default();
    reader.push(bytes);
    if let Some(request) = reader.next(lookup(names))? {
        return Ok(Some(request));
    }
    if reader.awaits_silence() {
        reader.silence();
    }
    reader.next(lookup(names))
}

/// The same if the connection ends.
fn at_end(bytes: &[u8]) -> Result<Option<PeerRequest>, RequestError> {
    let mut reader = RequestReader::default();
    reader.push(bytes);
    reader.end();
    reader.next(lookup(&[]))
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what a reader gives")]
fn file(name: &str) -> Result<Option<PeerRequest>, RequestError> {
    Ok(Some(PeerRequest::GetFile(name.into())))
}

#[test]
fn every_request_reads_as_it_was_written() {
    for request in every_request() {
        let is_file = matches!(request, PeerRequest::GetFile(_));
        let read = if is_file { after_silence(&request.encode(), &[]) } else { at_once(&request.encode(), &[]) };
        assert_eq!(read, Ok(Some(request)));
    }
}

#[test]
fn requests_are_written_as_simple_peers_read_them() {
    assert_eq!(PeerRequest::ListFiles.encode(), b"LIST_FILES N.");
    assert_eq!(PeerRequest::ListFiles.encode_as(Form::Bare), b"LIST_FILES");
    assert_eq!(PeerRequest::GetUserInfo.encode_as(Form::Spaced), b"GET_USER_INFO ");
    assert_eq!(PeerRequest::GetFile("a b.txt".into()).encode(), b"GET_FILE a b.txt");
    assert!(PeerRequest::Invite { chat: ConversationId::Int(7), from: bob() }.encode().starts_with(b"INVITE "));
    for form in [Form::Pickled, Form::Bare, Form::Spaced] {
        let mut forms = form.first();
        assert_eq!(forms[0], form);
        forms.sort_by_key(|form| *form as u8);
        assert_eq!(forms, [Form::Pickled, Form::Bare, Form::Spaced]);
    }
}

#[test]
fn a_request_without_argument_comes_in_any_form() {
    for (bytes, request) in [
        (&b"LIST_FILES N."[..], PeerRequest::ListFiles),
        (b"LIST_FILES\n", PeerRequest::ListFiles),
        (b"LIST_FILES\r\n", PeerRequest::ListFiles),
        (b"LIST_FILES \x80\x02].", PeerRequest::ListFiles),
        (b" \r\nGET_USER_INFO (t.", PeerRequest::GetUserInfo),
    ] {
        assert_eq!(at_once(bytes, &[]), Ok(Some(request)), "{bytes:?}");
    }
    for bytes in [&b"LIST_FILES"[..], b"LIST_FILES "] {
        assert_eq!(at_once(bytes, &[]), Ok(None), "{bytes:?}");
        assert_eq!(after_silence(bytes, &[]), Ok(Some(PeerRequest::ListFiles)), "{bytes:?}");
        assert_eq!(at_end(bytes), Ok(Some(PeerRequest::ListFiles)), "{bytes:?}");
    }
    // The silence after the first half of a verb says nothing.
    for bytes in [&b"GET_"[..], b"LIST_FIL", b"GET_FILE", b"GET_FILE ", b"GET_FILE \n"] {
        assert_eq!(after_silence(bytes, &[]), Ok(None), "{bytes:?}");
        assert!(at_end(bytes).is_err(), "{bytes:?}");
    }
    assert_eq!(at_end(b""), Ok(None));
}

#[test]
fn the_name_of_a_file_ends_with_its_line_or_with_silence() {
    assert_eq!(at_once(b"GET_FILE a b.txt\n", &[]), file("a b.txt"));
    assert_eq!(at_once(b"GET_FILE a.txt\r\nrubbish", &[]), file("a.txt"));
    assert_eq!(at_once(b"GET_FILE a.txt", &[]), Ok(None));
    assert_eq!(after_silence(b"GET_FILE a.txt", &[]), file("a.txt"));
    assert_eq!(after_silence(b"GET_FILE  a.txt  ", &[]), file("a.txt"));
    assert_eq!(at_end(b"GET_FILE ../../etc/passwd"), file("../../etc/passwd"));
    assert_eq!(after_silence("GET_FILE Zoë".as_bytes(), &[]), file("Zoë"));
    assert_eq!(after_silence(b"GET_FILE Zo\xeb", &[]), file("Zoë"));
    // All but the last letter is opcodes; names that begin like text in a pickle.
    for name in ["Video.mp4", "Sounds", "(draft).txt", "S'quoted'", "Usage report, with a long name.pdf", "N.", "]."] {
        assert_eq!(after_silence(format!("GET_FILE {name}").as_bytes(), &[]), file(name));
        assert_eq!(after_silence(format!("GET_FILE {name}\n").as_bytes(), &[]), file(name));
    }
}

#[test]
fn a_known_name_waits_for_nothing_unless_another_continues_it() {
    let names = &["a.txt", "a.txt.gz", "b", "S'a.txt'", "trailing "];
    assert_eq!(at_once(b"GET_FILE b", names), file("b"));
    assert_eq!(at_once(b"GET_FILE a.txt", names), Ok(None));
    assert_eq!(at_once(b"GET_FILE a.txt\n", names), file("a.txt"));
    assert_eq!(after_silence(b"GET_FILE a.txt", names), file("a.txt"));
    assert_eq!(at_once(b"GET_FILE a.txt.gz", names), file("a.txt.gz"));
    assert_eq!(at_once(b"GET_FILE trailing ", names), file("trailing "));
    // A literal match is worth more than what a pickle would say.
    assert_eq!(at_once(b"GET_FILE S'a.txt'\n.", names), file("S'a.txt'"));
}

#[test]
fn a_pickled_name_is_understood() {
    for bytes in [
        &b"S'a b.txt'\np0\n."[..],
        b"Va b.txt\np0\n.",
        b"U\x07a b.txt.",
        b"\x80\x02X\x07\x00\x00\x00a b.txtq\x00.",
        b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07a b.txt\x94.",
        b"\x80\x03C\x07a b.txtq\x00.",
        b"(lp0\nS'a b.txt'\np1\na.",
        b"\x80\x02X\x07\x00\x00\x00a b.txt\x85q\x00.\n",
    ] {
        let request = [b"GET_FILE ", bytes].concat();
        assert_eq!(at_once(&request, &["a b.txt"]), file("a b.txt"), "{bytes:?}");
    }
    // A pickle of protocol 2 or later cannot be text: silence in the middle of it ends nothing.
    assert_eq!(after_silence(b"GET_FILE \x80\x02X\x07\x00\x00\x00a b", &[]), Ok(None));
    assert_eq!(at_end(b"GET_FILE \x80\x02X\x07\x00\x00\x00a b"), Err(RequestError::Incomplete));
}

#[test]
fn arguments_are_read_liberally() {
    let invite = |chat| Ok(Some(PeerRequest::Invite { chat, from: bob() }));
    for (argument, chat) in [
        (&b"(I7\nS'bob'\nt."[..], ConversationId::Int(7)),
        (b"(lp0\nI7\naS'bob'\na.", ConversationId::Int(7)),
        (b"(S'7'\nS'bob'\nI1\nt.", ConversationId::Text("7".into())),
        (b"(F7.5\nS'bob'\nt.", ConversationId::Float(7.5_f64.to_bits())),
        (b"(I01\nS'bob'\nt.", ConversationId::Bool(true)),
        (b"\x80\x03C\x017X\x03\x00\x00\x00bob\x86.", ConversationId::Bytes(b"7".as_slice().into())),
        (b"(L99999999999999999999L\nS'bob'\nt.", ConversationId::BigInt("99999999999999999999".parse().unwrap())),
    ] {
        assert_eq!(at_once(&[b"INVITE ", argument].concat(), &[]), invite(chat), "{argument:?}");
    }
    let members = vec![bob(), UserName::received("eve")];
    for argument in [&b"(I7\nS'bob'\n(S'bob'\nS'eve'\ntt."[..], b"(I7\nS'bob'\n(lS'bob'\naS'eve'\nat."] {
        let status = PeerRequest::ChatStatus { chat: ConversationId::Int(7), from: bob(), members: members.clone() };
        assert_eq!(at_once(&[b"CHAT_STATUS ", argument].concat(), &[]), Ok(Some(status)));
    }
}

#[test]
fn what_is_no_request_is_told_in_words() {
    for (bytes, words) in [
        (&b"INVITE N."[..], "INVITE needs (id, mdns_name)"),
        (b"CHAT_STATUS (I1\nS'a'\nNt.", "CHAT_STATUS needs (id, mdns_name, [members])"),
        (b"MESSAGE (I7\nS'bob'\nt.", "MESSAGE needs (id, sender, text)"),
        (b"INVITE ((tS'bob'\nt.", "INVITE needs (id, mdns_name)"),
        (b"OFFER_FILE S'a'\n.", "OFFER_FILE needs (mdns_name, filename)"),
        (b"GET_FILES N.", "unknown verb GET_FILES"),
        (b"FROB N.", "unknown verb FROB"),
        (b"INVITE cos\nsystem\n(S'ls'\ntR.", "the argument of INVITE is refused: GLOBAL os.system is not plain data"),
        (b"GET / HTTP/1.1\r\n\r\n", ""),
        (b"\x16\x03\x01\x02\x00", ""),
    ] {
        match after_silence(bytes, &[]) {
            Err(error) if words.is_empty() || error.to_string() == words => {}
            other => panic!("{bytes:?}: {other:?}"),
        }
    }
    let long = [b"GET_FILE ".as_slice(), &[b'x'; 5000]].concat();
    assert_eq!(after_silence(&long, &[]), Err(RequestError::NameTooLong));
    let endless = [b"GET_FILE ".as_slice(), &[b'x'; 9000]].concat();
    assert_eq!(at_once(&endless, &[]), Err(RequestError::NameTooLong));
}

#[test]
fn an_instance_may_come_with_its_service_type() {
    for (name, instance) in [
        ("bob", "bob"),
        ("bob._klatch._tcp.local.", "bob"),
        ("bob._klatch._tcp.local", "bob"),
        ("bob._klatch._tcp.", "bob"),
        ("Bob Smith (2)._KLATCH._tcp.Local.", "Bob Smith (2)"),
        ("b.o.b", "b.o.b"),
        ("b.o.b._klatch._tcp.local.", "b.o.b"),
        ("bob.", "bob."),
        ("bob._other._tcp.local.", "bob._other._tcp.local."),
        ("._klatch._tcp.local.", "._klatch._tcp.local."),
        ("_klatch._tcp.local.", "_klatch._tcp.local."),
        ("ë", "ë"),
        ("", ""),
    ] {
        assert_eq!(instance_name(name, "_klatch._tcp.local."), instance, "{name:?}");
    }
}

#[test]
fn an_invitation_is_answered_in_many_ways() {
    for reply in
        [&b"ACK"[..], b" ACK\r\n", b"ack", b"S'ACK'\np0\n.", b"\x80\x02X\x03\x00\x00\x00ACKq\x00.", b"(S'ACK'\nt."]
    {
        assert_eq!(acceptance(reply), Some(true), "{reply:?}");
    }
    for reply in [&b"NACK"[..], b"NACK\n", b"Vnack\n."] {
        assert_eq!(acceptance(reply), Some(false), "{reply:?}");
    }
    for reply in [&b""[..], b"N", b"AC", b"NAC", b"S'ACK'\n", b"ACKNACK", b"\xff"] {
        assert_eq!(acceptance(reply), None, "{reply:?}");
    }
    assert_eq!(acceptance(&encode_acceptance(true)), Some(true));
    assert_eq!(acceptance(&encode_acceptance(false)), Some(false));
}

#[test]
fn lists_of_files_come_in_many_shapes() {
    let names = vec!["a.txt".to_owned(), "sub/ü.txt".to_owned()];
    let list = |names: &[&str], unfit| Ok(FileList { names: names.iter().map(ToString::to_string).collect(), unfit });
    assert_eq!(file_list(&encode_file_list(names.clone())), Ok(FileList { names, unfit: 0 }));
    assert_eq!(file_list(b"\n(S'b'\nS'a'\nt."), list(&["b", "a"], 0));
    assert_eq!(file_list(b"(dp0\nS'a'\nI7\ns."), list(&["a"], 0));
    assert_eq!(file_list(b"(lS'a'\naNa."), list(&["a"], 1));
    assert_eq!(file_list(b"N."), list(&[], 0));
    let unfit = [String::new(), "a\nb".into(), "a\r".into(), "a\0".into(), "x".repeat(5000), " a\tb".into()];
    assert_eq!(file_list(&encode_file_list(unfit)), list(&[" a\tb"], 5));
    assert_eq!(file_list(b""), Err(ReplyError::Empty));
    assert_eq!(file_list(b"(lS'a'\na"), Err(ReplyError::Incomplete));
    assert_eq!(file_list(b"I7\n."), Err(ReplyError::Shape("list")));
    assert!(matches!(file_list(b"\xffwhat?"), Err(ReplyError::NoPickle(_))));
    assert!(matches!(file_list(b"cos\nsystem\n(S'ls'\ntR."), Err(ReplyError::Refused(_))));
}

#[test]
fn user_info_may_hold_anything() {
    let png = b"\x89PNG\r\n\x1a\n\x00\xe9".to_vec();
    let info = UserInfo {
        fields: vec![("name".into(), "bob".into()), ("status".into(), "away".into()), ("pets".into(), "two".into())],
        picture: Some(png.clone()),
    };
    assert_eq!(UserInfo::from_reply(&info.to_reply()), Ok(info));

    let text = |text: &str| Value::Text(text.to_owned());
    let latin1 = Value::Text(png.iter().map(|b| char::from(*b)).collect());
    let mut reply = Vec::new();
    let theirs = vec![
        (text("Pets"), Value::List(vec![text("Rex"), Value::Int(2)])),
        (Value::Int(7), Value::Bool(true)),
        (text("host"), text("h")),
        (text("Photo"), latin1),
        (text("icon"), text("smile.png")),
        (text("since"), Value::Dict(vec![(text("year"), Value::Int(1999))])),
        (text("name"), Value::Bytes(b"bob".to_vec())),
        (text("nothing"), Value::None),
    ];
    pickle::write(Value::Dict(theirs), &mut reply);
    let info = UserInfo::from_reply(&reply).unwrap();
    assert_eq!(info.picture, Some(png));
    let mut fields: Vec<_> = info.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(fields[..2], [("name", "bob"), ("host", "h")]);
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            ("7", "true"),
            ("Pets", "Rex, 2"),
            ("host", "h"),
            ("icon", "smile.png"),
            ("name", "bob"),
            ("nothing", ""),
            ("since", "year: 1999"),
        ]
    );
    assert_eq!(UserInfo::from_reply(b"(l."), Err(ReplyError::Shape("dictionary")));
}

/// Text in a pickle, put into the memo as Python does.
fn text(text: &str, memo: u32) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_le_bytes();
    [b"X", &length[..], text.as_bytes(), b"r", &memo.to_le_bytes()[..]].concat()
}

#[test]
fn the_longest_list_is_read_as_python_writes_it_and_an_endless_one_is_refused() {
    let written = |names: u32| {
        let mut reply = b"\x80\x02}q\x00(".to_vec();
        for number in 1..=names {
            reply.extend([text(&format!("a folder/a file {number}.txt"), number), b"K\x01".to_vec()].concat());
        }
        [reply, b"u.".to_vec()].concat()
    };
    let list = file_list(&written(50_000)).unwrap();
    assert_eq!((list.names.len(), list.unfit), (50_000, 0));
    assert_eq!(file_list(&written(70_000)), Err(ReplyError::Refused(PickleError::TooManyValues)));
    let nothing = [b"(".as_slice(), &b"N".repeat(limits::FILE_LIST_NODES), b"l."].concat();
    assert_eq!(file_list(&nothing), Err(ReplyError::Refused(PickleError::TooManyValues)));
}

#[test]
fn a_user_has_few_values_and_may_have_a_large_picture() {
    // As Python 3 writes it in protocol 2, with one field that has the value of another.
    let picture: Vec<u8> = b"\x89PNG".iter().copied().chain((0..1_000_000_u32).map(|n| (n % 251) as u8)).collect();
    let as_text: String = picture.iter().copied().map(char::from).collect();
    let mut reply = b"\x80\x02}q\x00(".to_vec();
    reply.extend([text("name", 1), text("bob", 2), text("nick", 3), b"h\x02".to_vec(), text("picture", 4)].concat());
    reply.extend([b"c_codecs\nencode\nq\x05".to_vec(), text(&as_text, 6), text("latin1", 7)].concat());
    reply.extend(b"\x86q\x08Rq\x09u.");
    let info = UserInfo::from_reply(&reply).unwrap();
    assert_eq!(info.field("nick"), Some("bob"));
    assert_eq!(info.picture, Some(picture));
    let many = [b"}(".as_slice(), &b"K\x01K\x02".repeat(limits::USER_INFO_NODES / 2), b"u."].concat();
    assert_eq!(UserInfo::from_reply(&many), Err(ReplyError::Refused(PickleError::TooManyValues)));
}

/// A request as different programs write it: its bytes and what they mean.
fn written_request() -> impl Strategy<Value = (Vec<u8>, PeerRequest)> {
    let text = "[ -~ü張\n\"']{0,20}";
    let id = prop_oneof![
        any::<i64>().prop_map(ConversationId::Int),
        text.prop_map(|text| ConversationId::Text(text.into())),
        any::<bool>().prop_map(ConversationId::Bool),
    ];
    let request = prop_oneof![
        Just(PeerRequest::GetUserInfo),
        Just(PeerRequest::ListFiles),
        (text, text).prop_map(|(from, file)| PeerRequest::OfferFile { from: UserName::received(&from), file }),
        (id.clone(), text).prop_map(|(chat, from)| PeerRequest::Invite { chat, from: UserName::received(&from) }),
        (id.clone(), text, prop::collection::vec(text, 0..5)).prop_map(|(chat, from, members)| {
            let members = members.iter().map(|name| UserName::received(name)).collect();
            PeerRequest::ChatStatus { chat, from: UserName::received(&from), members }
        }),
        (id, text, text)
            .prop_map(|(chat, from, body)| { PeerRequest::Message { chat, from: UserName::received(&from), body } }),
    ];
    request.prop_map(|request| (request.encode(), request))
}

proptest! {
    #[test]
    fn any_chunks_make_the_same_request((bytes, request) in written_request(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut reader = RequestReader::default();
        let mut found = None;
        for pair in cuts.windows(2) {
            prop_assert_eq!(&found, &None, "complete before its last byte");
            reader.push(&bytes[pair[0]..pair[1]]);
            if pair[1] > pair[0] {
                found = reader.next(lookup(&[])).unwrap();
            }
            if pair[1] == bytes.len() {
                break;
            }
        }
        prop_assert_eq!(found, Some(request));
    }

    #[test]
    fn any_chunks_make_the_same_name(name in "[!-~ü][ -~ü張]{0,30}[!-~ü]", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6), line_end in any::<bool>()) {
        let bytes = format!("GET_FILE {name}{}", if line_end { "\n" } else { "" }).into_bytes();
        let whole = after_silence(&bytes, &[]);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut reader = RequestReader::default();
        let mut found = Ok(None);
        for pair in cuts.windows(2) {
            reader.push(&bytes[pair[0]..pair[1]]);
            found = reader.next(lookup(&[]));
            if !matches!(found, Ok(None)) { break; }
        }
        if matches!(found, Ok(None)) {
            reader.silence();
            found = reader.next(lookup(&[]));
        }
        prop_assert_eq!(found, whole);
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), verb in 0..10_usize) {
        let verbs = ["", "GET_FILE ", "GET_USER_INFO ", "LIST_FILES ", "OFFER_FILE ", "INVITE ", "CHAT_STATUS ", "MESSAGE ", "GOODBYE ", "CLOSE_CHAT "];
        let bytes = [verbs[verb].as_bytes(), &bytes].concat();
        let _ = (after_silence(&bytes, &[]), at_end(&bytes), file_list(&bytes), UserInfo::from_reply(&bytes), acceptance(&bytes));
    }
}
