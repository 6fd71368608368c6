"""Two 64-bit fingerprints of a type: docs/format.md, section 3.2."""

from __future__ import annotations

from ._encode import ordered_values
from ._types import ArrayType, EnumType, Flavour, OpaqueType, Scalar, ScalarType, StrType, StructType, Type

__all__ = ["layout", "schema"]

_OFFSET_BASIS = 0xCBF2_9CE4_8422_2325
_PRIME = 0x0000_0100_0000_01B3
_MASK = 0xFFFF_FFFF_FFFF_FFFF
_DOMAINS = {Flavour.OPEN: "zipc1.enum", Flavour.CLOSED: "zipc1.closed", Flavour.FLAGS: "zipc1.flags"}


def layout(ty: Type) -> int:
    """Return the fingerprint of the bytes: sizes, offsets, element kinds, counts."""
    return _of(ty, meaning=False)


def schema(ty: Type) -> int:
    """Return the fingerprint of bytes and meaning: layout, field names, units, enum values."""
    return _of(ty, meaning=True)


def _of(ty: Type, *, meaning: bool) -> int:
    if isinstance(ty, ScalarType):
        return _number(ty.scalar)
    if isinstance(ty, ArrayType):
        return _hash("zipc1.array", ty.length, _of(ty.elem, meaning=meaning))
    if isinstance(ty, StrType):
        return _hash("zipc1.str", ty.length) if meaning else _hash("zipc1.array", ty.length, _number(Scalar.u8))
    if isinstance(ty, OpaqueType):
        return _hash("zipc1.opaque", ty.length)
    if isinstance(ty, EnumType):
        return _enum(ty) if meaning else _number(ty.repr)
    return _struct(ty, meaning=meaning)


def _number(scalar: Scalar) -> int:
    return _hash("zipc1.prim", scalar.name)


def _enum(ty: EnumType) -> int:
    parts: list[str | int] = [_DOMAINS[ty.flavour], ty.repr.name, len(ty.values)]
    for value in ordered_values(ty):
        parts += [value.value, value.name]
    return _hash(*parts)


def _struct(ty: StructType, *, meaning: bool) -> int:
    fields = ty.named
    parts: list[str | int] = ["zipc1.struct", ty.length, len(fields)]
    for field in fields:
        fingerprint = _of(field.type, meaning=meaning)
        if meaning and field.unit:
            fingerprint = _hash("zipc1.unit", field.unit, fingerprint)
        parts += [field.offset, field.name if meaning else "", fingerprint]
    return _hash(*parts)


def _hash(*parts: str | int) -> int:
    fingerprint = _OFFSET_BASIS
    for part in parts:
        if isinstance(part, str):
            raw = part.encode()
            data = len(raw).to_bytes(8, "little") + raw
        else:
            data = (part & _MASK).to_bytes(8, "little")
        for byte in data:
            fingerprint = (fingerprint ^ byte) * _PRIME & _MASK
    return fingerprint
