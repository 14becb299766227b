"""COCO panoptic: a JSON for a whole set, and a PNG for each image whose colours are numbers of segments.

The number of a pixel is R + 256 G + 65536 B; 0 is nothing. Every pixel is in one segment at most, so later masks cover
earlier ones when a set is written.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import msgspec
from PIL import Image

from penstock.annotations import geometry as shapes
from penstock.annotations import rle
from penstock.annotations.geometry import UNREADABLE, BadGeometry, canonical
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, Fitted, count_file, fit, is_crowd
from penstock.formats.coco import is_panoptic
from penstock.formats.coco_writing import Ids, categories
from penstock.formats.foreign import as_read
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.pictures import MOST_PIXELS, is_sized
from penstock.formats.splitting import BadDocument, split
from penstock.formats.tree import Finder, ending, is_image
from penstock.formats.waiting import Lines
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedLabel, WantedSchema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE, FOLDER = "panoptic.json", "panoptic"
_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_ITEM = msgspec.json.Decoder(Item)
_OURS = frozenset({"images", "annotations", "categories"})
_LARGEST = 512 << 20


class PanopticInvalid(Invalid):
    """{path} is no COCO panoptic set: {why}."""


class PanopticReading:
    """One JSON and its pictures."""

    def __init__(self, tree: Tree, path: str) -> None:
        self.tree = tree
        self.path = path
        self._images: dict[int | str, dict[str, Any]] = {}
        self._categories: dict[int | str, dict[str, Any]] = {}
        self._rest: dict[str, Any] = {}
        self._bad: list[BadItem] = []
        self._pictures: set[str] = set()
        pngs = [path for path in ending(tree.paths(), ".png") if FOLDER in path.lower()]
        self._pngs = Finder(pngs)
        self._finder = Finder([path for path in tree.paths() if is_image(path) and path not in set(pngs)])
        for key, at, found in self._parts():
            self._take(key, at, found)

    def _parts(self) -> Iterator[tuple[str, int, Any]]:
        try:
            with closing(self.tree.open(self.path)) as stream:
                for at, part in enumerate(split(stream)):
                    if part.key not in _OURS or part.is_element:
                        yield part.key, at, msgspec.json.decode(without_nul(bytes(part.raw)))
        except (BadDocument, *UNREADABLE) as error:
            raise PanopticInvalid(path=self.path, why=str(error)) from None

    def _take(self, key: str, at: int, found: Any) -> None:
        given: dict[str, Any] = cast(dict[str, Any], found) if isinstance(found, dict) else {}
        id, name = given.get("id"), given.get("file_name" if key == "images" else "name")
        right = isinstance(id, (int, str)) and isinstance(name, str) and bool(name)
        if key == "annotations":
            if isinstance(given.get("file_name"), str) and (png := self._png(given["file_name"])):
                self._pictures.add(png)
        elif key in _OURS and not (right and (key == "images" or is_name(cast(str, name)))):
            self._bad.append(BadItem(f"{self.path} {key} part {at}", "It needs an id and a name.", key))
        elif key == "images":
            self._images[cast(int, id)] = given
        elif key == "categories":
            self._categories[cast(int, id)] = {**given, "name": cast(str, name).strip()}
        elif isinstance(found, list) or key not in self._rest:
            self._rest[key] = found
        else:
            cast(list[Any], self._rest[key]).append(found)

    def _png(self, name: str) -> str | None:
        stem = self.path.rpartition("/")[2].removesuffix(".json")
        return self._pngs.find(f"{stem}/{name}", self.path) or self._pngs.find(name, self.path)

    def schema(self) -> WantedSchema:
        labels: dict[str, WantedLabel] = {}
        for category in self._categories.values():
            kept = {key: value for key, value in category.items() if key != "name"}
            labels.setdefault(category["name"], WantedLabel(foreign={"coco": kept}))
        return WantedSchema(labels=labels)

    def foreign(self) -> dict[str, Any]:
        return {"coco": self._rest} if self._rest else {}

    def used(self) -> frozenset[str]:
        return frozenset({self.path, *self._pictures})

    def items(self) -> Iterator[Item | BadItem]:
        yield from self._bad
        seen: set[int | str] = set()
        for key, at, found in self._parts():
            if key != "annotations":
                continue
            where = f"{self.path} annotation part {at}"
            given: dict[str, Any] = cast(dict[str, Any], found) if isinstance(found, dict) else {}
            id = given.get("image_id")
            if not isinstance(id, (int, str)) or id not in self._images:
                yield BadItem(where, f"It is on image {id!r}, which isn't in the set.", "dangling-image")
            elif id in seen:
                yield BadItem(where, f"Image {id!r} has an annotation already.", "twice")
            else:
                seen.add(id)
                item = self._item(self._images[id])
                self._annotate(item, given)
                yield item
        yield from (self._item(image) for id, image in self._images.items() if id not in seen)

    def _item(self, image: Mapping[str, Any]) -> Item:
        name: str = image["file_name"]
        media = self._finder.find(name, self.path)
        kept = {key: value for key, value in image.items() if key not in ("width", "height")}
        return Item(
            key=media or name.replace("\\", "/"),
            media=media,
            width=_size(image.get("width")),
            height=_size(image.get("height")),
            foreign={"coco": kept},
        )

    def _annotate(self, item: Item, found: Mapping[str, Any]) -> None:
        name = found.get("file_name")
        png = self._png(name) if isinstance(name, str) else None
        try:
            if png is None:
                raise BadGeometry(f"There is no picture {name!r}.", "picture")
            with closing(self.tree.open(png)) as stream:
                numbers = _numbers(stream.read(_LARGEST))
        except BadGeometry as bad:
            item.problems.append(Problem(str(name), bad.detail, bad.code))
            return
        segments: Any = found.get("segments_info")
        for n, segment in enumerate(cast(list[Any], segments) if isinstance(segments, list) else []):
            try:
                item.annotations.append(self._segment(segment, numbers))
            except BadGeometry as bad:
                item.problems.append(Problem(f"segments_info[{n}]", bad.detail, bad.code))
        if not item.problems and len(item.annotations) < _count(numbers):
            item.problems.append(Problem(png, "The picture has colours of which segments_info says nothing.", "colour"))

    def _segment(self, segment: Any, numbers: "NDArray[np.uint32]") -> NamedAnnotation:
        given = cast(dict[str, Any], segment) if isinstance(segment, dict) else {}
        id, of = given.get("id"), given.get("category_id")
        category = self._categories.get(of) if isinstance(of, (int, str)) else None
        if type(id) is not int or category is None:
            raise BadGeometry("A segment needs an id and a category of the set.", "dangling-category")
        mask = rle.from_pixels(numbers == id)
        text = canonical(shapes.check("mask", mask))
        kept = {key: value for key, value in given.items() if key not in ("category_id", "area", "bbox")}
        if kept.get("iscrowd") == 0:
            del kept["iscrowd"]
        made = NamedAnnotation(kind="mask", label=category["name"], geometry=text, ordinal=str(id))
        made.foreign = {"panoptic": kept}
        return made


def _size(value: Any) -> int:
    return value if type(value) is int and 0 < value < 2**31 else 0


def _numbers(content: bytes) -> "NDArray[np.uint32]":
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BadGeometry(f"The picture has more than {MOST_PIXELS:,} pixels.", "picture")
            array: Any = np.asarray(picture.convert("RGB")).astype(np.uint32)
    except (OSError, ValueError, SyntaxError) as error:
        if isinstance(error, BadGeometry):
            raise
        raise BadGeometry(f"The picture can't be read: {error}.", "picture") from None
    return array[:, :, 0] | array[:, :, 1] << 8 | array[:, :, 2] << 16


def _count(numbers: "NDArray[np.uint32]") -> int:
    """How many segments a picture shows."""
    import numpy as np  # noqa: PLC0415 lazy

    return len(np.unique(numbers[numbers > 0]))


class Panoptic:
    """COCO panoptic."""

    name = "coco-panoptic"
    page = "coco"
    title = "COCO panoptic"
    sign = "a `.json` whose name holds `panoptic`"
    carries = Carries(kinds=frozenset({"mask"}), ids=True, foreign=("coco", "panoptic"), crowd=True)

    def recognizes(self, look: Look) -> bool:
        found = look.ending(".json")
        return any(map(is_panoptic, found)) and not any("instances" in path.lower() for path in found)

    def read(self, tree: Tree) -> PanopticReading:
        found = ending(tree.paths(), ".json")
        named = [path for path in found if is_panoptic(path)] or found
        if len(named) != 1:
            raise PanopticInvalid(path="the set", why=f"it has {len(named)} JSON files; import them one by one")
        return PanopticReading(tree, named[0])

    def media_path(self, item: Item) -> str:
        return f"images/{item.key.removeprefix('images/') if 'coco' in item.foreign else item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        listed = categories(schema, loss)
        numbers = {label.name: category["id"] for label, category in listed}
        ids = Ids(loss, "image_id_changed")
        with Lines() as images, Lines() as annotations:
            for item, id in _with_ids(items, ids):
                count_file(item, self.carries, loss)
                name = self.media_path(item).removeprefix("images/")
                kept: dict[str, Any] = as_read(item.foreign, "coco")
                told = {**kept, "id": id, "file_name": name, "width": item.width, "height": item.height}
                images.add(_ENCODE(told))
                if not (item.width and item.height):
                    loss.count("size_unknown", len(item.annotations))
                    continue
                every = [
                    (annotation, found)
                    for annotation in item.annotations
                    if annotation.label in numbers and (found := fit(annotation, self.carries, item, loss))
                ]
                fitted = [one for one in every if is_sized(one[1].shape, item)]
                loss.count("size_unknown", len(every) - len(fitted))
                loss.count("kind_dropped", sum(annotation.label not in numbers for annotation in item.annotations))
                picture, segments = _drawn(fitted, numbers, item, loss)
                png = f"{name.rpartition('.')[0] or name}.png"
                yield Chunk(f"{FOLDER}/{png}", picture)
                annotations.add(_ENCODE({"image_id": id, "file_name": png, "segments_info": segments}))
            yield from _document((foreign or {}).get("coco") or {}, images, annotations, [c for _, c in listed])


def _with_ids(items: Iterable[Item], ids: Ids) -> Iterator[tuple[Item, int]]:
    """Items with the ids that they came with; those without one come last, with the next free ones."""
    with Lines() as waiting:
        for item in items:
            if (id := ids.keep(as_read(item.foreign, "coco").get("id"))) is not None:
                yield item, id
            else:
                waiting.add(_ENCODE(item))
        for line in waiting.lines():
            yield _ITEM.decode(line), ids.next()


_DERIVED = frozenset({"area", "bbox", "segmentation", "of", "rle", "with"})


def _kept(annotation: NamedAnnotation) -> Mapping[str, Any]:
    """What a set said of a segment, or of an object of COCO's instances."""
    kept = as_read(annotation.foreign, "panoptic")
    return kept or {key: one for key, one in as_read(annotation.foreign, "coco").items() if key not in _DERIVED}


