//! The opcodes of pickle protocols 0 to 5, with the names of Python's `pickletools`.

/// What follows an opcode in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// So many bytes; mostly none.
    Bytes(usize),
    /// A little-endian length of so many bytes, then that many bytes.
    Counted(usize),
    /// So many lines, each ended by a newline.
    Lines(usize),
}

/// One opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode {
    /// Its name in `pickletools`.
    pub name: &'static str,
    /// What follows it.
    pub operand: Operand,
}

/// The byte that ends a pickle.
pub const STOP: u8 = b'.';

/// The opcode that a byte stands for.
pub fn opcode(byte: u8) -> Option<Opcode> {
    use Operand::{Bytes, Counted, Lines};
    let (name, operand) = match byte {
        b'(' => ("MARK", Bytes(0)),
        STOP => ("STOP", Bytes(0)),
        b'0' => ("POP", Bytes(0)),
        b'1' => ("POP_MARK", Bytes(0)),
        b'2' => ("DUP", Bytes(0)),
        b'F' => ("FLOAT", Lines(1)),
        b'I' => ("INT", Lines(1)),
        b'J' => ("BININT", Bytes(4)),
        b'K' => ("BININT1", Bytes(1)),
        b'L' => ("LONG", Lines(1)),
        b'M' => ("BININT2", Bytes(2)),
        b'N' => ("NONE", Bytes(0)),
        b'P' => ("PERSID", Lines(1)),
        b'Q' => ("BINPERSID", Bytes(0)),
        b'R' => ("REDUCE", Bytes(0)),
        b'S' => ("STRING", Lines(1)),
        b'T' => ("BINSTRING", Counted(4)),
        b'U' => ("SHORT_BINSTRING", Counted(1)),
        b'V' => ("UNICODE", Lines(1)),
        b'X' => ("BINUNICODE", Counted(4)),
        b'a' => ("APPEND", Bytes(0)),
        b'b' => ("BUILD", Bytes(0)),
        b'c' => ("GLOBAL", Lines(2)),
        b'd' => ("DICT", Bytes(0)),
        b'}' => ("EMPTY_DICT", Bytes(0)),
        b'e' => ("APPENDS", Bytes(0)),
        b'g' => ("GET", Lines(1)),
        b'h' => ("BINGET", Bytes(1)),
        b'i' => ("INST", Lines(2)),
        b'j' => ("LONG_BINGET", Bytes(4)),
        b'l' => ("LIST", Bytes(0)),
        b']' => ("EMPTY_LIST", Bytes(0)),
        b'o' => ("OBJ", Bytes(0)),
        b'p' => ("PUT", Lines(1)),
        b'q' => ("BINPUT", Bytes(1)),
        b'r' => ("LONG_BINPUT", Bytes(4)),
        b's' => ("SETITEM", Bytes(0)),
        b't' => ("TUPLE", Bytes(0)),
        b')' => ("EMPTY_TUPLE", Bytes(0)),
        b'u' => ("SETITEMS", Bytes(0)),
        b'G' => ("BINFLOAT", Bytes(8)),
        // Protocol 2
        0x80 => ("PROTO", Bytes(1)),
        0x81 => ("NEWOBJ", Bytes(0)),
        0x82 => ("EXT1", Bytes(1)),
        0x83 => ("EXT2", Bytes(2)),
        0x84 => ("EXT4", Bytes(4)),
        0x85 => ("TUPLE1", Bytes(0)),
        0x86 => ("TUPLE2", Bytes(0)),
        0x87 => ("TUPLE3", Bytes(0)),
        0x88 => ("NEWTRUE", Bytes(0)),
        0x89 => ("NEWFALSE", Bytes(0)),
        0x8a => ("LONG1", Counted(1)),
        0x8b => ("LONG4", Counted(4)),
        // Protocol 3
        b'B' => ("BINBYTES", Counted(4)),
        b'C' => ("SHORT_BINBYTES", Counted(1)),
        // Protocol 4
        0x8c => ("SHORT_BINUNICODE", Counted(1)),
        0x8d => ("BINUNICODE8", Counted(8)),
        0x8e => ("BINBYTES8", Counted(8)),
        0x8f => ("EMPTY_SET", Bytes(0)),
        0x90 => ("ADDITEMS", Bytes(0)),
        0x91 => ("FROZENSET", Bytes(0)),
        0x92 => ("NEWOBJ_EX", Bytes(0)),
        0x93 => ("STACK_GLOBAL", Bytes(0)),
        0x94 => ("MEMOIZE", Bytes(0)),
        0x95 => ("FRAME", Bytes(8)),
        // Protocol 5
        0x96 => ("BYTEARRAY8", Counted(8)),
        0x97 => ("NEXT_BUFFER", Bytes(0)),
        0x98 => ("READONLY_BUFFER", Bytes(0)),
        _ => return None,
    };
    Some(Opcode { name, operand })
}

/// A little-endian number of up to eight bytes.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, byte| (n << 8) | u64::from(*byte))
}
