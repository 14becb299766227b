"""Pascal VOC: one XML per image with boxes, 1-based and inclusive on disk, and PNGs with the pixels of objects.

`SegmentationObject/a.png` holds the number of the object, counted from 1 as in the XML; such an object is a mask here,
and its box is kept. `SegmentationClass/a.png` holds the number of its class, which `labelmap.txt` names. Masks are
written so by `voc` and `voc-segment`, polygons by the latter alone: two pictures a file take a hundred times as long as
the XML.

`<xmin>1</xmin><xmax>1</xmax>` is one pixel: here x 0, width 1. What VOC has and we don't (pose, truncated, difficult,
parts, any unknown tag) is kept in `foreign` under `voc` and written again. Entities and document types are refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, cast
from xml.sax.saxutils import escape

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import BadGeometry
from penstock.annotations.rle import Mask
from penstock.core import Invalid, Problem
from penstock.formats import classes, pictures, voc_objects
from penstock.formats.carries import Carries, Fitted, count_file, fit, split_named, split_of
from penstock.formats.coco_shapes import fingerprint
from penstock.formats.foreign import as_read
from penstock.formats.model import BadItem, Chunk, Deferred, Item, Look, Loss, NamedAnnotation, Tree, whole
from penstock.formats.naming import all_values
from penstock.formats.plain import Corners, plain_of
from penstock.formats.seen import Seen
from penstock.formats.traced import Traced
from penstock.formats.tree import Finder, content_of, ending, is_image
from penstock.formats.voc_objects import OF_OBJECT, Cut
from penstock.formats.waiting import Lists
from penstock.formats.xml import RETURN, BadXml, Element, clean, read_xml, written
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedLabel, WantedSchema

LARGEST_BYTES = 64 * 1024**2
OBJECTS, CLASSES, SETS = "SegmentationObject", "SegmentationClass", "ImageSets"


class VocInvalid(Invalid):
    """This is not a Pascal VOC set: there is no .xml file beside its images or in a folder `Annotations`."""


class VocReading:
    """The XML files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        pngs = {path: path.partition(f"{OBJECTS}/") for path in ending(tree.paths(), ".png")}
        self._pictures = {stem.removesuffix(".png"): path for path, (_, found, stem) in pngs.items() if found}
        self._beside = [path for path in pngs if f"{OBJECTS}/" in path or f"{CLASSES}/" in path]
        images = [path for path in tree.paths() if is_image(path)]
        self._finder = Finder([path for path in images if path not in self._beside])
        self._lists = [path for path in ending(tree.paths(), ".txt") if f"{SETS}/" in path]
        self._splits = dict(self._listed())

    def _listed(self) -> Iterator[tuple[str, str]]:
        """The parts that files are in, by the names of their documents, as lists in `ImageSets` have it."""
        for path in self._lists:
            if split := split_named(path.rpartition("/")[2].removesuffix(".txt")):
                lines = content_of(self.tree, path, LARGEST_BYTES).decode("utf-8-sig", "replace").splitlines()
                yield from ((line.strip(), split) for line in lines if line.strip())

    def schema(self) -> WantedSchema:
        """The labels and attributes that occur, by reading every file: VOC has no list of them."""
        labels: set[str] = set()
        seen = Seen(all_text=True)
        for path in self.files:
            found = self._opened(path)
            if isinstance(found, Cut):
                labels |= found.names()
            elif isinstance(found, Element):
                for annotation in self._whole(path, found).annotations:
                    labels.add(annotation.label or "")
                    seen.add(annotation.label or "", annotation.attributes)
        return WantedSchema(labels={name: WantedLabel() for name in sorted(labels)}, attributes=seen.wanted())

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset({*self.files, *self._beside, *self._lists})

    def items(self) -> Iterator[Item | BadItem]:
        for one in self.deferred():
            if isinstance(one, Deferred):
                voc_objects.finish([one])
            yield one.item if isinstance(one, Deferred) else one

    def told(self) -> bytes | None:
        return b""

    def deferred(self) -> Iterator[Deferred | BadItem]:
        for path in self.files:
            match self._opened(path):
                case Cut() as found:
                    yield Deferred(item=self._item(path, found.root), raws=found.raws())
                case Element() as root:
                    yield Deferred(item=self._whole(path, root))
                case bad:
                    yield bad

    def _opened(self, path: str) -> Cut | Element | BadItem:
        """A document: cut where it is plain and has no picture, else its root."""
        try:
            content = content_of(self.tree, path, LARGEST_BYTES + 1)
            if len(content) > LARGEST_BYTES:
                raise BadXml(f"it is larger than {LARGEST_BYTES} bytes")
            if _stem(path) not in self._pictures and (found := voc_objects.cut(content)) is not None:
                return found
            root = read_xml(content)
            if root.tag != "annotation":
                raise BadXml(f"its root is <{root.tag}>, not <annotation>")
        except BadXml as error:
            return BadItem(path, f"This XML can't be read: {error}.", "bad-xml")
        return root

    def _whole(self, path: str, root: Element) -> Item:
        """An item with its annotations."""
        item = self._item(path, root)
        masks = self._masks(path, item)
        for n, part in enumerate(root.all("object")):
            try:
                item.annotations.append(voc_objects.annotation(part, n, masks.get(n + 1)))
            except BadGeometry as bad:
                item.problems.append(Problem(f"object[{n}]", bad.detail, bad.code))
        return item

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
        if split := self._splits.get(_stem(path)):
            item.meta["split"] = split
        return item

    def _masks(self, path: str, item: Item) -> dict[int, Mask]:
        """The pixels of objects by their numbers."""
        found = self._pictures.get(_stem(path))
        if found is None:
            return {}
        try:
            numbers = pictures.numbers_of(content_of(self.tree, found, LARGEST_BYTES), {})
        except BadGeometry as bad:
            item.problems.append(Problem(found, bad.detail, bad.code))
            return {}
        return dict(pictures.masks_of(numbers, without=(0, 255, -1)))

    def _media(self, path: str, name: str) -> str | None:
        found = self._finder.find(name, path) or self._finder.find(f"JPEGImages/{name}", path)
        if found is None:
            stem = path.removesuffix(".xml")
            near = (self._finder.find(stem.rpartition("/")[2] + ending, path) for ending in (".jpg", ".png", ".jpeg"))
            found = next((one for one in near if one), None)
        return found


