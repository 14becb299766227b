"""Shapes as other shapes: outlines of masks, rings joined to one, the smallest turned box around points. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import atan2, cos, degrees, hypot, sin

from penstock.annotations import rle
from penstock.annotations.geometry import Polygon, Ring, ring_area
from penstock.annotations.rle import Mask

_Corner = tuple[int, int]


def of_mask(mask: Mask) -> Polygon:
    """The edges of a mask's pixels as parts with holes: the very same pixels. Parts that touch at a corner are two."""
    follow = _edges(mask)
    outer: list[tuple[float, Ring]] = []
    holes: list[tuple[Ring, tuple[float, float]]] = []
    while follow:
        corners, beside = _loop(follow)
        ring = [float(n) for corner in corners for n in corner]
        if _signed(ring) > 0:
            outer.append((ring_area(ring), ring))
        else:
            holes.append((ring, beside))
    outer.sort(key=lambda pair: pair[0])
    parts: list[list[Ring]] = [[ring] for _, ring in outer]
    for hole, beside in holes:
        # The innermost outline around the pixel beside the hole.
        next(part for part in parts if _holds(part[0], *beside)).append(hole)
    return parts


def _edges(mask: Mask) -> dict[_Corner, list[_Corner]]:
    """The directed edges around a mask, by where they begin; the mask is to their right."""
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    inside = np.pad(rle.pixels(mask), 1)
    follow: dict[_Corner, list[_Corner]] = {}
    sides = (  # where the neighbour is, and from which corner of the pixel to which
        ((-1, 0), (0, 0), (1, 0)),
        ((0, 1), (1, 0), (1, 1)),
        ((1, 0), (1, 1), (0, 1)),
        ((0, -1), (0, 1), (0, 0)),
    )
    for (down, right), start, end in sides:
        bare = inside & ~np.roll(inside, (-down, -right), (0, 1))
        ys, xs = np.nonzero(bare)
        for x, y in zip((xs - 1).tolist(), (ys - 1).tolist(), strict=True):
            follow.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    return follow


def _loop(follow: dict[_Corner, list[_Corner]]) -> tuple[list[_Corner], tuple[float, float]]:
    """Take one closed line out of the edges: its corners, and the centre of a pixel of the mask beside it."""
    first = at = next(iter(follow))
    way = follow[first][0]
    dx, dy = way[0] - at[0], way[1] - at[1]
    beside = (at[0] + (dx - dy) / 2, at[1] + (dy + dx) / 2)
    corners = [first]
    while True:
        follow[at].remove(way)
        if not follow[at]:
            del follow[at]
        dx, dy = way[0] - at[0], way[1] - at[1]
        at, ways = way, follow.get(way, [])
        right = (at[0] - dy, at[1] + dx)
        if right not in ways and at == first:
            return _without_straight(corners), beside
        # Where two pixels touch at a corner, turning right leads around the same pixel.
        way = right if right in ways else ways[0]
        if (way[0] - at[0], way[1] - at[1]) != (dx, dy):
            corners.append(at)


def _without_straight(corners: list[_Corner]) -> list[_Corner]:
    """Without a first corner that is on a straight line."""
    a, b, c = corners[-1], corners[0], corners[1]
    return corners[1:] if (b[0] - a[0]) * (c[1] - b[1]) == (b[1] - a[1]) * (c[0] - b[0]) else corners


def _signed(ring: Ring) -> float:
    xs, ys = ring[::2], ring[1::2]
    pairs = zip(xs, ys, xs[1:] + xs[:1], ys[1:] + ys[:1], strict=True)
    return sum(x * q - p * y for x, y, p, q in pairs) / 2


def _holds(ring: Ring, x: float, y: float) -> bool:
    inside = False
    corners = [*_points(ring), (ring[0], ring[1])]
    for (ax, ay), (bx, by) in pairwise(corners):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


def _points(ring: Sequence[float]) -> Iterator[tuple[float, float]]:
    return zip(ring[::2], ring[1::2], strict=True)


