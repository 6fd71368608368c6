"""Arrays: NumPy over shared memory, atomics, lifetimes, the types of the segment."""

import copy
import gc
import math
import pickle
import struct

import numpy as np
import pytest

import zeroipc
from conftest import path_of
from zeroipc import Array, Memory, Queue
from zeroipc._dtypes import split
from zeroipc._table import Entry

SCALARS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "?"]
# Numbers without atomic operations.
WORDLESS = ["f2", "c8", "c16"]


@pytest.fixture
def mem(name):
    return Memory.create(name, 1 << 20)


# Opening and creating.


@pytest.mark.parametrize(
    "dtype",
    [
        *SCALARS,
        *WORDLESS,
        "S7",
        "V5",
        "(3,)f4",
        np.dtype((np.dtype("(3,)u2"), (2,))),
        "(2,3)u1",
        [("a", "u1"), ("b", "f8", (2,))],
    ],
)
def test_every_dtype(mem, name, dtype):
    created = Array.create(mem, "x", 5, dtype)
    base, shape = split(np.dtype(dtype))
    assert created.shape == (5, *shape)
    assert created.dtype == base
    assert created.tobytes() == bytes(5 * np.dtype(dtype).itemsize)
    created.view(np.ndarray).reshape(-1).view("u1")[:] = 0x41
    other = Memory(name)
    opened = Array(other, "x", dtype=dtype)
    assert opened.tobytes() == created.tobytes()
    assert Array(other, "x").tobytes() == created.tobytes()
    assert Array(other, "x").shape == created.shape
    assert opened.capacity == 5


def test_capacity(mem, name):
    Array(mem, "x", 10, "f4")
    assert Array(mem, "x", 10, "f4").shape == (10,)
    assert Array(mem, "x", 10).shape == (10,)
    found = f"array `x` in segment `{name}` has 10 elements, and 11 are asked for; ask for 10, or leave"
    with pytest.raises(zeroipc.SizeMismatch, match=found):
        Array(mem, "x", 11, "f4")
    with pytest.raises(zeroipc.SizeMismatch):
        Array.open_or_create(mem, "x", 11)
    with pytest.raises(zeroipc.Exists, match=f"structure `x` exists already in segment `{name}`; open it instead"):
        Array.create(mem, "x", 10, "f4")
    for bad in (0, -1):
        with pytest.raises(ValueError, match="at least 1 element"):
            Array(mem, "y", bad, "f4")
    with pytest.raises(zeroipc.NotFound):
        Array(mem, "y", 3)


def test_not_found_names_what_is_there(mem, name):
    with pytest.raises(
        zeroipc.NotFound, match=f"segment `{name}` has no structure `x`: it is empty; create it by giving"
    ):
        Array(mem, "x", dtype="f4")
    for i in range(10):
        Array(mem, f"a{i}", 1, "u1")
    with pytest.raises(zeroipc.NotFound, match="no structure `x`: there are `a0`, .*`a7` …; create"):
        Array.open(mem, "x", "f4")


def test_another_type_is_refused_with_the_field(mem, name):
    Array.create(mem, "fix", 3, [("lat", "f4"), ("lon", "f4")])
    where = f"the element type of `fix` in segment `{name}` differs: "
    for dtype, why in [
        ([("lon", "f4"), ("lat", "f4")], "field `lon` at offset 0 is named `lon` here and `lat` in the segment"),
        ([("lat", "f4"), ("lon", "u4")], "field `lon` is u32 here and f32 in the segment"),
        ("f8", "the element is f64 here and struct of 8 bytes in the segment"),
        ("f4", "an element has 4 bytes here and 8 in the segment; the element is f32 here and struct of 8 bytes"),
    ]:
        with pytest.raises(zeroipc.TypeMismatch) as caught:
            Array(mem, "fix", dtype=dtype)
        assert where + why in str(caught.value)
        assert str(caught.value).endswith("; use the type of its creator")
    assert Array(mem, "fix", dtype="V8").shape == (3,)
    Array.create(mem, "temps", 3, "f4")
    with pytest.raises(TypeError, match="the element is i32 here and f32 in the segment"):
        Array(mem, "temps", dtype="i4")


