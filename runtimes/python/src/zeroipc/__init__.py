"""Typed data shared by processes in Rust, C, C++ and Python through named shared memory.

A :class:`Memory` is a segment, found by its name; it holds :class:`Array` (a NumPy array that every process sees) and
:class:`Queue` (first in, first out, for any number of processes). The segment describes what it holds, so a reader
with another type is refused with the name of the field that differs. A process that is killed blocks nobody.

Examples
--------
>>> from zeroipc import Array, Memory
>>> import numpy as np
>>> mem = Memory("/zeroipc_doc_package", 1 << 20)
>>> temps = Array(mem, "temperature", 1000, dtype=np.float32)
>>> temps[0] = 23.5
>>> print(Array(Memory("/zeroipc_doc_package"), "temperature", dtype=np.float32)[0])
23.5
>>> Memory.unlink("/zeroipc_doc_package")
"""

from .array import Array
from .errors import (
    Closed,
    Corrupt,
    Empty,
    Exists,
    Full,
    InvalidName,
    KindMismatch,
    LocksUnsupported,
    NotASegment,
    NotFound,
    NotShared,
    OutOfMemory,
    OutOfSpace,
    PermissionDenied,
    ReadOnly,
    SchemaFull,
    SizeMismatch,
    TableFull,
    TimedOut,
    TypeMismatch,
    UnknownRecord,
    UnsupportedType,
    UnsupportedVersion,
    ZeroIPCError,
)
from .memory import Memory, Structure
from .queue import Queue

__version__ = "0.1.0"

__all__ = [
    "Array",
    "Closed",
    "Corrupt",
    "Empty",
    "Exists",
    "Full",
    "InvalidName",
    "KindMismatch",
    "LocksUnsupported",
    "Memory",
    "NotASegment",
    "NotFound",
    "NotShared",
    "OutOfMemory",
    "OutOfSpace",
    "PermissionDenied",
    "Queue",
    "ReadOnly",
    "SchemaFull",
    "SizeMismatch",
    "Structure",
    "TableFull",
    "TimedOut",
    "TypeMismatch",
    "UnknownRecord",
    "UnsupportedType",
    "UnsupportedVersion",
    "ZeroIPCError",
    "__version__",
]
