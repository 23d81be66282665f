//! Values of every kind, and how they are compared.

use klatch::protocol::limits;
use klatch::protocol::pickle::{self, Value};
use num_bigint::BigInt;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_pickle::{HashableValue, Value as Other};

pub(crate) fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 200, 12, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..12).prop_map(Value::List),
            vec(inner.clone(), 0..6).prop_map(Value::Tuple),
            vec((scalar(), inner), 0..8).prop_map(|pairs| Value::Dict(distinct(pairs, |pair| &pair.0))),
            vec(scalar(), 0..8).prop_map(|items| Value::Set(distinct(items, |item| item))),
        ]
    })
}

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
pub(crate) fn huge() -> impl Strategy<Value = BigInt> {
    (vec(any::<u8>(), 8..limits::INTEGER_BYTES - 1), any::<bool>()).prop_filter_map(
        "fits 64 bits",
        |(bytes, negative)| {
            let number =
                BigInt::from_bytes_le(if negative { num_bigint::Sign::Minus } else { num_bigint::Sign::Plus }, &bytes);
            i64::try_from(&number).is_err().then_some(number)
        },
    )
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
pub(crate) fn unordered(value: Value) -> Value {
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

pub(crate) fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    pickle::write(value.clone(), &mut out);
    out
}

/// What serde-pickle has decoded, as our type.
pub(crate) fn ours(other: Other) -> Value {
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

/// Bytes that look like a pickle, more or less.
pub(crate) fn opcodes() -> impl Strategy<Value = Vec<u8>> {
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
