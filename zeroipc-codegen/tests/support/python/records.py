"""What the classes over records do, with the goldens as the package `full`."""

import math
from collections.abc import Callable

import numpy as np
from full import constants, enums, everything, fields, imported, imports, numbers, variants


def refuses(error: type[Exception], action: Callable[[], object]) -> str:
    """Return what an action says that must be refused."""
    try:
        action()
    except error as refused:
        return str(refused)
    raise AssertionError(f"{error.__name__} is not raised")


def constants_are_values() -> None:
    assert constants.GRAVITY == 9.80665
    assert np.float32(constants.GRAVITY_F32) == constants.GRAVITY_F32
    assert math.isnan(constants.UNKNOWN)
    assert (constants.FAR, constants.LOW) == (math.inf, -math.inf)
    assert constants.GREETING == 'say "hello" \\ ??= äö'
    assert constants.ON is True


def defaults_are_written() -> None:
    sample = fields.Sample.new()
    assert (sample.celsius, sample.level, sample.count, sample.ready) == (21.5, -5, 16, True)
    assert sample.weights.tolist() == [0.25, 0.5, 1.0, -math.inf]
    assert sample.rows.tolist() == [[1, 2], [3, 4]]
    assert sample.label == 'a "b" \\ ä'
    assert (sample.big, sample.exact) == (2**64 - 1, -(2**63))
    assert (sample.stamp, sample.maybe) == (0, 0.0)
    outer = fields.Outer.new()
    assert outer.inner == sample
    assert fields.Sample.from_array(outer.more, 1) == sample
    assert numbers.Numbers.new().halves.tolist() == [0.0, 1.0, -65504.0]
    assert numbers.Numbers.new().narrow == 1 - 2.5j
    assert imports.Body.new().position.x == 1.0
    assert imports.Body.new().quality == imported.Quality.FIXED | imported.Quality.FILTERED


def nothing_is_none() -> None:
    sample = fields.Sample.new()
    assert sample.celsius_or_none == 21.5
    sample.celsius = math.nan
    assert sample.celsius_or_none is None
    sample.count = 0xFFFF
    assert sample.count_or_none is None
    sample.level = 0
    assert sample.level_or_none == 0
    file = enums.File.new()
    file.light = enums.Light.RED
    assert file.light_or_none is None
    half = numbers.Numbers.new()
    half.half = math.nan
    assert half.half_or_none is None


def ranges_are_checked_when_asked() -> None:
    sample = fields.Sample.new()
    assert sample.out_of_range() is None
    sample.celsius = -300.0
    assert sample.out_of_range() == "celsius"
    sample.celsius = math.nan
    assert sample.out_of_range() is None, "what means nothing is in every range"
    sample.weights[2] = 1.5
    assert sample.out_of_range() == "weights"
    sample.weights[2] = math.nan
    assert sample.out_of_range() == "weights"
    assert (fields.Sample.CELSIUS_MIN, fields.Sample.LAST_MAX) == (-273.15, 9)
    outer = fields.Outer.new()
    fields.Sample.from_array(outer.more, 1).last = 10
    assert outer.out_of_range() == "more[1].last"
    outer.inner.big = 0
    assert outer.out_of_range() == "inner.big"


def unknown_numbers_are_read() -> None:
    file = enums.File.new()
    assert file.colour is enums.Colour.GREEN
    file.colour = 99
    assert file.colour == 99
    assert not isinstance(file.colour, enums.Colour)
    file.access = enums.Access(0x4001)
    assert enums.Access.READ in file.access
    assert int(file.access) == 0x4001
    file.wide = enums.Wide.HIGH | enums.Wide.LOW
    assert int(file.wide) == 2**63 + 1
    assert enums.Light.is_known(300)
    assert not enums.Light.is_known(1)
    assert int(enums.Large.TOP) == 2**64 - 1