def _stem(path: str) -> str:
    """What a document's pictures and lists name it by."""
    return path.rpartition("Annotations/")[2].removesuffix(".xml")


_OF_ITEM = frozenset({"filename", "size", "object"})


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


class Voc:
    """Pascal VOC. With `segment`, shapes other than boxes are drawn; else masks alone."""

    page = "voc"

    def __init__(self, name: str, title: str, *, segment: bool) -> None:
        self.name, self.title = name, title
        self._segment = segment
        self.carries = Carries(
            kinds=frozenset({"box", "mask"}), attributes=True, split=True, foreign=("voc",), draws=segment
        )
        self.plain = () if segment else (Corners,)
        self.goes_on = False
        self.sign = "`.xml` in a folder `Annotations`, or beside an image of the same name"
        if segment:
            self.sign = "by name only"

    def recognizes(self, look: Look) -> bool:
        return not self._segment and bool(_annotation_files(look.paths()))

    def finish(self, told: bytes, some: Sequence[Deferred]) -> None:
        voc_objects.finish(some)

    def trace(self, told: bytes, some: Sequence[Deferred]) -> list[Traced | None]:
        return voc_objects.trace(some)

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
        return whole(self.begin(schema, loss, foreign, None), items)

    def begin(self, schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None, told: bytes | None) -> "_Writing":
        return _Writing(self.carries, schema, loss)


class _Left(msgspec.Struct):
    """What is left of items that were written for another."""

    stems: list[str]
    lists: dict[str, list[bytes]]
    has_masks: bool


_LEFT = msgspec.msgpack.Decoder(_Left)


