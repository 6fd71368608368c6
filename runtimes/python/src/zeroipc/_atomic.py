"""Real atomics, from GCC's library, through ctypes.

Every function takes the address of an aligned word. They keep the GIL (:class:`ctypes.PyDLL`), so nothing of Python
runs between two of them that are called from one C function such as ``all(map(...))``; the queue builds on that.
"""

from __future__ import annotations

import ctypes
from typing import Any, Callable

from ._types import Scalar

__all__ = [
    "ACQUIRE",
    "ACQ_REL",
    "RELAXED",
    "RELEASE",
    "Word",
    "add4",
    "compare_exchange8",
    "fence",
    "load4",
    "load8",
    "store4",
    "store8",
    "word_of",
]

RELAXED = 0
ACQUIRE = 2
RELEASE = 3
ACQ_REL = 4

try:
    _lib = ctypes.PyDLL("libatomic.so.1")
except OSError as _error:
    _msg = (
        "zeroipc needs GCC's atomics library `libatomic.so.1`; install it: `apt install libatomic1` on Debian and "
        f"Ubuntu, `dnf install libatomic` on Fedora, `apk add libatomic` on Alpine ({_error})"
    )
    raise ImportError(_msg) from None

_Function = Callable[..., Any]


def _function(name: str, result: Any, *arguments: Any) -> _Function:
    function = _lib[name]
    function.restype = result
    function.argtypes = arguments
    return function


_address = ctypes.c_void_p
_word8 = ctypes.c_void_p
"""An unsigned number of 8 bytes; ctypes converts this type fastest."""

# Memory orders have no type here: ctypes passes what has none as an `int`, which they are, and faster.
load4 = _function("__atomic_load_4", ctypes.c_uint32, _address)
store4 = _function("__atomic_store_4", None, _address, ctypes.c_uint32)
add4 = _function("__atomic_fetch_add_4", ctypes.c_uint32, _address, ctypes.c_uint32)
load8 = _function("__atomic_load_8", ctypes.c_uint64, _address)
store8 = _function("__atomic_store_8", None, _address, _word8)
compare_exchange8 = _function("__atomic_compare_exchange_8", ctypes.c_bool, _address, _address, _word8)
"""``(address, address of the expected value, desired, success order, failure order) -> bool``."""
fence = _function("atomic_thread_fence", None)

_UNSIGNED: dict[int, Any] = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_uint32, 8: ctypes.c_uint64}
_SIGNED: dict[int, Any] = {1: ctypes.c_int8, 2: ctypes.c_int16, 4: ctypes.c_int32, 8: ctypes.c_int64}


class Word:
    """The atomics of one width and signedness; floats use those of the unsigned word with their bits."""

    def __init__(self, scalar: Scalar) -> None:
        size = scalar.size
        c_type = (_SIGNED if scalar.is_signed and scalar.is_integer else _UNSIGNED)[size]
        self.c_type = c_type

        def function(name: str, result: Any, *arguments: Any) -> _Function:
            return _function(f"__atomic_{name}_{size}", result, *arguments)

        self.load = function("load", c_type, _address)
        self.store = function("store", None, _address, c_type)
        self.exchange = function("exchange", c_type, _address, c_type)
        self.fetch: dict[str, _Function] = {
            name: function(f"fetch_{name}", c_type, _address, c_type) for name in ("add", "sub", "and", "or", "xor")
        }
        self._compare_exchange = function("compare_exchange", ctypes.c_bool, _address, ctypes.POINTER(c_type), c_type)

    def compare_exchange(self, address: int, expected: int, desired: int) -> tuple[bool, int]:
        """Return whether the word was ``expected`` and is now ``desired``, and what it was before."""
        found = self.c_type(expected)
        done = self._compare_exchange(address, found, desired, ACQ_REL, ACQUIRE)
        return bool(done), int(found.value)


_words: dict[Scalar, Word] = {}


def word_of(scalar: Scalar) -> Word:
    """Return the atomics for a scalar."""
    word = _words.get(scalar)
    if word is None:
        word = _words[scalar] = Word(scalar)
    return word
