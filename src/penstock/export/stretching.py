"""Shapes of an image that is given another size, or put on a larger one. Pure.

A rotated box that is stretched more one way than the other is no rectangle any more: it becomes the smallest one around
its corners. An ellipse stays one. A mask keeps the pixels that are at least half covered.
"""

from math import atan2, cos, degrees, hypot, radians, sin, sqrt
from typing import Any

from PIL import Image

from penstock.annotations import rle, turned
from penstock.annotations.rle import Mask
from penstock.formats import outlines
from penstock.schema.model import Kind

_HALF = 128


def stretched(kind: Kind, shape: Any, before: tuple[int, int], after: tuple[int, int]) -> Any:
    """A shape of an image of a size (width, height) in the same image at another; None of a mask that vanishes."""
    if before == after:
        return shape
    x, y = after[0] / before[0], after[1] / before[1]
    match kind:
        case "tag":
            return shape
        case "mask":
            return _mask(shape, after)
        case "polygon":
            return [[_flat(ring, x, y) for ring in part] for part in shape]
        case "keypoints":
            return [n * (x, y, 1)[i % 3] for i, n in enumerate(shape)]
        case "rotated_box":
            return _rotated_box(shape, x, y)
        case "ellipse":
            return _ellipse(shape, x, y)
        case _:
            return _flat(shape, x, y)


def keeps_corners(kind: Kind, shape: Any, x: float, y: float) -> bool:
    """Whether a rotated box that is stretched so is still a rectangle."""
    return kind != "rotated_box" or outlines.turned_from_corners(_corners(shape, x, y)) is not None


def moved(kind: Kind, shape: Any, dx: float, dy: float) -> Any:
    """A shape moved to the right and down. Masks have no coordinates to move, see `placed`."""
    match kind:
        case "tag" | "mask":
            return shape
        case "polygon":
            return [[moved("polyline", ring, dx, dy) for ring in part] for part in shape]
        case "keypoints":
            return [n + (dx, dy, 0)[i % 3] if shape[i - i % 3 + 2] else n for i, n in enumerate(shape)]
        case "box" | "rotated_box" | "ellipse":
            return [shape[0] + dx, shape[1] + dy, *shape[2:]]
        case _:
            return [n + (dx, dy)[i % 2] for i, n in enumerate(shape)]


def placed(kind: Kind, shape: Any, left: int, top: int, size: tuple[int, int]) -> Any:
    """A shape of an image that lies on a larger one of a size (width, height)."""
    if kind != "mask":
        return moved(kind, shape, left, top)
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    height, width = shape.size
    whole = np.zeros((size[1], size[0]), dtype=np.bool_)
    whole[top : top + height, left : left + width] = rle.pixels(shape)
    return rle.from_pixels(whole)


def _flat(numbers: list[float], x: float, y: float) -> list[float]:
    return [n * (x, y)[i % 2] for i, n in enumerate(numbers)]


def _corners(shape: list[float], x: float, y: float) -> list[float]:
    return _flat(turned.of("rotated_box", shape).outline(), x, y)


def _rotated_box(shape: list[float], x: float, y: float) -> list[float]:
    corners = _corners(shape, x, y)
    found = outlines.turned_from_corners(corners)
    return found or outlines.turned_box(zip(corners[::2], corners[1::2], strict=True))


def _ellipse(shape: list[float], x: float, y: float) -> list[float]:
    """The ellipse that a stretched one is: the axes of its matrix, the first nearest to where the first one was."""
    cx, cy, a, b, angle = shape
    c, s = turned.of("ellipse", shape).axis
    along, across = (a * c * x, a * s * y), (-b * s * x, b * c * y)
    p = along[0] ** 2 + across[0] ** 2
    q = along[0] * along[1] + across[0] * across[1]
    r = along[1] ** 2 + across[1] ** 2
    spread = hypot(p - r, 2 * q)
    if spread <= 1e-12 * (p + r):  # a circle has no axes of its own
        return [cx * x, cy * y, sqrt(p), sqrt(p), angle]
    long, short = sqrt((p + r + spread) / 2), sqrt(max((p + r - spread) / 2, 0.0))
    tilt = atan2(2 * q, p - r) / 2
    if abs(cos(tilt) * along[0] + sin(tilt) * along[1]) < abs(cos(tilt) * along[1] - sin(tilt) * along[0]):
        long, short, tilt = short, long, tilt + radians(90)
    turns = round((angle - degrees(tilt)) / 180)
    return [cx * x, cy * y, long, short, degrees(tilt) + 180 * turns]


def _mask(mask: Mask, size: tuple[int, int]) -> Mask | None:
    import numpy as np  # noqa: PLC0415 lazy

    drawn = Image.fromarray(rle.pixels(mask).astype(np.uint8) * 255)
    kept = np.asarray(drawn.resize(size, Image.Resampling.BOX)) >= _HALF
    return rle.from_pixels(kept) if kept.any() else None
