"""Queues: order, capacity, waiting, values, many processes."""

import contextlib
import gc
import json
import math
import signal
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import zeroipc
from conftest import TESTS, eventually, path_of
from zeroipc import Memory, Queue, _cells

ITEM = [("producer", "u8"), ("sequence", "u8"), ("value", "f8")]


@pytest.fixture
def mem(name):
    return Memory.create(name, 1 << 20)


def words_of(name, structure="q"):
    """The queue's words, straight from the file."""
    entry = next(entry for entry in Memory(name).entries() if entry.name == structure)
    return np.memmap(path_of(name), np.uint64, "r+", entry.offset, (entry.size // 8,))


def test_smoke(mem, name):
    queue = Queue(mem, "q", 4, "f4")
    queue.push(23.5)
    assert queue.try_push(24.5)
    other = Queue(Memory(name), "q")
    assert other.dtype == np.float32
    assert other.pop() == 23.5
    assert type(other.try_pop()) is np.float32
    assert other.try_pop() is None
    assert queue.name == "q"
    assert "capacity 4" in repr(queue)


def test_the_bytes(mem, name):
    queue = Queue(mem, "q", 4, "V5")
    head = [0, 0, 4]
    cells = [word for i in range(4) for word in (i << 3 | 1, 0)]
    assert words_of(name).tolist() == head + cells
    queue.push(b"\x01\x02\x03\x04\x05")
    assert words_of(name).tolist() == [0, 1, 4, 0 << 3 | 3, 0x0504030201, *cells[2:]]
    queue.pop()
    assert words_of(name).tolist() == [1, 1, 4, 4 << 3 | 1, 0x0504030201, *cells[2:]]
    queue.push(b"\xff" * 5)
    queue.push_many([b"\xff" * 5] * 3)
    assert queue.pop_many(4).tolist() == [b"\xff" * 5] * 4
    assert words_of(name).tolist()[:3] == [5, 5, 4]
    queue.push(b"\0" * 5)
    assert words_of(name).tolist()[5:7] == [5 << 3 | 3, 0]


@pytest.mark.parametrize("asked", [1, 2, 3, 4, 5, 63, 64, 65])
def test_capacity(mem, name, asked):
    queue = Queue.create(mem, "q", asked, "u8")
    capacity = 1 << (asked - 1).bit_length()
    assert queue.capacity == capacity
    assert Queue(mem, "q", asked, "u8").capacity == capacity
    assert Queue.open_or_create(mem, "q", capacity, "u8").capacity == capacity
    assert Queue.open(Memory(name), "q", "u8").capacity == capacity
    with pytest.raises(zeroipc.SizeMismatch) as caught:
        Queue(mem, "q", 2 * capacity, "u8")
    found = f"queue `q` in segment `{name}` has a capacity of {capacity}, and {2 * capacity} are asked for"
    assert found in str(caught.value)
    for i in range(capacity):
        assert len(queue) == i
        assert queue.try_push(i)
    assert queue.is_full
    assert not queue.try_push(0)
    assert [int(queue.try_pop()) for _ in range(capacity)] == list(range(capacity))
    assert queue.is_empty
    assert queue
    with pytest.raises(zeroipc.Exists):
        Queue.create(mem, "q", asked, "u8")


def test_capacity_out_of_range(mem):
    for bad in (0, -1, (1 << 31) + 1):
        with pytest.raises(ValueError, match="a capacity between 1 and 2147483648"):
            Queue(mem, "q", bad, "u1")
    with pytest.raises(zeroipc.OutOfSpace):
        Queue(mem, "q", 1 << 31, "u1")


@pytest.mark.parametrize("capacity", [1, 2, 4, 16])
def test_wrap(mem, capacity):
    queue = Queue(mem, "q", capacity, "u4")
    expected = iter(range(10**9))
    pushed = 0
    rng = np.random.default_rng(capacity)
    for _ in range(2000):
        for _ in range(rng.integers(0, capacity + 2)):
            if queue.try_push(pushed):
                pushed += 1
        assert len(queue) <= capacity
        for _ in range(rng.integers(0, capacity + 2)):
            value = queue.try_pop()
            if value is not None:
                assert value == next(expected)
    assert pushed > 100


@pytest.mark.parametrize("capacity", [1, 4, 64, 1024])
def test_many(mem, capacity):
    queue = Queue(mem, "q", capacity, "i8")
    pushed = popped = 0
    rng = np.random.default_rng(capacity)
    for _ in range(400):
        values = np.arange(pushed, pushed + rng.integers(0, 2 * capacity + 2))
        room = capacity - len(queue)
        done = queue.push_many(values, timeout=0)
        assert done == min(len(values), room)
        pushed += done
        wanted = int(rng.integers(0, 2 * capacity + 2))
        got = queue.pop_many(wanted)
        assert len(got) == min(wanted, pushed - popped)
        assert got.tolist() == list(range(popped, popped + len(got)))
        popped += len(got)
    assert len(queue) == pushed - popped


def test_many_values_of_every_shape(mem):
    queue = Queue(mem, "q", 8, ITEM)
    assert queue.push_many([(1, 2, 3.0), {"producer": 4, "sequence": 5, "value": 6.0}]) == 2
    records = np.array([(7, 8, 9.0)], ITEM)
    assert queue.push_many(records) == 1
    got = queue.pop_many(10)
    assert got.dtype == np.dtype(ITEM)
    assert got.tolist() == [(1, 2, 3.0), (4, 5, 6.0), (7, 8, 9.0)]
    got["value"] = 0
    assert queue.pop_many(0).shape == (0,)
    assert queue.pop_many(5).dtype == np.dtype(ITEM)
    with pytest.raises(TypeError):
        queue.push_many("abc")
    with pytest.raises(OverflowError):
        queue.push_many([(1, 2, 3.0), (-1, 0, 0.0)])
    assert queue.is_empty, "values are converted before the first is pushed"
    arrays = Queue(mem, "arrays", 4, "(2,)f4")
    assert arrays.push_many(np.arange(4, dtype="f4").reshape(2, 2)) == 2
    assert arrays.push_many([[9, 9]]) == 1
    assert arrays.pop_many(2).tolist() == [[0, 1], [2, 3]]
    assert arrays.pop().tolist() == [9, 9]
    strided = Queue(mem, "strided", 8, "i2")
    strided.push_many(np.arange(10, dtype="i2")[::3])
    assert strided.pop_many(8).tolist() == [0, 3, 6, 9]


# Values.


@pytest.mark.parametrize(
    ("dtype", "good", "bad"),
    [
        ("u1", [0, 255, np.uint8(3), np.int64(4), True], [256, -1, 1.0, "1", None, np.float64(1)]),
        ("i4", [-(2**31), 2**31 - 1], [2**31, 1.5]),
        ("u8", [2**64 - 1], [2**64, -1]),
        ("f4", [0, 1.5, np.float32(2), math.inf, -math.inf], [1e300, "x", None, 10**400]),
        ("f8", [1e300, 7], ["1"]),
        ("f2", [0, 1.5, 65504, np.float16(2), math.inf], [70000, 1e300, "x", None, 1j]),
        ("c8", [0, 1.5, 1 + 2j, np.complex64(3j), np.float32(2), complex(math.inf, 1)], ["1", None, 1e300j, 10**400]),
        ("c16", [1e300j, 7, np.complex128(1 - 1j)], ["1j", b"1", [1]]),
        ("?", [True, False, np.bool_(True)], []),
        ("S4", [b"", b"abc", b"abcd", "äb"], [b"abcde", "ääb", 5]),
        ("V4", [b"abcd", bytearray(4), np.void(b"wxyz")], [b"abc", b"abcde", 5]),
    ],
)
def test_values(mem, dtype, good, bad):
    queue = Queue(mem, "q", 16, dtype)
    for value in good:
        queue.push(value)
        got = queue.pop()
        expected = np.array([value.encode() if isinstance(value, str) else bytes(value) if dtype == "V4" else value])
        assert got.dtype.type is np.dtype(dtype).type
        assert got.tobytes().rstrip(b"\0") == expected.astype(dtype).tobytes().rstrip(b"\0")
    for value in bad:
        with pytest.raises((TypeError, ValueError, OverflowError)):
            queue.try_push(value)
    assert queue.is_empty


def test_nan_keeps_its_bits(mem):
    queue = Queue(mem, "q", 1, "f8")
    queue.push(math.nan)
    assert math.isnan(queue.pop())


def test_structs(mem):
    inner = np.dtype([("x", "f4"), ("y", "f4")])
    dtype = np.dtype(
        {
            "names": ["id", "_pad", "at", "label", "grid", "ok"],
            "formats": ["u2", "V2", inner, "S5", ("i2", (2, 2)), "?"],
            "offsets": [0, 2, 4, 12, 18, 26],
            "itemsize": 28,
        }
    )
    queue = Queue(mem, "q", 4, dtype)
    values = (7, (1.5, 2.5), b"abc", [[1, 2], [3, 4]], True)
    named = dict(zip(("id", "at", "label", "grid", "ok"), values))
    record = np.zeros((), dtype)
    for name, value in named.items():
        record[name] = value
    for value in (values, list(values), named, {**named, "at": {"y": 2.5, "x": 1.5}}, record[()], record):
        queue.push(value)
        got = queue.pop()
        assert isinstance(got, np.void)
        assert (got["id"], got["label"], got["ok"]) == (7, b"abc", True)
        assert got["at"].item() == (1.5, 2.5)
        assert got["grid"].tolist() == [[1, 2], [3, 4]]
        got["id"] = 8
    other = np.zeros((), [("ok", "?"), ("grid", "i4", (2, 2)), ("label", "S3"), ("at", inner), ("id", "u8")])
    queue.push(other[()])
    assert queue.pop()["id"] == 0
    for value, error, why in [
        (values[:-1], ValueError, "the value has 4 items, and the fields are id, at, label, grid, ok"),
        ({**named, "id": 70000}, OverflowError, "field `id`: 70000 does not fit into uint16"),
        ({**named, "at": (1, "x")}, TypeError, "field `at`: field `y`: 'x' is not a value of float32"),
        ({**named, "label": b"abcdef"}, ValueError, "field `label`: the value has 6 bytes, and at most 5 fit"),
        ({**named, "grid": [[1, 2]]}, ValueError, r"field `grid`: expected an array of shape \(2, 2\), not \(1, 2\)"),
        ({**named, "grid": [[1, 2], [3, 40000]]}, OverflowError, "field `grid`: .* do not fit into int16"),
        ({**named, "grid": [[1, 2], [3, 4.5]]}, TypeError, "an array of float64 is not one of int16"),
        ({**named, "more": 1}, TypeError, "has the unknown field `more`"),
        ({"id": 1}, TypeError, "lacks field `at`"),
        (5, TypeError, "expected a tuple, a mapping or a record with the fields id, at"),
        (np.void(b"1234"), TypeError, "a record without fields"),
    ]:
        with pytest.raises(error, match=why):
            queue.push(value)
    assert queue.is_empty


def test_complex_numbers_and_halves_in_structs(mem):
    dtype = np.dtype([("z", "c16"), ("w", "c8", (2,)), ("h", "f2"), ("hs", "f2", (3,))])
    queue = Queue(mem, "q", 4, dtype)
    queue.push((1 + 2j, [3j, 4], 1.5, [1, 2.5, 3]))
    got = queue.pop()
    assert (got["z"], got["w"].tolist(), got["h"], got["hs"].tolist()) == (1 + 2j, [3j, 4], 1.5, [1, 2.5, 3])
    with pytest.raises(TypeError, match="field `h`: 1j is not a value of float16"):
        queue.push((1, [1, 2], 1j, [1, 2, 3]))
    with pytest.raises(TypeError, match="field `hs`: an array of complex128 is not one of float16"):
        queue.push((1, [1, 2], 1, [1, 2, 3j]))
    with pytest.raises(OverflowError, match="field `h`: 70000 does not fit into float16"):
        queue.push((1, [1, 2], 70000, [1, 2, 3]))


def test_a_variant_takes_one_of_its_cases(mem):
    circle = np.dtype([("x", "f8"), ("r", "f8")])
    dtype = np.dtype(
        {
            "names": ["tag", "_pad_4", "circle", "label"],
            "formats": ["u4", "V4", circle, "S16"],
            "offsets": [0, 4, 8, 8],
            "itemsize": 24,
        }
    )
    queue = Queue(mem, "q", 4, dtype)
    record = np.zeros((), dtype)
    record["tag"], record["circle"] = 1, (1.5, 2.5)
    for value in (record, record[()], {"tag": 1, "circle": (1.5, 2.5)}):
        queue.push(value)
        got = queue.pop()
        assert (got["tag"], got["circle"].item()) == (1, (1.5, 2.5))
        assert got.tobytes() == record.tobytes()
    queue.push({"label": b"wheel", "tag": 2})
    assert queue.pop()["label"] == b"wheel"
    queue.push({"tag": 0})
    assert queue.pop().tobytes() == bytes(24)
    for value, why in [
        ({"tag": 1, "circle": (1, 2), "label": b""}, "the fields `circle` and `label` share bytes; give one of them"),
        ((1, (1, 2), b""), "the fields `circle`, `label` share bytes; expected a record or a mapping"),
        ({"circle": (1, 2)}, "lacks field `tag`"),
        ({"tag": 1, "square": 3}, "has the unknown field `square`"),
        ({"tag": 1, "circle": (1, "x")}, "field `circle`: field `r`: 'x' is not a value of float64"),
    ]:
        with pytest.raises(TypeError, match=why):
            queue.push(value)
    assert Queue(mem, "q").dtype == dtype, "the segment describes it with its offsets"


def test_padding_is_zero(mem, name):
    queue = Queue(mem, "q", 1, np.dtype([("a", "u1"), ("b", "u4")], align=True))
    queue.push((0xFF, 0x01020304))
    assert words_of(name)[4] == 0x01020304000000FF


def test_enums_from_the_passport_are_numbers(mem):
    encoded = b"\x04\x01\x00\x01M\x01\x00" + struct.pack("<q", 7) + b"\x03RUN"
    dtype = np.dtype(np.dtype("u1"), metadata={"zeroipc": encoded})
    Queue.create(mem, "q", 4, dtype)
    queue = Queue(mem, "q")
    queue.push(7)
    assert queue.pop() == 7
    assert mem.entries()[-1].type == "M: u8"


# Waiting.


def test_timeouts(mem):
    queue = Queue(mem, "q", 1, "u8")
    for timeout in (0, -1, 0.05):
        start = time.monotonic()
        with pytest.raises(zeroipc.Empty, match="queue `q` stayed empty for"):
            queue.pop(timeout)
        assert time.monotonic() - start >= timeout
    queue.push(1, timeout=0)
    with pytest.raises(zeroipc.Full, match="queue `q` stayed full for 0.05 s; its capacity is 1"):
        queue.push(2, timeout=0.05)
    with pytest.raises(TimeoutError):
        queue.push(2, timeout=0)
    start = time.monotonic()
    assert queue.push_many([1, 2], timeout=0.05) == 0
    assert queue.pop_many(5, timeout=5).tolist() == [1]
    assert queue.pop_many(5, timeout=0.05).tolist() == []
    assert time.monotonic() - start < 5


def test_a_waiting_consumer_is_woken(mem, name, child):
    queue = Queue(mem, "q", 4, "u8")
    code = """
    queue = Queue(Memory(sys.argv[1]), "q")
    print("ready", flush=True)
    for _ in range(5):
        value = queue.pop()
        print(int(value), flush=True)
    print(len(queue.pop_many(10, timeout=None)), flush=True)
    """
    consumer = child(code, name)
    consumer.line()
    words = words_of(name)
    for i in range(5):
        cell = 3 + 2 * (i % 4)
        eventually(lambda cell=cell: words[cell] & np.uint64(4))
        queue.push(i)
        assert consumer.line() == str(i)
    eventually(lambda: words[3 + 2 * 1] & np.uint64(4))
    queue.push(1)
    assert consumer.line() == "1"
    consumer.finish()


def test_a_waiting_producer_is_woken(mem, name, child):
    queue = Queue(mem, "q", 2, "u8")
    queue.push_many([0, 1])
    code = """
    queue = Queue(Memory(sys.argv[1]), "q")
    print("ready", flush=True)
    queue.push(2)
    assert queue.push_many(np.arange(3, 8, dtype="u8")) == 5
    print("done", flush=True)
    """
    producer = child(code, name)
    producer.line()
    words = words_of(name)
    eventually(lambda: words[3] & np.uint64(4))
    got = [int(queue.pop(timeout=20)) for _ in range(8)]
    assert got == list(range(8))
    assert producer.line() == "done"
    producer.finish()


def test_waiting_sleeps(mem):
    queue = Queue(mem, "q", 1, "u8")
    used = time.process_time()
    with pytest.raises(zeroipc.Empty):
        queue.pop(timeout=1)
    assert time.process_time() - used < 0.2


@pytest.mark.parametrize(
    "operation", ["queue.pop()", "queue.pop_many(3, timeout=None)", "queue.push(2)", "queue.push_many([1, 2])"]
)
def test_an_interrupt_ends_waiting(mem, name, child, operation):
    Queue(mem, "q", 1, "u8")
    code = f"""
    queue = Queue(Memory(sys.argv[1]), "q")
    if "push" in {operation!r}:
        queue.push(1)
    print("ready", flush=True)
    try:
        {operation}
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    """
    waiter = child(code, name)
    waiter.line()
    words = words_of(name)
    eventually(lambda: words[3] & np.uint64(4))
    start = time.monotonic()
    waiter.process.send_signal(signal.SIGINT)
    assert waiter.line() == "interrupted"
    assert time.monotonic() - start < 5
    waiter.finish()


def test_threads_share_a_handle(mem):
    queue = Queue(mem, "q", 8, "u8")
    got = []

    def produce(first):
        for i in range(first, 3000, 3):
            queue.push(i)

    def consume():
        while (value := queue.pop()) != 10**6:
            got.append(int(value))

    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        producers = [threading.Thread(target=produce, args=(i,)) for i in range(3)]
        consumers = [threading.Thread(target=consume) for _ in range(2)]
        for thread in producers + consumers:
            thread.start()
        for thread in producers:
            thread.join(60)
        queue.push_many([10**6] * 2)
        for thread in consumers:
            thread.join(60)
    finally:
        sys.setswitchinterval(old)
    assert sorted(got) == list(range(3000))


@pytest.mark.parametrize("capacity", [1, 8, 256])
@pytest.mark.parametrize("bulk", [False, True])
def test_mpmc(mem, name, child, capacity, bulk):
    producers, consumers, count = 3, 2, 400 if capacity == 1 else 2000
    Queue(mem, "q", capacity, ITEM)
    produce = """
    queue = Queue(Memory(sys.argv[1]), "q")
    me, count, bulk = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "True"
    if bulk:
        values = np.zeros(count, queue.dtype)
        values["producer"], values["sequence"] = me, np.arange(count)
        for i in range(0, count, 37):
            assert queue.push_many(values[i:i + 37]) == len(values[i:i + 37])
    else:
        for i in range(count):
            queue.push((me, i, i / 2))
    """
    consume = """
    import json
    queue = Queue(Memory(sys.argv[1]), "q")
    got, bulk, done = [], sys.argv[2] == "True", False
    while not done:
        records = queue.pop_many(29, timeout=None) if bulk else [queue.pop()]
        for record in records:
            if record["producer"] == 99:
                done = True
            else:
                got.append((int(record["producer"]), int(record["sequence"])))
        if done and len(records) > 1:
            # Those behind the mark are marks for the others.
            for record in records[[int(r["producer"]) for r in records].index(99) + 1:]:
                queue.push(record)
    print(json.dumps(got))
    """
    readers = [child(consume, name, bulk) for _ in range(consumers)]
    writers = [child(produce, name, i, count, bulk) for i in range(producers)]
    outputs = []
    threads = [threading.Thread(target=lambda c=c: outputs.append(c.process.communicate(timeout=60))) for c in readers]
    for thread in threads:
        thread.start()
    for writer in writers:
        writer.finish()
    queue = Queue(Memory(name), "q")
    for _ in range(consumers):
        queue.push((99, 0, 0))
    for thread in threads:
        thread.join(60)
    everything = []
    for out, err in outputs:
        assert not err, err
        got = [tuple(pair) for pair in json.loads(out)]
        for producer in range(producers):
            mine = [sequence for origin, sequence in got if origin == producer]
            assert mine == sorted(mine), "each consumer sees a producer's values in their order"
        everything += got
    assert sorted(everything) == [(p, s) for p in range(producers) for s in range(count)]


# Hints, corruption, other states.


def test_hints_may_lag(mem, name):
    queue = Queue(mem, "q", 4, "u8")
    words = words_of(name)
    for round_ in range(40):
        queue.push(round_)
        for hint in (0, round_ // 2, round_):
            words[0] = words[1] = hint
            assert len(queue) == 1
        queue.push(round_ + 100)
        words[0] = 0
        assert queue.pop() == round_
        words[1] = round_ // 3
        assert queue.pop_many(9).tolist() == [round_ + 100]
        assert queue.try_pop() is None


@pytest.mark.parametrize("capacity", [1, 4, 64])
@pytest.mark.parametrize("state", [0, 4, 1 << 3 | 1, 7 << 3 | 3, 2, (1 << 64) - 1, (1 << 64) - 2, 8, (1 << 61) - 1])
def test_corrupt_cells_are_refused_or_walked_over(mem, name, capacity, state):
    queue = Queue(mem, "q", capacity, "u8")
    words = words_of(name)
    rng = np.random.default_rng(7)
    for trial in range(20):
        for cell in range(capacity):
            if trial == 0 or rng.random() < 0.5:
                words[3 + 2 * cell] = state if trial < 10 else rng.integers(0, 1 << 63)
        for operation in (
            queue.try_pop,
            lambda: queue.try_push(1),
            lambda: queue.pop_many(3),
            lambda: queue.push_many([1, 2], timeout=0),
            lambda: len(queue),
            lambda: queue.pop(timeout=0.001),
        ):
            with contextlib.suppress(zeroipc.Corrupt, zeroipc.Empty):
                operation()


def test_corrupt_says_where(mem, name):
    queue = Queue(mem, "q", 4, "u8")
    words = words_of(name)
    words[3] = 0
    with pytest.raises(
        zeroipc.Corrupt, match=f"queue `q` in segment `{name}` is damaged: cell 0 has the state 0x0000000000000000"
    ):
        queue.try_pop()
    words[3] = 1 << 3 | 1
    with pytest.raises(zeroipc.Corrupt, match="cell 0 has the state 0x0000000000000009, which it cannot have; remove"):
        queue.push(1)
    for i in range(4):
        words[3 + 2 * i] = (i + 4 * i) << 3 | 1
    with pytest.raises(zeroipc.Corrupt, match=r"the cells lead nowhere: 72 steps from position \d+, and 2 such rounds"):
        _ = [(queue.try_pop(), queue.try_push(1)) for _ in range(20)]


class OldWords:
    """A queue's words; the first loads return others, as loads of another machine may."""

    def __init__(self, words, old, loads, hint=None):
        self.words, self.old, self.loads, self.hint = words, old, loads, hint
        self.position = 16

    def __getitem__(self, at):
        self.loads -= 1
        if self.hint == at:
            self.position += 4
            return self.position
        return self.old.get(at, self.words[at]) if self.loads > 0 else self.words[at]

    def __setitem__(self, at, value):
        self.words[at] = value


# Cells that lead from one to the next, for ever.
LOOP = {3 + 2 * i: position << 3 | 1 for i, position in enumerate([4, 13, 6, 11])}


@pytest.mark.parametrize("loads", [60, 100, 140, 300])
def test_one_round_of_old_words_is_not_damage(mem, loads):
    queue = Queue(mem, "q", 4, "u8")
    for i in range(3):
        queue.push(i)
        queue.pop()
    cells = queue._cells
    words = cells.words
    for operation, state in [(cells.stand_at_head, 0), (lambda: cells.stand_at_tail(None), 1)]:
        # Position 3 is next; what the cells said before leads nowhere.
        cells.words = OldWords(words, {**LOOP, state: 1}, loads)
        if loads < 150:
            assert operation().position == 3
        else:
            with pytest.raises(zeroipc.Corrupt, match="2 such rounds"):
                operation()


def test_a_walk_ends_even_if_something_always_moves(mem, monkeypatch):
    monkeypatch.setattr(_cells, "_MAX_ROUNDS", 20)
    queue = Queue(mem, "q", 4, "u8")
    for hint, operation in [(0, queue._cells.stand_at_head), (1, lambda: queue._cells.stand_at_tail(None))]:
        words = queue._cells.words
        queue._cells.words = OldWords(words, LOOP, 1 << 60, hint)
        with pytest.raises(zeroipc.Corrupt, match="and 21 such rounds"):
            operation()
        queue._cells.words = words


def test_duck_typed_cells_are_checked(name):
    mem = Memory.create(name, 1 << 16, duck_typed=True)
    queue = Queue.create(mem, "q", 4, "u8")
    queue.push(1)
    queue.push(2)
    queue.pop()
    assert len(Queue(Memory(name), "q", dtype="u8")) == 1
    words = words_of(name)
    words[3 + 2] = 2 << 3 | 3
    with pytest.raises(zeroipc.Corrupt, match="cell 1 has the state 0x0000000000000013"):
        Queue(Memory(name), "q", dtype="u8")
    words[3 + 2] = 0
    with pytest.raises(zeroipc.Corrupt):
        Queue(Memory(name), "q", dtype="u8")
    words[3 + 2] = 1 << 3 | 3
    words[2] = 3
    with pytest.raises(zeroipc.SizeMismatch, match="a capacity of 3 is no power of two"):
        Queue(Memory(name), "q", dtype="u8")


def test_damaged_capacity(mem, name):
    Queue(mem, "q", 4, "u8")
    words_of(name)[2] = 8
    with pytest.raises(zeroipc.Corrupt, match="it has 88 bytes, and a capacity of 8 values of 8 bytes needs 152"):
        Queue(mem, "q")


def test_a_live_writer_is_waited_for(mem, name, child):
    queue = Queue(mem, "q", 2, "u8")
    code = """
    def hook(point):
        if point == "queue.push.claimed":
            print("claimed", flush=True)
            sys.stdin.readline()
    queue = Queue(Memory(sys.argv[1]), "q")
    _points.hook = hook
    queue.push(1)
    """
    writer = child(code, name)
    writer.line()
    assert queue.try_pop() is None
    assert len(queue) == 1
    assert not queue.is_empty
    queue.push(2)
    assert not queue.try_push(3), "full behind a live writer"
    assert queue.pop_many(2).tolist() == []
    with pytest.raises(zeroipc.Empty):
        queue.pop(timeout=0.02)
    with pytest.raises(zeroipc.Full):
        queue.push(3, timeout=0.02)
    writer.say()
    assert queue.pop(timeout=20) == 1
    assert queue.pop() == 2
    writer.finish()


def test_closed(mem, name):
    queue = Queue(mem, "q", 2, "u8")
    mem.close()
    queue.push(1)
    with queue as same:
        assert same.pop() == 1
    for use in (
        lambda: queue.push(1),
        queue.try_pop,
        lambda: len(queue),
        lambda: queue.pop_many(1),
        lambda: queue.push_many([1]),
    ):
        with pytest.raises(zeroipc.Closed, match="the handle of queue `q` is closed; open the queue again"):
            use()
    queue.close()
    gc.collect()
    assert Memory(name).attachments() == 1


def test_a_handle_closed_by_another_thread(mem):
    queue = Queue(mem, "q", 2, "u8")
    mem.close()
    thread = threading.Timer(0.05, queue.close)
    thread.start()
    with pytest.raises(zeroipc.Closed):
        queue.pop(timeout=20)
    thread.join()
    gc.collect()


def test_other_machines_words(mem, monkeypatch):
    """What runs where a plain move is not enough of an order."""
    from zeroipc import _pushing

    monkeypatch.setattr(_cells, "IS_X86_64", False)
    monkeypatch.setattr(_pushing, "IS_X86_64", False)
    queue = Queue(mem, "q", 4, "u8")
    assert type(queue._cells.words).__name__ == "_AtomicWords"
    for i in range(10):
        assert queue.try_push(i)
        queue.push_many([i, i])
        assert queue.pop() == i
        assert queue.pop_many(5).tolist() == [i, i]


def test_peer(name):
    def peer(*arguments, status=0):
        process = subprocess.run(
            [sys.executable, str(TESTS / "peer.py"), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        assert process.returncode == status, process.stderr
        return json.loads(process.stdout) if process.stdout else None

    assert peer("create", name, 1 << 16) is None
    peer("array-write", name, "x", "f32", 1.5, -2, 0.1)
    assert peer("array-read", name, "x", "f32") == {"values": [1.5, -2, 0.100000001]}
    peer("array-write", name, "y", "u64", 2**64 - 1, 0)
    assert peer("array-read", name, "y", "u64") == {"values": [2**64 - 1, 0]}
    peer("array-create", name, "z", "i32", 3)
    assert peer("array-add", name, "z", "i32", 1, -2, 10) == {"value": -20}
    peer("create-queue", name, "q", 100)
    peer("queue-produce", name, "q", 7, 60)
    peer("queue-produce", name, "q", 9, 40)
    assert peer("queue-open", name, "q", "Item") == {"capacity": 128, "len": 100}
    consumed = {"7": {"count": 60, "sum": 1770}, "9": {"count": 30, "sum": 435}}
    assert peer("queue-consume", name, "q", 90) == {"consumed": 90, "producers": consumed}
    assert peer("queue-drain", name, "q") == {"consumed": 10, "producers": {"9": {"count": 10, "sum": 345}}}
    assert [entry["kind"] for entry in peer("list", name)["entries"]] == ["schema", "array", "array", "array", "queue"]
    assert peer("attachments", name) == {"attachments": 1}
    assert list(peer("hold", name)) == ["id"]
    assert peer("die-at", "queue.push.claimed", "queue-produce", name, "q", 1, 1, status=-9) is None
    assert peer("array-read", name + "_none", "x", "u8", status=1)["status"] == "NOT_FOUND"
    assert peer("array-read", name, "x", "u32", status=1)["status"] == "TYPE_MISMATCH"
    assert peer("array-create", name, "a/b", "u8", 1, status=1)["status"] == "BAD_NAME"
    assert peer("create-queue", name, "qq", 0, status=1)["status"] == "BAD_ARGUMENT"
    assert peer("array-add", name, "x", "f32", 9, 1, 1, status=1)["status"] == "OUT_OF_BOUNDS"
    for wrong in ([], ["nothing"], ["create"], ["die-at", "no.point", "list", name], ["array-read", name, "x", "u9"]):
        peer(*wrong, status=2)
    peer("unlink", name)
    assert not path_of(name).exists()
