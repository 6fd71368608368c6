"""NumPy's dtypes as types of shared memory, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._decode import Malformed, decode
from ._encode import encode
from ._names import shown
from ._types import (
    MAX_ALIGN,
    MAX_ELEMENT_SIZE,
    ArrayType,
    EnumType,
    Field,
    OpaqueType,
    Scalar,
    ScalarType,
    StrType,
    StructType,
    Type,
)
from .errors import UnsupportedType

__all__ = ["METADATA", "describe", "dtype_of", "scalar_of", "split"]

METADATA = "zeroipc"
"""The key in ``dtype.metadata`` under which generated modules store a type's description."""

_CODES = {
    Scalar.u8: "<u1",
    Scalar.u16: "<u2",
    Scalar.u32: "<u4",
    Scalar.u64: "<u8",
    Scalar.i8: "<i1",
    Scalar.i16: "<i2",
    Scalar.i32: "<i4",
    Scalar.i64: "<i8",
    Scalar.f32: "<f4",
    Scalar.f64: "<f8",
    Scalar.bool8: "?",
    Scalar.f16: "<f2",
    Scalar.complex64: "<c8",
    Scalar.complex128: "<c16",
}
_SCALARS = {np.dtype(code).str: scalar for scalar, code in _CODES.items()}


def scalar_of(dtype: np.dtype[Any]) -> Scalar | None:
    """Return the number that a dtype is, or None; what its metadata says is a refinement of it."""
    return _SCALARS.get(dtype.str)


def describe(dtype: np.dtype[Any]) -> Type:
    """Return the type of a dtype: from its metadata where a generated module put it, else from its fields.

    Raises
    ------
    UnsupportedType
        A part of the dtype has no equivalent in shared memory: Unicode strings, objects, other byte orders,
        extended precision, dates; or an element has no byte or more than 1 GiB.
    """
    ty = _describe("", dtype)
    if not 1 <= ty.size <= MAX_ELEMENT_SIZE:
        msg = f"the dtype `{dtype}` has {ty.size} bytes; an element has between 1 and 2^30"
        raise UnsupportedType(msg)
    return ty


def _describe(path: str, dtype: np.dtype[Any]) -> Type:
    if dtype.metadata is not None and METADATA in dtype.metadata:
        return _from_metadata(path, dtype, dtype.metadata[METADATA])
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        ty = _describe(path, base)
        for count in reversed(shape):
            ty = ArrayType(count, ty)
        return ty
    if dtype.names is not None:
        return _struct(path, dtype)
    if dtype.kind == "S":
        return StrType(dtype.itemsize)
    if dtype.kind == "V":
        return OpaqueType(dtype.itemsize)
    scalar = _SCALARS.get(dtype.str)
    if scalar is None:
        msg = f"{_place(path)} has the dtype `{dtype}`, {_what_to_use(dtype)}"
        raise UnsupportedType(msg)
    return ScalarType(scalar)


def _from_metadata(path: str, dtype: np.dtype[Any], encoded: object) -> Type:
    if not isinstance(encoded, bytes):
        msg = f'{_place(path)} has metadata["{METADATA}"] of type {type(encoded).__name__}; it must be bytes'
        raise UnsupportedType(msg)
    try:
        ty = decode(encoded)
    except Malformed as error:
        msg = f'{_place(path)} has metadata["{METADATA}"] that is no description: {error}; generate the module again'
        raise UnsupportedType(msg) from None
    if ty.size != dtype.itemsize:
        what = f"describes {ty.size} bytes, and the dtype has {dtype.itemsize}"
        msg = f'{_place(path)} has metadata["{METADATA}"] that {what}; generate the module again'
        raise UnsupportedType(msg)
    return ty


def _struct(path: str, dtype: np.dtype[Any]) -> StructType:
    members: Mapping[str, Any] = dtype.fields or {}
    fields = []
    for name in dtype.names or ():
        if name.startswith("_"):
            continue
        inner, offset = members[name][:2]
        fields.append(Field(name, offset, "", _describe(f"{path}.{name}" if path else name, inner)))
    fields.sort(key=lambda field: field.offset)
    return StructType("", dtype.itemsize, min(dtype.alignment, MAX_ALIGN), tuple(fields))


