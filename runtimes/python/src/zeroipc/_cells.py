"""The cells of a queue: their states, the walks over them, recovery and sleep. docs/format.md, section 6.

::

    EMPTY(p) --claim--> WRITING(p, owner) --publish--> FULL(p) --take--> EMPTY(p + capacity)
                              |
                              +--recover, the owner is dead--> EMPTY(p + capacity)

The truth is in the cells; ``head`` and ``tail`` are hints that may lag and move back.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import partial
from itertools import chain, compress, repeat, tee
from operator import is_not
from typing import Any, Callable, NamedTuple, TypeVar, cast

import numpy as np

from . import _atomic, _points, _system
from ._atomic import ACQ_REL, ACQUIRE, RELEASE, compare_exchange8
from ._attachment import Attachment
from ._format import queue as f
from ._platform import IS_X86_64
from ._region import round8
from ._table import Entry
from .errors import Closed, Corrupt, ReadOnly

__all__ = [
    "EMPTY",
    "FULL",
    "SHIFT",
    "STATE",
    "TAG",
    "WAIT",
    "WRITING",
    "Cells",
    "Claim",
    "Place",
    "fill",
    "run_steps",
    "size_of",
    "uncollected",
]

EMPTY = f.CELL_EMPTY
WRITING = f.CELL_WRITING
FULL = f.CELL_FULL
TAG = f.CELL_TAG_MASK
WAIT = f.CELL_WAIT_BIT
SHIFT = f.CELL_POSITION_SHIFT
OWNER_SHIFT = f.CELL_OWNER_SHIFT
OWNER_MASK = (1 << f.CELL_OWNER_BITS) - 1
LOW_SHIFT = f.CELL_WRITING_POSITION_SHIFT
LOW_MASK = (1 << f.CELL_WRITING_POSITION_BITS) - 1
_LOW_HALF = 1 << (f.CELL_WRITING_POSITION_BITS - 1)
WORD_MASK = (1 << 64) - 1
_FUTEX_MASK = (1 << 32) - 1

HEAD = f.QUEUE_HEADER_HEAD_OFFSET // 8
TAIL = f.QUEUE_HEADER_TAIL_OFFSET // 8
FIRST = f.QUEUE_HEADER_SIZE // 8
"""Index of the first cell's state word."""
STATE = 8
"""Bytes of the state word in front of a cell's value."""
_MAX_ROUNDS = 10_000
"""More rounds of a walk than a process can lose against others that make progress, by any chance that matters."""
_SPINS = 60
"""How often a word is looked at before the system is asked."""


class Place(NamedTuple):
    """Where an operation stands: a position, the index of its cell's state word, and what it was."""

    position: int
    at: int
    state: int


class Claim(NamedTuple):
    """A cell that is about to be claimed, or is claimed and not yet published."""

    at: int
    free: int
    """The state before."""
    writing: int
    full: int
    payload: bytes


class _AtomicWords:
    """The words of a queue where a plain access is not enough of an order: every machine but x86-64."""

    def __init__(self, address: int) -> None:
        self._address = address

    def __getitem__(self, at: int) -> int:
        return int(_atomic.load8(self._address + 8 * at, ACQUIRE))

    def __setitem__(self, at: int, value: int) -> None:
        _atomic.store8(self._address + 8 * at, value, RELEASE)


