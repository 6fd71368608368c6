//! A description as bytes, the form in which a segment stores it. The grammar stands in `docs/format.md`.

use core::fmt;

use crate::describe::{EnumDesc, StructDesc, TypeDesc};
use crate::fingerprint::next_value;
use crate::limits::{MAX_DESCRIPTION_DEPTH, MAX_DESCRIPTION_LEN, MAX_DESCRIPTION_NAME, MAX_ELEMENT_SIZE};

/// First byte of a scalar's node.
pub const TAG_SCALAR: u8 = 1;
/// First byte of an array's node.
pub const TAG_ARRAY: u8 = 2;
/// First byte of a text's node.
pub const TAG_STR: u8 = 3;
/// First byte of an enum's node.
pub const TAG_ENUM: u8 = 4;
/// First byte of a struct's node.
pub const TAG_STRUCT: u8 = 5;
/// First byte of an opaque node.
pub const TAG_OPAQUE: u8 = 6;

/// Why a type has no description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The description needs more than the buffer, or more than 65,535 bytes.
    TooLong,
    /// Arrays and structs are nested deeper than 32.
    TooDeep,
    /// A name has more than 255 bytes, or a list more than 65,535 items.
    OutOfRange,
    /// A value has more than 2^30 bytes.
    TooLarge,
    /// An enum is not on a whole number, flags are on a signed one, or the number cannot hold one of the values.
    BadEnum,
    /// A struct's alignment is no power of two, or a field is outside it or out of order.
    BadStruct,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EncodeError::TooLong => "the type's description needs more than 65,535 bytes; split the type",
            EncodeError::TooDeep => "the type is nested deeper than 32; flatten it",
            EncodeError::OutOfRange => "a name has more than 255 bytes or a list more than 65,535 items; shorten it",
            EncodeError::TooLarge => "the type has more than 2^30 bytes; make it smaller",
            EncodeError::BadEnum => {
                "an enum's number is not whole, cannot hold a value, or is signed and has flags; choose another one"
            }
            EncodeError::BadStruct => {
                "a struct's fields are not inside it by ascending offset; correct its description"
            }
        })
    }
}

impl core::error::Error for EncodeError {}

/// `?` is not available in constant functions.
macro_rules! get {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}

/// The number of bytes that [`encode`] writes.
///
/// # Errors
/// When the type has no description: see [`EncodeError`].
pub const fn encoded_len(ty: &TypeDesc<'_>) -> Result<usize, EncodeError> {
    let len = get!(node_len(ty, 0));
    if len > MAX_DESCRIPTION_LEN {
        return Err(EncodeError::TooLong);
    }
    get!(check_node(ty));
    Ok(len)
}

/// Writes the description of `ty` to the start of `out` and returns its length.
///
/// # Errors
/// When the type has no description or `out` is too short: see [`EncodeError`].
pub const fn encode(ty: &TypeDesc<'_>, out: &mut [u8]) -> Result<usize, EncodeError> {
    match encoded_len(ty) {
        Ok(len) if len > out.len() => Err(EncodeError::TooLong),
        Ok(len) => {
            put_node(ty, out, 0);
            Ok(len)
        }
        Err(error) => Err(error),
    }
}

const fn str_len(text: &str) -> Result<usize, EncodeError> {
    if text.len() > MAX_DESCRIPTION_NAME { Err(EncodeError::OutOfRange) } else { Ok(1 + text.len()) }
}

const fn node_len(ty: &TypeDesc<'_>, depth: u32) -> Result<usize, EncodeError> {
    if depth > MAX_DESCRIPTION_DEPTH {
        return Err(EncodeError::TooDeep);
    }
    match ty {
        TypeDesc::Scalar(_) => Ok(2),
        TypeDesc::Str { .. } | TypeDesc::Opaque { .. } => Ok(5),
        TypeDesc::Array { elem, .. } => Ok(5 + get!(node_len(elem, depth + 1))),
        TypeDesc::Enum(desc) => enum_len(desc),
        TypeDesc::Struct(desc) => struct_len(desc, depth),
    }
}

