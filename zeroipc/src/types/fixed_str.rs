//! Text that lies in the element itself.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::{FromStr, Utf8Error};

use bytemuck::{Pod, Zeroable};
use zeroipc_layout::TypeDesc;

use crate::ShmLayout;

/// UTF-8 text of up to `N` bytes, filled up with NUL.
///
/// The text ends at the first NUL, or at the end if there is none; what lies behind takes part in nothing. Another
/// process may have written bytes that are not UTF-8, so reading the text as `&str` can fail; comparing, printing and
/// hashing cannot.
///
/// # Examples
/// ```
/// use zeroipc::FixedStr;
///
/// let label: FixedStr<16> = "left wheel".try_into()?;
/// assert_eq!(label.as_str(), Ok("left wheel"));
/// assert_eq!(label, "left wheel");
/// assert_eq!(label.len(), 10);
///
/// let too_long = FixedStr::<4>::new("left wheel").unwrap_err();
/// assert_eq!(too_long.to_string(), "the text has 10 bytes and 4 fit");
/// assert_eq!(FixedStr::<4>::truncated("left wheel"), "left");
/// # Ok::<(), zeroipc::FixedStrError>(())
/// ```
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct FixedStr<const N: usize>([u8; N]);

/// Why a text does not become a [`FixedStr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FixedStrError {
    /// The text has more bytes than fit.
    TooLong {
        /// Bytes of the text.
        len: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// The text contains a NUL, and would end there.
    ContainsNul {
        /// The offset of the first NUL.
        at: usize,
    },
}

impl fmt::Display for FixedStrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FixedStrError::TooLong { len, max } => write!(f, "the text has {len} bytes and {max} fit"),
            FixedStrError::ContainsNul { at } => write!(f, "the text contains a NUL at byte {at}, and would end there"),
        }
    }
}

impl Error for FixedStrError {}

impl<const N: usize> FixedStr<N> {
    /// The empty text.
    pub const EMPTY: FixedStr<N> = FixedStr([0; N]);

    /// Stores a text, also in constants.
    ///
    /// # Errors
    /// When it has more than `N` bytes or contains a NUL.
    pub const fn new(text: &str) -> Result<FixedStr<N>, FixedStrError> {
        let text = text.as_bytes();
        if text.len() > N {
            return Err(FixedStrError::TooLong { len: text.len(), max: N });
        }
        let mut bytes = [0; N];
        let mut at = 0;
        while at < text.len() {
            if text[at] == 0 {
                return Err(FixedStrError::ContainsNul { at });
            }
            bytes[at] = text[at];
            at += 1;
        }
        Ok(FixedStr(bytes))
    }

    /// Stores as many whole characters of a text as fit, up to the first NUL.
    pub fn truncated(text: &str) -> FixedStr<N> {
        let text = text.split('\0').next().unwrap_or("");
        let mut end = text.len().min(N);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut bytes = [0; N];
        bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
        FixedStr(bytes)
    }

    /// The bytes of the text, without the NULs that fill up.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or(&[])
    }

    /// The text.
    ///
    /// # Errors
    /// When its bytes are not UTF-8: another process has written something else.
    pub fn as_str(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(self.as_bytes())
    }

    /// The text, with `U+FFFD` in place of what is not UTF-8.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// Length of the text in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the text has no characters.
    pub fn is_empty(&self) -> bool {
        self.0.first().is_none_or(|byte| *byte == 0)
    }

    /// The most bytes that a text may have: `N`.
    pub const fn capacity(&self) -> usize {
        N
    }
}

// SAFETY: it is an array of `u8`, for which all bytes, zero too, are valid.
unsafe impl<const N: usize> Zeroable for FixedStr<N> {}
// SAFETY: as above, without padding, and it is `Copy`, `'static` and `repr(transparent)`.
unsafe impl<const N: usize> Pod for FixedStr<N> {}
// SAFETY: `N` bytes of text with alignment 1, and that is what the description says.
unsafe impl<const N: usize> ShmLayout for FixedStr<N> {
    const DESC: &'static TypeDesc<'static> = &TypeDesc::Str { len: crate::__private::count(N) };
}

impl<const N: usize> Default for FixedStr<N> {
    fn default() -> FixedStr<N> {
        FixedStr::EMPTY
    }
}

impl<const N: usize> TryFrom<&str> for FixedStr<N> {
    type Error = FixedStrError;

    fn try_from(text: &str) -> Result<FixedStr<N>, FixedStrError> {
        FixedStr::new(text)
    }
}

impl<const N: usize> FromStr for FixedStr<N> {
    type Err = FixedStrError;

    fn from_str(text: &str) -> Result<FixedStr<N>, FixedStrError> {
        FixedStr::new(text)
    }
}

impl<const N: usize> fmt::Display for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

impl<const N: usize> fmt::Debug for FixedStr<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_string_lossy(), f)
    }
}

impl<const N: usize, const M: usize> PartialEq<FixedStr<M>> for FixedStr<N> {
    fn eq(&self, other: &FixedStr<M>) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for FixedStr<N> {}

impl<const N: usize> PartialEq<str> for FixedStr<N> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> PartialEq<&str> for FixedStr<N> {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> PartialOrd for FixedStr<N> {
    fn partial_cmp(&self, other: &FixedStr<N>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for FixedStr<N> {
    fn cmp(&self, other: &FixedStr<N>) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl<const N: usize> Hash for FixedStr<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
