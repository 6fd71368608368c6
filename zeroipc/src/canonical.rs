//! The canonical bytes of a key: two keys are the same if and only if these are. `docs/structures/hash.md` has the rules.
//!
//! Bytes that mean nothing are zero: padding, what lies behind the end of a text. Numbers that are equal have one form: −0 is
//! +0, every NaN is one NaN, and every true is 1.

use zeroipc_layout::{Scalar, TypeDesc};

/// Whether every pattern of bytes is canonical, so that there is nothing to do.
pub(crate) const fn is_plain(desc: &TypeDesc<'_>) -> bool {
    match desc {
        TypeDesc::Scalar(scalar) => scalar.is_integer(),
        TypeDesc::Array { elem, .. } => is_plain(elem),
        TypeDesc::Str { .. } => false,
        TypeDesc::Enum(_) | TypeDesc::Opaque { .. } => true,
        TypeDesc::Struct(of) => {
            let (mut i, mut end) = (0, 0);
            while i < of.fields.len() {
                let field = &of.fields[i];
                // Padding, and whatever else is not a field behind a field, takes the long way.
                if field.is_padding() || field.offset as u64 != end || !is_plain(field.ty) {
                    return false;
                }
                end += field.ty.size();
                i += 1;
            }
            end == of.size as u64
        }
    }
}

/// Makes the bytes of a key canonical; there are as many as the type has.
pub(crate) fn canonicalise(desc: &TypeDesc<'_>, bytes: &mut [u8]) {
    match desc {
        TypeDesc::Scalar(scalar) => canonical_scalar(*scalar, bytes),
        TypeDesc::Array { elem, .. } if is_plain(elem) => {}
        TypeDesc::Array { elem, .. } => {
            bytes.chunks_exact_mut(elem.size() as usize).for_each(|element| canonicalise(elem, element));
        }
        TypeDesc::Str { .. } => {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            bytes[end..].fill(0);
        }
        TypeDesc::Enum(_) | TypeDesc::Opaque { .. } => {}
        TypeDesc::Struct(of) => {
            let fields = || of.fields.iter().filter(|field| !field.is_padding());
            let range = |field: &zeroipc_layout::FieldDesc<'_>| {
                let from = field.offset as usize;
                from..from + field.ty.size() as usize
            };
            let overlap = fields().zip(fields().skip(1)).any(|(one, next)| range(one).end > range(next).start);
            let mut end = 0;
            for field in fields() {
                let range = range(field);
                if range.start > end {
                    bytes[end..range.start].fill(0);
                }
                end = end.max(range.end);
                // The cases of a variant lie over each other, so their bytes count as they are.
                if !overlap {
                    canonicalise(field.ty, &mut bytes[range]);
                }
            }
            bytes[end..].fill(0);
        }
    }
}

fn canonical_scalar(scalar: Scalar, bytes: &mut [u8]) {
    /// The bits of a float, given those of its infinity.
    macro_rules! float {
        ($number:ty, $infinity:expr) => {
            for number in bytes.chunks_exact_mut(size_of::<$number>()) {
                let mut bits: $number = bytemuck::pod_read_unaligned(number);
                let magnitude = bits << 1 >> 1;
                if magnitude == 0 {
                    bits = 0;
                } else if magnitude > $infinity {
                    // The highest bit of the fraction alone: the quiet NaN.
                    bits = $infinity | ($infinity & !($infinity << 1)) >> 1;
                }
                number.copy_from_slice(&bits.to_le_bytes());
            }
        };
    }
    match scalar {
        Scalar::F16 => float!(u16, 0x7c00),
        Scalar::F32 | Scalar::Complex64 => float!(u32, 0x7f80_0000),
        Scalar::F64 | Scalar::Complex128 => float!(u64, 0x7ff0_0000_0000_0000),
        Scalar::Bool8 => bytes.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bool8, Complex, F16, FixedStr, ShmLayout};

    fn canonical<T: ShmLayout>(mut value: T) -> Vec<u8> {
        canonicalise(T::DESC, bytemuck::bytes_of_mut(&mut value));
        bytemuck::bytes_of(&value).to_vec()
    }

    fn bytes<T: ShmLayout>(value: T) -> Vec<u8> {
        bytemuck::bytes_of(&value).to_vec()
    }

    #[test]
    fn numbers_that_are_equal_are_one_key() {
        assert_eq!(canonical(-0.0_f32), bytes(0_u32));
        assert_eq!(canonical(-0.0_f64), bytes(0_u64));
        assert_eq!(canonical(F16::from_bits(0x8000)), bytes(0_u16));
        for (nan, one) in [(0x7f80_0001, 0x7fc0_0000_u32), (0xffff_ffff, 0x7fc0_0000), (0xff80_0000, 0xff80_0000)] {
            assert_eq!(canonical(f32::from_bits(nan)), bytes(one), "{nan:#x}");
        }
        assert_eq!(canonical(f64::from_bits(0xfff8_0000_0000_0001)), bytes(0x7ff8_0000_0000_0000_u64));
        assert_eq!(canonical(F16::from_bits(0xfe01)), bytes(0x7e00_u16));
        assert_eq!(canonical(f64::from_bits(1)), bytes(1_u64));
        assert_eq!(canonical([1.5_f32, -0.0]), bytes([1.5_f32, 0.0]));
        assert_eq!(canonical(Complex { re: -0.0_f64, im: f64::NAN }), bytes([0, 0x7ff8_0000_0000_0000_u64]));
        assert_eq!(canonical(bytemuck::cast::<u8, Bool8>(7)), [1]);
    }

    #[test]
    fn bytes_that_mean_nothing_are_zero() {
        assert_eq!(canonical(bytemuck::cast::<[u8; 6], FixedStr<6>>(*b"ab\0cd\0")), b"ab\0\0\0\0");
        assert_eq!(canonical(bytemuck::cast::<[u8; 2], FixedStr<2>>(*b"ab")), b"ab");
    }

    #[test]
    fn plain_types_have_nothing_to_do() {
        assert!(is_plain(<[u16; 3]>::DESC) && is_plain(u64::DESC) && is_plain(i8::DESC));
        assert!(!is_plain(f32::DESC) && !is_plain(<[FixedStr<3>; 2]>::DESC) && !is_plain(Bool8::DESC));
    }
}
