"""Queues: first in, first out, for any number of producers and consumers in any process.

The truth is in the cells: each has a state word and a value. ``head`` and ``tail`` are hints that may lag.

::

    EMPTY(p) --claim--> WRITING(p, owner) --publish--> FULL(p) --take--> EMPTY(p + capacity)
                              |
                              +--recover, the owner is dead--> EMPTY(p + capacity)

Invariants
----------
I1. A live process publishes what it has claimed. Claim, copy and publication are called from one C function
    (``all(map(...))``), and signal handlers, other threads and exceptions of Python run between bytecodes only. Should
    one of these calls fail nevertheless, the handle remembers the claim, and completes it at once, or at its next use.
I2. Everything that can fail about a value has happened before the claim.
I3. A consumer takes a value by one exchange, after it has copied it: dying, it loses nothing.
I4. Nobody sleeps longer than 250 ms without looking again, since who should wake him can die.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from functools import partial
from itertools import repeat, takewhile
from operator import is_not
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generic, NamedTuple, TypeVar, cast

import numpy as np

from . import _atomic, _create, _points, _system
from ._atomic import ACQ_REL, ACQUIRE, RELEASE, compare_exchange8
from ._attachment import Attachment
from ._codec import Codec
from ._dtypes import describe, dtype_of
from ._format import queue as f
from ._format.schema import Kind
from ._platform import IS_X86_64
from ._region import round8
from ._table import Entry
from ._types import Type
from .errors import Closed, Corrupt, Empty, Full, ReadOnly, SizeMismatch, TimedOut
from .memory import Memory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["Queue"]

_T = TypeVar("_T", bound=np.generic)

_EMPTY = f.CELL_EMPTY
_WRITING = f.CELL_WRITING
_FULL = f.CELL_FULL
_TAG = f.CELL_TAG_MASK
_WAIT = f.CELL_WAIT_BIT
_SHIFT = f.CELL_POSITION_SHIFT
_OWNER_SHIFT = f.CELL_OWNER_SHIFT
_OWNER_MASK = (1 << f.CELL_OWNER_BITS) - 1
_LOW_SHIFT = f.CELL_WRITING_POSITION_SHIFT
_LOW_MASK = (1 << f.CELL_WRITING_POSITION_BITS) - 1
_LOW_HALF = 1 << (f.CELL_WRITING_POSITION_BITS - 1)
_WORD_MASK = (1 << 64) - 1
_FUTEX_MASK = (1 << 32) - 1

_HEAD = f.QUEUE_HEADER_HEAD_OFFSET // 8
_TAIL = f.QUEUE_HEADER_TAIL_OFFSET // 8
_CELLS = f.QUEUE_HEADER_SIZE // 8
_STATE = 8
"""Bytes of the state word in front of a cell's value."""

_SPINS = 60
"""How often a word is looked at before sleeping on it."""
_FIRST_NAP = 1e-3
_LONGEST_NAP = 50e-3
_SLICE = f.WAIT_SLICE_MS / 1e3
_RUN = 256
"""How many cells are claimed or taken at a time by the operations on many values."""

_call: Callable[[partial[object]], object] = partial.__call__


class _Place(NamedTuple):
    """Where an operation stands: a position, the index of its cell's state word, and what it was."""

    position: int
    at: int
    state: int


class _Claim(NamedTuple):
    """A claimed cell that is not yet published."""

    at: int
    writing: int
    full: int
    payload: bytes
    waited: bool


