use super::*;

const NODES: usize = limits::REQUEST_BYTES / limits::BYTES_PER_NODE;

fn text(s: &str) -> Value {
    Value::Text(s.into())
}

#[test]
fn plain_data_of_every_protocol() {
    for (pickle, value) in [
        (&b"N."[..], Value::None),
        (b"I01\n.", Value::Bool(true)),
        (b"I-5\n.", Value::Int(-5)),
        (b"L123L\n.", Value::Int(123)),
        (b"\x80\x02\x8a\x00.", Value::Int(0)),
        (b"\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", Value::BigInt(BigInt::from(1u8) << 64)),
        (b"F1.5\n.", Value::Float(1.5)),
        (b"S'it\\'s \"x\"'\np0\n.", text("it's \"x\"")),
        (
            b"(lp0\nS'a'\np1\na(I1\nS'b'\ntp2\na.",
            Value::List(vec![text("a"), Value::Tuple(vec![Value::Int(1), text("b")])]),
        ),
        (b"(dp0\nS'k'\nI1\ns.", Value::Dict(vec![(text("k"), Value::Int(1))])),
        (
            b"\x80\x02}q\x00(U\x01kK\x01U\x01lK\x02u.",
            Value::Dict(vec![(text("k"), Value::Int(1)), (text("l"), Value::Int(2))]),
        ),
        (b"\x80\x02K\x01K\x02\x86q\x00.", Value::Tuple(vec![Value::Int(1), Value::Int(2)])),
        (b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.", text("a")),
        (b"c__builtin__\nset\np0\n((lp1\nI1\natp2\nRp3\n.", Value::Set(vec![Value::Int(1)])),
        (b"\x80\x04\x8f\x94(K\x01\x90.", Value::Set(vec![Value::Int(1)])),
        (b"\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xa9X\x06\x00\x00\x00latin1\x86R.", Value::Bytes(vec![0xe9])),
        (b"\x80\x02c__builtin__\nbytes\n)R.", Value::Bytes(vec![])),
    ] {
        assert_eq!(decode(pickle, NODES), Ok(value), "{}", String::from_utf8_lossy(pickle));
    }
}

#[test]
fn shared_parts_are_copied_and_cycles_refused() {
    // l = [1]; [l, l], with l filled after it was put into the memo
    assert_eq!(
        decode(b"(]q\x00(K\x01eh\x00l.", NODES),
        Ok(Value::List(vec![Value::List(vec![Value::Int(1)]), Value::List(vec![Value::Int(1)])]))
    );
    assert_eq!(decode(b"]q\x00h\x00a.", NODES), Err(PickleError::TooDeep));
}

#[test]
fn nothing_is_called_and_the_refused_is_named() {
    for (pickle, named) in [
        (&b"cos\nsystem\n(S'ls'\ntR."[..], "GLOBAL os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "STACK_GLOBAL os.system"),
        (b"(ios\nsystem\n.", "INST os.system"),
        (b"N)R.", "REDUCE"),
        (b"N)\x81.", "NEWOBJ"),
        (b"NNb.", "BUILD"),
        (b"(No.", "OBJ"),
        (b"Pid\n.", "PERSID"),
        (b"NQ.", "BINPERSID"),
        (b"\x82\x01.", "EXT1"),
        (b"\x97.", "NEXT_BUFFER"),
        (b"c__builtin__\nset\n.", "a function or class"),
    ] {
        assert_eq!(decode(pickle, NODES), Err(PickleError::NotPlainData(named.into())), "{named}");
    }
}

#[test]
fn bombs_end_at_the_limits() {
    let mut nested = vec![b'('; 65];
    nested.extend(vec![b't'; 65]);
    nested.push(b'.');
    assert_eq!(decode(&nested, NODES), Err(PickleError::TooDeep));
    assert!(decode(&[&nested[1..65], &nested[66..]].concat(), NODES).is_ok());

    let mut doubled = b"N".to_vec();
    for _ in 0..40 {
        doubled.extend(b"2\x86");
    }
    doubled.push(b'.');
    assert_eq!(decode(&doubled, NODES), Err(PickleError::TooManyValues));

    let mut memo = b"(X\x00\x00\x01\x00".to_vec();
    memo.extend(vec![b'x'; 1 << 16]);
    memo.extend(b"q\x00");
    memo.extend(b"h\x00".repeat(1000));
    memo.extend(b"t.");
    assert_eq!(decode(&memo, NODES), Err(PickleError::TooManyValues));

    assert_eq!(decode(&[b"L".as_slice(), &[b'9'; 3000], b"L\n."].concat(), NODES), Err(PickleError::IntegerTooLong));
}

#[test]
fn the_stack_must_hold_one_value_at_the_end() {
    assert_eq!(decode(b".", NODES), Err(PickleError::NotOneValue(0)));
    assert_eq!(decode(b"NN.", NODES), Err(PickleError::NotOneValue(2)));
    assert_eq!(decode(b"(N.", NODES), Err(PickleError::NotOneValue(2)));
    assert_eq!(decode(b"a.", NODES), Err(PickleError::Malformed { opcode: "APPEND", offset: 0 }));
    assert_eq!(decode(b"N(a.", NODES), Err(PickleError::Malformed { opcode: "APPEND", offset: 2 }));
    assert_eq!(decode(b"g7\n.", NODES), Err(PickleError::Malformed { opcode: "GET", offset: 0 }));
}
