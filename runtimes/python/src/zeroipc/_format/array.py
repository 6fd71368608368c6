"""The array: docs/format.md, section 5."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = [
    "ARRAY_HEADER_CAPACITY_OFFSET",
    "ARRAY_HEADER_DTYPE",
    "ARRAY_HEADER_SIZE",
]

ARRAY_HEADER_SIZE: Final = 8
"""Header of an array: size in bytes."""
ARRAY_HEADER_CAPACITY_OFFSET: Final = 0
ARRAY_HEADER_DTYPE: Final = np.dtype(
    {
        "names": ["capacity"],
        "formats": ["<u8"],
        "offsets": [0],
        "itemsize": 8,
    }
)
"""Header of an array."""