class Cells:
    """The mapped cells of a queue, and what this process has claimed of them.

    Attributes
    ----------
    values
        The queue's bytes.
    words
        The same as words of 8 bytes: a load acquires, a store releases.
    grid
        The cells, one in a row, for copies in bulk: column 0 is the state.
    pending
        Claims that an exception has left unpublished.
    """

    __slots__ = (
        "address",
        "attachment",
        "capacity",
        "grid",
        "mask",
        "name",
        "padded",
        "pending",
        "segment",
        "stride",
        "values",
        "word",
        "words",
    )

    def __init__(self, attachment: Attachment, entry: Entry, capacity: int, padded: int) -> None:
        self.attachment: Attachment | None = attachment
        self.name = entry.text
        self.segment = attachment.name
        self.capacity = capacity
        self.mask = capacity - 1
        self.padded = padded
        self.stride = (STATE + padded) // 8
        self.address = attachment.region.at(entry.offset, entry.size)
        self.values = attachment.region.view(entry.offset, entry.size)
        self.words: Any = self.values.cast("Q") if IS_X86_64 else _AtomicWords(self.address)
        self.grid = np.frombuffer(self.values, np.uint64)[FIRST:].reshape(capacity, self.stride)
        self.word = attachment.word
        self.pending: list[Claim] = []

    # Walking.

    def stand_at_tail(self, recovering: Attachment | None) -> Place:
        """Walk to the first unclaimed position; what is found is EMPTY, or else the queue is full there.

        With an attachment, what a dead process has claimed there is recovered.
        """
        words, mask, stride, capacity = self.words, self.mask, self.stride, self.capacity
        position = words[TAIL]
        walk = None
        while True:
            index = position & mask
            at = FIRST + index * stride
            state = words[at]
            tag = state & TAG
            if tag == WRITING:
                found = _nearest(state >> LOW_SHIFT, position)
            else:
                found = state >> SHIFT
                if tag == EMPTY and found == position:
                    return Place(position, at, state)
            if tag == 0 or found & mask != index:
                raise self.corrupt_cell(index, state)
            if tag == EMPTY:
                following = max(found - capacity + 1, 0)
            elif found == position - capacity:
                place = Place(position, at, state)
                if tag == FULL or recovering is None or self.blocks(place, recovering):
                    return place
                following = position
            else:
                following = found + 1
            walk = walk or _Walk(self, TAIL)
            position = words[TAIL] if walk.step() else following

    def stand_at_head(self) -> Place:
        """Walk to the first unconsumed position."""
        words, mask, stride, capacity = self.words, self.mask, self.stride, self.capacity
        position = words[HEAD]
        walk = None
        while True:
            index = position & mask
            at = FIRST + index * stride
            state = words[at]
            tag = state & TAG
            found = _nearest(state >> LOW_SHIFT, position) if tag == WRITING else state >> SHIFT
            if tag == 0 or found & mask != index:
                raise self.corrupt_cell(index, state)
            if found == position:
                return Place(position, at, state)
            walk = walk or _Walk(self, HEAD)
            position = words[HEAD] if walk.step() else max(found - capacity + 1, 0)

    # Recovering.

    def blocks(self, place: Place, attachment: Attachment) -> bool:
        """Whether the writer of a cell lives; the cell of a dead one is recovered."""
        position, at, state = place
        for _ in range(_SPINS):
            if self.words[at] != state:
                return False
        if attachment.is_alive(state >> OWNER_SHIFT & OWNER_MASK):
            return True
        following = _nearest(state >> LOW_SHIFT, position) + self.capacity
        expected = ctypes.c_uint64(state)
        steps: tuple[partial[object], ...] = (
            self.exchanging(at, expected, following << SHIFT & WORD_MASK | EMPTY),
            _system.waking(self.address + 8 * at),
        )
        if _points.hook is not None:
            steps = (steps[0], _points.reaching("queue.recover.freed"), *steps[1:])
        _points.reach("queue.recover.dead")
        if run_steps(iter(steps)):
            _points.reach("queue.recover.woken")
        return False

    # Sleeping.

    def wait(self, place: Place, seconds: float) -> None:
        """Spin for a moment, then say that someone waits, and sleep until the cell leaves EMPTY or FULL."""
        attachment = self.open()
        _, at, state = place
        for _ in range(_SPINS):
            if self.words[at] != state:
                return
        if not state & WAIT:
            if not self.exchange(at, state, state | WAIT):
                return
            state |= WAIT
            _points.reach("queue.wait.marked")
        self.sleep(attachment, at, state, seconds)

    def sleep(self, attachment: Attachment, at: int, state: int, seconds: float) -> None:
        """Sleep as long as the low half of a state word is what it was."""
        _system.futex_wait(self.address + 8 * at, state & _FUTEX_MASK, seconds)
        del attachment  # It has kept the word mapped until here.

    def wake(self, at: int) -> None:
        """Wake everyone who sleeps on a cell."""
        _system.wake(self.address + 8 * at)

    # Steps.

    def exchange(self, at: int, expected: int, desired: int) -> bool:
        """Replace a state word if it is what is expected."""
        found = ctypes.c_uint64(expected)
        # SYNC take: releases an emptied cell to the next push. SYNC push: acquires the value that was published.
        return bool(compare_exchange8(self.address + 8 * at, ctypes.addressof(found), desired, ACQ_REL, ACQUIRE))

    def exchanging(self, at: int, expected: ctypes.c_uint64, desired: int) -> partial[object]:
        """Return :meth:`exchange` as a step; ``expected`` has to live until it has run."""
        return partial(compare_exchange8, self.address + 8 * at, ctypes.addressof(expected), desired, ACQ_REL, ACQUIRE)

    def storing(self, at: int, value: int) -> partial[object]:
        """Return a step that stores a word, releasing; on x86-64 a plain move does."""
        if IS_X86_64:
            return partial(self.words.__setitem__, at, value)
        return partial(_atomic.store8, self.address + 8 * at, value, RELEASE)

    # Refusing.

    def open(self) -> Attachment:
        """Return the attachment, or refuse on a closed handle."""
        if self.attachment is None or self.attachment.ended:
            msg = f"the handle of queue `{self.name}` is closed; open the queue again"
            raise Closed(msg)
        return self.attachment

    def check_writable(self) -> Attachment:
        """Return the attachment, or refuse on a handle that is closed or for reading only."""
        attachment = self.open()
        if attachment.read_only:
            todo = f"open segment `{attachment.name}` without `read_only`"
            msg = f"queue `{self.name}` was opened for reading only; {todo}"
            raise ReadOnly(msg)
        return attachment

    def check_all(self) -> None:
        """Check every cell of a queue that has no record."""
        states = self.grid[:, 0].copy()
        tags = states & np.uint64(TAG)
        shifts = np.where(tags == WRITING, np.uint64(LOW_SHIFT), np.uint64(SHIFT))
        wrong = (tags == 0) | (states >> shifts & np.uint64(self.mask) != np.arange(self.capacity, dtype=np.uint64))
        if wrong.any():
            index = int(wrong.argmax())
            raise self.corrupt_cell(index, int(states[index]))

    def corrupt_cell(self, index: int, state: int) -> Corrupt:
        """Return the error for a cell."""
        return self.corrupt(f"cell {index} has the state {state:#018x}, which it cannot have")

    def corrupt(self, what: str) -> Corrupt:
        """Return the error for the queue."""
        msg = f"queue `{self.name}` in segment `{self.segment}` is damaged: {what}; remove the segment"
        return Corrupt(msg)