class _AtomicWords:
    """The words of a queue where a plain access is not enough of an order: every machine but x86-64."""

    def __init__(self, address: int) -> None:
        self._address = address

    def __getitem__(self, at: int) -> int:
        return int(_atomic.load8(self._address + 8 * at, ACQUIRE))

    def __setitem__(self, at: int, value: int) -> None:
        _atomic.store8(self._address + 8 * at, value, RELEASE)


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
    The operations may be called from Python's signal handlers and finalisers.

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

    __slots__ = (
        "__weakref__",
        "_address",
        "_attachment",
        "_capacity",
        "_codec",
        "_mask",
        "_name",
        "_pending",
        "_stride",
        "_values",
        "_word",
        "_words",
    )

    def __init__(self, mem: Memory, name: str, capacity: int | None = None, dtype: DTypeLike | None = None) -> None:
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
        entry = found.entry
        self._attachment: Attachment | None = attachment
        self._name = entry.text
        self._codec = Codec(wanted)
        self._capacity = _checked_capacity(attachment, entry, wanted, recorded=found.type is not None)
        self._mask = self._capacity - 1
        self._stride = 1 + self._codec.padded // 8
        self._address = attachment.region.at(entry.offset, entry.size)
        self._values = attachment.region.view(entry.offset, entry.size)
        self._words: Any = self._values.cast("Q") if IS_X86_64 else _AtomicWords(self._address)
        self._word = attachment.word
        self._pending: list[_Claim] = []
        if found.type is None:
            self._check_cells()

    def _check_capacity(self, mem: Memory, capacity: int | None) -> None:
        if capacity is not None and _rounded(capacity) != self._capacity:
            asked = f"{capacity} are asked for, which rounds up to {_rounded(capacity)}"
            msg = f"queue `{self._name}` in segment `{mem.name}` has a capacity of {self._capacity}, and {asked}; ask for {self._capacity}, or leave the capacity out"
            raise SizeMismatch(msg)

    # What it is.

    @property
    def name(self) -> str:
        """The queue's name."""
        return self._name

    @property
    def capacity(self) -> int:
        """How many values fit, a power of two."""
        return self._capacity

    @property
    def dtype(self) -> np.dtype[_T]:
        """The type of a value."""
        return self._codec.dtype

    def __len__(self) -> int:
        """How many values are in the queue, those being written included: a snapshot."""
        self._check_open()
        head = self._stand_at_head().position
        tail = self._stand_at_tail(recover=False).position
        return min(max(tail - head, 0), self._capacity)

    def __bool__(self) -> bool:
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there to be popped, not even a value that is being written: a snapshot."""
        return len(self) == 0

    @property
    def is_full(self) -> bool:
        """Whether a push would have to wait: a snapshot."""
        return len(self) == self._capacity

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
        return self._push_once(self._codec.encode(value)) is None

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
        if self._push_once(payload) is not None:
            self._until(lambda: self._push_once(payload), timeout, self._full)

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
        size = self._codec.padded
        done = 0

        def attempt() -> _Place | None:
            nonlocal done
            while done < count:
                last = min(count, done + _RUN)
                payloads = [cells[at * size : (at + 1) * size] for at in range(done, last)]
                pushed, blocked = self._push_run(payloads)
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

    def _push_once(self, payload: bytes) -> _Place | None:
        """Push a value; return where the queue is full if it is."""
        return self._push_run((payload,))[1]

    def _push_run(self, payloads: tuple[bytes, ...] | list[bytes]) -> tuple[int, _Place | None]:
        """Push values into neighbouring cells; return how many, and where the queue is full if it is."""
        self._check_writable()
        if self._pending:
            self._complete()
        me = self._word.value or self._identify()
        while True:
            place = self._stand_at_tail(recover=True)
            if place.state & _TAG != _EMPTY:
                return 0, place
            claims = self._plan_claims(place, payloads, me)
            pushed = self._claim_and_publish(place.position, claims)
            if pushed:
                return pushed, None

    def _plan_claims(
        self, place: _Place, payloads: tuple[bytes, ...] | list[bytes], me: int
    ) -> list[tuple[_Claim, ctypes.c_uint64]]:
        """Return the cells from ``place`` on that are free, each with the state that it is expected to have."""
        words, stride = self._words, self._stride
        position, at, state = place
        owner = _WRITING | me << _OWNER_SHIFT
        claims = []
        for payload in payloads:
            if state & ~_WAIT != position << _SHIFT | _EMPTY:
                break
            writing = owner | (position & _LOW_MASK) << _LOW_SHIFT
            claim = _Claim(at, writing, position << _SHIFT | _FULL, payload, bool(state & _WAIT))
            claims.append((claim, ctypes.c_uint64(state)))
            position += 1
            at = _CELLS + (position & self._mask) * stride
            if len(claims) == self._capacity:
                break
            state = words[at]
        return claims

    def _claim_and_publish(self, position: int, claims: list[tuple[_Claim, ctypes.c_uint64]]) -> int:
        """Claim cells one after the other, write and publish each before the next; return how many (I1)."""
        steps: list[partial[object]] = []
        for claim, expected in claims:
            address = self._address + 8 * claim.at
            # SYNC take: acquires the cell that a consumer has emptied.
            steps.append(
                partial(compare_exchange8, address, ctypes.addressof(expected), claim.writing, ACQ_REL, ACQUIRE)
            )
            position += 1
            steps.append(self._storing(_TAIL, position & _WORD_MASK))
            steps += self._publishing(claim)
        if _points.hook is not None:
            steps = _with_points(steps)
        left = iter(steps)
        try:
            # A step that returns False is a claim that failed; everything behind it is left out.
            if all(map(is_not, map(_call, left), repeat(False))):
                return len(claims)
        except BaseException:
            self._pending += [claim for claim, _ in claims]
            self._complete()
            raise
        # Hooks apart, every claim has the same number of steps but for those that wake.
        return len(claims) - 1 - sum(1 for step in left if step.func is compare_exchange8)

    def _publishing(self, claim: _Claim) -> list[partial[object]]:
        """Return the steps that write and publish a claimed cell."""
        start = 8 * claim.at + _STATE
        steps: list[partial[object]] = [
            partial(self._values.__setitem__, slice(start, start + self._codec.padded), claim.payload)
        ]
        # SYNC push: publishes the value to the pop.
        steps.append(self._storing(claim.at, claim.full))
        if claim.waited:
            steps.append(_system.waking(self._address + 8 * claim.at))
        return steps

    def _storing(self, at: int, value: int) -> partial[object]:
        """Return a step that stores a word, releasing; on x86-64 a plain move does."""
        if IS_X86_64:
            return partial(self._words.__setitem__, at, value)
        return partial(_atomic.store8, self._address + 8 * at, value, RELEASE)

    def _complete(self) -> None:
        """Publish what this process has claimed and not published, after a step in between has failed (I1)."""
        while self._pending:
            claim = self._pending[-1]
            if claim.writing >> _OWNER_SHIFT & _OWNER_MASK == self._word.value:
                expected = ctypes.c_uint64(claim.writing)
                still_mine = partial(
                    compare_exchange8,
                    self._address + 8 * claim.at,
                    ctypes.addressof(expected),
                    claim.writing,
                    ACQ_REL,
                    ACQUIRE,
                )
                all(map(is_not, map(_call, (still_mine, *self._publishing(claim))), repeat(False)))
            if claim in self._pending:
                self._pending.remove(claim)

    # Popping.

    def try_pop(self) -> _T | None:
        """Pop the oldest value, or return None if there is none.

        A value that a live process is still writing counts as not there; that of a dead one is skipped.

        Raises
        ------
        ReadOnly, Closed, Corrupt
            What their names say.
        """
        found = self._pop_once()
        if isinstance(found, _Place):
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
        found = self._pop_once()
        if isinstance(found, _Place):
            found = self._until(self._pop_once, timeout, self._empty)
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
        runs: list[np.ndarray[Any, np.dtype[np.uint8]]] = []
        left = count
        blocked: _Place | None = None
        while left > 0 and blocked is None:
            rows, blocked = self._pop_run(left)
            if blocked is not None and not runs and timeout != 0:
                try:
                    rows = self._until(partial(self._pop_rows, left), timeout, self._empty)
                except Empty:
                    break
                blocked = None
            if len(rows):
                runs.append(rows)
                left -= len(rows)
        rows = np.concatenate(runs) if runs else np.zeros((0, self._codec.size), np.uint8)
        return self._codec.decode_rows(rows)

    def _pop_once(self) -> bytearray | _Place:
        """Pop a value; return where the queue is empty if it is."""
        self._check_writable()
        if self._pending:
            self._complete()
        while True:
            place = self._stand_at_head()
            position, at, state = place
            tag = state & _TAG
            if tag == _EMPTY:
                return place
            if tag == _WRITING:
                if self._blocks(place):
                    return place
                continue
            start = 8 * at + _STATE
            payload = bytearray(self._values[start : start + self._codec.padded])
            _points.reach("queue.pop.copied")
            expected = ctypes.c_uint64(state)
            desired = (position + self._capacity) << _SHIFT & _WORD_MASK | _EMPTY
            # SYNC take: releases the emptied cell to the next push; SYNC push: acquires the value.
            if compare_exchange8(self._address + 8 * at, ctypes.addressof(expected), desired, ACQ_REL, ACQUIRE):
                _points.reach("queue.pop.taken")
                self._words[_HEAD] = (position + 1) & _WORD_MASK
                if state & _WAIT:
                    _system.wake(self._address + 8 * at)
                return payload

    def _pop_rows(self, count: int) -> np.ndarray[Any, np.dtype[np.uint8]] | _Place:
        rows, blocked = self._pop_run(count)
        return rows if blocked is None else blocked

    def _pop_run(self, count: int) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], _Place | None]:
        """Pop values from neighbouring cells; return them, and where the queue is empty if it is."""
        self._check_writable()
        if self._pending:
            self._complete()
        while True:
            place = self._stand_at_head()
            if place.state & _TAG == _EMPTY or (place.state & _TAG == _WRITING and self._blocks(place)):
                return np.zeros((0, self._codec.size), np.uint8), place
            if place.state & _TAG == _FULL:
                rows = self._take_run(place.position, min(count, _RUN))
                if len(rows):
                    return rows, None

    def _take_run(self, position: int, count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        index = position & self._mask
        cells = min(count, self._capacity - index)
        whole = np.frombuffer(self._values, np.uint64)[_CELLS : _CELLS + self._capacity * self._stride]
        run = whole.reshape(self._capacity, self._stride)[index : index + cells]
        states = run[:, 0].copy()
        positions = np.arange(position, position + cells, dtype=np.uint64)
        full = positions << np.uint64(_SHIFT) | np.uint64(_FULL)
        there = (states & np.uint64(_WORD_MASK ^ _WAIT)) == full
        ready = cells if there.all() else int(there.argmin())
        _atomic.fence(ACQUIRE)
        values = run[:ready, 1:].copy()
        _points.reach("queue.pop.copied")
        desired = ((positions + np.uint64(self._capacity)) << np.uint64(_SHIFT) | np.uint64(_EMPTY)).tolist()
        first = self._address + 8 * (_CELLS + index * self._stride)
        addresses = range(first, first + 8 * self._stride * ready, 8 * self._stride)
        expected = states[:ready].copy()
        expected_at = expected.__array_interface__["data"][0]
        exchanges = map(
            compare_exchange8,
            addresses,
            range(expected_at, expected_at + 8 * ready, 8),
            desired,
            repeat(ACQ_REL),
            repeat(ACQUIRE),
        )
        taken = sum(takewhile(bool, exchanges))
        _points.reach("queue.pop.taken")
        if taken:
            self._words[_HEAD] = (position + taken) & _WORD_MASK
        for offset in np.flatnonzero(states[:taken] & np.uint64(_WAIT)).tolist():
            _system.wake(addresses[offset])
        return values[:taken].view(np.uint8)[:, : self._codec.size]

    # Where the cells are.

    def _stand_at_tail(self, *, recover: bool) -> _Place:
        """Walk to the first unclaimed position; what is found is EMPTY, or else the queue is full there."""
        words, mask, stride, capacity = self._words, self._mask, self._stride, self._capacity
        position = words[_TAIL]
        steps = 0
        start = None
        while True:
            index = position & mask
            at = _CELLS + index * stride
            state = words[at]
            tag = state & _TAG
            if tag == _WRITING:
                found = _nearest(state >> _LOW_SHIFT, position)
            else:
                found = state >> _SHIFT
                if tag == _EMPTY and found == position:
                    return _Place(position, at, state)
            if tag == 0 or found & mask != index:
                raise self._corrupt_cell(index, state)
            if tag == _EMPTY:
                following = max(found - capacity + 1, 0)
            elif found == position - capacity:
                place = _Place(position, at, state)
                if tag == _FULL or not recover or self._blocks(place):
                    return place
                following = position
            else:
                following = found + 1
            if start is None:
                start = (words[_TAIL], at, state)
            steps = self._count_step(steps, start, _TAIL)
            if steps == 0:
                start = None
            position = following

    def _stand_at_head(self) -> _Place:
        """Walk to the first unconsumed position."""
        words, mask, stride, capacity = self._words, self._mask, self._stride, self._capacity
        position = words[_HEAD]
        steps = 0
        start = None
        while True:
            index = position & mask
            at = _CELLS + index * stride
            state = words[at]
            tag = state & _TAG
            found = _nearest(state >> _LOW_SHIFT, position) if tag == _WRITING else state >> _SHIFT
            if tag == 0 or found & mask != index:
                raise self._corrupt_cell(index, state)
            if found == position:
                return _Place(position, at, state)
            if start is None:
                start = (words[_HEAD], at, state)
            steps = self._count_step(steps, start, _HEAD)
            if steps == 0:
                start = None
            position = max(found - capacity + 1, 0)

    def _count_step(self, steps: int, start: tuple[int, int, int], hint: int) -> int:
        """Count a step of a walk; begin anew where someone moved on, and give up where nobody did."""
        if steps < 2 * self._capacity + 64:
            return steps + 1
        if self._words[hint] != start[0] or self._words[start[1]] != start[2]:
            return 0
        msg = f"the cells lead nowhere: {steps} steps from position {start[0]}"
        raise self._corrupt(msg)

    def _blocks(self, place: _Place) -> bool:
        """Whether the writer of a cell lives; the cell of a dead one is recovered."""
        position, at, state = place
        for _ in range(_SPINS):
            if self._words[at] != state:
                return False
        assert self._attachment is not None, "checked when the operation began"
        if self._attachment.is_alive(state >> _OWNER_SHIFT & _OWNER_MASK):
            return True
        found = _nearest(state >> _LOW_SHIFT, position)
        desired = (found + self._capacity) << _SHIFT & _WORD_MASK | _EMPTY
        expected = ctypes.c_uint64(state)
        address = self._address + 8 * at
        recovering = (
            partial(compare_exchange8, address, ctypes.addressof(expected), desired, ACQ_REL, ACQUIRE),
            _system.waking(address),
        )
        if all(map(is_not, map(_call, recovering), repeat(False))):
            _points.reach("queue.recovered")
        return False

    # Waiting.

    def _until(self, attempt: Callable[[], Any], timeout: float | None, error: Callable[[float], TimedOut]) -> Any:
        """Repeat an attempt that returns where it is blocked, sleeping on that cell in between."""
        deadline = None if timeout is None else time.monotonic() + timeout
        nap = _FIRST_NAP
        while True:
            found = attempt()
            if not isinstance(found, _Place):
                return found
            left = _SLICE if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise error(timeout or 0)
            if found.state & _TAG == _WRITING:
                self._sleep(found.at, found.state, min(nap, left))
                nap = min(2 * nap, _LONGEST_NAP)
            else:
                nap = _FIRST_NAP
                self._wait(found, min(_SLICE, left))

    def _wait(self, place: _Place, seconds: float) -> None:
        """Spin for a moment, then say that someone waits, and sleep until the cell changes."""
        words, at, state = self._words, place.at, place.state
        for _ in range(_SPINS):
            if words[at] != state:
                return
        if not state & _WAIT:
            expected = ctypes.c_uint64(state)
            address = self._address + 8 * at
            if not compare_exchange8(address, ctypes.addressof(expected), state | _WAIT, ACQ_REL, ACQUIRE):
                return
            state |= _WAIT
        self._sleep(at, state, seconds)

    def _sleep(self, at: int, state: int, seconds: float) -> None:
        _system.futex_wait(self._address + 8 * at, state & _FUTEX_MASK, seconds)

    def _full(self, timeout: float) -> Full:
        return Full(f"queue `{self._name}` stayed full for {timeout:g} s; its capacity is {self._capacity}")

    def _empty(self, timeout: float) -> Empty:
        return Empty(f"queue `{self._name}` stayed empty for {timeout:g} s")

    # Its life.

    def close(self) -> None:
        """Close the handle; the segment is unmapped when nothing of it is in use."""
        if self._attachment is not None:
            if self._pending:
                self._complete()
            self._attachment = None

    def __enter__(self) -> Queue[_T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pending", None):
            self.close()

    def __repr__(self) -> str:
        state = ", closed" if self._attachment is None else ""
        return f"<zeroipc.Queue {self._name!r} of {self._codec.dtype}, capacity {self._capacity}{state}>"

    def __reduce__(self) -> tuple[object, ...]:
        msg = "a queue's handle cannot be pickled; open the queue by its name in the other process"
        raise TypeError(msg)

    def _identify(self) -> int:
        """Return the id of a forked child; what its parent had claimed is the parent's."""
        assert self._attachment is not None, "checked when the operation began"
        self._pending.clear()
        return self._attachment.identify()

    def _check_open(self) -> None:
        if self._attachment is None:
            msg = f"the handle of queue `{self._name}` is closed; open the queue again"
            raise Closed(msg)

    def _check_writable(self) -> None:
        attachment = self._attachment
        if attachment is None:
            self._check_open()
        elif attachment.read_only:
            msg = f"queue `{self._name}` was opened for reading only; open segment `{attachment.name}` without `read_only`"
            raise ReadOnly(msg)

    def _check_cells(self) -> None:
        """Check every cell of a queue that has no record."""
        whole = np.frombuffer(self._values, np.uint64)[_CELLS:].reshape(self._capacity, self._stride)
        states = whole[:, 0].copy()
        tags = states & np.uint64(_TAG)
        shifts = np.where(tags == _WRITING, np.uint64(_LOW_SHIFT), np.uint64(_SHIFT))
        indices = np.arange(self._capacity, dtype=np.uint64)
        wrong = (tags == 0) | (states >> shifts & np.uint64(self._mask) != indices)
        if wrong.any():
            index = int(wrong.argmax())
            raise self._corrupt_cell(index, int(states[index]))

    def _corrupt_cell(self, index: int, state: int) -> Corrupt:
        return self._corrupt(f"cell {index} has the state {state:#018x}, which it cannot have")

    def _corrupt(self, what: str) -> Corrupt:
        assert self._attachment is not None, "checked when the operation began"
        segment = self._attachment.name
        return Corrupt(f"queue `{self._name}` in segment `{segment}` is damaged: {what}; remove the segment")


