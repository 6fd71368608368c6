"""The conformance driver for Python; the peers of the other languages take the same commands.

::

    create SEG SIZE                          create a segment
    unlink SEG                               remove its name
    list SEG                                 the table: {"entries":[{"name":…,"offset":…,"size":…,"kind":…}]}
    attachments SEG                          {"attachments":N}, this one included
    hold SEG                                 attach, print {"id":N}, stay until standard input ends
    array-create SEG NAME TYPE CAPACITY
    array-write SEG NAME TYPE VALUE…         write from index 0; creates the array for these values if it is missing
    array-read SEG NAME TYPE                 {"values":[…]}
    array-add SEG NAME TYPE INDEX VALUE N    fetch_add VALUE to the element N times; {"value":…} afterwards
    create-queue SEG NAME CAPACITY           a queue of Item
    queue-open SEG NAME TYPE                 {"capacity":N,"len":N}
    queue-produce SEG NAME PRODUCER N        push Items (PRODUCER, 0 … N - 1, (double)sequence), blocking
    queue-consume SEG NAME N                 pop N Items, blocking, each producer's in order:
                                             {"consumed":N,"producers":{"1":{"count":…,"sum":…}}}
    queue-drain SEG NAME                     pop until empty; the same line
    hold-at POINT COMMAND…                   run COMMAND; at the test point print {"held":"POINT"} and sleep for ever
    die-at POINT COMMAND…                    run COMMAND; at the test point SIGKILL

TYPE is u8 … f64, bool8 or Item: struct Item { producer u64, sequence u64, value f64 }, 24 bytes. Every result is one
line of JSON. A failure prints {"status":"TYPE_MISMATCH","message":"…"} and exits with 1; a wrong call exits with 2.
Blocking commands give up after 60 seconds with TIMED_OUT.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from typing import Any, Callable

import numpy as np

from zeroipc import Array, Memory, NotFound, Queue, ZeroIPCError, _points

ITEM = np.dtype([("producer", "<u8"), ("sequence", "<u8"), ("value", "<f8")], align=True)
TYPES = {code: np.dtype(f"<{code[0]}{int(code[1:]) // 8}") for code in "u8 u16 u32 u64 i8 i16 i32 i64 f32 f64".split()}
TYPES["bool8"] = np.dtype("?")
TYPES["Item"] = ITEM
PATIENCE = 60.0


STATUSES = {
    "NotASegment": "NOT_A_SEGMENT",
    "Full": "TIMED_OUT",
    "Empty": "TIMED_OUT",
    "InvalidName": "BAD_NAME",
    "PermissionDenied": "PERMISSION",
    "SizeMismatch": "TYPE_MISMATCH",
    "UnsupportedType": "BAD_ARGUMENT",
    "UnknownRecord": "UNSUPPORTED_VERSION",
}
"""The statuses that C calls otherwise; a full or empty queue has timed out."""


class WrongCallError(Exception):
    """The command line cannot be understood."""


def type_named(name: str) -> np.dtype[Any]:
    if name not in TYPES:
        raise WrongCallError(f"unknown type {name}")
    return TYPES[name]


def put(result: dict[str, Any]) -> None:
    print(json.dumps(result, separators=(",", ":"), ensure_ascii=False), flush=True)


def value_of(dtype: np.dtype[Any], text: str) -> Any:
    return dtype.type(float(text) if dtype.kind == "f" else int(text))


def create(segment: str, size: str) -> None:
    Memory.create(segment, int(size))


def unlink(segment: str) -> None:
    Memory.unlink(segment)


def list_entries(segment: str) -> None:
    entries = []
    for entry in Memory.open(segment).entries():
        kind = entry.kind or ("schema" if entry.name == ".schema" else "unknown")
        entries.append({"name": entry.name, "offset": entry.offset, "size": entry.size, "kind": kind})
    put({"entries": entries})


def attachments(segment: str) -> None:
    put({"attachments": Memory.open(segment).attachments()})


def hold(segment: str) -> None:
    memory = Memory.open(segment)
    put({"id": memory.id})
    sys.stdin.read()
    memory.close()


def array_create(segment: str, name: str, code: str, capacity: str) -> None:
    Array.create(Memory.open(segment), name, int(capacity), type_named(code))


def array_write(segment: str, name: str, code: str, *values: str) -> None:
    memory = Memory.open(segment)
    dtype = type_named(code)
    array: Array[Any]
    try:
        array = Array.open(memory, name, dtype)
    except NotFound:
        array = Array.create(memory, name, len(values), dtype)
    for index, text in enumerate(values):
        array.store(index, value_of(dtype, text))


def array_read(segment: str, name: str, code: str) -> None:
    array: Array[Any] = Array.open(Memory.open(segment), name, type_named(code))
    values = [array.load(index).item() for index in range(array.capacity)]
    # Written as C does: every digit, and none that f32 does not have.
    digits = 9 if code == "f32" else 17
    words = [f"{value:.{digits}g}" if isinstance(value, float) else str(int(value)) for value in values]
    print(f'{{"values":[{",".join(words)}]}}', flush=True)


def array_add(segment: str, name: str, code: str, index: str, value: str, times: str) -> None:
    dtype = type_named(code)
    array: Array[Any] = Array.open(Memory.open(segment), name, dtype)
    for _ in range(int(times)):
        array.fetch_add(int(index), value_of(dtype, value))
    put({"value": array.load(int(index)).item()})


def create_queue(segment: str, name: str, capacity: str) -> None:
    Queue.create(Memory.open(segment), name, int(capacity), ITEM)


def queue_open(segment: str, name: str, code: str) -> None:
    queue: Queue[Any] = Queue.open(Memory.open(segment), name, type_named(code))
    put({"capacity": queue.capacity, "len": len(queue)})


def queue_produce(segment: str, name: str, producer: str, count: str) -> None:
    queue: Queue[Any] = Queue.open(Memory.open(segment), name, ITEM)
    for sequence in range(int(count)):
        queue.push((int(producer), sequence, float(sequence)), PATIENCE)


def queue_consume(segment: str, name: str, count: str) -> None:
    consume(segment, name, int(count), lambda queue: queue.pop(PATIENCE))


def queue_drain(segment: str, name: str) -> None:
    consume(segment, name, None, lambda queue: queue.try_pop())


def consume(segment: str, name: str, count: int | None, take: Callable[[Queue[Any]], Any]) -> None:
    queue: Queue[Any] = Queue.open(Memory.open(segment), name, ITEM)
    producers: dict[int, dict[str, float]] = {}
    following: dict[int, int] = {}
    consumed = 0
    while consumed != count:
        record = take(queue)
        if record is None:
            break
        producer, sequence, value = record.item()
        if sequence < following.get(producer, 0) or value != sequence:
            put({"status": "WRONG", "message": f"producer {producer}, sequence {sequence}, value {value}"})
            sys.exit(1)
        following[producer] = sequence + 1
        seen = producers.setdefault(producer, {"count": 0, "sum": 0})
        seen["count"] += 1
        seen["sum"] += value
        consumed += 1
    for seen in producers.values():
        # As C prints a double: without a fraction where there is none.
        seen["sum"] = int(seen["sum"]) if seen["sum"].is_integer() else seen["sum"]
    put({"consumed": consumed, "producers": {str(key): producers[key] for key in sorted(producers)}})


COMMANDS: dict[str, Callable[..., None]] = {
    "create": create,
    "unlink": unlink,
    "list": list_entries,
    "attachments": attachments,
    "hold": hold,
    "array-create": array_create,
    "array-write": array_write,
    "array-read": array_read,
    "array-add": array_add,
    "create-queue": create_queue,
    "queue-open": queue_open,
    "queue-produce": queue_produce,
    "queue-consume": queue_consume,
    "queue-drain": queue_drain,
}


def stop_at(wanted: str, *, dies: bool) -> None:
    """Set the hook that holds or ends this process at a test point."""
    if wanted not in _points.NAMES:
        raise WrongCallError(f"unknown point {wanted}")

    def hook(point: str) -> None:
        if point != wanted:
            return
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        put({"held": point})
        while True:
            signal.pause()

    _points.hook = hook


def status_of(error: ZeroIPCError) -> str:
    """Return the status as C spells it: TYPE_MISMATCH for TypeMismatch; a full queue has timed out."""
    name = type(error).__name__
    return STATUSES.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def main(arguments: list[str]) -> int:
    try:
        if len(arguments) > 2 and arguments[0] in ("hold-at", "die-at"):
            stop_at(arguments[1], dies=arguments[0] == "die-at")
            arguments = arguments[2:]
        command = COMMANDS.get(arguments[0]) if arguments else None
        if command is None:
            raise WrongCallError("unknown command")
        try:
            command(*arguments[1:])
        except TypeError as error:
            if isinstance(error, ZeroIPCError) or "positional argument" not in str(error):
                raise
            raise WrongCallError(str(error)) from None
    except ZeroIPCError as error:
        put({"status": status_of(error), "message": str(error)})
        return 1
    except IndexError as error:
        put({"status": "OUT_OF_BOUNDS", "message": str(error)})
        return 1
    except ValueError as error:
        put({"status": "BAD_ARGUMENT", "message": str(error)})
        return 1
    except WrongCallError as error:
        print(f"peer: {error}; the commands stand at the top of peer.py", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
