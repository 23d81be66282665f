//! Streams, cut anywhere, and what a decoder makes of them.

use klatch::protocol::frame::{Argument, Frame, FrameDecoder, FrameError, Verb};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::LIMIT;

/// Where the stream is cut, or bytes are put; resolved against its length.
pub(crate) fn places() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..24)
}

pub(crate) fn chunks<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    at.push(stream.len());
    at.sort_unstable();
    let mut begin = 0;
    at.into_iter().map(|end| &stream[std::mem::replace(&mut begin, end)..end]).collect()
}

/// Everything that a decoder gives now. It must not go on for ever.
pub(crate) fn drain(decoder: &mut FrameDecoder, pushed: usize, frames: &mut Vec<Frame>) -> Result<(), FrameError> {
    loop {
        match decoder.next()? {
            Some(frame) => frames.push(frame),
            None => return Ok(()),
        }
        assert!(frames.len() <= pushed, "more frames than bytes: {frames:?}");
    }
}

/// All frames of a stream that comes in these chunks and then ends.
pub(crate) fn read(verbs: &'static [Verb], chunks: &[&[u8]]) -> (Vec<Frame>, Option<FrameError>) {
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
pub(crate) fn gist(frames: Vec<Frame>) -> Vec<(Option<Result<Verb, String>>, Argument)> {
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
pub(crate) fn read_with_silences(verbs: &'static [Verb], chunks: &[&[u8]]) -> Vec<Frame> {
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
