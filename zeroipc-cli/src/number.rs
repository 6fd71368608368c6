//! Numbers as their type means them, as text and as JSON.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroipc::{Complex, F16};
use zeroipc_layout::Scalar;

/// A number as its type means it.
pub(crate) enum Number {
    Unsigned(u64),
    Signed(i64),
    Single(f32),
    Double(f64),
    Truth(bool),
    ComplexSingle(Complex<f32>),
    ComplexDouble(Complex<f64>),
}

impl Number {
    /// What `bytes` are; missing ones read as zero.
    pub(crate) fn read(scalar: Scalar, bytes: &[u8]) -> Number {
        let word = |bytes: &[u8]| bytes.iter().take(8).rev().fold(0_u64, |raw, byte| raw << 8 | u64::from(*byte));
        let raw = word(bytes);
        match scalar {
            Scalar::I8 => Number::Signed(i64::from(raw as i8)),
            Scalar::I16 => Number::Signed(i64::from(raw as i16)),
            Scalar::I32 => Number::Signed(i64::from(raw as i32)),
            Scalar::I64 => Number::Signed(raw as i64),
            Scalar::F32 => Number::Single(f32::from_bits(raw as u32)),
            Scalar::F64 => Number::Double(f64::from_bits(raw)),
            Scalar::Bool8 => Number::Truth(raw != 0),
            Scalar::F16 => Number::Single(F16::from_bits(raw as u16).to_f32()),
            Scalar::Complex64 => {
                Number::ComplexSingle(Complex::new(f32::from_bits(raw as u32), f32::from_bits((raw >> 32) as u32)))
            }
            Scalar::Complex128 => {
                let im = word(bytes.get(8..).unwrap_or_default());
                Number::ComplexDouble(Complex::new(f64::from_bits(raw), f64::from_bits(im)))
            }
            _ => Number::Unsigned(raw),
        }
    }

    /// The number as the values of an enum record it: `u64` above `i64::MAX` as its two's complement.
    pub(crate) fn stored(&self) -> Option<i64> {
        match *self {
            Number::Unsigned(value) => Some(value.cast_signed()),
            Number::Signed(value) => Some(value),
            _ => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Unsigned(value) => write!(f, "{value}"),
            Number::Signed(value) => write!(f, "{value}"),
            // `Debug` is the shortest text that reads back, and shows that it is no whole number.
            Number::Single(value) => write!(f, "{value:?}"),
            Number::Double(value) => write!(f, "{value:?}"),
            Number::Truth(value) => write!(f, "{value}"),
            Number::ComplexSingle(value) => write!(f, "{value:?}"),
            Number::ComplexDouble(value) => write!(f, "{value:?}"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Number::Unsigned(value) => serializer.serialize_u64(value),
            Number::Signed(value) => serializer.serialize_i64(value),
            Number::Single(value) if value.is_finite() => serializer.serialize_f32(value),
            Number::Double(value) if value.is_finite() => serializer.serialize_f64(value),
            Number::Truth(value) => serializer.serialize_bool(value),
            Number::ComplexSingle(Complex { re, im }) => parts(Number::Single(re), Number::Single(im), serializer),
            Number::ComplexDouble(Complex { re, im }) => parts(Number::Double(re), Number::Double(im), serializer),
            // JSON has no such numbers; `null` would hide which one it is.
            Number::Single(_) | Number::Double(_) => serializer.collect_str(self),
        }
    }
}

/// `{"re":1.0,"im":2.0}`
fn parts<S: Serializer>(re: Number, im: Number, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("re", &re)?;
    map.serialize_entry("im", &im)?;
    map.end()
}
