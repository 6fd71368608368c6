"""One attachment of this process to one segment: its mapping, its table, its anchor."""

from __future__ import annotations

import atexit
import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
import weakref
from collections.abc import Iterator
from typing import Any, Callable, TypeVar

from . import _system
from ._file import File, flags_of, reopen
from ._format import locks as f
from ._format import table as t
from ._locks import Anchor, anchors, fork_gate, is_locked
from ._names import check_segment
from ._passport import Passport
from ._points import reach
from ._region import Region
from ._table import MIN_SIZE, TABLE_SIZES, Table, header_of, table_end
from .errors import (
    Closed,
    Exists,
    LocksUnsupported,
    NotASegment,
    NotFound,
    OutOfMemory,
    PermissionDenied,
    ReadOnly,
    TimedOut,
    ZeroIPCError,
)

__all__ = ["Attachment", "attach", "create", "reserve"]

LOCK_SECONDS = 10.0
"""How long a lock is waited for."""
REMOVE_SECONDS = 1.0
"""How long the last one out waits for those who attach."""
_PIECE = 64 << 20
"""How much memory is reserved at a time: little enough to be done between two signals."""
_V1_LIMIT = 1 << 32
_T = TypeVar("_T")

_removing: weakref.WeakSet[Attachment] = weakref.WeakSet()


