"""Values of a queue as the bytes of a cell, and back.

Everything that can fail about a value fails here, before a cell is claimed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any, Callable, cast

import numpy as np

from ._dtypes import describe, split
from ._region import round8
from ._types import Scalar, ScalarType, StrType

__all__ = ["Codec"]

_FORMATS = {
    Scalar.u8: "B",
    Scalar.u16: "H",
    Scalar.u32: "I",
    Scalar.u64: "Q",
    Scalar.i8: "b",
    Scalar.i16: "h",
    Scalar.i32: "i",
    Scalar.i64: "q",
    Scalar.f32: "f",
    Scalar.f64: "d",
    Scalar.bool8: "?",
    Scalar.f16: "e",
}
_PARTS = {"<c8": "f", "<c16": "d"}
"""What the real and the imaginary part of a complex number are."""
_Encode = Callable[[Any], bytes]


class Codec:
    """Converts between Python's values and the 8-byte words of a cell.

    Attributes
    ----------
    dtype
        The type of one value.
    padded
        Bytes of a value in a cell, a multiple of 8.
    encode
        Converts one value; raises TypeError, ValueError or OverflowError.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.size = dtype.itemsize
        self.padded = round8(dtype.itemsize)
        self.encode: _Encode = self._encoder()
        self._is_plain = dtype.names is None and dtype.subdtype is None

    def decode(self, raw: bytearray) -> Any:
        """Return a value: a scalar, or a writeable record with bytes of its own."""
        if self._is_plain:
            return np.frombuffer(raw, self.dtype, 1)[0]
        return np.ndarray((1,), self.dtype, raw)[0]

    def decode_rows(self, rows: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, Any]:
        """Return an array of the values in rows of ``size`` bytes."""
        base, shape = split(self.dtype)
        return np.ndarray((len(rows), *shape), base, np.ascontiguousarray(rows))

    def encode_rows(self, values: Any) -> tuple[int, bytes]:
        """Return how many values there are, and their cells' bytes one behind the other."""
        if not self._is_same(values):
            encoded = [self.encode(value) for value in _iterable(values)]
            return len(encoded), b"".join(encoded)
        count = len(values)
        rows = np.zeros((count, self.padded), np.uint8)
        rows[:, : self.size] = np.ascontiguousarray(values).reshape(-1).view(np.uint8).reshape(count, self.size)
        return count, rows.tobytes()

    def _is_same(self, values: Any) -> bool:
        base, shape = split(self.dtype)
        return isinstance(values, np.ndarray) and values.dtype == base and values.shape[1:] == shape and values.ndim > 0

    def _encoder(self) -> _Encode:
        dtype = self.dtype
        if dtype.names is not None:
            return _StructEncoder(dtype, self.padded)
        if dtype.subdtype is not None:
            base, shape = split(dtype)
            return lambda value: _array_bytes(value, base, shape).ljust(self.padded, b"\0")
        ty = describe(dtype)
        if dtype.kind in "SV" and not isinstance(ty, ScalarType):
            is_text = isinstance(ty, StrType) or dtype.kind == "S"
            return lambda value: _bytes_of(value, self.size, is_text=is_text).ljust(self.padded, b"\0")
        encoder = _complex_encoder if dtype.str in _PARTS else _scalar_encoder
        return encoder(dtype, self.padded)


def _iterable(values: Any) -> Iterable[Any]:
    if isinstance(values, (str, bytes, Mapping)):
        msg = f"expected a sequence of values, not one of type {type(values).__name__}"
        raise TypeError(msg)
    return cast("Iterable[Any]", values)


def _format_of(dtype: np.dtype[Any]) -> str:
    return _FORMATS[_by_code[dtype.str]]


_by_code = {np.dtype(code).str: scalar for scalar, code in _FORMATS.items()}


def _scalar_encoder(dtype: np.dtype[Any], padded: int) -> _Encode:
    pack = struct.Struct(f"<{_format_of(dtype)}{padded - dtype.itemsize}x").pack

    def encode(value: Any) -> bytes:
        try:
            return pack(value)
        except (struct.error, OverflowError, TypeError, ValueError) as error:
            raise _refused(value, dtype, error) from None

    return encode


