"""Shapes: reading, writing, measuring and clipping the geometry of annotations. Pure.

Coordinates are pixels of the upright image, x right, y down, edges exclusive. By kind, in JSON and here:

    tag        null
    box        [x, y, width, height]
    rotated_box  [x, y, width, height, angle]     a box, then turned about its centre by degrees, clockwise
    ellipse    [cx, cy, rx, ry, angle]       centre and radii, turned likewise
    polygon    [[outer, hole, ...], ...]     parts of rings; a ring is flat, [x1, y1, ...], not closed, 3 points or more
    polyline   [x1, y1, ...]                 2 points or more
    point      [x, y]
    keypoints  [x, y, v, ...]                v: 0 not marked, 1 hidden, 2 visible; in the order of the label's skeleton
    mask       {"size": [height, width], "counts": COCO's compressed run-length text}

Every shape enters through `read`, once; what the database holds is `canonical_text` of it and is trusted from then on.
"""

from collections.abc import Callable, Sequence
from functools import partial
from operator import mul
from typing import Any

import msgspec

from penstock.annotations import rle, turned
from penstock.annotations.rle import Mask
from penstock.schema.model import Kind

Ring = list[float]
Polygon = list[list[Ring]]
Shape = list[float] | Polygon | Mask | None
Bounds = tuple[float, float, float, float]

LARGEST = 1e8
"""No coordinate is further out than this: infinities by another name."""
SLACK = 1e-6
"""How far a coordinate may be outside by rounding alone, in pixels."""