def test_another_kind_is_refused(mem, name):
    Array.create(mem, "a", 3, "f4")
    Queue.create(mem, "q", 4, "f4")
    with pytest.raises(
        zeroipc.KindMismatch, match=f"`a` in segment `{name}` is an array, not a queue; open it as an array"
    ):
        Queue(mem, "a", dtype="f4")
    with pytest.raises(
        zeroipc.KindMismatch, match=f"`q` in segment `{name}` is a queue, not an array; open it as a queue"
    ):
        Array(mem, "q", dtype="f4")
    with pytest.raises(TypeError):
        Array(mem, "q", 4, dtype="f4")


def test_without_a_record_sizes_decide(name):
    mem = Memory.create(name, 1 << 16, duck_typed=True)
    Array.create(mem, "x", 10, "f4")
    Queue.create(mem, "q", 4, "u8")
    assert Array(mem, "x", dtype="i4").shape == (10,)
    with pytest.raises(
        zeroipc.TypeMismatch, match=f"the segment does not say what `x` in segment `{name}` holds; give a dtype"
    ):
        Array(mem, "x")
    with pytest.raises(zeroipc.SizeMismatch, match="has 48 bytes, and 10 elements of 8 bytes need 88; open it with"):
        Array(mem, "x", dtype="f8")
    with pytest.raises(zeroipc.SizeMismatch):
        Array(mem, "q", dtype="u8")
    with pytest.raises(zeroipc.SizeMismatch):
        Queue(mem, "x", dtype="f4")
    with pytest.raises(zeroipc.SizeMismatch, match="a capacity of 4 values of 16 bytes needs 120"):
        Queue(mem, "q", dtype="V16")
    assert len(Queue(mem, "q", dtype="i8")) == 0


def test_seed_v1_layout(name):
    mem = Memory.create(name, 65536, duck_typed=True)
    Array(mem, "temperature", 1000, dtype=np.float32)[:2] = 23.5, 24.1
    raw = path_of(name).read_bytes()
    assert struct.unpack_from("<Qff", raw, 2576) == (1000, 23.5, np.float32(24.1))


def test_unsupported_dtypes(mem):
    for dtype, why in [
        ("U5", "the element has the dtype `<U5`, whose characters have 4 bytes; use `S5` and UTF-8"),
        ("O", "a reference into this process"),
        (">f4", "which is big-endian; use `<f4`"),
        (">f2", "which is big-endian; use `<f2`"),
        ("g", "use `float16`, `float32` or `float64`"),
        ("G", "which not every language has; use `complex64` or `complex128`"),
        (">c8", "which is big-endian; use `<c8`"),
        ("M8[ns]", "use `int64` and name the unit in the schema"),
        ("m8[s]", "use `int64`"),
        ([("a", "u1"), ("b", [("c", ">u2")])], "field `b.c` has the dtype `>u2`, which is big-endian; use `<u2`"),
        ([("a", "U2", (3,))], "field `a`"),
        ("V0", "the dtype `.*` has 0 bytes; an element has between 1 and 2\\^30"),
        ([], "has 0 bytes"),
        (f"V{(1 << 30) + 1}", "has 1073741825 bytes"),
    ]:
        with pytest.raises(zeroipc.UnsupportedType, match=why):
            Array(mem, "x", 1, dtype)
        with pytest.raises(TypeError):
            Queue(mem, "x", 1, dtype)
    assert len(mem) == 0


def test_padding_fields_are_in_no_description(mem):
    padded = np.dtype([("a", "u1"), ("_pad_1", "V3"), ("b", "u4"), ("_object", "V8")])
    Array.create(mem, "x", 2, padded)
    plain = np.dtype({"names": ["a", "b"], "formats": ["u1", "u4"], "offsets": [0, 4], "itemsize": 16})
    assert Array(mem, "x", dtype=plain).dtype == plain
    opened = Array(mem, "x")
    assert opened.dtype.names == ("a", "_pad_1", "b", "_pad_8")
    assert opened.dtype.itemsize == 16


