"""The passport of a segment, entry ``.schema``: docs/format.md, section 3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from . import _atomic
from ._decode import Malformed, decode
from ._encode import MAX_LENGTH, encode
from ._fingerprint import layout, schema
from ._format import schema as f
from ._format.table import NAME_SIZE
from ._names import SCHEMA_ENTRY
from ._points import reach
from ._region import Region, round8
from ._table import Entry, Table
from ._types import Type
from .errors import Corrupt, SchemaFull, UnsupportedVersion

__all__ = ["Passport", "Record", "record_of", "size_of_passport"]

_NAME = SCHEMA_ENTRY.encode()
_MAX_LOOKS = 8
"""More creators than can die and be replaced while somebody walks over the records."""

_OTHER_COUNTS = frozenset(
    {
        f.Kind.MAP,
        f.Kind.SEMAPHORE,
        f.Kind.BARRIER,
        f.Kind.LATCH,
        f.Kind.MUTEX,
        f.Kind.RWLOCK,
        f.Kind.CONDVAR,
        f.Kind.ONCE,
        f.Kind.EVENT,
    }
)
"""The kinds that have two element types or none; this package has no structure of them."""


class Record(NamedTuple):
    """What the passport says about a structure."""

    kind: int | None
    """``None`` for a record of an unknown version or kind; the rest then means nothing."""
    schema: int
    size: int
    type: Type | None
    """``None`` where the kind has two element types or none."""


def size_of_passport(max_entries: int, size: int) -> int:
    """Return the size of the entry in a segment of ``size`` bytes."""
    return round8(min(512 * max_entries, max(size // 16, 1024)))


def record_of(kind: int, entry: Entry, ty: Type) -> bytes:
    """Return the record of a new structure."""
    description = encode(ty)
    types = np.zeros((), f.SCHEMA_TYPE_DTYPE)
    types["layout"] = layout(ty)
    types["schema"] = schema(ty)
    types["size"] = ty.size
    types["description_length"] = len(description)
    body = types.tobytes() + description.ljust(round8(len(description)), b"\0")
    head = np.zeros((), f.SCHEMA_RECORD_DTYPE)
    head["length"] = f.SCHEMA_RECORD_SIZE + len(body)
    head["version"] = f.RECORD_VERSION
    head["kind"] = kind
    head["offset"] = entry.offset
    head["name"] = entry.name
    head["type_count"] = 1
    return bytes(head.tobytes() + body)


class Passport:
    """The passport of a mapped segment."""

    def __init__(self, region: Region, entry: Entry, segment: str) -> None:
        self._region = region
        self._entry = entry
        self._segment = segment

    @staticmethod
    def initialise(region: Region, entry: Entry) -> None:
        """Write the header of a new passport."""
        header = np.zeros((), f.SCHEMA_HEADER_DTYPE)
        header["magic"] = f.SCHEMA_MAGIC
        header["version"] = f.SCHEMA_VERSION
        header["next_id"] = int.from_bytes(os.urandom(4), "little")
        region.write(entry.offset, header.tobytes())

    @classmethod
    def find(cls, table: Table) -> Passport | None:
        """Return the passport of a segment, None if entry 0 is something else.

        Raises
        ------
        Corrupt
            Entry 0 has the name of the passport and is none.
        """
        if table.count() == 0:
            return None
        entry = table.entry(0)
        if entry.name != _NAME:
            return None
        passport = cls(table.region, entry, table.segment)
        passport._check_header()
        return passport

    def next_id(self) -> int:
        """Count an attachment and return its number."""
        return self._region.add4(self._entry.offset + f.SCHEMA_HEADER_NEXT_ID_OFFSET, 1)

    def record(self, entry: Entry) -> Record | None:
        """Return what the passport says about a structure, None if nothing.

        What a dead creator left behind the last record is replaced by the next one, and who walks over it at that moment
        may find nonsense. ``used`` leaves it out before its bytes change, so another look does not.

        Raises
        ------
        Corrupt
            A record on the way breaks a rule.
        """
        for _ in range(_MAX_LOOKS):
            try:
                return self._look(entry)
            except Corrupt:
                # SYNC taken-out: acquires `used` without the record whose successor was seen.
                _atomic.fence(_atomic.ACQUIRE)
        return self._look(entry)

    def _look(self, entry: Entry) -> Record | None:
        for _, raw in self._records():
            head = np.frombuffer(raw, f.SCHEMA_RECORD_DTYPE, 1)[0]
            if self._names(head, raw, entry):
                return self._parse(head, raw, entry)
        return None

    @staticmethod
    def check_room(segment: str, entry: Entry, record: bytes, used: int = 0) -> None:
        """Check that a record fits behind the first ``used`` bytes of records.

        Raises
        ------
        SchemaFull
            It does not.
        """
        room = entry.size - f.SCHEMA_HEADER_SIZE
        if used + len(record) > room:
            why = f"its record needs {len(record)} bytes, and {room - used} of {room} are free in the passport"
            todo = "create the segment with a larger `table_size` or size"
            msg = f"segment `{segment}` cannot describe another structure: {why}; {todo}"
            raise SchemaFull(msg)

    def append(self, record: bytes, counted: list[Entry]) -> None:
        """Write the record of a structure that is being created, under the creation lock.

        Raises
        ------
        SchemaFull
            The passport has no room for it.
        """
        used = 0
        for at, raw in self._records():
            used = at + len(raw)
            head = np.frombuffer(raw, f.SCHEMA_RECORD_DTYPE, 1)[0]
            last = (at, head, raw)
        if used and not any(self._names(last[1], last[2], entry) for entry in counted):
            used = last[0]
            self._store_used(used)
            # SYNC taken-out: releases `used` without the record to those who see a byte of its successor.
            _atomic.fence(_atomic.RELEASE)
            reach("create.trimmed")
        self.check_room(self._segment, self._entry, record, used)
        self._region.write(self._records_start + used, record)
        reach("create.recorded")
        self._store_used(used + len(record))
        reach("create.used")

    @property
    def _room(self) -> int:
        return self._entry.size - f.SCHEMA_HEADER_SIZE

    @property
    def _records_start(self) -> int:
        return self._entry.offset + f.SCHEMA_HEADER_SIZE

    def _store_used(self, used: int) -> None:
        self._region.store4(self._entry.offset + f.SCHEMA_HEADER_USED_OFFSET, used)

    def _check_header(self) -> None:
        if self._entry.size < f.SCHEMA_HEADER_SIZE:
            raise self._corrupt(f"it has {self._entry.size} bytes, expected at least {f.SCHEMA_HEADER_SIZE}")
        magic = self._region.load4(self._entry.offset + f.SCHEMA_HEADER_MAGIC_OFFSET)
        if magic != f.SCHEMA_MAGIC:
            raise self._corrupt(f"`magic` is {magic:#010x}, expected {f.SCHEMA_MAGIC:#010x}")
        version = self._region.load4(self._entry.offset + f.SCHEMA_HEADER_VERSION_OFFSET)
        if version != f.SCHEMA_VERSION:
            what = f"has version {version}, and this library reads {f.SCHEMA_VERSION}"
            msg = f"the passport of segment `{self._segment}` {what}; update the library"
            raise UnsupportedVersion(msg)

    def _records(self) -> Iterator[tuple[int, bytes]]:
        """Yield a private copy of each record, with its place behind the header."""
        used = self._region.load4(self._entry.offset + f.SCHEMA_HEADER_USED_OFFSET)
        if used > self._room or used % 8:
            raise self._corrupt(f"`used` is {used}, expected a multiple of 8 up to {self._room}")
        reach("open.records")
        raw = self._region.copy(self._records_start, used)
        at = 0
        while at < used:
            start = at + f.SCHEMA_RECORD_LENGTH_OFFSET
            length = int.from_bytes(raw[start : start + 4], "little")
            if length % 8 or length < f.SCHEMA_RECORD_SIZE or at + length > used:
                expected = f"a multiple of 8 between {f.SCHEMA_RECORD_SIZE} and {used - at}"
                raise self._corrupt(f"the record at {at} has the `length` {length}, expected {expected}")
            yield at, raw[at : at + length]
            at += length

    @staticmethod
    def _names(head: np.void, raw: bytes, entry: Entry) -> bool:
        start = f.SCHEMA_RECORD_NAME_OFFSET
        name = raw[start : start + NAME_SIZE].partition(b"\0")[0]
        return int(head["offset"]) == entry.offset and name == entry.name

    def _parse(self, head: np.void, raw: bytes, entry: Entry) -> Record:
        if int(head["version"]) != f.RECORD_VERSION or int(head["kind"]) not in set(f.Kind):
            return Record(None, 0, 0, None)
        if int(head["kind"]) in _OTHER_COUNTS:
            return Record(int(head["kind"]), 0, 0, None)
        place = f"the record of `{entry.text}` "
        count = int(head["type_count"])
        if count != 1 or len(raw) < f.SCHEMA_RECORD_SIZE + f.SCHEMA_TYPE_SIZE:
            raise self._corrupt(f"{place}has {count} types in {len(raw)} bytes, expected 1")
        types = np.frombuffer(raw, f.SCHEMA_TYPE_DTYPE, 1, f.SCHEMA_RECORD_SIZE)[0]
        length = int(types["description_length"])
        start = f.SCHEMA_RECORD_SIZE + f.SCHEMA_TYPE_SIZE
        if length > min(MAX_LENGTH, len(raw) - start):
            raise self._corrupt(f"{place}has a description of {length} bytes, expected at most {len(raw) - start}")
        try:
            ty = decode(raw[start : start + length])
        except Malformed as error:
            raise self._corrupt(f"in {place.rstrip()}, {error}") from None
        size = int(types["size"])
        if ty.size != size or not size:
            raise self._corrupt(f"{place}has elements of {size} bytes, and its description says {ty.size}")
        return Record(int(head["kind"]), int(types["schema"]), size, ty)

    def _corrupt(self, what: str) -> Corrupt:
        return Corrupt(f"the passport of segment `{self._segment}` is damaged: {what}; remove the segment")
