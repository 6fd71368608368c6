//! Reading a description that comes from a segment, and is therefore not to be trusted.
//!
//! [`Description::parse`] checks every length, count, code and offset once; the accessors then read the checked bytes.

use core::fmt;

use crate::describe::Flavour;
use crate::encode::{TAG_ARRAY, TAG_ENUM, TAG_OPAQUE, TAG_SCALAR, TAG_STR, TAG_STRUCT};
use crate::limits::{MAX_DESCRIPTION_DEPTH, MAX_DESCRIPTION_LEN, MAX_ELEMENT_SIZE};
use crate::name::Shown;
use crate::scalar::Scalar;

/// The bytes are not a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The first byte that could not be understood.
    pub at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the type description is damaged at byte {}", self.at)
    }
}

impl core::error::Error for Malformed {}

/// A checked description of one type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Description<'a> {
    bytes: &'a [u8],
}

/// What a description says at its top.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// One number.
    Scalar(Scalar),
    /// Elements, one behind the other.
    Array {
        /// How many.
        count: u32,
        /// Of what.
        elem: Description<'a>,
    },
    /// UTF-8 text filled up with NUL.
    Str {
        /// Bytes reserved.
        len: u32,
    },
    /// A number with named values.
    Enum(EnumNode<'a>),
    /// Fields at offsets.
    Struct(StructNode<'a>),
    /// Bytes of which only the number is known.
    Opaque {
        /// How many.
        size: u32,
    },
}

/// An enum in a description.
#[derive(Clone, Copy, Debug)]
pub struct EnumNode<'a> {
    /// The type's name.
    pub name: &'a str,
    /// The number's type.
    pub repr: Scalar,
    /// What the names are.
    pub flavour: Flavour,
    count: u16,
    values: &'a [u8],
}

/// A struct in a description.
#[derive(Clone, Copy, Debug)]
pub struct StructNode<'a> {
    /// The type's name.
    pub name: &'a str,
    /// Size in bytes.
    pub size: u32,
    /// Alignment in bytes.
    pub align: u32,
    count: u16,
    fields: &'a [u8],
}

/// A field in a description.
#[derive(Clone, Copy, Debug)]
pub struct FieldNode<'a> {
    /// The name; empty where it is not known.
    pub name: &'a str,
    /// Offset from the start of the struct.
    pub offset: u32,
    /// The unit; empty where it is not known.
    pub unit: &'a str,
    /// What is there.
    pub ty: Description<'a>,
}

impl<'a> Description<'a> {
    /// Checks a description; the bytes must be a private copy, since a peer may change those in the segment.
    ///
    /// # Errors
    /// When a byte is missing, superfluous or impossible: an unknown tag, scalar or flavour, flags on a signed number, text that is not UTF-8, a field
    /// outside its struct or named as padding, an enum's value out of order or out of its range, a size above 2^30,
    /// nesting deeper than 32.
    pub fn parse(bytes: &'a [u8]) -> Result<Description<'a>, Malformed> {
        if bytes.len() > MAX_DESCRIPTION_LEN {
            return Err(Malformed { at: MAX_DESCRIPTION_LEN });
        }
        let mut reader = Reader { bytes, at: 0 };
        reader.check_node(0)?;
        if reader.at != bytes.len() {
            return Err(Malformed { at: reader.at });
        }
        Ok(Description { bytes })
    }

    /// The encoded bytes.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What the description says at its top.
    pub fn node(self) -> Node<'a> {
        let mut reader = Reader { bytes: self.bytes, at: 0 };
        // `parse` has read these bytes once; a failure here would be a fault of this module.
        reader.node().unwrap_or(Node::Opaque { size: 0 })
    }

    /// Size in bytes of a value.
    pub fn size(self) -> u64 {
        match self.node() {
            Node::Scalar(scalar) => u64::from(scalar.size()),
            Node::Array { count, elem } => u64::from(count) * elem.size(),
            Node::Str { len } => u64::from(len),
            Node::Enum(node) => u64::from(node.repr.size()),
            Node::Struct(node) => u64::from(node.size),
            Node::Opaque { size } => u64::from(size),
        }
    }
}

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node() {
            Node::Scalar(scalar) => f.write_str(scalar.name()),
            Node::Array { count, elem } => write!(f, "[{elem}; {count}]"),
            Node::Str { len } => write!(f, "str[{len}]"),
            Node::Enum(EnumNode { name: "", repr, .. }) => write!(f, "enum of {}", repr.name()),
            Node::Enum(node) => write!(f, "{}: {}", Shown(node.name), node.repr.name()),
            Node::Struct(StructNode { name: "", size, .. }) => write!(f, "struct of {size} bytes"),
            Node::Struct(node) => write!(f, "{}", Shown(node.name)),
            Node::Opaque { size } => write!(f, "{size} opaque bytes"),
        }
    }
}

impl fmt::Debug for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Description({self})")
    }
}

