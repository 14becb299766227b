"""COCO panoptic: a JSON for each part of a set, and a PNG for each image whose colours are numbers of segments.

The number of a pixel is R + 256 G + 65536 B; 0 is nothing. Every pixel is in one segment at most, so later masks cover
earlier ones when a set is written.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import count
from typing import TYPE_CHECKING, Any, Self, cast

import msgspec
from PIL import Image

from penstock.annotations import geometry as shapes
from penstock.annotations import rle
from penstock.annotations.geometry import UNREADABLE, BadGeometry, canonical
from penstock.core import Invalid, Problem
from penstock.formats.carries import SPLITS, Carries, Fitted, count_file, fit, is_crowd, split_in, split_of
from penstock.formats.coco import is_panoptic
from penstock.formats.coco_writing import Ids, categories, file_name
from penstock.formats.foreign import as_read, joined
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.pictures import MOST_PIXELS, is_sized
from penstock.formats.splitting import BadDocument, split
from penstock.formats.tree import Finder, content_of, ending, is_image
from penstock.formats.waiting import Lines
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedLabel, WantedSchema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "panoptic"
_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_OURS = frozenset({"images", "annotations", "categories"})
_LARGEST = 512 << 20


class PanopticInvalid(Invalid):
    """{path} is no COCO panoptic set: {why}."""


class _File:
    """One JSON of a set, looked through once for its images and categories."""

    def __init__(self, tree: Tree, path: str, pngs: "_Pngs") -> None:
        self.tree = tree
        self.path = path
        self.split = split_in(path)
        self.images: dict[int | str, dict[str, Any]] = {}
        self.categories: dict[int | str, dict[str, Any]] = {}
        self.rest: dict[str, Any] = {}
        self.problems: list[BadItem] = []
        self.pictures: dict[str, str] = {}  #: where they are, by the names that annotations give
        for key, at, found in self.parts():
            self._take(key, at, found, pngs)

    def parts(self) -> Iterator[tuple[str, int, Any]]:
        """Everything in it, with its key and position."""
        try:
            with closing(self.tree.open(self.path)) as stream:
                for at, part in enumerate(split(stream)):
                    if part.key not in _OURS or part.is_element:
                        yield part.key, at, msgspec.json.decode(without_nul(bytes(part.raw)))
        except (BadDocument, *UNREADABLE) as error:
            raise PanopticInvalid(path=self.path, why=str(error)) from None

    def _take(self, key: str, at: int, found: Any, pngs: "_Pngs") -> None:
        given: dict[str, Any] = cast(dict[str, Any], found) if isinstance(found, dict) else {}
        id, name = given.get("id"), given.get("file_name" if key == "images" else "name")
        right = isinstance(id, (int, str)) and isinstance(name, str) and bool(name)
        if key == "annotations":
            said = given.get("file_name")
            if isinstance(said, str) and (png := pngs.find(said, self.path, self.split)):
                self.pictures[said] = png
        elif key in _OURS and not (right and (key == "images" or is_name(cast(str, name)))):
            self.problems.append(BadItem(f"{self.path} {key} part {at}", "It needs an id and a name.", key))
        elif key == "images":
            self.images[cast(int, id)] = given
        elif key == "categories":
            self.categories[cast(int, id)] = {**given, "name": cast(str, name).strip()}
        elif isinstance(found, list) or key not in self.rest:
            self.rest[key] = found
        else:
            cast(list[Any], self.rest[key]).append(found)

    def by_image(self) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None] | BadItem]:
        """Each image with its annotation; those without one come last."""
        seen: set[int | str] = set()
        for key, at, found in self.parts():
            if key != "annotations":
                continue
            where = f"{self.path} annotation part {at}"
            given: dict[str, Any] = cast(dict[str, Any], found) if isinstance(found, dict) else {}
            id = given.get("image_id")
            if not isinstance(id, (int, str)) or id not in self.images:
                yield BadItem(where, f"It is on image {id!r}, which isn't in the set.", "dangling-image")
            elif id in seen:
                yield BadItem(where, f"Image {id!r} has an annotation already.", "twice")
            else:
                seen.add(id)
                yield self.images[id], given
        yield from ((image, None) for id, image in self.images.items() if id not in seen)


class _Pngs:
    """Finds the pictures of annotations: in a folder named as the JSON is, else where a path holds `panoptic`."""

    def __init__(self, paths: Sequence[str]) -> None:
        pngs = ending(paths, ".png")
        self._all = Finder(pngs)
        self._sounding = Finder([path for path in pngs if FOLDER in path.lower()])

    def find(self, name: str, near: str, split: str | None) -> str | None:
        stem = near.rpartition("/")[2].removesuffix(".json")
        return self._all.find(f"{stem}/{name}", near) or self._sounding.find(name, near, split)


class PanopticReading:
    """The JSON files of a set, and their pictures."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        pngs = _Pngs(tree.paths())
        self._files = [_File(tree, path, pngs) for path in files]
        self._pictures = frozenset(png for file in self._files for png in file.pictures.values())
        self._finder = Finder(
            [path for path in tree.paths() if is_image(path) and path not in self._pictures], "images/"
        )

    def schema(self) -> WantedSchema:
        labels: dict[str, WantedLabel] = {}
        for file in self._files:
            for category in file.categories.values():
                kept = {key: value for key, value in category.items() if key != "name"}
                labels.setdefault(category["name"], WantedLabel(foreign={"coco": kept}))
        return WantedSchema(labels=labels)

    def foreign(self) -> dict[str, Any]:
        return joined([{"coco": file.rest} for file in self._files], "coco", Loss())

    def used(self) -> frozenset[str]:
        return self._pictures.union(file.path for file in self._files)

    def items(self) -> Iterator[Item | BadItem]:
        for file in self._files:
            yield from file.problems
            for found in file.by_image():
                yield found if isinstance(found, BadItem) else self._item(file, *found)

    def _item(self, file: _File, image: Mapping[str, Any], annotation: Mapping[str, Any] | None) -> Item:
        name: str = image["file_name"]
        media = self._finder.find(name, file.path, file.split)
        kept = {key: value for key, value in image.items() if key not in ("width", "height")}
        item = Item(
            key=media or name.replace("\\", "/"),
            media=media,
            width=_size(image.get("width")),
            height=_size(image.get("height")),
            meta={"split": file.split} if file.split else {},
            foreign={"coco": kept},
        )
        if annotation is not None:
            self._annotate(item, file, annotation)
        return item

    def _annotate(self, item: Item, file: _File, found: Mapping[str, Any]) -> None:
        name = found.get("file_name")
        png = file.pictures.get(name) if isinstance(name, str) else None
        try:
            if png is None:
                raise BadGeometry(f"There is no picture {name!r}.", "picture")
            numbers = _numbers(content_of(self.tree, png, _LARGEST))
        except BadGeometry as bad:
            item.problems.append(Problem(str(name), bad.detail, bad.code))
            return
        segments: Any = found.get("segments_info")
        for n, segment in enumerate(cast(list[Any], segments) if isinstance(segments, list) else []):
            try:
                item.annotations.append(_segment(segment, file.categories, numbers))
            except BadGeometry as bad:
                item.problems.append(Problem(f"segments_info[{n}]", bad.detail, bad.code))
        if not item.problems and len(item.annotations) < _count(numbers):
            item.problems.append(Problem(png, "The picture has colours of which segments_info says nothing.", "colour"))


