"""Segments of the goldens through the runtime; the package is `full`, the argument ends their names."""

import sys

from full.fields import Sample, Samples
from full.imports import Bodies, Body
from full.variants import Drawing, Drawings, Shape
from zeroipc import Memory

END = sys.argv[1]


def what_is_written_is_seen_elsewhere() -> None:
    name = f"{Samples.NAME}_{END}"
    try:
        with Samples.create(name) as mine, Samples.open(name) as others:
            sample = Sample.from_array(mine.newest, 2)
            sample.celsius = 36.6
            sample.label = "warm"
            assert Sample.from_array(others.newest, 2).celsius == 36.6
            assert others.newest[2]["label"] == b"warm"
            mine.all.push(sample.record)
            popped = Sample(others.all.pop())
            assert popped == sample
            assert (popped.label, popped.celsius_or_none) == ("warm", 36.6)
            del sample, popped
    finally:
        Memory.unlink(name)


def variants_travel() -> None:
    name = f"{Drawings.NAME}_{END}"
    try:
        with Drawings.create(name) as mine, Drawings.open(name) as others:
            Shape.from_array(mine.shapes, 3).set_label("far")
            assert Shape.from_array(others.shapes, 3).label == "far"
            drawing = Drawing.new()
            Shape.from_array(drawing.shapes, 1).set_count(5)
            mine.drawings.push(drawing.record)
            assert Drawing(others.drawings.pop()) == drawing
    finally:
        Memory.unlink(name)


def imported_types_are_elements() -> None:
    name = f"{Bodies.NAME}_{END}"
    try:
        with Bodies.create(name) as mine, Bodies.open_or_create(name) as others:
            mine.bodies[0] = Body.new().record
            assert Body.from_array(others.bodies, 0).position.x == 1.0
    finally:
        Memory.unlink(name)


what_is_written_is_seen_elsewhere()
variants_travel()
imported_types_are_elements()