impl<'a> EnumNode<'a> {
    /// The named values by ascending number.
    pub fn values(self) -> impl Iterator<Item = (i64, &'a str)> {
        let mut reader = Reader { bytes: self.values, at: 0 };
        (0..self.count).map_while(move |_| reader.value().ok())
    }

    /// Where the encoded values begin, for [`value_at`](EnumNode::value_at).
    pub(crate) fn positions(self) -> impl Iterator<Item = u16> {
        let mut reader = Reader { bytes: self.values, at: 0 };
        (0..self.count).map_while(move |_| {
            let at = u16::try_from(reader.at).ok()?;
            reader.value().ok().map(|_| at)
        })
    }

    /// The value that is encoded at one of the positions.
    pub(crate) fn value_at(self, at: u16) -> (i64, &'a str) {
        let mut reader = Reader { bytes: self.values, at: usize::from(at) };
        // `parse` has read these bytes once; a failure here would be a fault of this module.
        reader.value().unwrap_or((0, ""))
    }
}

impl<'a> StructNode<'a> {
    /// The fields by ascending offset.
    pub fn fields(self) -> impl Iterator<Item = FieldNode<'a>> {
        let mut reader = Reader { bytes: self.fields, at: 0 };
        (0..self.count).map_while(move |_| reader.field().ok())
    }
}

