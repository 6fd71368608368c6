"""What an element looks like, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Union

from ._format.schema import Flavour, ScalarCode
from ._names import shown

__all__ = [
    "MAX_ALIGN",
    "MAX_ELEMENT_SIZE",
    "ArrayType",
    "EnumType",
    "EnumValue",
    "Field",
    "Flavour",
    "OpaqueType",
    "Scalar",
    "ScalarType",
    "StrType",
    "StructType",
    "Type",
]

MAX_ELEMENT_SIZE = 1 << 30
"""Largest element in bytes."""
MAX_ALIGN = 4096
"""Largest alignment at which an array places its elements."""


class Scalar(IntEnum):
    """A number of fixed width; the value is its code in a description, the name its canonical name."""

    u8 = ScalarCode.U8
    u16 = ScalarCode.U16
    u32 = ScalarCode.U32
    u64 = ScalarCode.U64
    i8 = ScalarCode.I8
    i16 = ScalarCode.I16
    i32 = ScalarCode.I32
    i64 = ScalarCode.I64
    f32 = ScalarCode.F32
    f64 = ScalarCode.F64
    bool8 = ScalarCode.BOOL8
    f16 = ScalarCode.F16
    complex64 = ScalarCode.COMPLEX64
    complex128 = ScalarCode.COMPLEX128

    @property
    def size(self) -> int:
        """Size in bytes."""
        return _SIZES[self]

    @property
    def align(self) -> int:
        """Alignment in bytes: the size, or for a complex number that of one of its parts."""
        return self.size // 2 if self >= Scalar.complex64 else self.size

    @property
    def is_integer(self) -> bool:
        """Whether an enum may use it."""
        return self <= Scalar.i64

    @property
    def is_signed(self) -> bool:
        """Whether it has negative values."""
        return Scalar.i8 <= self <= Scalar.f64 or self >= Scalar.f16

    @property
    def is_atomic(self) -> bool:
        """Whether an element is one word that atomic operations work on."""
        return self <= Scalar.bool8

    def holds(self, stored: int) -> bool:
        """Whether an enum on this number can have a value that is stored as this 64-bit number."""
        if not self.is_integer:
            return False
        if self.size == 8:
            return True
        bits = 8 * self.size
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if self.is_signed else (0, (1 << bits) - 1)
        return low <= stored <= high

    def number(self, stored: int) -> int:
        """Return the number that an enum's stored value stands for: `u64` is stored as its two's complement."""
        return stored if self.is_signed else stored & 0xFFFF_FFFF_FFFF_FFFF


_SIZES = dict(zip(Scalar, (1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1, 2, 8, 16)))


# Nodes are dataclasses, not tuples: tuples of different classes are equal where their contents are, and `str[1]` is no `u8`.


@dataclass(frozen=True)
class ScalarType:
    """One number."""

    scalar: Scalar

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.scalar.size

    @property
    def align(self) -> int:
        """Alignment in bytes."""
        return self.scalar.align

    def __str__(self) -> str:
        return self.scalar.name


@dataclass(frozen=True)
class ArrayType:
    """Elements, one behind the other."""

    length: int
    elem: Type

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.length * self.elem.size

    @property
    def align(self) -> int:
        """Alignment in bytes."""
        return self.elem.align

    def __str__(self) -> str:
        return f"[{self.elem}; {self.length}]"


@dataclass(frozen=True)
class StrType:
    """UTF-8 text filled up with NUL."""

    length: int

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.length

    @property
    def align(self) -> int:
        """Alignment in bytes."""
        return 1

    def __str__(self) -> str:
        return f"str[{self.length}]"


@dataclass(frozen=True)
class OpaqueType:
    """Bytes of which only the number is known."""

    length: int

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.length

    @property
    def align(self) -> int:
        """Alignment in bytes."""
        return 1

    def __str__(self) -> str:
        return f"{self.length} opaque bytes"


class EnumValue(NamedTuple):
    """One named value, a signed 64-bit number; `u64` values above 2^63 - 1 are their two's complement."""

    value: int
    name: str


@dataclass(frozen=True)
class EnumType:
    """A number with named values; the flavour says what the names are."""

    name: str
    repr: Scalar
    flavour: Flavour
    values: tuple[EnumValue, ...]

    @property
    def size(self) -> int:
        """Size in bytes."""
        return self.repr.size

    @property
    def align(self) -> int:
        """Alignment in bytes."""
        return self.repr.align

    def __str__(self) -> str:
        return f"{shown(self.name)}: {self.repr.name}" if self.name else f"enum of {self.repr.name}"


class Field(NamedTuple):
    """One field; an empty name or unit means that it is not known."""

    name: str
    offset: int
    unit: str
    type: Type

    @property
    def is_padding(self) -> bool:
        """Whether descriptions and fingerprints leave the field out."""
        return self.name.startswith("_")


@dataclass(frozen=True)
class StructType:
    """Fields at ascending offsets."""

    name: str
    length: int
    alignment: int
    fields: tuple[Field, ...]

    @property
    def size(self) -> int:
        """Size in bytes, tail padding included."""
        return self.length

    @property
    def align(self) -> int:
        """Alignment in bytes."""
        return self.alignment

    @property
    def named(self) -> tuple[Field, ...]:
        """The fields that are not padding."""
        return tuple(field for field in self.fields if not field.is_padding)

    def __str__(self) -> str:
        return shown(self.name) if self.name else f"struct of {self.length} bytes"


Type = Union[ScalarType, ArrayType, StrType, OpaqueType, EnumType, StructType]
