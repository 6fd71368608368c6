"""The system calls that Python's library does not have, and those that need care."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import struct
import time
from functools import partial
from typing import Callable

import numpy as np

from ._platform import FUTEX

__all__ = [
    "PAGE",
    "directory",
    "find_lock",
    "free_memory",
    "futex_wait",
    "give_back",
    "map_private_word",
    "map_reserved",
    "map_shared",
    "nap_until",
    "path_of",
    "set_lock",
    "unmap",
    "wake",
    "waking",
]

PAGE = mmap.PAGESIZE
directory = "/dev/shm"
"""Where the system keeps named shared memory."""

_blocking = ctypes.CDLL(None, use_errno=True)
"""Releases the GIL."""
_quick = ctypes.PyDLL(None, use_errno=True)
"""Keeps the GIL."""

_FUTEX_WAIT = 0
_FUTEX_WAKE = 1
_MADV_DONTFORK = 10
_MADV_WIPEONFORK = 18
_PROT_NONE = 0
_MAP_FIXED = 0x10
_FALLOC_FL_KEEP_SIZE = 1
_FALLOC_FL_PUNCH_HOLE = 2
_NO_LIMIT = (1 << 63) - 1
_MAP_FAILED = (1 << 64) - 1
_EVERYONE = 0x7FFF_FFFF

_mmap = _quick["mmap"]
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64)
_munmap = _quick["munmap"]
_munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_madvise = _quick["madvise"]
_madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_fallocate = _blocking["fallocate"]
_fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_int64), ("nanoseconds", ctypes.c_int64))


_wait = _blocking["syscall"]
_wait.restype = ctypes.c_long
_wait.argtypes = (
    ctypes.c_long,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_uint32,
    ctypes.POINTER(_Timespec),
    ctypes.c_void_p,
    ctypes.c_int,
)
_wake = _quick["syscall"]
_wake.restype = None
_wake.argtypes = (ctypes.c_long, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)


def path_of(file_name: str) -> str:
    """Return the path of a segment's file."""
    return f"{directory}/{file_name}"


def futex_wait(address: int, expected: int, seconds: float) -> None:
    """Sleep until woken, as long as the 4 bytes at ``address`` are ``expected``; at most ``seconds``."""
    nanoseconds = max(int(seconds * 1e9), 1)
    timeout = _Timespec(nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000)
    _wait(FUTEX, address, _FUTEX_WAIT, expected, timeout, None, 0)


def wake(address: int) -> None:
    """Wake everyone who sleeps on the 4 bytes at ``address``, in every process."""
    _wake(FUTEX, address, _FUTEX_WAKE, _EVERYONE)


def waking(address: int) -> partial[object]:
    """Return :func:`wake` as a step that runs nothing of Python."""
    return partial(_wake, FUTEX, address, _FUTEX_WAKE, _EVERYONE)


def map_shared(fd: int, size: int, *, read_only: bool) -> tuple[int, mmap.mmap]:
    """Map a file; return the address, and the object whose end unmaps it."""
    # Over a reserved range: given the file, `mmap.mmap` would keep a descriptor of its own.
    owner = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=_PROT_NONE)
    address = _address_of(owner)
    protection = mmap.PROT_READ if read_only else mmap.PROT_READ | mmap.PROT_WRITE
    return _mapped(
        _mmap(address, size, protection, mmap.MAP_SHARED | _MAP_FIXED, fd, 0), f"mapping {size} bytes"
    ), owner


def map_reserved(fd: int) -> int:
    """Map one page of a file so that nothing can reach it and no forked child has it; return the address."""
    address = _mapped(_mmap(None, PAGE, _PROT_NONE, mmap.MAP_SHARED, fd, 0), "mapping an anchor")
    try:
        _advise(address, _MADV_DONTFORK)
    except OSError:
        unmap(address, PAGE)
        raise
    return address


def map_private_word() -> ctypes.c_uint64:
    """Return a word on a page of its own that reads 0 in a forked child; the page is unmapped when the word goes."""
    page = mmap.mmap(-1, PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    _advise(_address_of(page), _MADV_WIPEONFORK)
    return ctypes.c_uint64.from_buffer(page)


def unmap(address: int, size: int) -> None:
    """Unmap what was mapped."""
    _munmap(address, size)


def _address_of(owner: mmap.mmap) -> int:
    return int(np.frombuffer(owner, np.uint8).__array_interface__["data"][0])


def _mapped(address: int | None, what: str) -> int:
    if address is None or address == _MAP_FAILED:
        number = ctypes.get_errno()
        raise OSError(number, f"{what} failed: {os.strerror(number)}")
    return address


def _advise(address: int, advice: int) -> None:
    if _madvise(address, PAGE, advice) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"madvise failed: {os.strerror(number)}")


_FLOCK = struct.Struct("@hhqqi4x")
"""``struct flock``: type, whence, start, length, pid."""


def set_lock(fd: int, kind: int, byte: int) -> bool:
    """Lock (``F_RDLCK``, ``F_WRLCK``) or unlock one byte for the open file description; False if another holds it."""
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def find_lock(fd: int, first: int, count: int = 1) -> tuple[int, int] | None:
    """Return some lock of another open file description in a range: its first and last byte; None if there is none."""
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, first, count, 0)
    kind, _, start, length, _ = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_OFD_GETLK, asked))
    if kind == fcntl.F_UNLCK:
        return None
    return start, start + length - 1 if length else (1 << 63) - 1


def nap_until(deadline: float, attempt: Callable[[], bool]) -> bool:
    """Try and nap, 50 µs doubling to 5 ms, until it works or the deadline passes."""
    nap = 50e-6
    while not attempt():
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return False
        time.sleep(min(nap, remaining))
        nap = min(2 * nap, 5e-3)
    return True


def free_memory() -> int:
    """Return the bytes of shared memory that the system has left."""
    status = os.statvfs(directory)
    # A directory without a limit has no blocks at all.
    return status.f_bavail * status.f_frsize if status.f_blocks else _NO_LIMIT


def give_back(fd: int, offset: int, size: int) -> None:
    """Give the memory of a part of a file back to the system; the part reads as zeros then."""
    _fallocate(fd, _FALLOC_FL_KEEP_SIZE | _FALLOC_FL_PUNCH_HOLE, offset, size)
