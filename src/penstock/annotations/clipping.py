"""Clipping shapes to the rectangle of their image. Pure.

Boxes and polygons keep what lies inside (rings by Sutherland-Hodgman). A polyline keeps the inside of each segment, and
goes straight from where it left to where it comes back. Keypoints outside become not marked. Rotated boxes and ellipses
keep their angle and are drawn in along their own axes, see `turned`. A mask can't be clipped: its size is the image's
or it is wrong.
"""

from itertools import pairwise
from typing import Any

from penstock.annotations import turned
from penstock.annotations.geometry import Ring, Shape, is_inside, ring_area
from penstock.schema.model import Kind

Point = tuple[float, float]


def clip(kind: Kind, shape: Any, width: float, height: float) -> Shape:
    """The part of a shape inside an image of this size; None when nothing is left (or for a tag)."""
    if is_inside(kind, shape, width, height):
        return shape
    match kind:
        case "box":
            return _clip_box(shape, width, height)
        case "rotated_box" | "ellipse":
            fitted = turned.fit(turned.of(kind, shape), width, height)
            return fitted and fitted.geometry()
        case "polygon":
            return _clip_polygon(shape, width, height)
        case "polyline":
            return _clip_polyline(shape, width, height)
        case "keypoints":
            return _clip_keypoints(shape, width, height)
        case _:
            return None


def _clip_box(box: list[float], width: float, height: float) -> Shape:
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    right, bottom = min(box[0] + box[2], width), min(box[1] + box[3], height)
    return [left, top, right - left, bottom - top] if right > left and bottom > top else None


def _clip_polygon(polygon: list[list[Ring]], width: float, height: float) -> Shape:
    parts: list[list[Ring]] = []
    for part in polygon:
        rings = [clip_ring(ring, width, height) for ring in part]
        if rings[0]:
            parts.append([ring for ring in rings if ring])
    return parts or None


def clip_ring(ring: Ring, width: float, height: float) -> Ring:
    """A ring cut to the rectangle, by Sutherland-Hodgman; empty when no area is left."""
    points = list(zip(ring[::2], ring[1::2], strict=True))
    for axis, edge, sign in ((0, 0.0, 1), (0, float(width), -1), (1, 0.0, 1), (1, float(height), -1)):
        points = _cut(points, axis, edge, sign)
    flat = [number for point in points for number in point]
    return flat if len(points) >= 3 and ring_area(flat) > 0 else []


def _cut(points: list[Point], axis: int, edge: float, sign: int) -> list[Point]:
    kept: list[Point] = []
    for i, here in enumerate(points):
        before = points[i - 1]
        here_in = (here[axis] - edge) * sign >= 0
        if here_in != ((before[axis] - edge) * sign >= 0):
            kept.append(_crossing(before, here, axis, edge))
        if here_in:
            kept.append(here)
    return [point for i, point in enumerate(kept) if point != kept[i - 1]] if len(kept) > 1 else kept


def _crossing(a: Point, b: Point, axis: int, edge: float) -> Point:
    share = (edge - a[axis]) / (b[axis] - a[axis])
    other = a[1 - axis] + share * (b[1 - axis] - a[1 - axis])
    return (edge, other) if axis == 0 else (other, edge)


def _clip_polyline(line: list[float], width: float, height: float) -> Shape:
    points = list(zip(line[::2], line[1::2], strict=True))
    kept: list[Point] = []
    for a, b in pairwise(points):
        for point in _segment_inside(a, b, width, height):
            if not kept or kept[-1] != point:
                kept.append(point)
    return [number for point in kept for number in point] if len(kept) >= 2 else None


def _segment_inside(a: Point, b: Point, width: float, height: float) -> tuple[Point, ...]:
    """The two ends of a segment's inside part, by Liang-Barsky; nothing when it misses the rectangle."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    start, end = 0.0, 1.0
    for slope, room in ((-dx, a[0]), (dx, width - a[0]), (-dy, a[1]), (dy, height - a[1])):
        if slope == 0:
            if room < 0:
                return ()
        elif slope < 0:
            start = max(start, room / slope)
        else:
            end = min(end, room / slope)
    if start > end:
        return ()
    first = a if start == 0 else _into(a[0] + start * dx, a[1] + start * dy, width, height)
    last = b if end == 1 else _into(a[0] + end * dx, a[1] + end * dy, width, height)
    return (first, last)


def _into(x: float, y: float, width: float, height: float) -> Point:
    """A crossing moved by its rounding error, so that it is never outside."""
    return (min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height)))


def _clip_keypoints(points: list[float], width: float, height: float) -> Shape:
    kept: list[float] = []
    for x, y, v in zip(points[::3], points[1::3], points[2::3], strict=True):
        inside = 0 <= x <= width and 0 <= y <= height
        kept += [x, y, v] if inside or not v else [0.0, 0.0, 0.0]
    return kept if any(kept[2::3]) else None
