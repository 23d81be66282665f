//! What a hostile peer can send in a pickle: it ends in an error that names the reason, costs one message and a bounded
//! amount of memory, and executes nothing.
//!
//! This program counts every byte that is allocated, so that the bounds are measured and not believed.
#![expect(
    unsafe_code,
    clippy::unwrap_used,
    reason = "a counting allocator has an unsafe interface; a test may stop at the first thing that is not as it should be"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use klatch::protocol::frame::{Argument, Frame, FrameDecoder};
use klatch::protocol::im::CLIENT_VERBS;
use klatch::protocol::limits;
use klatch::protocol::pickle::{self, PickleError, Value};

/// The most memory that one message may take while it is read, as a multiple of the limit on its size: its bytes, the
/// values while the pickle is still read, and those that come out. (Measured: 12.)
const MEMORY_FACTOR: usize = 16;

/// Counts what each thread has allocated, since the test harness runs tests on threads of their own.
struct Counting;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn grown(bytes: usize) {
    // A thread that ends has no counter any more; nobody asks for it then.
    let _ = NOW.try_with(|now| {
        now.set(now.get().saturating_add(bytes));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now.get())));
    });
}

fn shrunk(bytes: usize) {
    let _ = NOW.try_with(|now| now.set(now.get().saturating_sub(bytes)));
}

// SAFETY: every call goes to the system's allocator with what the caller gave.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrunk(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While memory is moved, both blocks exist.
        grown(size);
        shrunk(layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that this thread held at once while it did this, beyond those that it held before.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    PEAK.set(before);
    let result = work();
    (result, PEAK.get().saturating_sub(before))
}

fn little_endian(n: usize, width: usize) -> Vec<u8> {
    n.to_le_bytes()[..width].to_vec()
}

/// The pickle as the argument of a message, with a healthy message behind it. Gives the frame of the first and asserts
/// that the second is read, and that memory stays within the limits.
fn as_message(what: &str, pickle: &[u8]) -> Frame {
    let mut stream = b"STATUS ".to_vec();
    stream.extend_from_slice(pickle);
    stream.extend_from_slice(b"JOIN (lp0\nI7\na.");
    let ((first, second), peak) = peak(|| {
        let mut decoder = FrameDecoder::new(CLIENT_VERBS, limits::REQUEST_BYTES);
        let mut frames = Vec::new();
        for chunk in stream.chunks(1 << 14) {
            decoder.push(chunk);
            while let Some(frame) = decoder.next().unwrap_or_else(|error| panic!("{what}: {error}")) {
                frames.push(frame);
            }
        }
        let second = frames.pop();
        let first = frames.pop();
        assert!(frames.is_empty(), "{what}: {frames:?}");
        (first, second)
    });
    assert!(
        peak <= MEMORY_FACTOR * limits::REQUEST_BYTES,
        "{what}: {peak} bytes were held, {} times the limit",
        peak / limits::REQUEST_BYTES
    );
    assert_eq!(second.unwrap().argument, Argument::Value(Value::List(vec![Value::Int(7)])), "{what}");
    first.unwrap()
}

fn refused(what: &str, pickle: &[u8]) -> PickleError {
    match as_message(what, pickle).argument {
        Argument::Refused(error) => error,
        Argument::Value(_) => panic!("{what} is accepted"),
        other => panic!("{what}: {other:?}"),
    }
}

/// As many repetitions as fit a message, between a beginning and an end.
fn filled(begin: &[u8], repeated: &[u8], end: &[u8]) -> Vec<u8> {
    let count = (limits::REQUEST_BYTES - begin.len() - end.len()) / repeated.len();
    [begin, &repeated.repeat(count), end].concat()
}

