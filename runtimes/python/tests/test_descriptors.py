"""A program that closes every descriptor it finds, ours included, and puts other files under their numbers."""

import fcntl
import os

import pytest

import zeroipc
from conftest import path_of
from zeroipc import Array, Memory, Queue, _system
from zeroipc._file import File, reopen
from zeroipc._format import locks

# What a daemon does: the numbers from 3 on are other files afterwards.
TAKEN = """
mem = Memory(sys.argv[1])
number = mem._attachment.file.fileno()
os.closerange(3, 1000)
other = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT, 0o600)
os.dup2(other, number)
"""


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "other"
    path.write_bytes(b"somebody else's")
    return path


def test_reopening_verifies_what_it_opened(name, other):
    mem = Memory.create(name, 1 << 16)
    path, data = str(path_of(name)), mem._attachment.file
    with reopen(data, path, read_only=False) as again:
        assert again.inode == data.inode
        assert again.fileno() != data.fileno()
    taken = File(os.open(other, os.O_RDWR))
    number, taken.inode = taken.fileno(), data.inode
    with reopen(taken, path, read_only=True) as again:
        assert os.fstat(again.fileno()).st_ino == data.inode[1], "the name leads where the number does not"
    Memory.unlink(name)
    with pytest.raises(zeroipc.NotFound, match=f"`{path}` cannot be opened again: .*; open the segment again"):
        reopen(taken, path, read_only=True)
    for make in (lambda: os.symlink(other, path), lambda: os.mkfifo(path), lambda: Memory.create(name, 4096)):
        make()
        with pytest.raises(zeroipc.NotFound):
            reopen(taken, path, read_only=False)
        os.unlink(path)
    with reopen(data, path, read_only=False) as again:
        assert again.inode == data.inode, "the number leads where the name does not"
    os.close(number)


def test_somebody_elses_descriptor_is_left_alone(name, child, other):
    Memory.create(name, 1 << 16)
    code = """
    del mem
    assert os.pread(number, 4, 0) == b"some", "still open"
    print("open")
    """
    assert child(TAKEN + "\n" + "\n".join(line.strip() for line in code.splitlines()), name, other).finish() == "open"


def test_creating_when_the_number_is_another_files(name, child, other):
    mem = Memory.create(name, 1 << 22)
    code = TAKEN + "array = Array.create(mem, 'x', 1 << 18, 'f4')\nassert not array.any()\narray[-1] = 7\nprint('done')"
    assert child(code, name, other).finish() == "done"
    assert other.read_bytes() == b"somebody else's"
    assert path_of(name).stat().st_blocks * 512 >= 1 << 20, "the segment's memory is reserved"
    assert Array(mem, "x")[-1] == 7


@pytest.mark.parametrize("closed", [TAKEN, "mem = Memory(sys.argv[1])\nos.closerange(3, 1000)\n"])
def test_the_dead_are_known_after_all_descriptors_were_closed(name, child, other, closed):
    mem = Memory.create(name, 1 << 16)
    queue = Queue.create(mem, "q", 2, "u8")
    writer = child(
        """
        def hook(point):
            if point == "queue.push.claimed":
                print(mem.id, flush=True)
                sys.stdin.readline()
        mem = Memory(sys.argv[1])
        _points.hook = hook
        Queue(mem, "q").push(7)
        """,
        name,
    )
    owner = int(writer.line())
    queue.push(8)
    code = f"""
queue = Queue(mem, "q")
print(mem.attachments(), mem.is_alive({owner}), queue.try_pop(), flush=True)
sys.stdin.readline()
print(mem.attachments(), mem.is_alive({owner}), queue.try_pop(), flush=True)
pid = os.fork()
if pid == 0:
    print(mem.attachments(), mem.is_alive({owner}), mem.id != 0, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""
    consumer = child(closed + code, name, other)
    assert consumer.line() == "3 True None", "a live writer is waited for"
    writer.kill()
    consumer.say()
    assert consumer.line() == "2 False 8", "the cell of the dead one is recovered"
    assert consumer.line() == "3 False True"
    consumer.finish()


def test_doubt_counts_as_life(name, child, other):
    Memory.create(name, 1 << 16)
    code = """
os.unlink("/dev/shm" + sys.argv[1])
print(mem.is_alive(mem.id), mem.is_alive(mem.id % 1000 + 1))
try:
    mem.attachments()
except NotFound as error:
    print(error)
try:
    Array.create(mem, "x", 1, "u1")
except NotFound as error:
    print(error)
"""
    alive, counted, created = child(TAKEN + code, name, other).finish().splitlines()
    assert alive == "True True"
    assert counted.startswith(f"the attachments of segment `{name}` cannot be counted")
    assert "cannot be opened again" in created
    assert other.read_bytes() == b"somebody else's"


def test_another_segment_under_the_number_is_not_asked(name, child):
    """A lock of another segment's says nothing: not that the own anchor is seen, and not that somebody is dead."""
    mem = Memory.create(name, 1 << 16)
    code = """
other = Memory.create(sys.argv[1] + "_other", 1 << 16)
os.unlink("/dev/shm" + sys.argv[1] + "_other")
mem = Memory(sys.argv[1])
third = os.open(f"/proc/self/fd/{other._attachment.file.fileno()}", os.O_RDWR)
_system.set_lock(third, 1, locks.WRITER_ANCHORS + mem.id)
os.dup2(other._attachment.file.fileno(), mem._attachment.file.fileno())
print(mem.is_alive(int(sys.argv[2])), mem.attachments())
"""
    prelude = "from zeroipc import _system\nfrom zeroipc._format import locks\n"
    assert child(prelude + code, name, mem.id).finish() == "True 2"


def test_the_last_one_out_removes_after_all_descriptors_were_closed(name, child):
    code = "mem = Memory.create(sys.argv[1], 4096, remove_on_last_detach=True)\nos.closerange(3, 1000)\nmem.close()"
    child(code, name).finish()
    assert not path_of(name).exists()


def test_a_strangers_lock_over_many_bytes_counts_once(name):
    mem = Memory.create(name, 1 << 16)
    assert mem.attachments() == 1
    with path_of(name).open("rb") as stranger:
        first = locks.WRITER_ANCHORS + mem.id + 1
        # To the end of all offsets, over the anchors of readers as well.
        fcntl.fcntl(stranger, fcntl.F_OFD_SETLK, _system._FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, first, 0, 0))
        assert mem.attachments() == 2
        reader = Memory.open(name, read_only=True)
        assert reader.attachments() in (2, 3), "its anchor lies under the stranger's lock"
    assert mem.attachments() == 2
