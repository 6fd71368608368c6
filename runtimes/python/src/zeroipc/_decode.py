"""Reading a description that comes from a segment and is not to be trusted."""

from __future__ import annotations

import struct
from typing import NoReturn

from ._encode import MAX_DEPTH, MAX_LENGTH
from ._format.schema import NodeTag
from ._types import (
    MAX_ELEMENT_SIZE,
    ArrayType,
    EnumType,
    EnumValue,
    Field,
    Flavour,
    OpaqueType,
    Scalar,
    ScalarType,
    StrType,
    StructType,
    Type,
)

__all__ = ["Malformed", "decode"]

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")


class Malformed(ValueError):
    """The bytes are not a description."""

    def __init__(self, at: int) -> None:
        super().__init__(f"the type description is damaged at byte {at}")
        self.at = at
        """The first byte that could not be understood."""


def decode(encoded: bytes) -> Type:
    """Return the type that a description describes; the bytes must be a private copy.

    Raises
    ------
    Malformed
        A byte is missing, superfluous or impossible: an unknown tag, scalar or flavour, flags on a signed number, text
        that is not UTF-8, a field outside its struct, a size above 2^30, nesting deeper than 32.
    """
    if len(encoded) > MAX_LENGTH:
        raise Malformed(MAX_LENGTH)
    reader = _Reader(encoded)
    ty = reader.node(0)
    if reader.at != len(encoded):
        reader.bad()
    return ty


class _Reader:
    """A bounds-checked walk over untrusted bytes."""

    __slots__ = ("at", "encoded")

    def __init__(self, encoded: bytes) -> None:
        self.encoded = encoded
        self.at = 0

    def bad(self) -> NoReturn:
        raise Malformed(self.at)

    def take(self, length: int) -> bytes:
        taken = self.encoded[self.at : self.at + length]
        if len(taken) != length:
            self.bad()
        self.at += length
        return taken

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int(_U16.unpack(self.take(2))[0])

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def i64(self) -> int:
        return int(_I64.unpack(self.take(8))[0])

    def str(self) -> str:
        length = self.u8()
        at = self.at
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise Malformed(at) from None

    def scalar(self) -> Scalar:
        try:
            return Scalar(self.u8())
        except ValueError as error:
            if isinstance(error, Malformed):
                raise
            raise Malformed(self.at - 1) from None

    def flavour(self) -> Flavour:
        code = self.u8()
        if code > max(Flavour):
            raise Malformed(self.at - 1)
        return Flavour(code)

    def node(self, depth: int) -> Type:
        if depth > MAX_DEPTH:
            self.bad()
        tag = self.u8()
        ty: Type
        if tag == NodeTag.SCALAR:
            ty = ScalarType(self.scalar())
        elif tag == NodeTag.STR:
            ty = StrType(self.u32())
        elif tag == NodeTag.OPAQUE:
            ty = OpaqueType(self.u32())
        elif tag == NodeTag.ARRAY:
            length = self.u32()
            ty = ArrayType(length, self.node(depth + 1))
        elif tag == NodeTag.ENUM:
            ty = self.enum()
        elif tag == NodeTag.STRUCT:
            ty = self.struct(depth)
        else:
            raise Malformed(self.at - 1)
        if ty.size > MAX_ELEMENT_SIZE:
            self.bad()
        return ty

    def enum(self) -> EnumType:
        scalar = self.scalar()
        flavour = self.flavour()
        if not scalar.is_integer or (flavour is Flavour.FLAGS and scalar.is_signed):
            raise Malformed(self.at - 1)
        name = self.str()
        values: list[EnumValue] = []
        for _ in range(self.u16()):
            at = self.at
            value = EnumValue(self.i64(), self.str())
            descends = bool(values) and scalar.number(value.value) < scalar.number(values[-1].value)
            if not scalar.holds(value.value) or descends:
                raise Malformed(at)
            values.append(value)
        return EnumType(name, scalar, flavour, tuple(values))

    def struct(self, depth: int) -> StructType:
        name = self.str()
        size = self.u32()
        align = self.u32()
        if align == 0 or align & (align - 1):
            self.bad()
        fields: list[Field] = []
        previous = 0
        for _ in range(self.u16()):
            at = self.at
            offset = self.u32()
            field = Field(self.str(), offset, self.str(), self.node(depth + 1))
            if field.is_padding or offset < previous or offset + field.type.size > size:
                raise Malformed(at)
            previous = offset
            fields.append(field)
        return StructType(name, size, align, tuple(fields))