class Attachment:
    """Keeps a segment mapped and this process anchored in it, as long as anything refers to it."""

    def __init__(self, name: str, file: File, *, read_only: bool, duck_typed: bool) -> None:
        status = _regular(name, file)
        self.name = name
        self.path = _system.path_of(check_segment(name))
        self.file = file
        self.read_only = read_only
        self.duck_typed = duck_typed
        self.remove = False
        self.ended = False
        """Finalised: what is used in finalisers may see it before it is gone."""
        self.region = Region(file.fileno(), status.st_size, read_only=read_only)
        self._anchor: Anchor | None = None
        self.table: Table

    def check(self) -> None:
        """Read the table; everything that follows relies on it."""
        self.table = Table(self.region, self.name)

    # Being there.

    @property
    def word(self) -> Any:
        """A word whose value is the id; 0 where :meth:`identify` has to be asked."""
        assert self._anchor is not None, "an attachment is anchored before it is used"
        return self._anchor.word

    def identify(self) -> int:
        """Return the id of this process's attachment; a forked child gets one of its own.

        Raises
        ------
        LocksUnsupported
            The locks by which others see that this process lives do not work here.
        Closed
            The attachment has ended; only a finaliser can see that.
        """
        if self.ended:
            msg = f"the attachment to segment `{self.name}` has ended; open the segment again"
            raise Closed(msg)
        if self._anchor is None or self._anchor.word.value == 0:
            self._take_anchor()
        return int(self.word.value)

    def is_alive(self, owner: int) -> bool:
        """Whether the read-write attachment ``owner`` is alive; False only if the system says so for certain."""
        me = self.identify()
        if not self.read_only and owner == me:
            return True
        if not 1 <= owner <= f.MAX_WRITER_ID:
            return False  # Nobody can have this id, so nobody will finish what carries it.
        return self._ask(lambda fd: is_locked(fd, f.WRITER_ANCHORS + owner)) is not False

    def count(self) -> int:
        """Return how many attachments there are, this one included.

        Raises
        ------
        NotFound
            The segment's descriptor was closed by somebody else, and its name leads elsewhere.
        """
        self.identify()
        found = self._ask(lambda fd: len(set(anchors(fd))))
        if found is None:
            why = "its descriptor was closed by somebody else, and its name leads to another file by now"
            msg = f"the attachments of segment `{self.name}` cannot be counted: {why}; open the segment again"
            raise NotFound(msg)
        return found

    def _ask(self, ask: Callable[[int], _T]) -> _T | None:
        """Ask about locks through a descriptor that shows the own anchor; None where there is none."""
        with contextlib.suppress(OSError):
            answer = ask(self.file.fileno())
            if self.file.is_open() and is_locked(self.file.fileno(), self._own_byte()):
                return answer
        # Somebody closed the descriptor, and the number may be another file's.
        with contextlib.suppress(OSError), self.reopened() as fresh:
            answer = ask(fresh.fileno())
            if is_locked(fresh.fileno(), self._own_byte()):
                return answer
        return None

    def reopened(self) -> File:
        """Return a descriptor with locks of its own, which leads to the segment for certain."""
        return reopen(self.file, self.path, read_only=self.read_only)

    def _own_byte(self) -> int:
        assert self._anchor is not None, "an attachment is anchored before it is used"
        return self._anchor.byte

    def _take_anchor(self) -> None:
        with fork_gate:
            if self._anchor is not None and self._anchor.word.value:
                return
            second = self.reopened()
            if self._anchor is None:
                self._anchor = Anchor(second)
            else:
                self._anchor.renew(second)
            try:
                value = self._try_ids(self._anchor)
            except BaseException as error:
                second.close()
                if isinstance(error, ZeroIPCError) or not isinstance(error, OSError):
                    raise
                raise self._no_locks(error.strerror or str(error)) from None
            if self._ask(lambda _: True) is None:
                raise self._no_locks("a lock that was just taken is not seen")
            self._anchor.hold(value)

    def _try_ids(self, anchor: Anchor) -> int:
        passport = None
        if not self.read_only:
            # A damaged passport does not keep anyone out; whoever needs it says so.
            with contextlib.suppress(ZeroIPCError):
                passport = Passport.find(self.table)
        for _ in range(f.MAX_ID_TRIES):
            if self.read_only:
                number = secrets.randbelow(f.READER_ANCHOR_COUNT)
                byte, value = f.READER_ANCHORS + number, number + 1
            else:
                value = 1 + (passport.next_id() if passport else secrets.randbelow(f.MAX_WRITER_ID)) % f.MAX_WRITER_ID
                byte = f.WRITER_ANCHORS + value
            if anchor.take(byte, read_only=self.read_only):
                return value
        msg = f"no id is free in segment `{self.name}` after {f.MAX_ID_TRIES} tries; close some of its attachments"
        raise LocksUnsupported(msg)

    def _no_locks(self, why: str) -> LocksUnsupported:
        msg = f"open-file-description locks do not work on segment `{self.name}`: {why}; use a Linux kernel and a /dev/shm that have them"
        return LocksUnsupported(msg)

    # Locks.

    @contextlib.contextmanager
    def attach_lock(self) -> Iterator[None]:
        """Keep those who remove the segment out, while this process is not yet anchored."""
        fd = self.file.fileno()
        deadline = time.monotonic() + LOCK_SECONDS
        try:
            if not _system.nap_until(deadline, lambda: _system.set_lock(fd, fcntl.F_RDLCK, f.ATTACH_LOCK)):
                raise self._locked("attach to", LOCK_SECONDS)
            yield
        finally:
            _unlock(fd, f.ATTACH_LOCK)

    @contextlib.contextmanager
    def creation_lock(self) -> Iterator[File]:
        """Hold the creation lock, through a file that leads to the segment for certain.

        Raises
        ------
        ReadOnly
            The segment was opened for reading only.
        TimedOut
            Someone else holds it for more than 10 seconds.
        """
        if self.read_only:
            msg = f"segment `{self.name}` was opened for reading only; open it without `read_only` to create structures"
            raise ReadOnly(msg)
        with self.reopened() as file:
            fd = file.fileno()
            deadline = time.monotonic() + LOCK_SECONDS
            try:
                if not _system.nap_until(deadline, lambda: _system.set_lock(fd, fcntl.F_WRLCK, f.CREATION_LOCK)):
                    raise self._locked("create a structure in", LOCK_SECONDS)
                yield file
            finally:
                _unlock(fd, f.CREATION_LOCK)

    def _locked(self, what: str, seconds: float) -> TimedOut:
        who = "another process holds its lock"
        msg = f"could not {what} segment `{self.name}` within {seconds:g} s: {who}; see with `lslocks` which one, and end it"
        return TimedOut(msg)

    # Leaving.

    def leads_here(self) -> bool:
        """Whether the name still leads to this segment."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self.file.inode

    def remove_when_last(self) -> None:
        """Ask for the segment to be removed when this attachment ends and no other is there."""
        self.remove = True
        _removing.add(self)

    def leave(self) -> None:
        """Let the anchor go, and remove the segment if that was asked for and nobody else is there."""
        remove, self.remove = self.remove, False
        # A forked child that was never there is not the last one out either.
        if remove and self._anchor is not None and self._anchor.word.value:
            with contextlib.suppress(OSError):
                self._remove_if_last()
        self._release()

    def _release(self) -> None:
        if self._anchor is not None:
            self._anchor.release()

    def _remove_if_last(self) -> None:
        with reopen(self.file, self.path, read_only=False) as own:
            fd = own.fileno()
            deadline = time.monotonic() + REMOVE_SECONDS
            try:
                if not _system.nap_until(deadline, lambda: _system.set_lock(fd, fcntl.F_WRLCK, f.ATTACH_LOCK)):
                    return
                reach("detach.locked")
                self._release()
                reach("detach.released")
                if next(anchors(fd), None) is None and self.leads_here():
                    os.unlink(self.path)
                    reach("detach.unlinked")
            finally:
                _unlock(fd, f.ATTACH_LOCK)

    def __del__(self) -> None:
        self.ended = True
        if hasattr(self, "_anchor"):
            self.leave()
            self.file.close()


def _unlock(fd: int, byte: int) -> None:
    """Let a lock go: closing is not enough, a child that another thread has forked shares the description."""
    with contextlib.suppress(OSError):  # Somebody closed the descriptor.
        _system.set_lock(fd, fcntl.F_UNLCK, byte)


@atexit.register
def _leave_all() -> None:
    """Remove what was to be removed; at the end of the interpreter not every object is finalised."""
    for attachment in list(_removing):
        attachment.leave()


def attach(name: str, *, read_only: bool, duck_typed: bool) -> Attachment:
    """Open a segment.

    Raises
    ------
    NotFound, PermissionDenied, NotASegment, UnsupportedVersion, Corrupt, LocksUnsupported, TimedOut
        What their names say.
    """
    path = _system.path_of(check_segment(name))
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        attachment = Attachment(
            name, _open(name, path, read_only=read_only), read_only=read_only, duck_typed=duck_typed
        )
        reach("attach.opened")
        with attachment.attach_lock():
            reach("attach.locked")
            attachment.check()
            reach("attach.checked")
            attachment.identify()
            reach("attach.anchored")
            here = attachment.leads_here()
        reach("attach.released")
        if here:
            return attachment
        attachment.leave()
        if time.monotonic() >= deadline:
            why = "others remove it again and again; end them"
            msg = f"could not attach to segment `{name}` within {LOCK_SECONDS:g} s: {why}"
            raise TimedOut(msg)


def _regular(name: str, file: File) -> os.stat_result:
    status = os.fstat(file.fileno())
    why = ""
    if not stat.S_ISREG(status.st_mode):
        why = "it is not a regular file"
    elif status.st_size < MIN_SIZE:
        why = f"it has {status.st_size} bytes, expected at least {MIN_SIZE}"
    if why:
        file.close()
        msg = f"`{name}` is not a ZeroIPC segment: {why}; choose another name"
        raise NotASegment(msg)
    return status


def _open(name: str, path: str, *, read_only: bool) -> File:
    try:
        return File(os.open(path, flags_of(read_only=read_only) | os.O_NOFOLLOW))
    except FileNotFoundError:
        msg = f"segment `{name}` does not exist; create it, or start the process that does"
        raise NotFound(msg) from None
    except PermissionError:
        how = "reading" if read_only else "reading and writing"
        msg = f"opening segment `{name}` for {how} is not permitted; ask its owner for a `mode` that permits it"
        raise PermissionDenied(msg) from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.ENODEV):
            msg = f"`{name}` is not a ZeroIPC segment: it is not a regular file; choose another name"
            raise NotASegment(msg) from None
        raise


def create(
    name: str, size: int, *, table_size: int, mode: int, version: int | None, duck_typed: bool, prefault: bool
) -> Attachment:
    """Create a segment that nobody sees before it is whole.

    Raises
    ------
    Exists, OutOfMemory, ValueError
        What their names say; a ``ValueError`` for sizes that do not fit each other and a version that there is not.
    """
    path = _system.path_of(check_segment(name))
    size, version = _check_sizes(name, size, table_size, version)
    if os.path.lexists(path):
        raise _exists(name)
    fd = os.open(_system.directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, mode)
    file = File(fd)
    reach("segment.opened")
    os.ftruncate(fd, size)
    os.fchmod(fd, mode)
    reach("segment.sized")
    reserve(name, fd, 0, size if prefault else table_end(version, table_size))
    reach("segment.reserved")
    attachment = Attachment(name, file, read_only=False, duck_typed=duck_typed)
    attachment.region.write(0, header_of(version, table_size, size))
    attachment.check()
    reach("segment.written")
    attachment.identify()
    reach("segment.anchored")
    try:
        # Naming a directory makes Python call `linkat`, which follows the link to the unnamed file.
        os.link(f"/proc/self/fd/{fd}", path, src_dir_fd=fd, follow_symlinks=True)
    except FileExistsError:
        raise _exists(name) from None
    reach("segment.linked")
    return attachment


def _exists(name: str) -> Exists:
    return Exists(f"segment `{name}` exists already; open it, or remove it with `Memory.unlink`")


def _check_sizes(name: str, size: int, table_size: int, version: int | None) -> tuple[int, int]:
    if table_size not in TABLE_SIZES:
        msg = f"a table has 1, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048 or 4096 entries, not {table_size}"
        raise ValueError(msg)
    if size < 1:
        msg = f"segment `{name}` cannot have {size} bytes; ask for at least 1"
        raise ValueError(msg)
    rounded = -(-size // _system.PAGE) * _system.PAGE
    if version is None:
        version = t.VERSION_1 if rounded < _V1_LIMIT else t.VERSION_2
    if version not in (t.VERSION_1, t.VERSION_2):
        msg = f"the table's version is 1 or 2, not {version}"
        raise ValueError(msg)
    if version == t.VERSION_1 and rounded >= _V1_LIMIT:
        msg = f"segment `{name}` has {rounded} bytes, and version 1 of the table reaches below 4 GiB; use version 2"
        raise ValueError(msg)
    if rounded >= f.CREATION_LOCK:
        msg = f"segment `{name}` has {rounded} bytes, and a segment has less than 2^56; ask for less"
        raise ValueError(msg)
    end = table_end(version, table_size)
    if end > rounded:
        msg = f"segment `{name}` has {rounded} bytes, and a table of {table_size} entries needs {end}; ask for a larger size or a smaller table"
        raise ValueError(msg)
    return rounded, version


def reserve(name: str, fd: int, offset: int, size: int) -> None:
    """Reserve memory for a part of a segment, so that touching it cannot fail.

    The descriptor is one that was just opened: the data descriptor's number may be another file's.

    Raises
    ------
    OutOfMemory
        The system has too little shared memory left; nothing has changed.
    """
    status = os.fstat(fd)
    if status.st_blocks * 512 >= status.st_size:
        return  # Every page is there; walking over them again would take as long as the first time.
    end = offset + size
    start = offset
    try:
        # Refused before it takes the memory of others, who would be killed for it.
        if size > _system.free_memory() + status.st_blocks * 512:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        for start in range(offset, end, _PIECE):
            # A signal makes some kernels give back all of a piece, and Python begins it again after the handlers.
            os.posix_fallocate(fd, start, min(_PIECE, end - start))
    except OSError as error:
        if start > offset:
            _system.give_back(fd, offset, start - offset)
        if error.errno not in (errno.ENOSPC, errno.ENOMEM, errno.EFBIG):
            raise
        free = f"{size} bytes are needed and {_system.free_memory()} free in {_system.directory}"
        todo = "remove segments that are no longer used, or enlarge it (`docker run --shm-size`)"
        msg = f"the system has no shared memory left for segment `{name}`: {free}; {todo}"
        raise OutOfMemory(msg) from None
