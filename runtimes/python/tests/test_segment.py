"""Segments: creation, opening, the table's bytes, attachments."""

import errno
import gc
import os
import stat
import struct

import numpy as np
import pytest

import zeroipc
from conftest import eventually, format_vectors, path_of
from zeroipc import Array, Memory, Queue, _attachment, _system
from zeroipc._table import TABLE_SIZES

SEGMENTS = format_vectors("segments.json")["segments"]
ELEMENTS = {"f32": "f4", "i32": "i4", "u64": "u8"}


@pytest.mark.parametrize("case", SEGMENTS, ids=lambda case: case["name"])
def test_vectors(name, case):
    mem = Memory.create(
        name,
        case["size"],
        table_size=case["table_size"],
        table_version=case["version"],
        duck_typed=case["duck_typed"],
    )
    kinds = {"array": Array, "queue": Queue}
    for structure in case["structures"]:
        kinds[structure["kind"]].create(mem, structure["name"], structure["capacity"], ELEMENTS[structure["element"]])
    raw = path_of(name).read_bytes()
    head = bytes.fromhex(case["head"])
    assert len(raw) == case["size"]
    assert raw[: len(head)] == head
    assert not any(raw[len(head) : case["table_end"]])
    assert mem.table_size == case["table_size"]
    assert Memory.open(name).table_size == case["table_size"]
    assert list(mem) == [structure["name"] for structure in case["structures"]]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("size", TABLE_SIZES)
def test_table_sizes(name, version, size):
    mem = Memory.create(name, 1 << 20, table_size=size, table_version=version)
    assert (mem.table_size, mem.table_version) == (size, version)
    assert Memory.open(name).table_size == size
    Array.create(mem, "x", 3, "f8")
    again = Memory.open(name)
    assert again.table_size == size
    assert again.entries()[-1].name == "x"
    assert (again.entries()[0].name == ".schema") == (size >= 8)


def test_creation_is_exact(name):
    mem = Memory.create(name, 5000)
    assert mem.size == 8192
    assert stat.S_IMODE(path_of(name).stat().st_mode) == 0o600
    assert path_of(name).stat().st_size == 8192


def test_mode_is_not_masked(name):
    old = os.umask(0o077)
    try:
        Memory.create(name, 4096, mode=0o666)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path_of(name).stat().st_mode) == 0o666


def test_open_and_create(name):
    with pytest.raises(zeroipc.NotFound, match=f"segment `{name}` does not exist; create it"):
        Memory(name)
    with pytest.raises(FileNotFoundError):
        Memory.open(name)
    with pytest.raises(KeyError):
        Memory.unlink(name)
    mem = Memory(name, 1 << 16)
    with pytest.raises(zeroipc.Exists, match=f"segment `{name}` exists already; open it"):
        Memory.create(name, 1 << 16)
    with pytest.raises(FileExistsError):
        Memory.create(name, 1 << 16)
    assert Memory(name).size == Memory(name, 4096).size == mem.size == 1 << 16
    with pytest.raises(zeroipc.SizeMismatch, match="exists with 65536 bytes, and 131072 are asked for"):
        Memory.open_or_create(name, 1 << 17)
    Memory.unlink(name)
    assert not path_of(name).exists()
    assert mem.size == 1 << 16


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "it is empty; give it at least one character"),
        ("sensor", "a segment's name begins with `/`; put one in front"),
        ("/", "it is empty; give it at least one character"),
        ("/.", "`/.` and `/..` lead out of the directory of segments; choose another name"),
        ("/..", "`/.` and `/..` lead out of the directory of segments; choose another name"),
        ("/../etc", "it contains '/'; use letters, digits, `_`, `-` and `.`"),
        ("/a\nb", r"it contains '\n'; use letters, digits, `_`, `-` and `.`"),
        ("/a\0b", r"it contains '\0'; use letters, digits, `_`, `-` and `.`"),
        ("/a\x7fb", r"it contains '\u{7f}'; use letters, digits, `_`, `-` and `.`"),
        ("/" + "x" * 255, "it has 255 bytes and 254 fit; shorten it"),
        ("/\udcff", "it is not valid UTF-8; use letters, digits, `_`, `-` and `.`"),
    ],
)
def test_segment_names(bad, why):
    for use in (Memory, lambda n: Memory.create(n, 4096), Memory.unlink):
        with pytest.raises(zeroipc.InvalidName) as caught:
            use(bad)
        assert str(caught.value).endswith(f"cannot be used: {why}")


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "it is empty; give it at least one character"),
        (".mine", "names that begin with `.` are kept for the library; begin with a letter"),
        ("a/b", "it contains '/'; use letters, digits, `_`, `-` and `.`"),
        ("x" * 32, "it has 32 bytes and 31 fit; shorten it"),
        ("é" * 16, "it has 32 bytes and 31 fit; shorten it"),
        ("a\tb", r"it contains '\t'; use letters, digits, `_`, `-` and `.`"),
    ],
)
def test_structure_names(name, bad, why):
    mem = Memory.create(name, 1 << 16)
    with pytest.raises(zeroipc.InvalidName) as caught:
        Array(mem, bad, 1, "u1")
    assert str(caught.value).endswith(f"cannot be used: {why}")
    with pytest.raises(zeroipc.NotFound):
        Array(mem, bad, dtype="u1")
    assert len(mem) == 0


