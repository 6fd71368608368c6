"""Creating and finding structures in a segment: docs/format.md, sections 2 and 3."""

from __future__ import annotations

import errno
import os
from typing import Callable, NamedTuple

from ._attachment import Attachment, reserve
from ._compare import difference
from ._fingerprint import schema
from ._format.schema import Kind
from ._names import SCHEMA_ENTRY, check_entry, shown
from ._passport import Passport, Record, record_of, size_of_passport
from ._points import reach
from ._region import round8
from ._table import MIN_SCHEMA_TABLE_SIZE, Entry, Table
from ._types import Type
from .errors import (
    Exists,
    KindMismatch,
    NotFound,
    OutOfSpace,
    SizeMismatch,
    TableFull,
    TypeMismatch,
    UnknownRecord,
)

__all__ = ["Found", "create", "find", "find_or_create", "wrong_size"]

_CACHE_LINE = 64
_HEADER = 8
"""Bytes in front of an array's elements, and in front of what shares a cache line with a queue's head."""


class Found(NamedTuple):
    """A structure that exists, checked as far as its kind allows."""

    entry: Entry
    type: Type | None
    """The type that the segment knows; None without a record."""


def find(attachment: Attachment, name: str, kind: Kind, ours: Type | None) -> Found:
    """Find a structure and compare what the segment knows about it with what is expected.

    Raises
    ------
    NotFound, KindMismatch, TypeMismatch, UnknownRecord, Corrupt
        What their names say.
    """
    entry = attachment.table.find(_stored(name))
    if entry is None:
        names = [f"`{other.text}`" for other in attachment.table.entries() if not other.name.startswith(b".")]
        there = f"there are {', '.join(names[:8])}{' …' if len(names) > 8 else ''}" if names else "it is empty"
        msg = f"segment `{attachment.name}` has no structure `{shown(name)}`: {there}; create it by giving a capacity"
        raise NotFound(msg)
    return _check(attachment, entry, kind, ours)


def create(
    attachment: Attachment, name: str, kind: Kind, ty: Type, size: int, align: int, fill: Callable[[int], None]
) -> Entry:
    """Create a structure; ``fill`` initialises it, given its offset.

    Raises
    ------
    Exists, ReadOnly, OutOfSpace, OutOfMemory, TableFull, SchemaFull, TimedOut, InvalidName
        What their names say; nothing has changed then.
    ValueError
        The elements' alignment does not suit the place of the segment's first structure.
    """
    raw = check_entry(name)
    with attachment.creation_lock() as lock:
        reach("create.locked")
        table = attachment.table
        if table.find(raw) is not None:
            msg = f"structure `{name}` exists already in segment `{attachment.name}`; open it instead"
            raise Exists(msg)
        return _allocate(attachment, lock.fileno(), Entry(raw, 0, size), kind, ty, align, fill)


def find_or_create(
    attachment: Attachment, name: str, kind: Kind, ty: Type, size: int, align: int, fill: Callable[[int], None]
) -> Found:
    """Find a structure, or create it if it is not there."""
    while True:
        if attachment.table.find(_stored(name)) is not None:
            return find(attachment, name, kind, ty)
        try:
            return Found(create(attachment, name, kind, ty, size, align, fill), ty)
        except Exists:
            continue


def wrong_size(attachment: Attachment, entry: Entry, what: str) -> SizeMismatch:
    """Return the error for a structure without a record whose sizes do not fit."""
    why = f"has {entry.size} bytes, and {what}"
    msg = f"`{entry.text}` in segment `{attachment.name}` {why}; open it with the kind and the dtype of its creator"
    return SizeMismatch(msg)


def _stored(name: str) -> bytes:
    if not isinstance(name, str):
        msg = f"a structure's name is a string, not {type(name).__name__}"
        raise TypeError(msg)
    return name.encode(errors="surrogateescape")


def _check(attachment: Attachment, entry: Entry, kind: Kind, ours: Type | None) -> Found:
    what = f"`{entry.text}` in segment `{attachment.name}`"
    if entry.name == SCHEMA_ENTRY.encode():
        msg = f"{what} is the library's passport, not {_article(kind)}; choose another name"
        raise KindMismatch(msg)
    passport = Passport.find(attachment.table)
    record = passport.record(entry) if passport else None
    if record is None:
        if ours is None:
            msg = f"the segment does not say what {what} holds; give a dtype"
            raise TypeMismatch(msg)
        return Found(entry, None)
    if record.kind is None:
        msg = f"{what} is described in a way that this version of the library does not know; update the library"
        raise UnknownRecord(msg)
    if record.kind != kind or record.type is None:
        found = _article(Kind(record.kind))
        msg = f"{what} is {found}, not {_article(kind)}; open it as {found}"
        raise KindMismatch(msg)
    if ours is not None:
        _compare(what, ours, record, record.type)
    return Found(entry, record.type)


