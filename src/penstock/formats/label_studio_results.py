"""One result of Label Studio as one of our shapes, and back. Pure.

Coordinates are percents of the image's width and height. A turned rectangle turns about its upper left corner.
"""

from collections.abc import Mapping
from typing import Any, cast

from penstock.annotations import geometry as shapes
from penstock.annotations import turned
from penstock.annotations.geometry import BadGeometry
from penstock.formats import brush, outlines
from penstock.formats.scaling import rounded, scaled
from penstock.schema.model import Kind

TYPES = {
    "rectanglelabels": "rectangle",
    "ellipselabels": "ellipse",
    "polygonlabels": "polygon",
    "keypointlabels": "keypoint",
    "brushlabels": "brush",
    "vectorlabels": "vector",
}
"""Types of results that are shapes with labels, and the control that draws them."""
_BARE = {f"{tool}": f"{tool}labels" for tool in ("rectangle", "ellipse", "polygon", "keypoint", "brush", "vector")}
TYPE_OF: Mapping[Kind, str] = {
    "box": "rectanglelabels",
    "rotated_box": "rectanglelabels",
    "ellipse": "ellipselabels",
    "polygon": "polygonlabels",
    "polyline": "vectorlabels",
    "point": "keypointlabels",
    "mask": "brushlabels",
    "tag": "choices",
}


def type_of(result: Mapping[str, Any]) -> str:
    """The type of a result; shapes without labels as those with."""
    given = result.get("type")
    return _BARE.get(given, given) if isinstance(given, str) else ""


def shape_of(type: str, value: Mapping[str, Any], size: tuple[int, int]) -> tuple[Kind, Any]:
    """A result's kind and shape, in pixels of an image of (height, width). Raises BadGeometry."""
    try:
        kind, shape = _shape(type, value, size)
        return kind, shapes.check(kind, rounded(shape) if kind != "mask" else shape)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, BadGeometry):
            raise
        raise BadGeometry(f"A result of type {type} lacks numbers: {error}.", "number") from None


def _shape(type: str, value: Mapping[str, Any], size: tuple[int, int]) -> tuple[Kind, Any]:
    height, width = size
    sides = (width / 100, height / 100)
    turn = float(value.get("rotation") or 0)
    match type:
        case "rectanglelabels":
            x, y, w, h = scaled("box", [float(value[key]) for key in ("x", "y", "width", "height")], *sides)
            return ("rotated_box", outlines.turned_about_corner(x, y, w, h, turn)) if turn else ("box", [x, y, w, h])
        case "ellipselabels":
            found = scaled("box", [float(value[key]) for key in ("x", "y", "radiusX", "radiusY")], *sides)
            return "ellipse", [*found, turn]
        case "polygonlabels":
            return "polygon", [[scaled("polyline", _flat(value["points"]), *sides)]]
        case "vectorlabels":
            flat = [float(one[key]) for one in value["vertices"] for key in ("x", "y")]
            if value.get("closed"):
                return "polygon", [[scaled("polyline", flat, *sides)]]
            return "polyline", scaled("polyline", flat, *sides)
        case "keypointlabels":
            return "point", scaled("point", [float(value["x"]), float(value["y"])], *sides)
        case _:
            return "mask", brush.unpack(list(cast(list[int], value["rle"])), height, width)


def _flat(points: Any) -> list[float]:
    return [float(n) for point in points for n in (point[0], point[1])]


def value_of(kind: Kind, shape: Any, size: tuple[int, int]) -> dict[str, Any]:
    """What a result says of a shape: percents with so many decimals that they lead back to the same pixels."""
    return _short(_value_of(kind, shape, size))


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(one) for key, one in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_short(one) for one in cast(list[Any], value)]
    return round(value, 10) if isinstance(value, float) else value


def _value_of(kind: Kind, shape: Any, size: tuple[int, int]) -> dict[str, Any]:
    height, width = size
    sides = (100 / width, 100 / height)
    match kind:
        case "box":
            return dict(zip(("x", "y", "width", "height"), scaled("box", shape, *sides), strict=True)) | {"rotation": 0}
        case "rotated_box":
            corner = turned.of(kind, shape).outline()[:2]
            box = scaled("box", [*corner, *shape[2:4]], *sides)
            return dict(zip(("x", "y", "width", "height"), box, strict=True)) | {"rotation": shape[4] % 360 % 360}
        case "ellipse":
            found = scaled("box", shape[:4], *sides)
            return dict(zip(("x", "y", "radiusX", "radiusY"), found, strict=True)) | {"rotation": shape[4] % 360 % 360}
        case "polygon":
            flat = scaled("polyline", shape[0][0], *sides)
            return {"points": [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)], "closed": True}
        case "polyline":
            flat = scaled("polyline", shape, *sides)
            return {"vertices": _vertices(flat), "closed": False}
        case "point":
            x, y = scaled("point", shape, *sides)
            return {"x": x, "y": y, "width": 0.5}
        case _:
            return {"format": "rle", "rle": brush.pack(shape)}


def _vertices(flat: list[float]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for n, (x, y) in enumerate(zip(flat[::2], flat[1::2], strict=True)):
        vertex = {"id": f"v{n}", "x": x, "y": y, "isBezier": False}
        found.append(vertex | ({"prevPointId": f"v{n - 1}"} if n else {}))
    return found