class BadGeometry(ValueError):
    """A shape is not what its kind asks for. `code` is for programs."""

    def __init__(self, detail: str, code: str = "geometry") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding JSON from outside can raise: bad JSON or types, bad UTF-8, nesting too deep."""

_TYPES: dict[Kind, Any] = {
    "box": list[float],
    "rotated_box": list[float],
    "ellipse": list[float],
    "polygon": list[list[list[float]]],
    "polyline": list[float],
    "point": list[float],
    "keypoints": list[float],
    "mask": Mask,
}
_FLAT = msgspec.json.Decoder(list[float])
_POLYGON = msgspec.json.Decoder(list[list[list[float]]])
_MASK = msgspec.json.Decoder(Mask)
_ENCODER = msgspec.json.Encoder()

FORMS: dict[Kind, str] = {
    "tag": "A tag has no geometry: leave it out, or give null.",
    "box": "A box is [x, y, width, height]: four finite numbers, width and height above 0.",
    "rotated_box": "A rotated box is [x, y, width, height, angle]: five finite numbers, width and height above 0, "
    "the angle in degrees clockwise, from -360 to 360.",
    "ellipse": "An ellipse is [cx, cy, rx, ry, angle]: five finite numbers, both radii above 0, "
    "the angle in degrees clockwise, from -360 to 360.",
    "polygon": "A polygon is [[outer, hole, ...], ...], each ring [x1, y1, x2, y2, ...] of at least 3 points.",
    "polyline": "A polyline is [x1, y1, x2, y2, ...]: at least 2 points of finite numbers.",
    "point": "A point is [x, y]: two finite numbers.",
    "keypoints": "Keypoints are [x, y, v, ...]: three numbers a point, v 0, 1 or 2, and at least one point marked.",
    "mask": 'A mask is {"size": [height, width], "counts": "<COCO compressed run-length text>"}.',
}


def parse(kind: Kind, text: bytes | str | msgspec.Raw) -> Shape:
    """The shape in JSON text that was checked before, such as a row of the database."""
    match kind:
        case "tag":
            return None
        case "polygon":
            return _POLYGON.decode(text)
        case "mask":
            return _MASK.decode(text)
        case _:
            return _FLAT.decode(text)


def read(kind: Kind, text: bytes | str | msgspec.Raw) -> Shape:
    """The shape in JSON text from outside. Raises BadGeometry."""
    try:
        shape = msgspec.json.decode(text) if kind == "tag" else parse(kind, text)
    except UNREADABLE as error:
        raise BadGeometry(f"{FORMS[kind]} ({error})") from None
    _CHECKS[kind](shape)
    return shape


def check(kind: Kind, shape: Any) -> Shape:
    """A shape built in Python, checked like one from outside. Raises BadGeometry."""
    try:
        found = shape if kind == "tag" else msgspec.convert(shape, _TYPES[kind])
    except (msgspec.ValidationError, OverflowError) as error:
        raise BadGeometry(f"{FORMS[kind]} ({error})") from None
    _CHECKS[kind](found)
    return found


def measured(kind: Kind, shape: Shape) -> Bounds:
    """The bounds of a shape of the right types, which is checked. Raises BadGeometry."""
    _CHECKS[kind](shape)
    return bounds(kind, shape)


def canonical(shape: Shape) -> msgspec.Raw:
    """The shape as JSON, always spelled the same way, so that equal texts are equal shapes."""
    return msgspec.Raw(_ENCODER.encode(shape))


def canonical_text(shape: Shape) -> str:
    """The same as text for SQL."""
    return _ENCODER.encode(shape).decode()


def _fits(numbers: Sequence[float]) -> bool:
    whole = sum(numbers)
    return min(numbers) >= -LARGEST and max(numbers) <= LARGEST and whole == whole


def _check_tag(shape: Any) -> None:
    if shape is not None:
        raise BadGeometry(FORMS["tag"])


def _check_box(shape: Any) -> None:
    if len(shape) != 4 or not _fits(shape):
        raise BadGeometry(FORMS["box"])
    if not (shape[2] > 0 and shape[3] > 0):
        raise BadGeometry(f"This box is {shape[2]:g} wide and {shape[3]:g} high. {FORMS['box']}", "geometry-empty")


def _check_turned(kind: Kind, shape: Any) -> None:
    if len(shape) != 5 or not _fits(shape) or abs(shape[4]) > 360:
        raise BadGeometry(FORMS[kind])
    if not (shape[2] > 0 and shape[3] > 0):
        raise BadGeometry(f"This has sides of {shape[2]:g} and {shape[3]:g}. {FORMS[kind]}", "geometry-empty")


def _check_polygon(shape: Any) -> None:
    if not shape or not all(shape):
        raise BadGeometry(FORMS["polygon"])
    for part in shape:
        for ring in part:
            if len(ring) % 2:
                raise BadGeometry(f"A ring has {len(ring)} numbers, which is odd. {FORMS['polygon']}")
            if len(ring) < 6:
                raise BadGeometry(f"A ring has {len(ring) // 2} points. {FORMS['polygon']}", "too-few-points")
            if not _fits(ring):
                raise BadGeometry(FORMS["polygon"])


def _check_polyline(shape: Any) -> None:
    if len(shape) < 4:
        raise BadGeometry(f"This line has {len(shape) // 2} points. {FORMS['polyline']}", "too-few-points")
    if len(shape) % 2 or not _fits(shape):
        raise BadGeometry(FORMS["polyline"])


def _check_point(shape: Any) -> None:
    if len(shape) != 2 or not _fits(shape):
        raise BadGeometry(FORMS["point"])


def _check_keypoints(shape: Any) -> None:
    marks = shape[2::3]
    if len(shape) % 3 or not shape or not _fits(shape) or any(v not in (0, 1, 2) for v in marks):
        raise BadGeometry(FORMS["keypoints"])
    if not any(marks):
        raise BadGeometry(f"No point is marked. {FORMS['keypoints']}", "geometry-empty")


def _check_mask(shape: Any) -> None:
    try:
        found = rle.runs(shape)
    except rle.BadRuns as error:
        raise BadGeometry(f"{FORMS['mask']} Here, {error}.", "bad-rle") from None
    if not rle.area(found):
        raise BadGeometry("This mask has no pixel.", "geometry-empty")


_CHECKS: dict[Kind, Callable[[Any], None]] = {
    "tag": _check_tag,
    "box": _check_box,
    "rotated_box": partial(_check_turned, "rotated_box"),
    "ellipse": partial(_check_turned, "ellipse"),
    "polygon": _check_polygon,
    "polyline": _check_polyline,
    "point": _check_point,
    "keypoints": _check_keypoints,
    "mask": _check_mask,
}


def bounds(kind: Kind, shape: Any) -> Bounds:
    """The smallest (x, y, width, height) around a shape; of a tag all zero. Keypoints count where marked."""
    match kind:
        case "tag":
            return (0.0, 0.0, 0.0, 0.0)
        case "box":
            return (shape[0], shape[1], shape[2], shape[3])
        case "rotated_box" | "ellipse":
            return turned.of(kind, shape).bounds
        case "polygon":
            (first, *_), *others = shape
            xs, ys = first[::2], first[1::2]
            for part in others:
                xs += part[0][::2]
                ys += part[0][1::2]
        case "keypoints":
            marked = [i for i in range(0, len(shape), 3) if shape[i + 2]]
            xs, ys = [shape[i] for i in marked], [shape[i + 1] for i in marked]
        case "mask":
            x, y, width, height = rle.bounds(rle.runs(shape), shape.size[0])
            return (float(x), float(y), float(width), float(height))
        case _:
            xs, ys = shape[::2], shape[1::2]
    left, top = min(xs), min(ys)
    return (left, top, max(xs) - left, max(ys) - top)


def area(kind: Kind, shape: Any) -> float:
    """Square pixels inside: of a polygon its outer rings less their holes; of lines and points none."""
    match kind:
        case "box":
            return shape[2] * shape[3]
        case "rotated_box" | "ellipse":
            return turned.of(kind, shape).area
        case "polygon":
            return sum(ring_area(part[0]) - sum(map(ring_area, part[1:])) for part in shape)
        case "mask":
            return float(rle.area(rle.runs(shape)))
        case _:
            return 0.0


def ring_area(ring: Ring) -> float:
    """The area within one ring, whichever way round it runs."""
    xs, ys = ring[::2], ring[1::2]
    return abs(sum(map(mul, xs, ys[1:] + ys[:1])) - sum(map(mul, ys, xs[1:] + xs[:1]))) / 2


def is_inside(kind: Kind, shape: Any, width: float, height: float) -> bool:
    """Whether all of a shape lies in an image of this size; a mask's own size must be the image's."""
    if kind == "mask":
        return tuple(shape.size) == (height, width)
    if kind == "tag":
        return True
    return are_inside(bounds(kind, shape), width, height)


def are_inside(bounds: Bounds, width: float, height: float) -> bool:
    """Whether these bounds lie in an image of this size."""
    x, y, w, h = bounds
    return x >= -SLACK and y >= -SLACK and x + w <= width + SLACK and y + h <= height + SLACK
