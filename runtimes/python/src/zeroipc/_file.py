"""Open files that know which file they are: docs/format.md, section 4.

A program may close every descriptor it finds (``os.closerange``), ours included, and the number may be another file's
afterwards. What is asked of a number is asked of that file then, so each descriptor remembers its device and inode.
"""

from __future__ import annotations

import contextlib
import errno
import os

from .errors import NotFound

__all__ = ["File", "flags_of", "reopen"]


def flags_of(*, read_only: bool) -> int:
    """Return how a segment's file is opened: never waiting, and not for other programs."""
    return (os.O_RDONLY if read_only else os.O_RDWR) | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class File:
    """A descriptor, and which file it was when it was opened."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.inode = _inode(fd)

    def fileno(self) -> int:
        """Return the descriptor's number, whatever it is by now."""
        return self._fd

    def is_open(self) -> bool:
        """Whether the number is still a descriptor of this file."""
        try:
            return self._fd >= 0 and _inode(self._fd) == self.inode
        except OSError:
            return False

    def close(self) -> None:
        """Close the descriptor, unless somebody else did and its number may be another file's."""
        if self.is_open():
            os.close(self._fd)
        self._fd = -1

    def __enter__(self) -> File:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "inode"):
            self.close()


def reopen(file: File, path: str, *, read_only: bool) -> File:
    """Open a file once more: a new open file description, whose locks are its own.

    Raises
    ------
    NotFound
        Neither the descriptor nor the name leads to the file any longer.
    """
    flags = flags_of(read_only=read_only)
    # Looked at first: opening what somebody else has under this number could have effects.
    if file.is_open():
        with contextlib.suppress(OSError):
            found = File(os.open(f"/proc/self/fd/{file.fileno()}", flags))
            if found.inode == file.inode:
                return found
            found.close()
    try:
        found = File(os.open(path, flags | os.O_NOFOLLOW))
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EISDIR):
            raise
    else:
        if found.inode == file.inode:
            return found
        found.close()
    why = "its descriptor was closed by somebody else or /proc is not mounted"
    msg = f"`{path}` cannot be opened again: {why}, and the name leads to another file by now; open the segment again"
    raise NotFound(msg)


def _inode(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino
