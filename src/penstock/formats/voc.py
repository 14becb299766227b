"""Pascal VOC: one XML per image, boxes only, 1-based and inclusive on disk.

`<xmin>1</xmin><xmax>1</xmax>` is one pixel: here x 0, width 1. What VOC has and we don't (pose, truncated, difficult,
parts, any unknown tag) is kept in `foreign` under `voc` and written again. Entities and document types are refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast
from xml.sax.saxutils import escape, quoteattr

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name
from penstock.formats.naming import all_values
from penstock.formats.seen import Seen
from penstock.formats.tree import Finder, is_image
from penstock.formats.xml import NAME, BadXml, Element, clean, read_xml
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedLabel, WantedSchema

LARGEST_BYTES = 64 * 1024**2

_RETURN = {"\r": "&#13;"}  # a parser would read it as a line feed


class VocInvalid(Invalid):
    """This is not a Pascal VOC set: there is no .xml file beside its images or in a folder `Annotations`."""


class VocReading:
    """The XML files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])

    def schema(self) -> WantedSchema:
        """The labels and attributes that occur, by reading every file: VOC has no list of them."""
        labels: set[str] = set()
        seen = Seen(all_text=True)
        for item in self.items():
            for annotation in item.annotations if isinstance(item, Item) else ():
                labels.add(annotation.label or "")
                seen.add(annotation.label or "", annotation.attributes)
        return WantedSchema(labels={name: WantedLabel() for name in sorted(labels)}, attributes=seen.wanted())

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            try:
                with closing(self.tree.open(path)) as stream:
                    content = stream.read(LARGEST_BYTES + 1)
                if len(content) > LARGEST_BYTES:
                    raise BadXml(f"it is larger than {LARGEST_BYTES} bytes")
                root = read_xml(content)
                if root.tag != "annotation":
                    raise BadXml(f"its root is <{root.tag}>, not <annotation>")
            except BadXml as error:
                yield BadItem(path, f"This XML can't be read: {error}.", "bad-xml")
            else:
                yield self._item(path, root)

    def _item(self, path: str, root: Element) -> Item:
        name = root.text_of("filename") or path.rpartition("/")[2].removesuffix(".xml") + ".jpg"
        media = self._media(path, name)
        size = root.child("size")
        item = Item(
            key=media or name.replace("\\", "/"),
            media=media,
            width=_whole(size.text_of("width") if size else ""),
            height=_whole(size.text_of("height") if size else ""),
            foreign={"voc": root.as_mapping(_OF_ITEM)},
        )
        if size is not None and (depth := size.text_of("depth")):
            item.foreign["voc"]["depth"] = depth
        for n, part in enumerate(root.all("object")):
            try:
                item.annotations.append(_annotation(part, n))
            except BadGeometry as bad:
                item.problems.append(Problem(f"object[{n}]", bad.detail, bad.code))
        return item

    def _media(self, path: str, name: str) -> str | None:
        found = self._finder.find(name, path) or self._finder.find(f"JPEGImages/{name}", path)
        if found is None:
            stem = path.removesuffix(".xml")
            near = (self._finder.find(stem.rpartition("/")[2] + ending, path) for ending in (".jpg", ".png", ".jpeg"))
            found = next((one for one in near if one), None)
        return found


_OF_ITEM = frozenset({"filename", "size", "object"})
_OF_OBJECT = frozenset({"name", "bndbox", "attributes"})


def _annotation(part: Element, n: int) -> NamedAnnotation:
    name = part.text_of("name")
    box = part.child("bndbox")
    if not is_name(name) or box is None:
        raise BadGeometry("An object needs a <name> and a <bndbox>.", "incomplete")
    left, top, right, bottom = (_number(box, side) for side in ("xmin", "ymin", "xmax", "ymax"))
    shape = shapes.check("box", [left - 1, top - 1, right - left + 1, bottom - top + 1])
    return NamedAnnotation(
        kind="box",
        label=name,
        geometry=shapes.canonical(shape),
        attributes=_read_attributes(part.child("attributes")),
        ordinal=str(n),
        foreign={"voc": part.as_mapping(_OF_OBJECT)},
    )


def _number(box: Element, side: str) -> float:
    text = box.text_of(side)
    try:
        return float(text)
    except ValueError:
        raise BadGeometry(f"The {side} of a box is {text!r}, which is no number.", "number") from None


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _read_attributes(part: Element | None) -> dict[str, Any]:
    found = part.all("attribute") if part else []
    pairs = ((one.text_of("name"), one.child("value")) for one in found)
    return {name: value.text for name, value in pairs if name and value is not None}


