"""The passport, entry `.schema`: docs/format.md, section 3."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

__all__ = [
    "Kind",
    "NodeTag",
    "RECORD_VERSION",
    "SCHEMA_HEADER_DTYPE",
    "SCHEMA_HEADER_MAGIC_OFFSET",
    "SCHEMA_HEADER_NEXT_ID_OFFSET",
    "SCHEMA_HEADER_SIZE",
    "SCHEMA_HEADER_USED_OFFSET",
    "SCHEMA_HEADER_VERSION_OFFSET",
    "SCHEMA_MAGIC",
    "SCHEMA_RECORD_DTYPE",
    "SCHEMA_RECORD_KIND_OFFSET",
    "SCHEMA_RECORD_LENGTH_OFFSET",
    "SCHEMA_RECORD_NAME_OFFSET",
    "SCHEMA_RECORD_OFFSET_OFFSET",
    "SCHEMA_RECORD_RESERVED_OFFSET",
    "SCHEMA_RECORD_SIZE",
    "SCHEMA_RECORD_TYPE_COUNT_OFFSET",
    "SCHEMA_RECORD_VERSION_OFFSET",
    "SCHEMA_TYPE_DESCRIPTION_LENGTH_OFFSET",
    "SCHEMA_TYPE_DTYPE",
    "SCHEMA_TYPE_LAYOUT_OFFSET",
    "SCHEMA_TYPE_SCHEMA_OFFSET",
    "SCHEMA_TYPE_SIZE",
    "SCHEMA_TYPE_SIZE_OFFSET",
    "SCHEMA_VERSION",
    "ScalarCode",
]

SCHEMA_MAGIC: Final = 0x4D484353
"""First word of the passport."""
SCHEMA_VERSION: Final = 1
"""Version of the passport."""
RECORD_VERSION: Final = 1
"""Version of a record."""


class Kind(IntEnum):
    """What a structure is."""

    ARRAY = 1
    """Elements of one type, one behind the other."""
    QUEUE = 2
    """First in, first out, for any number of producers and consumers."""


class ScalarCode(IntEnum):
    """The number type of a scalar in a description."""

    U8 = 1
    """Unsigned, 1 byte."""
    U16 = 2
    """Unsigned, 2 bytes."""
    U32 = 3
    """Unsigned, 4 bytes."""
    U64 = 4
    """Unsigned, 8 bytes."""
    I8 = 5
    """Signed, 1 byte."""
    I16 = 6
    """Signed, 2 bytes."""
    I32 = 7
    """Signed, 4 bytes."""
    I64 = 8
    """Signed, 8 bytes."""
    F32 = 9
    """IEEE 754 binary32."""
    F64 = 10
    """IEEE 754 binary64."""
    BOOL8 = 11
    """A truth value in one byte: 0 is false, everything else is true."""


class NodeTag(IntEnum):
    """The first byte of a node in a description."""

    SCALAR = 1
    """One number."""
    ARRAY = 2
    """Elements, one behind the other."""
    STR = 3
    """UTF-8 filled up with NUL."""
    ENUM = 4
    """A number with named values."""
    STRUCT = 5
    """Fields at offsets."""
    OPAQUE = 6
    """Bytes of which only the number is known."""


SCHEMA_HEADER_SIZE: Final = 16
"""Header of the passport: size in bytes."""
SCHEMA_HEADER_MAGIC_OFFSET: Final = 0
SCHEMA_HEADER_VERSION_OFFSET: Final = 4
SCHEMA_HEADER_NEXT_ID_OFFSET: Final = 8
SCHEMA_HEADER_USED_OFFSET: Final = 12
SCHEMA_HEADER_DTYPE: Final = np.dtype(
    {
        "names": ["magic", "version", "next_id", "used"],
        "formats": ["<u4", "<u4", "<u4", "<u4"],
        "offsets": [0, 4, 8, 12],
        "itemsize": 16,
    }
)
"""Header of the passport."""

SCHEMA_RECORD_SIZE: Final = 56
"""One record: size in bytes."""
SCHEMA_RECORD_LENGTH_OFFSET: Final = 0
SCHEMA_RECORD_VERSION_OFFSET: Final = 4
SCHEMA_RECORD_KIND_OFFSET: Final = 6
SCHEMA_RECORD_OFFSET_OFFSET: Final = 8
SCHEMA_RECORD_NAME_OFFSET: Final = 16
SCHEMA_RECORD_TYPE_COUNT_OFFSET: Final = 48
SCHEMA_RECORD_RESERVED_OFFSET: Final = 52
SCHEMA_RECORD_DTYPE: Final = np.dtype(
    {
        "names": ["length", "version", "kind", "offset", "name", "type_count", "reserved"],
        "formats": ["<u4", "<u2", "<u2", "<u8", "S32", "<u4", "<u4"],
        "offsets": [0, 4, 6, 8, 16, 48, 52],
        "itemsize": 56,
    }
)
"""One record."""

SCHEMA_TYPE_SIZE: Final = 24
"""One type of a record: size in bytes."""
SCHEMA_TYPE_LAYOUT_OFFSET: Final = 0
SCHEMA_TYPE_SCHEMA_OFFSET: Final = 8
SCHEMA_TYPE_SIZE_OFFSET: Final = 16
SCHEMA_TYPE_DESCRIPTION_LENGTH_OFFSET: Final = 20
SCHEMA_TYPE_DTYPE: Final = np.dtype(
    {
        "names": ["layout", "schema", "size", "description_length"],
        "formats": ["<u8", "<u8", "<u4", "<u4"],
        "offsets": [0, 8, 16, 20],
        "itemsize": 24,
    }
)
"""One type of a record."""