def _complex_encoder(dtype: np.dtype[Any], padded: int) -> _Encode:
    pack = struct.Struct(f"<2{_PARTS[dtype.str]}{padded - dtype.itemsize}x").pack

    def encode(value: Any) -> bytes:
        try:
            number = _complex(value)
            return pack(number.real, number.imag)
        except (struct.error, OverflowError, TypeError, ValueError) as error:
            raise _refused(value, dtype, error) from None

    return encode


def _complex(value: Any) -> complex:
    if isinstance(value, str):  # which `complex` would read
        msg = "it is text"
        raise TypeError(msg)
    return complex(value)


def _refused(value: Any, dtype: np.dtype[Any], error: Exception) -> Exception:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    is_number = isinstance(value, (int, float, complex, np.number)) and not isinstance(value, bool)
    if is_number and _rank(value) <= _RANKS[dtype.kind]:
        return OverflowError(f"{shown} does not fit into {dtype}")
    return TypeError(f"{shown} is not a value of {dtype}: {error}")


_RANKS = {"b": 0, "u": 0, "i": 0, "f": 1, "c": 2}


def _rank(value: Any) -> int:
    """Return how much a number's kind can say; one that says less is converted, one that says more is refused."""
    if isinstance(value, (complex, np.complexfloating)):
        return _RANKS["c"]
    return _RANKS["f"] if isinstance(value, (float, np.floating)) else _RANKS["i"]


def _bytes_of(value: Any, size: int, *, is_text: bool) -> bytes:
    raw = value.encode() if isinstance(value, str) else bytes(memoryview(value))
    if len(raw) > size or (not is_text and len(raw) != size):
        limit = f"at most {size} fit" if is_text else f"{size} are expected"
        msg = f"the value has {len(raw)} bytes, and {limit}"
        raise ValueError(msg)
    return raw


