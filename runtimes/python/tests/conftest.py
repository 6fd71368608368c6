import json
import os
from pathlib import Path

import pytest


def format_vectors(name):
    """The vectors of schemas/format, from the repository or from ZEROIPC_VECTORS."""
    roots = [os.environ.get("ZEROIPC_VECTORS"), Path(__file__).resolve().parents[3] / "schemas" / "format"]
    for root in filter(None, roots):
        path = Path(root) / name
        if path.exists():
            return json.loads(path.read_text())
    pytest.fail(f"{name} is missing; set ZEROIPC_VECTORS to a directory that has it")
