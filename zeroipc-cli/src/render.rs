//! Elements as text and as JSON, by what the segment has recorded of them.
//!
//! Both are streamed: a hostile description can make one element of few bytes long, and it is never held as a whole.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use zeroipc_layout::Flavour;
use zeroipc_layout::decode::{Description, EnumNode, FieldNode, Node};
use zeroipc_layout::name::Shown;

use crate::number::Number;
use crate::variant::present;

/// How many nested elements, or opaque bytes, of one value are shown unless all are asked for.
const NESTED: usize = 32;

/// The bytes of a value and what they are. Displays as text, serialises as JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    ty: Description<'a>,
    bytes: &'a [u8],
    nested: usize,
}

impl<'a> Value<'a> {
    /// `all`: nested arrays are shown to their end.
    pub(crate) fn new(ty: Description<'a>, bytes: &'a [u8], all: bool) -> Value<'a> {
        Value { ty, bytes, nested: if all { usize::MAX } else { NESTED } }
    }

    fn field(&self, field: &FieldNode<'a>) -> Value<'a> {
        let start = field.offset as usize;
        let bytes = self.bytes.get(start..).and_then(|rest| rest.get(..field.ty.size() as usize)).unwrap_or(&[]);
        Value { ty: field.ty, bytes, nested: self.nested }
    }

    /// The elements of an array. Those of no bytes are left out: there may be any number of them.
    fn elements(&self, count: u32, ty: Description<'a>) -> impl ExactSizeIterator<Item = Value<'a>> {
        let (size, nested) = (ty.size() as usize, self.nested);
        let count = if size == 0 { 0 } else { count as usize };
        self.bytes.chunks_exact(size.max(1)).take(count).map(move |bytes| Value { ty, bytes, nested })
    }

    fn text(&self) -> &'a [u8] {
        self.bytes.split(|byte| *byte == 0).next().unwrap_or(&[])
    }

    fn named(&self, node: EnumNode<'a>) -> Result<&'a str, Number> {
        let number = Number::read(node.repr, self.bytes);
        let Some(stored) = number.stored() else { return Err(number) };
        let name = node.values().find(|(value, name)| *value == stored && !name.is_empty());
        name.map(|(_, name)| name).ok_or(number)
    }

    /// The names of the bits that are set, each value that adds a bit to those before it, and the bits without a name.
    fn flags(&self, node: EnumNode<'a>) -> (Vec<&'a str>, u64) {
        let bits = Number::read(node.repr, self.bytes).stored().unwrap_or(0).cast_unsigned();
        let (mut names, mut left) = (Vec::new(), bits);
        for (value, name) in node.values() {
            let value = value.cast_unsigned();
            let is_set = bits & value == value && (left & value != 0 || bits == 0);
            if is_set && !name.is_empty() {
                names.push(name);
                left &= !value;
            }
        }
        (names, left)
    }
}

/// What a field is called, or where it is if that is not known. The name is the segment's: show it escaped.
pub(crate) fn field_name<'a>(field: &FieldNode<'a>) -> Cow<'a, str> {
    if field.name.is_empty() { format!("@{}", field.offset).into() } else { field.name.into() }
}

/// Writes a value as one line of JSON.
pub(crate) fn write_json(value: &impl Serialize, out: &mut dyn Write) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, OneLine))?;
    out.write_all(b"\n").map_err(serde_json::Error::io)
}

/// JSON that no terminal takes for commands: it need not escape all control characters, and here it does.
struct OneLine;

impl serde_json::ser::Formatter for OneLine {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for part in fragment.split_inclusive(char::is_control) {
            match part.char_indices().next_back().filter(|(_, last)| last.is_control()) {
                Some((at, control)) => write!(out, "{}\\u{:04x}", &part[..at], u32::from(control))?,
                None => out.write_all(part.as_bytes())?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ty.node() {
            Node::Scalar(scalar) => Number::read(scalar, self.bytes).fmt(f),
            Node::Enum(node) if node.flavour == Flavour::Flags => {
                let (names, left) = self.flags(node);
                for (index, name) in names.iter().enumerate() {
                    write!(f, "{}{}", if index > 0 { "|" } else { "" }, Shown(name))?;
                }
                match left {
                    0 if names.is_empty() => f.write_str("0x0"),
                    0 => Ok(()),
                    left => write!(f, "{}{left:#x}", if names.is_empty() { "" } else { "|" }),
                }
            }
            Node::Enum(node) => match self.named(node) {
                Ok(name) => Shown(name).fmt(f),
                Err(number) => number.fmt(f),
            },
            Node::Str { .. } => quoted(self.text(), f),
            Node::Opaque { .. } => {
                let shown = &self.bytes[..self.bytes.len().min(self.nested)];
                hex(shown, f)?;
                more(self.bytes.len() - shown.len(), "… ", f)
            }
            Node::Array { count, elem } => {
                let elements = self.elements(count, elem);
                let hidden = elements.len().saturating_sub(self.nested);
                f.write_char('[')?;
                for (index, element) in elements.take(self.nested).enumerate() {
                    write!(f, "{}{element}", if index > 0 { ", " } else { "" })?;
                }
                more(hidden, ", … ", f)?;
                f.write_char(']')
            }
            Node::Struct(node) => {
                f.write_char('{')?;
                for (index, field) in present(node, self.bytes).enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma} {}: {}", Shown(&field_name(&field)), self.field(&field))?;
                    if !field.unit.is_empty() {
                        write!(f, " {}", Shown(field.unit))?;
                    }
                }
                f.write_str(" }")
            }
        }
    }
}

fn more(hidden: usize, before: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if hidden == 0 { Ok(()) } else { write!(f, "{before}{hidden} more") }
}

/// Text between quotes; what a terminal would not print as it is, is escaped.
fn quoted(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for chunk in bytes.utf8_chunks() {
        let escaped = format!("{:?}", chunk.valid());
        f.write_str(&escaped[1..escaped.len() - 1])?;
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
    }
    f.write_char('"')
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Opaque bytes, all of them.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.0, f)
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.ty.node() {
            Node::Scalar(scalar) => Number::read(scalar, self.bytes).serialize(serializer),
            Node::Enum(node) if node.flavour == Flavour::Flags => {
                let (names, left) = self.flags(node);
                let mut seq = serializer.serialize_seq(None)?;
                names.iter().try_for_each(|name| seq.serialize_element(name))?;
                if left != 0 {
                    seq.serialize_element(&left)?;
                }
                seq.end()
            }
            Node::Enum(node) => match self.named(node) {
                Ok(name) => serializer.serialize_str(name),
                Err(number) => number.serialize(serializer),
            },
            Node::Str { .. } => serializer.serialize_str(&String::from_utf8_lossy(self.text())),
            Node::Opaque { .. } => serializer.collect_str(&Hex(self.bytes)),
            Node::Array { count, elem } => {
                let elements = self.elements(count, elem);
                let mut seq = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    seq.serialize_element(&element)?;
                }
                seq.end()
            }
            Node::Struct(node) => {
                let mut map = serializer.serialize_map(None)?;
                for field in present(node, self.bytes) {
                    map.serialize_entry(&field_name(&field), &self.field(&field))?;
                }
                map.end()
            }
        }
    }
}
