"""How two types differ: the sentence that a refused reader gets.

A side that does not know something makes no claim about it: a plain number against an enum, bytes against text, an
empty name or unit, opaque bytes. Sizes, offsets, element kinds, counts and the flavours of enums are always compared.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import zip_longest

from ._names import shown
from ._types import ArrayType, EnumType, Field, Flavour, OpaqueType, Scalar, ScalarType, StrType, StructType, Type

__all__ = ["difference"]

_Path = tuple[str, ...]

_WORDS = {Flavour.OPEN: "an open enum", Flavour.CLOSED: "a closed enum", Flavour.FLAGS: "a set of flags"}


def difference(ours: Type, theirs: Type) -> str:
    """Return the first difference in the order of the fields, as a sentence; empty where the types match."""
    return _types((), ours, theirs)


def _types(path: _Path, ours: Type, theirs: Type) -> str:
    if isinstance(ours, OpaqueType) or isinstance(theirs, OpaqueType):
        return _sizes(path, ours.size, theirs.size)
    if isinstance(ours, StructType) and isinstance(theirs, StructType):
        return _structs(path, ours, theirs)
    if isinstance(ours, ArrayType) and isinstance(theirs, ArrayType):
        if ours.length != theirs.length:
            return f"{_place(path)} has {ours.length} elements here and {theirs.length} in the segment"
        return _types(path, ours.elem, theirs.elem)
    if isinstance(ours, EnumType) and isinstance(theirs, EnumType) and ours.repr == theirs.repr:
        return _enums(path, ours, theirs)
    plain = _plain(ours)
    if plain is not None and plain == _plain(theirs):
        return ""
    return f"{_place(path)} is {ours} here and {theirs} in the segment"


def _sizes(path: _Path, ours: int, theirs: int) -> str:
    return "" if ours == theirs else f"{_place(path)} has {ours} bytes here and {theirs} in the segment"


def _plain(ty: Type) -> tuple[str, Scalar | int] | None:
    """Return a type without the refinements that one side may not know: an enum is its number, text is bytes."""
    if isinstance(ty, ScalarType):
        return "number", ty.scalar
    if isinstance(ty, EnumType):
        return "number", ty.repr
    if isinstance(ty, StrType):
        return "bytes", ty.length
    if isinstance(ty, ArrayType) and ty.elem == ScalarType(Scalar.u8):
        return "bytes", ty.length
    return None


def _structs(path: _Path, ours: StructType, theirs: StructType) -> str:
    for here, there in zip_longest(ours.named, theirs.named):
        if there is None:
            return _only_here(path, here)
        if here is None:
            return _only_there(path, there)
        found = _fields(path, here, there)
        if found:
            return found
    return _sizes(path, ours.length, theirs.length)


def _only_here(path: _Path, field: Field) -> str:
    return f"{_place((*path, field.name))} at offset {field.offset} is missing in the segment"


def _only_there(path: _Path, field: Field) -> str:
    return f"{_place((*path, field.name))} at offset {field.offset} is in the segment and missing here"


def _fields(path: _Path, ours: Field, theirs: Field) -> str:
    if ours.name and theirs.name and ours.name != theirs.name:
        if ours.offset == theirs.offset:
            names = f"is named `{shown(ours.name)}` here and `{shown(theirs.name)}` in the segment"
            return f"{_place((*path, ours.name))} at offset {ours.offset} {names}"
        return _only_here(path, ours) if ours.offset < theirs.offset else _only_there(path, theirs)
    path = (*path, ours.name or theirs.name)
    if ours.offset != theirs.offset:
        return f"{_place(path)} is at offset {ours.offset} here and at offset {theirs.offset} in the segment"
    found = _types(path, ours.type, theirs.type)
    if not found and ours.unit and theirs.unit and ours.unit != theirs.unit:
        units = f"has the unit `{shown(ours.unit)}` here and `{shown(theirs.unit)}` in the segment"
        return f"{_place(path)} {units}"
    return found


def _enums(path: _Path, ours: EnumType, theirs: EnumType) -> str:
    if ours.flavour != theirs.flavour:
        return f"{_place(path)} is {_WORDS[ours.flavour]} here and {_WORDS[theirs.flavour]} in the segment"
    found = _values(path, ours, theirs)
    return _numbers(path, ours, theirs) if not found and ours.flavour is Flavour.CLOSED else found


def _numbers(path: _Path, ours: EnumType, theirs: EnumType) -> str:
    """Compare two closed enums: both sides have the same numbers, so that what one writes, the other names."""
    number = ours.repr.number
    here, there = ({number(value): name for value, name in reversed(side.values)} for side in (ours, theirs))
    lacking = here.keys() ^ there.keys()
    if not lacking:
        return ""
    first = min(lacking)
    if first in here:
        return f"{_place(path)} has the value {first} `{shown(here[first])}` here and not in the segment"
    return f"{_place(path)} has the value {first} `{shown(there[first])}` in the segment and not here"


def _values(path: _Path, ours: EnumType, theirs: EnumType) -> str:
    """Compare the values that both have: a name stands for one number, and a number has at least one shared name."""
    number = ours.repr.number
    numbers: dict[str, list[int]] = defaultdict(list)
    names: dict[int, str] = {}
    for value, name in theirs.values:
        numbers[name].append(value)
        names.setdefault(value, name)
    groups: dict[int, list[str]] = defaultdict(list)
    for value, name in ours.values:
        groups[value].append(name)
    for value, called in groups.items():
        for name in called:
            if name in numbers and value not in numbers[name]:
                there = number(numbers[name][0])
                pair = f"`{shown(name)}` as {number(value)} here and as {there} in the segment"
                return f"{_place(path)} has the value {pair}"
        if value in names and not any(name in numbers for name in called):
            pair = f"`{shown(called[0])}` here and `{shown(names[value])}` in the segment"
            return f"{_place(path)} calls the value {number(value)} {pair}"
    return ""


def _place(path: _Path) -> str:
    if not path:
        return "the element"
    return "field `" + ".".join(shown(name) if name else "?" for name in path) + "`"