def _nearest(low: int, position: int) -> int:
    """Return the position nearest to ``position`` that has these low bits."""
    distance = (low - position) & _LOW_MASK
    return position + (distance - _LOW_MASK - 1 if distance >= _LOW_HALF else distance)


def _with_points(steps: list[partial[object]]) -> list[partial[object]]:
    """Return the steps of claims with the points that tests know in between."""
    names: Iterator[str] = iter(())
    told: list[partial[object]] = []
    for step in steps:
        told.append(step)
        if step.func is compare_exchange8:
            names = iter(("claimed", "hinted", "written", "published"))
        name = next(names, None)
        if name is not None:
            told.append(_points.reaching(f"queue.push.{name}"))
    return told


def _rounded(capacity: int) -> int:
    if not 1 <= capacity <= f.MAX_QUEUE_CAPACITY:
        msg = f"a queue has a capacity between 1 and {f.MAX_QUEUE_CAPACITY}, not {capacity}"
        raise ValueError(msg)
    return 1 << (capacity - 1).bit_length()


def _planned(capacity: int, dtype: DTypeLike) -> tuple[np.dtype[Any], int, tuple[Type, int, int]]:
    rounded = _rounded(capacity)
    wanted = np.dtype(dtype)
    ty = describe(wanted)
    return wanted, rounded, (ty, _size_of(rounded, ty.size), 1)


