"""Segments whose bytes a peer has changed: an error or wrong data, never a crash and never a hang."""

import numpy as np
import pytest

from conftest import path_of
from zeroipc import Array, Memory, Queue

# Runs in a process of its own: opens copies of a segment with some bytes changed, and uses everything in them.
USE = """
import random, shutil
faulthandler.cancel_dump_traceback_later()
faulthandler.dump_traceback_later(100, exit=True)
original, name, seed, trials = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(seed)
data = open("/dev/shm" + original, "rb").read()
places = [int(place) for place in sys.argv[5].split(",")]
interesting = [0, 1, 2, 3, 4, 5, 7, 8, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 61) - 1, 1 << 63, (1 << 64) - 1]
errors = opened = 0

def attempt(action):
    global errors
    try:
        return action()
    except (ZeroIPCError, UnicodeDecodeError):
        errors += 1

def use(mem):
    attempt(mem.entries)
    attempt(lambda: list(mem))
    attempt(mem.attachments)
    for structure in ("temps", "poses", "events", "small", "raw"):
        for dtype in (None, "f4", "u8", [("a", "u1"), ("b", "f8")]):
            array = attempt(lambda: Array(mem, structure, dtype=dtype))
            if array is not None and array.flags.writeable:
                array[-1] = array[0]
                if array.dtype == "u8":
                    array.fetch_add(0, 1)
            queue = attempt(lambda: Queue(mem, structure, dtype=dtype))
            if queue is not None:
                value = np.zeros((), queue.dtype)[()]
                attempt(lambda: len(queue))
                for _ in range(3):
                    attempt(queue.try_pop)
                    attempt(lambda: queue.try_push(value))
                attempt(lambda: queue.pop_many(100))
                attempt(lambda: queue.push_many([value] * 9, timeout=0))
                attempt(lambda: queue.pop(timeout=0.001))
                attempt(lambda: queue.push(value, timeout=0.001))
    attempt(lambda: Array(mem, "new", 10, "u2"))
    attempt(lambda: Queue(mem, "newer", 10, "u2").try_push(1))
    attempt(lambda: Array(mem, "new", dtype="u2").sum())

for trial in range(trials):
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.choice(places) + rng.randrange(8) * (rng.random() < 0.3)
        if rng.random() < 0.5:
            changed[at] = rng.randrange(256)
        else:
            size = rng.choice((1, 2, 4, 8))
            value = rng.choice(interesting) if rng.random() < 0.8 else rng.getrandbits(64)
            changed[at:at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    if rng.random() < 0.05:
        changed = changed[:rng.randrange(len(changed))]
    with open("/dev/shm" + name, "wb") as file:
        file.write(changed)
    for read_only in (False, True):
        mem = attempt(lambda: Memory(name, read_only=read_only))
        if mem is not None:
            opened += 1
            use(mem)
    os.unlink("/dev/shm" + name)
print(opened, errors)
"""


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("duck_typed", [False, True])
def test_changed_bytes(name, child, seed, version, duck_typed):
    mem = Memory.create(name, 32768, table_version=version, table_size=8, duck_typed=duck_typed)
    Array.create(mem, "temps", 100, "f4")[:] = 1.5
    flags = np.dtype(np.dtype("u4"), metadata={"zeroipc": b"\x04\x03\x02\x04Caps\x01\x00\x01" + bytes(7) + b"\x04READ"})
    Array.create(mem, "poses", 5, [("id", flags), ("at", "f8", (3,)), ("label", "S5"), ("z", "c8"), ("h", "f2")])
    variant = {"names": ["a", "b", "c"], "formats": ["u1", "f8", "c8"], "offsets": [0, 8, 8], "itemsize": 16}
    queue = Queue.create(mem, "events", 8, np.dtype(variant))
    for i in range(13):
        queue.push({"a": i, "b": i / 2})
        if i % 3:
            queue.pop()
    Queue.create(mem, "small", 1, "u8").push(7)
    Array.create(Memory(name, duck_typed=True), "raw", 3, "u8")
    # Everything that has a meaning: table, passport, headers, cells.
    places = list(range(0, 16 + 16 * version + 8 * 48, 4))
    for entry in mem.entries():
        length = min(entry.size, 700 if entry.name == ".schema" else 8 + 16 * 9 if entry.kind == "queue" else 8)
        places += range(entry.offset, entry.offset + length, 4)
    done = child(USE, name, name + "_x", seed, 40, ",".join(map(str, places))).finish()
    path_of(name + "_x").unlink(missing_ok=True)
    opened, errors = map(int, done.split())
    assert opened > 10
    assert errors > 10


def test_random_bytes(name, child):
    code = """
    import random
    rng = random.Random(1)
    refused = 0
    for trial in range(300):
        data = bytearray(rng.randbytes(rng.choice((0, 1, 15, 16, 17, 100, 4096, 8192))))
        if len(data) >= 16 and trial % 2:
            data[:8] = (0x5A49504D).to_bytes(4, "little") + rng.choice((1, 2)).to_bytes(4, "little")
        with open("/dev/shm" + sys.argv[1], "wb") as file:
            file.write(data)
        try:
            Memory(sys.argv[1]).entries()
        except ZeroIPCError:
            refused += 1
        os.unlink("/dev/shm" + sys.argv[1])
    print(refused)
    """
    assert int(child(code, name).finish()) >= 299


def test_a_peer_that_changes_bytes_all_the_time(name, child):
    mem = Memory.create(name, 32768)
    queue = Queue.create(mem, "q", 8, "u8")
    Array.create(mem, "a", 5, "u8")
    code = """
    import random
    mem = Memory(sys.argv[1])
    region = mem._attachment.region
    places = [entry.offset for entry in mem.entries()]
    print("ready", flush=True)
    rng = random.Random(2)
    words = memoryview(region.view(0, 32768)).cast("Q")
    queue = places[1] // 8
    while True:
        words[queue + rng.choice((0, 1, *range(3, 19)))] = rng.choice((0, rng.getrandbits(64), rng.randrange(64) << 3 | rng.randrange(8)))
    """
    hostile = child(code, name)
    hostile.line()
    from zeroipc import ZeroIPCError

    errors = 0
    for i in range(3000):
        for operation in (
            queue.try_pop,
            lambda i=i: queue.try_push(i),
            lambda: len(queue),
            lambda: queue.pop_many(5),
            lambda: queue.push_many(np.arange(3, dtype="u8"), timeout=0),
        ):
            try:
                operation()
            except ZeroIPCError:
                errors += 1
    assert errors > 0
