"""Where the library runs: Linux, 64-bit, little-endian."""

from __future__ import annotations

import platform
import struct
import sys

__all__ = ["FUTEX", "IS_X86_64"]

_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "loongarch64": 98}
_MACHINE = platform.machine()

if sys.platform != "linux" or struct.calcsize("P") != 8 or sys.byteorder != "little":
    msg = f"zeroipc needs 64-bit little-endian Linux; this is {sys.platform} on {_MACHINE}"
    raise ImportError(msg)
if _MACHINE not in _FUTEX_NUMBERS:
    msg = f"zeroipc does not know the system calls of {_MACHINE}; it knows {', '.join(_FUTEX_NUMBERS)}"
    raise ImportError(msg)

FUTEX = _FUTEX_NUMBERS[_MACHINE]
"""The number of the system call ``futex``."""
IS_X86_64 = _MACHINE == "x86_64"
"""Whether an aligned access of 8 bytes is one move, a load acquires and a store releases."""