def test_the_dtype_of_the_passport(mem):
    from zeroipc._encode import encode
    from zeroipc._types import ArrayType, EnumType, EnumValue, Field, Flavour, Scalar, ScalarType, StrType, StructType

    mode = EnumType("Mode", Scalar.u8, Flavour.OPEN, (EnumValue(0, "IDLE"), EnumValue(7, "RUN")))
    at = ArrayType(2, ArrayType(3, ScalarType(Scalar.f32)))
    inner = StructType("Inner", 8, 4, (Field("x", 4, "m", ScalarType(Scalar.i32)),))
    fields = (
        Field("id", 0, "", ScalarType(Scalar.u32)),
        Field("mode", 5, "", mode),
        Field("at", 8, "mm", at),
        Field("inner", 32, "", inner),
        Field("", 40, "", ScalarType(Scalar.bool8)),
        Field("label", 41, "", StrType(10)),
    )
    pose = StructType("Pose", 56, 8, fields)
    dtype = np.dtype(np.dtype("V56"), metadata={"zeroipc": encode(pose)})
    Array.create(mem, "pose", 2, dtype)
    assert mem.entries()[-1].type == "Pose"
    opened = Array(mem, "pose")
    assert opened.dtype.names == ("id", "_pad_4", "mode", "_pad_6", "at", "inner", "field_40", "label", "_pad_51")
    assert opened.dtype["at"].shape == (2, 3)
    assert opened.dtype["inner"].fields["x"][1] == 4
    assert opened.dtype.itemsize == 56
    assert opened.dtype.metadata["zeroipc"] == encode(pose)
    opened["mode"] = 7
    opened["label"] = b"hello"
    Array.create(mem, "copy", 2, opened.dtype)[:] = opened
    assert Array(mem, "copy")[1]["label"] == b"hello"
    with pytest.raises(zeroipc.TypeMismatch, match="field `at` has 3 elements here and 2 in the segment"):
        Array(
            mem,
            "pose",
            dtype={
                "names": ["id", "mode", "at"],
                "formats": ["u4", "u1", ("f4", (3, 2))],
                "offsets": [0, 5, 8],
                "itemsize": 56,
            },
        )


def test_metadata_must_fit(mem):
    for dtype, encoded, why in [
        ("u4", b"\x01\x04", "describes 8 bytes, and the dtype has 4; generate the module again"),
        ("u4", b"\x01\x63", "that is no description: the type description is damaged at byte 1; generate"),
        ("u4", "text", "of type str; it must be bytes"),
    ]:
        with pytest.raises(zeroipc.UnsupportedType, match=why):
            Array(mem, "x", 1, np.dtype(np.dtype(dtype), metadata={"zeroipc": encoded}))


def test_schema_full(name):
    mem = Memory.create(name, 1 << 14, table_size=8)
    wide = np.dtype([(f"a_long_name_of_a_field_{i}", "u1") for i in range(30)])
    with pytest.raises(
        zeroipc.SchemaFull, match=r"its record needs \d+ bytes, and 1008 of 1008 are free in the passport; create"
    ):
        Array.create(mem, "x", 1, wide)
    assert mem.entries() == []
    for i in range(6):
        Array.create(mem, f"a{i}", 1, "u1")
    with pytest.raises(zeroipc.SchemaFull):
        Array.create(mem, "x", 1, np.dtype([(f"a_long_name_of_a_field_{i}", "u1") for i in range(16)]))
    Array.create(mem, "a6", 1, "u1")
    assert len(mem) == 7


def test_unknown_records(mem, name):
    Array.create(mem, "x", 1, "u1")
    schema = mem.entries()[0].offset
    for offset, value in [(4, 2), (6, 99)]:
        with path_of(name).open("r+b") as file:
            file.seek(schema + 16 + offset)
            old = file.read(2)
            file.seek(schema + 16 + offset)
            file.write(struct.pack("<H", value))
        with pytest.raises(
            zeroipc.UnknownRecord, match="in a way that this version of the library does not know; update"
        ):
            Array(mem, "x", dtype="u1")
        assert [entry.kind for entry in mem.entries()][:2] == ["", ""]
        Array.create(mem, f"y{offset}", 1, "u1")
        with path_of(name).open("r+b") as file:
            file.seek(schema + 16 + offset)
            file.write(old)
    assert Array(mem, "x").shape == (1,)