#[test]
fn nothing_is_imported_called_or_built() {
    for (pickle, named) in [
        (&b"cos\nsystem\n(S'touch /tmp/owned'\ntR."[..], "GLOBAL os.system"),
        (b"cos\nsystem\n.", "GLOBAL os.system"),
        (b"c__builtin__\neval\n(S'1'\ntR.", "GLOBAL __builtin__.eval"),
        (b"cbuiltins\ngetattr\n.", "GLOBAL builtins.getattr"),
        (b"cbuiltins\nset.__class__\n.", "GLOBAL builtins.set.__class__"),
        (b"c_codecs\ndecode\n.", "GLOBAL _codecs.decode"),
        (b"ccopyreg\n_reconstructor\n.", "GLOBAL copyreg._reconstructor"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R.", "STACK_GLOBAL posix.system"),
        (b"\x80\x04K\x01K\x02\x93.", "STACK_GLOBAL"),
        (b"(S'ls'\nios\nsystem\n.", "INST os.system"),
        (b"(cos\nsystem\nS'ls'\no.", "GLOBAL os.system"),
        (b"(c__builtin__\nset\no.", "OBJ"),
        (b"S'f'\n(S'x'\ntR.", "REDUCE"),
        (b"c_codecs\nencode\n(Vx\nS'rot13'\ntR.", "REDUCE"),
        (b"c__builtin__\nbytearray\n(I1000000000\ntR.", "REDUCE"),
        (b"c__builtin__\nset\n)\x81.", "NEWOBJ"),
        (b"\x80\x04c__builtin__\nset\n)}\x92.", "NEWOBJ_EX"),
        (b"c__builtin__\nset\n)R}b.", "BUILD"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02\x83\x01\x00.", "EXT2"),
        (b"\x80\x02\x84\x01\x00\x00\x00.", "EXT4"),
        (b"Psecret\n.", "PERSID"),
        (b"S'secret'\nQ.", "BINPERSID"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x80\x05N\x98.", "READONLY_BUFFER"),
        // The few callables that are known are no values of their own.
        (b"c__builtin__\nset\n.", "a function or class"),
        (b"(lc_codecs\nencode\na.", "a function or class"),
    ] {
        let what = pickle.escape_ascii().to_string();
        let error = refused(&what, pickle);
        assert_eq!(error, PickleError::NotPlainData(named.to_owned()), "{what}");
        assert!(error.to_string().starts_with(named), "{error}");
    }
}

#[test]
fn what_makes_no_sense_is_told_with_its_place() {
    for (pickle, opcode, offset) in [
        (&b"a."[..], "APPEND", 0),
        (b"Na.", "APPEND", 1),
        (b"e.", "APPENDS", 0),
        (b"t.", "TUPLE", 0),
        (b"N\x86.", "TUPLE2", 1),
        (b"(NNNd.", "DICT", 4),
        (b"Ns.", "SETITEM", 1),
        (b"](u.", "SETITEMS", 2),
        (b"0.", "POP", 0),
        (b"1.", "POP_MARK", 0),
        (b"2.", "DUP", 0),
        (b"g0\n.", "GET", 0),
        (b"h\x00.", "BINGET", 0),
        (b"j\x00\x00\x00\x00.", "LONG_BINGET", 0),
        (b"p0\n.", "PUT", 0),
        (b"\x94.", "MEMOIZE", 0),
        (b"Np-1\n.", "PUT", 1),
        (b"Npx\n.", "PUT", 1),
        (b"Ng99999999999999999999\n.", "GET", 1),
        (b"Ix\n.", "INT", 0),
        (b"I\n.", "INT", 0),
        (b"L\n.", "LONG", 0),
        (b"L12 34L\n.", "LONG", 0),
        (b"Fx\n.", "FLOAT", 0),
        (b"I\xff\n.", "INT", 0),
        (b"S'unended\n.", "STRING", 0),
        (b"Snone\n.", "STRING", 0),
        (b"\x8fN\x90.", "ADDITEMS", 2),
    ] {
        let what = pickle.escape_ascii().to_string();
        match refused(&what, pickle) {
            PickleError::Malformed { opcode: named, offset: at } => assert_eq!((named, at), (opcode, offset), "{what}"),
            other => panic!("{what}: {other}"),
        }
    }
    for (pickle, left) in [(&b"."[..], 0), (b"NN.", 2), (b"N0.", 0), (b"\x80\x02.", 0)] {
        assert_eq!(refused("not one value", pickle), PickleError::NotOneValue(left));
    }
    for pickle in [&b"(."[..], b"N(.", b"(N."] {
        assert!(matches!(refused("an open MARK", pickle), PickleError::NotOneValue(_)));
    }
}

#[test]
fn nesting_is_bounded() {
    let depth = limits::DEPTH;
    for (what, open, close) in [
        ("tuples", &b"("[..], &b"t"[..]),
        ("lists of protocol 0", b"(", b"l"),
        ("lists", b"]", b"a"),
        ("tuples of one", b"", b"\x85"),
        ("dictionaries", b"}N", b"s"),
        ("sets", b"\x8f(", b"\x90"),
        ("frozen sets", b"(", b"\x91"),
        ("sets of protocol 2", b"c__builtin__\nset\n(", b"l\x85R"),
    ] {
        let nested = |levels: usize| {
            // The innermost is None, which is no level of its own.
            [open.repeat(levels), b"N".to_vec(), close.repeat(levels), b".".to_vec()].concat()
        };
        let frame = as_message(what, &nested(depth));
        assert!(matches!(frame.argument, Argument::Value(_)), "{what}: {:?}", frame.argument);
        assert_eq!(refused(what, &nested(depth + 1)), PickleError::TooDeep, "{what}");
        // As deep as a message can be: the stack of this thread has 2 MiB.
        let most = nested((limits::REQUEST_BYTES - 2) / (open.len() + close.len()));
        let error = refused(what, &most);
        assert!(matches!(error, PickleError::TooDeep | PickleError::TooManyValues), "{what}: {error}");
    }
}

#[test]
fn bombs_of_dup_and_memo_are_bounded() {
    let mut doubled = b"N".to_vec();
    doubled.extend(b"2\x86".repeat(50));
    doubled.push(b'.');
    assert_eq!(refused("DUP, 2 to the power of 50", &doubled), PickleError::TooManyValues);

    // Ten lists, each of ten times the one before.
    let mut laughs = b"]q\x00K\x01a".to_vec();
    for n in 0..20u8 {
        laughs.extend([b']', b'q', n + 1, b'(']);
        for _ in 0..10 {
            laughs.extend([b'h', n]);
        }
        laughs.push(b'e');
    }
    // Only the last list is left.
    let begin = b"(".to_vec();
    let laughs = [begin, laughs, b"1h\x14.".to_vec()].concat();
    assert_eq!(refused("a billion laughs", &laughs), PickleError::TooManyValues);

    let text = [b"X".as_slice(), &little_endian(1 << 19, 4), &vec![b'x'; 1 << 19], b"q\x00"].concat();
    let many = |begin: &[u8], again: &[u8], end: &[u8]| filled(&[begin, &text].concat(), again, end);
    assert_eq!(refused("a long text many times", &many(b"(", b"h\x00", b"t.")), PickleError::TooManyValues);
    assert_eq!(refused("a long text doubled", &many(b"(", b"2", b"t.")), PickleError::TooManyValues);
    assert_eq!(refused("a long key", &many(b"(", b"h\x00N", b"Nd.")), PickleError::TooManyValues);

    let integer = [b"\x8b".as_slice(), &little_endian(1024, 4), &[0x7f; 1024], b"q\x00"].concat();
    let integers = filled(&[b"(", integer.as_slice()].concat(), b"h\x00", b"t.");
    assert_eq!(refused("a long integer many times", &integers), PickleError::TooManyValues);
}

#[test]
fn calls_that_copy_are_bounded() {
    // One long text, and bytes made of it as often as fits; the same for a set made of one long list.
    let text = [b"X".as_slice(), &little_endian(1 << 19, 4), &vec![b'x'; 1 << 19], b"q\x00"].concat();
    let latin1 = b"X\x06\x00\x00\x00latin1q\x01";
    for (what, global) in [("bytes", &b"c__builtin__\nbytes\nq\x02"[..]), ("encode", b"c_codecs\nencode\nq\x02")] {
        let begin = [b"(", text.as_slice(), latin1, global].concat();
        let pickle = filled(&begin, b"h\x02h\x00h\x01\x86R", b"l.");
        assert_eq!(refused(what, &pickle), PickleError::TooManyValues);
        // Even when each of them is dropped at once.
        let dropped = filled(&begin, b"h\x02h\x00h\x01\x86R0", b"l.");
        assert_eq!(refused(what, &dropped), PickleError::TooManyValues);
    }
    let bytes = [b"B".as_slice(), &little_endian(1 << 19, 4), &vec![b'x'; 1 << 19], b"q\x00"].concat();
    let begin = [b"(", bytes.as_slice(), b"c__builtin__\nbytearray\nq\x02"].concat();
    assert_eq!(refused("bytes of bytes", &filled(&begin, b"h\x02h\x00\x85R", b"l.")), PickleError::TooManyValues);

    let list = [b"(".as_slice(), &b"N".repeat(30_000), b"lq\x00"].concat();
    let begin = [b"(", list.as_slice(), b"c__builtin__\nset\nq\x02"].concat();
    assert_eq!(refused("sets of a list", &filled(&begin, b"h\x02h\x00\x85R", b"l.")), PickleError::TooManyValues);
}

#[test]
fn floods_are_bounded() {
    for (what, pickle) in [
        ("MARK", filled(b"", b"(", b".")),
        ("MARK and TUPLE", filled(b"(", b"(t", b"t.")),
        ("None", filled(b"(", b"N", b"t.")),
        ("empty lists", filled(b"(", b"]", b"t.")),
        ("empty sets", filled(b"(", b"\x8f", b"t.")),
        ("empty texts", filled(b"(", b"U\x00", b"t.")),
        ("texts of one", filled(b"(", b"U\x01x", b"t.")),
        ("tuples of one", filled(b"(", b"N\x85", b"t.")),
        ("dictionaries of one", filled(b"(", b"}NNs", b"t.")),
        ("integers of two bytes", filled(b"(", b"\x8a\x01\x01", b"t.")),
        ("long integers of nine bytes", filled(b"(", b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x7f", b"t.")),
        ("APPEND", filled(b"]", b"Na", b".")),
        ("keys", filled(b"}", b"NNs", b".")),
        ("DUP", filled(b"(N", b"2", b"t.")),
        ("BINPUT", filled(b"N", b"q\x00", b".")),
        ("MEMOIZE", filled(b"N", b"\x94", b".")),
        ("PUT and GET", filled(b"(N", b"p0\ng0\n", b"t.")),
        ("BINGET", filled(b"(Nq\x00", b"h\x00", b"t.")),
        ("globals", filled(b"(", b"c_codecs\nencode\n", b"t.")),
    ] {
        let argument = as_message(what, &pickle).argument;
        assert!(!matches!(argument, Argument::None | Argument::Text(_)), "{what}: {argument:?}");
    }
    let mut puts = b"N".to_vec();
    for n in 0..200_000usize {
        puts.push(b'r');
        puts.extend(little_endian(n, 4));
    }
    puts.push(b'.');
    as_message("LONG_BINPUT to as many places", &puts);
}

#[test]
fn a_flood_from_a_server_is_bounded_by_its_own_limit() {
    let limit = limits::REPLY_BYTES;
    for repeated in [&b"N"[..], b"]", b"U\x01x", b"\x94", b"("] {
        let pickle = [b"(N".as_slice(), &repeated.repeat((limit - 16) / repeated.len()), b"t."].concat();
        let (_, peak) = peak(|| pickle::decode(&pickle, limit / limits::BYTES_PER_NODE));
        assert!(peak <= MEMORY_FACTOR * limit, "{}: {peak}", repeated.escape_ascii());
    }
}

#[test]
fn declared_lengths_are_not_believed() {
    for (what, opcode, width) in [
        ("BINSTRING", b'T', 4),
        ("BINUNICODE", b'X', 4),
        ("BINBYTES", b'B', 4),
        ("LONG4", 0x8b, 4),
        ("BINUNICODE8", 0x8d, 8),
        ("BINBYTES8", 0x8e, 8),
        ("BYTEARRAY8", 0x96, 8),
    ] {
        for length in [limits::REQUEST_BYTES + 1, 0x7fff_ffff, 0xffff_ffff, usize::MAX] {
            let stream = [b"STATUS ".as_slice(), &[opcode], &little_endian(length, width)].concat();
            let (error, peak) = peak(|| {
                let mut decoder = FrameDecoder::new(CLIENT_VERBS, limits::REQUEST_BYTES);
                decoder.push(&stream);
                decoder.next()
            });
            assert!(error.is_err(), "{what} of {length}: {error:?}");
            assert!(peak < 4096, "{what} of {length}: {peak} bytes were held for nothing");
        }
        // As long as is allowed, and then nothing comes: only what came is held.
        let stream = [b"STATUS ".as_slice(), &[opcode], &little_endian(limits::REQUEST_BYTES - 64, width)].concat();
        let (frame, peak) = peak(|| {
            let mut decoder = FrameDecoder::new(CLIENT_VERBS, limits::REQUEST_BYTES);
            decoder.push(&stream);
            decoder.next()
        });
        assert_eq!(frame, Ok(None), "{what}");
        assert!(peak < 4096, "{what}: {peak} bytes were held for nothing");
    }
    // A frame of protocol 4 declares a length as well; it means nothing to us.
    let pickle = b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.";
    assert_eq!(as_message("FRAME", pickle).argument, Argument::Value(Value::None));
}

#[test]
fn a_line_without_end_is_cut_at_the_limit() {
    for begin in [&b"S'"[..], b"V", b"I", b"L", b"F", b"p", b"g", b"c", b"cos\n", b"i", b"P", b"\x80\x02", b"(", b"N"] {
        let stream = [b"STATUS ".as_slice(), begin, &vec![b'('; limits::REQUEST_BYTES]].concat();
        let (outcome, peak) = peak(|| {
            let mut decoder = FrameDecoder::new(CLIENT_VERBS, limits::REQUEST_BYTES);
            for chunk in stream.chunks(1 << 14) {
                decoder.push(chunk);
                match decoder.next() {
                    Ok(None) => {}
                    other => return other,
                }
            }
            Ok(None)
        });
        assert!(outcome.is_err(), "{}: {outcome:?}", begin.escape_ascii());
        assert!(peak <= 4 * limits::REQUEST_BYTES, "{}: {peak} bytes", begin.escape_ascii());
    }
}

#[test]
fn integers_have_a_longest_form() {
    let longest = limits::INTEGER_BYTES;
    for length in [longest + 1, 2 * longest, limits::REQUEST_BYTES / 2] {
        let binary = [b"\x8b".as_slice(), &little_endian(length, 4), &vec![0x7f; length], b"."].concat();
        assert_eq!(refused("LONG4", &binary), PickleError::IntegerTooLong);
    }
    let binary = [b"\x8b".as_slice(), &little_endian(longest, 4), &vec![0x7f; longest], b"."].concat();
    assert!(matches!(as_message("LONG4", &binary).argument, Argument::Value(Value::BigInt(_))));
    for digits in [2700, 10_000, limits::REQUEST_BYTES / 2] {
        for (begin, end) in [(&b"I"[..], &b"\n."[..]), (b"L", b"L\n."), (b"L-", b"L\n.")] {
            let decimal = [begin, &vec![b'9'; digits], end].concat();
            assert_eq!(refused("decimal", &decimal), PickleError::IntegerTooLong, "{digits} digits");
        }
    }
    for digits in [19, 20, 1000, 2400] {
        let decimal = [b"L".as_slice(), &vec![b'9'; digits], b"L\n."].concat();
        assert!(matches!(as_message("decimal", &decimal).argument, Argument::Value(_)), "{digits} digits");
    }
}

#[test]
fn cycles_are_refused_and_sharing_is_not() {
    for (what, pickle) in [
        ("a list in itself", &b"]q\x00h\x00a."[..]),
        ("a list in itself, protocol 0", b"(lp0\ng0\na."),
        ("a list in a tuple in itself", b"]q\x00h\x00\x85a."),
        ("a dictionary in itself", b"}q\x00Nh\x00s."),
        ("a dictionary in a list in itself", b"}q\x00N]h\x00as."),
        ("two lists in each other", b"]q\x00]q\x01h\x00aa."),
        ("DUP", b"]2a."),
        ("a set in itself", b"\x8fq\x00(h\x00\x90."),
    ] {
        let error = refused(what, pickle);
        assert!(matches!(error, PickleError::TooDeep), "{what}: {error}");
    }
    // A wide cycle: each turn of it is as wide as a message can be.
    let wide = filled(b"]q\x00(", b"h\x00", b"e.");
    let error = refused("a wide cycle", &wide);
    assert!(matches!(error, PickleError::TooDeep | PickleError::TooManyValues), "{error}");

    let one = Value::List(vec![Value::Int(1)]);
    let shared = as_message("one list twice", b"(]q\x00K\x01ah\x00t.").argument;
    assert_eq!(shared, Argument::Value(Value::Tuple(vec![one.clone(), one.clone()])));
    // Filled after it was used: both see it.
    let later = as_message("filled later", b"(lp0\n(lp1\nag1\nag1\nI1\na0.").argument;
    assert_eq!(later, Argument::Value(Value::List(vec![one.clone(), one])));
}

#[test]
fn many_shared_long_integers_are_no_bomb() {
    // 4,000 of nine bytes, with a memo entry used once: small, whatever is shared.
    let integers = b"\x8a\x09\x01\x00\x00\x00\x00\x00\x00\x00\x7f".repeat(4000);
    let pickle = [b"(]q\x00h\x00".as_slice(), &integers, b"t."].concat();
    assert!(matches!(as_message("integers", &pickle).argument, Argument::Value(_)));
}
