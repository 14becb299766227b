"""LabelMe: a JSON for each image with shapes in pixels.

Points, rectangles, circles, lines and polygons; masks are the PNG of a cut-out, in base64. Flags are checkboxes.
"""

import base64
import binascii
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import hypot
from typing import Any, cast

import msgspec
from PIL import Image

from penstock.annotations import geometry as shapes
from penstock.annotations import rle
from penstock.annotations.geometry import UNREADABLE, BadGeometry
from penstock.annotations.rle import Mask
from penstock.core import Invalid, Problem
from penstock.formats import pictures
from penstock.formats.carries import Carries, Fitted, count_file, fit
from penstock.formats.declared import occurring
from penstock.formats.foreign import as_read
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.naming import all_values
from penstock.formats.tree import Finder, content_of, ending, is_image
from penstock.schema.model import Kind, Schema
from penstock.schema.wanted import WantedSchema

LARGEST_BYTES = 256 << 20
_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_OURS = frozenset({"label", "points", "group_id", "shape_type", "flags", "mask"})
_OF_FILE = frozenset({"shapes", "imagePath", "imageData", "imageHeight", "imageWidth", "flags"})
_TYPES: Mapping[Kind, str] = {
    "box": "rectangle",
    "polygon": "polygon",
    "polyline": "linestrip",
    "point": "point",
    "mask": "mask",
}


class LabelMeInvalid(Invalid):
    """This is not a LabelMe set: there is no .json file in it."""


class LabelMeReading:
    """The JSON files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])
        self._inside: Any = None

    def schema(self) -> WantedSchema:
        return occurring(self.items())

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def content(self, item: Item) -> bytes | None:
        """The image that came last, where it is in its JSON alone."""
        try:
            return base64.b64decode(self._inside, validate=True) if isinstance(self._inside, str) else None
        except ValueError:  # no base64, or no ASCII even
            return None

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            content = content_of(self.tree, path, LARGEST_BYTES)
            try:
                found = msgspec.json.decode(without_nul(content), type=dict[str, Any])
            except UNREADABLE as error:
                yield BadItem(path, f"{error}.", "unreadable")
                continue
            self._inside = found.get("imageData")
            yield self._item(found, path)
        self._inside = None

    def _item(self, found: dict[str, Any], path: str) -> Item:
        given = found.get("imagePath")
        stem = path.rpartition("/")[2].removesuffix(".json")
        name = given if isinstance(given, str) and given else f"{stem}.jpg"
        media = self._finder.find(name, path) or self._finder.find(name.replace("\\", "/").rpartition("/")[2], path)
        kept = {key: value for key, value in found.items() if key not in _OF_FILE}
        item = Item(key=media or name.replace("\\", "/").replace("../", ""), media=media, foreign={"labelme": kept})
        item.width, item.height = _size(found.get("imageWidth")), _size(found.get("imageHeight"))
        item.attributes = _flags(found)
        listed: Any = found.get("shapes")
        for n, one in enumerate(cast(list[Any], listed) if isinstance(listed, list) else []):
            try:
                item.annotations.append(_annotation(one, n, item))
            except BadGeometry as bad:
                item.problems.append(Problem(f"shapes[{n}]", bad.detail, bad.code))
        return item


def _size(value: Any) -> int:
    return value if type(value) is int and 0 < value < 2**31 else 0


def _flags(found: Mapping[str, Any]) -> dict[str, Any]:
    flags: Any = found.get("flags")
    pairs = cast(dict[str, Any], flags).items() if isinstance(flags, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, bool) and is_name(name)}


def _annotation(given: Any, n: int, item: Item) -> NamedAnnotation:
    found = cast(dict[str, Any], given) if isinstance(given, dict) else {}
    label, group = found.get("label"), found.get("group_id")
    if not isinstance(label, str) or not is_name(label):
        raise BadGeometry("A shape needs a label.", "incomplete")
    kind, shape = _shape(found, item)
    kept = {key: value for key, value in found.items() if key not in _OURS}
    return NamedAnnotation(
        kind=kind,
        label=label.strip(),
        geometry=shapes.canonical(shapes.check(kind, shape)),
        attributes=_flags(found),
        group=str(group) if isinstance(group, (int, str)) and str(group) else None,
        ordinal=str(n),
        foreign={"labelme": kept} if kept else {},
    )


def _shape(found: Mapping[str, Any], item: Item) -> tuple[Kind, Any]:
    type = found.get("shape_type") or "polygon"
    try:
        points = [(float(x), float(y)) for x, y in cast(Any, found.get("points"))]
        flat = [n for point in points for n in point]
        match type:
            case "rectangle":
                (ax, ay), (bx, by) = points
                return "box", [min(ax, bx), min(ay, by), abs(bx - ax), abs(by - ay)]
            case "circle":
                (ax, ay), (bx, by) = points
                radius = hypot(bx - ax, by - ay)
                return "ellipse", [ax, ay, radius, radius, 0.0]
            case "point":
                return "point", flat
            case "line" | "linestrip":
                return "polyline", flat
            case "polygon":
                return "polygon", [[flat]]
            case "mask":
                return "mask", _mask(found.get("mask"), points, item)
            case _:
                raise BadGeometry(f"Shapes of type {type!r} are not known.", "kind")
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, BadGeometry):
            raise
        raise BadGeometry(f"The points of a {type} are not what it needs.", "number") from None


def _mask(text: Any, points: Sequence[tuple[float, float]], item: Item) -> Mask:
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    try:
        numbers = pictures.numbers_of(base64.b64decode(text, validate=True), {})
    except (binascii.Error, TypeError):
        raise BadGeometry("The mask of a shape is no base64.", "picture") from None
    if not points:
        raise BadGeometry("The points of a mask don't tell its corner.", "number")
    left, top = map(round, points[0])
    height, width = numbers.shape
    if not (0 <= left <= item.width - width and 0 <= top <= item.height - height):
        raise BadGeometry("A mask isn't inside its image.", "outside")
    if item.width * item.height > pictures.MOST_PIXELS:
        raise BadGeometry(f"The image has more than {pictures.MOST_PIXELS:,} pixels.", "picture")
    whole = np.zeros((item.height, item.width), dtype=np.bool_)
    whole[top : top + height, left : left + width] = numbers != 0
    return rle.from_pixels(whole)


class LabelMe:
    """LabelMe's JSON."""

    name = page = "labelme"
    title = "LabelMe JSON"
    sign = "`.json` files with `shapes` and `imagePath`"
    carries = Carries(
        kinds=frozenset({"box", "polygon", "polyline", "point", "mask"}),
        attributes=True,
        file_attributes=True,
        group=True,
        foreign=("labelme",),
    )

    def recognizes(self, look: Look) -> bool:
        heads = [look.head(path) for path in look.ending(".json")[:5]]
        return any(b'"shapes"' in head and (b'"imagePath"' in head or b'"flags"' in head) for head in heads)

    def read(self, tree: Tree) -> LabelMeReading:
        files = ending(tree.paths(), ".json")
        if not files:
            raise LabelMeInvalid
        return LabelMeReading(tree, files)

    def media_path(self, item: Item) -> str:
        return item.key

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        stems: set[str] = set()
        for item in items:
            count_file(item, self.carries, loss)
            stem = item.key.rpartition(".")[0] or item.key
            stem = item.key if stem in stems else stem
            stems.add(stem)
            kept: dict[str, Any] = as_read(item.foreign, "labelme")
            told = [one for annotation in item.annotations if (one := _told(annotation, item, self.carries, loss))]
            record = {
                "version": "5.0.0",
                **kept,
                "flags": _checked(item.attributes, loss, "file_attributes_dropped"),
                "shapes": told,
                "imagePath": item.key.rpartition("/")[2],
                "imageData": None,
                "imageHeight": item.height,
                "imageWidth": item.width,
            }
            yield Chunk(f"{stem}.json", _ENCODE(record) + b"\n")


