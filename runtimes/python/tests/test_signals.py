"""Exceptions of signal handlers, at any bytecode, leave nothing claimed."""

import gc
import json
import os
import random
import signal
import textwrap
import threading
import time
from functools import partial

import numpy as np
import pytest

import zeroipc
from conftest import eventually, path_of
from zeroipc import Array, Memory, Queue, _cells, _points

RAISING = """
class Stop(Exception):
    pass
count = raised = 0
def handler(number, frame):
    global count, raised
    count += 1
    # Everywhere in the library, and nowhere in this script.
    while frame is not None:
        if os.sep + "zeroipc" + os.sep in frame.f_code.co_filename:
            raised += 1
            raise Stop
        frame = frame.f_back
"""
PUSHER = (
    RAISING
    + """
import json
queue = Queue(Memory(sys.argv[1]), "q")
signal.signal(signal.SIGUSR1, handler)
stopped = []
signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(1))
many = sys.argv[2] == "push_many"
print("ready", flush=True)
sure = []
n = 0
while not stopped:
    try:
        if many:
            n += 5
            queue.push_many(list(range(n - 5, n)))
            sure += range(n - 5, n)
        else:
            n += 1
            queue.push(n - 1)
            sure.append(n - 1)
    except Stop:
        pass
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
with open(sys.argv[3], "w") as file:
    json.dump({"sure": sure, "started": n, "count": count, "raised": raised}, file)
print("done", flush=True)
sys.stdin.readline()
"""
)


@pytest.mark.parametrize("operation", ["push", "push_many"])
def test_a_storm_of_signals(name, child, operation, tmp_path):
    mem = Memory.create(name, 1 << 20)
    queue = Queue(mem, "q", 64, "u8")
    report = tmp_path / "report.json"
    pusher = child(PUSHER, name, operation, report)
    pusher.line()
    got = []
    stop = threading.Event()

    def storm():
        while not stop.is_set():
            os.kill(pusher.process.pid, signal.SIGUSR1)
            for _ in range(200):
                pass

    sender = threading.Thread(target=storm)
    sender.start()
    end = time.monotonic() + 4
    while time.monotonic() < end:
        got += queue.pop_many(64, timeout=0.1).tolist()
    stop.set()
    sender.join()
    pusher.process.terminate()
    reader = threading.Thread(target=pusher.line)
    reader.start()
    while reader.is_alive():
        got += queue.pop_many(64, timeout=0.01).tolist()
    got += queue.pop_many(64).tolist()
    said = json.loads(report.read_text())
    assert said["raised"] > 1000, f"it was no storm: {said['count']} signals, {said['raised']} exceptions"
    assert got == sorted(set(got)), "nothing is doubled or out of order"
    assert set(said["sure"]) <= set(got), "nothing that was pushed is lost"
    assert set(got) <= set(range(said["started"]))
    # The pusher lives and claims nothing: every cell is free.
    words = np.memmap(path_of(name), np.uint64, "r", mem.entries()[-1].offset, (3 + 2 * 64,))
    assert set((words[3::2] & np.uint64(3)).tolist()) == {1}
    assert pusher.process.poll() is None
    print(f"{len(got)} values, {said['raised']} exceptions of {said['count']} signals")


@pytest.mark.parametrize("point", ["claimed", "hinted", "written", "published"])
@pytest.mark.parametrize("many", [False, True])
def test_an_exception_between_the_steps_completes_the_push(name, monkeypatch, point, many):
    """Cannot happen without a hook, short of a failing allocation; the claim is completed nevertheless."""
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 4, "u8")
    left = [2]

    def hook(reached):
        if reached == f"queue.push.{point}":
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt

    monkeypatch.setattr(_points, "hook", hook)

    def push_all():
        if many:
            queue.push_many([10, 11, 12])
        else:
            for i in (10, 11, 12):
                queue.push(i)

    with pytest.raises(KeyboardInterrupt):
        push_all()
    assert not queue._cells.pending
    monkeypatch.setattr(_points, "hook", None)
    assert queue.pop_many(4).tolist() == [10, 11]
    queue.push(5)
    assert queue.pop() == 5


def test_an_exception_between_neighbours_completes_the_push(name, monkeypatch):
    from zeroipc import _pushing

    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 8, "u8")
    queue.push(9)

    def broken(_, claims):
        for number, claimed in enumerate(claims):
            if number == 2:
                raise KeyboardInterrupt
            yield claimed

    with monkeypatch.context() as patch:
        patch.setattr(_pushing, "takewhile", broken)
        with pytest.raises(KeyboardInterrupt):
            queue.push_many(np.arange(10, 15, dtype="u8"))
    assert not queue._cells.pending
    queue.push(5)
    assert queue.pop_many(8).tolist() == [9, 10, 11, 12, 5]


