"""What can go wrong, as exceptions.

Every exception that the library raises about a segment derives from [`ZeroIPCError`], and from the built-in exception
that a caller would expect beside it. Its text is one sentence that names the thing, what was found, what was expected,
and what to do.
"""

from __future__ import annotations

__all__ = [
    "Closed",
    "Corrupt",
    "Empty",
    "Exists",
    "Full",
    "InvalidName",
    "KindMismatch",
    "LocksUnsupported",
    "NotASegment",
    "NotFound",
    "NotShared",
    "OutOfMemory",
    "OutOfSpace",
    "PermissionDenied",
    "ReadOnly",
    "SchemaFull",
    "SizeMismatch",
    "TableFull",
    "TimedOut",
    "TypeMismatch",
    "UnknownRecord",
    "UnsupportedType",
    "UnsupportedVersion",
    "ZeroIPCError",
]


class ZeroIPCError(Exception):
    """The base of everything that the library raises about a segment."""

    def __str__(self) -> str:
        # `KeyError` would show its argument in quotes, and `OSError` a pair.
        return str(self.args[0]) if self.args else ""


class InvalidName(ZeroIPCError, ValueError):
    """A name breaks the rules: empty, too long, a ``/`` or a control character inside."""


class NotFound(ZeroIPCError, FileNotFoundError, KeyError):
    """No segment or structure has this name."""


class Exists(ZeroIPCError, FileExistsError):
    """A segment or structure of this name is there already."""


class PermissionDenied(ZeroIPCError, PermissionError):
    """The system refuses access to the segment."""


class NotASegment(ZeroIPCError, ValueError):
    """The file is not one of ours: not a regular file, too short, or without the magic number."""


class UnsupportedVersion(ZeroIPCError, ValueError):
    """The segment has a version that this library cannot read."""


class Corrupt(ZeroIPCError, ValueError):
    """Bytes of the segment contradict the format; a peer has overwritten them or is not one of ours."""


class SizeMismatch(ZeroIPCError, ValueError):
    """A segment, a capacity or a structure has another size than asked for."""


class TypeMismatch(ZeroIPCError, TypeError):
    """The segment says that the elements are of another type."""


class KindMismatch(ZeroIPCError, TypeError):
    """The segment says that the structure is of another kind."""


class UnsupportedType(ZeroIPCError, TypeError):
    """A dtype has no equivalent in shared memory."""


class UnknownRecord(ZeroIPCError, TypeError):
    """The segment describes the structure in a way that this version of the library does not know."""


class OutOfSpace(ZeroIPCError, MemoryError):
    """The segment has no room left for the structure."""


class OutOfMemory(ZeroIPCError, MemoryError):
    """The system has no shared memory left."""


class TableFull(ZeroIPCError, MemoryError):
    """The segment's table has no free entry."""


class SchemaFull(ZeroIPCError, MemoryError):
    """The segment's passport has no room for the description of the structure."""


class TimedOut(ZeroIPCError, TimeoutError):
    """A deadline passed."""


class Full(TimedOut):
    """The queue stayed full until the deadline."""


class Empty(TimedOut):
    """The queue stayed empty until the deadline."""


class LocksUnsupported(ZeroIPCError, OSError):
    """Open-file-description locks do not work here, so a dead process could not be told from a live one."""


class ReadOnly(ZeroIPCError, PermissionError):
    """The segment was opened for reading only."""


class NotShared(ZeroIPCError, ValueError):
    """An atomic operation was asked of an array that is not in shared memory."""


class Closed(ZeroIPCError, ValueError):
    """The handle was closed."""