def test_names_in_full_length(name):
    mem = Memory.create(name, 1 << 16)
    for structure in ("x" * 31, "é" * 15, "température"):
        Array(mem, structure, 1, "u1")
        assert Array(mem, structure, dtype="u1").shape == (1,)
        assert structure in mem
    assert "x" * 30 not in mem
    assert 7 not in mem


def test_bad_arguments(name):
    for options, why in [
        ({"table_size": 65}, "a table has 1, 4, 8"),
        ({"table_version": 3}, "version is 1 or 2"),
    ]:
        with pytest.raises(ValueError, match=why):
            Memory.create(name, 4096, **options)
    with pytest.raises(ValueError, match="needs 163856"):
        Memory.create(name, 4096, table_size=4096)
    with pytest.raises(ValueError, match="cannot have 0 bytes"):
        Memory.create(name, 0)
    with pytest.raises(ValueError, match="version 1 of the table reaches below 4 GiB"):
        Memory.create(name, 1 << 32, table_version=1)
    with pytest.raises(ValueError, match="less than 2\\^56"):
        Memory.create(name, 1 << 60)
    with pytest.raises(ValueError, match="leave out the size or `read_only`"):
        Memory(name, 4096, read_only=True)
    with pytest.raises(TypeError):
        Memory(7)
    assert not path_of(name).exists()


def test_version_2_from_4_gib_on(name):
    mem = Memory.create(name, (1 << 32) + 1)
    assert mem.table_version == 2
    a = Array.create(mem, "a", 4, "u8")
    a[:] = 7
    far = Array.create(mem, "far", (1 << 20) + 1, "u1")
    far[-1] = 9
    with pytest.raises(zeroipc.OutOfSpace, match=f"segment `{name}` has no room left: `big` needs 8589934600 bytes"):
        Array.create(mem, "big", 1 << 30, "u8")
    other = Memory.open(name)
    assert Array(other, "a")[3] == 7
    assert Array(other, "far")[-1] == 9


def mutated(name, offset, data):
    with path_of(name).open("r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize(
    ("version", "offset", "data", "kind", "why"),
    [
        (1, 0, b"NOPE", zeroipc.NotASegment, "begins with 0x45504f4e, not with 0x5a49504d"),
        (1, 4, struct.pack("<I", 7), zeroipc.UnsupportedVersion, "has version 7, and this library reads 1 and 2"),
        (1, 8, struct.pack("<I", 65), zeroipc.Corrupt, "`entry_count` is 65, expected at most the 64"),
        (1, 12, struct.pack("<I", 8), zeroipc.Corrupt, "`next_offset` is 8, expected between 2576 and 65536"),
        (1, 12, struct.pack("<I", 65544), zeroipc.Corrupt, "`next_offset` is 65544"),
        (1, 16 + 32, struct.pack("<I", 2577), zeroipc.Corrupt, "`entry 0: offset` is 2577, expected the end of"),
        (2, 12, struct.pack("<I", 0), zeroipc.Corrupt, "`max_entries` is 0, expected between 1 and 4096"),
        (2, 12, struct.pack("<I", 4097), zeroipc.Corrupt, "`max_entries` is 4097"),
        (2, 12, struct.pack("<I", 4096), zeroipc.Corrupt, "`max_entries` is 4096, expected .* within the segment"),
        (2, 16, struct.pack("<Q", 65537), zeroipc.Corrupt, "`memory_size` is 65537, expected between 3104 and 65536"),
        (2, 16, struct.pack("<Q", 3000), zeroipc.Corrupt, "`memory_size` is 3000"),
        (2, 24, struct.pack("<Q", 1 << 40), zeroipc.Corrupt, "`next_offset` is 1099511627776"),
    ],
)
def test_damaged_header(name, version, offset, data, kind, why):
    mem = Memory.create(name, 65536, table_version=version)
    Array.create(mem, "x", 1, "u1")
    mutated(name, offset, data)
    with pytest.raises(kind, match=why):
        Memory.open(name)


