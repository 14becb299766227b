"""Strategies: shapes of every kind that an image of some size can hold, or that may be anywhere."""

import math
from collections.abc import Iterable
from itertools import pairwise

from hypothesis import strategies as st

from penstock.annotations import rle

WIDTH, HEIGHT = 64, 48


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.one_of(
        st.integers(math.ceil(low), int(high)).map(float), st.floats(low, high, allow_nan=False, allow_infinity=False)
    )


def points(low: float, x: float, y: float, least: int, most: int = 6) -> st.SearchStrategy[list[float]]:
    pairs = st.lists(st.tuples(numbers(low, x), numbers(low, y)), min_size=least, max_size=most)
    return pairs.map(lambda found: [n for pair in found for n in pair])


def boxes(inside: bool = False) -> st.SearchStrategy[list[float]]:
    if not inside:
        sides = numbers(0.01, 500)
        return st.tuples(numbers(-200, 200), numbers(-200, 200), sides, sides).map(list)
    return st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.floats(0.01, 1), st.floats(0.01, 1)).map(
        lambda b: [float(b[0]), float(b[1]), b[2] * (WIDTH - b[0]), b[3] * (HEIGHT - b[1])]
    )


def turned(inside: bool = False) -> st.SearchStrategy[list[float]]:
    """Rotated boxes and ellipses alike: two positions, two sizes and an angle."""
    if inside:
        middles, sides = st.tuples(numbers(22, WIDTH - 22), numbers(22, HEIGHT - 22)), st.floats(0.01, 11)
    else:
        middles, sides = st.tuples(numbers(-100, 200), numbers(-100, 200)), numbers(0.01, 300)
    angles = st.one_of(st.sampled_from([0.0, 90.0, -90.0, 180.0, 270.0, 45.0]), st.floats(-360, 360))
    return st.tuples(middles, sides, sides, angles).map(lambda t: [*t[0], *t[1:]])


def rings(inside: bool = False) -> st.SearchStrategy[list[float]]:
    return points(0 if inside else -100, WIDTH if inside else 200, HEIGHT if inside else 200, 3)


def polygons(inside: bool = False, holes: bool = True) -> st.SearchStrategy[list[list[list[float]]]]:
    part = st.lists(rings(inside), min_size=1, max_size=2 if holes else 1)
    return st.lists(part, min_size=1, max_size=2)


def masks(height: int = HEIGHT, width: int = WIDTH) -> st.SearchStrategy[rle.Mask]:
    cuts = st.lists(st.integers(0, height * width), min_size=1, max_size=12).map(sorted)

    def runs(cuts: list[int]) -> list[int]:
        edges = [0, *cuts, height * width]
        found = [b - a for a, b in pairwise(edges)]
        return found if sum(found[1::2]) else [0, height * width]

    return cuts.map(lambda found: rle.Mask((height, width), rle.compress(runs(found))))


def keypoints(n: int = 3, inside: bool = False) -> st.SearchStrategy[list[float]]:
    low, high = (0, HEIGHT) if inside else (-100, 200)
    point = st.tuples(numbers(low, high), numbers(low, high), st.sampled_from([0.0, 1.0, 2.0]))
    flat = st.lists(point, min_size=n, max_size=n).map(lambda found: [v for p in found for v in p])
    return flat.filter(lambda shape: any(shape[2::3]))


def drawn(
    inside: bool = False, holes: bool = True, kinds: Iterable[str] | None = None
) -> st.SearchStrategy[tuple[str, object]]:
    """A kind and a shape of it."""
    low, high = (0, HEIGHT) if inside else (-100, 200)
    by_kind: dict[str, st.SearchStrategy[object]] = {
        "tag": st.none(),
        "box": boxes(inside),
        "rotated_box": turned(inside),
        "ellipse": turned(inside),
        "polygon": polygons(inside, holes),
        "polyline": points(low, high, high, 2),
        "point": points(low, high, high, 1, 1),
        "keypoints": keypoints(3, inside),
        "mask": masks(),
    }
    return st.one_of([st.tuples(st.just(kind), by_kind[kind]) for kind in kinds or by_kind])