class Voc:
    """Pascal VOC."""

    name = page = "voc"
    title = "Pascal VOC"

    sign = "`.xml` in a folder `Annotations`, or beside an image of the same name"
    carries = Carries(kinds=frozenset({"box"}), attributes=True, foreign=True)

    def recognizes(self, look: Look) -> bool:
        return bool(_annotation_files(look.paths()))

    def read(self, tree: Tree) -> VocReading:
        files = _annotation_files(tree.paths())
        if not files:
            raise VocInvalid
        return VocReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"JPEGImages/{_within(item)}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        stems: set[str] = set()
        for item in items:
            name = _within(item)
            stem = name.rpartition(".")[0] or name
            if stem in stems:
                stem = name
            stems.add(stem)
            yield Chunk(f"Annotations/{stem}.xml", "".join(_lines(item, name, loss)).encode())


def _within(item: Item) -> str:
    """An item's path under `JPEGImages`, where those that came from such a set are already."""
    return item.key.removeprefix("JPEGImages/") if "voc" in item.foreign else item.key


def _annotation_files(paths: Sequence[str]) -> list[str]:
    """XML files in a folder `Annotations`, and those beside an image of the same name."""
    stems = {path.rpartition(".")[0] for path in paths if is_image(path)}
    xml = [path for path in paths if path.lower().endswith(".xml")]
    return sorted(path for path in xml if "Annotations" in path.split("/")[:-1] or path[:-4] in stems)


def _lines(item: Item, name: str, loss: Loss) -> Iterator[str]:
    kept = dict(item.foreign.get("voc") or {})
    depth = kept.pop("depth", "3")
    segmented = kept.pop("segmented", "0")
    yield "<annotation>\n"
    yield from _element("folder", kept.pop("folder", "JPEGImages"), 1)
    yield from _element("filename", name, 1)
    for tag, value in kept.items():
        yield from _element(tag, value, 1)
    yield from _element("size", {"width": str(item.width), "height": str(item.height), "depth": depth}, 1)
    yield from _element("segmented", segmented, 1)
    loss.count("file_attributes_dropped", len(item.attributes))
    loss.count("meta_dropped", len(item.meta))
    for annotation in item.annotations:
        yield from _object(annotation, loss)
    yield "</annotation>\n"


def _object(annotation: NamedAnnotation, loss: Loss) -> Iterator[str]:
    if annotation.kind not in ("box", "rotated_box", "ellipse", "polygon", "mask"):
        loss.count("kind_dropped")
        return
    if annotation.kind != "box":
        loss.count("shape_to_box")
    loss.count_unsaid(annotation)
    if annotation.confidence is not None:
        loss.count("confidence_dropped")
    if annotation.group is not None:
        loss.count("group_dropped")
    x, y, w, h = shapes.bounds(annotation.kind, shapes.parse(annotation.kind, annotation.geometry))
    kept = dict(annotation.foreign.get("voc") or {})
    value: dict[str, Any] = {
        "name": annotation.label or "",
        "pose": kept.pop("pose", "Unspecified"),
        "truncated": kept.pop("truncated", "0"),
        "difficult": kept.pop("difficult", "0"),
        **kept,
        "bndbox": {"xmin": _spelled(x + 1), "ymin": _spelled(y + 1), "xmax": _spelled(x + w), "ymax": _spelled(y + h)},
    }
    if values := all_values(annotation):
        listed = [{"name": name, "value": _value(v)} for name, v in values.items()]

        value["attributes"] = {"attribute": listed}
    yield from _element("object", value, 1)


def _element(tag: str, value: Any, depth: int) -> Iterator[str]:
    """A tag with its text, or with tags from a mapping; once for each value of a list. No impossible names."""
    if isinstance(value, list):
        for one in cast(list[Any], value):
            yield from _element(tag, one, depth)
    elif NAME.fullmatch(tag):
        indent = "\t" * depth
        parts = cast(dict[str, Any], value) if isinstance(value, dict) else {"#text": value}
        own = [f" {k[1:]}={quoteattr(clean(v))}" for k, v in parts.items() if k[:1] == "@" and NAME.fullmatch(k[1:])]
        yield f"{indent}<{tag}{''.join(own)}>{escape(clean(parts.get('#text', '')), _RETURN)}"
        inner = [_element(k, v, depth + 1) for k, v in parts.items() if k[:1] not in "@#"]
        if inner:
            yield "\n"
            for part in inner:
                yield from part
            yield indent
        yield f"</{tag}>\n"


def _spelled(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(one) for one in cast(list[Any], value))
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