@pytest.mark.parametrize(
    ("offset", "data", "why"),
    [
        (0, b"x" * 32, "`entry 1: name` is .*, expected 1 to 31 bytes and a NUL"),
        (0, b"\0", "`entry 1: name`"),
        (0, b"\xff\xfe\0", "`entry 1: name` is .*, expected UTF-8"),
        (32, struct.pack("<I", 2584 + 1), "`entry 1: offset` is 2585, expected a multiple of 8 from 2576"),
        (32, struct.pack("<I", 8), "`entry 1: offset` is 8"),
        (36, struct.pack("<I", 0), "`entry 1: size` is 0, expected between 1"),
        (36, struct.pack("<I", 1 << 20), "`entry 1: size` is 1048576"),
    ],
)
def test_damaged_entry(name, offset, data, why):
    mem = Memory.create(name, 65536)
    Array.create(mem, "x", 1, "u1")
    Array.create(mem, "y", 1, "u1")
    mutated(name, 16 + 40 + offset, data)
    again = Memory.open(name)
    with pytest.raises(zeroipc.Corrupt, match=why):
        again.entries()
    assert Array(again, "y", dtype="u1")[0] == 0


def test_not_a_segment(name):
    path = path_of(name)
    path.write_bytes(b"short")
    with pytest.raises(zeroipc.NotASegment, match="it has 5 bytes, expected at least 56"):
        Memory(name)
    path.write_bytes(struct.pack("<IIII", 0x5A49504D, 1, 0, 56).ljust(55, b"\0"))
    with pytest.raises(zeroipc.NotASegment, match="it has 55 bytes, expected at least 56"):
        Memory(name)
    path.write_bytes(b"")
    with pytest.raises(zeroipc.NotASegment):
        Memory(name, 4096)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(zeroipc.NotASegment, match="it is not a regular file"):
        Memory(name)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(zeroipc.NotASegment, match="it is not a regular file"):
        Memory(name)
    path.unlink()
    path.mkdir()
    try:
        with pytest.raises(zeroipc.NotASegment, match="it is not a regular file"):
            Memory(name)
    finally:
        path.rmdir()


def test_the_smallest_segment(name):
    path_of(name).write_bytes(struct.pack("<IIII", 0x5A49504D, 1, 0, 56).ljust(56, b"\0"))
    assert Memory(name).table_size == 1
    path_of(name).write_bytes(struct.pack("<IIII", 0x5A49504D, 2, 0, 1).ljust(56, b"\0"))
    with pytest.raises(zeroipc.Corrupt, match="`max_entries` is 1, expected .* within the segment"):
        Memory(name)


@pytest.mark.parametrize("version", [1, 2])
def test_what_is_counted_is_not_free(name, version):
    mem = Memory.create(name, 1 << 16, table_version=version)
    a = Array.create(mem, "a", 1000, "i8")
    a[:] = 7
    table, entry = mem._attachment.table, mem.entries()[1]
    next_offset, width = table.next_offset, (12, "<I") if version == 1 else (24, "<Q")
    for wrong in (entry.offset, next_offset - 8):
        mutated(name, width[0], struct.pack(width[1], wrong))
        with pytest.raises(zeroipc.Corrupt, match=f"`next_offset` is {wrong}, expected between {next_offset}, where"):
            Array.create(mem, "b", 1, "i8")
    mutated(name, width[0], struct.pack(width[1], (1 << 16) + 8))
    with pytest.raises(zeroipc.Corrupt, match=f"`next_offset` is {(1 << 16) + 8}"):
        Array.create(mem, "b", 1, "i8")
    # A leftover slot that reaches into what is counted, or lies askew, is no place either.
    for offset in (entry.offset, next_offset + 4):
        end = next_offset + 128
        mutated(name, width[0], struct.pack(width[1], end))
        table._store(table._at(2) + table._layout.entry_offset, offset)
        table._store(table._at(2) + table._layout.entry_length, end - offset)
        Array.create(mem, "b", 1, "i8")
        assert mem.entries()[2].offset >= end
        table.store_count(2)
    assert (a == 7).all()


@pytest.mark.parametrize("kind", [Array, Queue])
def test_the_passport_is_no_structure(name, kind):
    mem = Memory.create(name, 1 << 16)
    kind.create(mem, "x", 4, "u1")
    for use in (
        lambda: kind(mem, ".schema"),
        lambda: kind(mem, ".schema", dtype="u1"),
        lambda: kind(mem, ".schema", 4, "u1"),
    ):
        with pytest.raises(zeroipc.KindMismatch, match="`.schema` in segment .* is the library's passport"):
            use()