def as_one_ring(polygon: Polygon) -> Ring:
    """Parts and holes as one ring, joined by lines of no width where they are nearest: the same area."""
    ring: Ring = []
    for part in polygon:
        for n, one in enumerate(part):
            right = list(one) if (_signed(one) > 0) == (n == 0) else _backwards(one)
            ring = _joined(ring, right) if ring else right
    return ring


def _backwards(ring: Ring) -> Ring:
    return [n for point in reversed(list(_points(ring))) for n in point]


def _joined(a: Ring, b: Ring) -> Ring:
    """Ring `a`, with `b` hung in where they are nearest."""
    i, j = _nearest(a, b)
    around = b[2 * j :] + b[: 2 * j] + b[2 * j : 2 * j + 2]
    return a[: 2 * i + 2] + around + a[2 * i :]


_MOST_PAIRS = 4_000_000


def _nearest(a: Ring, b: Ring) -> tuple[int, int]:
    import numpy as np  # noqa: PLC0415 lazy

    step = max(1, len(a) * len(b) // 4 // _MOST_PAIRS)
    one, other = np.asarray(a).reshape(-1, 2)[::step], np.asarray(b).reshape(-1, 2)
    if len(one) * len(other) > _MOST_PAIRS:
        other = other[:1]
    distances = ((one[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)
    i, j = divmod(int(distances.argmin()), len(other))
    return i * step, j


def turned_box(points: Iterable[tuple[float, float]]) -> list[float]:
    """The smallest `[x, y, width, height, angle]` around points. Four corners of a rectangle give that rectangle."""
    hull = _hull(sorted(set(points)))
    best: tuple[float, list[float]] | None = None
    for (ax, ay), (bx, by) in pairwise([*hull, hull[0]]):
        length = hypot(bx - ax, by - ay)
        if not length:
            continue
        c, s = (bx - ax) / length, (by - ay) / length
        along = [x * c + y * s for x, y in hull]
        across = [y * c - x * s for x, y in hull]
        w, h = max(along) - min(along), max(across) - min(across)
        if best is None or w * h < best[0] - 1e-9:
            u, v = (max(along) + min(along)) / 2, (max(across) + min(across)) / 2
            cx, cy = u * c - v * s, u * s + v * c
            best = (w * h, [cx - w / 2, cy - h / 2, w, h, degrees(atan2(s, c))])
    return best[1] if best else [*hull[0], 0.0, 0.0, 0.0]


def turned_from_corners(corners: Sequence[float]) -> list[float] | None:
    """Four corners in their order as `[x, y, width, height, angle]`; None when they are no rectangle."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = _points(corners)
    w, h = hypot(bx - ax, by - ay), hypot(cx - bx, cy - by)
    slack = max(w, h) * 1e-3 + 0.01
    same_middle = hypot(ax + cx - bx - dx, ay + cy - by - dy) / 2
    same_length = abs(hypot(cx - ax, cy - ay) - hypot(dx - bx, dy - by))
    if min(w, h) <= 0 or max(same_middle, same_length) > slack:
        return None
    if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) < 0:  # the other way round: start from the next corner
        return turned_from_corners([bx, by, ax, ay, dx, dy, cx, cy])
    mx, my = (ax + cx) / 2, (ay + cy) / 2
    return [mx - w / 2, my - h / 2, w, h, degrees(atan2(by - ay, bx - ax))]


def turned_about_corner(x: float, y: float, w: float, h: float, angle: float) -> list[float]:
    """A box that was turned about its upper left corner, by degrees, as `[x, y, width, height, angle]`."""
    t = angle * 3.141592653589793 / 180
    c, s = cos(t), sin(t)
    return [x + (w * c - h * s - w) / 2, y + (w * s + h * c - h) / 2, w, h, angle]


def _hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of the convex hull (Andrew's monotone chain)."""
    if len(points) < 3:
        return points

    def half(ordered: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        found: list[tuple[float, float]] = []
        for x, y in ordered:
            while len(found) > 1:
                (ax, ay), (bx, by) = found[-2], found[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                found.pop()
            found.append((x, y))
        return found[:-1]

    return half(points) + half(reversed(points))
