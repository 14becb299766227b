"""COCO instances and keypoints: one JSON for a whole set.

Reading keeps what COCO has and we don't under `foreign["coco"]`: ids, sparse category ids, iscrowd, licenses, unknown
keys. `area` and `bbox` are kept too, and written again while the shape is still the one they came with. An annotation
with keypoints *and* a segmentation becomes two of ours in one group, and is written as one again.

A file is looked through once, to learn where the annotations of each image are; then they are read image by image. So
it is never held: a set of 860,000 takes some 30 MB.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, BinaryIO

import msgspec

from penstock.annotations.geometry import UNREADABLE
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries
from penstock.formats.coco_shapes import PLAIN, annotations_of, polygon_of
from penstock.formats.coco_writing import write
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.seen import Seen
from penstock.formats.splitting import BadDocument, Part, split
from penstock.formats.tree import Finder, Slices, is_image
from penstock.schema.model import Schema, Skeleton
from penstock.schema.wanted import WantedLabel, WantedSchema

Raw = msgspec.Raw


class CocoInvalid(Invalid):
    """{path} is not a COCO set: {why}."""


class _Head(msgspec.Struct, gc=False):
    """What is looked at of every annotation, whatever it is."""

    image_id: int | str | None = None
    category_id: int | str | None = None
    attributes: dict[str, Any] | None = None


class _Reference(msgspec.Struct, gc=False):
    image_id: int | str | None = None


class _Named(msgspec.Struct, gc=False):
    id: Any = None


_HEAD = msgspec.json.Decoder(_Head)
_NAMED = msgspec.json.Decoder(_Named)
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_CATEGORIES = msgspec.json.Decoder(list[dict[str, Any]])

MOST_KEPT_BYTES = 32 << 20
"""What a file may say of itself beside its images, annotations and categories."""


def _object(raw: bytes) -> dict[str, Any]:
    return _OBJECT.decode(without_nul(raw))


class _Index:
    """Where the annotations of each image are in a file: 20 bytes for each, and no annotation itself."""

    def __init__(self) -> None:
        self._numbers: dict[int | str, int] = {}
        self._owners, self._ats, self._sizes = array("i"), array("q"), array("q")
        self._starts: Any = None

    def add(self, image: int | str, at: int, size: int) -> None:
        number = self._numbers.get(image)
        if number is None:
            number = self._numbers[image] = len(self._numbers)
        self._owners.append(number)
        self._ats.append(at)
        self._sizes.append(size)

    def close(self) -> None:
        """Sort them by their images."""
        import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

        owners = np.asarray(self._owners)
        order = np.argsort(owners, kind="stable")
        self._starts = np.searchsorted(owners[order], np.arange(len(self._numbers) + 1))
        self._ats = array("q", np.asarray(self._ats)[order].tobytes())
        self._sizes = array("q", np.asarray(self._sizes)[order].tobytes())

    def of(self, image: int | str) -> list[tuple[int, int]]:
        """(byte, size) of each annotation of an image, in the file's order."""
        number = self._numbers.get(image)
        if number is None:
            return []
        start, end = int(self._starts[number]), int(self._starts[number + 1])
        return list(zip(self._ats[start:end], self._sizes[start:end], strict=True))

    def images(self) -> Iterator[int | str]:
        yield from self._numbers


