"""Fingerprints, descriptions, comparisons and damaged descriptions: the vectors that every language's tests read."""

import pytest

from conftest import format_vectors
from zeroipc import _compare, _fingerprint
from zeroipc._decode import Malformed, decode
from zeroipc._encode import encode
from zeroipc._types import (
    ArrayType,
    EnumType,
    EnumValue,
    Field,
    Flavour,
    OpaqueType,
    Scalar,
    ScalarType,
    StrType,
    StructType,
)

VECTORS = format_vectors("vectors.json")


def build(spec):
    ((kind, value),) = spec.items()
    if kind == "scalar":
        return ScalarType(Scalar[value])
    if kind == "array":
        return ArrayType(value["count"], build(value["elem"]))
    if kind == "str":
        return StrType(value)
    if kind == "opaque":
        return OpaqueType(value)
    if kind == "enum":
        signed = [EnumValue((v["value"] + 2**63) % 2**64 - 2**63, v["name"]) for v in value["values"]]
        flavour = Flavour[value.get("flavour", "open").upper()]
        return EnumType(value["name"], Scalar[value["repr"]], flavour, tuple(signed))
    fields = [Field(f["name"], f["offset"], f["unit"], build(f["type"])) for f in value["fields"]]
    return StructType(value["name"], value["size"], value["align"], tuple(fields))


@pytest.mark.parametrize("case", VECTORS["types"], ids=lambda case: case["name"])
def test_type(case):
    ty = build(case["type"])
    assert ty.size == case["size"]
    assert f"{_fingerprint.layout(ty):016x}" == case["layout"]
    assert f"{_fingerprint.schema(ty):016x}" == case["schema"]
    encoded = bytes.fromhex(case["description"])
    assert encode(ty) == encoded
    assert encode(decode(encoded)) == encoded
    assert _fingerprint.schema(decode(encoded)) == _fingerprint.schema(ty)
    assert decode(encoded).size == ty.size


@pytest.mark.parametrize("case", VECTORS["compare"], ids=lambda case: case["name"])
def test_compare(case):
    ours, theirs = (decode(bytes.fromhex(case[side])) for side in ("ours", "theirs"))
    assert _compare.difference(ours, theirs) == case["difference"]


@pytest.mark.parametrize("case", VECTORS["malformed"], ids=lambda case: case["name"])
def test_malformed(case):
    with pytest.raises(Malformed):
        decode(bytes.fromhex(case["description"]))


def test_every_shortened_description_is_refused():
    for case in VECTORS["types"]:
        encoded = bytes.fromhex(case["description"])
        for length in range(len(encoded)):
            with pytest.raises(Malformed):
                decode(encoded[:length])


@pytest.mark.parametrize("name", ["Track", "Sample", "Shape"])
def test_every_changed_byte_is_refused_or_read(name):
    case = next(case for case in VECTORS["types"] if case["type"].get("struct", {}).get("name") == name)
    encoded = bytes.fromhex(case["description"])
    for at in range(len(encoded)):
        for value in range(0, 256, 3):
            changed = encoded[:at] + bytes((value,)) + encoded[at + 1 :]
            try:
                assert encode(decode(changed)) == changed
            except Malformed:
                pass


def test_types_of_different_kinds_are_never_equal():
    nodes = [ScalarType(Scalar.u8), StrType(1), OpaqueType(1)]
    for at, node in enumerate(nodes):
        assert [node == other for other in nodes] == [at == place for place in range(3)]
    assert ArrayType(4, StrType(1)) != ArrayType(4, ScalarType(Scalar.u8))