/// A bounds-checked walk over untrusted bytes.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn bad<T>(&self) -> Result<T, Malformed> {
        Err(Malformed { at: self.at })
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..len)) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => self.bad(),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let taken = self.take(N)?;
        let mut array = [0; N];
        array.copy_from_slice(taken);
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    fn str(&mut self) -> Result<&'a str, Malformed> {
        let len = self.u8()?;
        let at = self.at;
        core::str::from_utf8(self.take(usize::from(len))?).map_err(|_| Malformed { at })
    }

    fn value(&mut self) -> Result<(i64, &'a str), Malformed> {
        Ok((self.i64()?, self.str()?))
    }

    fn scalar(&mut self) -> Result<Scalar, Malformed> {
        match Scalar::from_code(self.u8()?) {
            Some(scalar) => Ok(scalar),
            None => Err(Malformed { at: self.at - 1 }),
        }
    }

    fn flavour(&mut self) -> Result<Flavour, Malformed> {
        match Flavour::from_code(self.u8()?) {
            Some(flavour) => Ok(flavour),
            None => Err(Malformed { at: self.at - 1 }),
        }
    }

    /// Walks one node, checking all of it, and returns the size of its values.
    fn check_node(&mut self, depth: u32) -> Result<u64, Malformed> {
        if depth > MAX_DESCRIPTION_DEPTH {
            return self.bad();
        }
        let size = match self.u8()? {
            TAG_SCALAR => u64::from(self.scalar()?.size()),
            TAG_STR | TAG_OPAQUE => u64::from(self.u32()?),
            TAG_ARRAY => {
                let count = u64::from(self.u32()?);
                count * self.check_node(depth + 1)?
            }
            TAG_ENUM => self.check_enum()?,
            TAG_STRUCT => self.check_struct(depth)?,
            _ => return Err(Malformed { at: self.at - 1 }),
        };
        if size > MAX_ELEMENT_SIZE { self.bad() } else { Ok(size) }
    }

    fn check_enum(&mut self) -> Result<u64, Malformed> {
        let repr = self.scalar()?;
        if !self.flavour()?.fits(repr) {
            return Err(Malformed { at: self.at - 1 });
        }
        self.str()?;
        let mut previous = None;
        for _ in 0..self.u16()? {
            let at = self.at;
            let (value, _) = self.value()?;
            if !repr.holds(value) || previous.is_some_and(|previous| repr.less(value, previous)) {
                return Err(Malformed { at });
            }
            previous = Some(value);
        }
        Ok(u64::from(repr.size()))
    }

    fn check_struct(&mut self, depth: u32) -> Result<u64, Malformed> {
        self.str()?;
        let size = u64::from(self.u32()?);
        let align = self.u32()?;
        if !align.is_power_of_two() {
            return self.bad();
        }
        let mut previous = 0;
        for _ in 0..self.u16()? {
            let at = self.at;
            let offset = u64::from(self.u32()?);
            let padding = self.str()?.starts_with('_');
            self.str()?;
            let field_size = self.check_node(depth + 1)?;
            if padding || offset < previous || offset + field_size > size {
                return Err(Malformed { at });
            }
            previous = offset;
        }
        Ok(size)
    }

    /// Reads one node without looking at what is inside its children.
    fn node(&mut self) -> Result<Node<'a>, Malformed> {
        Ok(match self.u8()? {
            TAG_SCALAR => Node::Scalar(self.scalar()?),
            TAG_STR => Node::Str { len: self.u32()? },
            TAG_OPAQUE => Node::Opaque { size: self.u32()? },
            TAG_ARRAY => Node::Array { count: self.u32()?, elem: Description { bytes: &self.bytes[self.at..] } },
            TAG_ENUM => {
                let repr = self.scalar()?;
                let flavour = self.flavour()?;
                let name = self.str()?;
                let count = self.u16()?;
                Node::Enum(EnumNode { name, repr, flavour, count, values: &self.bytes[self.at..] })
            }
            TAG_STRUCT => {
                let name = self.str()?;
                let size = self.u32()?;
                let align = self.u32()?;
                let count = self.u16()?;
                Node::Struct(StructNode { name, size, align, count, fields: &self.bytes[self.at..] })
            }
            _ => return self.bad(),
        })
    }

    fn field(&mut self) -> Result<FieldNode<'a>, Malformed> {
        let offset = self.u32()?;
        let name = self.str()?;
        let unit = self.str()?;
        let start = self.at;
        self.check_node(0)?;
        Ok(FieldNode { name, offset, unit, ty: Description { bytes: &self.bytes[start..self.at] } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{EnumDesc, EnumValue, FieldDesc, StructDesc, TypeDesc};
    use crate::encode::{encode, encoded_len};
    use std::string::ToString;
    use std::vec;
    use std::vec::Vec;

    const U8: TypeDesc<'_> = TypeDesc::Scalar(Scalar::U8);
    const F32: TypeDesc<'_> = TypeDesc::Scalar(Scalar::F32);
    const MODE: TypeDesc<'_> = TypeDesc::Enum(&EnumDesc {
        name: "Mode",
        repr: Scalar::U8,
        flavour: Flavour::Open,
        values: &[EnumValue { name: "IDLE", value: 0 }, EnumValue { name: "RUN", value: 7 }],
    });
    const PAIR: TypeDesc<'_> = TypeDesc::Array { count: 2, elem: &F32 };
    pub(crate) const POSE: TypeDesc<'_> = TypeDesc::Struct(&StructDesc {
        name: "Pose",
        size: 32,
        align: 4,
        fields: &[
            FieldDesc { name: "at", offset: 0, unit: "m", ty: &PAIR },
            FieldDesc { name: "mode", offset: 8, unit: "", ty: &MODE },
            FieldDesc { name: "_pad_9", offset: 9, unit: "", ty: &TypeDesc::Array { count: 3, elem: &U8 } },
            FieldDesc { name: "label", offset: 12, unit: "", ty: &TypeDesc::Str { len: 20 } },
        ],
    });

    fn encoded(ty: &TypeDesc<'_>) -> Vec<u8> {
        let mut out = vec![0; encoded_len(ty).unwrap()];
        assert_eq!(encode(ty, &mut out), Ok(out.len()));
        out
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        let bytes = encoded(&POSE);
        let description = Description::parse(&bytes).unwrap();
        assert_eq!(description.size(), 32);
        assert_eq!(description.to_string(), "Pose");
        let Node::Struct(pose) = description.node() else { panic!("not a struct") };
        let fields: Vec<_> = pose.fields().map(|f| (f.name, f.offset, f.unit, f.ty.to_string())).collect();
        assert_eq!(
            fields,
            [
                ("at", 0, "m", "[f32; 2]".to_string()),
                ("mode", 8, "", "Mode: u8".to_string()),
                ("label", 12, "", "str[20]".to_string()),
            ]
        );
        let Node::Enum(mode) = pose.fields().nth(1).unwrap().ty.node() else { panic!("not an enum") };
        assert_eq!(mode.values().collect::<Vec<_>>(), [(0, "IDLE"), (7, "RUN")]);
    }

    #[test]
    fn every_shortened_description_is_refused() {
        let bytes = encoded(&POSE);
        for len in 0..bytes.len() {
            assert!(Description::parse(&bytes[..len]).is_err(), "{len} of {} bytes were accepted", bytes.len());
        }
    }

    #[test]
    fn every_changed_byte_is_read_without_a_panic() {
        let bytes = encoded(&POSE);
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut changed = bytes.clone();
                changed[at] = value;
                if let Ok(description) = Description::parse(&changed) {
                    let _ = description.to_string();
                    let _ = description.size();
                    if let Node::Struct(node) = description.node() {
                        assert!(node.fields().count() <= usize::from(u16::MAX));
                    }
                }
            }
        }
    }

    #[test]
    fn nesting_and_sizes_are_bounded() {
        let mut deep = vec![];
        for _ in 0..=MAX_DESCRIPTION_DEPTH {
            deep.extend_from_slice(&[TAG_ARRAY, 1, 0, 0, 0]);
        }
        deep.extend_from_slice(&[TAG_SCALAR, 1]);
        assert!(Description::parse(&deep).is_err());
        assert!(Description::parse(&deep[5..]).is_ok());
        let huge = [TAG_ARRAY, 255, 255, 255, 255, TAG_ARRAY, 255, 255, 255, 255, TAG_SCALAR, 4];
        assert!(Description::parse(&huge).is_err());
    }
}