class _Writing:
    """One set."""

    def __init__(self, carries: Carries, schema: Schema, loss: Loss) -> None:
        self._carries, self._loss = carries, loss
        self._numbers = classes.numbered(schema, "voc", loss, first=1)
        self._heads = {
            label.id: f"\t<object>\n{_tag('name', label.name, 2)}{_NOTHING_KEPT}".encode()
            for label in schema.live_labels
        }
        self._stems: set[str] = set()
        self._has_masks = False
        self._lists = Lists()

    def items(self, items: Iterable[Item]) -> Iterator[Chunk]:
        for item in items:
            count_file(item, self._carries, self._loss)
            name = _within(item)
            stem = name.rpartition(".")[0] or name
            if stem in self._stems:
                stem = name
            self._stems.add(stem)
            if split := split_of(item, ""):
                self._lists.add(split, stem)
            if isinstance(plain := plain_of(item), Corners):
                plain.count(self._carries, self._loss)
                yield Chunk(f"Annotations/{stem}.xml", _plain(item, name, plain, self._heads))
            else:
                yield from self._objects(item, name, stem)

    def _objects(self, item: Item, name: str, stem: str) -> Iterator[Chunk]:
        objects = [(a, found) for a in item.annotations if (found := self._fitted(a, item))]
        masks = [(n, found.shape) for n, (_, found) in enumerate(objects, 1) if found.kind == "mask"]
        yield Chunk(f"Annotations/{stem}.xml", "".join(_lines(item, name, objects, bool(masks))).encode())
        self._has_masks = self._has_masks or bool(masks)
        yield from _drawn(item, stem, objects, masks, self._numbers, self._loss)

    def end(self) -> Iterator[Chunk]:
        for split, lines in self._lists.items():
            for kind in ("Main", *(["Segmentation"] if self._has_masks else [])):
                yield from (Chunk(f"{SETS}/{kind}/{split}.txt", some) for some in lines.blocks())
        if self._has_masks:
            yield Chunk("labelmap.txt", _label_map(self._numbers).encode())

    def told(self) -> bytes | None:
        return b""

    def leave(self) -> Iterator[bytes]:
        yield msgspec.msgpack.encode(_Left([*self._stems], self._lists.left(), self._has_masks))

    def take(self, left: BinaryIO) -> bool:
        found = _LEFT.decode(left.read())
        if not self._stems.isdisjoint(found.stems):
            return False
        self._stems.update(found.stems)
        self._lists.take(found.lists)
        self._has_masks = self._has_masks or found.has_masks
        return True

    def close(self) -> None:
        self._lists.close()

    def _fitted(self, annotation: NamedAnnotation, item: Item) -> Fitted | None:
        """As `fit`; a mask that isn't as large as its image can't be drawn on it, so it is its box."""
        found = fit(annotation, self._carries, item, self._loss)
        if found is None or found.kind != "mask" or pictures.is_sized(found.shape, item):
            return found
        self._loss.count("shape_to_box")
        return Fitted("box", shapes.bounds("mask", found.shape))


def _drawn(
    item: Item,
    stem: str,
    objects: Sequence[tuple[NamedAnnotation, Fitted]],
    masks: Sequence[tuple[int, Mask]],
    numbers: Mapping[str, int],
    loss: Loss,
) -> Iterator[Chunk]:
    """The pictures of an item's masks, if it has any."""
    if masks:
        own = pictures.drawn(masks, item.height, item.width, loss)
        of_class = [0, *(numbers.get(a.label or "", 0) for a, _ in objects)]
        yield Chunk(f"{OBJECTS}/{stem}.png", pictures.png(own))
        yield Chunk(f"{CLASSES}/{stem}.png", pictures.png(pictures.renumbered(own, of_class)))


def _within(item: Item) -> str:
    """An item's path under `JPEGImages`, where those that came from such a set are already."""
    return item.key.removeprefix("JPEGImages/") if "voc" in item.foreign else item.key


def _annotation_files(paths: Sequence[str]) -> list[str]:
    """XML files in a folder `Annotations`, and those beside an image of the same name."""
    stems = {path.rpartition(".")[0] for path in paths if is_image(path)}
    xml = [path for path in paths if path.lower().endswith(".xml")]
    return sorted(path for path in xml if "Annotations" in path.split("/")[:-1] or path[:-4] in stems)


def _label_map(numbers: Mapping[str, int]) -> str:
    """Names and colours of classes, the background first: `name:r,g,b::`."""
    colours = pictures.palette(max(256, len(numbers) + 1))
    rows = [("background", 0), *numbers.items()]
    told = (f"{name.replace(':', '_')}:{','.join(map(str, colours[number]))}::" for name, number in rows)
    return "\n".join(["# label:color_rgb:parts:actions", *told, ""])


def _lines(item: Item, name: str, objects: Sequence[tuple[NamedAnnotation, Fitted]], has_masks: bool) -> Iterator[str]:
    yield from _head(item, name, has_masks)
    for annotation, fitted in objects:
        yield from _object(annotation, fitted)
    yield "</annotation>\n"


