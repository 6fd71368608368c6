//! Types of our own that a shared struct may hold, where Rust's are not the same in every process and language.

mod bool8;
mod closed_enum;
mod complex;
mod fixed_str;
mod flags;
mod float16;
mod named_number;
mod open_enum;

pub use bool8::Bool8;
pub use complex::Complex;
pub use fixed_str::{FixedStr, FixedStrError};
pub use flags::fmt_flags;
pub use float16::F16;
pub use named_number::{EnumNumber, FlagNumber, enum_scalar, flag_scalar, plain_name};
