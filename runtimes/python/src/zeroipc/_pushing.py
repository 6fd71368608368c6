"""Pushing values into cells.

Invariants
----------
I1. A live process publishes what it has claimed. Claim, hint, copy and publication are steps of one C function
    (:func:`zeroipc._cells.run_steps`), without the garbage collector where that could run inside of it, so nothing of
    Python runs in between. Should a step fail nevertheless, the cells remember the claim, and it is completed at once, or
    at the handle's next operation.
I2. Everything that can fail about a value has happened before the claim.
I3. No lock is held: a signal handler, a finaliser or another thread may use the same handle at any time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import partial
from itertools import count as count_from
from itertools import repeat, takewhile

import numpy as np

from . import _points, _system
from ._atomic import ACQ_REL, ACQUIRE, RELEASE, compare_exchange8, store8
from ._attachment import Attachment
from ._cells import (
    EMPTY,
    FIRST,
    FULL,
    LOW_MASK,
    LOW_SHIFT,
    OWNER_MASK,
    OWNER_SHIFT,
    SHIFT,
    STATE,
    TAG,
    TAIL,
    WAIT,
    WORD_MASK,
    WRITING,
    Cells,
    Claim,
    Place,
    run_steps,
    uncollected,
)
from ._platform import IS_X86_64

__all__ = ["complete", "push_one", "push_rows"]


def push_one(cells: Cells, payload: bytes) -> Place | None:
    """Push a value; return where the queue is full if it is."""
    attachment = cells.check_writable()  # Kept until the end: the cells stay mapped even if the handle is closed.
    me = cells.word.value
    words = cells.words
    position = words[TAIL]
    at = FIRST + (position & cells.mask) * cells.stride
    state = position << SHIFT | EMPTY
    ready = me and _points.hook is None and not cells.pending
    if not (IS_X86_64 and ready and words[at] == state):
        return _push_slowly(cells, attachment, payload)
    expected = ctypes.c_uint64(state)
    writing = WRITING | me << OWNER_SHIFT | (position & LOW_MASK) << LOW_SHIFT
    full = position << SHIFT | FULL
    start = 8 * at + STATE
    set_word = words.__setitem__
    steps = (
        partial(compare_exchange8, cells.address + 8 * at, ctypes.addressof(expected), writing, ACQ_REL, ACQUIRE),
        partial(set_word, TAIL, position + 1),
        partial(cells.values.__setitem__, slice(start, start + cells.padded), payload),
        # SYNC push: publishes the value to the pop; a plain move releases on this machine.
        partial(set_word, at, full),
    )
    try:
        if run_steps(steps):
            return None
    except BaseException:
        cells.pending += (Claim(at, state, writing, full, payload),)
        complete(cells)
        raise
    return _push_slowly(cells, attachment, payload)


def push_rows(cells: Cells, rows: memoryview, start: int, count: int) -> tuple[int, Place | None]:
    """Push values from rows on into neighbouring cells; return how many, and where the queue is full if it is."""
    attachment = cells.check_writable()
    if cells.pending:
        complete(cells)
    me = cells.word.value or _identify(cells, attachment)
    while True:
        place = cells.stand_at_tail(attachment)
        if place.state & TAG != EMPTY:
            return 0, place
        pushed = 0
        if _points.hook is None and not place.state & WAIT:
            pushed = _push_neighbours(cells, place.position, me, rows, start, count)
        if pushed == 0:
            payload = bytes(rows[start * cells.padded : (start + 1) * cells.padded])
            pushed = _claim_and_publish(cells, _claim_of(place, payload, me), place.position)
        if pushed:
            return pushed, None


def _push_neighbours(cells: Cells, position: int, me: int, rows: memoryview, start: int, count: int) -> int:
    """Push into cells that nobody waits for, from a position up to the last cell; return how many."""
    index = position & cells.mask
    states = cells.grid[index : index + count, 0].copy()
    free = np.arange(position, position + len(states), dtype=np.uint64) << np.uint64(SHIFT) | np.uint64(EMPTY)
    same = states == free
    ready = len(states) if same.all() else int(same.argmin())
    low = position & LOW_MASK
    if low + ready > LOW_MASK:
        return 0
    at, stride, size = FIRST + index * cells.stride, cells.stride, cells.padded
    first = cells.address + 8 * at
    addresses = range(first, first + 8 * stride * ready, 8 * stride)
    free_at = int(free.__array_interface__["data"][0])
    writing = WRITING | me << OWNER_SHIFT | low << LOW_SHIFT
    # SYNC take: acquires the cells that consumers have emptied.
    claims = map(
        compare_exchange8,
        addresses,
        range(free_at, free_at + 8 * ready, 8),
        range(writing, writing + (ready << LOW_SHIFT), 1 << LOW_SHIFT),
        repeat(ACQ_REL),
        repeat(ACQUIRE),
    )
    to, source = 8 * at + STATE, start * size
    copies = map(
        cells.values.__setitem__,
        map(slice, range(to, to + 8 * stride * ready, 8 * stride), count_from(to + size, 8 * stride)),
        map(rows.__getitem__, map(slice, range(source, source + size * ready, size), count_from(source + size, size))),
    )
    full = count_from(position << SHIFT | FULL, 1 << SHIFT)
    # SYNC push: publishes the values to the pops; on x86-64 a plain move releases.
    publications: Iterator[object] = map(store8, addresses, full, repeat(RELEASE))
    if IS_X86_64:
        publications = map(cells.words.__setitem__, range(at, at + stride * ready, stride), full)
    try:
        # For each value in turn: claim, copy, publish. Where a claim fails, `zip` stops before the copy (I1).
        pushed = len(uncollected(partial(list, zip(takewhile(bool, claims), copies, publications))))
    except BaseException:
        for step in range(ready):
            place = Place(position + step, at + stride * step, int(free[step]))
            payload = bytes(rows[source + size * step : source + size * (step + 1)])
            cells.pending += _claim_of(place, payload, me)
        complete(cells)
        raise
    if pushed:
        cells.words[TAIL] = (position + pushed) & WORD_MASK
    return pushed


def _push_slowly(cells: Cells, attachment: Attachment, payload: bytes) -> Place | None:
    if cells.pending:
        complete(cells)
    me = cells.word.value or _identify(cells, attachment)
    while True:
        place = cells.stand_at_tail(attachment)
        if place.state & TAG != EMPTY:
            return place
        if _claim_and_publish(cells, _claim_of(place, payload, me), place.position):
            return None


def _identify(cells: Cells, attachment: Attachment) -> int:
    """Return the id of a forked child; what its parent had claimed is the parent's."""
    cells.pending.clear()
    return attachment.identify()


