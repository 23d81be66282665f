//! Streams of messages.

use klatch::protocol::frame::FrameDecoder;
use klatch::protocol::im::{CLIENT_VERBS, ClientMessage, SERVER_VERBS, ServerMessage};
use klatch::protocol::pickle;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::decoding::{chunks, drain, places, read};
use crate::messages::{client_piece, from_client, from_server, server_piece};
use crate::values::opcodes;
use crate::{LIMIT, NODES};

proptest! {
    #![proptest_config(crate::config())]

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
