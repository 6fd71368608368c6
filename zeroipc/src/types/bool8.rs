//! A truth value for which every byte is valid.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Not;

use bytemuck::{Pod, Zeroable};
use zeroipc_layout::{Scalar, TypeDesc};

use crate::ShmLayout;

/// A truth value in one byte: 0 is false, everything else is true.
///
/// Rust's `bool` has two valid bytes, and reading a third from a segment would be undefined. This type takes whatever
/// another language has written, and compares by what it means.
///
/// # Examples
/// ```
/// use zeroipc::Bool8;
///
/// let ready = Bool8::from(true);
/// assert!(ready.get());
/// assert_eq!(ready, true);
/// assert_eq!(!ready, Bool8::FALSE);
/// assert_eq!(bytemuck::cast::<u8, Bool8>(7), Bool8::TRUE);
/// ```
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct Bool8(u8);

impl Bool8 {
    /// False, stored as 0.
    pub const FALSE: Bool8 = Bool8(0);
    /// True, stored as 1.
    pub const TRUE: Bool8 = Bool8(1);

    /// From Rust's own truth value, also in constants.
    pub const fn new(value: bool) -> Bool8 {
        Bool8(value as u8)
    }

    /// As Rust's own truth value.
    pub const fn get(self) -> bool {
        self.0 != 0
    }
}

// SAFETY: it is a `u8`, for which all bytes, zero too, are valid, and which has no padding.
unsafe impl Zeroable for Bool8 {}
// SAFETY: as above, and it is `Copy`, `'static` and `repr(transparent)`.
unsafe impl Pod for Bool8 {}
// SAFETY: the scalar is one byte with this meaning.
unsafe impl ShmLayout for Bool8 {
    const DESC: &'static TypeDesc<'static> = &TypeDesc::Scalar(Scalar::Bool8);
}

impl From<bool> for Bool8 {
    fn from(value: bool) -> Bool8 {
        Bool8::new(value)
    }
}

impl From<Bool8> for bool {
    fn from(value: Bool8) -> bool {
        value.get()
    }
}

impl Not for Bool8 {
    type Output = Bool8;

    fn not(self) -> Bool8 {
        Bool8::new(!self.get())
    }
}

impl PartialEq for Bool8 {
    fn eq(&self, other: &Bool8) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Bool8 {}

impl PartialEq<bool> for Bool8 {
    fn eq(&self, other: &bool) -> bool {
        self.get() == *other
    }
}

impl Hash for Bool8 {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.get().hash(state);
    }
}

impl fmt::Debug for Bool8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

impl fmt::Display for Bool8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}