@pytest.mark.parametrize(
    ("offset", "data", "why"),
    [
        (0, b"XXXX", "`magic` is 0x58585858, expected 0x4d484353"),
        (12, struct.pack("<I", 12), "`used` is 12, expected a multiple of 8 up to"),
        (12, struct.pack("<I", 1 << 30), "`used` is 1073741824"),
        (16, struct.pack("<I", 48), "the record at 0 has the `length` 48, expected a multiple of 8 between 56 and 88"),
        (16, struct.pack("<I", 57), "the `length` 57"),
        (16, struct.pack("<I", 96), "the `length` 96"),
        (16 + 48, struct.pack("<I", 2), "the record of `x` has 2 types in 88 bytes, expected 1"),
        (16 + 56 + 16, struct.pack("<I", 2), "has elements of 2 bytes, and its description says 1"),
        (16 + 56 + 20, struct.pack("<I", 9), "has a description of 9 bytes, expected at most 8"),
        (16 + 56 + 20, struct.pack("<I", 1), "in the record of `x`, the type description is damaged at byte 1"),
        (16 + 80, b"\x07", "the type description is damaged at byte 0"),
    ],
)
def test_damaged_passport(mem, name, offset, data, why):
    Array.create(mem, "x", 1, "u1")
    with path_of(name).open("r+b") as file:
        file.seek(mem.entries()[0].offset + offset)
        file.write(data)
    with pytest.raises(
        zeroipc.Corrupt, match=f"the passport of segment `{name}` is damaged: .*{why}.*; remove the segment"
    ):
        Array(mem, "x", dtype="u1")
    with pytest.raises(zeroipc.Corrupt):
        mem.entries()
    Memory(name)


def test_a_record_that_is_being_replaced_is_not_damage(mem, name, child, monkeypatch):
    """Who walks over what a dead creator left, while another replaces it, finds nonsense, and looks again."""
    Array.create(mem, "first", 1, "u1")
    # A foreign creator's structure without a record: its lookup walks over all that there are.
    table = mem._attachment.table
    entry = Entry(b"raw", table.next_offset, 9)
    mem._attachment.region.store8(entry.offset, 1)
    table.write_entry(2, entry)
    table.store_next_offset(entry.end)
    table.store_count(3)
    code = """
    mem = Memory(sys.argv[1])
    _points.hook = lambda point: point == "create.used" and os.kill(os.getpid(), signal.SIGKILL)
    Array.create(mem, "x", 1, [("a_field", "u1"), ("another", "f8")])
    """
    assert child(code, name).process.wait(30) == -9
    looks = []

    def hook(point):
        if point != "open.records":
            return
        looks.append(point)
        if len(looks) == 1:
            monkeypatch.setattr("zeroipc._points.hook", None)
            Array.create(Memory(name), "y", 1, "u1")
            monkeypatch.setattr("zeroipc._points.hook", hook)

    monkeypatch.setattr("zeroipc._points.hook", hook)
    assert Array(mem, "raw", dtype="u1").shape == (1,)
    assert len(looks) == 2
    # Damage stays damage.
    looks[:] = [""]
    with path_of(name).open("r+b") as file:
        file.seek(mem.entries()[0].offset + 16)
        file.write(struct.pack("<I", 57))
    looks[:] = [""]
    with pytest.raises(zeroipc.Corrupt):
        Array(mem, "raw", dtype="u1")
    assert len(looks) == 1 + 9


def test_a_damaged_record_behind_the_own_does_not_matter(mem, name):
    Array.create(mem, "x", 1, "u1")
    Array.create(mem, "y", 1, "u1")
    with path_of(name).open("r+b") as file:
        file.seek(mem.entries()[0].offset + 16 + 88)
        file.write(struct.pack("<I", 57))
    assert Array(mem, "x").shape == (1,)
    with pytest.raises(zeroipc.Corrupt, match="the record at 88 has the `length` 57"):
        Array(mem, "y")


