"""Shapes as other shapes: the same pixels, the same area, the same rectangle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.annotations import geometry, rle, turned
from penstock.formats import outlines
from strategies import numbers

pixels = st.integers(1, 7).flatmap(
    lambda w: st.lists(st.lists(st.booleans(), min_size=w, max_size=w), min_size=1, max_size=7)
)


def filled(polygon: geometry.Polygon, height: int, width: int) -> "np.ndarray":
    """The pixels whose centres are in a polygon, by crossings."""
    inside = np.zeros((height, width), dtype=bool)
    for y in range(height):
        for x in range(width):
            for part in polygon:
                for ring in part:
                    if outlines._holds(ring, x + 0.5, y + 0.5):
                        inside[y, x] ^= True
    return inside


@given(pixels)
def test_the_outline_of_a_mask_has_its_pixels(rows: list[list[bool]]):
    array = np.array(rows)
    polygon = outlines.of_mask(rle.from_pixels(array))
    assert (filled(polygon, *array.shape) == array).all()
    assert (geometry.area("polygon", polygon) if polygon else 0) == array.sum()
    one = [[outlines.as_one_ring(polygon)]] if polygon else []
    assert (filled(one, *array.shape) == array).all()
    assert (geometry.area("polygon", one) if one else 0) == array.sum()


def test_pixels_that_touch_at_a_corner_are_two_parts():
    polygon = outlines.of_mask(rle.from_pixels(np.array([[1, 0], [0, 1]])))
    assert sorted(map(len, polygon)) == [1, 1]


@given(numbers(0, 50), numbers(0, 50), numbers(1, 50), numbers(1, 50), st.floats(-359, 359))
def test_four_corners_are_the_box_that_they_were(x: float, y: float, w: float, h: float, angle: float):
    given = turned.of("rotated_box", [x, y, w, h, angle])
    for found in (
        outlines.turned_from_corners(given.outline()),
        outlines.turned_box(list(outlines._points(given.outline()))),
    ):
        assert found is not None
        again = turned.of("rotated_box", found)
        assert again.area == pytest.approx(given.area)
        assert again.bounds == pytest.approx(given.bounds, abs=1e-6)


def test_other_corners_are_no_rectangle():
    assert outlines.turned_from_corners([0, 0, 9, 0, 7, 5, 0, 5]) is None
    assert outlines.turned_from_corners([0, 0, 0, 0, 0, 0, 0, 0]) is None
    assert outlines.turned_box([(1, 1)]) == [1, 1, 0, 0, 0]


def test_a_box_that_turns_about_its_corner():
    x, y, w, h, angle = outlines.turned_about_corner(10, 10, 4, 2, 90)
    assert turned.of("rotated_box", [x, y, w, h, angle]).bounds == pytest.approx((8, 10, 2, 4))
