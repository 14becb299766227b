"""One line of YOLO as annotations, and back. Pure.

All coordinates are fractions of the upright image's width and height:

    detect   class cx cy w h             (a sixth number is a confidence)
    segment  class x1 y1 x2 y2 x3 y3 ...
    pose     class cx cy w h x1 y1 [v1] x2 y2 [v2] ...
    obb      class x1 y1 x2 y2 x3 y3 x4 y4

Nine numbers are an oriented box or a polygon of four corners: nothing in the line tells which.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from penstock.annotations import geometry as shapes
from penstock.annotations import turned
from penstock.annotations.geometry import BadGeometry
from penstock.formats.model import Item, NamedAnnotation
from penstock.formats.scaling import fraction, scaled
from penstock.schema.model import Kind

Task = Literal["detect", "segment", "pose", "obb"]


def read_line(
    line: str, task: Task | None, names: Mapping[int, str], points: int, dims: int, n: int
) -> list[NamedAnnotation]:
    """A line's annotations, in fractions; two in a group for a pose with a box. Raises BadGeometry.

    Without a task, five numbers are a box and more are a polygon, but nine are refused.
    """
    parts = line.split()
    try:
        numbers = [float(part) for part in parts]
        id = int(numbers[0])
    except (ValueError, OverflowError):
        raise BadGeometry(f"The line {line[:60]!r} has something that is no number.", "number") from None
    if id != numbers[0] or id < 0:
        raise BadGeometry(f"{parts[0]} is no number of a class.", "class")
    label, values, count = names.get(id, str(id)), numbers[1:], len(numbers)
    if task == "pose":
        return _pose(label, values, points, dims, n)
    if count in (5, 6) and task in (None, "detect", "segment"):
        return [_made("box", _box(values), label, n, values[4] if count == 6 else None)]
    if task == "obb" and count in (9, 10):
        return [_made("rotated_box", values[:8], label, n, values[8] if count == 10 else None)]
    if task is None and count == 9:
        detail = "Nine numbers are an oriented box or a polygon of four corners. Import as yolo-obb or yolo-segment."
        raise BadGeometry(detail, "ambiguous")
    if task in (None, "segment") and count >= 7 and count % 2:
        return [_made("polygon", [[values]], label, n)]
    raise BadGeometry(f"A line of {count} numbers is none of the task {task or 'detect or segment'}.", "numbers")


def _box(values: Sequence[float]) -> list[float]:
    cx, cy, w, h = values[:4]
    return [cx - w / 2, cy - h / 2, w, h]


def _made(
    kind: Kind, shape: Any, label: str, n: int, confidence: float | None = None, group: str | None = None, of: str = ""
) -> NamedAnnotation:
    checked = shapes.check("polyline" if kind == "rotated_box" else kind, shape)
    return NamedAnnotation(
        kind=kind,
        label=label,
        geometry=shapes.canonical(checked),
        ordinal=f"{n}{of}",
        confidence=confidence,
        group=group,
    )


def _pose(label: str, values: Sequence[float], points: int, dims: int, n: int) -> list[NamedAnnotation]:
    if len(values) != 4 + points * dims:
        detail = f"A pose of {points} points has {5 + points * dims} numbers, this line {1 + len(values)}."
        raise BadGeometry(detail, "numbers")
    flat: list[float] = []
    for i in range(4, len(values), dims):
        x, y = values[i : i + 2]
        # Without a flag, (0, 0) is a point that isn't marked.
        flat += [x, y, values[i + 2] if dims == 3 else 2.0 if x or y else 0.0]
    if not any(flat[2::3]):
        return [_made("box", _box(values), label, n)]
    if _is_around(_box(values), flat):
        return [_made("keypoints", flat, label, n)]
    group = f"pose {n}"
    return [
        _made("box", _box(values), label, n, group=group),
        _made("keypoints", flat, label, n, group=group, of="/keypoints"),
    ]


def _is_around(box: Sequence[float], flat: Sequence[float]) -> bool:
    """Whether a box only says again where the points are."""
    around = shapes.bounds("keypoints", flat)
    return all(abs(a - b) < 1e-9 for a, b in zip(box, around, strict=True))


def pixels_of(kind: Kind, shape: Any) -> Sequence[float]:
    """What a line says of a box, polygon of one ring, or rotated box, in pixels: x and y in turn."""
    if kind == "box":
        x, y, w, h = shape
        return (x + w / 2, y + h / 2, w, h)
    return turned.of(kind, shape).outline() if kind == "rotated_box" else shape[0][0]


def pose_line(box: Sequence[float], points: Sequence[float] | None, count: int, id: int, item: Item) -> str:
    """A box with as many points; all not marked when there are none."""
    x, y, w, h = box
    flat = scaled("polyline", [x + w / 2, y + h / 2, w, h], 1 / item.width, 1 / item.height)
    given = list(points or ())[: 3 * count]
    given += [0.0] * (3 * count - len(given))
    flat += scaled("keypoints", given, 1 / item.width, 1 / item.height)
    return " ".join([str(id), *map(fraction, flat)])
