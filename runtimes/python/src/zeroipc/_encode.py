"""A type as the bytes in which a segment stores it: docs/format.md, section 3.1."""

from __future__ import annotations

import struct

from ._format.schema import NodeTag
from ._types import ArrayType, EnumType, EnumValue, OpaqueType, ScalarType, StrType, StructType, Type
from .errors import UnsupportedType

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "encode",
    "ordered_values",
]

MAX_LENGTH = 65_535
"""Longest description in bytes."""
MAX_DEPTH = 32
"""Deepest nesting below the top."""
_MAX_NAME = 255
_MAX_ITEMS = 65_535


def encode(ty: Type) -> bytes:
    """Return the description of a type.

    Raises
    ------
    UnsupportedType
        The type is nested deeper than 32, has a name above 255 bytes, or needs more than 65,535 bytes.
    """
    encoded = b"".join(_node(ty, 0))
    if len(encoded) > MAX_LENGTH:
        msg = "the type's description needs more than 65,535 bytes; split the type"
        raise UnsupportedType(msg)
    return encoded


def ordered_values(ty: EnumType) -> list[EnumValue]:
    """Return an enum's values by ascending number; equal ones keep their order."""
    return sorted(ty.values, key=lambda value: ty.repr.number(value.value))


def _node(ty: Type, depth: int) -> list[bytes]:
    if depth > MAX_DEPTH:
        msg = "the type is nested deeper than 32; flatten it"
        raise UnsupportedType(msg)
    if isinstance(ty, ScalarType):
        return [bytes((NodeTag.SCALAR, ty.scalar))]
    if isinstance(ty, StrType):
        return [struct.pack("<BI", NodeTag.STR, ty.length)]
    if isinstance(ty, OpaqueType):
        return [struct.pack("<BI", NodeTag.OPAQUE, ty.length)]
    if isinstance(ty, ArrayType):
        return [struct.pack("<BI", NodeTag.ARRAY, ty.length), *_node(ty.elem, depth + 1)]
    return _enum(ty) if isinstance(ty, EnumType) else _struct(ty, depth)


def _enum(ty: EnumType) -> list[bytes]:
    parts = [bytes((NodeTag.ENUM, ty.repr, ty.flavour)), _str(ty.name), _count(len(ty.values))]
    for value in ordered_values(ty):
        parts += [struct.pack("<q", value.value), _str(value.name)]
    return parts


def _struct(ty: StructType, depth: int) -> list[bytes]:
    fields = ty.named
    parts = [bytes((NodeTag.STRUCT,)), _str(ty.name), struct.pack("<II", ty.length, ty.alignment), _count(len(fields))]
    for field in fields:
        parts += [struct.pack("<I", field.offset), _str(field.name), _str(field.unit), *_node(field.type, depth + 1)]
    return parts


def _count(count: int) -> bytes:
    if count > _MAX_ITEMS:
        raise _out_of_range()
    return struct.pack("<H", count)


def _str(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > _MAX_NAME:
        raise _out_of_range()
    return bytes((len(raw),)) + raw


def _out_of_range() -> UnsupportedType:
    return UnsupportedType("a name has more than 255 bytes or a list more than 65,535 items; shorten it")
