//! The numbers and rules that every part of ZeroIPC agrees on.
//!
//! The runtime, the derive and the schema compiler all import this crate, and it imports nothing: no dependencies,
//! no allocation, no `unsafe`. What a derive can only know as a constant expression, and what the compiler knows as a
//! number at run time, is computed by the same functions, so the two agree by construction.
//!
//! | module | question it answers |
//! |---|---|
//! | [`scalar`] | which element types exist, and how large they are |
//! | [`pack`] | where the C rule places the next field |
//! | [`describe`] | what a type looks like, as a constant |
//! | [`fingerprint`] | are two types the same, in 64 bits |
//! | [`encode`], [`decode`] | the description's bytes in a segment |
//! | [`mod@compare`] | how two descriptions differ, naming the first field |
//! | [`name`] | what a segment, structure or field may be called |
//! | [`limits`] | how large things may be |
//!
//! The prose for the bytes is `docs/format.md`.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod compare;
pub mod decode;
pub mod describe;
pub mod encode;
pub mod fingerprint;
pub mod limits;
pub mod name;
pub mod pack;
pub mod scalar;

pub use compare::{Difference, compare};
pub use decode::{Description, Malformed};
pub use describe::{EnumDesc, EnumValue, FieldDesc, Flavour, StructDesc, TypeDesc};
pub use scalar::Scalar;