def test_memory_is_reserved_in_pieces(name, monkeypatch):
    pieces = []
    monkeypatch.setattr(os, "posix_fallocate", lambda fd, offset, size: pieces.append((offset, size)))
    mem = Memory.create(name, 200 << 20)
    pieces.clear()
    Array.create(mem, "x", 150 << 20, "u1")
    assert [size for _, size in pieces[:-1]] == [64 << 20] * 2
    start = mem.entries()[0].offset
    assert [offset for offset, _ in pieces] == [start + (i * 64 << 20) for i in range(3)]
    assert sum(pieces[-1]) == mem.entries()[1].offset + mem.entries()[1].size


def test_a_reservation_that_fails_gives_its_pieces_back(name, monkeypatch):
    mem = Memory.create(name, 200 << 20)
    Array.create(mem, "a", 10, "u1")[:] = 7
    before = path_of(name).stat().st_blocks
    allocate = os.posix_fallocate
    seen = []

    def short(fd, offset, size):
        seen.append(os.fstat(fd).st_blocks)
        if len(seen) == 3:
            raise OSError(errno.ENOSPC, "no more")
        allocate(fd, offset, size)

    monkeypatch.setattr(os, "posix_fallocate", short)
    monkeypatch.setattr(_attachment, "_PIECE", 1 << 20)
    with pytest.raises(zeroipc.OutOfMemory):
        Array.create(mem, "b", 10 << 20, "u1")
    assert seen[2] - before >= (2 << 20) // 512 - 8
    assert path_of(name).stat().st_blocks - before <= 2 * 4096 // 512
    monkeypatch.setattr(_system, "free_memory", lambda: 1 << 20)
    with pytest.raises(zeroipc.OutOfMemory):
        Array.create(mem, "b", 100 << 20, "u1")
    assert len(seen) == 3, "what cannot fit is refused first"
    assert (Array(mem, "a") == 7).all()


