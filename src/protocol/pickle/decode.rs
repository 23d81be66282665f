//! Builds plain data from a pickle whose end is known.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::escape::{raw_unicode_escape, string_literal, surrogate_utf8, utf8_or_latin1};
use super::opcode::{Operand, little_endian, opcode};
use super::{PickleError, Value};
use crate::protocol::ident::displayable;
use crate::protocol::limits;

/// The value in a pickle, which may take so many nodes: each value counts as one, and again each time that it is used
/// through the memo or DUP; so does each entry of the memo and each MARK. Text that is used again counts by its size,
/// beyond what is in the pickle itself: a large picture is one value.
pub fn decode(pickle: &[u8], nodes: usize) -> Result<Value, PickleError> {
    // What is there once may be copied twice: where bytes are written as text, and out of the arena.
    let text = nodes.saturating_mul(limits::BYTES_PER_NODE).saturating_add(2 * pickle.len());
    let mut machine = Machine { nodes, text, ..Machine::default() };
    let mut at = 0;
    while let Some(&byte) = pickle.get(at) {
        let malformed = PickleError::Malformed { opcode: "an opcode", offset: at };
        let op = opcode(byte).ok_or(malformed.clone())?;
        let operand_at = at + 1;
        let rest = pickle.get(operand_at..).unwrap_or_default();
        let (operand, length) = match op.operand {
            Operand::Bytes(count) => (rest.get(..count), count),
            Operand::Counted(width) => {
                let length = rest.get(..width).map(little_endian).and_then(|n| usize::try_from(n).ok());
                let end = length.and_then(|length| width.checked_add(length)).ok_or(malformed.clone())?;
                (rest.get(width..end), end)
            }
            Operand::Lines(count) => {
                let end = rest.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(count - 1).map(|(n, _)| n);
                let end = end.ok_or(malformed.clone())?;
                (rest.get(..end), end + 1)
            }
        };
        let operand = operand.ok_or(malformed)?;
        machine.step(byte, operand).map_err(|fault| match fault {
            Fault::Malformed => PickleError::Malformed { opcode: op.name, offset: at },
            Fault::Refused(error) => error,
        })?;
        at = operand_at + length;
    }
    machine.finish()
}

/// Where a value is in [`Machine::arena`].
type Index = usize;

/// A value while the pickle is still being read: containers refer to their parts, which may be shared.
enum Node {
    Leaf(Value),
    List(Vec<Index>),
    Tuple(Vec<Index>),
    Dict(Vec<(Index, Index)>),
    Set(Vec<Index>),
    Global(Global),
}

/// The few callables that Python itself uses to write plain data in a protocol that has no opcode for it.
#[derive(Clone, Copy)]
enum Global {
    /// `set` and `frozenset`
    Set,
    /// `bytes` and `bytearray`
    Bytes,
    /// `_codecs.encode`, which Python 3 writes for bytes in protocols 0 to 2
    Encode,
}

enum Fault {
    Malformed,
    Refused(PickleError),
}

impl From<PickleError> for Fault {
    fn from(error: PickleError) -> Self {
        Self::Refused(error)
    }
}

#[derive(Default)]
struct Machine {
    /// How many nodes may still be taken.
    nodes: usize,
    /// How many bytes of text may still be copied.
    text: usize,
    arena: Vec<Node>,
    stack: Vec<Index>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<usize, Index>,
    /// Whether anything was taken from the memo or doubled: then values are copied out of the arena, not moved.
    shared: bool,
}