def what_does_not_fit_is_refused() -> None:
    sample = fields.Sample.new()
    before = sample.record.tobytes()
    said = refuses(ValueError, lambda: setattr(sample, "label", "ä" * 9))
    assert said == "the text has 18 bytes, and 16 fit", said
    refuses(ValueError, lambda: setattr(sample, "label", "a\0b"))
    refuses(OverflowError, lambda: setattr(sample, "letter", 256))
    refuses(OverflowError, lambda: setattr(sample, "letter", -1))
    refuses(OverflowError, lambda: setattr(sample, "tiny", 128))
    refuses(OverflowError, lambda: setattr(sample, "tiny", -129))
    refuses(TypeError, lambda: setattr(sample, "letter", 1.5))
    refuses(OverflowError, lambda: setattr(enums.File.new(), "colour", 256))
    refuses(TypeError, lambda: setattr(fields.Outer.new(), "inner", variants.Circle.new()))
    refuses(TypeError, lambda: variants.Circle(sample.record))
    refuses(TypeError, lambda: variants.Circle(np.zeros(1, variants.CIRCLE_DTYPE)))
    assert sample.record.tobytes() == before
    sample.tiny = 127
    sample.label = "0123456789abcdef"
    assert (sample.tiny, sample.label) == (127, "0123456789abcdef")


def texts_end_at_the_first_nul() -> None:
    sample = fields.Sample.new()
    sample.record["label"] = b"a\0b"
    assert sample.label == "a"
    sample.record["label"] = b"\xff\xfe"
    assert sample.label == "\ufffd\ufffd"
    inner = everything.Inner.new()
    inner.names = [b"ab", "cd"]
    assert inner.to_dict()["names"] == ["ab", "cd"]


def records_are_written_where_they_lie() -> None:
    array = np.zeros((2, 3), fields.OUTER_DTYPE)
    outer = fields.Outer.from_array(array, (1, 2))
    outer.plain = 7
    outer.inner.celsius = 3.5
    outer.inner.weights[1] = 0.5
    fields.Sample.from_array(outer.more, 1).level = 9
    assert array[1, 2]["plain"] == 7
    assert array[1, 2]["inner"]["celsius"] == 3.5
    assert array["inner"]["weights"][1, 2, 1] == 0.5
    assert array["more"]["level"][1, 2].tolist() == [0, 9]
    assert array[0, 0].tobytes() == bytes(fields.OUTER_SIZE)
    kept = outer.inner
    outer.inner = fields.Sample.new()
    assert kept.celsius == 21.5, "a part lies in the whole"
    copy = fields.Outer(outer.record.copy())
    assert copy == outer
    copy.plain = 8
    assert (copy != outer, outer.plain) == (True, 7)
    buffer = bytearray(8 + fields.SAMPLE_SIZE)
    sample = fields.Sample.from_buffer(buffer, 8)
    sample.letter = 0x41
    assert buffer[8 + 15] == 0x41
    fixed = fields.Sample.from_buffer(bytes(fields.SAMPLE_SIZE))
    refuses(ValueError, lambda: setattr(fixed, "letter", 1))


def numbers_keep_their_width() -> None:
    number = numbers.Numbers.new()
    number.half = 0.1
    number.wide = 1 + 2j
    number.singles = [1j, 2]
    number.grid[1, 0] = 3j
    assert number.half == float(np.float16(0.1))
    assert number.to_dict()["wide"] == 1 + 2j
    assert number.singles.dtype == np.complex64
    assert number.grid.tolist() == [[0, 0], [3j, 0]]
    assert number.out_of_range() is None
    number.half = 3.0
    assert number.out_of_range() == "half"


