"""Queues: first in, first out, for any number of producers and consumers in any process."""

from __future__ import annotations

import time
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar, cast, overload

import numpy as np

from . import _create
from ._attachment import Attachment
from ._cells import TAG, WRITING, Cells, Place, fill, size_of
from ._codec import Codec
from ._dtypes import describe, dtype_of
from ._format import queue as f
from ._format.schema import Kind
from ._popping import Rows, pop_one, pop_run
from ._pushing import complete, push_one, push_rows
from ._table import Entry
from ._types import Type
from .errors import Corrupt, Empty, Full, SizeMismatch, TimedOut
from .memory import Memory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["Queue"]

_T = TypeVar("_T", bound=np.generic)

_FIRST_NAP = 1e-3
_LONGEST_NAP = 50e-3
_SLICE = f.WAIT_SLICE_MS / 1e3
"""Nobody sleeps longer without looking again, since who should wake him can die."""
_RUN = 256
"""How many cells are claimed or taken at a time by the operations on many values."""


class Queue(Generic[_T]):
    """A bounded queue in shared memory, safe for any number of threads and processes.

    A process that is killed at any point blocks nobody: an unfinished push never happened. A process that is stopped or
    frozen counts as alive and can hold up what it has claimed; deadlines still work. Waiting costs no CPU time.

    Parameters
    ----------
    mem
        The segment.
    name
        Up to 31 bytes of UTF-8 without ``/``, not beginning with ``.``.
    capacity
        How many values fit, rounded up to a power of two; without it the queue is opened, with it opened or created.
    dtype
        The type of a value. Where the queue is opened it may be left out if the segment describes it.

    Notes
    -----
    An exception that a signal handler raises during :meth:`push` (``KeyboardInterrupt``) may leave the value pushed,
    and one during :meth:`pop` may lose the value that was just taken; nothing is doubled, and no cell stays claimed.
    The operations may be called from Python's signal handlers and finalisers: none runs between a claim and its
    publication, the garbage collector's included. In a finaliser that runs when the last handle has gone they may raise
    :class:`Closed`.

    Examples
    --------
    >>> from zeroipc import Memory, Queue
    >>> mem = Memory("/zeroipc_doc_queue", 1 << 20)
    >>> readings = Queue(mem, "readings", 8, dtype=[("id", "u8"), ("value", "f8")])
    >>> readings.push((1, 23.5))
    >>> float(readings.pop()["value"])
    23.5
    >>> readings.try_pop() is None
    True
    >>> Memory.unlink("/zeroipc_doc_queue")
    """

    __slots__ = ("__weakref__", "_cells", "_codec")

    @overload
    def __init__(
        self, mem: Memory, name: str, capacity: int | None = None, *, dtype: type[_T] | np.dtype[_T]
    ) -> None: ...
    @overload
    def __init__(self, mem: Memory, name: str, capacity: int | None, dtype: type[_T] | np.dtype[_T]) -> None: ...
    @overload
    def __init__(
        self: Queue[Any], mem: Memory, name: str, capacity: int | None = None, dtype: DTypeLike | None = None
    ) -> None: ...
    def __init__(self, mem: Memory, name: str, capacity: int | None = None, dtype: Any = None) -> None:
        attachment = mem._open()
        if capacity is None or dtype is None:
            self._open(attachment, name, dtype)
            self._check_capacity(mem, capacity)
            return
        wanted, rounded, plan = _planned(capacity, dtype)
        found = _create.find_or_create(attachment, name, Kind.QUEUE, *plan, _filler(attachment, rounded, plan[0]))
        self._adopt(attachment, found, wanted)
        self._check_capacity(mem, capacity)

    @classmethod
    def create(cls, mem: Memory, name: str, capacity: int, dtype: DTypeLike) -> Queue[_T]:
        """Create a queue; one of this name must not exist."""
        attachment = mem._open()
        wanted, rounded, plan = _planned(capacity, dtype)
        entry = _create.create(attachment, name, Kind.QUEUE, *plan, _filler(attachment, rounded, plan[0]))
        queue = cls.__new__(cls)
        queue._adopt(attachment, _create.Found(entry, plan[0]), wanted)
        return queue

    @classmethod
    def open(cls, mem: Memory, name: str, dtype: DTypeLike | None = None) -> Queue[_T]:
        """Open a queue; without a dtype, with that which the segment describes."""
        return cls(mem, name, None, dtype)

    @classmethod
    def open_or_create(cls, mem: Memory, name: str, capacity: int, dtype: DTypeLike) -> Queue[_T]:
        """Open a queue, or create it; an existing one must have this capacity, rounded up to a power of two."""
        return cls(mem, name, capacity, dtype)

    def _open(self, attachment: Attachment, name: str, dtype: DTypeLike | None) -> None:
        wanted = None if dtype is None else np.dtype(dtype)
        found = _create.find(attachment, name, Kind.QUEUE, None if wanted is None else describe(wanted))
        self._adopt(attachment, found, wanted)

    def _adopt(self, attachment: Attachment, found: _create.Found, wanted: np.dtype[Any] | None) -> None:
        if wanted is None:
            assert found.type is not None, "without a dtype the segment has described the type"
            wanted = dtype_of(found.type)
        capacity = _checked_capacity(attachment, found.entry, wanted, recorded=found.type is not None)
        self._codec = Codec(wanted)
        self._cells = Cells(attachment, found.entry, capacity, self._codec.padded)
        if found.type is None:
            self._cells.check_all()

    def _check_capacity(self, mem: Memory, capacity: int | None) -> None:
        if capacity is not None and _rounded(capacity) != self.capacity:
            asked = f"{capacity} are asked for, which rounds up to {_rounded(capacity)}"
            found = f"queue `{self.name}` in segment `{mem.name}` has a capacity of {self.capacity}"
            msg = f"{found}, and {asked}; ask for {self.capacity}, or leave the capacity out"
            raise SizeMismatch(msg)

    # What it is.

    @property
    def name(self) -> str:
        """The queue's name."""
        return self._cells.name

    @property
    def capacity(self) -> int:
        """How many values fit, a power of two."""
        return self._cells.capacity

    @property
    def dtype(self) -> np.dtype[_T]:
        """The type of a value."""
        return self._codec.dtype

    def __len__(self) -> int:
        """How many values are in the queue, those being written included: a snapshot."""
        attachment = self._cells.open()
        head = self._cells.stand_at_head().position
        tail = self._cells.stand_at_tail(None).position
        del attachment  # It has kept the cells mapped until here.
        return min(max(tail - head, 0), self.capacity)

    def __bool__(self) -> bool:
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there to be popped, not even a value that is being written: a snapshot."""
        return len(self) == 0

    @property
    def is_full(self) -> bool:
        """Whether a push would have to wait: a snapshot."""
        return len(self) == self.capacity

    # Pushing.

    def try_push(self, value: Any) -> bool:
        """Push a value if there is room.

        Parameters
        ----------
        value
            A scalar, or for a struct a record, a tuple or a mapping; fields that begin with ``_`` are left out.

        Returns
        -------
        bool
            False if the queue is full. Room that a dead process has claimed is recovered first.

        Raises
        ------
        TypeError, ValueError, OverflowError
            The value does not fit the dtype; nothing has been pushed.
        ReadOnly, Closed, Corrupt
            What their names say.
        """
        return push_one(self._cells, self._codec.encode(value)) is None

    def push(self, value: Any, timeout: float | None = None) -> None:
        """Push a value, waiting while the queue is full.

        Parameters
        ----------
        value
            As for :meth:`try_push`.
        timeout
            Seconds; None waits for ever.

        Raises
        ------
        Full
            The queue stayed full until the timeout; a :class:`TimeoutError`.
        """
        payload = self._codec.encode(value)
        if push_one(self._cells, payload) is not None:
            self._until(partial(push_one, self._cells, payload), timeout, self._full)

    def push_many(self, values: ArrayLike | Any, timeout: float | None = None) -> int:
        """Push values in their order, waiting while the queue is full; other producers may push in between.

        Parameters
        ----------
        values
            An array of the queue's dtype, which is fastest, or a sequence of values.
        timeout
            Seconds for all of them; None waits for ever, 0 pushes what fits now.

        Returns
        -------
        int
            How many were pushed: all, unless the timeout passed.
        """
        count, cells = self._codec.encode_rows(values)
        deadline = None if timeout is None else time.monotonic() + timeout
        rows = memoryview(cells)
        done = 0

        def attempt() -> Place | None:
            nonlocal done
            while done < count:
                pushed, blocked = push_rows(self._cells, rows, done, min(count - done, _RUN))
                done += pushed
                if blocked is not None:
                    return blocked
            return None

        if attempt() is not None:
            left = None if deadline is None else deadline - time.monotonic()
            try:
                self._until(attempt, left, self._full)
            except Full:
                return done
        return done

    # Popping.

    def try_pop(self) -> _T | None:
        """Pop the oldest value, or return None if there is none.

        A value that a live process is still writing counts as not there; that of a dead one is skipped.

        Raises
        ------
        ReadOnly, Closed, Corrupt
            What their names say.
        """
        found = pop_one(self._cells)
        if isinstance(found, Place):
            return None
        return cast("_T", self._codec.decode(found))

    def pop(self, timeout: float | None = None) -> _T:
        """Pop the oldest value, waiting while the queue is empty.

        Parameters
        ----------
        timeout
            Seconds; None waits for ever.

        Returns
        -------
        numpy.generic
            A scalar, or for a struct a record (:class:`numpy.void`) with bytes of its own.

        Raises
        ------
        Empty
            The queue stayed empty until the timeout; a :class:`TimeoutError`.
        """
        found = pop_one(self._cells)
        if isinstance(found, Place):
            found = self._until(partial(pop_one, self._cells), timeout, self._empty)
        return cast("_T", self._codec.decode(found))

    def pop_many(self, count: int, timeout: float | None = 0) -> np.ndarray[Any, np.dtype[_T]]:
        """Pop up to ``count`` of the oldest values, in their order.

        Parameters
        ----------
        count
            How many at most.
        timeout
            Seconds to wait for the first value; None waits for ever. What follows it is taken without waiting.

        Returns
        -------
        numpy.ndarray
            Between 0 and ``count`` values, in memory of its own.
        """
        runs: list[Rows] = []
        left = count
        while left > 0:
            rows, blocked = pop_run(self._cells, min(left, _RUN))
            if blocked is not None:
                if runs or timeout == 0:
                    break
                try:
                    rows = self._until(partial(self._pop_rows, min(left, _RUN)), timeout, self._empty)
                except Empty:
                    break
            runs.append(rows)
            left -= len(rows)
        rows = np.concatenate(runs) if runs else np.zeros((0, self._codec.padded), np.uint8)
        return self._codec.decode_rows(rows[:, : self._codec.size])

    def _pop_rows(self, count: int) -> Rows | Place:
        rows, blocked = pop_run(self._cells, count)
        return rows if blocked is None else blocked

    # Waiting.

    def _until(self, attempt: Callable[[], Any], timeout: float | None, error: Callable[[float], TimedOut]) -> Any:
        """Repeat an attempt that returns where it is blocked, sleeping on that cell in between."""
        deadline = None if timeout is None else time.monotonic() + timeout
        nap = _FIRST_NAP
        while True:
            found = attempt()
            if not isinstance(found, Place):
                return found
            left = _SLICE if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise error(timeout or 0)
            if found.state & TAG == WRITING:
                self._cells.sleep(self._cells.open(), found.at, found.state, min(nap, left))
                nap = min(2 * nap, _LONGEST_NAP)
            else:
                nap = _FIRST_NAP
                self._cells.wait(found, min(_SLICE, left))

    def _full(self, timeout: float) -> Full:
        return Full(f"queue `{self.name}` stayed full for {timeout:g} s; its capacity is {self.capacity}")

    def _empty(self, timeout: float) -> Empty:
        return Empty(f"queue `{self.name}` stayed empty for {timeout:g} s")

    # Its life.

    def close(self) -> None:
        """Close the handle; the segment is unmapped when nothing of it is in use."""
        if self._cells.attachment is not None:
            complete(self._cells)
            self._cells.attachment = None

    def __enter__(self) -> Queue[_T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        cells = getattr(self, "_cells", None)
        if cells is not None and cells.pending:
            complete(cells)

    def __repr__(self) -> str:
        state = ", closed" if self._cells.attachment is None else ""
        return f"<zeroipc.Queue {self.name!r} of {self._codec.dtype}, capacity {self.capacity}{state}>"

    def __reduce__(self) -> tuple[object, ...]:
        msg = "a queue's handle cannot be pickled; open the queue by its name in the other process"
        raise TypeError(msg)


def _rounded(capacity: int) -> int:
    if not 1 <= capacity <= f.MAX_QUEUE_CAPACITY:
        msg = f"a queue has a capacity between 1 and {f.MAX_QUEUE_CAPACITY}, not {capacity}"
        raise ValueError(msg)
    return 1 << (capacity - 1).bit_length()


def _planned(capacity: int, dtype: DTypeLike) -> tuple[np.dtype[Any], int, tuple[Type, int, int]]:
    rounded = _rounded(capacity)
    wanted = np.dtype(dtype)
    ty = describe(wanted)
    return wanted, rounded, (ty, size_of(rounded, ty.size), 1)


def _filler(attachment: Attachment, capacity: int, ty: Type) -> Callable[[int], None]:
    return lambda offset: fill(attachment, offset, capacity, ty.size)


def _checked_capacity(attachment: Attachment, entry: Entry, dtype: np.dtype[Any], *, recorded: bool) -> int:
    if entry.size < f.QUEUE_HEADER_SIZE:
        raise _create.wrong_size(attachment, entry, f"a queue has at least {f.QUEUE_HEADER_SIZE}")
    capacity = attachment.region.load8(entry.offset + f.QUEUE_HEADER_CAPACITY_OFFSET)
    fits = 1 <= capacity <= f.MAX_QUEUE_CAPACITY and capacity & (capacity - 1) == 0
    need = size_of(capacity, dtype.itemsize)
    if fits and entry.size == need:
        return capacity
    what = f"a capacity of {capacity} values of {dtype.itemsize} bytes needs {need}"
    if not fits:
        what = f"a capacity of {capacity} is no power of two up to {f.MAX_QUEUE_CAPACITY}"
    if not recorded:
        raise _create.wrong_size(attachment, entry, what)
    msg = f"queue `{entry.text}` in segment `{attachment.name}` is damaged: it has {entry.size} bytes, and {what}; remove the segment"
    raise Corrupt(msg)
