"""Turned boxes and ellipses against plain geometry: their outlines, and what fitting them into an image keeps."""

from math import cos, radians, sin

import pytest
from hypothesis import given

from penstock.annotations import geometry, turned
from penstock.annotations.turned import Turned
from strategies import HEIGHT, WIDTH
from strategies import turned as shapes


def pair(shape: list[float]) -> list[Turned]:
    return [turned.of("rotated_box", shape), turned.of("ellipse", shape)]


def outside(thing: Turned, x: float, y: float) -> float:
    """How far out a point is, in half-axes: 1 is on the edge."""
    c, s = cos(radians(thing.angle)), sin(radians(thing.angle))
    u = ((x - thing.cx) * c + (y - thing.cy) * s) / thing.a
    v = ((y - thing.cy) * c - (x - thing.cx) * s) / thing.b
    return (u * u + v * v) ** 0.5 if thing.is_round else max(abs(u), abs(v))


def test_the_angle_runs_clockwise_as_one_sees_it():
    bar = turned.of("rotated_box", [0, 4, 10, 2, 90])
    assert bar.outline() == [6.0, 0.0, 6.0, 10.0, 4.0, 10.0, 4.0, 0.0]
    assert turned.of("ellipse", [5, 5, 5, 1, 90]).outline()[:2] == [5.0, 10.0]


@given(shapes())
def test_the_outline_lies_on_the_edge_and_fills_the_bounds(shape: list[float]):
    for thing in pair(shape):
        ring = thing.outline()
        assert all(
            outside(thing, x, y) == pytest.approx(1, rel=1e-6) for x, y in zip(ring[::2], ring[1::2], strict=True)
        )
        x, y, w, h = thing.bounds
        bx, by, bw, bh = geometry.bounds("polygon", [[ring]])
        slack = 1e-6 + (0.003 * max(thing.a, thing.b) if thing.is_round else 0)
        assert (bx, by, bx + bw, by + bh) == pytest.approx((x, y, x + w, y + h), abs=slack)
        assert geometry.ring_area(ring) == pytest.approx(thing.area, rel=0.002)


@given(shapes())
def test_fitting_cuts_and_never_turns_or_grows(shape: list[float]):
    for thing in pair(shape):
        kept = turned.fit(thing, WIDTH, HEIGHT)
        if kept is None:
            continue
        assert kept.angle == thing.angle
        assert kept.a <= thing.a
        assert kept.b <= thing.b
        assert 0 <= kept.cx <= WIDTH
        assert 0 <= kept.cy <= HEIGHT
        if not thing.is_round:
            ring = kept.outline()
            assert all(outside(thing, x, y) <= 1 + 1e-6 for x, y in zip(ring[::2], ring[1::2], strict=True))


@given(shapes(inside=True))
def test_what_is_inside_stays(shape: list[float]):
    for thing in pair(shape):
        assert turned.fit(thing, WIDTH, HEIGHT) == thing


def test_a_bar_over_the_edge_loses_of_its_length_not_of_its_width():
    kept = turned.fit(turned.of("rotated_box", [40, 20, 40, 2, 10]), WIDTH, HEIGHT)
    assert kept is not None
    assert kept.b == 1
    assert 10 < kept.a < 15