def test_another_version_of_the_passport(mem, name):
    Array.create(mem, "x", 1, "u1")
    with path_of(name).open("r+b") as file:
        file.seek(mem.entries()[0].offset + 4)
        file.write(struct.pack("<I", 2))
    with pytest.raises(zeroipc.UnsupportedVersion, match=f"passport of segment `{name}` has version 2"):
        Array(mem, "x", dtype="u1")


def test_damaged_capacity(mem, name):
    Array.create(mem, "x", 10, "u8")
    with path_of(name).open("r+b") as file:
        file.seek(mem.entries()[-1].offset)
        file.write(struct.pack("<Q", 1 << 61))
    with pytest.raises(
        zeroipc.Corrupt, match="array `x` .* is damaged: it has 88 bytes, and 2305843009213693952 elements"
    ):
        Array(mem, "x", dtype="u8")


# NumPy.


def test_it_is_an_ndarray(mem):
    a = Array.create(mem, "x", 6, "f8")
    a[:] = np.arange(6)
    assert isinstance(a, np.ndarray)
    assert type(a) is Array
    b = Array(mem, "x")
    b[2] += 10
    assert a[2] == 12
    assert a.sum() == 25
    assert np.mean(a) == 25 / 6
    a *= 2
    assert b[5] == 10
    assert type(a[0]) is np.float64
    np.add(a, 1, out=a)
    assert b[0] == 1


def test_views_are_shared_and_copies_are_plain(mem):
    a = Array.create(mem, "x", 6, "i4")
    for view in (a[1:4], a[::2], a[::-1], a.reshape(2, 3), a.reshape(2, 3)[1], a.T, a.view("u4"), a.view("u1"), a[...]):
        assert type(view) is Array
        assert np.shares_memory(a, view)
    a[::-1].store(0, 9)
    assert a[5] == 9
    assert a[2:].fetch_add(-1, 1) == 9
    copies = [
        a + 1, -a, a == a, a.copy(), copy.copy(a), copy.deepcopy(a), np.array(a), a.flatten(), a.astype("f4"),
        a[[1, 2]], a[a > 0], np.sort(a), np.concatenate([a, a]), np.where(a > 1, a, 0), a.tolist(), np.exp(a),
        pickle.loads(pickle.dumps(a)), pickle.loads(pickle.dumps(a, 5)), a.mean(), np.cumsum(np.asarray(a)),
    ]  # fmt: skip
    for plain in copies:
        assert type(plain) is not Array
        assert not np.shares_memory(a, np.asarray(plain))
    assert pickle.loads(pickle.dumps(a)).tolist() == a.tolist()


def test_a_private_array_has_no_atomics(mem):
    a = Array.create(mem, "x", 6, "i4")
    for private in (np.cumsum(a), a.repeat(2), np.empty_like(a)):
        if isinstance(private, Array):
            with pytest.raises(zeroipc.NotShared, match="a copy outside shared memory"):
                private.load(0)


def test_struct_fields(mem):
    a = Array.create(mem, "x", 4, [("id", "u4"), ("at", "f4", (2,)), ("n", "i8")])
    a[1] = (7, (1.5, 2.5), -1)
    record = a[1]
    record["id"] = 8
    assert Array(mem, "x")[1]["id"] == 8
    assert a["id"].tolist() == [0, 8, 0, 0]
    assert a["id"].fetch_add(1, 2) == 8
    assert a["n"].fetch_max(1, 5) == -1
    assert (a[1]["id"], a[1]["n"]) == (10, 5)
    with pytest.raises(zeroipc.UnsupportedType, match="elements of one number, and these are struct of 20 bytes"):
        a.load(0)
    with pytest.raises(zeroipc.UnsupportedType, match="at multiples of 8 bytes"):
        a["n"].load(0)


