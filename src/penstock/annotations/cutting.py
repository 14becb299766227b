"""Cutting polygons and lines along the edges of a rectangle, into as many pieces as there are. Pure.

A polygon is cut edge by edge: what crosses an edge is closed along it between the first and the second crossing, the
third and the fourth, and so on. So a part falls into several where it leaves and comes back, a hole that is crossed
becomes part of the outline, and what is left of simple rings is simple: the pieces' areas add up to the whole's.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from penstock.annotations.geometry import Ring, ring_area

Part = list[Ring]
Point = tuple[float, float]


class Window(NamedTuple):
    """A rectangle of an image, in its pixels."""

    x: float
    y: float
    width: float
    height: float


class _Edge(NamedTuple):
    """One edge of a window: inside is where `sign` times the distance is above 0."""

    axis: int
    at: float
    sign: int

    def depth(self, point: Point) -> float:
        return (point[self.axis] - self.at) * self.sign

    def crossing(self, a: Point, b: Point) -> Point:
        share = (self.at - a[self.axis]) / (b[self.axis] - a[self.axis])
        other = a[1 - self.axis] + share * (b[1 - self.axis] - a[1 - self.axis])
        return (self.at, other) if self.axis == 0 else (other, self.at)


def _edges(window: Window) -> tuple[_Edge, ...]:
    x, y, width, height = window
    return (_Edge(0, x, 1), _Edge(0, x + width, -1), _Edge(1, y, 1), _Edge(1, y + height, -1))


def polygon(shape: Iterable[Part], window: Window) -> list[Part]:
    """The parts of a polygon inside a window; none when no area is left."""
    parts = [[_points(ring) for ring in part] for part in shape]
    for edge in _edges(window):
        parts = [piece for part in parts for piece in _halved(part, edge)]
    flat = [[_flat(ring) for ring in part] for part in parts]
    return [[ring for ring in part if ring_area(ring)] for part in flat if ring_area(part[0])]


def _points(ring: Sequence[float]) -> list[Point]:
    return list(zip(ring[::2], ring[1::2], strict=True))


def _flat(ring: Iterable[Point]) -> Ring:
    return [number for point in ring for number in point]


class _Chain(NamedTuple):
    """A stretch of a ring inside an edge, from one crossing to the next."""

    points: list[Point]
    first: int  #: the earliest corner of its ring that it has, so that what is left begins where the ring did
    start: int  #: where among `points` that is


def _halved(part: list[list[Point]], edge: _Edge) -> Iterator[list[list[Point]]]:
    """What is left of one part on the inner side of an edge: the outline first, then its holes."""
    outlines: list[list[list[Point]]] = []
    holes: list[list[Point]] = []
    chains: list[_Chain] = []
    for n, ring in enumerate(part):
        depths = [edge.depth(point) for point in ring]
        if min(depths) >= 0:
            if n == 0:
                outlines.append([ring])
            else:
                holes.append(ring)
        elif max(depths) > 0:
            chains += _chains(ring, depths, edge)
    # What is closed along the edge has the polygon beside that edge, so within: an outline, if only of holes' sides.
    outlines += [[ring] for ring in _closed(chains, edge)]
    for ring in holes if outlines else ():
        max(outlines, key=lambda outline: sum(_holds(outline[0], point) for point in ring)).append(ring)
    yield from outlines


def _chains(ring: list[Point], depths: list[float], edge: _Edge) -> Iterator[_Chain]:
    """The stretches of a ring that lie inside, each with the crossings before and after it."""
    count = len(ring)
    outside = next(i for i in range(count) if depths[i] <= 0)
    points: list[Point] = []
    first = start = 0
    for step in range(1, count + 1):
        i = (outside + step) % count
        before, here = ring[i - 1], ring[i]
        if depths[i] > 0:
            if not points:
                points, first, start = [edge.crossing(before, here)], i, 0
            if i == 0:
                first, start = 0, len(points)
            points.append(here)
        elif points:
            yield _Chain([*points, edge.crossing(before, here)], first, start)
            points = []


def _closed(chains: list[_Chain], edge: _Edge) -> Iterator[list[Point]]:
    """The rings that chains make when their ends are joined along the edge, two and two."""
    ends = [(n, last) for n in range(len(chains)) for last in (False, True)]
    ends.sort(key=lambda end: _along(chains[end[0]], edge, last=end[1]))
    mates = dict(zip(ends[::2], ends[1::2], strict=True))
    mates |= {b: a for a, b in mates.items()}
    left = dict.fromkeys(sorted(range(len(chains)), key=lambda n: chains[n].first))
    while left:
        n, forward = next(iter(left)), True
        start, points = chains[n].start, list[Point]()
        while n in left:
            del left[n]
            points += chains[n].points if forward else chains[n].points[::-1]
            n, last = mates[n, forward]
            forward = not last
        points = points[start:] + points[:start]
        yield [point for i, point in enumerate(points) if point != points[i - 1]]


def _along(chain: _Chain, edge: _Edge, *, last: bool) -> tuple[float, float]:
    """Where an end of a chain is on the edge; of ends at one place, which is first a hair further in."""
    end, beside = (chain.points[-1], chain.points[-2]) if last else (chain.points[0], chain.points[1])
    at = end[1 - edge.axis]
    return at, (beside[1 - edge.axis] - at) / edge.depth(beside)


def _holds(ring: Sequence[Point], point: Point) -> bool:
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


def polyline(line: Sequence[float], window: Window) -> list[list[float]]:
    """The stretches of a line inside a window, in its order."""
    stretches: list[list[Point]] = []
    for a, b in pairwise(_points(line)):
        inside = segment(a, b, window)
        if not inside:
            continue
        first, last = inside
        if stretches and stretches[-1][-1] == first:
            stretches[-1].append(last)
        else:
            stretches.append([first, last])
    return [_flat(stretch) for stretch in map(_without_twins, stretches) if len(stretch) > 1]


def segment(a: Point, b: Point, window: Window) -> tuple[Point, ...]:
    """The two ends of a segment's inside part, by Liang-Barsky; nothing when it misses the window."""
    left, top, width, height = window
    right, bottom = left + width, top + height
    dx, dy = b[0] - a[0], b[1] - a[1]
    start, end = 0.0, 1.0
    for slope, room in ((-dx, a[0] - left), (dx, right - a[0]), (-dy, a[1] - top), (dy, bottom - a[1])):
        if slope == 0:
            if room < 0:
                return ()
        elif slope < 0:
            start = max(start, room / slope)
        else:
            end = min(end, room / slope)
    if start > end:
        return ()

    def into(share: float) -> Point:
        """A crossing moved by its rounding error, so that it is never outside."""
        return (min(max(a[0] + share * dx, left), right), min(max(a[1] + share * dy, top), bottom))

    return (a if start == 0 else into(start), b if end == 1 else into(end))


def _without_twins(points: list[Point]) -> list[Point]:
    return [point for i, point in enumerate(points) if not i or point != points[i - 1]]