class _File:
    """One JSON of a set, looked through once: where everything is, its categories, and what it says of itself."""

    def __init__(self, path: str, stream: BinaryIO) -> None:
        self.path = path
        self.problems: list[BadItem] = []
        self.rest: dict[str, Any] = {}
        self.images = array("q")
        self.annotations = _Index()
        self._seen: dict[int | str, Seen] = {}
        self._lists: dict[str, list[Raw | bytes]] = {}
        self._kept = 0
        self._odd: list[BadItem] = []
        self._count = 0
        try:
            for part in split(stream):
                self._take(part)
            categories = _CATEGORIES.decode(b"[" + b",".join(map(bytes, self._lists.pop("categories", ()))) + b"]")
        except (BadDocument, *UNREADABLE) as error:
            raise CocoInvalid(path=path, why=str(error)) from None
        if "images" not in self._lists:
            raise CocoInvalid(path=path, why="it has no list of images")
        self.rest |= {key: _list(raws) for key, raws in self._lists.items() if key not in ("images", "annotations")}
        self._lists.clear()
        self.categories = dict(self._categories(categories))
        self.annotations.close()

    def _take(self, part: Part) -> None:
        if part.is_element and part.key == "annotations":
            self._annotation(part)
        elif not part.is_element:
            self._begin(part)
        elif part.key == "images":
            self.images.extend((part.at, len(part.raw)))
        else:
            self._keep(part)
            self._lists[part.key].append(part.raw)

    def _begin(self, part: Part) -> None:
        is_list = part.raw == b"[]"
        if part.key in ("", "images", "annotations", "categories") and not is_list:
            raise BadDocument(f"its {part.key} are no list")
        if part.key == "":
            raise BadDocument("it is a list, not an object")
        if is_list:
            self._lists[part.key] = []
        else:
            self._keep(part)
            self.rest[part.key] = msgspec.json.decode(without_nul(bytes(part.raw)))

    def _keep(self, part: Part) -> None:
        self._kept += len(part.raw)
        if self._kept > MOST_KEPT_BYTES:
            raise BadDocument(f"beside images and annotations it holds more than {MOST_KEPT_BYTES:,} bytes")

    def _annotation(self, part: Part) -> None:
        number, self._count = self._count, self._count + 1
        try:
            head = _HEAD.decode(part.raw)
        except UNREADABLE:
            self._oddity(part, number)
            return
        if head.attributes and head.category_id is not None:
            self._seen.setdefault(head.category_id, Seen()).add("", head.attributes)
        self.annotations.add("" if head.image_id is None else head.image_id, part.at, len(part.raw))

    def _oddity(self, part: Part, number: int) -> None:
        """An annotation that isn't one, unless its image at least can be read: then it is told with it."""
        try:
            image = msgspec.json.decode(part.raw, type=_Reference).image_id
        except UNREADABLE as error:
            self._odd.append(BadItem(f"{self.path} annotations[{number}]", f"{error}.", "annotation"))
        else:
            self.annotations.add("" if image is None else image, part.at, len(part.raw))

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
        for id, category in self.categories.items():
            if id in self._seen:
                seen.join(self._seen[id], category["name"])

    def by_image(self, file: Slices) -> Iterator[tuple[dict[str, Any], list[bytes]] | BadItem]:
        """Each image with its annotations; then the annotations that no image has."""
        yield from self._odd
        seen: set[int | str] = set()
        for at in range(0, len(self.images), 2):
            where = f"{self.path} images[{at // 2}]"
            try:
                image = _object(file.read(self.images[at], self.images[at + 1]))
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
                yield image, [file.read(*place) for place in self.annotations.of(id)]
        for id in self.annotations.images():
            for place in self.annotations.of(id) if id not in seen else ():
                named = _NAMED.decode(file.read(*place)).id
                detail = f"Annotation {named!r} is on image {id!r}, which isn't in the set."
                yield BadItem(f"{self.path} annotation {named}", detail, "dangling-image")


def annotation_of(
    raw: bytes, categories: Mapping[int | str, Mapping[str, Any]], size: tuple[int, int]
) -> list[NamedAnnotation]:
    """What one annotation is with us. Raises BadGeometry, and what decoding does."""
    try:
        plain = PLAIN.decode(raw)
    except UNREADABLE:  # it is something else, or nothing at all
        return annotations_of(_object(raw), categories, size)
    category = categories.get(plain.category_id)
    found = polygon_of(plain, category["name"]) if category is not None else None
    return annotations_of(_object(raw), categories, size) if found is None else [found]


def _list(raws: Sequence[Raw | bytes]) -> Any:
    return msgspec.json.decode(without_nul(b"[" + b",".join(map(bytes, raws)) + b"]"))


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
            rest = self._file(path).rest | rest
        return {"coco": rest} if rest else {}

    def used(self) -> frozenset[str]:
        return frozenset(self.paths)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.paths:
            file = self._file(path)
            yield from file.problems
            with closing(self.tree.open(path)) as stream:
                for found in file.by_image(Slices(stream)):
                    yield found if isinstance(found, BadItem) else self._item(file, *found)

    def _item(self, file: _File, image: dict[str, Any], raws: Sequence[bytes]) -> Item:
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
                made = annotation_of(raw, file.categories, (item.height, item.width))
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

    name = page = "coco"
    title = "COCO"

    sign = (
        "a `.json` in a folder `annotations`, or whose name holds `coco`, `instances`, `annotation` or `keypoints`; "
        "else the only `.json` there is"
    )
    carries = Carries(
        kinds=frozenset({"box", "polygon", "mask", "keypoints"}),
        parts=True,
        attributes=True,
        confidence=True,
        group=True,
        ids=True,
        foreign=True,
    )

    def recognizes(self, look: Look) -> bool:
        return bool(_annotation_files(look.paths()))

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
