"""A process that is killed at any point blocks nobody and breaks nothing."""

import os
import signal
import time

import numpy as np
import pytest

import zeroipc
from conftest import PREFIX, eventually, path_of
from zeroipc import Array, Memory, Queue, _points

KILL = """
left = int(sys.argv[3])
def hook(point):
    global left
    if point == sys.argv[2]:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""
SIGKILLED = -signal.SIGKILL


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("point", [f"queue.push.{step}" for step in ("claimed", "hinted", "written", "published")])
@pytest.mark.parametrize(
    "operation", ["queue.push(i)", "queue.push_many([i])", "queue.push_many(np.arange(i, 3, dtype='u8'))"]
)
def test_killed_while_pushing(name, child, point, nth, operation):
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 4, "u8")
    code = f"{KILL}\nqueue = Queue(Memory(sys.argv[1]), 'q')\n_points.hook = hook\nfor i in range(3):\n    {operation}"
    assert child(code, name, point, nth).process.wait(30) == SIGKILLED
    published = nth if point == "queue.push.published" else nth - 1
    # A producer goes on behind the dead one, up to the last cell.
    more = 0
    while queue.try_push(100 + more):
        more += 1
    assert more >= 4 - nth
    start = time.monotonic()
    got = [int(value) for value in queue.pop_many(3)] + [
        int(queue.pop(timeout=20)) for _ in range(published + more - 3)
    ]
    assert time.monotonic() - start < 5
    assert got == list(range(published)) + [100 + i for i in range(more)]
    assert queue.try_pop() is None
    assert queue.push_many(np.arange(8, dtype="u8"), timeout=0) == 4, "every cell is used again"
    assert queue.pop_many(8).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("capacity", [1, 4])
def test_the_full_queue_of_a_dead_producer_is_recovered(name, child, capacity):
    """Nobody pops: the push that finds the queue full recovers the cell that it is full on."""
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", capacity, "u8")
    code = f"{KILL}\nqueue = Queue(Memory(sys.argv[1]), 'q')\n_points.hook = hook\nqueue.push(7)"
    assert child(code, name, "queue.push.claimed", 1).process.wait(30) == SIGKILLED
    assert queue.push_many(np.arange(capacity - 1, dtype="u8"), timeout=0) == capacity - 1
    assert queue.try_push(50)
    assert not queue.try_push(51)
    assert queue.pop_many(9).tolist() == [*range(capacity - 1), 50]


@pytest.mark.parametrize("operation", ["pop()", "pop(timeout=30)", "pop_many(1, timeout=None)[0]"])
def test_a_waiting_consumer_recovers(name, child, operation):
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 4, "u8")
    writer = child(
        """
        def hook(point):
            if point == "queue.push.claimed":
                print("claimed", flush=True)
                sys.stdin.readline()
        queue = Queue(Memory(sys.argv[1]), "q")
        _points.hook = hook
        queue.push(7)
        """,
        name,
    )
    writer.line()
    queue.push(8)
    consumer = child(
        f"queue = Queue(Memory(sys.argv[1]), 'q')\nprint('ready', flush=True)\nprint(int(queue.{operation}))", name
    )
    consumer.line()
    start = time.monotonic()
    writer.kill()
    assert consumer.finish() == "8"
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("point", ["queue.pop.copied", "queue.pop.taken", "queue.pop.consumed", "queue.pop.hinted"])
@pytest.mark.parametrize("operation", ["queue.pop()", "queue.pop_many(1)", "queue.pop_many(3)"])
def test_killed_while_popping(name, child, point, operation):
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 4, "u8")
    queue.push_many([0, 1, 2, 3])
    code = f"{KILL}\nqueue = Queue(Memory(sys.argv[1]), 'q')\n_points.hook = hook\n{operation}"
    assert child(code, name, point, 1).process.wait(30) == SIGKILLED
    taken = 0 if point == "queue.pop.copied" else 3 if "3" in operation else 1
    assert queue.pop_many(8).tolist() == list(range(taken, 4)), "before the exchange nothing is lost"
    assert queue.push_many(np.arange(8, dtype="u8"), timeout=0) == 4
    assert queue.pop_many(8).tolist() == [0, 1, 2, 3]


def test_killed_before_the_wake(name, child):
    """Who should wake dies: the sleeper looks again after 250 ms."""
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 1, "u8")
    consumer = child(
        "queue = Queue(Memory(sys.argv[1]), 'q')\nprint('ready', flush=True)\nprint(int(queue.pop()))", name
    )
    consumer.line()
    words = np.memmap(path_of(name), np.uint64, "r", mem.entries()[-1].offset, (5,))
    eventually(lambda: words[3] & np.uint64(4))
    code = f"{KILL}\nqueue = Queue(Memory(sys.argv[1]), 'q')\n_points.hook = hook\nqueue.push(7)"
    assert child(code, name, "queue.push.published", 1).process.wait(30) == SIGKILLED
    assert consumer.finish() == "7"
    assert queue.is_empty


@pytest.mark.parametrize("point", ["queue.recover.dead", "queue.recover.freed", "queue.recover.woken"])
def test_killed_while_recovering(name, child, point):
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 2, "u8")
    code = f"{KILL}\nqueue = Queue(Memory(sys.argv[1]), 'q')\n_points.hook = hook\nqueue.push(7)"
    assert child(code, name, "queue.push.claimed", 1).process.wait(30) == SIGKILLED
    code = f"{KILL}\nqueue = Queue(Memory(sys.argv[1]), 'q')\n_points.hook = hook\nqueue.try_pop()"
    assert child(code, name, point, 1).process.wait(30) == SIGKILLED
    assert queue.try_pop() is None
    assert queue.push_many([1, 2, 3], timeout=0) == 2
    assert queue.pop_many(3).tolist() == [1, 2]


CREATE = [name for name in _points.NAMES if name.startswith("create.") and name != "create.trimmed"]
ONCE = ("create.locked", "create.reserved", "create.initialised", "create.recorded", "create.used")
PUBLISHED = ("create.published", "create.counted")


@pytest.mark.parametrize("kind", ["Array", "Queue"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("duck_typed", [False, True])
@pytest.mark.parametrize("point", CREATE)
def test_killed_while_creating_the_first_structure(name, child, point, version, duck_typed, kind):
    mem = Memory.create(name, 1 << 16, table_version=version, duck_typed=duck_typed)
    code = f"{KILL}\nmem = Memory(sys.argv[1], duck_typed={duck_typed})\n_points.hook = hook\n{kind}.create(mem, 'x', 100, 'u8').fill(7)"
    nths = [1] if duck_typed or point in ONCE else [1, 2]
    for nth in nths:
        process = child(code, name, point, nth).process
        if point in ("create.recorded", "create.used") and duck_typed:
            process.wait(30)
            return
        assert process.wait(30) == SIGKILLED
        again = Memory(name)
        assert again.table_size == 64
        created = point in PUBLISHED and (duck_typed or nth == 2)
        assert list(again) == (["x"] if created else [])
        if not created:
            queue = Queue(mem, f"q{nth}", 4, "u8")
            queue.push(5)
            array = Array(mem, f"y{nth}", 300, "u8")
            assert not array.any(), "new elements are zero"
            assert queue.pop() == 5
            offsets = [entry.offset for entry in mem.entries()]
            assert offsets == sorted(offsets)
            break


@pytest.mark.parametrize("point", CREATE)
def test_killed_while_creating_another_structure(name, child, point):
    mem = Memory.create(name, 1 << 16)
    first = Array.create(mem, "first", 10, "u8")
    first[:] = 3
    dirty = """
