"""A mapped file: the only place where an offset becomes an address."""

from __future__ import annotations

import ctypes
from typing import Any

from . import _atomic, _system
from ._types import MAX_ALIGN

__all__ = ["Region", "round8"]

assert MAX_ALIGN <= _system.PAGE, "an element is aligned within a page"


def round8(size: int) -> int:
    """Return ``size`` rounded up to a multiple of 8."""
    return (size + 7) & ~7


class Region:
    """The bytes of a segment.

    They stay mapped as long as this object lives; whoever keeps an address from it keeps the object. It has no finaliser:
    those of a cycle run in any order, and others among them may still use the memory. A peer may change every byte at any
    time: each is read once, into something private, and checked there.
    """

    def __init__(self, fd: int, size: int, *, read_only: bool) -> None:
        self.size = size
        self.read_only = read_only
        self.address, self._owner = _system.map_shared(fd, size, read_only=read_only)

    def at(self, offset: int, length: int) -> int:
        """Return the address of bytes that lie within the region."""
        if offset < 0 or length < 0 or offset + length > self.size:
            msg = f"bytes {offset} to {offset + length} are not within the {self.size} of the segment"
            raise IndexError(msg)
        return self.address + offset

    def load4(self, offset: int) -> int:
        """Load 4 bytes, acquiring."""
        return int(_atomic.load4(self.at(offset, 4), _atomic.ACQUIRE))

    def load8(self, offset: int) -> int:
        """Load 8 bytes, acquiring."""
        return int(_atomic.load8(self.at(offset, 8), _atomic.ACQUIRE))

    def store4(self, offset: int, value: int) -> None:
        """Store 4 bytes, releasing."""
        _atomic.store4(self.at(offset, 4), value, _atomic.RELEASE)

    def store8(self, offset: int, value: int) -> None:
        """Store 8 bytes, releasing."""
        _atomic.store8(self.at(offset, 8), value, _atomic.RELEASE)

    def add4(self, offset: int, value: int) -> int:
        """Add to 4 bytes and return what was there."""
        return int(_atomic.add4(self.at(offset, 4), value, _atomic.RELAXED))

    def copy(self, offset: int, length: int) -> bytes:
        """Return a private copy."""
        return ctypes.string_at(self.at(offset, length), length)

    def write(self, offset: int, data: bytes) -> None:
        """Write bytes that no other process may look at yet."""
        ctypes.memmove(self.at(offset, len(data)), data, len(data))

    def zero(self, offset: int, length: int) -> None:
        """Clear bytes that no other process may look at yet."""
        ctypes.memset(self.at(offset, length), 0, length)

    def view(self, offset: int, length: int) -> memoryview:
        """Return a writable view, which keeps the bytes mapped."""
        raw: Any = (ctypes.c_ubyte * length).from_address(self.at(offset, length))
        raw.owner = self._owner
        return memoryview(raw).cast("B")
