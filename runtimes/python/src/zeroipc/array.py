"""Arrays: elements of one type that every process sees."""

from __future__ import annotations

import struct
from operator import index as whole_number
from typing import TYPE_CHECKING, Any, Callable, TypeVar, Union, cast, overload

import numpy as np

from . import _create
from ._atomic import ACQ_REL, ACQUIRE, RELEASE, Word, word_of
from ._attachment import Attachment
from ._dtypes import describe, dtype_of, scalar_of, split
from ._format import array as f
from ._format.schema import Kind
from ._table import Entry
from ._types import Scalar, Type
from .errors import Corrupt, NotShared, ReadOnly, SizeMismatch, UnsupportedType
from .memory import Memory

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["Array"]

_T = TypeVar("_T", bound=np.generic)
_Number = Union[int, float, np.generic]
_RANGES = {
    scalar: (-(1 << (8 * scalar.size - 1)), (1 << (8 * scalar.size - 1)) - 1)
    if scalar.is_signed
    else (0, (1 << (8 * scalar.size)) - 1)
    for scalar in Scalar
    if scalar.is_integer
}
_FLOAT_BITS = {Scalar.f32: ("<f", "<I"), Scalar.f64: ("<d", "<Q")}


class Array(np.ndarray[Any, np.dtype[_T]]):
    """A NumPy array over shared memory.

    It is an :class:`numpy.ndarray` in every respect; slices, fields and reshaped views are shared as well, copies and
    results of arithmetic are plain arrays. It keeps the segment mapped as long as it, or any view of it, lives, whether
    or not the :class:`Memory` is closed. Only whole aligned elements of 1, 2, 4 and 8 bytes are read and written in one
    access; larger ones may be seen half-written while another process writes, and NumPy orders nothing between
    processes. Where that matters, use the atomic methods or a :class:`Queue`.

    Parameters
    ----------
    mem
        The segment.
    name
        Up to 31 bytes of UTF-8 without ``/``, not beginning with ``.``.
    capacity
        How many elements; without it the array is opened, with it opened or created.
    dtype
        The type of an element. Where the array is opened it may be left out if the segment describes it.

    Raises
    ------
    NotFound, SizeMismatch, TypeMismatch, KindMismatch, UnsupportedType, OutOfSpace, OutOfMemory, TableFull, SchemaFull,
    ReadOnly, InvalidName, Corrupt
        All derive from :class:`zeroipc.ZeroIPCError`; the text says what to do.

    Examples
    --------
    >>> from zeroipc import Array, Memory
    >>> mem = Memory("/zeroipc_doc_array", 1 << 20)
    >>> counter = Array(mem, "counter", 1, dtype="i8")
    >>> int(counter.fetch_add(0, 5))
    0
    >>> int(counter[0])
    5
    >>> Memory.unlink("/zeroipc_doc_array")
    """

    _attachment: Attachment | None
    _address: int

    @overload
    def __new__(
        cls, mem: Memory, name: str, capacity: int | None = None, *, dtype: type[_T] | np.dtype[_T]
    ) -> Array[_T]: ...
    @overload
    def __new__(cls, mem: Memory, name: str, capacity: int | None, dtype: type[_T] | np.dtype[_T]) -> Array[_T]: ...
    @overload
    def __new__(
        cls, mem: Memory, name: str, capacity: int | None = None, dtype: DTypeLike | None = None
    ) -> Array[Any]: ...
    def __new__(cls, mem: Memory, name: str, capacity: int | None = None, dtype: Any = None) -> Array[Any]:
        """Open an array, or with a capacity open or create it."""
        if capacity is None:
            return cls.open(mem, name, dtype)
        return cls.open_or_create(mem, name, capacity, dtype)

    @classmethod
    def open(cls, mem: Memory, name: str, dtype: DTypeLike | None = None) -> Array[_T]:
        """Open an array; without a dtype, with that which the segment describes."""
        attachment = mem._open()
        wanted = None if dtype is None else np.dtype(dtype)
        found = _create.find(attachment, name, Kind.ARRAY, None if wanted is None else describe(wanted))
        return cls._over(attachment, found, wanted)

    @classmethod
    def create(cls, mem: Memory, name: str, capacity: int, dtype: DTypeLike) -> Array[_T]:
        """Create an array of zeros; one of this name must not exist."""
        attachment = mem._open()
        wanted, plan = _planned(capacity, dtype)
        entry = _create.create(attachment, name, Kind.ARRAY, *plan, _header(attachment, capacity))
        return cls._over(attachment, _create.Found(entry, plan[0]), wanted)

    @classmethod
    def open_or_create(cls, mem: Memory, name: str, capacity: int, dtype: DTypeLike | None = None) -> Array[_T]:
        """Open an array, or create it; an existing one must have this capacity."""
        attachment = mem._open()
        if dtype is None:
            array = cls.open(mem, name)
        else:
            wanted, plan = _planned(capacity, dtype)
            found = _create.find_or_create(attachment, name, Kind.ARRAY, *plan, _header(attachment, capacity))
            array = cls._over(attachment, found, wanted)
        if len(array) != capacity:
            msg = f"array `{name}` in segment `{mem.name}` has {len(array)} elements, and {capacity} are asked for; ask for {len(array)}, or leave the capacity out"
            raise SizeMismatch(msg)
        return array

    @classmethod
    def _over(cls, attachment: Attachment, found: _create.Found, wanted: np.dtype[Any] | None) -> Array[_T]:
        if wanted is None:
            assert found.type is not None, "without a dtype the segment has described the type"
            wanted = dtype_of(found.type)
        capacity = _checked_capacity(attachment, found.entry, wanted, recorded=found.type is not None)
        base, shape = split(wanted)
        data = np.asarray(_Shared(attachment, found.entry.offset + f.ARRAY_HEADER_SIZE, capacity * wanted.itemsize))
        array = super().__new__(cls, (capacity, *shape), base, data)
        array._attachment = attachment
        array._address = array.__array_interface__["data"][0]
        return array

    def __array_finalize__(self, obj: Any) -> None:
        """Tell views of shared memory from copies."""
        attachment = getattr(obj, "_attachment", None)
        if attachment is not None:
            self._address = self.__array_interface__["data"][0]
            start = attachment.region.address
            if not start <= self._address < start + attachment.region.size:
                attachment = None
        self._attachment = attachment

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return results of arithmetic as plain arrays."""
        if array is self:
            return array
        plain = np.asarray(array)
        return plain[()] if return_scalar or (context is not None and plain.ndim == 0) else plain

    def __getitem__(self, key: Any) -> Any:
        """Return an element, a shared view, or for a list of indices a plain copy."""
        item = super().__getitem__(key)
        if isinstance(item, Array) and item._attachment is None:
            return item.view(np.ndarray)
        return item

    def copy(self, order: Any = "C") -> Any:
        """Return a plain array with a copy of the elements."""
        return np.array(self, order=order, subok=False)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return a plain array with the elements converted."""
        return np.asarray(self).astype(dtype, *args, **kwargs)

    def flatten(self, order: Any = "C") -> Any:
        """Return a plain array of one dimension."""
        return np.asarray(self).flatten(order)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle the elements: what is loaded is a plain array."""
        return self.copy().__reduce_ex__(protocol)

    @property
    def capacity(self) -> int:
        """How many elements there are along the first dimension."""
        return int(self.shape[0])

    # Atomic operations on elements of 1, 2, 4 and 8 bytes.

    def load(self, index: int) -> _T:
        """Load an element atomically, acquiring what was written before it was stored."""
        cell = self._cell(index)
        return self._scalar(cell.load())

    def store(self, index: int, value: _Number) -> None:
        """Store an element atomically, releasing what was written before."""
        cell = self._writable(index)
        cell.store(cell.bits(value))

    def exchange(self, index: int, value: _Number) -> _T:
        """Store an element atomically and return what was there."""
        cell = self._writable(index)
        return self._scalar(cell.exchange(cell.bits(value)))

    def compare_exchange(self, index: int, expected: _Number, desired: _Number) -> tuple[bool, _T]:
        """Store ``desired`` if the element is ``expected``, in one step.

        Returns
        -------
        tuple
            Whether it was stored, and what was there before. Floats are compared by their bits.
        """
        cell = self._writable(index)
        done, found = cell.compare_exchange(cell.bits(expected), cell.bits(desired))
        return done, self._scalar(found)

    def fetch_add(self, index: int, value: _Number) -> _T:
        """Add to an element atomically and return what was there; whole numbers wrap around."""
        return self._fetch("add", index, value)

    def fetch_sub(self, index: int, value: _Number) -> _T:
        """Subtract from an element atomically and return what was there; whole numbers wrap around."""
        return self._fetch("sub", index, value)

    def fetch_and(self, index: int, value: _Number) -> _T:
        """Keep the bits that are in ``value`` atomically and return what was there; whole numbers only."""
        return self._fetch("and", index, value)

    def fetch_or(self, index: int, value: _Number) -> _T:
        """Set the bits that are in ``value`` atomically and return what was there; whole numbers only."""
        return self._fetch("or", index, value)

    def fetch_xor(self, index: int, value: _Number) -> _T:
        """Flip the bits that are in ``value`` atomically and return what was there; whole numbers only."""
        return self._fetch("xor", index, value)

    def fetch_min(self, index: int, value: _Number) -> _T:
        """Store the smaller of element and ``value`` atomically and return what was there; NaN loses to a number."""
        return self._fetch("min", index, value)

    def fetch_max(self, index: int, value: _Number) -> _T:
        """Store the larger of element and ``value`` atomically and return what was there; NaN loses to a number."""
        return self._fetch("max", index, value)

    def _fetch(self, operation: str, index: int, value: _Number) -> _T:
        cell = self._writable(index)
        return self._scalar(cell.fetch(operation, value))

    def _scalar(self, bits: int) -> _T:
        dtype = self.dtype
        if dtype.kind in "ui":
            return dtype.type(bits)
        raw = bits.to_bytes(dtype.itemsize, "little")
        return cast("_T", np.frombuffer(raw, dtype, 1)[0])

    def _writable(self, index: int) -> _Cell:
        if not self.flags.writeable:
            msg = "the array is read-only; open the segment without `read_only`"
            raise ReadOnly(msg)
        return self._cell(index)

    def _cell(self, index: int) -> _Cell:
        if self._attachment is None:
            msg = "this array is a copy outside shared memory; use the array itself for atomic operations"
            raise NotShared(msg)
        if self.ndim != 1:
            msg = f"atomic operations need an array of one dimension, not {self.ndim}; index or reshape it first"
            raise IndexError(msg)
        length = self.shape[0]
        at = index + length if index < 0 else index
        if not 0 <= at < length:
            msg = f"index {index} is out of bounds of an array of {length} elements"
            raise IndexError(msg)
        dtype = self.dtype
        return _Cell(self._address + at * self.strides[0], _atomic_scalar(dtype))


class _Cell:
    """One element as an atomic word: floats and truth values by their bits."""

    __slots__ = ("_address", "_scalar", "_word")

    def __init__(self, address: int, scalar: Scalar) -> None:
        if address % scalar.size:
            msg = f"atomic operations need elements at multiples of {scalar.size} bytes, and this one is not; align the field"
            raise UnsupportedType(msg)
        self._address = address
        self._scalar = scalar
        self._word: Word = word_of(scalar)

    def bits(self, value: _Number) -> int:
        """Return a value as the word's bits.

        Raises
        ------
        OverflowError, TypeError
            The value is not one of the element's type.
        """
        scalar = self._scalar
        if scalar in _FLOAT_BITS:
            to_float, to_bits = _FLOAT_BITS[scalar]
            return int(struct.unpack(to_bits, struct.pack(to_float, value))[0])
        if scalar is Scalar.bool8:
            return int(bool(value))
        try:
            number = whole_number(cast("Any", value))
        except TypeError:
            msg = f"{value!r} is not a whole number, and the elements are {scalar.name}"
            raise TypeError(msg) from None
        low, high = _RANGES[scalar]
        if not low <= number <= high:
            msg = f"{number} does not fit into {scalar.name}"
            raise OverflowError(msg)
        return number

    def load(self) -> int:
        return int(self._word.load(self._address, ACQUIRE))

    def store(self, bits: int) -> None:
        self._word.store(self._address, bits, RELEASE)

    def exchange(self, bits: int) -> int:
        return int(self._word.exchange(self._address, bits, ACQ_REL))

    def compare_exchange(self, expected: int, desired: int) -> tuple[bool, int]:
        return self._word.compare_exchange(self._address, expected, desired)

    def fetch(self, operation: str, value: _Number) -> int:
        scalar = self._scalar
        if scalar is Scalar.bool8:
            msg = f"`fetch_{operation}` needs numbers, and the elements are bool8; use `exchange` or `compare_exchange`"
            raise TypeError(msg)
        operand = self.bits(value)
        if scalar in _FLOAT_BITS:
            return self._fetch_float(operation, operand)
        if operation in self._word.fetch:
            return int(self._word.fetch[operation](self._address, operand, ACQ_REL))
        pick = min if operation == "min" else max
        return self._update(lambda found: pick(found, operand))

    def _fetch_float(self, operation: str, operand: int) -> int:
        combine = _FLOAT_OPERATIONS.get(operation)
        if combine is None:
            msg = f"`fetch_{operation}` needs whole numbers, and the elements are {self._scalar.name}"
            raise TypeError(msg)
        kind = np.float32 if self._scalar is Scalar.f32 else np.float64
        to_float, to_bits = _FLOAT_BITS[self._scalar]

        def number(bits: int) -> Any:
            return kind(struct.unpack(to_float, struct.pack(to_bits, bits))[0])

        value = number(operand)

        def update(found: int) -> int:
            with np.errstate(all="ignore"):
                result = combine(number(found), value)
            return int(np.asarray(result, kind).view(np.uint32 if kind is np.float32 else np.uint64))

        return self._update(update)

    def _update(self, change: Callable[[int], int]) -> int:
        found = self.load()
        while True:
            done, found = self.compare_exchange(found, change(found))
            if done:
                return found


_FLOAT_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "min": np.fmin,
    "max": np.fmax,
}


class _Shared:
    """What NumPy asks for an array's memory, and keeps: the bytes stay mapped as long as an array refers to them."""

    def __init__(self, attachment: Attachment, offset: int, length: int) -> None:
        self.attachment = attachment
        address = attachment.region.at(offset, length)
        self.__array_interface__ = {
            "data": (address, attachment.read_only),
            "shape": (length,),
            "typestr": "|u1",
            "version": 3,
        }


