"""Clipping shapes to the rectangle of their image. Pure.

Boxes and polygons keep what lies inside, see `cutting`. A polyline keeps the inside of each segment, and
goes straight from where it left to where it comes back. Keypoints outside become not marked. Rotated boxes and ellipses
keep their angle and are drawn in along their own axes, see `turned`. A mask can't be clipped: its size is the image's
or it is wrong.
"""

from itertools import pairwise
from typing import Any

from penstock.annotations import cutting, turned
from penstock.annotations.cutting import Point, Window
from penstock.annotations.geometry import Shape, is_inside
from penstock.schema.model import Kind


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
            return cutting.polygon(shape, Window(0, 0, width, height)) or None
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


def _clip_polyline(line: list[float], width: float, height: float) -> Shape:
    points = list(zip(line[::2], line[1::2], strict=True))
    kept: list[Point] = []
    for a, b in pairwise(points):
        for point in cutting.segment(a, b, Window(0, 0, width, height)):
            if not kept or kept[-1] != point:
                kept.append(point)
    return [number for point in kept for number in point] if len(kept) >= 2 else None


def _clip_keypoints(points: list[float], width: float, height: float) -> Shape:
    kept: list[float] = []
    for x, y, v in zip(points[::3], points[1::3], points[2::3], strict=True):
        inside = 0 <= x <= width and 0 <= y <= height
        kept += [x, y, v] if inside or not v else [0.0, 0.0, 0.0]
    return kept if any(kept[2::3]) else None