class _Walk:
    """Bounds a walk: as long as others are at work it may go on, but not when nothing moves."""

    __slots__ = ("_cells", "_hint", "_rounds", "_start", "_steps", "_unmoved")

    def __init__(self, cells: Cells, hint: int) -> None:
        self._cells = cells
        self._hint = hint
        self._steps = 0
        self._rounds = 0
        self._unmoved = False
        """The last round ended as it began."""
        self._start = self._hint_and_word()

    def step(self) -> bool:
        """Count a step; True when the walk has to start again from the hint.

        Raises
        ------
        Corrupt
            That is of no use.
        """
        self._steps += 1
        if self._steps <= 2 * self._cells.capacity + 64:
            return False
        start = self._hint_and_word()
        unmoved = start == self._start
        # One such round may be due to loads that returned old words, and led back and forth between them.
        if (unmoved and self._unmoved) or self._rounds == _MAX_ROUNDS:
            where = f"{self._steps - 1} steps from position {start[0]}"
            raise self._cells.corrupt(f"the cells lead nowhere: {where}, and {self._rounds + 1} such rounds")
        self._steps = 0
        self._rounds += 1
        self._start, self._unmoved = start, unmoved
        return True

    def _hint_and_word(self) -> tuple[int, int]:
        cells = self._cells
        position = cells.words[self._hint]
        return position, cells.words[FIRST + (position & cells.mask) * cells.stride]


_T = TypeVar("_T")
_COLLECTS_ANYWHERE = sys.version_info < (3, 12)
_is_enabled: partial[Any] = partial(gc.isenabled)
_enable: partial[Any] = partial(gc.enable)
_disable: partial[Any] = partial(gc.disable)
_call: Callable[[partial[Any]], Any] = partial.__call__


def run_steps(steps: Any) -> bool:
    """Run an iterator of steps up to the first that returns False, and tell whether there was none.

    Nothing of Python runs between two steps: no signal handler, no other thread, no finaliser, no exception from outside.
    They run between bytecodes only, and this is one call of C functions (:func:`uncollected`).
    """
    return uncollected(partial(all, map(is_not, map(_call, steps), repeat(False))))


def uncollected(work: partial[_T]) -> _T:
    """Call a C function without the garbage collector, whose finalisers are Python.

    Since Python 3.12 it runs between bytecodes only, and before inside any allocation. It is switched off and on within
    one call of C functions: no other thread and no signal handler comes to see it off, and who has it off keeps it so.
    """
    if not _COLLECTS_ANYWHERE:
        return work()
    was_on, to_restore = tee(map(_call, (_is_enabled,)))
    enabling = compress((_enable,), to_restore)
    try:
        results = list(map(_call, chain(compress((_disable,), was_on), (work,), enabling)))
    except BaseException:
        for enable in enabling:
            enable()
        raise
    return cast("_T", results[len(results) // 2])


def size_of(capacity: int, element: int) -> int:
    """Return the size of a queue."""
    return f.QUEUE_HEADER_SIZE + capacity * (STATE + round8(element))


def fill(attachment: Attachment, offset: int, capacity: int, element: int) -> None:
    """Initialise a queue that nobody sees yet."""
    words = np.frombuffer(attachment.region.view(offset, size_of(capacity, element)), np.uint64)
    words[:FIRST] = 0
    words[f.QUEUE_HEADER_CAPACITY_OFFSET // 8] = capacity
    states = np.arange(capacity, dtype=np.uint64) << np.uint64(SHIFT) | np.uint64(EMPTY)
    words[FIRST :: (STATE + round8(element)) // 8] = states


def _nearest(low: int, position: int) -> int:
    """Return the position nearest to ``position`` that has these low bits."""
    distance = (low - position) & LOW_MASK
    return position + (distance - LOW_MASK - 1 if distance >= _LOW_HALF else distance)