impl Machine {
    fn step(&mut self, byte: u8, operand: &[u8]) -> Result<(), Fault> {
        match byte {
            // PROTO, FRAME and STOP: the end is known, and all protocols are read alike.
            0x80 | 0x95 | b'.' => {}
            b'(' => {
                self.charge(1)?;
                self.marks.push(self.stack.len());
            }
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = *self.stack.last().ok_or(Fault::Malformed)?;
                self.reuse(top)?;
            }
            b'N' => self.leaf(Value::None)?,
            0x88 => self.leaf(Value::Bool(true))?,
            0x89 => self.leaf(Value::Bool(false))?,
            b'I' => self.leaf(int_line(operand)?)?,
            b'L' => self.leaf(decimal(operand.trim_ascii().strip_suffix(b"L").unwrap_or(operand))?)?,
            b'F' => self.leaf(float_line(operand)?)?,
            b'J' => {
                let bytes = operand.try_into().map_err(|_| Fault::Malformed)?;
                self.leaf(Value::Int(i64::from(i32::from_le_bytes(bytes))))?;
            }
            b'K' | b'M' => {
                self.leaf(Value::Int(i64::try_from(little_endian(operand)).map_err(|_| Fault::Malformed)?))?;
            }
            b'G' => {
                let bytes = operand.try_into().map_err(|_| Fault::Malformed)?;
                self.leaf(Value::Float(f64::from_be_bytes(bytes)))?;
            }
            0x8a | 0x8b => self.leaf(long(operand)?)?,
            b'S' => self.leaf(Value::Text(string_literal(operand).ok_or(Fault::Malformed)?))?,
            b'T' | b'U' => self.leaf(Value::Text(utf8_or_latin1(operand.to_vec())))?,
            b'V' => self.leaf(Value::Text(raw_unicode_escape(operand)))?,
            b'X' | 0x8c | 0x8d => self.leaf(Value::Text(surrogate_utf8(operand)))?,
            b'B' | b'C' | 0x8e | 0x96 => self.leaf(Value::Bytes(operand.to_vec()))?,
            b'p' | b'g' => {
                let index = str::from_utf8(operand).ok().and_then(|s| s.trim().parse().ok()).ok_or(Fault::Malformed)?;
                if byte == b'p' { self.put(index)? } else { self.get(index)? }
            }
            b'q' | b'r' | b'h' | b'j' => {
                let index = usize::try_from(little_endian(operand)).map_err(|_| Fault::Malformed)?;
                if matches!(byte, b'q' | b'r') { self.put(index)? } else { self.get(index)? }
            }
            0x94 => self.put(self.memo.len())?,
            b'c' | b'i' | 0x81 | 0x82..=0x84 | b'b' | b'o' | b'P' | b'Q' | b'R' | 0x92 | 0x93 | 0x97 | 0x98 => {
                self.callable(byte, operand)?;
            }
            _ => self.container(byte)?,
        }
        Ok(())
    }

    /// The opcodes that make and fill lists, tuples, dictionaries and sets.
    fn container(&mut self, byte: u8) -> Result<(), Fault> {
        match byte {
            b']' => self.push(Node::List(Vec::new())),
            b')' => self.push(Node::Tuple(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            0x8f => self.push(Node::Set(Vec::new())),
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Node::List(items))
            }
            b't' => {
                let items = self.pop_mark()?;
                self.push(Node::Tuple(items))
            }
            0x91 => {
                let items = self.pop_mark()?;
                self.push(Node::Set(items))
            }
            b'd' => {
                let items = self.pop_mark()?;
                self.push(Node::Dict(pairs(&items)?))
            }
            0x85..=0x87 => {
                let mut items = (0x85..=byte).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                items.reverse();
                self.push(Node::Tuple(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(&[item])
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.extend(&items)
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.update(&[key, value])
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.update(&items)
            }
            _ => Err(Fault::Malformed),
        }
    }

    /// The opcodes that name, call or build something.
    fn callable(&mut self, byte: u8, operand: &[u8]) -> Result<(), Fault> {
        match byte {
            b'c' => {
                let mut lines = operand.split(|b| *b == b'\n').map(|line| String::from_utf8_lossy(line));
                let (module, name) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
                let global = global("GLOBAL", &module, &name)?;
                self.push(Node::Global(global))
            }
            0x93 => {
                let name = self.pop()?;
                let module = self.pop()?;
                let (Some(Node::Leaf(Value::Text(module))), Some(Node::Leaf(Value::Text(name)))) =
                    (self.arena.get(module), self.arena.get(name))
                else {
                    return Err(refused("STACK_GLOBAL"));
                };
                let global = global("STACK_GLOBAL", module, name)?;
                self.push(Node::Global(global))
            }
            b'R' => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                let Some(Node::Global(global)) = self.arena.get(callable) else { return Err(refused("REDUCE")) };
                let node = self.call(*global, arguments).ok_or_else(|| refused("REDUCE"))?;
                // A few bytes of pickle can ask for another copy of what is large.
                match &node {
                    Node::Set(items) => self.charge(items.len())?,
                    Node::Leaf(value) => spend(&mut self.text, size(value))?,
                    _ => {}
                }
                self.push(node)
            }
            b'i' => {
                let named = String::from_utf8_lossy(operand).replace('\n', ".");
                Err(refused(&format!("INST {named}")))
            }
            _ => Err(refused(opcode(byte).map_or("an opcode", |op| op.name))),
        }
    }

    /// What one of the known callables makes of plain arguments; `None` if Python does not write it so.
    fn call(&self, global: Global, arguments: Index) -> Option<Node> {
        let Some(Node::Tuple(arguments)) = self.arena.get(arguments) else { return None };
        let argument = |n: usize| arguments.get(n).and_then(|index| self.arena.get(*index));
        match (global, argument(0), argument(1)) {
            (Global::Set, None, _) => Some(Node::Set(Vec::new())),
            (Global::Set, Some(Node::List(items) | Node::Tuple(items) | Node::Set(items)), None) => {
                Some(Node::Set(items.clone()))
            }
            (Global::Bytes, None, _) => Some(Node::Leaf(Value::Bytes(Vec::new()))),
            (Global::Bytes, Some(Node::Leaf(Value::Bytes(bytes))), None) => {
                Some(Node::Leaf(Value::Bytes(bytes.clone())))
            }
            (
                Global::Bytes | Global::Encode,
                Some(Node::Leaf(Value::Text(text))),
                Some(Node::Leaf(Value::Text(codec))),
            ) if matches!(codec.as_str(), "latin1" | "latin-1") => {
                let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<u8>>>()?;
                Some(Node::Leaf(Value::Bytes(bytes)))
            }
            _ => None,
        }
    }

    fn charge(&mut self, nodes: usize) -> Result<(), PickleError> {
        spend(&mut self.nodes, nodes)
    }

    fn push(&mut self, node: Node) -> Result<(), Fault> {
        self.charge(1)?;
        self.stack.push(self.arena.len());
        self.arena.push(node);
        Ok(())
    }

    fn leaf(&mut self, value: Value) -> Result<(), Fault> {
        self.push(Node::Leaf(value))
    }

    fn reuse(&mut self, index: Index) -> Result<(), Fault> {
        self.charge(1)?;
        self.shared = true;
        self.stack.push(index);
        Ok(())
    }

    /// The topmost value; what is below the last MARK cannot be taken.
    fn pop(&mut self) -> Result<Index, Fault> {
        if self.marks.last().is_some_and(|mark| *mark >= self.stack.len()) {
            return Err(Fault::Malformed);
        }
        self.stack.pop().ok_or(Fault::Malformed)
    }

    fn pop_mark(&mut self) -> Result<Vec<Index>, Fault> {
        let mark = self.marks.pop().ok_or(Fault::Malformed)?;
        if mark > self.stack.len() {
            return Err(Fault::Malformed);
        }
        Ok(self.stack.split_off(mark))
    }

    fn put(&mut self, index: usize) -> Result<(), Fault> {
        self.charge(1)?;
        let top = *self.stack.last().ok_or(Fault::Malformed)?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn get(&mut self, index: usize) -> Result<(), Fault> {
        let value = *self.memo.get(&index).ok_or(Fault::Malformed)?;
        self.reuse(value)
    }

    /// Appends to the list, or adds to the set, on top of the stack.
    fn extend(&mut self, items: &[Index]) -> Result<(), Fault> {
        match self.stack.last().and_then(|top| self.arena.get_mut(*top)) {
            Some(Node::List(list) | Node::Set(list)) => list.extend_from_slice(items),
            _ => return Err(Fault::Malformed),
        }
        Ok(())
    }

    fn update(&mut self, items: &[Index]) -> Result<(), Fault> {
        let items = pairs(items)?;
        match self.stack.last().and_then(|top| self.arena.get_mut(*top)) {
            Some(Node::Dict(dict)) => dict.extend(items),
            _ => return Err(Fault::Malformed),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Value, PickleError> {
        let &[root] = self.stack.as_slice() else { return Err(PickleError::NotOneValue(self.stack.len())) };
        if !self.marks.is_empty() {
            return Err(PickleError::NotOneValue(self.marks.len() + 1));
        }
        // The memo may also have put a value into two places without GET: only by DUP, which sets `shared` as well.
        let more = if self.shared { self.nodes } else { 0 };
        let mut out = Out { nodes: self.arena.len().saturating_add(more), text: self.text, shared: self.shared };
        out.value(&mut self.arena, root, 0)
    }
}

/// Takes the finished value out of the arena. Recursion is bounded by [`limits::DEPTH`].
struct Out {
    /// How many values it may have.
    nodes: usize,
    /// How many bytes of text may be copied.
    text: usize,
    shared: bool,
}

impl Out {
    fn value(&mut self, arena: &mut [Node], index: Index, depth: usize) -> Result<Value, PickleError> {
        spend(&mut self.nodes, 1)?;
        let Some(node) = arena.get_mut(index) else { return Err(PickleError::NotOneValue(0)) };
        if let Node::Leaf(value) = node {
            if !self.shared {
                return Ok(std::mem::replace(value, Value::None));
            }
            spend(&mut self.text, size(value))?;
            return Ok(value.clone());
        }
        if depth >= limits::DEPTH {
            return Err(PickleError::TooDeep);
        }
        // The indices are small next to the values, and the arena must stay whole where parts are shared.
        match node {
            Node::Leaf(_) => Err(PickleError::NotOneValue(0)),
            Node::Global(_) => Err(PickleError::NotPlainData("a function or class".to_owned())),
            Node::List(items) => {
                let items = items.clone();
                Ok(Value::List(self.values(arena, &items, depth)?))
            }
            Node::Tuple(items) => {
                let items = items.clone();
                Ok(Value::Tuple(self.values(arena, &items, depth)?))
            }
            Node::Set(items) => {
                let items = items.clone();
                Ok(Value::Set(self.values(arena, &items, depth)?))
            }
            Node::Dict(items) => {
                let items = items.clone();
                let mut dict = Vec::with_capacity(items.len().min(self.nodes));
                for (key, value) in items {
                    dict.push((self.value(arena, key, depth + 1)?, self.value(arena, value, depth + 1)?));
                }
                Ok(Value::Dict(dict))
            }
        }
    }

    fn values(&mut self, arena: &mut [Node], items: &[Index], depth: usize) -> Result<Vec<Value>, PickleError> {
        let mut values = Vec::with_capacity(items.len().min(self.nodes));
        for item in items {
            values.push(self.value(arena, *item, depth + 1)?);
        }
        Ok(values)
    }
}

/// Takes so much of what may still be taken.
fn spend(left: &mut usize, amount: usize) -> Result<(), PickleError> {
    *left = left.checked_sub(amount).ok_or(PickleError::TooManyValues)?;
    Ok(())
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::BigInt(i) => usize::try_from(i.bits() / 8).unwrap_or(usize::MAX),
        _ => 0,
    }
}

fn pairs(items: &[Index]) -> Result<Vec<(Index, Index)>, Fault> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Fault::Malformed);
    }
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}