def _array_bytes(value: Any, base: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    array = np.asarray(value)
    if array.shape != shape:
        msg = f"expected an array of shape {shape}, not {array.shape}"
        raise ValueError(msg)
    if array.dtype == base:
        return array.tobytes()
    if base.names is not None or base.kind in "SV":
        encode = Codec(base).encode
        return b"".join(encode(item)[: base.itemsize] for item in array.reshape(-1))
    if _RANKS.get(array.dtype.kind, len(_RANKS)) > _RANKS[base.kind]:
        msg = f"an array of {array.dtype} is not one of {base}"
        raise TypeError(msg)
    if base.kind in "ui" and array.size:
        limits = np.iinfo(base)
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            msg = f"the array has values that do not fit into {base}"
            raise OverflowError(msg)
    return array.astype(base).tobytes()


class _StructEncoder:
    """Converts records, tuples and mappings; fields whose name begins with ``_`` are padding and become zero."""

    def __init__(self, dtype: np.dtype[Any], padded: int) -> None:
        self._dtype = dtype
        self._padded = padded
        members: Mapping[str, Any] = dtype.fields or {}
        all_names = dtype.names or ()
        self._names = tuple(name for name in all_names if not name.startswith("_"))
        self._all = len(all_names)
        self._wanted = tuple(index for index, name in enumerate(all_names) if not name.startswith("_"))
        self._fields = [(name, members[name][0], members[name][1]) for name in self._names]
        self._cases = _cases(self._fields)
        self._pack = self._flat()
        self._inner = [Codec(inner) for _, inner, _ in self._fields] if self._pack is None else []

    def __call__(self, value: Any) -> bytes:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, np.void):
            if value.dtype == self._dtype:
                return value.tobytes().ljust(self._padded, b"\0")
            if value.dtype.names is None:
                msg = f"a record without fields is not a value of {self._dtype}"
                raise TypeError(msg)
            value = {name: value[name] for name in value.dtype.names if not name.startswith("_")}
        if self._cases:
            return self._encode_cases(value)
        if isinstance(value, Mapping):
            value = self._from_mapping(value)
        elif not isinstance(value, (tuple, list)):
            msg = f"expected a tuple, a mapping or a record with the fields {', '.join(self._names)}, not {value!r:.60}"
            raise TypeError(msg)
        if len(value) != len(self._names):
            value = self._without_padding(value)
        if self._pack is None:
            return self._encode_each(value)
        try:
            return self._pack(*value)
        except (struct.error, OverflowError, TypeError, ValueError):
            return self._encode_each(value)

    def _flat(self) -> Callable[..., bytes] | None:
        """Return a packer if every field is a number and none overlaps another."""
        parts = ["<"]
        end = 0
        for _, inner, offset in self._fields:
            if inner.names is not None or inner.subdtype is not None or inner.str not in _by_code or offset < end:
                return None
            parts.append(f"{offset - end}x{_format_of(inner)}")
            end = offset + inner.itemsize
        parts.append(f"{self._padded - end}x")
        return struct.Struct("".join(parts)).pack

    def _encode_each(self, values: Any) -> bytes:
        return self._encode_named(zip(self._names, values))

    def _encode_cases(self, value: Any) -> bytes:
        """Convert a mapping of a variant: a field may be left out if it shares its bytes, and one of them is given."""
        if not isinstance(value, Mapping):
            shared = ", ".join(f"`{name}`" for name in self._cases)
            msg = f"the fields {shared} share bytes; expected a record or a mapping with one of them, not {value!r:.60}"
            raise TypeError(msg)
        given: dict[int, str] = {}
        for name in self._cases:
            other = given.setdefault(self._cases[name], name) if name in value else name
            if other != name:
                msg = f"the fields `{other}` and `{name}` share bytes; give one of them"
                raise TypeError(msg)
        self._check_names(value, [name for name in self._names if name not in self._cases])
        return self._encode_named(value.items())

    def _encode_named(self, items: Iterable[tuple[str, Any]]) -> bytes:
        cell = bytearray(self._padded)
        codecs = self._inner or [Codec(inner) for _, inner, _ in self._fields]
        fields = dict(zip(self._names, zip(self._fields, codecs)))
        for name, value in items:
            (_, inner, offset), codec = fields[name]
            try:
                cell[offset : offset + inner.itemsize] = codec.encode(value)[: inner.itemsize]
            except (TypeError, ValueError, OverflowError) as error:
                raise type(error)(f"field `{name}`: {error}") from None
        return bytes(cell)

    def _from_mapping(self, value: Mapping[str, Any]) -> tuple[Any, ...]:
        self._check_names(value, self._names)
        return tuple(value[name] for name in self._names)

    def _check_names(self, value: Mapping[str, Any], needed: Iterable[str]) -> None:
        missing = [name for name in needed if name not in value]
        unknown = [str(name) for name in value if name not in self._names]
        if missing or unknown:
            what = "lacks" if missing else "has the unknown"
            msg = f"the value {what} field `{(missing or unknown)[0]}`; the fields are {', '.join(self._names)}"
            raise TypeError(msg)

    def _without_padding(self, value: Any) -> tuple[Any, ...]:
        if len(value) != self._all:
            msg = f"the value has {len(value)} items, and the fields are {', '.join(self._names)}"
            raise ValueError(msg)
        return tuple(value[index] for index in self._wanted)


def _cases(fields: list[tuple[str, Any, int]]) -> dict[str, int]:
    """Return the fields that share bytes with others, each with the number of its group: the cases of variants."""
    groups: dict[str, int] = {}
    group: list[str] = []
    end = 0
    for name, inner, offset in sorted(fields, key=lambda field: field[2]):
        if inner.itemsize == 0:
            continue
        if offset >= end:
            group = []
        group.append(name)
        end = max(end, offset + inner.itemsize)
        if len(group) > 1:
            number = groups.setdefault(group[0], len(groups))
            groups[name] = number
    return groups
