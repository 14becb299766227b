"""What is cut to pieces is all there: the pieces lie in their windows, and their areas and lengths add up."""

from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.annotations import cutting, geometry
from penstock.annotations.cutting import Window
from strategies import HEIGHT, WIDTH

radii = st.lists(st.integers(2, 20), min_size=3, max_size=12)
lines = st.lists(st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT)), min_size=2, max_size=6)
cuts = st.tuples(st.integers(1, WIDTH - 1), st.integers(1, HEIGHT - 1))


def star(radii: list[int], turn: float = 0.0, share: float = 1.0) -> list[float]:
    """A simple ring around the middle of the image, in whole and half pixels, so that corners lie on cuts too."""
    step = 2 * pi / len(radii)
    points = [(r * share * cos(turn + i * step), r * share * sin(turn + i * step)) for i, r in enumerate(radii)]
    return [n for x, y in points for n in (WIDTH / 2 + round(x * 4) / 4, HEIGHT / 2 + round(y * 4) / 4)]


def quarters(cut: tuple[int, int]) -> list[Window]:
    x, y = cut
    return [
        Window(0, 0, x, y),
        Window(x, 0, WIDTH - x, y),
        Window(0, y, x, HEIGHT - y),
        Window(x, y, WIDTH - x, HEIGHT - y),
    ]


def inside(numbers: list[float], window: Window) -> bool:
    x, y, w, h = window
    slack = 1e-9
    return all(x - slack <= n <= x + w + slack for n in numbers[::2]) and all(
        y - slack <= n <= y + h + slack for n in numbers[1::2]
    )


@given(radii, st.floats(0, 1), cuts, st.booleans())
@example([4, 4, 4, 4], 0.0, (WIDTH // 2, HEIGHT // 2), True)
@example([2, 3, 2, 7, 2, 2, 2], 0.0, (1, 25), True)  # a hole that comes back to the cut with one corner
def test_areas_of_pieces_add_up_to_the_whole(radii: list[int], turn: float, cut: tuple[int, int], hollow: bool) -> None:
    part = [star(radii, turn), star(radii, turn, 0.4)] if hollow else [star(radii, turn)]
    pieces = [(window, cutting.polygon([part], window)) for window in quarters(cut)]
    for window, found in pieces:
        for ring in (ring for piece in found for ring in piece):
            assert inside(ring, window)
    found = sum(geometry.area("polygon", shape) for _, shape in pieces)
    assert found == pytest.approx(geometry.area("polygon", [part]), abs=1e-6)


def test_a_part_that_leaves_and_comes_back_falls_into_two() -> None:
    fork: Any = [0, 0, 10, 0, 10, 2, 2, 2, 2, 6, 10, 6, 10, 8, 0, 8]
    assert cutting.polygon([[fork]], Window(4, 0, 10, 10)) == [
        [[4, 0, 10, 0, 10, 2, 4, 2]],
        [[4, 6, 10, 6, 10, 8, 4, 8]],
    ]


def test_a_hole_that_is_crossed_becomes_part_of_the_outline() -> None:
    frame: Any = [[0, 0, 10, 0, 10, 10, 0, 10], [2, 2, 8, 2, 8, 8, 2, 8]]
    assert cutting.polygon([frame], Window(0, 0, 5, 10)) == [[[0, 0, 5, 0, 5, 2, 2, 2, 2, 8, 5, 8, 5, 10, 0, 10]]]
    [[outline, hole]] = cutting.polygon([frame], Window(0, 0, 9, 10))
    assert hole == frame[1]
    assert geometry.ring_area(outline) == 90
    assert cutting.polygon([frame], Window(3, 3, 4, 4)) == []


@given(lines, cuts)
def test_lengths_of_stretches_add_up_to_the_whole(line: list[tuple[int, int]], cut: tuple[int, int]) -> None:
    flat = [float(n) for point in line for n in point]
    along = {(a, b) for a, b in pairwise(line) if (a[0] == b[0] == cut[0]) or (a[1] == b[1] == cut[1])}
    found = 0.0
    for window in quarters(cut):
        for stretch in cutting.polyline(flat, window):
            assert inside(stretch, window)
            found += length(stretch)
    if not along:  # what runs on the cut itself is on both sides of it
        assert found == pytest.approx(length(flat), abs=1e-6)


def length(line: list[float]) -> float:
    points = list(zip(line[::2], line[1::2], strict=True))
    return sum(hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(points))
