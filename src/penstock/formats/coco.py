"""COCO instances and keypoints: one JSON for a whole set.

Reading keeps what COCO has and we don't under `foreign["coco"]`: ids, sparse category ids, iscrowd, licenses, unknown
keys. `area` and `bbox` are kept too, and written again while the shape is still the one they came with. An annotation
with keypoints *and* a segmentation becomes two of ours in one group, and is written as one again.

The file is decoded once with every annotation left as raw JSON (a set of 860,000 takes 1.4 s and twice its size in
memory), then one image at a time.
"""

import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, BinaryIO

import msgspec

from penstock.annotations.geometry import UNREADABLE
from penstock.core import Invalid, Problem
from penstock.formats.coco_shapes import annotations_of
from penstock.formats.coco_writing import write
from penstock.formats.model import BadItem, Chunk, Item, Loss, Tree, is_name, without_nul
from penstock.formats.seen import Seen
from penstock.formats.tree import Finder, is_image
from penstock.schema.model import Schema, Skeleton
from penstock.schema.wanted import WantedLabel, WantedSchema

Raw = msgspec.Raw


class CocoInvalid(Invalid):
    """{path} is not a COCO set: {why}."""


class _Reference(msgspec.Struct, gc=False):
    image_id: int | str | None = None


class _Named(msgspec.Struct, gc=False):
    id: Any = None


_NAMED = msgspec.json.Decoder(_Named)


class _Attributes(msgspec.Struct, gc=False):
    category_id: int | str = ""
    attributes: dict[str, Any] | None = None


_ATTRIBUTES_OF = msgspec.json.Decoder(_Attributes)
_TOP = msgspec.json.Decoder(dict[str, Raw])
_LIST = msgspec.json.Decoder(list[Raw])
_IMAGE_OF = msgspec.json.Decoder(_Reference)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def _object(raw: Raw) -> dict[str, Any]:
    return _OBJECT.decode(without_nul(bytes(raw)))


class _File:
    """One JSON of a set, decoded as far as its lists."""

    def __init__(self, path: str, stream: BinaryIO) -> None:
        self.path = path
        try:
            top = _TOP.decode(_bytes(stream))
            self.images = _LIST.decode(top["images"])
            self.annotations = _LIST.decode(top.get("annotations", Raw(b"[]")))
            categories = msgspec.json.decode(top.get("categories", Raw(b"[]")), type=list[dict[str, Any]])
        except KeyError:
            raise CocoInvalid(path=path, why="it has no list of images") from None
        except UNREADABLE as error:
            raise CocoInvalid(path=path, why=str(error)) from None
        self.rest = {key: raw for key, raw in top.items() if key not in ("images", "annotations", "categories")}
        self.problems: list[BadItem] = []
        self.categories = dict(self._categories(categories))

    def _categories(self, listed: Sequence[dict[str, Any]]) -> Iterator[tuple[int | str, dict[str, Any]]]:
        for at, category in enumerate(listed):
            id, name = category.get("id"), category.get("name")
            if isinstance(id, (int, str)) and isinstance(name, str) and is_name(name):
                yield id, {**category, "name": name.strip()}
            else:
                detail = "A category needs an id, and a name of 1 to 200 characters."
                self.problems.append(BadItem(f"{self.path} categories[{at}]", detail, "category"))

    def see(self, seen: Seen) -> None:
        """Look at the values of attributes, which COCO doesn't declare."""
        for raw in self.annotations:
            try:
                found = _ATTRIBUTES_OF.decode(raw)
            except UNREADABLE:
                continue  # it is told with its image
            category = self.categories.get(found.category_id)
            if found.attributes and category is not None:
                seen.add(category["name"], found.attributes)

    def by_image(self) -> Iterator[tuple[int, dict[str, Any], list[Raw]] | BadItem]:
        """Each image with its position and its annotations; then the annotations that no image has."""
        found: dict[int | str, list[Raw]] = {}
        for at, raw in enumerate(self.annotations):
            try:
                image = _IMAGE_OF.decode(raw).image_id
            except UNREADABLE as error:
                yield BadItem(f"{self.path} annotations[{at}]", f"{error}.", "annotation")
                continue
            found.setdefault("" if image is None else image, []).append(raw)
        seen: set[int | str] = set()
        for at, raw in enumerate(self.images):
            where = f"{self.path} images[{at}]"
            try:
                image = _object(raw)
            except UNREADABLE as error:
                yield BadItem(where, f"{error}.", "image")
                continue
            id, name = image.get("id"), image.get("file_name")
            if not isinstance(id, (int, str)) or isinstance(id, bool) or not isinstance(name, str) or not name:
                yield BadItem(where, "An image needs an id and a file_name.", "image")
            elif id in seen:
                yield BadItem(where, f"The image id {id!r} comes twice.", "twice")
            else:
                seen.add(id)
                yield at, image, found.pop(id, [])
        for id, raws in found.items():
            for raw in raws:
                named = _NAMED.decode(raw).id
                detail = f"Annotation {named!r} is on image {id!r}, which isn't in the set."
                yield BadItem(f"{self.path} annotation {named}", detail, "dangling-image")


def _bytes(stream: BinaryIO) -> Any:
    """A whole file, mapped where it can be, so that a large one is not held in memory twice."""
    try:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError, AttributeError):
        return stream.read()


class CocoReading:
    """The JSON files of one set, decoded at first use."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.paths = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])
        self._open: dict[str, _File] = {}

    def _file(self, path: str) -> _File:
        if path not in self._open:
            with closing(self.tree.open(path)) as stream:
                self._open[path] = _File(path, stream)
        return self._open[path]

    def schema(self) -> WantedSchema:
        labels: dict[str, WantedLabel] = {}
        seen = Seen()
        for path in self.paths:
            self._file(path).see(seen)
            for category in self._file(path).categories.values():
                kept = {key: value for key, value in category.items() if key not in ("name", "keypoints", "skeleton")}
                labels.setdefault(category["name"], WantedLabel(skeleton=_skeleton(category), foreign={"coco": kept}))
        return WantedSchema(labels=labels, attributes=seen.wanted())

    def foreign(self) -> dict[str, Any]:
        rest: dict[str, Any] = {}
        for path in self.paths:
            rest |= {key: msgspec.json.decode(raw) for key, raw in self._file(path).rest.items() if key not in rest}
        return {"coco": rest} if rest else {}

    def used(self) -> frozenset[str]:
        return frozenset(self.paths)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.paths:
            file = self._file(path)
            yield from file.problems
            for found in file.by_image():
                yield found if isinstance(found, BadItem) else self._item(file, *found)

    def _item(self, file: _File, at: int, image: dict[str, Any], raws: Sequence[Raw]) -> Item:
        name: str = image.pop("file_name")
        media = self._finder.find(name, file.path)
        item = Item(
            key=media or name.replace("\\", "/"),
            media=media,
            width=_size(image.pop("width", 0)),
            height=_size(image.pop("height", 0)),
            foreign={"coco": {**image, "file_name": name}},
        )
        prefix = "" if file.path == self.paths[0] else f"{file.path}:"
        ordinals: dict[str, int] = {}
        for n, raw in enumerate(raws):
            where = f"{file.path} image {image['id']} annotation {n}"
            try:
                made = annotations_of(_object(raw), file.categories, (item.height, item.width))
            except (ValueError, RecursionError) as error:  # DecodeError and BadGeometry are ValueErrors
                code = getattr(error, "code", "annotation")
                item.problems.append(Problem(where, str(error), code))
                continue
            for annotation in made:
                own = prefix + (annotation.ordinal or f"#{n}")
                ordinals[own] = ordinals.get(own, 0) + 1
                annotation.ordinal = own if ordinals[own] == 1 else f"{own}/{ordinals[own]}"
                item.annotations.append(annotation)
        return item


def _size(value: Any) -> int:
    return value if type(value) is int and 0 < value < 2**31 else 0


class _Points(msgspec.Struct):
    keypoints: list[str] = []
    skeleton: list[tuple[int, int]] = []


def _skeleton(category: Mapping[str, Any]) -> Skeleton | None:
    """The named points of a category; COCO's edges count them from 1."""
    try:
        found = msgspec.convert(dict(category), _Points)
        edges = tuple((a - 1, b - 1) for a, b in found.skeleton)
        return Skeleton(points=tuple(found.keypoints), edges=edges) if found.keypoints else None
    except ValueError:
        return None


class Coco:
    """COCO instances and keypoints."""

    name = "coco"
    title = "COCO"

    def recognizes(self, paths: Sequence[str]) -> bool:
        return bool(_annotation_files(paths))

    def read(self, tree: Tree) -> CocoReading:
        files = _annotation_files(tree.paths())
        if not files:
            raise CocoInvalid(path="the set", why="there is no .json file in it")
        return CocoReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"images/{item.key.removeprefix('images/') if 'coco' in item.foreign else item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        named = ((item, self.media_path(item).removeprefix("images/")) for item in items)
        yield from write(named, schema, loss, (foreign or {}).get("coco") or {})


def _annotation_files(paths: Sequence[str]) -> list[str]:
    """JSON files that sound like annotations; else the only one there is."""
    found = sorted(path for path in paths if path.lower().endswith(".json"))
    sounding = [path for path in found if _sounds_right(path)]
    return sounding or (found if len(found) == 1 else [])


def _sounds_right(path: str) -> bool:
    *folders, name = path.lower().split("/")
    words = ("coco", "instances", "annotation", "keypoints")
    return "annotations" in folders or any(word in name for word in words)
