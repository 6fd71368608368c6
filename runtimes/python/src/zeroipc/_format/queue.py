"""The queue: docs/format.md, section 6."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = [
    "CELL_EMPTY",
    "CELL_FULL",
    "CELL_OWNER_BITS",
    "CELL_OWNER_SHIFT",
    "CELL_POSITION_SHIFT",
    "CELL_TAG_MASK",
    "CELL_WAIT_BIT",
    "CELL_WRITING",
    "CELL_WRITING_POSITION_BITS",
    "CELL_WRITING_POSITION_SHIFT",
    "MAX_QUEUE_CAPACITY",
    "QUEUE_HEADER_CAPACITY_OFFSET",
    "QUEUE_HEADER_DTYPE",
    "QUEUE_HEADER_HEAD_OFFSET",
    "QUEUE_HEADER_SIZE",
    "QUEUE_HEADER_TAIL_OFFSET",
    "WAIT_SLICE_MS",
]

CELL_EMPTY: Final = 1
"""Tag of a cell whose position is not yet claimed."""
CELL_WRITING: Final = 2
"""Tag of a cell that its owner writes."""
CELL_FULL: Final = 3
"""Tag of a cell that has a value."""
CELL_TAG_MASK: Final = 0x3
"""The bits of the tag."""
CELL_WAIT_BIT: Final = 0x4
"""Someone waits for this cell to change."""
CELL_POSITION_SHIFT: Final = 3
"""Where the position of EMPTY and FULL begins."""
CELL_OWNER_SHIFT: Final = 3
"""Where the owner's id of WRITING begins."""
CELL_OWNER_BITS: Final = 24
"""Bits of the owner's id."""
CELL_WRITING_POSITION_SHIFT: Final = 27
"""Where the position of WRITING begins."""
CELL_WRITING_POSITION_BITS: Final = 37
"""Bits of the position of WRITING."""
WAIT_SLICE_MS: Final = 250
"""Longest sleep without looking again, in milliseconds."""
MAX_QUEUE_CAPACITY: Final = 1 << 31
"""Largest capacity."""

QUEUE_HEADER_SIZE: Final = 24
"""Header of a queue: size in bytes."""
QUEUE_HEADER_HEAD_OFFSET: Final = 0
QUEUE_HEADER_TAIL_OFFSET: Final = 8
QUEUE_HEADER_CAPACITY_OFFSET: Final = 16
QUEUE_HEADER_DTYPE: Final = np.dtype(
    {
        "names": ["head", "tail", "capacity"],
        "formats": ["<u8", "<u8", "<u8"],
        "offsets": [0, 8, 16],
        "itemsize": 24,
    }
)
"""Header of a queue."""
