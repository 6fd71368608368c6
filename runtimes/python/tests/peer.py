"""One side of a conformance test: does what its command line says, so that another language can check it.

Commands
--------
create SEG SIZE
    Create a segment.
create-queue SEG NAME CAPACITY
    Create a queue of items (below) in an existing segment.
array-write SEG NAME TYPE VALUES...
    Open the array, or create it with as many elements as there are values, and write them.
array-read SEG NAME TYPE
    Print the elements as a JSON list.
queue-produce SEG NAME PRODUCER_ID COUNT
    Push COUNT items, waiting while the queue is full: sequence counts from 0, value is the sequence as f64.
queue-consume SEG NAME COUNT
    Pop COUNT items, waiting while the queue is empty; check that the sequence of each producer ascends; print
    ``{"counts": {producer: items}, "sums": {producer: sum of the values}}`` as one line of JSON.

TYPE is one of u8 u16 u32 u64 i8 i16 i32 i64 f32 f64. An item is ``{producer: u64, sequence: u64, value: f64}``.
The exit status is 0, or 1 with a message on standard error.
"""

from __future__ import annotations

import json
import sys
from typing import Callable

import numpy as np

from zeroipc import Array, Memory, Queue, ZeroIPCError

ITEM = np.dtype([("producer", "<u8"), ("sequence", "<u8"), ("value", "<f8")])
TYPES = {code: np.dtype(f"<{code[0]}{int(code[1:]) // 8}") for code in "u8 u16 u32 u64 i8 i16 i32 i64 f32 f64".split()}


def create(segment: str, size: str) -> None:
    Memory.create(segment, int(size))


def create_queue(segment: str, name: str, capacity: str) -> None:
    Queue.create(Memory.open(segment), name, int(capacity), ITEM)


def array_write(segment: str, name: str, code: str, *values: str) -> None:
    dtype = TYPES[code]
    array: Array[np.generic] = Array(Memory.open(segment), name, len(values), dtype=dtype)
    parse = float if dtype.kind == "f" else int
    array[:] = np.array([parse(value) for value in values], dtype)


def array_read(segment: str, name: str, code: str) -> None:
    array: Array[np.generic] = Array(Memory.open(segment), name, dtype=TYPES[code])
    print(json.dumps(array.tolist()))


def queue_produce(segment: str, name: str, producer: str, count: str) -> None:
    queue: Queue[np.void] = Queue(Memory.open(segment), name, dtype=ITEM)
    for sequence in range(int(count)):
        queue.push((int(producer), sequence, float(sequence)))


def queue_consume(segment: str, name: str, count: str) -> None:
    queue: Queue[np.void] = Queue(Memory.open(segment), name, dtype=ITEM)
    counts: dict[int, int] = {}
    sums: dict[int, float] = {}
    last: dict[int, int] = {}
    for _ in range(int(count)):
        producer, sequence, value = queue.pop().item()
        if sequence <= last.get(producer, -1):
            msg = f"producer {producer}: sequence {sequence} came after {last[producer]}"
            raise ValueError(msg)
        last[producer] = sequence
        counts[producer] = counts.get(producer, 0) + 1
        sums[producer] = sums.get(producer, 0.0) + value
    print(json.dumps({"counts": counts, "sums": sums}))


COMMANDS: dict[str, Callable[..., None]] = {
    "create": create,
    "create-queue": create_queue,
    "array-write": array_write,
    "array-read": array_read,
    "queue-produce": queue_produce,
    "queue-consume": queue_consume,
}


def main(arguments: list[str]) -> int:
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        print(__doc__, file=sys.stderr)
        return 1
    try:
        command(*arguments[1:])
    except (ZeroIPCError, ValueError, TypeError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