def _place(path: str) -> str:
    return f"field `{shown(path)}`" if path else "the element"


def _what_to_use(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "U":
        return f"whose characters have 4 bytes; use `S{max(dtype.itemsize // 4, 1)}` and UTF-8"
    if dtype.kind == "O" or dtype.hasobject:
        return "a reference into this process; store numbers, `S<n>` or a struct"
    if dtype.kind in "mM":
        return "whose unit no other language knows; use `int64` and name the unit in the schema"
    if not dtype.isnative:
        return f"which is big-endian; use `{dtype.newbyteorder('<').str}`"
    if dtype.kind == "f":
        return "which not every language has; use `float16`, `float32` or `float64`"
    if dtype.kind == "c":
        return "which not every language has; use `complex64` or `complex128`"
    return "which shared memory does not have; use numbers, `S<n>`, `V<n>`, sub-arrays or structs of these"


def dtype_of(ty: Type) -> np.dtype[Any]:
    """Return the dtype that reads a type: explicit offsets, holes as fields ``_pad_<offset>``, enums as numbers.

    What a dtype cannot say (names of types, units, enum values) is kept in its metadata.

    Raises
    ------
    UnsupportedType
        NumPy cannot express the type: too many dimensions, or two fields of one name.
    """
    try:
        dtype = _dtype_of(ty)
    except (ValueError, TypeError, OverflowError) as error:
        msg = f"NumPy has no dtype for {ty}: {error}; give a dtype of {ty.size} bytes"
        raise UnsupportedType(msg) from None
    encoded = encode(ty)
    if encode(_describe("", dtype)) == encoded or dtype.subdtype is not None:
        return dtype
    return np.dtype(dtype, metadata={METADATA: encoded})


def split(dtype: np.dtype[Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return what a dtype of sub-arrays consists of, and in which shape."""
    shape: tuple[int, ...] = ()
    while dtype.subdtype is not None:
        dtype, inner = dtype.subdtype
        shape += inner
    return dtype, shape


def _dtype_of(ty: Type) -> np.dtype[Any]:
    if isinstance(ty, ScalarType):
        return np.dtype(_CODES[ty.scalar])
    if isinstance(ty, EnumType):
        return np.dtype(_CODES[ty.repr])
    if isinstance(ty, StrType):
        return np.dtype(f"S{ty.length}")
    if isinstance(ty, OpaqueType):
        return np.dtype(f"V{ty.length}")
    if isinstance(ty, ArrayType):
        if _overlaps(ty.elem):
            # Concatenating a dtype that has an array of overlapping fields in it corrupts NumPy's memory.
            return np.dtype((f"V{ty.elem.size}", (ty.length,)))
        base, shape = split(_dtype_of(ty.elem))
        return np.dtype((base, (ty.length, *shape)))
    return _struct_dtype(ty)


def _overlaps(ty: Type) -> bool:
    """Return whether a type has fields that share bytes, as the cases of a variant do."""
    if isinstance(ty, ArrayType):
        return _overlaps(ty.elem)
    if not isinstance(ty, StructType):
        return False
    end = 0
    for field in ty.fields:
        if field.offset < end or _overlaps(field.type):
            return True
        end = field.offset + field.type.size
    return False


def _struct_dtype(ty: StructType) -> np.dtype[Any]:
    names: list[str] = []
    formats: list[np.dtype[Any]] = []
    offsets: list[int] = []

    def place(name: str, inner: np.dtype[Any], offset: int) -> None:
        names.append(name)
        formats.append(inner)
        offsets.append(offset)

    end = 0
    for field in ty.fields:
        if field.offset > end:
            place(f"_pad_{end}", np.dtype(f"V{field.offset - end}"), end)
        place(field.name or f"field_{field.offset}", _dtype_of(field.type), field.offset)
        end = max(end, field.offset + field.type.size)
    if ty.length > end:
        place(f"_pad_{end}", np.dtype(f"V{ty.length - end}"), end)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": ty.length})  # type: ignore[call-overload,no-any-return,unused-ignore]