def _checked(values: Mapping[str, Any], loss: Loss, code: str) -> dict[str, bool]:
    """Values that a flag can hold: true and false."""
    found = {name: value for name, value in values.items() if isinstance(value, bool)}
    loss.count(code, len(values) - len(found))
    return found


def _told(annotation: NamedAnnotation, item: Item, carries: Carries, loss: Loss) -> dict[str, Any] | None:
    fitted = fit(annotation, carries, item, loss)
    if fitted is None:
        return None
    kept: dict[str, Any] = annotation.foreign.get("labelme") or {}
    group = annotation.group
    number = int(group) if group is not None and group.isdecimal() and len(group) < 16 else group
    return {
        "description": "",
        **kept,
        "label": annotation.label or "",
        "group_id": number,
        "shape_type": _TYPES[fitted.kind],
        "flags": _checked(all_values(annotation), loss, "attributes_dropped"),
        **_place(fitted),
    }


def _place(fitted: Fitted) -> dict[str, Any]:
    if fitted.kind == "mask":
        return _cut(fitted.shape)
    if fitted.kind == "box":
        x, y, w, h = fitted.shape
        return {"points": [[x, y], [round(x + w, 9), round(y + h, 9)]]}
    flat: list[float] = fitted.shape[0][0] if fitted.kind == "polygon" else fitted.shape
    return {"points": [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]}


def _cut(mask: Mask) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415 lazy

    left, top, width, height = map(int, shapes.bounds("mask", mask))
    inside = rle.pixels(mask)[top : top + height, left : left + width]
    buffer = io.BytesIO()
    Image.fromarray(inside.astype(np.uint8) * 255).convert("1").save(buffer, "PNG")
    corners = [[left, top], [left + width - 1, top + height - 1]]
    return {"points": corners, "mask": base64.b64encode(buffer.getvalue()).decode()}
