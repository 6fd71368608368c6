"""Record locks beyond the end of the file: docs/format.md, section 4."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ATTACH_LOCK",
    "CREATION_LOCK",
    "MAX_ID_TRIES",
    "MAX_WRITER_ID",
    "READER_ANCHORS",
    "READER_ANCHOR_COUNT",
    "WRITER_ANCHORS",
]

CREATION_LOCK: Final = 1 << 56
"""Byte that is locked while a structure is created."""
ATTACH_LOCK: Final = (1 << 56) + 1
"""Byte that is locked shared by who attaches, exclusively by who removes."""
WRITER_ANCHORS: Final = 1 << 57
"""Byte of the anchor of the read-write attachment 0; attachment `id` has this plus `id`."""
READER_ANCHORS: Final = 1 << 62
"""First byte of the anchors of read-only attachments."""
MAX_WRITER_ID: Final = (1 << 24) - 1
"""Largest id of a read-write attachment."""
READER_ANCHOR_COUNT: Final = (1 << 62) - 1
"""How many bytes the anchors of read-only attachments have."""
MAX_ID_TRIES: Final = 1024
"""How many ids are tried before opening fails."""
