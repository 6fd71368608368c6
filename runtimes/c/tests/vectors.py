"""Turns schemas/format/vectors.json and segments.json into a C header: vectors.py VECTORS SEGMENTS > vectors.h"""

import json
import sys


def text(value):
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in value.encode()) + '"'


def octets(digits):
    """Bytes as a C string and its length."""
    data = bytes.fromhex(digits)
    parts = [data[i : i + 40] for i in range(0, len(data), 40)] or [b""]
    return " ".join('"' + "".join(f"\\{b:03o}" for b in part) + '"' for part in parts) + f", {len(data)}"


def table(name, kind, rows):
    print(f"static const {kind} {name}[] = {{")
    for row in rows:
        print("    { " + ", ".join(row) + " },")
    print("};")


def main():
    vectors = json.load(open(sys.argv[1], encoding="utf-8"))
    segments = json.load(open(sys.argv[2], encoding="utf-8"))
    print("typedef struct type_vector { const char *name, *description; uint32_t length, size;"
          " uint64_t layout, schema; } type_vector;")
    table("type_vectors", "type_vector", (
        (text(v["name"]), octets(v["description"]), str(v["size"]), f"UINT64_C(0x{v['layout']})",
         f"UINT64_C(0x{v['schema']})") for v in vectors["types"]))
    print("typedef struct compare_vector { const char *name, *ours; uint32_t ours_length; const char *theirs;"
          " uint32_t theirs_length; const char *difference; } compare_vector;")
    table("compare_vectors", "compare_vector", (
        (text(v["name"]), octets(v["ours"]), octets(v["theirs"]), text(v["difference"])) for v in vectors["compare"]))
    print("typedef struct malformed_vector { const char *name, *description; uint32_t length; } malformed_vector;")
    table("malformed_vectors", "malformed_vector", (
        (text(v["name"]), octets(v["description"])) for v in vectors["malformed"]))
    print("typedef struct structure_vector { const char *segment, *kind, *name, *element; uint64_t capacity; }"
          " structure_vector;")
    table("structure_vectors", "structure_vector", (
        (text(s["name"]), text(v["kind"]), text(v["name"]), text(v["element"]), str(v["capacity"]))
        for s in segments["segments"] for v in s["structures"]))
    print("typedef struct segment_vector { const char *name; uint32_t version, table_size; uint64_t size, table_end;"
          " bool duck_typed; const char *head; uint32_t length; } segment_vector;")
    table("segment_vectors", "segment_vector", (
        (text(s["name"]), str(s["version"]), str(s["table_size"]), str(s["size"]), str(s["table_end"]),
         str(s["duck_typed"]).lower(), octets(s["head"])) for s in segments["segments"]))


main()
