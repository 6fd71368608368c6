"""What no setter takes: whatever would be stored as something else. With the schema of the test as the package `odd`."""

import math
from collections.abc import Callable

import numpy as np
from odd.strict import Bits, Caps, Small, Strict, Word, WordTag

INF = math.inf
NAN = math.nan


def numbers(kind: str, *values: float) -> np.ndarray:
    return np.array(values, dtype=kind)


#: For each member what it takes, and what it refuses.
MEMBERS: dict[str, tuple[list[object], list[object]]] = {
    "names": (
        [["a", "four"], [b"ab", "\u00e4\u00e4"], np.array(["x", ""]), np.array([b"y", b"z"], dtype="S9")],
        [["toolong", "x"], ["a\0", "b"], [b"a\0", b"b"], ["\u00e4\u00e4\u00e4", ""], [b"\xff", b""], [1, 2], [None, "a"],
         ["\ud800", ""], ["a"], "ab", np.array([b"a\0b", b""], dtype="S4")],
    ),
    "bytes4": (
        [[0, 1, 2, 255], (1, 2, 3, 4), np.arange(4), np.arange(4, dtype="u1"), [np.int64(3), 1, 2, 3], range(4)],
        [np.array([300, -1, 2, 3]), [300, 1, 2, 3], [-1, 0, 0, 0], [1.9, 0, 0, 0], numbers("f8", 1, 2, 3, 4),
         ["1", 0, 0, 0], [None, 0, 0, 0], [True, 0, 0, 0], np.ones(4, "?"), 5, [1, 2, 3], [[1, 2], [3, 4]], [1, 2, [3], 4],
         b"abcd", np.zeros(4, "m8[s]"), [2**64, 0, 0, 0]],
    ),
    "caps": ([[Caps.A, Caps.A | Caps.B], [255, 0], np.array([1, 2], "i8")], [[256, 0], [-1, 0], np.array([256, 0]), ["A", "B"]]),
    "singles": (
        [[1, 2.5], [INF, NAN], numbers("f8", 3.4028235e38, -INF), np.array([1, 2]), [np.float16(1), np.float32(2)]],
        [[1e39, 0], numbers("f8", 0, -3.5e38), ["1", 2], [None, 1], [True, 1.0], np.ones(2, "?"), [1j, 2], 5.0, [1.0]],
    ),
    "complexes": ([[1j, 2], numbers("c16", 1, 2j), [complex(INF, 1), 0.5]], [[1e39j, 0], [complex(INF, 1e39), 0], ["1j", 0], [True, 0]]),
    "grid": ([[[True, False], [False, True]], np.ones((2, 2), "?")], [[[1, 0], [0, 1]], [True, False, True, False], np.ones((2, 2))]),
    "smalls": (
        [[Small.new().record, Small.new().record], np.zeros(2, Small.DTYPE)],
        [[1, 2], [(1, 2), (3, 4)], [Small.new().record], Small.new().record, np.zeros(2, "V2"), [Word.new().record] * 2],
    ),
    "words": (
        [[Word.new().record, Word.new_many([1, 2]).record], np.zeros(2, Word.DTYPE)],
        [[1, 2], [Small.new().record] * 2, Word.new().record, np.zeros(2, "V6")],
    ),
    "name": (["", "four"], ["toolo", "a\0", None, 1, ["a"], "\ud800"]),
    "wide": ([1.5, 3, INF, NAN, np.float32(2), np.int8(3), 1e308], [None, "1.5", True, np.True_, 1j, [1.0], 10**400]),
    "single": ([1.5, 3.4028235e38, 3.40282356e38, -INF], [None, "1", 1e39, -3.4028236e38, True, np.timedelta64(1, "s")]),
    "half": ([1.5, 65519.9, NAN], [65520.0, -70000, None, "1"]),
    "thin": ([1j, 2, 1.5, INF, np.complex128(1)], [None, "1j", 1e39j, True]),
    "truth": ([True, False, np.True_], ["False", 0, 1, None, 1.0, []]),
    "byte": ([0, 255, np.uint8(3), Caps.A], [256, -1, 1.0, "1", None, True]),
}


def refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except (OverflowError, TypeError, ValueError):
        return True
    return False


def members_take_what_fits() -> None:
    for name, (taken, _) in MEMBERS.items():
        for value in taken:
            new = Strict.new()
            setattr(new, name, value)
            stored = getattr(new, name)
            if not isinstance(stored, np.ndarray):
                assert stored == value or value != value or name in {"single", "half"}, (name, value, stored)
            elif stored.dtype.names is None and stored.dtype.kind != "S":
                assert np.allclose(stored, np.array(value), equal_nan=True), (name, value, stored)


def members_refuse_what_does_not_fit() -> None:
    new = Strict.new()
    before = new.record.tobytes()
    for name, (_, others) in MEMBERS.items():
        for value in others:
            assert refused(lambda: setattr(new, name, value)), (name, value)  # noqa: B023
            assert new.record.tobytes() == before, (name, value)


def payloads_are_as_strict() -> None:
    word = Word.new_many([3, 4])
    before = word.record.tobytes()
    for value in (np.array([70000, 1]), [1], 5, ["1", "2"], [1.5, 2]):
        assert refused(lambda: word.set_many(value)), value  # noqa: B023
        assert refused(lambda: Word.new_many(value)), value  # noqa: B023
    assert refused(lambda: word.set_real(1e39))
    assert word.record.tobytes() == before
    assert (word.tag, word.to_dict()["many"]) == (WordTag.MANY, [3, 4])


def texts_are_stored_whole() -> None:
    new = Strict.new()
    new.names = ["four", "\u00e4"]
    assert new.to_dict()["names"] == ["four", "\u00e4"]
    other = Strict.new()
    other.names = new.names
    assert other.to_dict()["names"] == ["four", "\u00e4"]
    assert Bits.new().to_dict() == {"texts": ["a", "\u00e4"], "inner": [{"a": 7, "b": 0}] * 2}


members_take_what_fits()
members_refuse_what_does_not_fit()
payloads_are_as_strict()
texts_are_stored_whole()