def _atomic_scalar(dtype: np.dtype[Any]) -> Scalar:
    scalar = scalar_of(dtype)
    if scalar is not None and scalar.is_atomic:
        return scalar
    if scalar is None:
        msg = f"atomic operations need elements of one number, and these are {describe(dtype)}; take a field of one number"
    else:
        msg = f"atomic operations need whole numbers, f32, f64 or bool8, and the elements are {scalar.name}; use another type"
    raise UnsupportedType(msg)


def _planned(capacity: int, dtype: DTypeLike) -> tuple[np.dtype[Any], tuple[Type, int, int]]:
    if capacity < 1:
        msg = f"an array has at least 1 element, not {capacity}"
        raise ValueError(msg)
    wanted = np.dtype(dtype)
    ty = describe(wanted)
    return wanted, (ty, f.ARRAY_HEADER_SIZE + capacity * ty.size, ty.align)


def _header(attachment: Attachment, capacity: int) -> Callable[[int], None]:
    return lambda offset: attachment.region.store8(offset + f.ARRAY_HEADER_CAPACITY_OFFSET, capacity)


def _checked_capacity(attachment: Attachment, entry: Entry, dtype: np.dtype[Any], *, recorded: bool) -> int:
    if entry.size < f.ARRAY_HEADER_SIZE:
        raise _create.wrong_size(attachment, entry, f"an array has at least {f.ARRAY_HEADER_SIZE}")
    capacity = attachment.region.load8(entry.offset + f.ARRAY_HEADER_CAPACITY_OFFSET)
    if capacity >= 1 and entry.size == f.ARRAY_HEADER_SIZE + capacity * dtype.itemsize:
        return capacity
    need = f"{capacity} elements of {dtype.itemsize} bytes need {f.ARRAY_HEADER_SIZE + capacity * dtype.itemsize}"
    if not recorded:
        raise _create.wrong_size(attachment, entry, need)
    msg = f"array `{entry.text}` in segment `{attachment.name}` is damaged: it has {entry.size} bytes, and {need}; remove the segment"
    raise Corrupt(msg)
