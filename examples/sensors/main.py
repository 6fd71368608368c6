"""The Python side of the example: see README.md. The module that the compiler made is named on the command line."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import zeroipc

PRODUCERS = ("Rust", "C", "Python", "C++")
ME = 2
SHARE = 100
MASK = (1 << 64) - 1


def checksum(identity: int, timestamp: int) -> int:
    """Return a number that depends on the reading, so that a lost or doubled one changes the sum."""
    return (identity + 1) * (timestamp + 1) * 0x9E3779B97F4A7C15 & MASK


def signed(number: int) -> int:
    """Return 64 bits as a number with a sign."""
    return number - (1 << 64) if number >> 63 else number


class Tally:
    """What this process pushed and popped."""

    def __init__(self) -> None:
        self.pushed = self.popped = self.pushed_sum = self.popped_sum = 0
        self.received = [0] * len(PRODUCERS)
        self.next = [0] * len(PRODUCERS)

    def count(self, reading: np.void) -> None:
        """Count a popped reading."""
        identity, timestamp = int(reading["id"]), int(reading["timestamp_ns"])
        if identity >= len(PRODUCERS) or timestamp < self.next[identity]:
            raise SystemExit(f"Python: reading {timestamp} of producer {identity} came out of order")
        self.next[identity] = timestamp + 1
        self.received[identity] += 1
        self.popped += 1
        self.popped_sum = (self.popped_sum + checksum(identity, timestamp)) & MASK


def main() -> None:
    """Run the example."""
    if len(sys.argv) != 4:
        raise SystemExit("usage: main.py MODULE SEGMENT READINGS")
    sensors = importlib.import_module(sys.argv[1])
    readings = int(sys.argv[3])
    try:
        hub = sensors.SensorHub.open(sys.argv[2])
    except zeroipc.ZeroIPCError as error:
        raise SystemExit(f"Python: open: {error}") from None
    with hub:
        # The array is a NumPy array over the segment: this writes to shared memory, without a copy.
        hub.temperature[ME * SHARE : (ME + 1) * SHARE] = ME + np.arange(SHARE) / 1000
        seen = Tally()
        reading = np.zeros((), sensors.SENSOR_READING_DTYPE)
        reading["id"] = ME
        reading["status"] = sensors.Status.OK
        reading["humidity"] = 0.5
        reading["label"] = b"Python"
        # counter[1] counts what all have popped.
        while seen.pushed < readings or hub.counter.load(1) < len(PRODUCERS) * readings:
            pushed = False
            if seen.pushed < readings:
                reading["timestamp_ns"] = seen.pushed
                reading["temperature"] = 20 + seen.pushed % 100 / 10
                pushed = hub.readings.try_push(reading)
                if pushed:
                    seen.pushed_sum = (seen.pushed_sum + checksum(ME, seen.pushed)) & MASK
                    seen.pushed += 1
            # Wait only if there was nothing to push either.
            popped = hub.readings.pop_many(64, timeout=0 if pushed else 0.02)
            for item in popped:
                seen.count(item)
            hub.counter.fetch_add(1, len(popped))
        hub.counter.fetch_add(0, seen.pushed)
        hub.counter.fetch_add(2, signed(seen.pushed_sum))
        hub.counter.fetch_add(3, signed(seen.popped_sum))
        received = ", ".join(
            f"{number} from {name}" for name, number in zip(PRODUCERS, seen.received)
        )
        print(
            f"Python  pushed {seen.pushed} (checksum {seen.pushed_sum:016x}), "
            f"popped {seen.popped} (checksum {seen.popped_sum:016x}): {received}, each in order"
        )


if __name__ == "__main__":
    main()