@pytest.mark.parametrize("dtype", WORDLESS)
def test_halves_and_complex_numbers_have_no_atomics(mem, dtype):
    a = Array.create(mem, "x", 3, dtype)
    a[:] = [1.5, 2, 3]
    assert Array(mem, "x").tolist() == [1.5, 2, 3]
    for attempt in (lambda: a.load(0), lambda: a.store(0, 1), lambda: a.exchange(0, 1), lambda: a.fetch_add(0, 1)):
        with pytest.raises(zeroipc.UnsupportedType, match="whole numbers, f32, f64 or bool8, and the elements are"):
            attempt()


def test_a_variant_is_a_record_with_fields_at_one_offset(mem, name):
    from zeroipc._encode import encode
    from zeroipc._types import EnumType, EnumValue, Field, Flavour, Scalar, ScalarType, StrType, StructType

    tag = EnumType("Tag", Scalar.u8, Flavour.OPEN, (EnumValue(0, "CODE"), EnumValue(1, "LABEL")))
    cases = (Field("code", 4, "", ScalarType(Scalar.complex64)), Field("label", 4, "", StrType(8)))
    encoded = encode(StructType("Event", 12, 4, (Field("tag", 0, "", tag), *cases)))
    a = Array.create(mem, "x", 2, np.dtype("V12", metadata={"zeroipc": encoded}))
    opened = Array(Memory(name), "x")
    assert opened.dtype.names == ("tag", "_pad_1", "code", "label")
    assert [opened.dtype.fields[field][1] for field in ("tag", "code", "label")] == [0, 4, 4]
    assert opened.dtype.itemsize == 12
    opened["tag"], opened["label"] = 1, b"wheel"
    opened[0]["tag"], opened["code"][0] = 0, 1 + 2j
    assert a.tobytes()[:12] == struct.pack("<B3x2f", 0, 1, 2)
    assert (opened[1]["tag"], opened[1]["label"]) == (1, b"wheel")
    opened[1] = opened[0]
    assert a.tobytes()[12:] == a.tobytes()[:12]
    assert Array(mem, "x", dtype=opened.dtype).dtype == opened.dtype


def test_an_array_of_variants_keeps_its_bytes_when_records_are_joined():
    # NumPy frees what it does not own when it joins records with an array of overlapping fields.
    from zeroipc._decode import decode
    from zeroipc._dtypes import dtype_of
    from zeroipc._types import ArrayType, Field, Scalar, ScalarType, StrType, StructType

    tag = Field("tag", 0, "", ScalarType(Scalar.u8))
    cases = (Field("small", 8, "", ScalarType(Scalar.f64)), Field("text", 8, "", StrType(8)))
    shapes = ArrayType(2, StructType("Shape", 16, 8, (tag, *cases)))
    drawing = StructType("Drawing", 32, 8, (Field("shapes", 0, "", shapes),))
    dtype = dtype_of(drawing)
    assert dtype["shapes"].base == np.dtype("V16")
    assert decode(dtype.metadata["zeroipc"]) == drawing
    records = np.frombuffer(bytes(range(96)), dtype)
    joined = np.concatenate([records, records[:1]])
    assert joined.tobytes() == bytes(range(96)) + bytes(range(32))


def test_an_array_outlives_everything(name):
    mem = Memory.create(name, 1 << 16)
    a = Array.create(mem, "x", 4, "u8")
    view = a[1:3]
    raw = memoryview(a)
    mem.close()
    Memory.unlink(name)
    del mem, a
    gc.collect()
    view[0] = 5
    assert view.tolist() == [5, 0]
    assert view.load(0) == 5
    assert raw[1] == 5
    del view
    gc.collect()
    assert raw[1] == 5


def test_the_memory_is_given_back(name):
    mem = Memory.create(name, 1 << 16)
    a = Array.create(mem, "x", 4, "u8")
    other = Memory(name)
    assert other.attachments() == 2
    mem.close()
    assert other.attachments() == 2
    element = a[0]
    del a, mem
    assert other.attachments() == 1
    assert element == 0