const fn enum_len(desc: &EnumDesc<'_>) -> Result<usize, EncodeError> {
    if desc.values.len() > u16::MAX as usize {
        return Err(EncodeError::OutOfRange);
    }
    let mut len = 3 + get!(str_len(desc.name)) + 2;
    let mut i = 0;
    while i < desc.values.len() {
        len += 8 + get!(str_len(desc.values[i].name));
        i += 1;
    }
    Ok(len)
}

const fn struct_len(desc: &StructDesc<'_>, depth: u32) -> Result<usize, EncodeError> {
    if desc.fields.len() > u16::MAX as usize {
        return Err(EncodeError::OutOfRange);
    }
    let mut len = 1 + get!(str_len(desc.name)) + 4 + 4 + 2;
    let mut i = 0;
    while i < desc.fields.len() {
        let field = &desc.fields[i];
        if !field.is_padding() {
            len += 4 + get!(str_len(field.name)) + get!(str_len(field.unit)) + get!(node_len(field.ty, depth + 1));
        }
        i += 1;
    }
    Ok(len)
}

/// Checks what a reader will check, and returns the size of a value. The nesting is bounded by [`node_len`] before.
const fn check_node(ty: &TypeDesc<'_>) -> Result<u64, EncodeError> {
    let size = match ty {
        TypeDesc::Array { count, elem } => *count as u64 * get!(check_node(elem)),
        TypeDesc::Enum(desc) => get!(check_enum(desc)),
        TypeDesc::Struct(desc) => get!(check_struct(desc)),
        TypeDesc::Scalar(_) | TypeDesc::Str { .. } | TypeDesc::Opaque { .. } => ty.size(),
    };
    if size > MAX_ELEMENT_SIZE { Err(EncodeError::TooLarge) } else { Ok(size) }
}

const fn check_enum(desc: &EnumDesc<'_>) -> Result<u64, EncodeError> {
    if !desc.flavour.fits(desc.repr) {
        return Err(EncodeError::BadEnum);
    }
    let mut i = 0;
    while i < desc.values.len() {
        if !desc.repr.holds(desc.values[i].value) {
            return Err(EncodeError::BadEnum);
        }
        i += 1;
    }
    Ok(desc.repr.size() as u64)
}

const fn check_struct(desc: &StructDesc<'_>) -> Result<u64, EncodeError> {
    let size = desc.size as u64;
    let (mut previous, mut i) = (0, 0);
    while i < desc.fields.len() {
        let field = &desc.fields[i];
        i += 1;
        if field.is_padding() {
            continue;
        }
        if field.offset < previous || field.offset as u64 + get!(check_node(field.ty)) > size {
            return Err(EncodeError::BadStruct);
        }
        previous = field.offset;
    }
    if desc.align.is_power_of_two() { Ok(size) } else { Err(EncodeError::BadStruct) }
}

const fn put(bytes: &[u8], out: &mut [u8], at: usize) -> usize {
    let mut i = 0;
    while i < bytes.len() {
        out[at + i] = bytes[i];
        i += 1;
    }
    at + bytes.len()
}

const fn put_tagged(tag: u8, number: u32, out: &mut [u8], at: usize) -> usize {
    let at = put(&[tag], out, at);
    put(&number.to_le_bytes(), out, at)
}

const fn put_str(text: &str, out: &mut [u8], at: usize) -> usize {
    let at = put(&[text.len() as u8], out, at);
    put(text.as_bytes(), out, at)
}

const fn put_node(ty: &TypeDesc<'_>, out: &mut [u8], at: usize) -> usize {
    match ty {
        TypeDesc::Scalar(scalar) => put(&[TAG_SCALAR, scalar.code()], out, at),
        TypeDesc::Str { len } => put_tagged(TAG_STR, *len, out, at),
        TypeDesc::Opaque { size } => put_tagged(TAG_OPAQUE, *size, out, at),
        TypeDesc::Array { count, elem } => {
            let at = put_tagged(TAG_ARRAY, *count, out, at);
            put_node(elem, out, at)
        }
        TypeDesc::Enum(desc) => put_enum(desc, out, at),
        TypeDesc::Struct(desc) => put_struct(desc, out, at),
    }
}

