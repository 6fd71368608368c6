"""The table of a segment: docs/format.md, section 2."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = [
    "MAGIC",
    "NAME_SIZE",
    "TABLE_ENTRY_V1_DTYPE",
    "TABLE_ENTRY_V1_NAME_OFFSET",
    "TABLE_ENTRY_V1_OFFSET_OFFSET",
    "TABLE_ENTRY_V1_SIZE",
    "TABLE_ENTRY_V1_SIZE_OFFSET",
    "TABLE_ENTRY_V2_DTYPE",
    "TABLE_ENTRY_V2_NAME_OFFSET",
    "TABLE_ENTRY_V2_OFFSET_OFFSET",
    "TABLE_ENTRY_V2_SIZE",
    "TABLE_ENTRY_V2_SIZE_OFFSET",
    "TABLE_HEADER_V1_DTYPE",
    "TABLE_HEADER_V1_ENTRY_COUNT_OFFSET",
    "TABLE_HEADER_V1_MAGIC_OFFSET",
    "TABLE_HEADER_V1_NEXT_OFFSET_OFFSET",
    "TABLE_HEADER_V1_SIZE",
    "TABLE_HEADER_V1_VERSION_OFFSET",
    "TABLE_HEADER_V2_DTYPE",
    "TABLE_HEADER_V2_ENTRY_COUNT_OFFSET",
    "TABLE_HEADER_V2_MAGIC_OFFSET",
    "TABLE_HEADER_V2_MAX_ENTRIES_OFFSET",
    "TABLE_HEADER_V2_MEMORY_SIZE_OFFSET",
    "TABLE_HEADER_V2_NEXT_OFFSET_OFFSET",
    "TABLE_HEADER_V2_SIZE",
    "TABLE_HEADER_V2_VERSION_OFFSET",
    "VERSION_1",
    "VERSION_2",
]

MAGIC: Final = 0x5A49504D
"""First word of every segment."""
VERSION_1: Final = 1
"""The table with 32-bit offsets."""
VERSION_2: Final = 2
"""The table with 64-bit offsets."""
NAME_SIZE: Final = 32
"""Bytes of a name in an entry, the terminating NUL included."""

TABLE_HEADER_V1_SIZE: Final = 16
"""Header of version 1: size in bytes."""
TABLE_HEADER_V1_MAGIC_OFFSET: Final = 0
TABLE_HEADER_V1_VERSION_OFFSET: Final = 4
TABLE_HEADER_V1_ENTRY_COUNT_OFFSET: Final = 8
TABLE_HEADER_V1_NEXT_OFFSET_OFFSET: Final = 12
TABLE_HEADER_V1_DTYPE: Final = np.dtype(
    {
        "names": ["magic", "version", "entry_count", "next_offset"],
        "formats": ["<u4", "<u4", "<u4", "<u4"],
        "offsets": [0, 4, 8, 12],
        "itemsize": 16,
    }
)
"""Header of version 1."""

TABLE_ENTRY_V1_SIZE: Final = 40
"""Entry of version 1: size in bytes."""
TABLE_ENTRY_V1_NAME_OFFSET: Final = 0
TABLE_ENTRY_V1_OFFSET_OFFSET: Final = 32
TABLE_ENTRY_V1_SIZE_OFFSET: Final = 36
TABLE_ENTRY_V1_DTYPE: Final = np.dtype(
    {
        "names": ["name", "offset", "size"],
        "formats": ["S32", "<u4", "<u4"],
        "offsets": [0, 32, 36],
        "itemsize": 40,
    }
)
"""Entry of version 1."""

TABLE_HEADER_V2_SIZE: Final = 32
"""Header of version 2: size in bytes."""
TABLE_HEADER_V2_MAGIC_OFFSET: Final = 0
TABLE_HEADER_V2_VERSION_OFFSET: Final = 4
TABLE_HEADER_V2_ENTRY_COUNT_OFFSET: Final = 8
TABLE_HEADER_V2_MAX_ENTRIES_OFFSET: Final = 12
TABLE_HEADER_V2_MEMORY_SIZE_OFFSET: Final = 16
TABLE_HEADER_V2_NEXT_OFFSET_OFFSET: Final = 24
TABLE_HEADER_V2_DTYPE: Final = np.dtype(
    {
        "names": ["magic", "version", "entry_count", "max_entries", "memory_size", "next_offset"],
        "formats": ["<u4", "<u4", "<u4", "<u4", "<u8", "<u8"],
        "offsets": [0, 4, 8, 12, 16, 24],
        "itemsize": 32,
    }
)
"""Header of version 2."""

TABLE_ENTRY_V2_SIZE: Final = 48
"""Entry of version 2: size in bytes."""
TABLE_ENTRY_V2_NAME_OFFSET: Final = 0
TABLE_ENTRY_V2_OFFSET_OFFSET: Final = 32
TABLE_ENTRY_V2_SIZE_OFFSET: Final = 40
TABLE_ENTRY_V2_DTYPE: Final = np.dtype(
    {
        "names": ["name", "offset", "size"],
        "formats": ["S32", "<u8", "<u8"],
        "offsets": [0, 32, 40],
        "itemsize": 48,
    }
)
"""Entry of version 2."""
