//! Types of our own that a shared struct may hold, where Rust's are not the same in every process and language.

mod bool8;
mod fixed_str;
mod open_enum;

pub use bool8::Bool8;
pub use fixed_str::{FixedStr, FixedStrError};
pub use open_enum::{EnumNumber, enum_scalar};
