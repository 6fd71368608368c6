"""What the documents show works word for word; what the types promise holds under mypy; nothing is spelled by hand."""

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zeroipc
from conftest import TESTS
from zeroipc import Array, Memory

SOURCE = Path(zeroipc.__file__).parent
SEED = """
from zeroipc import Memory, Array
import numpy as np

# Open same shared memory segment
mem = Memory("/sensor_data")

# Read with duck typing - user specifies type
temps = Array(mem, "temperature", dtype=np.float32)
print(temps[0])  # 23.5
print(temps[1])  # 24.1
"""
SEED_STRUCT = """
dtype = np.dtype([('x', np.float32), ('y', np.float32), ('z', np.float32)])
points = Array(mem, "points", dtype=dtype)
"""


@pytest.fixture
def sensor_data():
    """The name that the documents use."""
    path = Path("/dev/shm/sensor_data")
    if path.exists():
        pytest.skip("/sensor_data is in use on this machine")
    yield "/sensor_data"
    path.unlink(missing_ok=True)


def printed(source, scope):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, "document", "exec"), scope)
    return out.getvalue()


@pytest.mark.parametrize("duck_typed", [False, True])
def test_seeds(sensor_data, duck_typed):
    mem = Memory(sensor_data, 10 * 1024 * 1024, duck_typed=duck_typed)
    temps = Array(mem, "temperature", 1000, dtype=np.float32)
    temps[0], temps[1] = 23.5, 24.1
    Array(mem, "points", 3, [("x", "f4"), ("y", "f4"), ("z", "f4")])
    scope = {}
    assert printed(SEED, scope) == "23.5\n24.1\n"
    printed(SEED_STRUCT, scope)
    assert scope["points"].shape == (3,)
    counter = Array(mem, "counter", 1, dtype=np.int32)
    assert counter.fetch_add(0, 1) == 0
    assert counter[0] == 1
    Memory.unlink("/sensor_data")


def test_readme(sensor_data):
    text = (TESTS.parent / "README.md").read_text()
    scope = {}
    out = "".join(printed(block, scope) for block in re.findall(r"```python\n(.*?)```", text, re.S))
    assert out == re.search(r"```text\n(.*?)```", text, re.S)[1]


@pytest.mark.parametrize("module", ["zeroipc", "zeroipc.memory", "zeroipc.array", "zeroipc.queue"])
def test_doctests(module):
    for path in Path("/dev/shm").glob("zeroipc_doc_*"):
        path.unlink()
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 3
    assert result.failed == 0


TYPING = """
from typing import TYPE_CHECKING, Any
import numpy as np
from zeroipc import Array, Memory, Queue, Structure

mem = Memory("/x")
a = Array(mem, "a", dtype=np.float32)
reveal_type(a.load(0))
reveal_type(a.fetch_add(0, 1))
reveal_type(a.compare_exchange(0, 1, 2))
q = Queue(mem, "q", 8, dtype=np.int64)
reveal_type(q.pop())
reveal_type(q.try_pop())
reveal_type(q.try_push(1))
reveal_type(q.pop_many(3))
reveal_type(q.dtype)
reveal_type(mem.entries())
reveal_type(list(mem))
reveal_type(mem.id)
with Memory.create("/y", 1, table_size=8) as other:
    reveal_type(other)
untyped: Array[Any] = Array(mem, "b", 3, "f4")
records: Queue[np.void] = Queue(mem, "c", 3, np.dtype([("a", "u1")]))
q.push()
Memory(name=3)
"""
FLOAT = r"numpy\.(float32|floating\[.*_32Bit\])"
INT = r"numpy\.(int64|signedinteger\[.*_64Bit\])"
REVEALED = [
    FLOAT,
    FLOAT,
    rf"tuple\[bool, {FLOAT}\]",
    INT,
    rf"({INT} \| None|Union\[{INT}, None\])",
    "bool",
    rf"numpy\.ndarray\[Any, numpy\.dtype\[{INT}\]\]",
    rf"numpy\.dtype\[{INT}\]",
    r"list\[.*Structure\]+",
    r"list\[str\]",
    "int",
    r"zeroipc\.memory\.Memory",
]


def test_types_under_mypy(tmp_path):
    pytest.importorskip("mypy")
    file = tmp_path / "typed.py"
    file.write_text(TYPING)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path), str(file)]
    out = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    revealed = re.findall(r'Revealed type is "(.*)"', out)
    assert len(revealed) == len(REVEALED), out
    for found, expected in zip(revealed, REVEALED):
        assert re.fullmatch(expected, found.replace("builtins.", "")), f"{found} is not {expected}:\n{out}"
    errors = [line for line in out.splitlines() if ": error:" in line]
    assert len(errors) == 2, out
    assert 'Missing positional argument "value"' in errors[0]
    assert 'Argument "name" to "Memory" has incompatible type "int"' in errors[1]


def test_everything_public_is_documented():
    for name in zeroipc.__all__:
        thing = getattr(zeroipc, name)
        if name.startswith("__"):
            continue
        assert thing.__doc__, name
        for attribute, member in vars(thing).items():
            if not attribute.startswith("_") and callable(member):
                assert member.__doc__, f"{name}.{attribute}"
    assert zeroipc.__all__ == sorted(zeroipc.__all__)
    for module in pkgutil.iter_modules([str(SOURCE)]):
        assert importlib.import_module(f"zeroipc.{module.name}").__doc__, module.name


def test_every_point_is_known():
    from zeroipc import _points

    text = "".join(path.read_text() for path in SOURCE.glob("*.py") if path.name != "_points.py")
    named = set(re.findall(r'"((?:segment|attach|open|create|detach|queue)\.[a-z_.]+)"', text))
    pushes = {f"queue.push.{step}" for step in ("claimed", "hinted", "written", "published", "woken")}
    assert named | pushes == set(_points.NAMES)


def test_a_missing_libatomic_names_the_package():
    code = """
import ctypes
class Missing(ctypes.PyDLL):
    def __init__(self, name, *args, **kwargs):
        if name and "atomic" in name:
            raise OSError(f"{name}: cannot open shared object file")
        super().__init__(name, *args, **kwargs)
ctypes.PyDLL = Missing
try:
    import zeroipc
except ImportError as error:
    print(error)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "`apt install libatomic1`" in out


def test_another_platform_is_refused():
    code = (
        "import sys\nsys.platform = 'darwin'\ntry:\n    import zeroipc\nexcept ImportError as error:\n    print(error)"
    )
    command = [sys.executable, "-c", "import numpy, mmap, subprocess\n" + code]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out.startswith("zeroipc needs 64-bit little-endian Linux; this is darwin")
