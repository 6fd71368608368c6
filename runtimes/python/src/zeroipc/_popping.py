"""Popping values from cells: copied first, taken by one exchange, so that a dying consumer loses nothing."""

from __future__ import annotations

from itertools import repeat, takewhile
from typing import Any

import numpy as np

from . import _atomic, _points
from ._atomic import ACQ_REL, ACQUIRE, compare_exchange8
from ._cells import EMPTY, FIRST, FULL, HEAD, SHIFT, STATE, TAG, WAIT, WORD_MASK, WRITING, Cells, Place
from ._pushing import complete

__all__ = ["Rows", "pop_one", "pop_run"]

Rows = np.ndarray[Any, np.dtype[np.uint8]]
"""The bytes of values, one in a row."""


def pop_one(cells: Cells) -> bytearray | Place:
    """Pop a value; return where the queue is empty if it is."""
    attachment = cells.check_writable()  # Kept until the end: the cells stay mapped even if the handle is closed.
    if cells.pending:
        complete(cells)
    words = cells.words
    while True:
        position = words[HEAD]
        at = FIRST + (position & cells.mask) * cells.stride
        state = words[at]
        if state != position << SHIFT | FULL:
            place = cells.stand_at_head()
            position, at, state = place
            if state & TAG == EMPTY:
                return place
            if state & TAG == WRITING:
                if cells.blocks(place, attachment):
                    return place
                continue
        start = 8 * at + STATE
        payload = bytearray(cells.values[start : start + cells.padded])
        if _points.hook is not None:
            _points.reach("queue.pop.copied")
        if cells.exchange(at, state, (position + cells.capacity) << SHIFT & WORD_MASK | EMPTY):
            if _points.hook is not None:
                _points.reach("queue.pop.taken", "queue.pop.consumed")
            words[HEAD] = (position + 1) & WORD_MASK
            if _points.hook is not None:
                _points.reach("queue.pop.hinted")
            if state & WAIT:
                cells.wake(at)
                _points.reach("queue.pop.woken")
            return payload


def pop_run(cells: Cells, count: int) -> tuple[Rows, Place | None]:
    """Pop values from neighbouring cells; return them, and where the queue is empty if it is."""
    attachment = cells.check_writable()
    if cells.pending:
        complete(cells)
    while True:
        place = cells.stand_at_head()
        tag = place.state & TAG
        if tag == EMPTY or (tag == WRITING and cells.blocks(place, attachment)):
            return np.zeros((0, cells.padded), np.uint8), place
        if tag == FULL:
            rows = _take_run(cells, place.position, count)
            if len(rows):
                return rows, None


def _take_run(cells: Cells, position: int, count: int) -> Rows:
    """Take full cells from a position up to the last cell, as long as nobody else takes one."""
    index = position & cells.mask
    run = cells.grid[index : index + count]
    states = run[:, 0].copy()
    positions = np.arange(position, position + len(run), dtype=np.uint64)
    full = (states & np.uint64(WORD_MASK ^ WAIT)) == positions << np.uint64(SHIFT) | np.uint64(FULL)
    ready = len(run) if full.all() else int(full.argmin())
    # SYNC push: acquires the values that were published with these states.
    _atomic.fence(ACQUIRE)
    values = run[:ready, 1:].copy()
    _points.reach("queue.pop.copied")
    desired = (positions + np.uint64(cells.capacity)) << np.uint64(SHIFT) | np.uint64(EMPTY)
    first = cells.address + 8 * (FIRST + index * cells.stride)
    addresses = range(first, first + 8 * cells.stride * ready, 8 * cells.stride)
    expected = states.copy()
    expected_at = int(expected.__array_interface__["data"][0])
    # SYNC take: releases the emptied cells to the next pushes.
    exchanges = map(
        compare_exchange8,
        addresses,
        range(expected_at, expected_at + 8 * ready, 8),
        desired.tolist(),
        repeat(ACQ_REL),
        repeat(ACQUIRE),
    )
    taken = sum(takewhile(bool, exchanges))
    _points.reach("queue.pop.taken", "queue.pop.consumed")
    if taken:
        cells.words[HEAD] = (position + taken) & WORD_MASK
    _points.reach("queue.pop.hinted")
    for offset in np.flatnonzero(states[:taken] & np.uint64(WAIT)).tolist():
        cells.wake(FIRST + (index + offset) * cells.stride)
        _points.reach("queue.pop.woken")
    return values[:taken].view(np.uint8)
