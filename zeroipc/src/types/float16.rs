//! A floating-point number in two bytes.

use std::cmp::Ordering;
use std::fmt;

use bytemuck::{Pod, Zeroable};
use zeroipc_layout::{Scalar, TypeDesc};

use crate::ShmLayout;

/// A floating-point number of half precision, IEEE 754 binary16: 11 significant bits, up to 65,504.
///
/// It is a format to store numbers in; to calculate, convert to `f32`, which holds each of them exactly. Comparisons are
/// those of the numbers: the two zeros are equal, and NaN equals nothing.
///
/// # Examples
/// ```
/// use zeroipc::F16;
///
/// const GAIN: F16 = F16::from_f32(0.5);
/// assert_eq!(GAIN.to_bits(), 0x3800);
/// assert_eq!(GAIN.to_f32() * 3.0, 1.5);
/// assert_eq!(F16::from(7_u8).to_string(), "7");
/// assert_eq!(F16::from_f32(2049.0).to_f32(), 2048.0, "the nearest that there is");
/// assert_eq!(F16::from_f32(1e6), F16::INFINITY);
/// ```
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct F16(u16);

/// The bits of the exponent, all set in an infinity and in NaN.
const EXPONENT: u16 = 0x7c00;
/// The bit that tells a NaN that is passed on from one that raises a signal.
const QUIET: u16 = 0x0200;
/// The value of the lowest bit of a number without an exponent: 2^-24.
const SMALLEST: f32 = f32::from_bits(0x3380_0000);

impl F16 {
    /// The largest number, 65,504.
    pub const MAX: F16 = F16(0x7bff);
    /// Positive infinity.
    pub const INFINITY: F16 = F16(EXPONENT);
    /// Not a number.
    pub const NAN: F16 = F16(EXPONENT | QUIET);

    /// The number with these bits.
    pub const fn from_bits(bits: u16) -> F16 {
        F16(bits)
    }

    /// The number's bits.
    pub const fn to_bits(self) -> u16 {
        self.0
    }

    /// The nearest number, of two equally near ones that with an even last bit. What is too large becomes an infinity;
    /// NaN stays NaN.
    pub const fn from_f32(value: f32) -> F16 {
        let bits = value.to_bits();
        let sign = (bits >> 16) as u16 & 0x8000;
        let (exponent, fraction) = (bits >> 23 & 0xff, bits & 0x7f_ffff);
        let magnitude = match exponent {
            0xff if fraction != 0 => EXPONENT | QUIET | (fraction >> 13) as u16,
            143..=0xff => EXPONENT,
            // A carry out of the fraction is the next exponent, and in the end infinity.
            113..=142 => rounded((exponent - 112) << 23 | fraction, 13),
            // No exponent: the bits count steps of 2^-24.
            102..=112 => rounded(fraction | 0x80_0000, 126 - exponent),
            _ => 0,
        };
        F16(sign | magnitude)
    }

    /// The same number with more bits.
    pub const fn to_f32(self) -> f32 {
        let sign = (self.0 as u32 & 0x8000) << 16;
        let (exponent, fraction) = ((self.0 & EXPONENT) as u32 >> 10, self.0 as u32 & 0x3ff);
        let magnitude = match exponent {
            0 => (fraction as f32 * SMALLEST).to_bits(),
            31 => 0x7f80_0000 | fraction << 13,
            _ => (exponent + 112) << 23 | fraction << 13,
        };
        f32::from_bits(sign | magnitude)
    }

    /// Whether it is not a number.
    pub const fn is_nan(self) -> bool {
        self.0 & !0x8000 > EXPONENT
    }
}

/// `bits` without the lowest `dropped`, at least one, rounded to the nearest and of two such to the even one.
const fn rounded(bits: u32, dropped: u32) -> u16 {
    let (kept, rest, half) = (bits >> dropped, bits & ((1 << dropped) - 1), 1 << (dropped - 1));
    (kept + (rest > half || (rest == half && kept & 1 == 1)) as u32) as u16
}

// SAFETY: it is a `u16`, for which all bytes, zero too, are valid, and which has no padding.
unsafe impl Zeroable for F16 {}
// SAFETY: as above, and it is `Copy`, `'static` and `repr(transparent)`.
unsafe impl Pod for F16 {}
// SAFETY: the scalar is two bytes aligned to two with this meaning.
unsafe impl ShmLayout for F16 {
    const DESC: &'static TypeDesc<'static> = &TypeDesc::Scalar(Scalar::F16);
}

impl From<F16> for f32 {
    fn from(value: F16) -> f32 {
        value.to_f32()
    }
}

impl From<F16> for f64 {
    fn from(value: F16) -> f64 {
        value.to_f32().into()
    }
}

impl From<u8> for F16 {
    fn from(value: u8) -> F16 {
        F16::from_f32(value.into())
    }
}

impl From<i8> for F16 {
    fn from(value: i8) -> F16 {
        F16::from_f32(value.into())
    }
}

impl PartialEq for F16 {
    fn eq(&self, other: &F16) -> bool {
        self.to_f32() == other.to_f32()
    }
}

impl PartialOrd for F16 {
    fn partial_cmp(&self, other: &F16) -> Option<Ordering> {
        self.to_f32().partial_cmp(&other.to_f32())
    }
}

impl fmt::Debug for F16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_f32(), f)
    }
}

impl fmt::Display for F16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_f32(), f)
    }
}
