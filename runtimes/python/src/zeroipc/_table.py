"""The table of a segment: docs/format.md, section 2."""

from __future__ import annotations

from typing import NamedTuple

from ._format import table as f
from ._names import shown
from ._points import reach
from ._region import Region, round8
from .errors import Corrupt, NotASegment, UnsupportedVersion

__all__ = [
    "DEFAULT_TABLE_SIZE",
    "MIN_SCHEMA_TABLE_SIZE",
    "MIN_SIZE",
    "TABLE_SIZES",
    "Entry",
    "Table",
    "header_of",
    "table_end",
]

TABLE_SIZES = (1, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
"""How many entries a table may be created with."""
DEFAULT_TABLE_SIZE = 64
"""How many entries a table has whose creator asks for no other number."""
MAX_TABLE_SIZE = TABLE_SIZES[-1]
"""The largest table of version 2 that is read."""
_V1_LIMIT = (1 << 32) - 8
"""Up to where the fields of version 1 reach, whatever the size of the file."""
MIN_SCHEMA_TABLE_SIZE = 8
"""The smallest table that has room for a passport beside the user's structures."""


class Entry(NamedTuple):
    """One structure, as the table has it."""

    name: bytes
    offset: int
    size: int

    @property
    def end(self) -> int:
        """The first byte behind the structure."""
        return self.offset + self.size

    @property
    def text(self) -> str:
        """The name for a message."""
        return shown(self.name.decode(errors="backslashreplace"))


class _Layout(NamedTuple):
    """Where a version of the table has its fields."""

    header_size: int
    next_offset: int
    wide: bool
    entry_size: int
    entry_offset: int
    entry_length: int


_LAYOUTS = {
    f.VERSION_1: _Layout(
        f.TABLE_HEADER_V1_SIZE,
        f.TABLE_HEADER_V1_NEXT_OFFSET_OFFSET,
        False,
        f.TABLE_ENTRY_V1_SIZE,
        f.TABLE_ENTRY_V1_OFFSET_OFFSET,
        f.TABLE_ENTRY_V1_SIZE_OFFSET,
    ),
    f.VERSION_2: _Layout(
        f.TABLE_HEADER_V2_SIZE,
        f.TABLE_HEADER_V2_NEXT_OFFSET_OFFSET,
        True,
        f.TABLE_ENTRY_V2_SIZE,
        f.TABLE_ENTRY_V2_OFFSET_OFFSET,
        f.TABLE_ENTRY_V2_SIZE_OFFSET,
    ),
}
assert f.TABLE_HEADER_V1_MAGIC_OFFSET == f.TABLE_HEADER_V2_MAGIC_OFFSET, "every version begins alike"
assert f.TABLE_HEADER_V1_VERSION_OFFSET == f.TABLE_HEADER_V2_VERSION_OFFSET, "every version begins alike"
assert f.TABLE_HEADER_V1_ENTRY_COUNT_OFFSET == f.TABLE_HEADER_V2_ENTRY_COUNT_OFFSET, "every version begins alike"
assert f.TABLE_ENTRY_V1_NAME_OFFSET == f.TABLE_ENTRY_V2_NAME_OFFSET == 0, "an entry begins with its name"
assert f.TABLE_HEADER_V2_MAX_ENTRIES_OFFSET < f.TABLE_HEADER_V2_SIZE, "version 2 says how many entries it has"


def table_end(version: int, max_entries: int) -> int:
    """Return the first byte behind a table."""
    layout = _LAYOUTS[version]
    return layout.header_size + layout.entry_size * max_entries


MIN_SIZE = min(table_end(version, TABLE_SIZES[0]) for version in _LAYOUTS)
"""The smallest table; a smaller file is no segment."""


def header_of(version: int, max_entries: int, size: int) -> bytes:
    """Return the header of a new segment."""
    fields = {"magic": f.MAGIC, "version": version, "next_offset": table_end(version, max_entries)}
    dtype = f.TABLE_HEADER_V1_DTYPE
    if version == f.VERSION_2:
        dtype = f.TABLE_HEADER_V2_DTYPE
        fields.update(max_entries=max_entries, memory_size=size)
    return _packed(dtype, fields)


class Table:
    """The table of a mapped segment; what it says is checked at each use."""

    def __init__(self, region: Region, segment: str) -> None:
        self.region = region
        self.segment = segment
        magic = region.load4(f.TABLE_HEADER_V1_MAGIC_OFFSET)
        if magic != f.MAGIC:
            what = f"begins with {magic:#010x}, not with {f.MAGIC:#010x}"
            msg = f"`{segment}` is not a ZeroIPC segment: it {what}; choose another name"
            raise NotASegment(msg)
        self.version = region.load4(f.TABLE_HEADER_V1_VERSION_OFFSET)
        layout = _LAYOUTS.get(self.version)
        if layout is None:
            what = f"has version {self.version}, and this library reads 1 and 2"
            msg = f"segment `{segment}` {what}; create it again or update the library"
            raise UnsupportedVersion(msg)
        self._layout = layout
        self.max_entries = self._find_max_entries()
        self.end = table_end(self.version, self.max_entries)
        self.limit = self._find_limit()
        self.count()

    def count(self) -> int:
        """Load the number of entries, acquiring, and check the header.

        Raises
        ------
        Corrupt
            The number of entries or the next offset is out of its range.
        """
        count = self.region.load4(f.TABLE_HEADER_V1_ENTRY_COUNT_OFFSET)
        if count > self.max_entries:
            raise self._corrupt("entry_count", count, f"at most the {self.max_entries} of the table")
        next_offset = self.next_offset
        if not self.end <= next_offset <= self.limit:
            raise self._corrupt("next_offset", next_offset, f"between {self.end} and {self.limit}")
        return count

    @property
    def next_offset(self) -> int:
        """Where the next structure may begin."""
        return self._load(self._layout.next_offset)

    def free_from(self) -> tuple[int, int]:
        """Return the end of the last counted structure and ``next_offset``, for who holds the creation lock.

        Raises
        ------
        Corrupt
            What the header calls free belongs to a counted structure, or lies behind the end.
        """
        end = max((entry.end for entry in self.entries()), default=self.end)
        next_offset = self.next_offset
        if not end <= next_offset <= self.limit:
            raise self._corrupt(
                "next_offset", next_offset, f"between {end}, where the last structure ends, and {self.limit}"
            )
        return end, next_offset

    def slot(self, index: int) -> tuple[int, int]:
        """Return offset and size of a slot, counted or not, unchecked."""
        at = self._at(index)
        return self._load(at + self._layout.entry_offset), self._load(at + self._layout.entry_length)

    def entry(self, index: int) -> Entry:
        """Return a counted entry.

        Raises
        ------
        Corrupt
            The entry breaks a rule.
        """
        raw = self.region.copy(self._at(index), f.NAME_SIZE)
        name, nul, _ = raw.partition(b"\0")
        offset, size = self.slot(index)
        place = f"entry {index}: "
        if not nul or not name:
            raise self._corrupt(place + "name", repr(raw), "1 to 31 bytes and a NUL")
        try:
            name.decode()
        except UnicodeDecodeError:
            raise self._corrupt(place + "name", repr(name), "UTF-8") from None
        if offset % 8 or offset < self.end:
            raise self._corrupt(place + "offset", offset, f"a multiple of 8 from {self.end}")
        if size < 1 or offset + size > self.limit:
            raise self._corrupt(place + "size", size, f"between 1 and {self.limit - offset}")
        return Entry(name, offset, size)

    def entries(self) -> list[Entry]:
        """Return all counted entries."""
        return [self.entry(index) for index in range(self.count())]

    def find(self, name: bytes) -> Entry | None:
        """Return the first entry of this name; takes no lock."""
        count = self.count()
        key = name + b"\0"
        if len(key) > f.NAME_SIZE:
            return None
        raw = self.region.copy(self._layout.header_size, count * self._layout.entry_size)
        for index in range(count):
            if raw.startswith(key, index * self._layout.entry_size):
                return self.entry(index)
        return None

    def write_entry(self, index: int, entry: Entry) -> None:
        """Write an entry that is not yet counted: its name, then its size, then its offset."""
        at = self._at(index)
        self.region.write(at, entry.name.ljust(f.NAME_SIZE, b"\0"))
        reach("create.named")
        self._store(at + self._layout.entry_length, entry.size)
        reach("create.sized")
        self._store(at + self._layout.entry_offset, entry.offset)

    def store_next_offset(self, end: int) -> None:
        """Store where the next structure may begin."""
        self._store(self._layout.next_offset, round8(end))

    def store_count(self, count: int) -> None:
        """Publish the entries below ``count``."""
        self.region.store4(f.TABLE_HEADER_V1_ENTRY_COUNT_OFFSET, count)

    def _find_max_entries(self) -> int:
        if self._layout.wide:
            found = self.region.load4(f.TABLE_HEADER_V2_MAX_ENTRIES_OFFSET)
            if not 1 <= found <= MAX_TABLE_SIZE or table_end(self.version, found) > self.region.size:
                raise self._corrupt("max_entries", found, f"between 1 and {MAX_TABLE_SIZE}, within the segment")
            return found
        # In this order: a creator stores the offset of entry 0 before it moves `next_offset`.
        next_offset = self.next_offset
        first, _ = self.slot(0)
        end = first or next_offset
        for size in TABLE_SIZES:
            if table_end(self.version, size) == end <= self.region.size:
                return size
        field = "entry 0: offset" if first else "next_offset"
        raise self._corrupt(field, end, "the end of a table of 1, 4, 8 … 4096 entries, within the segment")

    def _find_limit(self) -> int:
        if not self._layout.wide:
            return min(self.region.size, _V1_LIMIT)
        found = self.region.load8(f.TABLE_HEADER_V2_MEMORY_SIZE_OFFSET)
        if not self.end <= found <= self.region.size:
            raise self._corrupt("memory_size", found, f"between {self.end} and {self.region.size}")
        return found

    def _at(self, index: int) -> int:
        return self._layout.header_size + self._layout.entry_size * index

    def _load(self, offset: int) -> int:
        return self.region.load8(offset) if self._layout.wide else self.region.load4(offset)

    def _store(self, offset: int, value: int) -> None:
        if self._layout.wide:
            self.region.store8(offset, value)
        else:
            self.region.store4(offset, value)

    def _corrupt(self, field: str, found: object, expected: str) -> Corrupt:
        what = f"`{field}` is {found}, expected {expected}"
        return Corrupt(f"the table of segment `{self.segment}` is damaged: {what}; remove the segment")


def _packed(dtype: object, fields: dict[str, int]) -> bytes:
    import numpy as np

    record = np.zeros((), dtype=dtype)  # type: ignore[call-overload]
    for name, value in fields.items():
        record[name] = value
    return bytes(record.tobytes())
