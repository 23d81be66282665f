//! Streams with silences, and texts that nothing else ends.

use klatch::protocol::frame::FrameDecoder;
use klatch::protocol::im::{CLIENT_VERBS, ClientMessage, SERVER_VERBS, ServerMessage};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::LIMIT;
use crate::decoding::{chunks, gist, places, read, read_with_silences};
use crate::messages::{client_piece, from_client, from_server, sentence};

proptest! {
    #![proptest_config(crate::config())]

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
}