def _compare(what: str, ours: Type, record: Record, theirs: Type) -> None:
    if ours.size == record.size and schema(ours) == record.schema:
        return
    found = difference(ours, theirs)
    if ours.size != record.size:
        sizes = f"an element has {ours.size} bytes here and {record.size} in the segment"
        found = f"{sizes}; {found}" if found else sizes
    if found:
        msg = f"the element type of {what} differs: {found}; use the type of its creator"
        raise TypeMismatch(msg)


def _article(kind: Kind) -> str:
    return f"{'an' if kind in {Kind.ARRAY, Kind.EVENT} else 'a'} {kind.name.lower()}"


class _Plan(NamedTuple):
    """Where the structure goes, and the passport if it is created with it."""

    passport: Entry | None
    entry: Entry


def _allocate(
    attachment: Attachment, fd: int, wanted: Entry, kind: Kind, ty: Type, align: int, fill: Callable[[int], None]
) -> Entry:
    table = attachment.table
    plan = _plan(attachment, wanted, align)
    entry = plan.entry
    first = plan.passport or entry
    record = record_of(kind, entry, ty)
    if plan.passport is not None:
        Passport.check_room(attachment.name, plan.passport, record)
    dirty = _written_extents(fd, first.offset, entry.end)
    reserve(attachment.name, fd, first.offset, entry.end - first.offset)
    reach("create.reserved")
    for start, length in dirty:
        attachment.region.zero(start, length)
    if plan.passport is not None:
        Passport.initialise(attachment.region, plan.passport)
        _publish(table, plan.passport)
    fill(entry.offset)
    reach("create.initialised")
    passport = Passport.find(table)
    if passport is not None:
        passport.append(record, table.entries())
    _publish(table, entry)
    return entry


def _publish(table: Table, entry: Entry) -> None:
    count = table.count()
    table.write_entry(count, entry)
    reach("create.entry", "create.placed")
    table.store_next_offset(entry.end)
    reach("create.next_offset", "create.moved")
    table.store_count(count + 1)
    reach("create.published", "create.counted")


def _plan(attachment: Attachment, wanted: Entry, align: int) -> _Plan:
    table = attachment.table
    count = table.count()
    passport = None
    start = _start(table, count)
    if count == 0 and not attachment.duck_typed and table.max_entries >= MIN_SCHEMA_TABLE_SIZE:
        passport = Entry(SCHEMA_ENTRY.encode(), start, size_of_passport(table.max_entries, table.limit))
        count = 1
        start = round8(passport.end)
    if count >= table.max_entries:
        msg = f"the table of segment `{attachment.name}` has {table.max_entries} entries, and all are used; create the segment with a larger `table_size`"
        raise TableFull(msg)
    offset = start if count == 0 else _place(start, align)
    if align > _CACHE_LINE and offset != _place(offset, align):
        why = f"it would be the first behind the table, at {offset}, which does not suit elements aligned to {align}"
        msg = f"`{wanted.text}` cannot be created in segment `{attachment.name}`: {why}; create another structure first"
        raise ValueError(msg)
    entry = Entry(wanted.name, offset, wanted.size)
    # `next_offset` is rounded up, and has to stay inside as well: foreign segments may have any size.
    if entry.end > table.limit // 8 * 8:
        free = max(table.limit - offset, 0)
        sizes = f"`{wanted.text}` needs {wanted.size} bytes, and {free} of {table.limit} are free"
        msg = f"segment `{attachment.name}` has no room left: {sizes}; create the segment larger"
        raise OutOfSpace(msg)
    return _Plan(passport, entry)


def _start(table: Table, count: int) -> int:
    """Return where the next structure may begin: at what a dead creator left, if it did."""
    if count == 0:
        return table.end
    end, next_offset = table.free_from()
    if count < table.max_entries:
        offset, size = table.slot(count)
        if offset % 8 == 0 and offset >= end and round8(offset + size) == next_offset:
            return offset
    return next_offset


def _place(start: int, align: int) -> int:
    """Return the smallest offset from ``start`` at which what follows 8 bytes is aligned."""
    align = max(align, _CACHE_LINE)
    return start + (align - _HEADER - start) % align


def _written_extents(fd: int, first: int, end: int) -> list[tuple[int, int]]:
    """Return the parts of a range that may hold bytes other than zero: what a dead creator wrote."""
    extents = []
    at = first
    while at < end:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
            stop = os.lseek(fd, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break
        if start < end:
            extents.append((max(start, first), min(stop, end) - max(start, first)))
        at = stop
    return extents
