"""One shape of CVAT's XML as one of our annotations, and back. Pure.

<box xtl ytl xbr ybr rotation>      degrees clockwise about its centre
<ellipse cx cy rx ry rotation>
<polygon points="x,y;x,y;...">, <polyline points>, <points points>
<mask rle="0-run, 1-run, ..." left top width height>      runs along the rows of a cut-out
<skeleton><points label points outside occluded>...</skeleton>
<tag>
"""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.annotations import geometry as shapes
from penstock.annotations import rle
from penstock.annotations.geometry import BadGeometry
from penstock.annotations.rle import Mask
from penstock.formats.pictures import MOST_PIXELS
from penstock.formats.xml import Element
from penstock.schema.model import Kind

TAGS = frozenset({"box", "ellipse", "polygon", "polyline", "points", "mask", "skeleton", "tag"})


def shapes_of(found: Element, size: tuple[int, int], skeletons: Mapping[str, Sequence[str]]) -> list[tuple[Kind, Any]]:
    """An element's shapes: one, but several points make several. Raises BadGeometry."""
    match found.tag:
        case "tag":
            return [("tag", None)]
        case "box":
            left, top, right, bottom, turn = numbers(found, "xtl", "ytl", "xbr", "ybr", "rotation")
            box = [left, top, round(right - left, 9), round(bottom - top, 9)]
            return [("rotated_box", [*box, turn])] if found.child("@rotation") else [("box", box)]
        case "ellipse":
            return [("ellipse", numbers(found, "cx", "cy", "rx", "ry", "rotation"))]
        case "polygon":
            return [("polygon", [[_points(found)]])]
        case "polyline":
            return [("polyline", _points(found))]
        case "points":
            flat = _points(found)
            return [("point", flat[n : n + 2]) for n in range(0, len(flat), 2)]
        case "mask":
            return [("mask", _mask(found, size))]
        case _:
            return [("keypoints", _skeleton(found, skeletons.get(found.text_of("@label"), ())))]


def numbers(found: Element, *names: str) -> list[float]:
    """Attributes as numbers; a rotation that isn't there is none."""
    try:
        return [float(found.text_of(f"@{name}") or ("0" if name == "rotation" else "")) for name in names]
    except ValueError:
        raise BadGeometry(f"A <{found.tag}> needs {', '.join(names)} as numbers.", "number") from None


def _points(found: Element) -> list[float]:
    try:
        return [float(n) for pair in found.text_of("@points").split(";") for n in pair.split(",", 1)]
    except ValueError:
        raise BadGeometry(f"The points of a <{found.tag}> must be x,y;x,y;...", "number") from None


def _mask(found: Element, size: tuple[int, int]) -> Mask:
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    try:
        left, top, width, height = map(int, numbers(found, "left", "top", "width", "height"))
        runs = [int(run) for run in found.text_of("@rle").split(",")]
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadGeometry):
            raise
        raise BadGeometry("The rle of a <mask> and its place must be whole numbers.", "bad-rle") from None
    right_size = sum(runs) == width * height and min(runs) >= 0 and min(width, height) > 0
    if not right_size or not (0 <= left <= size[1] - width and 0 <= top <= size[0] - height):
        raise BadGeometry("The rle of a <mask> doesn't fill its cut-out, or that isn't in the image.", "bad-rle")
    if size[0] * size[1] > MOST_PIXELS:
        raise BadGeometry(f"The image has more than {MOST_PIXELS:,} pixels.", "bad-rle")
    whole = np.zeros(size, dtype=np.bool_)
    cut = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
    whole[top : top + height, left : left + width] = cut
    return rle.from_pixels(whole)


def _skeleton(found: Element, names: Sequence[str]) -> list[float]:
    places = {point.text_of("@label"): point for point in found.all("points")}
    flat: list[float] = []
    for name in names:
        point = places.get(name)
        hidden = 1.0 if point is not None and point.text_of("@occluded") == "1" else 2.0
        is_marked = point is not None and point.text_of("@outside") != "1"
        flat += [*(_points(point)[:2] if point is not None else (0.0, 0.0)), hidden if is_marked else 0.0]
    return flat


def element_of(kind: Kind, shape: Any) -> tuple[str, dict[str, str]]:
    """The tag of a shape and its attributes; those of a skeleton's points are apart."""
    match kind:
        case "tag" | "keypoints":
            return ("tag" if kind == "tag" else "skeleton"), {}
        case "box" | "rotated_box":
            x, y, w, h, *turn = shape
            found = {
                "xtl": spelled(x),
                "ytl": spelled(y),
                "xbr": spelled(round(x + w, 9)),
                "ybr": spelled(round(y + h, 9)),
            }
            return "box", found | ({"rotation": spelled(turn[0] % 360 % 360)} if turn else {})
        case "ellipse":
            names = ("cx", "cy", "rx", "ry")
            turn = {"rotation": spelled(shape[4] % 360 % 360)} if shape[4] else {}
            return "ellipse", {name: spelled(n) for name, n in zip(names, shape[:4], strict=True)} | turn
        case "polygon":
            return "polygon", {"points": _pairs(shape[0][0])}
        case "polyline" | "point":
            return ("polyline" if kind == "polyline" else "points"), {"points": _pairs(shape)}
        case "mask":
            return "mask", _mask_attributes(shape)


def _mask_attributes(mask: Mask) -> dict[str, str]:
    import numpy as np  # noqa: PLC0415 lazy

    left, top, width, height = map(int, shapes.bounds("mask", mask))
    flat = rle.pixels(mask)[top : top + height, left : left + width].reshape(-1)
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff([0, *edges.tolist(), len(flat)]).tolist()
    listed = [0, *runs] if flat[0] else runs
    place = {"left": left, "top": top, "width": width, "height": height}
    return {"rle": ", ".join(map(str, listed)), **{name: str(n) for name, n in place.items()}}


def _pairs(flat: Sequence[float]) -> str:
    return ";".join(f"{spelled(x)},{spelled(y)}" for x, y in zip(flat[::2], flat[1::2], strict=True))


def spelled(number: float) -> str:
    """A number as short as it is exact."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))