def _claim_of(place: Place, payload: bytes, me: int) -> tuple[Claim]:
    position, at, state = place
    writing = WRITING | me << OWNER_SHIFT | (position & LOW_MASK) << LOW_SHIFT
    return (Claim(at, state, writing, (position << SHIFT | FULL) & WORD_MASK, payload),)


def _claim_and_publish(cells: Cells, claims: tuple[Claim], position: int) -> int:
    """Claim a cell, write and publish it; return how many values were pushed (I1)."""
    (claim,) = claims
    free = ctypes.c_uint64(claim.free)
    steps = [
        # SYNC take: acquires the cell that a consumer has emptied.
        cells.exchanging(claim.at, free, claim.writing),
        cells.storing(TAIL, (position + 1) & WORD_MASK),
        *_publishing(cells, claim),
    ]
    if _points.hook is not None:
        steps = _with_points(steps)
    try:
        return int(run_steps(iter(steps)))
    except BaseException:
        cells.pending += claims
        complete(cells)
        raise


def _publishing(cells: Cells, claim: Claim) -> list[partial[object]]:
    """Return the steps that write and publish a claimed cell."""
    start = 8 * claim.at + STATE
    steps: list[partial[object]] = [
        partial(cells.values.__setitem__, slice(start, start + cells.padded), claim.payload),
        # SYNC push: publishes the value to the pop.
        cells.storing(claim.at, claim.full),
    ]
    if claim.free & WAIT:
        steps.append(_system.waking(cells.address + 8 * claim.at))
    return steps


def complete(cells: Cells) -> None:
    """Publish what this process has claimed and not published, after a step in between has failed (I1)."""
    attachment = cells.attachment
    while cells.pending and attachment is not None:
        claim = cells.pending[-1]
        if claim.writing >> OWNER_SHIFT & OWNER_MASK == cells.word.value:
            expected = ctypes.c_uint64(claim.writing)
            still_mine = cells.exchanging(claim.at, expected, claim.writing)
            run_steps(iter((still_mine, *_publishing(cells, claim))))
        if claim in cells.pending:
            cells.pending.remove(claim)


def _with_points(steps: list[partial[object]]) -> list[partial[object]]:
    """Return the steps of a claim with the points that tests know in between."""
    names = ("claimed", "hinted", "written", "published", "woken")
    told: list[partial[object]] = []
    for step, name in zip(steps, names):
        told += (step, _points.reaching(f"queue.push.{name}"))
    return told
