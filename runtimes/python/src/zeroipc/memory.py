"""Segments: named shared memory with a table of structures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple

from . import _system
from ._attachment import Attachment, attach, create
from ._format.schema import Kind
from ._names import check_segment
from ._passport import Passport
from ._table import DEFAULT_TABLE_SIZE
from .errors import Closed, Exists, NotFound, PermissionDenied, SizeMismatch

__all__ = ["Memory", "Structure"]


class Structure(NamedTuple):
    """What the table and the passport say about one structure."""

    name: str
    """The name; bytes that are not UTF-8 do not occur."""
    offset: int
    """From the start of the segment, in bytes."""
    size: int
    """In bytes, header included."""
    kind: str
    """``"array"``, ``"queue"``, or ``""`` where the segment does not say."""
    type: str
    """The element type in words, or ``""`` where the segment does not say."""


class Memory:
    """A segment: named shared memory that processes in Rust, C, C++ and Python find by its name.

    Without a size the segment is opened; with one it is opened, or created where it does not exist. This process counts
    as attached as long as the handle, an array or a queue of it lives. A segment stays when the last process has gone,
    unless that one was asked to remove it. No resource tracker of Python's knows about it.

    Parameters
    ----------
    name
        ``/`` and up to 254 bytes without another ``/``.
    size
        In bytes, rounded up to whole pages. The memory is taken from the system when structures are created.
    table_size
        How many structures fit, one of 1, 4, 8, 16 … 4096. From 8 on, one entry is the passport, which describes the
        others. Used when the segment is created.
    mode
        Who may open the segment, as for files. Used when the segment is created.
    table_version
        1 below 4 GiB, 2 from there on, unless asked for. Used when the segment is created.
    duck_typed
        The first structure of the segment, if this handle creates it, brings no passport, and a segment without one
        describes nothing: readers are checked by sizes only. Where there is a passport, everybody's structures are
        described, this handle's as well.
    prefault
        Reserve the memory of the whole segment at creation.
    remove_on_last_detach
        When this attachment ends and no other process is attached, remove the segment.
    read_only
        Map the segment for reading: arrays are not writeable, queues can be looked at but not pushed to or popped from.
        Not together with a size.

    Raises
    ------
    NotFound, Exists, InvalidName, PermissionDenied, NotASegment, UnsupportedVersion, Corrupt, SizeMismatch,
    OutOfMemory, LocksUnsupported, TimedOut
        All derive from :class:`zeroipc.ZeroIPCError`; the text says what to do.

    Examples
    --------
    >>> from zeroipc import Array, Memory
    >>> mem = Memory("/zeroipc_doc_memory", 1 << 20)
    >>> temps = Array(mem, "temperature", 1000, dtype="f4")
    >>> temps[0] = 23.5
    >>> "temperature" in mem
    True
    >>> [entry.type for entry in mem.entries() if entry.kind]
    ['f32']
    >>> Memory.unlink("/zeroipc_doc_memory")
    """

    __slots__ = ("_attachment", "_name", "_size")

    _attachment: Attachment | None
    _name: str
    _size: int

    def __init__(
        self,
        name: str,
        size: int | None = None,
        *,
        table_size: int = DEFAULT_TABLE_SIZE,
        mode: int = 0o600,
        table_version: int | None = None,
        duck_typed: bool = False,
        prefault: bool = False,
        remove_on_last_detach: bool = False,
        read_only: bool = False,
    ) -> None:
        if size is not None and read_only:
            msg = f"segment `{name}` cannot be created for reading only; leave out the size or `read_only`"
            raise ValueError(msg)
        while True:
            try:
                attachment = attach(name, read_only=read_only, duck_typed=duck_typed)
                break
            except NotFound:
                if size is None:
                    raise
            try:
                attachment = create(
                    name,
                    size,
                    table_size=table_size,
                    mode=mode,
                    version=table_version,
                    duck_typed=duck_typed,
                    prefault=prefault,
                )
                break
            except Exists:
                continue
        self._adopt(attachment, remove=remove_on_last_detach)
        if size is not None and self._size < size:
            attachment.remove = False
            self._attachment = None
            msg = (
                f"segment `{name}` exists with {self._size} bytes, and {size} are asked for; remove it, or ask for less"
            )
            raise SizeMismatch(msg)

    def _adopt(self, attachment: Attachment, *, remove: bool) -> None:
        self._attachment = attachment
        self._name = attachment.name
        self._size = attachment.table.limit
        if remove:
            attachment.remove_when_last()

    @classmethod
    def create(
        cls,
        name: str,
        size: int,
        *,
        table_size: int = DEFAULT_TABLE_SIZE,
        mode: int = 0o600,
        table_version: int | None = None,
        duck_typed: bool = False,
        prefault: bool = False,
        remove_on_last_detach: bool = False,
    ) -> Memory:
        """Create a segment; see the class for the parameters.

        Raises
        ------
        Exists
            A segment of this name is there already. Of several creators one wins.
        """
        attachment = create(
            name,
            size,
            table_size=table_size,
            mode=mode,
            version=table_version,
            duck_typed=duck_typed,
            prefault=prefault,
        )
        memory = cls.__new__(cls)
        memory._adopt(attachment, remove=remove_on_last_detach)
        return memory

    @classmethod
    def open(
        cls, name: str, *, read_only: bool = False, duck_typed: bool = False, remove_on_last_detach: bool = False
    ) -> Memory:
        """Open a segment; see the class for the parameters.

        Raises
        ------
        NotFound
            There is no segment of this name.
        """
        return cls(name, read_only=read_only, duck_typed=duck_typed, remove_on_last_detach=remove_on_last_detach)

    @classmethod
    def open_or_create(
        cls,
        name: str,
        size: int,
        *,
        table_size: int = DEFAULT_TABLE_SIZE,
        mode: int = 0o600,
        table_version: int | None = None,
        duck_typed: bool = False,
        prefault: bool = False,
        remove_on_last_detach: bool = False,
    ) -> Memory:
        """Open a segment, or create it where it does not exist; see the class for the parameters.

        Raises
        ------
        SizeMismatch
            The segment exists and is smaller; the text names both sizes.
        """
        return cls(
            name,
            size,
            table_size=table_size,
            mode=mode,
            table_version=table_version,
            duck_typed=duck_typed,
            prefault=prefault,
            remove_on_last_detach=remove_on_last_detach,
        )

    @staticmethod
    def unlink(name: str) -> None:
        """Remove a segment's name. Who has it open keeps it; its memory is free when the last of them has gone.

        Raises
        ------
        NotFound
            There is no segment of this name.
        """
        try:
            os.unlink(_system.path_of(check_segment(name)))
        except FileNotFoundError:
            msg = f"segment `{name}` does not exist; there is nothing to remove"
            raise NotFound(msg) from None
        except PermissionError:
            msg = f"removing segment `{name}` is not permitted; ask its owner"
            raise PermissionDenied(msg) from None

    @property
    def name(self) -> str:
        """The segment's name."""
        return self._name

    @property
    def size(self) -> int:
        """The segment's size in bytes."""
        return self._size

    @property
    def read_only(self) -> bool:
        """Whether the segment is mapped for reading only."""
        return self._open().read_only

    @property
    def table_size(self) -> int:
        """How many structures fit into the table, the passport included."""
        return self._open().table.max_entries

    @property
    def table_version(self) -> int:
        """1 or 2."""
        return self._open().table.version

    @property
    def closed(self) -> bool:
        """Whether the handle was closed."""
        return self._attachment is None

    @property
    def id(self) -> int:
        """The number by which other processes know this attachment; a forked child has one of its own."""
        return self._open().identify()

    def attachments(self) -> int:
        """Return how many attachments the segment has at the moment, in all processes, this one included."""
        return self._open().count()

    def is_alive(self, id: int) -> bool:  # noqa: A002
        """Whether the process of a read-write attachment lives; False only where the system says so for certain."""
        return self._open().is_alive(id)

    def entries(self) -> list[Structure]:
        """Return what the segment holds, in the order of creation, the passport ``.schema`` included.

        Raises
        ------
        Corrupt
            The table or the passport breaks a rule of the format.
        """
        table = self._open().table
        passport = Passport.find(table)
        structures = []
        for entry in table.entries():
            record = passport.record(entry) if passport else None
            known = record is not None and record.kind is not None
            kind = Kind(record.kind).name.lower() if record is not None and record.kind is not None else ""
            words = str(record.type) if record is not None and known else ""
            structures.append(Structure(entry.name.decode(), entry.offset, entry.size, kind, words))
        return structures

    def close(self) -> None:
        """Close the handle; the segment stays mapped, and this process attached, while arrays and queues of it live."""
        self._attachment = None

    def _open(self) -> Attachment:
        if self._attachment is None or self._attachment.ended:
            msg = f"the handle of segment `{self._name}` is closed; open the segment again"
            raise Closed(msg)
        return self._attachment

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in iter(self)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the structures, those of the library left out."""
        names = [entry.name.decode() for entry in self._open().table.entries()]
        return iter([name for name in names if not name.startswith(".")])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<zeroipc.Memory {self._name!r}, {self._size} bytes{', closed' if self._attachment is None else ''}>"

    def __reduce__(self) -> tuple[object, ...]:
        msg = "a segment's handle cannot be pickled; open the segment by its name in the other process"
        raise TypeError(msg)