def _plain(item: Item, name: str, boxes: Corners, heads: Mapping[int, bytes]) -> bytes:
    """The same lines of boxes in columns; `heads` have what comes before a box of each label."""
    count = len(boxes.labels)
    sides = boxes.sides.replace("\n", " ").encode().split(b" ")
    if "e" in boxes.sides:  # as the database spells small ones
        sides = [_spelled(float(side)).encode() for side in sides]
    said = [b""] * (5 * count)
    said[::5] = [heads[label] for label in boxes.labels]
    for n in range(4):
        said[n + 1 :: 5] = sides[n::4]
    if "voc" in item.foreign:
        head = "".join(_head(item, name, False)).encode()
    else:
        before, after = _usual_head(item.width, item.height)
        head = b"%b%b%b" % (before, _escaped(name).encode(), after)
    return head + _OBJECT * count % tuple(said) + b"</annotation>\n"


@lru_cache(maxsize=4096)
def _usual_head(width: int, height: int) -> tuple[bytes, bytes]:
    """What stands before and behind the name, of an item that nothing is kept of."""
    told = "".join(_head(Item(key="", width=width, height=height), "*", False))
    before, _, after = told.encode().partition(b"*")
    return before, after


def _escaped(name: str) -> str:
    return name if name.replace("/", "").replace(".", "").isalnum() else escape(clean(name), RETURN)


def _head(item: Item, name: str, has_masks: bool) -> Iterator[str]:
    kept = dict(as_read(item.foreign, "voc"))
    depth = kept.pop("depth", "3")
    segmented = kept.pop("segmented", "1" if has_masks else "0")
    yield "<annotation>\n"
    yield _tag("folder", kept.pop("folder", "JPEGImages"), 1)
    yield f"\t<filename>{_escaped(name)}</filename>\n"
    for tag, value in kept.items():
        if tag not in _OF_ITEM:
            yield from written(tag, value, 1)
    yield f"\t<size>\n\t\t<width>{item.width}</width>\n\t\t<height>{item.height}</height>\n"
    yield _tag("depth", depth, 2)
    yield "\t</size>\n"
    yield _tag("segmented", segmented, 1)


_NOTHING_KEPT = (
    "\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n"  # of most objects
)
_BOX = (
    b"\t\t<bndbox>\n\t\t\t<xmin>%b</xmin>\n\t\t\t<ymin>%b</ymin>\n"
    b"\t\t\t<xmax>%b</xmax>\n\t\t\t<ymax>%b</ymax>\n\t\t</bndbox>\n"
)
_OBJECT = b"%b" + _BOX + b"\t</object>\n"


def _object(annotation: NamedAnnotation, fitted: Fitted) -> Iterator[str]:
    x, y, w, h = fitted.shape if fitted.kind == "box" else shapes.bounds(*fitted)
    yield "\t<object>\n"
    yield _tag("name", annotation.label or "", 2)
    if kept := dict(annotation.foreign.get("voc") or {}):
        box = kept.pop("#box", None)
        if kept.pop("#of", None) == fingerprint(bytes(annotation.geometry)) and box is not None:
            x, y, w, h = box
        for tag, value in {"pose": "Unspecified", "truncated": "0", "difficult": "0", **kept}.items():
            if tag not in OF_OBJECT:
                yield _tag(tag, value, 2)
    else:
        yield _NOTHING_KEPT
    yield (_BOX % tuple(_spelled(side).encode() for side in (x + 1, y + 1, x + w, y + h))).decode()
    if (annotation.attributes or "attributes" in annotation.foreign) and (values := all_values(annotation)):
        listed = [{"name": name, "value": _value(v)} for name, v in values.items()]
        yield from written("attributes", {"attribute": listed}, 2)
    yield "\t</object>\n"


def _tag(tag: str, value: Any, depth: int) -> str:
    """A tag whose text is mostly one of few."""
    return _known(tag, value, depth) if isinstance(value, str) else "".join(written(tag, value, depth))


@lru_cache(maxsize=4096)
def _known(tag: str, text: str, depth: int) -> str:
    return "".join(written(tag, text, depth))


def _spelled(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(one) for one in cast(list[Any], value))
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
