#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]
//! Neither our code nor a strict set of lints disturbs the other.

use zeroipc::{Bool8, FixedStr, ShmLayout};

/// Documented.
#[derive(Clone, Copy, Debug, PartialEq, ShmLayout)]
#[repr(C, align(16))]
pub struct Sample {
    /// When.
    #[shm(unit = "ns")]
    pub stamp: u64,
    /// Which.
    #[shm(rename = "kind")]
    pub r#type: u32,
    /// Whether.
    pub ready: Bool8,
    /// What.
    pub label: FixedStr<3>,
}

fn main() {
    assert_eq!(Sample::DESC.align(), 16);
}
