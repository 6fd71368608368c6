//! The one error of the runtime: what was attempted, on which name, what was found, and what to do.

use std::fmt;
use std::io;

/// What went wrong, for programs to match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The structure has no room; pop something or wait.
    Full,
    /// The deadline passed before the operation could be done. Nothing was done.
    TimedOut,
    /// There is no segment or structure of this name.
    NotFound,
    /// A segment or structure of this name is there already.
    Exists,
    /// The segment's content breaks a rule of the format.
    Corrupt,
    /// The file is not a ZeroIPC segment.
    NotASegment,
    /// The segment's table has a version that this release cannot read.
    UnsupportedVersion,
    /// The structure is of another kind.
    KindMismatch,
    /// The structure's elements have another layout or meaning.
    TypeMismatch,
    /// The segment has no room left for the structure.
    OutOfSpace,
    /// The system has no shared memory left.
    OutOfMemory,
    /// The table has no free entry.
    TableFull,
    /// The records of the segment's structures have no room left.
    SchemaFull,
    /// A name breaks the rules for names.
    BadName,
    /// An argument is outside its range.
    BadArgument,
    /// An index is not below the capacity.
    OutOfBounds,
    /// The segment is open for reading only.
    ReadOnly,
    /// The system does not allow it.
    PermissionDenied,
    /// The system does not offer the locks that tell who is alive.
    LocksUnsupported,
    /// Any other error of the system.
    System,
    /// The structure was closed, and nothing that was left in it is there any more.
    Closed,
    /// The process that was to do it, or that held it, has died.
    OwnerDied,
    /// A participant died, so that what the others waited for cannot come.
    Broken,
    /// Who was to do it has reported that it failed.
    Failed,
    /// What was given back or released belongs to somebody else, or to nobody.
    NotOwner,
    /// All places for participants are taken by processes that are alive.
    NoSlot,
    /// Elements were overwritten before they were read.
    Lost,
}

/// The error of every operation: a [kind](ErrorKind) and one sentence.
pub struct Error(Repr);

/// The result of every operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

enum Repr {
    /// Without a sentence of its own, and so without an allocation: the outcomes that are no mistakes.
    Plain(ErrorKind),
    Told(Box<Told>),
}

struct Told {
    kind: ErrorKind,
    message: String,
    source: Option<io::Error>,
}

impl Error {
    pub(crate) const fn plain(kind: ErrorKind) -> Error {
        Error(Repr::Plain(kind))
    }

    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Repr::Told(Box::new(Told { kind, message: message.into(), source: None })))
    }

    #[cold]
    pub(crate) fn corrupt(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Corrupt, message)
    }

    /// An error of the system while doing what `doing` says.
    #[cold]
    pub(crate) fn system(doing: impl fmt::Display, source: io::Error) -> Error {
        use io::ErrorKind as Io;
        let kind = match source.kind() {
            Io::NotFound => ErrorKind::NotFound,
            Io::AlreadyExists => ErrorKind::Exists,
            Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
            Io::StorageFull | Io::OutOfMemory => ErrorKind::OutOfMemory,
            _ => ErrorKind::System,
        };
        Error(Repr::Told(Box::new(Told { kind, message: format!("{doing}: {source}"), source: Some(source) })))
    }

    /// What went wrong, for programs to match on.
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Repr::Plain(kind) => *kind,
            Repr::Told(told) => told.kind,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Told(told) => f.write_str(&told.message),
            Repr::Plain(ErrorKind::Full) => f.write_str("the structure is full; pop something or wait"),
            Repr::Plain(ErrorKind::TimedOut) => f.write_str("the deadline passed before the operation could be done"),
            Repr::Plain(ErrorKind::ReadOnly) => {
                f.write_str("the segment is open for reading only; open it with `Memory::open` to change it")
            }
            Repr::Plain(ErrorKind::Closed) => f.write_str("the structure was closed; open or create another one"),
            Repr::Plain(ErrorKind::OwnerDied) => f.write_str("the process that was to do it has died; do it again"),
            Repr::Plain(ErrorKind::Broken) => {
                f.write_str("a participant has died, and the others cannot go on without it")
            }
            Repr::Plain(kind) => write!(f, "{kind:?}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.kind())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Repr::Told(told) => told.source.as_ref().map(|source| source as _),
            Repr::Plain(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_keep_their_source_and_kind() {
        let error = Error::system("open `/x`", io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().starts_with("open `/x`: "));
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn an_error_is_two_words() {
        assert_eq!(size_of::<Error>(), 16);
    }
}
