"""CreateML: one JSON that lists images, each with boxes given by their centres. In pixels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import UNREADABLE, BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, count_file, fit
from penstock.formats.declared import occurring
from penstock.formats.foreign import as_read
from penstock.formats.model import (
    BadItem,
    Chunk,
    Item,
    Look,
    Loss,
    NamedAnnotation,
    Tree,
    is_name,
    number_of,
    without_nul,
)
from penstock.formats.splitting import BadDocument, split
from penstock.formats.tree import Finder, ending, is_image
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema

FILE = "annotations.json"
_ENCODE = msgspec.json.Encoder(order="deterministic").encode


class CreateMlInvalid(Invalid):
    """{path} is no CreateML set: {why}."""


class CreateMLReading:
    """The JSON files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])

    def schema(self) -> WantedSchema:
        return occurring(self.items())

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            try:
                with closing(self.tree.open(path)) as stream:
                    for n, part in enumerate(split(stream)):
                        if part.key:
                            raise CreateMlInvalid(path=path, why="it is no list of images")
                        if part.is_element:
                            yield self._item(bytes(part.raw), path, n)
            except BadDocument as error:
                raise CreateMlInvalid(path=path, why=str(error)) from None

    def _item(self, raw: bytes, path: str, n: int) -> Item | BadItem:
        where = f"{path} image {n}"
        try:
            found = msgspec.json.decode(without_nul(raw), type=dict[str, Any])
        except UNREADABLE as error:
            return BadItem(where, f"{error}.", "image")
        name = found.get("image") or found.get("imagefilename")
        if not isinstance(name, str):
            return BadItem(where, "An image needs its name.", "image")
        media = self._finder.find(name, path)
        ours = ("image", "imagefilename", "annotations", "annotation")
        kept = {key: value for key, value in found.items() if key not in ours}
        item = Item(key=media or name.replace("\\", "/"), media=media, foreign={"createml": kept})
        listed: Any = found.get("annotations", found.get("annotation"))
        for at, one in enumerate(cast(list[Any], listed) if isinstance(listed, list) else []):
            try:
                item.annotations.append(_annotation(one, at))
            except BadGeometry as bad:
                item.problems.append(Problem(f"annotations[{at}]", bad.detail, bad.code))
        return item


def _annotation(given: Any, at: int) -> NamedAnnotation:
    found = cast(dict[str, Any], given) if isinstance(given, dict) else {}
    label, place = found.get("label"), found.get("coordinates")
    if not isinstance(label, str) or not is_name(label) or not isinstance(place, dict):
        raise BadGeometry("An annotation needs a label and coordinates.", "incomplete")
    at_x, at_y, width, height = (cast(dict[str, Any], place).get(key) for key in ("x", "y", "width", "height"))
    try:
        box = [float(at_x) - float(width) / 2, float(at_y) - float(height) / 2, float(width), float(height)]  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, OverflowError):
        raise BadGeometry("Coordinates need x, y, width and height as numbers.", "number") from None
    text = shapes.canonical(shapes.check("box", box))
    kept = {key: value for key, value in found.items() if key not in ("label", "coordinates", "confidence")}
    return NamedAnnotation(
        kind="box",
        label=label.strip(),
        geometry=text,
        confidence=number_of(found.get("confidence")),
        ordinal=str(at),
        foreign={"createml": kept} if kept else {},
    )


class CreateML:
    """CreateML's JSON."""

    name = page = "createml"
    title = "CreateML JSON"
    sign = "a `.json` that is a list of objects with `image` and `coordinates`"
    carries = Carries(kinds=frozenset({"box"}), confidence=True, foreign=("createml",))

    def recognizes(self, look: Look) -> bool:
        heads = (look.head(path).lstrip() for path in look.ending(".json")[:5])
        return any(head[:1] == b"[" and b'"coordinates"' in head for head in heads)

    def read(self, tree: Tree) -> CreateMLReading:
        files = ending(tree.paths(), ".json")
        if not files:
            raise CreateMlInvalid(path="the set", why="there is no .json file in it")
        return CreateMLReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"images/{item.key.removeprefix('images/') if 'createml' in item.foreign else item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        between = b"[\n"
        for item in items:
            count_file(item, self.carries, loss)
            kept: dict[str, Any] = as_read(item.foreign, "createml")
            listed = [told for one in item.annotations if (told := _told(one, item, self.carries, loss))]
            record = {**kept, "image": self.media_path(item), "annotations": listed}
            yield Chunk(FILE, between + _ENCODE(record))
            between = b",\n"
        yield Chunk(FILE, b"[]\n" if between == b"[\n" else b"\n]\n")


def _told(annotation: NamedAnnotation, item: Item, carries: Carries, loss: Loss) -> dict[str, Any] | None:
    fitted = fit(annotation, carries, item, loss)
    if fitted is None:
        return None
    x, y, w, h = fitted.shape
    kept: dict[str, Any] = annotation.foreign.get("createml") or {}
    place = {"x": round(x + w / 2, 9), "y": round(y + h / 2, 9), "width": round(w, 9), "height": round(h, 9)}
    scored = {} if annotation.confidence is None else {"confidence": annotation.confidence}
    return {**kept, "label": annotation.label or "", "coordinates": place, **scored}
