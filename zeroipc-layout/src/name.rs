//! What things may be called: one rule, told in the same words by the derive, the compiler and the runtime.

use core::fmt::{self, Write as _};

use crate::limits::{MAX_ENTRY_NAME, MAX_SEGMENT_NAME};

/// The prefix of structure names that the library keeps for itself.
pub const RESERVED_PREFIX: char = '.';
/// The name of the entry that holds the records of all structures.
pub const SCHEMA_ENTRY: &str = ".schema";

/// Why a name cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// The name has no characters.
    Empty,
    /// The name has more bytes than fit.
    TooLong {
        /// Bytes found.
        len: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// The name contains a `/`, a NUL or another control character.
    Forbidden(char),
    /// The name begins with a `.`, which is kept for the library.
    Reserved,
    /// A segment's name does not begin with `/`.
    NoSlash,
    /// A segment's name is `/.` or `/..`.
    Dots,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => write!(f, "it is empty; give it at least one character"),
            NameError::TooLong { len, max } => write!(f, "it has {len} bytes and {max} fit; shorten it"),
            NameError::Forbidden(c) => write!(f, "it contains {c:?}; use letters, digits, `_`, `-` and `.`"),
            NameError::Reserved => write!(f, "names that begin with `.` are kept for the library; begin with a letter"),
            NameError::NoSlash => write!(f, "a segment's name begins with `/`; put one in front"),
            NameError::Dots => write!(f, "`/.` and `/..` lead out of the directory of segments; choose another name"),
        }
    }
}

impl core::error::Error for NameError {}

/// Checks the name of a new structure.
///
/// # Errors
/// Empty, longer than 31 bytes, a control character or `/` inside, or a `.` in front.
pub fn check_entry(name: &str) -> Result<(), NameError> {
    check_common(name, MAX_ENTRY_NAME)?;
    if name.starts_with(RESERVED_PREFIX) {
        return Err(NameError::Reserved);
    }
    Ok(())
}

/// Checks the name of a segment: `/` and up to 254 bytes without another `/`.
///
/// # Errors
/// No leading `/`, nothing behind it, too long, a control character or a second `/`, or `/.` and `/..`.
pub fn check_segment(name: &str) -> Result<(), NameError> {
    let Some(rest) = name.strip_prefix('/') else {
        return Err(if name.is_empty() { NameError::Empty } else { NameError::NoSlash });
    };
    check_common(rest, MAX_SEGMENT_NAME)?;
    if rest == "." || rest == ".." {
        return Err(NameError::Dots);
    }
    Ok(())
}

/// A name for a message: control characters, which may come from a foreign segment and would reach the terminal, are
/// escaped.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(
            |c| {
                if c.is_control() { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
            },
        )
    }
}

fn check_common(name: &str, max: usize) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > max {
        return Err(NameError::TooLong { len: name.len(), max });
    }
    match name.chars().find(|c| c.is_control() || *c == '/') {
        Some(c) => Err(NameError::Forbidden(c)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_names() {
        assert_eq!(check_entry("temperature"), Ok(()));
        assert_eq!(check_entry("température"), Ok(()));
        assert_eq!(check_entry(""), Err(NameError::Empty));
        assert_eq!(check_entry(".schema"), Err(NameError::Reserved));
        assert_eq!(check_entry("a/b"), Err(NameError::Forbidden('/')));
        assert_eq!(check_entry("a\0b"), Err(NameError::Forbidden('\0')));
        assert_eq!(check_entry("x123456789012345678901234567890"), Ok(()));
        assert_eq!(check_entry("x1234567890123456789012345678901"), Err(NameError::TooLong { len: 32, max: 31 }));
        assert_eq!(check_entry("éééééééééééééééé"), Err(NameError::TooLong { len: 32, max: 31 }));
    }

    #[test]
    fn shown_names_cannot_steer_a_terminal() {
        assert_eq!(std::format!("{}", Shown("Höhe\x1b[2J\n")), "Höhe\\u{1b}[2J\\n");
    }

    #[test]
    fn segment_names() {
        assert_eq!(check_segment("/sensor_data"), Ok(()));
        assert_eq!(check_segment("sensor_data"), Err(NameError::NoSlash));
        assert_eq!(check_segment("/"), Err(NameError::Empty));
        assert_eq!(check_segment("/.."), Err(NameError::Dots));
        assert_eq!(check_segment("/../etc"), Err(NameError::Forbidden('/')));
        assert_eq!(check_segment("/a\nb"), Err(NameError::Forbidden('\n')));
    }
}