mem = Memory(sys.argv[1])
def dirty(point):
    if point == sys.argv[2]:
        # What a creator writes before it dies, as far as it may.
        mem._attachment.region.write(int(sys.argv[4]), b"x" * 700)
    hook(point)
_points.hook = dirty
Array.create(mem, "x", 100, [("field", "f8")])
"""
    code = KILL + dirty
    before = mem._attachment.table.next_offset
    assert child(code, name, point, 1, before + 64 + 8).process.wait(30) == SIGKILLED
    created = point in PUBLISHED
    assert list(mem) == ["first"] + ["x"] * created
    second = Array.create(mem, "second", 100, "u8")
    if not created:
        assert mem.entries()[-1].offset < before + 64, "the space of the dead creator is used again"
    assert not second.any()
    assert Array(Memory(name), "second").dtype == np.uint64
    assert mem.entries()[-1].type == "u64"
    third = Array.create(mem, "third", 3000, "u1")
    assert not third.any()
    assert first.tolist() == [3] * 10
    ends = [(entry.offset, entry.offset + entry.size) for entry in mem.entries()]
    assert all(end <= start for (_, end), (start, _) in zip(ends, ends[1:])), "nothing overlaps"


def test_killed_while_trimming_the_passport(name, child):
    """What a dead creator left in the passport is taken back, and whoever takes it back may die as well."""
    mem = Memory.create(name, 1 << 16)
    Array.create(mem, "first", 1, "u1")
    code = (
        f"{KILL}\nmem = Memory(sys.argv[1])\n_points.hook = hook\nArray.create(mem, 'x', 1, [('a', 'u1'), ('b', 'f8')])"
    )
    for point in ("create.used", "create.trimmed", "create.recorded", "create.moved", "create.trimmed"):
        assert child(code, name, point, 1).process.wait(30) == SIGKILLED
        assert list(Memory(name)) == ["first"]
    Array.create(mem, "y", 1, "u2")
    assert [entry.type for entry in mem.entries()] == ["", "u8", "u16"]


def test_a_stopped_creator_holds_the_lock_up_to_a_deadline(name, child, monkeypatch):
    monkeypatch.setattr("zeroipc._attachment.LOCK_SECONDS", 0.2)
    mem = Memory.create(name, 1 << 16)
    code = """
    def hook(point):
        if point == "create.locked":
            print("locked", flush=True)
            sys.stdin.readline()
    mem = Memory(sys.argv[1])
    _points.hook = hook
    Array.create(mem, "x", 1, "u1")
    """
    holder = child(code, name)
    holder.line()
    with pytest.raises(
        zeroipc.TimedOut, match=f"could not create a structure in segment `{name}` within 0.2 s: another"
    ):
        Array.create(mem, "y", 1, "u1")
    assert list(mem) == [], "who looks takes no lock"
    assert Memory(name).table_size == 64
    holder.say()
    holder.finish()
    Array.create(mem, "y", 1, "u1")
    assert list(mem) == ["x", "y"]


@pytest.mark.parametrize("point", [name for name in _points.NAMES if name.startswith("segment.")])
def test_killed_while_creating_a_segment(name, child, point):
    code = f"{KILL}\n_points.hook = hook\nMemory.create(sys.argv[1], 1 << 16)"
    assert child(code, name, point, 1).process.wait(30) == SIGKILLED
    assert path_of(name).exists() == (point == "segment.linked")
    mem = Memory(name, 1 << 16)
    assert mem.attachments() == 1
    assert not [path for path in os.listdir("/dev/shm") if path.startswith(PREFIX[1:]) and path != name[1:]]
    Array(mem, "x", 1, "u1")


@pytest.mark.parametrize("point", [name for name in _points.NAMES if name.startswith("attach.")])
def test_killed_while_attaching(name, child, point):
    mem = Memory.create(name, 1 << 16, remove_on_last_detach=True)
    code = f"{KILL}\n_points.hook = hook\nMemory(sys.argv[1])"
    assert child(code, name, point, 1).process.wait(30) == SIGKILLED
    assert mem.attachments() == 1
    mem.close()
    assert not path_of(name).exists()


@pytest.mark.parametrize("point", ["detach.locked", "detach.released", "detach.unlinked"])
def test_killed_while_detaching(name, child, point):
    code = f"{KILL}\nmem = Memory(sys.argv[1], 1 << 16, remove_on_last_detach=True)\n_points.hook = hook\nmem.close()"
    assert child(code, name, point, 1).process.wait(30) == SIGKILLED
    assert path_of(name).exists() == (point != "detach.unlinked")
    mem = Memory(name, 1 << 16, remove_on_last_detach=True)
    assert mem.attachments() == 1
    mem.close()
    assert not path_of(name).exists()


def test_a_storm_of_kills(name, child):
    """Producers are killed at random moments, over and over; everything that others push arrives in order."""
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 8, [("producer", "u8"), ("sequence", "u8")])
    code = """
    queue = Queue(Memory(sys.argv[1]), "q")
    print("ready", flush=True)
    i = 0
    while True:
        queue.push((int(sys.argv[2]), i))
        i += 1
    """
    rng = np.random.default_rng(3)
    last = {}

    def drain(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for record in queue.pop_many(8, timeout=0.01):
                producer, sequence = record.item()
                assert sequence == last.get(producer, -1) + 1, "nothing lost, doubled or out of order"
                last[producer] = sequence

    producers = []
    for number in range(12):
        producers.append(child(code, name, number))
        producers[-1].line()
        drain(0.05 + 0.05 * rng.random())
        if len(producers) > 2:
            producers.pop(0).kill()
    for producer in producers:
        producer.kill()
    drain(0.3)
    assert queue.is_empty
    assert len(last) == 12
    assert queue.push_many(np.zeros(9, queue.dtype), timeout=0) == 8