const fn put_enum(desc: &EnumDesc<'_>, out: &mut [u8], at: usize) -> usize {
    let at = put(&[TAG_ENUM, desc.repr.code(), desc.flavour.code()], out, at);
    let at = put_str(desc.name, out, at);
    let mut at = put(&(desc.values.len() as u16).to_le_bytes(), out, at);
    let mut next = next_value(desc, None);
    while let Some(i) = next {
        let value = &desc.values[i];
        at = put(&value.value.to_le_bytes(), out, at);
        at = put_str(value.name, out, at);
        next = next_value(desc, next);
    }
    at
}

const fn put_struct(desc: &StructDesc<'_>, out: &mut [u8], at: usize) -> usize {
    let at = put(&[TAG_STRUCT], out, at);
    let at = put_str(desc.name, out, at);
    let at = put(&desc.size.to_le_bytes(), out, at);
    let at = put(&desc.align.to_le_bytes(), out, at);
    let count_at = at;
    let mut at = at + 2;
    let mut count = 0u16;
    let mut i = 0;
    while i < desc.fields.len() {
        let field = &desc.fields[i];
        i += 1;
        if field.is_padding() {
            continue;
        }
        at = put(&field.offset.to_le_bytes(), out, at);
        at = put_str(field.name, out, at);
        at = put_str(field.unit, out, at);
        at = put_node(field.ty, out, at);
        count += 1;
    }
    put(&count.to_le_bytes(), out, count_at);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::{EnumValue, FieldDesc, Flavour};
    use crate::scalar::Scalar;

    const F32: TypeDesc<'_> = TypeDesc::Scalar(Scalar::F32);

    fn refused(ty: &TypeDesc<'_>) -> EncodeError {
        encoded_len(ty).unwrap_err()
    }

    #[test]
    fn what_no_reader_takes_is_not_written() {
        let field = |offset, ty| FieldDesc { name: "x", offset, unit: "", ty };
        let of = |size, align, fields| StructDesc { name: "S", size, align, fields };
        let outside = [field(2, &F32)];
        assert_eq!(refused(&TypeDesc::Struct(&of(4, 4, &outside))), EncodeError::BadStruct);
        let descending = [field(4, &F32), field(0, &F32)];
        assert_eq!(refused(&TypeDesc::Struct(&of(8, 4, &descending))), EncodeError::BadStruct);
        assert_eq!(refused(&TypeDesc::Struct(&of(8, 3, &descending[..1]))), EncodeError::BadStruct);
        let values = [EnumValue { name: "A", value: 256 }];
        for flavour in Flavour::ALL {
            for repr in [Scalar::U8, Scalar::F16, Scalar::F32, Scalar::Bool8, Scalar::Complex64] {
                let desc = EnumDesc { name: "E", repr, flavour, values: &values };
                assert_eq!(refused(&TypeDesc::Enum(&desc)), EncodeError::BadEnum);
            }
        }
        let of = |flavour| EnumDesc { name: "E", repr: Scalar::I16, flavour, values: &values };
        assert_eq!(refused(&TypeDesc::Enum(&of(Flavour::Flags))), EncodeError::BadEnum);
        assert_eq!(encoded_len(&TypeDesc::Enum(&of(Flavour::Closed))), Ok(17));
        let half = TypeDesc::Array { count: 1 << 28, elem: &F32 };
        assert_eq!(refused(&TypeDesc::Array { count: u32::MAX, elem: &half }), EncodeError::TooLarge);
        assert_eq!(refused(&TypeDesc::Opaque { size: (1 << 30) + 1 }), EncodeError::TooLarge);
        assert_eq!(encoded_len(&half), Ok(7));
    }
}