fn global(opcode: &str, module: &str, name: &str) -> Result<Global, Fault> {
    match (module, name) {
        ("__builtin__" | "builtins", "set" | "frozenset") => Ok(Global::Set),
        ("__builtin__" | "builtins", "bytes" | "bytearray") => Ok(Global::Bytes),
        ("_codecs", "encode") => Ok(Global::Encode),
        _ => Err(refused(&format!("{opcode} {module}.{name}"))),
    }
}

fn refused(what: &str) -> Fault {
    let short: String = displayable(what).chars().take(80).collect();
    Fault::Refused(PickleError::NotPlainData(short))
}

/// The line of INT. Python 2 writes `True` as `I01`, and anything that does not fit its `int` too.
fn int_line(line: &[u8]) -> Result<Value, Fault> {
    match line {
        b"00" => Ok(Value::Bool(false)),
        b"01" => Ok(Value::Bool(true)),
        digits => decimal(digits),
    }
}

fn decimal(digits: &[u8]) -> Result<Value, Fault> {
    let text = str::from_utf8(digits).map_err(|_| Fault::Malformed)?.trim();
    if let Ok(small) = text.parse() {
        return Ok(Value::Int(small));
    }
    // Reading a decimal number takes time that grows with the square of its digits: the limit is what keeps it short.
    // A byte has at most 2.41 digits.
    if text.len() > limits::INTEGER_BYTES * 5 / 2 {
        return Err(PickleError::IntegerTooLong.into());
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::Malformed);
    }
    text.parse().map(Value::BigInt).map_err(|_| Fault::Malformed)
}

/// The bytes of LONG1 and LONG4: two's complement, little-endian; none stand for zero.
fn long(bytes: &[u8]) -> Result<Value, Fault> {
    if bytes.len() > limits::INTEGER_BYTES {
        return Err(PickleError::IntegerTooLong.into());
    }
    let number = BigInt::from_signed_bytes_le(bytes);
    Ok(i64::try_from(&number).map_or(Value::BigInt(number), Value::Int))
}

fn float_line(line: &[u8]) -> Result<Value, Fault> {
    let text = str::from_utf8(line).map_err(|_| Fault::Malformed)?.trim();
    text.parse().map(Value::Float).map_err(|_| Fault::Malformed)
}

#[cfg(test)]
mod tests;