def _segment(
    segment: Any, categories: Mapping[int | str, Mapping[str, Any]], numbers: "NDArray[np.uint32]"
) -> NamedAnnotation:
    given = cast(dict[str, Any], segment) if isinstance(segment, dict) else {}
    id, of = given.get("id"), given.get("category_id")
    category = categories.get(of) if isinstance(of, (int, str)) else None
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
    carries = Carries(kinds=frozenset({"mask"}), ids=True, foreign=("coco", "panoptic"), split=True, crowd=True)

    def recognizes(self, look: Look) -> bool:
        found = look.ending(".json")
        return any(map(is_panoptic, found)) and not any("instances" in path.lower() for path in found)

    def read(self, tree: Tree) -> PanopticReading:
        found = ending(tree.paths(), ".json")
        named = [path for path in found if is_panoptic(path)] or found
        if not named:
            raise PanopticInvalid(path="the set", why="there is no .json file in it")
        return PanopticReading(tree, named)

    def media_path(self, item: Item) -> str:
        return f"images/{file_name(item)}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        listed: list[dict[str, Any]] = [{"isthing": 1, **category} for _, category in categories(schema, loss)]
        numbers = {category["name"]: category["id"] for category in listed}
        with ExitStack() as stack:
            parts: dict[str, _Part] = {}
            for item in items:
                count_file(item, self.carries, loss)
                split = split_of(item, "")
                if split not in parts:
                    parts[split] = stack.enter_context(_Part(split, loss))
                part = parts[split]
                name = file_name(item)
                png = part.picture(name)
                segments: list[dict[str, Any]] | None = None
                if item.width and item.height:
                    picture, segments = _drawn(self._fitted(item, numbers, loss), numbers, item, loss)
                    yield Chunk(f"{part.folder}/{png}", picture)
                else:
                    loss.count("size_unknown", len(item.annotations))
                part.add(item, name, png, segments)
            said: dict[str, Any] = (foreign or {}).get("coco") or {}
            if not parts:
                parts[""] = stack.enter_context(_Part("", loss))
            for split in ("", *SPLITS):
                if split in parts:
                    yield from parts[split].document(said, listed)

    def _fitted(self, item: Item, numbers: Mapping[str, int], loss: Loss) -> list[tuple[NamedAnnotation, Fitted]]:
        """The annotations of an item that can be drawn on it."""
        known = [annotation for annotation in item.annotations if annotation.label in numbers]
        loss.count("kind_dropped", len(item.annotations) - len(known))
        every = [(annotation, found) for annotation in known if (found := fit(annotation, self.carries, item, loss))]
        sized = [one for one in every if is_sized(one[1].shape, item)]
        loss.count("size_unknown", len(every) - len(sized))
        return sized