def test_an_interrupted_completion_is_completed_later(name, monkeypatch):
    from zeroipc import _pushing

    mem = Memory.create(name, 1 << 16)
    for finish in (lambda q: q.try_pop(), lambda q: q.push(2), lambda q: q.pop_many(1), lambda q: q.close()):
        queue = Queue(mem, "q", 4, "u8")
        other = Queue(mem, "q")
        original = _pushing.run_steps
        calls = []

        def interrupted(steps, calls=calls, original=original):
            calls.append(1)
            if len(calls) == 1:
                steps = iter(steps)
                next(steps)()
                raise KeyboardInterrupt
            if len(calls) == 2:
                raise KeyboardInterrupt
            return original(steps)

        monkeypatch.setattr(_pushing, "run_steps", interrupted)
        with pytest.raises(KeyboardInterrupt):
            queue.push(1)
        monkeypatch.setattr(_pushing, "run_steps", original)
        assert len(queue._cells.pending) == 1
        assert other.try_pop() is None, "claimed by a live process"
        result = finish(queue)
        got = [int(v) for v in ([result] if isinstance(result, np.generic) else result if result is not None else [])]
        got += other.pop_many(4).tolist()
        assert got[0] == 1
        if not got[1:]:
            assert other.is_empty


def test_a_dropped_handle_completes_its_claim(name, monkeypatch):
    from zeroipc import _pushing

    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 4, "u8")
    other = Queue(mem, "q")
    original = _pushing.run_steps
    calls = []

    def interrupted(steps):
        calls.append(1)
        next(iter(steps))()
        raise KeyboardInterrupt

    monkeypatch.setattr(_pushing, "run_steps", interrupted)
    try:
        queue.push(1)
    except KeyboardInterrupt:
        pass
    monkeypatch.setattr(_pushing, "run_steps", original)
    del queue
    assert other.pop(timeout=5) == 1


def test_a_forked_child_does_not_complete_the_parents_claim(name, monkeypatch):
    from zeroipc import _pushing

    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 4, "u8")
    original = _pushing.run_steps

    def interrupted(steps):
        next(iter(steps))()
        raise KeyboardInterrupt

    monkeypatch.setattr(_pushing, "run_steps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        queue.push(1)
    monkeypatch.setattr(_pushing, "run_steps", original)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            assert queue.try_pop() is None
            queue.push(2)
            assert not queue._cells.pending
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert queue.pop_many(4).tolist() == [1, 2]


def test_a_handler_may_use_the_handle(name):
    mem = Memory.create(name, 1 << 16)
    queue = Queue(mem, "q", 1024, "u8")
    handled = 0

    def handler(number, frame):
        nonlocal handled
        handled += 1
        queue.push(10**6)
        if queue.pop() == 10**6:
            pass

    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            queue.push(1)
            queue.pop()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert handled > 50
    assert queue.is_empty


def test_interrupts_while_creating_leave_no_lock(name, child):
    mem = Memory.create(name, 1 << 24, table_size=1024)
    code = """
    mem = Memory(sys.argv[1])
    signal.signal(signal.SIGALRM, handler)
    end = time.monotonic() + 2
    made = 0
    while made < 900 and time.monotonic() < end:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.0003 + 0.0005 * (made % 7) / 7)
            Array(mem, f"a{made}", 4, "u4")[:] = made
            made += 1
        except Stop:
            made += 1
        except SchemaFull:
            break
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("ready", flush=True)
    sys.stdin.readline()
    """
    creator = child(RAISING + textwrap.dedent(code), name)
    creator.line()
    Array.create(mem, "mine", 1, "u1")
    for structure in mem:
        array = Array(mem, structure)
        assert len(set(array.tolist())) <= 2
    eventually(lambda: mem.attachments() == 2)
    with pytest.raises(zeroipc.NotFound):
        Array(mem, "none", dtype="u1")


@pytest.mark.parametrize("many", [False, True])
def test_no_finaliser_runs_between_claim_and_publication(name, many):
    mem = Memory.create(name, 1 << 16)
    queue = Queue.create(mem, "q", 512, "i8")
    states = queue._cells.grid[:, 0]
    ran = []

    class Garbage:
        def __init__(self):
            self.me = self

        def __del__(self):
            ran.append(bool((states & np.uint64(3) == 2).any()))

    values = np.arange(200, dtype="i8")
    rng = random.Random(1)
    old = gc.get_threshold()
    try:
        for i in range(1500):
            gc.set_threshold(rng.randint(1, 400 if many else 30))
            for _ in range(3):
                Garbage()
            if many:
                queue.push_many(values[: rng.randint(1, 200)], timeout=0)
            else:
                queue.try_push(i)
            queue.pop_many(400)
    finally:
        gc.set_threshold(*old)
    assert len(ran) > 1000
    assert not any(ran)


@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize("anywhere", [False, True])
def test_the_collector_is_left_as_it_was(name, monkeypatch, enabled, anywhere):
    monkeypatch.setattr(_cells, "_COLLECTS_ANYWHERE", anywhere)
    seen = []

    def look(raising):
        seen.append(gc.isenabled())
        if raising:
            raise KeyboardInterrupt
        return 7

    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        assert _cells.uncollected(partial(look, False)) == 7
        assert gc.isenabled() == enabled
        with pytest.raises(KeyboardInterrupt):
            _cells.uncollected(partial(look, True))
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
    assert seen == [enabled and not anywhere] * 2
