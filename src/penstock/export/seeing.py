"""What is seen of a shape through a window of its image: the part inside, and which share that is. Pure."""

from itertools import pairwise
from math import hypot
from typing import Any, NamedTuple

from penstock.annotations import clipping, cutting, geometry, rle, turned
from penstock.annotations.cutting import Window
from penstock.export.stretching import moved
from penstock.schema.model import Kind

_ALL = 1 - 1e-9


class Seen(NamedTuple):
    """The shapes that are seen, in the window's own coordinates, and the share of the whole that is inside."""

    shapes: list[Any]
    share: float

    @property
    def is_whole(self) -> bool:
        return self.share >= _ALL


NOTHING = Seen([], 0.0)


def seen(kind: Kind, shape: Any, window: Window) -> Seen:
    """What a window of whole pixels shows of a shape. Shares are of area, of length, or of marked points."""
    if kind == "mask":
        return _mask(shape, window)
    at = moved(kind, shape, -window.x, -window.y)
    if geometry.is_inside(kind, at, window.width, window.height):
        return Seen([at], 1.0)
    has_area = kind not in ("polyline", "keypoints")
    if kind == "point" or (has_area and not _touches(geometry.bounds(kind, at), window)):
        return NOTHING
    frame = Window(0, 0, window.width, window.height)
    match kind:
        case "polyline":
            stretches = cutting.polyline(at, frame)
            return Seen(list(stretches), sum(map(_length, stretches)) / _length(at)) if stretches else NOTHING
        case "keypoints":
            kept: Any = clipping.clip(kind, at, frame.width, frame.height)
            return NOTHING if kept is None else Seen([kept], _marked(kept) / _marked(at))
        case _:
            kept = clipping.clip(kind, at, frame.width, frame.height)
            return Seen([] if kept is None else [kept], _share(kind, at, frame))


def _touches(bounds: geometry.Bounds, window: Window) -> bool:
    """Whether a rectangle, in the window's coordinates, has area in common with it."""
    x, y, width, height = bounds
    return x < window.width and y < window.height and x + width > 0 and y + height > 0


def _share(kind: Kind, shape: Any, frame: Window) -> float:
    """Which share of a shape's area is inside."""
    outline: Any = shape
    if kind == "box":
        x, y, w, h = shape
        outline = [[[x, y, x + w, y, x + w, y + h, x, y + h]]]
    elif kind in ("rotated_box", "ellipse"):
        outline = [[turned.of(kind, shape).outline()]]
    whole = geometry.area("polygon", outline)
    if whole <= 0:  # crossing lines, or a hole outside its outline
        return 0.0
    return min(max(geometry.area("polygon", cutting.polygon(outline, frame)) / whole, 0.0), 1.0)


def _length(line: list[float]) -> float:
    points = list(zip(line[::2], line[1::2], strict=True))
    return sum(hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(points)) or 1.0


def _marked(points: list[float]) -> int:
    return sum(1 for v in points[2::3] if v)


def _mask(mask: rle.Mask, window: Window) -> Seen:
    left, top, width, height = rle.bounds(rle.runs(mask), mask.size[0])
    if not _touches((left - window.x, top - window.y, width, height), window):
        return NOTHING  # without a look at its pixels, which takes long
    whole = rle.pixels(mask)
    x, y = int(window.x), int(window.y)
    part = whole[y : y + int(window.height), x : x + int(window.width)]
    if not part.any():
        return NOTHING
    return Seen([rle.from_pixels(part)], int(part.sum()) / int(whole.sum()))
