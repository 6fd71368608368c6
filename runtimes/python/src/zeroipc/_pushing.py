"""Pushing values into cells.

Invariants
----------
I1. A live process publishes what it has claimed. Claim, hint, copy and publication are steps of one C function
    (:func:`zeroipc._cells.run_steps`), so nothing of Python runs in between. Should a step fail nevertheless, the cells
    remember the claim, and it is completed at once, or at the handle's next operation.
I2. Everything that can fail about a value has happened before the claim.
I3. No lock is held: a signal handler, a finaliser or another thread may use the same handle at any time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from functools import partial

from . import _points, _system
from ._atomic import ACQ_REL, ACQUIRE, compare_exchange8
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
)
from ._platform import IS_X86_64

__all__ = ["complete", "push_one", "push_run"]


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
        return _push_run(cells, attachment, (payload,))[1]
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
    return _push_run(cells, attachment, (payload,))[1]


def push_run(cells: Cells, payloads: Sequence[bytes]) -> tuple[int, Place | None]:
    """Push values into neighbouring cells; return how many, and where the queue is full if it is."""
    return _push_run(cells, cells.check_writable(), payloads)


def _push_run(cells: Cells, attachment: Attachment, payloads: Sequence[bytes]) -> tuple[int, Place | None]:
    if cells.pending:
        complete(cells)
    me = cells.word.value or _identify(cells, attachment)
    while True:
        place = cells.stand_at_tail(attachment)
        if place.state & TAG != EMPTY:
            return 0, place
        pushed = _claim_and_publish(cells, place.position, _plan(cells, place, payloads, me))
        if pushed:
            return pushed, None


def _identify(cells: Cells, attachment: Attachment) -> int:
    """Return the id of a forked child; what its parent had claimed is the parent's."""
    cells.pending.clear()
    return attachment.identify()


def _plan(cells: Cells, place: Place, payloads: Sequence[bytes], me: int) -> list[Claim]:
    """Return the cells from ``place`` on that are free, one for each value as far as they reach."""
    words, mask, stride = cells.words, cells.mask, cells.stride
    position, at, state = place
    owner = WRITING | me << OWNER_SHIFT
    claims: list[Claim] = []
    for payload in payloads[: cells.capacity]:
        if state & ~WAIT != position << SHIFT | EMPTY:
            break
        writing = owner | (position & LOW_MASK) << LOW_SHIFT
        claims.append(Claim(at, state, writing, position << SHIFT | FULL, payload))
        position += 1
        at = FIRST + (position & mask) * stride
        state = words[at]
    return claims


def _claim_and_publish(cells: Cells, position: int, claims: list[Claim]) -> int:
    """Claim cells one after the other, write and publish each before the next; return how many (I1)."""
    steps: list[partial[object]] = []
    expected = [ctypes.c_uint64(claim.free) for claim in claims]
    for claim, free in zip(claims, expected):
        position += 1
        # SYNC take: acquires the cell that a consumer has emptied.
        steps.append(cells.exchanging(claim.at, free, claim.writing))
        steps.append(cells.storing(TAIL, position & WORD_MASK))
        steps += _publishing(cells, claim)
    if _points.hook is not None:
        steps = _with_points(steps)
    left = iter(steps)
    try:
        if run_steps(left):
            return len(claims)
    except BaseException:
        cells.pending += claims
        complete(cells)
        raise
    # A claim has failed; those behind it were left out.
    return len(claims) - 1 - sum(1 for step in left if step.func is compare_exchange8)


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
    """Return the steps of claims with the points that tests know in between."""
    names: Iterator[str] = iter(())
    told: list[partial[object]] = []
    for step in steps:
        told.append(step)
        if step.func is compare_exchange8:
            names = iter(("claimed", "hinted", "written", "published", "woken"))
        name = next(names, None)
        if name is not None:
            told.append(_points.reaching(f"queue.push.{name}"))
    return told
