"""Who is there: anchors, ids and liveness. docs/format.md, section 4."""

from __future__ import annotations

import ctypes
import fcntl
import os
import threading
from collections.abc import Iterator

from . import _system
from ._file import File
from ._format import locks as f

__all__ = ["Anchor", "anchors", "fork_gate", "is_locked"]

fork_gate = threading.RLock()
"""Held while an anchor is made: a child forked in between would keep it alive."""

os.register_at_fork(before=fork_gate.acquire, after_in_child=fork_gate.release, after_in_parent=fork_gate.release)


def is_locked(fd: int, byte: int) -> bool:
    """Whether another open file description than that of ``fd`` locks the byte."""
    return _system.find_lock(fd, byte) is not None


def anchors(fd: int) -> Iterator[tuple[int, int]]:
    """Yield first and last byte of every lock that the descriptor sees where anchors are, in no order.

    The system answers with any lock of a range, so each answer splits the range in two. A lock over many bytes is no
    anchor, and whoever may read can take one: its bytes are not visited, but both ranges may show it.
    """
    ranges = [
        (f.WRITER_ANCHORS + 1, f.WRITER_ANCHORS + f.MAX_WRITER_ID),
        (f.READER_ANCHORS, f.READER_ANCHORS + f.READER_ANCHOR_COUNT - 1),
    ]
    while ranges:
        first, last = ranges.pop()
        found = _system.find_lock(fd, first, last - first + 1)
        if found is None:
            continue
        start, end = max(found[0], first), min(found[1], last)
        yield found
        if start > first:
            ranges.append((first, start - 1))
        if end < last:
            ranges.append((end + 1, last))


class Anchor:
    """A lock that ends with this process, and with nothing else.

    The lock belongs to an open file description that only a mapping holds, and forked children do not have the mapping.
    The word outlives the anchor where something else still refers to it, and is 0 then.
    """

    def __init__(self, file: File) -> None:
        self._page = 0
        self._word = _system.map_private_word()
        self._file = file
        """The descriptor that is about to be mapped; closed once it is."""
        self.byte = 0

    @property
    def word(self) -> ctypes.c_uint64:
        """The word that is not 0 as long as this process holds the anchor; 0 in a forked child."""
        return self._word

    def renew(self, file: File) -> None:
        """Begin anew in a forked child, which does not have the mapping."""
        self._page = 0
        self._file = file

    def take(self, byte: int, *, read_only: bool) -> bool:
        """Lock a byte; False if another holds it."""
        kind = fcntl.F_RDLCK if read_only else fcntl.F_WRLCK
        if not _system.set_lock(self._file.fileno(), kind, byte):
            return False
        self._page = _system.map_reserved(self._file.fileno())
        self._file.close()
        self.byte = byte
        return True

    def hold(self, value: int) -> None:
        """Say that the anchor is held, by a value that is not 0."""
        self._word.value = value

    def release(self) -> None:
        """Let go; in a forked child there is nothing to let go."""
        held = self._word.value
        self._word.value = 0
        self._file.close()
        if held and self._page:
            _system.unmap(self._page, _system.PAGE)
        self._page = 0