def _size_of(capacity: int, element: int) -> int:
    return f.QUEUE_HEADER_SIZE + capacity * (_STATE + round8(element))


def _filler(attachment: Attachment, capacity: int, ty: Type) -> Callable[[int], None]:
    def fill(offset: int) -> None:
        size = _size_of(capacity, ty.size)
        words = np.frombuffer(attachment.region.view(offset, size), np.uint64)
        words[:_CELLS] = 0
        words[f.QUEUE_HEADER_CAPACITY_OFFSET // 8] = capacity
        positions = np.arange(capacity, dtype=np.uint64)
        words[_CELLS :: _STATE // 8 + round8(ty.size) // 8] = positions << np.uint64(_SHIFT) | np.uint64(_EMPTY)

    return fill


def _checked_capacity(attachment: Attachment, entry: Entry, dtype: np.dtype[Any], *, recorded: bool) -> int:
    if entry.size < f.QUEUE_HEADER_SIZE:
        raise _create.wrong_size(attachment, entry, f"a queue has at least {f.QUEUE_HEADER_SIZE}")
    capacity = attachment.region.load8(entry.offset + f.QUEUE_HEADER_CAPACITY_OFFSET)
    fits = 1 <= capacity <= f.MAX_QUEUE_CAPACITY and capacity & (capacity - 1) == 0
    need = _size_of(capacity, dtype.itemsize)
    if fits and entry.size == need:
        return capacity
    what = f"a capacity of {capacity} values of {dtype.itemsize} bytes needs {need}"
    if not fits:
        what = f"a capacity of {capacity} is no power of two up to {f.MAX_QUEUE_CAPACITY}"
    if not recorded:
        raise _create.wrong_size(attachment, entry, what)
    msg = f"queue `{entry.text}` in segment `{attachment.name}` is damaged: it has {entry.size} bytes, and {what}; remove the segment"
    raise Corrupt(msg)