# Atomics.


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
def test_integers(mem, dtype):
    a = Array.create(mem, "x", 3, dtype)
    info = np.iinfo(dtype)
    kind = np.dtype(dtype).type
    a.store(1, info.max)
    assert a.tolist() == [0, info.max, 0]
    assert a.fetch_add(1, 1) == info.max
    assert a[1] == info.min, "whole numbers wrap around"
    assert a.fetch_sub(1, 1) == info.min
    assert a.load(1) == info.max
    assert type(a.load(1)) is kind
    assert a.exchange(-2, 12) == info.max
    assert a.fetch_and(1, 10) == 12
    assert a.fetch_or(1, 3) == 8
    assert a.fetch_xor(1, 1) == 11
    assert a.fetch_min(1, 20) == 10
    assert a.fetch_min(1, 3) == 10
    assert a.fetch_max(1, info.max) == 3
    assert a.fetch_max(1, info.min) == info.max
    assert a.compare_exchange(1, 5, 6) == (False, info.max)
    assert a.compare_exchange(1, info.max, info.min) == (True, info.max)
    assert a.compare_exchange(1, kind(info.min), kind(7)) == (True, info.min)
    assert a.tolist() == [0, 7, 0]
    for bad in (info.max + 1, info.min - 1):
        with pytest.raises(OverflowError, match=f"{bad} does not fit into {'iu'[info.min == 0]}{info.bits}"):
            a.store(0, bad)
    for bad in (1.5, "1", None):
        with pytest.raises(TypeError, match="is not a whole number"):
            a.fetch_add(0, bad)
    for index in (3, -4):
        with pytest.raises(IndexError, match="out of bounds of an array of 3 elements"):
            a.load(index)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_floats(mem, dtype):
    a = Array.create(mem, "x", 2, dtype)
    assert a.fetch_add(0, 1.5) == 0
    assert a.fetch_sub(0, 0.25) == 1.5
    assert a.load(0) == 1.25
    assert a.fetch_max(0, 2) == 1.25
    assert a.fetch_min(0, -1) == 2
    assert a.exchange(0, math.nan) == -1
    assert math.isnan(a.fetch_min(0, 3.0))
    assert a[0] == 3.0, "NaN loses to a number"
    a.fetch_max(0, math.nan)
    assert a[0] == 3.0
    a.fetch_add(0, math.inf)
    a.fetch_sub(0, math.inf)
    assert math.isnan(a[0])
    a.store(0, -0.0)
    assert a.compare_exchange(0, 0.0, 1.0)[0] is False, "compared by bits"
    assert a.compare_exchange(0, -0.0, 1.0)[0] is True
    for operation in ("fetch_and", "fetch_or", "fetch_xor"):
        with pytest.raises(TypeError, match=f"`{operation}` needs whole numbers"):
            getattr(a, operation)(0, 1)


def test_truth_values(mem):
    a = Array.create(mem, "x", 2, "?")
    a.store(0, True)
    assert bool(a.exchange(0, False)) is True
    assert a.compare_exchange(0, False, True) == (True, False)
    assert type(a.load(0)) is np.bool_
    with pytest.raises(TypeError, match="`fetch_add` needs numbers"):
        a.fetch_add(0, 1)


def test_atomics_need_one_dimension(mem):
    a = Array.create(mem, "x", 4, "(2,)u4")
    with pytest.raises(IndexError, match="one dimension, not 2"):
        a.load(0)
    a[1].store(1, 5)
    assert a[1, 1] == 5
    a.reshape(-1).fetch_add(3, 1)
    assert a[1, 1] == 6


def test_counters_of_many_processes(name, child):
    mem = Memory.create(name, 1 << 16)
    a = Array.create(mem, "n", 4, "i8")
    f = Array.create(mem, "f", 1, "f8")
    code = """
    mem = Memory(sys.argv[1])
    a, f = Array(mem, "n"), Array(mem, "f")
    for i in range(2000):
        a.fetch_add(0, 1)
        a.fetch_sub(1, 1)
        a.fetch_max(2, i)
        a.fetch_xor(3, 1 << (i % 60))
        f.fetch_add(0, 0.5)
    """
    children = [child(code, name) for _ in range(3)]
    for started in children:
        started.finish()
    assert a[:3].tolist() == [6000, -6000, 1999]
    assert f[0] == 3000
