//! What a type looks like, as plain data that fits a `const`.

use crate::limits::MAX_ALIGN;
use crate::scalar::Scalar;

/// A type: what its bytes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeDesc<'a> {
    /// One number.
    Scalar(Scalar),
    /// `count` elements, one behind the other.
    Array {
        /// How many.
        count: u32,
        /// Of what.
        elem: &'a TypeDesc<'a>,
    },
    /// UTF-8 text in `len` bytes, filled up with NUL.
    Str {
        /// Bytes reserved.
        len: u32,
    },
    /// A number with named values.
    Enum(&'a EnumDesc<'a>),
    /// Fields at offsets.
    Struct(&'a StructDesc<'a>),
    /// Bytes of which only the number is known.
    Opaque {
        /// How many.
        size: u32,
    },
}

/// A number with named values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumDesc<'a> {
    /// The type's name; it takes part in no comparison.
    pub name: &'a str,
    /// The number's type, a whole number.
    pub repr: Scalar,
    /// What the names are.
    pub flavour: Flavour,
    /// The named values, in any order.
    pub values: &'a [EnumValue<'a>],
}

/// What the named values of a number are. The discriminant is the flavour's code in a description.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Flavour {
    /// Some of the values: others may occur.
    #[default]
    Open = 0,
    /// All of the values: no other may occur.
    Closed = 1,
    /// The number is a set of bits, and the values are bits and combinations of them. Other bits may occur.
    Flags = 2,
}

impl Flavour {
    /// Every flavour, in the order of the codes.
    pub const ALL: [Flavour; 3] = [Flavour::Open, Flavour::Closed, Flavour::Flags];

    /// The flavour with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Flavour> {
        match code {
            0 => Some(Flavour::Open),
            1 => Some(Flavour::Closed),
            2 => Some(Flavour::Flags),
            _ => None,
        }
    }

    /// The code in a description.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What a message calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Flavour::Open => "an open enum",
            Flavour::Closed => "a closed enum",
            Flavour::Flags => "a set of flags",
        }
    }

    /// Whether names of this flavour can stand for values of `repr`: a whole number, and an unsigned one for bits.
    pub const fn fits(self, repr: Scalar) -> bool {
        repr.is_integer() && !(matches!(self, Flavour::Flags) && repr.is_signed())
    }
}

/// One named value; `u64` values above `i64::MAX` are stored as their two's complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumValue<'a> {
    /// The value's name.
    pub name: &'a str,
    /// The value.
    pub value: i64,
}

/// Fields at offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructDesc<'a> {
    /// The type's name; it takes part in no comparison.
    pub name: &'a str,
    /// Size in bytes, tail padding included.
    pub size: u32,
    /// Alignment in bytes; it takes part in no comparison.
    pub align: u32,
    /// The fields by ascending offset. Fields at one offset are the cases of a variant.
    pub fields: &'a [FieldDesc<'a>],
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldDesc<'a> {
    /// The name. A name that begins with `_` marks padding, which no fingerprint or description mentions.
    pub name: &'a str,
    /// Offset from the start of the struct.
    pub offset: u32,
    /// The unit, or the empty string where none is known.
    pub unit: &'a str,
    /// What is there.
    pub ty: &'a TypeDesc<'a>,
}

impl FieldDesc<'_> {
    /// Whether the field is padding or reserved space, which descriptions leave out.
    pub const fn is_padding(&self) -> bool {
        let name = self.name.as_bytes();
        !name.is_empty() && name[0] == b'_'
    }
}

impl TypeDesc<'_> {
    /// Size in bytes.
    ///
    /// # Panics
    /// When an array's size does not fit 64 bits; in a constant this is a compile error.
    pub const fn size(&self) -> u64 {
        match self {
            TypeDesc::Scalar(scalar) => scalar.size() as u64,
            TypeDesc::Array { count, elem } => match elem.size().checked_mul(*count as u64) {
                Some(size) => size,
                None => panic!("the size of an array does not fit 64 bits"),
            },
            TypeDesc::Str { len } => *len as u64,
            TypeDesc::Enum(desc) => desc.repr.size() as u64,
            TypeDesc::Struct(desc) => desc.size as u64,
            TypeDesc::Opaque { size } => *size as u64,
        }
    }

    /// Alignment in bytes. A struct's own alignment counts, raised to that of its fields.
    pub const fn align(&self) -> u64 {
        match self {
            TypeDesc::Scalar(scalar) => scalar.align() as u64,
            TypeDesc::Array { elem, .. } => elem.align(),
            TypeDesc::Str { .. } | TypeDesc::Opaque { .. } => 1,
            TypeDesc::Enum(desc) => desc.repr.align() as u64,
            TypeDesc::Struct(desc) => {
                assert!(
                    desc.align.is_power_of_two() && desc.align <= MAX_ALIGN,
                    "an alignment is a power of two up to 4096"
                );
                desc.align as u64
            }
        }
    }
}
