import contextlib
import faulthandler
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PREFIX = f"/zipc_py_{os.getpid()}_"
_numbers = itertools.count()
faulthandler.enable()


def format_vectors(name):
    """The vectors of schemas/format, from ZEROIPC_VECTORS or from the repository."""
    roots = [os.environ.get("ZEROIPC_VECTORS"), TESTS.parents[2] / "schemas" / "format"]
    for root in filter(None, roots):
        path = Path(root) / name
        if path.exists():
            return json.loads(path.read_text())
    if (TESTS.parents[2] / "Cargo.toml").exists():
        pytest.fail(f"{name} is missing from schemas/format of this repository", pytrace=False)
    pytest.skip(f"{name} is missing; set ZEROIPC_VECTORS to a directory that has it", allow_module_level=True)


def path_of(name):
    return Path("/dev/shm") / name[1:]


@pytest.fixture
def name():
    """A segment name that nobody else uses; the segment is removed even when the test fails."""
    unique = f"{PREFIX}{next(_numbers)}"
    yield unique
    path_of(unique).unlink(missing_ok=True)


@pytest.fixture(autouse=True, scope="session")
def _leave_nothing():
    yield
    for path in Path("/dev/shm").glob(PREFIX[1:] + "*"):
        path.unlink(missing_ok=True)


class Child:
    """A process that runs some code with ``sys.argv``, and is killed at the end."""

    def __init__(self, code, *arguments):
        prelude = (
            "import faulthandler, os, signal, sys, time\nimport numpy as np\nimport zeroipc\nfrom zeroipc import *\n"
        )
        prelude += "from zeroipc import _points\nfaulthandler.dump_traceback_later(60, exit=True)\n"
        # A shell starts what runs in the background with SIGINT ignored, and children inherit that.
        prelude += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        source = prelude + textwrap.dedent(code)
        command = [sys.executable, "-c", source, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=TESTS
        )

    def line(self):
        """Wait for a line of output."""
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(30)
            raise AssertionError(f"the child ended with {self.process.returncode}: {self.process.stderr.read()}")
        return line.strip()

    def say(self, text="go"):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait(30)

    def finish(self, expected=0):
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == expected, f"status {self.process.returncode}: {err}\n{out}"
        return out.strip()

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(30)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


@pytest.fixture
def child():
    """Start children: ``child(code, *arguments)``."""
    children = []

    def start(code, *arguments):
        children.append(Child(code, *arguments))
        return children[-1]

    yield start
    for started in children:
        started.close()


def eventually(condition, seconds=20):
    """Wait until a condition holds, with a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        time.sleep(0.002)