def test_attaching_gives_up(name, monkeypatch):
    Memory.create(name, 1 << 16)
    monkeypatch.setattr(_attachment, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(_attachment.Attachment, "leads_here", lambda self: False)
    with pytest.raises(zeroipc.TimedOut, match=f"could not attach to segment `{name}` within 0.05 s: others remove it"):
        Memory(name)


def test_an_operation_without_memory_does_not_crash(name, child):
    """In a cycle the finalisers run in any order: the attachment may have ended before its users' finalisers."""
    code = """
    import gc
    caught = []
    class Node:
        def __init__(self, mem, queue, array):
            self.me, self.mem, self.queue, self.array = self, mem, queue, array
        def __del__(self):
            self.array[0] += 1
            for use in (
                lambda: self.queue.try_push(1), self.queue.try_pop, lambda: self.queue.push_many([1, 2], timeout=0),
                lambda: len(self.queue), self.mem.entries, lambda: self.mem.id, lambda: Array(self.mem, "new", 1, "u1"),
            ):
                try:
                    use()
                    caught.append("done")
                except Closed:
                    caught.append("closed")
    for ended in range(2):
        mem = Memory(sys.argv[1])
        node = Node(mem, Queue(mem, "q", dtype="i8"), Array(mem, "a", dtype="i8"))
        if ended:
            mem._attachment.__del__()  # As the collector may do it before the others.
        del mem, node
        gc.collect()
    assert len(caught) == 14 and set(caught[7:]) == {"closed"}, caught
    print(Memory(sys.argv[1]).attachments())
    """
    mem = Memory.create(name, 1 << 16)
    Queue.create(mem, "q", 64, "i8")
    array = Array.create(mem, "a", 1, "i8")
    assert child(code, name).finish() == "2", "no anchor is left behind"
    assert array[0] == 2


def test_the_memory_is_unmapped_with_its_last_user(name):
    def maps():
        with open("/proc/self/maps") as file:
            return sum(name in line for line in file)

    Memory.create(name, 1 << 16).close()
    mem = Memory(name)
    queue = Queue.create(mem, "q", 4, "u8")
    array = Array.create(mem, "a", 4, "u8")
    assert maps() == 2, "the segment and the anchor"
    mem.close()
    del queue
    view = array[1:]
    del array
    assert maps() == 2
    view[0] = 7
    del view, mem
    gc.collect()
    assert maps() == 0


# Locks and threads that fork.

FORKING = """
import threading
from zeroipc import _attachment
_attachment.LOCK_SECONDS = 5.0
there, forked = threading.Event(), threading.Event()
def hook(name):
    if name == sys.argv[2] and threading.current_thread() is not threading.main_thread():
        there.set()
        forked.wait()
def meanwhile(action):
    _points.hook = hook
    thread = threading.Thread(target=action)
    thread.start()
    there.wait()
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    forked.set()
    thread.join()
    _points.hook = None
    return child
"""


def test_a_child_forked_during_a_creation_does_not_keep_the_lock(name, child):
    Memory.create(name, 1 << 16)
    code = """
mem = Memory(sys.argv[1])
other = meanwhile(lambda: Array(mem, "a", 4, "i8"))
start = time.monotonic()
Array.create(mem, "b", 4, "i8")
print(list(mem), time.monotonic() - start < 2)
os.kill(other, signal.SIGKILL)
"""
    assert child(FORKING + code, name, "create.locked").finish() == "['a', 'b'] True"


def test_a_child_forked_during_a_removal_does_not_keep_the_lock(name, child):
    mem = Memory.create(name, 1 << 16)
    code = """
mem = [Memory(sys.argv[1], remove_on_last_detach=True)]
other = meanwhile(mem.clear)
start = time.monotonic()
Memory(sys.argv[1])
print(time.monotonic() - start < 2)
os.kill(other, signal.SIGKILL)
"""
    assert child(FORKING + code, name, "detach.locked").finish() == "True"
    assert mem.attachments() == 1


@pytest.mark.parametrize("attach", [False, True])
def test_a_forked_child_removes_only_where_it_was_attached(name, child, attach):
    code = f"""
    mem = Memory.create(sys.argv[1], 4096, remove_on_last_detach=True)
    pid = os.fork()
    if pid == 0:
        sys.stdin.readline()
        if {attach}:
            mem.id
        mem.close()
        os._exit(0)
    print(pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    parent = child(code, name)
    pid = int(parent.line())
    parent.process.wait(30)
    parent.say()
    eventually(lambda: not os.path.exists(f"/proc/{pid}") or open(f"/proc/{pid}/stat").read().split()[2] == "Z")
    assert path_of(name).exists() == (not attach)


def test_version_2_takes_any_number_of_entries(name):
    # max_entries 3 is none of ours, and a reader takes it; memory_size stands for the file's size.
    head = struct.pack("<IIIIQQ", 0x5A49504D, 2, 0, 3, 8000, 32 + 48 * 3)
    path_of(name).write_bytes(head.ljust(8192, b"\0"))
    mem = Memory(name)
    assert (mem.table_size, mem.size) == (3, 8000)
    a = Array.create(mem, "a", 2, "u4")
    assert a.shape == (2,)
    with pytest.raises(zeroipc.OutOfSpace):
        Array.create(mem, "b", 7800, "u1")


# Attachments.


def test_attachments_are_counted(name, child):
    mem = Memory.create(name, 1 << 16)
    assert mem.attachments() == 1
    second = Memory.open(name)
    reader = Memory.open(name, read_only=True)
    assert mem.attachments() == second.attachments() == reader.attachments() == 3
    assert len({mem.id, second.id}) == 2
    assert mem.is_alive(second.id)
    assert second.is_alive(mem.id)
    assert reader.is_alive(mem.id)
    assert mem.is_alive(mem.id)
    lost = second.id
    second.close()
    reader.close()
    assert mem.attachments() == 1
    assert not mem.is_alive(lost)
    assert not mem.is_alive(0)
    assert not mem.is_alive(1 << 24)
    other = child("mem = Memory(sys.argv[1]); print(mem.id, flush=True); sys.stdin.readline()", name)
    owner = int(other.line())
    assert mem.is_alive(owner)
    assert mem.attachments() == 2
    other.kill()
    assert not mem.is_alive(owner)
    assert mem.attachments() == 1


def test_ids_count_up_with_a_passport(name):
    mem = Memory.create(name, 1 << 16)
    Array.create(mem, "x", 1, "u1")
    ids = [Memory.open(name).id for _ in range(4)]
    steps = {(b - a) % ((1 << 24) - 1) for a, b in zip(ids, ids[1:])}
    assert steps == {1}


def test_many_attachments(name):
    mem = Memory.create(name, 1 << 16)
    others = [Memory.open(name, read_only=bool(i % 2)) for i in range(60)]
    assert mem.attachments() == 61
    del others
    assert mem.attachments() == 1


def test_descriptors_and_mappings_are_given_back(name):
    def state():
        gc.collect()
        with open("/proc/self/maps") as maps:
            return len(os.listdir("/proc/self/fd")), sum(name in line for line in maps)

    mem = Memory.create(name, 1 << 16)
    Array.create(mem, "x", 10, "f8")
    Queue.create(mem, "q", 8, "u8").push(1)
    before = state()
    for _ in range(20):
        with Memory.open(name) as other:
            a, q = Array(other, "x"), Queue(other, "q")
            q.push(q.pop())
        del a, q, other
        with pytest.raises(zeroipc.NotFound):
            Array(Memory.open(name), "missing")
    assert state() == before


def test_a_child_anchors_anew(name):
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 4, "u8")
    mine = mem.id
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            queue.push(5)
            os.write(write, struct.pack("<IIi", mem.id, mem.attachments(), mem.is_alive(mine)))
            os.read(read, 0)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    theirs, count, alive = struct.unpack("<IIi", os.read(read, 12))
    assert theirs != mine
    assert (count, alive) == (2, 1)
    assert mem.id == mine
    assert not mem.is_alive(theirs)
    assert mem.attachments() == 1
    assert queue.pop() == 5
    os.close(read)
    os.close(write)


def test_an_anchor_is_not_kept_by_a_child(name, child):
    mem = Memory.create(name, 1 << 16)
    code = """
    mem = Memory(sys.argv[1])
    pid = os.fork()
    if pid == 0:
        sys.stdin.readline()
        os._exit(0)
    print(mem.id, pid, flush=True)
    sys.stdin.readline()
    """
    other = child(code, name)
    owner, grandchild = map(int, other.line().split())
    assert mem.is_alive(owner)
    other.process.kill()
    other.process.wait(30)
    eventually(lambda: not mem.is_alive(owner))
    os.kill(grandchild, 9)


def test_remove_on_last_detach(name):
    mem = Memory.create(name, 1 << 16, remove_on_last_detach=True)
    other = Memory.open(name, remove_on_last_detach=True)
    a = Array(other, "x", 1, "u1")
    mem.close()
    assert path_of(name).exists()
    other.close()
    assert path_of(name).exists(), "an array of it lives"
    a[0] = 1
    del a
    assert not path_of(name).exists()


def test_remove_on_last_detach_spares_another_segment_of_the_name(name):
    mem = Memory.create(name, 1 << 16, remove_on_last_detach=True)
    Memory.unlink(name)
    Memory.create(name, 1 << 16).close()
    mem.close()
    assert path_of(name).exists()


def test_remove_at_the_interpreters_end(name, child):
    code = "import builtins\nbuiltins.keep = Memory.create(sys.argv[1], 4096, remove_on_last_detach=True)"
    child(code, name).finish()
    assert not path_of(name).exists()


def test_an_opener_is_not_overtaken_by_the_remover(name, child):
    """Whoever has attached keeps the segment: the remover looks for anchors only when nobody is on the way."""
    mem = Memory.create(name, 1 << 16, remove_on_last_detach=True)
    code = """
    def hook(point):
        if point == "attach.locked":
            print("locked", flush=True)
            sys.stdin.readline()
    _points.hook = hook
    mem = Memory(sys.argv[1])
    print("attached", mem.attachments(), flush=True)
    """
    opener = child(code, name)
    assert opener.line() == "locked"
    opener.say()
    assert opener.line().startswith("attached")
    opener.finish()
    mem.close()
    assert not path_of(name).exists()


# Creation.


def test_one_of_many_creators_wins(name, child):
    code = """
    sys.stdin.readline()
    try:
        mem = Memory.create(sys.argv[1], 1 << 16)
        print("created", flush=True)
    except Exists:
        mem = Memory(sys.argv[1])
        print("opened", flush=True)
    a = Array(mem, "counter", 1, "u8")
    for i in range(500):
        a.fetch_add(0, 1)
    for i in range(5):
        Array(mem, f"shared_{i}", 3, "u4").fetch_add(i % 3, 1)
    """
    children = [child(code, name) for _ in range(6)]
    for started in children:
        started.say()
    said = [started.finish() for started in children]
    assert sorted(said) == ["created"] + ["opened"] * 5
    mem = Memory(name)
    assert Array(mem, "counter")[0] == 3000
    assert sorted(mem) == sorted(["counter", *(f"shared_{i}" for i in range(5))])
    for i in range(5):
        assert Array(mem, f"shared_{i}").tolist() == [6 if j == i % 3 else 0 for j in range(3)]


def test_memory_is_reserved(name):
    mem = Memory.create(name, 1 << 22)
    assert path_of(name).stat().st_blocks * 512 <= 8192
    Array.create(mem, "x", 1 << 18, "f4")
    assert path_of(name).stat().st_blocks * 512 >= 1 << 20


def test_prefault_reserves_everything(name):
    Memory.create(name, 1 << 22, prefault=True)
    assert path_of(name).stat().st_blocks * 512 == 1 << 22


def test_a_full_system_is_an_error(name):
    status = os.statvfs("/dev/shm")
    # More than there is at all: the system refuses at once, and does not fill its memory first.
    free = status.f_blocks * status.f_frsize
    with pytest.raises(zeroipc.OutOfMemory, match=r"bytes are needed and \d+ free in /dev/shm; .*--shm-size"):
        Memory.create(name, free + (1 << 30), prefault=True)
    assert not path_of(name).exists()
    mem = Memory.create(name, free + (2 << 30))
    with pytest.raises(zeroipc.OutOfMemory):
        Array.create(mem, "big", (free + (1 << 30)) // 8, "u8")
    with pytest.raises(MemoryError):
        Array.create(mem, "big", (free + (1 << 30)) // 8, "u8")
    assert list(mem) == []
    small = Array.create(mem, "small", 10, "u8")
    assert small.sum() == 0


def test_table_full(name):
    mem = Memory.create(name, 1 << 16, table_size=8)
    for i in range(7):
        Array.create(mem, f"a{i}", 1, "u1")
    with pytest.raises(zeroipc.TableFull, match="has 8 entries, and all are used; create .* larger `table_size`"):
        Array.create(mem, "more", 1, "u1")
    one = name + "_one"
    mem = Memory.create(one, 1 << 16, table_size=1)
    try:
        Array.create(mem, "only", 1, "u1")
        with pytest.raises(zeroipc.TableFull):
            Array.create(mem, "more", 1, "u1")
    finally:
        Memory.unlink(one)


def test_out_of_space(name):
    mem = Memory.create(name, 8192, duck_typed=True)
    with pytest.raises(
        zeroipc.OutOfSpace, match="`x` needs 8008 bytes, and 5616 of 8192 are free; create the segment larger"
    ):
        Array.create(mem, "x", 1000, "f8")
    Array.create(mem, "x", 10, "f8")
    with pytest.raises(MemoryError):
        Array.create(mem, "y", 1000, "f8")
    assert list(mem) == ["x"]


def test_space_is_used_to_the_last_byte(name):
    mem = Memory.create(name, 8192, duck_typed=True)
    Array.create(mem, "x", 8192 - 2576 - 8, "u1")
    assert Memory(name).entries()[0].size == 8192 - 2576
    with pytest.raises(zeroipc.OutOfSpace):
        Array.create(mem, "y", 1, "u1")


def test_alignment(name):
    mem = Memory.create(name, 1 << 20)
    for i, align in enumerate([1, 8, 64, 256, 4096]):
        encoded = b"\x05\x01T" + struct.pack("<IIH", align, align, 0)
        dtype = np.dtype([("_pad", f"V{align}")])
        dtype = np.dtype(dtype, metadata={"zeroipc": encoded})
        Array.create(mem, f"odd{i}", 3, "u1")
        array = Array.create(mem, f"a{i}", 2, dtype)
        offset = next(entry.offset for entry in mem.entries() if entry.name == f"a{i}")
        assert (offset + 8) % max(align, 64) == 0
        assert array.__array_interface__["data"][0] % max(align, 64) == 0


@pytest.mark.parametrize("options", [{"duck_typed": True}, {"table_size": 4}])
def test_the_first_structure_has_to_suit_its_place(name, options):
    """Behind the table, where the first structure begins, elements may not find the alignment that they ask for."""
    mem = Memory.create(name, 1 << 20, **options)
    encoded = b"\x05\x01T" + struct.pack("<IIH", 256, 256, 0)
    dtype = np.dtype(np.dtype([("_pad", "V256")]), metadata={"zeroipc": encoded})
    before = path_of(name).read_bytes()
    with pytest.raises(ValueError, match="`a` cannot be created in segment .*: it would be the first behind the table"):
        Array.create(mem, "a", 2, dtype)
    assert path_of(name).read_bytes() == before
    Array.create(mem, "first", 1, "u1")
    assert Array.create(mem, "a", 2, dtype).__array_interface__["data"][0] % 256 == 0


def test_version_1_ends_below_4_gib(name):
    """Whatever the size of the file: its fields reach no further."""
    last = (1 << 32) - 8
    head = struct.pack("<IIII", 0x5A49504D, 1, 1, last - 120)
    entry = b"a".ljust(32, b"\0") + struct.pack("<II", 16 + 40 * 8, 16)
    path_of(name).write_bytes(head + entry)
    os.truncate(path_of(name), (1 << 32) + 8192)
    mem = Memory(name)
    assert mem.table_size == 8
    with pytest.raises(zeroipc.OutOfSpace, match=r"needs 65 bytes, and 64 of 4294967288 are free"):
        Array.create(mem, "b", 57, "u1")
    Array.create(mem, "b", 56, "u1")
    assert mem.entries()[-1][1:3] == (last - 64, 64)
    assert mem._attachment.table.next_offset == last
    with pytest.raises(zeroipc.OutOfSpace):
        Array.create(mem, "c", 1, "u1")
    mutated(name, 12, struct.pack("<I", last + 1))
    with pytest.raises(zeroipc.Corrupt, match=f"`next_offset` is {last + 1}"):
        Memory(name)


def test_next_offset_stays_in_a_file_of_any_size(name):
    Memory.create(name, 8192, duck_typed=True).close()
    os.truncate(path_of(name), 8190)
    mem = Memory(name, duck_typed=True)
    with pytest.raises(zeroipc.OutOfSpace):
        Array.create(mem, "x", 8190 - 2576 - 8, "u1")
    Array.create(mem, "x", 8184 - 2576 - 8, "u1")
    assert mem._attachment.table.next_offset == 8184
    assert list(Memory(name)) == ["x"]


# Handles.


def test_closed(name):
    mem = Memory.create(name, 1 << 16)
    assert not mem.closed
    with mem:
        pass
    assert mem.closed
    mem.close()
    for use in (mem.entries, mem.attachments, lambda: mem.id, lambda: list(mem), lambda: Array(mem, "x", 1, "u1")):
        with pytest.raises(zeroipc.Closed, match=f"the handle of segment `{name}` is closed; open the segment again"):
            use()
    assert mem.name == name
    assert "closed" in repr(mem)


def test_entries(name):
    mem = Memory.create(name, 1 << 16)
    Array.create(mem, "temps", 10, "f4")
    Queue.create(mem, "events", 4, [("id", "u8"), ("at", "f8", (3,))])
    Array.create(Memory.open(name, duck_typed=True), "raw", 4, "u1")
    found = [(entry.name, entry.size, entry.kind, entry.type) for entry in mem.entries()]
    assert found == [
        (".schema", 4096, "", ""),
        ("temps", 48, "array", "f32"),
        ("events", 24 + 4 * 40, "queue", "struct of 32 bytes"),
        ("raw", 12, "array", "u8"),
    ]
    assert list(mem) == ["temps", "events", "raw"]
    assert len(mem) == 3
    assert "events" in mem
    assert ".schema" not in mem


def test_read_only(name):
    mem = Memory.create(name, 1 << 16)
    a = Array.create(mem, "x", 4, "u4")
    q = Queue.create(mem, "q", 4, "u4")
    q.push(7)
    a[:] = [1, 2, 3, 4]
    os.chmod(path_of(name), 0o400)
    reader = Memory(name, read_only=True)
    assert reader.read_only
    b = Array(reader, "x")
    assert b.tolist() == [1, 2, 3, 4]
    assert b.load(2) == 3
    assert not b.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        b[0] = 1
    for change in (lambda: b.store(0, 1), lambda: b.fetch_add(0, 1), lambda: b[1:].exchange(0, 1)):
        with pytest.raises(zeroipc.ReadOnly, match="open the segment without `read_only`"):
            change()
    with pytest.raises(ValueError, match="WRITEABLE"):
        b.flags.writeable = True
    r = Queue(reader, "q")
    assert len(r) == 1
    for change in (
        lambda: r.push(1),
        r.try_pop,
        lambda: r.pop_many(3),
        lambda: r.try_push(2),
        lambda: r.push_many([1]),
    ):
        with pytest.raises(zeroipc.ReadOnly, match="queue `q` was opened for reading only"):
            change()
    with pytest.raises(zeroipc.ReadOnly, match="to create structures"):
        Array(reader, "new", 1, "u1")
    with pytest.raises(PermissionError):
        Array.create(reader, "new", 1, "u1")
    assert Array(reader, "x", 4, "u4").tolist() == [1, 2, 3, 4]


def test_permission_denied(name, child):
    Memory.create(name, 4096)
    if os.getuid() != 0:
        os.chmod(path_of(name), 0)
        with pytest.raises(zeroipc.PermissionDenied):
            Memory(name)
        return
    code = """
    os.setuid(65534)
    for read_only, how in ((False, "reading and writing"), (True, "reading")):
        try:
            Memory(sys.argv[1], read_only=read_only)
        except PermissionDenied as error:
            assert f"for {how} is not permitted; ask its owner" in str(error), error
    try:
        Memory.unlink(sys.argv[1])
    except PermissionDenied as error:
        print(error)
    """
    assert child(code, name).finish().startswith(f"removing segment `{name}` is not permitted")


def test_pickling_a_handle_is_refused(name):
    import pickle

    mem = Memory.create(name, 1 << 16)
    queue = Queue.create(mem, "q", 1, "u1")
    for handle in (mem, queue):
        with pytest.raises(TypeError, match="open the .* by its name in the other process"):
            pickle.dumps(handle)