def variants_hold_one_case() -> None:
    array = np.zeros(3, variants.SHAPE_DTYPE)
    shape = variants.Shape.from_array(array, 1)
    assert (shape.tag, shape.circle, shape.label) == (variants.ShapeTag.NONE, None, None)
    circle = variants.Circle.new()
    circle.radius = 2.0
    shape.set_circle(circle)
    assert shape.circle == circle
    assert array["circle"]["radius"].tolist() == [0.0, 2.0, 0.0]
    assert shape.circle is not None
    shape.circle.x = 4.0
    assert array[1]["circle"]["x"] == 4.0
    shape.set_circle(shape.circle)
    assert shape.circle.x == 4.0
    shape.set_label("hello")
    assert (shape.tag, shape.label, shape.circle) == (variants.ShapeTag.LABEL, "hello", None)
    assert array[1].tobytes() == b"\x07" + bytes(7) + b"hello" + bytes(27), "the rest is zero"
    refuses(ValueError, lambda: shape.set_label("0123456789abc"))
    assert shape.label == "hello"
    shape.set_corners([[1, 2], [3, 4], [5, 6], [7, 8]])
    assert shape.to_dict() == {"tag": variants.ShapeTag.CORNERS, "corners": [[1, 2], [3, 4], [5, 6], [7, 8]]}
    shape.record["tag"] = 200
    assert (shape.tag, shape.corners, shape.to_dict()) == (200, None, {"tag": 200})
    assert variants.Shape.new_side(variants.Side.RIGHT).side is variants.Side.RIGHT
    shape.set_none()
    assert array.tobytes() == bytes(array.nbytes)
    assert variants.Signal.new_go().tag is variants.SignalTag.GO
    drawing = variants.Drawing.new()
    drawing.shapes = [shape.record, variants.Shape.new_count(3).record]
    assert variants.Shape.from_array(drawing.shapes, 1).count == 3
    variants.Shape.from_array(drawing.shapes, 0).set_count(4)
    assert drawing.record["shapes"].view(variants.SHAPE_DTYPE)["count"].tolist() == [4, 3]
    forest = variants.Tree.new_branch(drawing.shapes)
    assert forest.to_dict()["branch"] == drawing.to_dict()["shapes"]
    tree = variants.Tree.new_leaf(variants.Shape.new_label("x"))
    assert tree.leaf is not None
    assert tree.leaf.label == "x"
    assert "label='x'" in repr(tree.leaf)


def numpy_copies_all_bytes_of_variants() -> None:
    for dtype in (variants.SHAPE_DTYPE, variants.DRAWING_DTYPE, imports.BODY_DTYPE):
        array = np.zeros(4, dtype)
        array.view("u1")[:] = np.arange(array.nbytes) % 251
        raw = array.tobytes()
        target = np.zeros(4, dtype)
        target[:] = array
        assert target.tobytes() == raw
        target = np.zeros(4, dtype)
        target[2] = array[1]
        assert target[2].tobytes() == array[1].tobytes()
        for copy in (array.copy(), array[[0, 1, 2, 3]], array.take(range(4)), np.array(list(array), dtype)):
            assert (copy.dtype, copy.tobytes()) == (dtype, raw)
        for moved in (np.concatenate([array, array]), np.stack([array, array]).reshape(-1), np.append(array, array)):
            assert moved.astype(dtype).tobytes() == raw + raw
        assert np.where([True, False, True, False], array, array).astype(dtype).tobytes() == raw
        assert np.concatenate([array, array], dtype=dtype).tobytes() == raw + raw


def types_carry_their_descriptions() -> None:
    outer = everything.OUTER_DTYPE
    assert outer.itemsize == 184
    assert outer.metadata is not None
    assert outer.metadata["zeroipc"].startswith(b"\x05\x05Outer")
    assert np.zeros(3, outer).dtype.metadata == outer.metadata
    assert everything.LEVEL_DTYPE.metadata is not None
    assert everything.LEVEL_DTYPE.metadata["zeroipc"].startswith(b"\x04\x06\x00\x05Level")
    assert b"character" in fields.SAMPLE_DTYPE.metadata["zeroipc"], "segments record the old name"
    assert outer["pairs"].shape == (2, 3)
    assert everything.INNER_DTYPE["grid"].shape == (4, 3, 2)
    assert everything.Everything.NAME == '/every"thing\\?'
    assert imports.BODY_DTYPE["position"] is imported.VEC3_DTYPE


constants_are_values()
defaults_are_written()
nothing_is_none()
ranges_are_checked_when_asked()
unknown_numbers_are_read()
what_does_not_fit_is_refused()
texts_end_at_the_first_nul()
records_are_written_where_they_lie()
numbers_keep_their_width()
variants_hold_one_case()
numpy_copies_all_bytes_of_variants()
types_carry_their_descriptions()