def _drawn(
    fitted: Sequence[tuple[NamedAnnotation, Fitted]], numbers: Mapping[str, int], item: Item, loss: Loss
) -> tuple[bytes, list[dict[str, Any]]]:
    """The picture of an item, and what is said of its segments; those that are covered wholly are left out."""
    import numpy as np  # noqa: PLC0415 lazy

    whole = np.zeros((item.height, item.width), dtype=np.uint32)
    taken: set[int] = set()
    ids: list[int] = []
    free = (id for id in count(1) if id not in taken)
    for annotation, found in fitted:
        wanted: Any = _kept(annotation).get("id")
        if type(wanted) is int and 0 < wanted < 1 << 24 and wanted not in taken:
            ids.append(wanted)
        else:
            loss.count("annotation_id_changed", wanted is not None)
            ids.append(next(free))
        taken.add(ids[-1])
        inside = rle.pixels(found.shape)
        if whole[inside].any():
            loss.count("covered")
        whole[inside] = ids[-1]
    segments: list[dict[str, Any]] = []
    for id, (annotation, _) in zip(ids, fitted, strict=True):
        runs = rle.runs(rle.from_pixels(whole == id))
        if rle.area(runs):
            category = numbers[annotation.label or ""]
            told = {"id": id, "category_id": category, "area": rle.area(runs), "bbox": rle.bounds(runs, item.height)}
            segments.append({"iscrowd": int(is_crowd(annotation)), **_kept(annotation), **told})
    colours = np.stack([whole & 255, whole >> 8 & 255, whole >> 16 & 255], axis=2).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(colours).save(buffer, "PNG")
    return buffer.getvalue(), segments


def _document(
    said: Mapping[str, Any], images: Lines, annotations: Lines, categories: Sequence[Mapping[str, Any]]
) -> Iterator[Chunk]:
    yield Chunk(FILE, b"{")
    for key, value in sorted(said.items()):
        if key not in _OURS:
            yield Chunk(FILE, _ENCODE(key) + b":" + _ENCODE(value) + b",\n")
    for name, lines in (("images", images), ("annotations", annotations)):
        yield Chunk(FILE, b'"%s":[' % name.encode())
        between = b"\n"
        for line in lines.lines():
            yield Chunk(FILE, between + line)
            between = b",\n"
        yield Chunk(FILE, b"\n],\n")
    yield Chunk(FILE, b'"categories":' + _ENCODE(list(categories)) + b"}\n")