class _Record(msgspec.Struct):
    """An image and what is said of its picture, without their id."""

    image: dict[str, Any]
    annotation: dict[str, Any] | None


_RECORD = msgspec.json.Decoder(_Record)


class _Part:
    """One JSON of a set, being written: its images and annotations wait until all pictures are. A context manager."""

    def __init__(self, split: str, loss: Loss) -> None:
        self.folder = f"annotations/panoptic_{split}" if split else FOLDER
        self._ids = Ids(loss, "image_id_changed")
        self._images, self._annotations, self._unnumbered = Lines(), Lines(), Lines()
        self._pictures: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for lines in (self._images, self._annotations, self._unnumbered):
            lines.close()

    def picture(self, name: str) -> str:
        """What an image's picture is called: as the image, with its ending too where another has the name."""
        found = f"{name.rpartition('.')[0] or name}.png"
        if found in self._pictures:
            found = f"{name}.png"
        self._pictures.add(found)
        return found

    def add(self, item: Item, name: str, png: str, segments: list[dict[str, Any]] | None) -> None:
        """Take an image; those without an id come last, with the next free ones."""
        kept = as_read(item.foreign, "coco")
        image = {**kept, "file_name": name, "width": item.width, "height": item.height}
        record = _Record(image, None if segments is None else {"file_name": png, "segments_info": segments})
        if (id := self._ids.keep(kept.get("id"))) is None:
            self._unnumbered.add(_ENCODE(record))
        else:
            self._number(record, id)

    def _number(self, record: _Record, id: int) -> None:
        self._images.add(_ENCODE({**record.image, "id": id}))
        if record.annotation is not None:
            self._annotations.add(_ENCODE({**record.annotation, "image_id": id}))

    def document(self, said: Mapping[str, Any], categories: Sequence[Mapping[str, Any]]) -> Iterator[Chunk]:
        """The JSON, when all was added."""
        for line in self._unnumbered.lines():
            self._number(_RECORD.decode(line), self._ids.next())
        path = f"{self.folder}.json"
        yield Chunk(path, b"{")
        for key, value in sorted(said.items()):
            if key not in _OURS:
                yield Chunk(path, _ENCODE(key) + b":" + _ENCODE(value) + b",\n")
        for name, lines in (("images", self._images), ("annotations", self._annotations)):
            yield Chunk(path, b'"%s":[' % name.encode())
            between = b"\n"
            for line in lines.lines():
                yield Chunk(path, between + line)
                between = b",\n"
            yield Chunk(path, b"\n],\n")
        yield Chunk(path, b'"categories":' + _ENCODE(list(categories)) + b"}\n")


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
