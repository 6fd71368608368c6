"""Reads records into a text, or writes them from it: ``walk.py FILE`` or ``walk.py write FILE``."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np

here = Path.cwd()
sys.path.insert(0, str(here.parent))
writing = len(sys.argv) > 2
items = {}
for stem in ("base", "middle", "chance"):
    schema = json.loads((here / f"{stem}.json").read_text())
    module = importlib.import_module(f"{here.name}.{stem}")
    for kind in ("structs", "variants"):
        for item in schema.get(kind, []):
            items[item["name"]] = (kind, item, getattr(module, item["name"] + "_DTYPE"))


def walk(place: np.ndarray, ty: dict, path: str) -> None:
    if ty["kind"] == "array":
        for i in range(ty["count"]):
            walk(place[:, i], ty["element"], f"{path}[{i}]")
    elif ty["kind"] in ("struct", "variant"):
        walk_item(place, ty["name"], path)
    elif writing:
        found, digits = sys.stdin.readline().split()
        assert found == path, (found, path)
        place[...] = np.frombuffer(bytes.fromhex(digits), place.dtype)
    else:
        print(path, place.tobytes().hex())


def walk_item(place: np.ndarray, name: str, path: str) -> None:
    kind, item, dtype = items[name]
    # An array of variants is bytes inside of a struct.
    place = place.view(dtype)
    if kind == "structs":
        for field in item["fields"]:
            if not field.get("reserved"):
                walk(place[field["name"]], field["type"], f"{path}.{field.get('recorded', field['name'])}")
        return
    walk(place["tag"], {"kind": "scalar"}, f"{path}.tag")
    for case in item["cases"]:
        if case["value"] == int(place["tag"][0]) and "type" in case:
            walk(place[case["name"]], case["type"], f"{path}.{case.get('recorded', case['name'])}")


with open(sys.argv[-1], "wb" if writing else "rb") as file:
    for name, (_, _, dtype) in items.items():
        record = np.zeros(1, dtype) if writing else np.frombuffer(file.read(dtype.itemsize), dtype)
        walk_item(record, name, name)
        if writing:
            file.write(record.tobytes())
