"""COCO instances and keypoints: one JSON for a whole set.

Reading keeps what COCO has and we don't under `foreign["coco"]`: ids, sparse category ids, iscrowd, licenses, unknown
keys. `area` and `bbox` are kept too, and written again while the shape is still the one they came with. An annotation
with keypoints *and* a segmentation becomes two of ours in one group, and is written as one again.

Several files of a set may name the same images: COCO itself has the objects of persons in one and their keypoints in
another. Such an image is one item, with the annotations of all; what two files say alike is there once.

A file is looked through once, to learn where the annotations of each image are; then they are taken image by image, as
the texts that they are, and made ours many at once. So it is never held: a set of 860,000 takes some 30 MB.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from penstock.annotations.geometry import UNREADABLE
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, split_in
from penstock.formats.coco_index import Index, Places
from penstock.formats.coco_reading import Names, annotations_in, join, object_of, parted, traced_in, unused
from penstock.formats.coco_untouched import KEPT
from penstock.formats.coco_writing import Writing, file_name
from penstock.formats.foreign import joined
from penstock.formats.model import BadItem, Chunk, Deferred, Item, Look, Loss, Tree, is_name, whole, without_nul
from penstock.formats.plain import Boxes, Polygons
from penstock.formats.seen import Seen
from penstock.formats.splitting import BadDocument, Decoder, Part, Run, split_in_runs
from penstock.formats.traced import Traced
from penstock.formats.tree import Finder, Slices, ending, is_image
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


class _Image(msgspec.Struct, gc=False):
    id: int | str
    file_name: str


class _Reference(msgspec.Struct, gc=False):
    image_id: int | str | None = None


class _Named(msgspec.Struct, gc=False):
    id: Any = None


_HEAD = msgspec.json.Decoder(_Head)
_DECODERS: dict[str, Decoder] = {"annotations": msgspec.json.Decoder(list[_Head])}
_IMAGE = msgspec.json.Decoder(_Image)
_NAMED = msgspec.json.Decoder(_Named)
_CATEGORIES = msgspec.json.Decoder(list[dict[str, Any]])

MOST_KEPT_BYTES = 32 << 20
"""What a file may say of itself beside its images, annotations and categories."""


_AT_ONCE = 64
"""Images whose annotations are made together."""


class _File:
    """One JSON of a set, looked through once: where everything is, its categories, and what it says of itself."""

    def __init__(self, path: str, stream: BinaryIO) -> None:
        self.path = path
        self.split = split_in(path)
        self.problems: list[BadItem] = []
        self.rest: dict[str, Any] = {}
        self.images = Places()
        self.annotations = Index()
        self._seen: dict[int | str, Seen] = {}
        self._lists: dict[str, list[Raw | bytes]] = {}
        self._kept = 0
        self._odd: list[BadItem] = []
        self._count = 0
        try:
            for found in split_in_runs(stream, _DECODERS):
                if isinstance(found, Part):
                    self._begin(found)
                else:
                    self._take(found)
            categories = _CATEGORIES.decode(b"[" + b",".join(map(bytes, self._lists.pop("categories", ()))) + b"]")
        except (BadDocument, *UNREADABLE) as error:
            raise CocoInvalid(path=path, why=str(error)) from None
        if "images" not in self._lists:
            raise CocoInvalid(path=path, why="it has no list of images")
        self.rest |= {key: _list(raws) for key, raws in self._lists.items() if key not in ("images", "annotations")}
        self._lists.clear()
        self.categories = dict(self._categories(categories))
        if self._count and not categories:
            detail = "It has annotations and no categories, so none of them can be read, such as captions."
            self.problems.append(BadItem(path, detail, "categories"))
            self.annotations = Index()
        self.annotations.close()

    def _take(self, run: Run) -> None:
        if run.key == "annotations":
            self._annotations(run)
        elif run.key == "images":
            self.images.add(*run.places())
        else:
            self._keep(len(run.told))
            self._lists[run.key] += map(bytes, run.raws())

    def _begin(self, part: Part) -> None:
        is_list = part.raw == b"[]"
        if part.key in ("", "images", "annotations", "categories") and not is_list:
            raise BadDocument(f"its {part.key} are no list")
        if part.key == "":
            raise BadDocument("it is a list, not an object")
        if is_list:
            self._lists[part.key] = []
        else:
            self._keep(len(part.raw))
            self.rest[part.key] = msgspec.json.decode(without_nul(bytes(part.raw)))

    def _keep(self, size: int) -> None:
        self._kept += size
        if self._kept > MOST_KEPT_BYTES:
            raise BadDocument(f"beside images and annotations it holds more than {MOST_KEPT_BYTES:,} bytes")

    def _annotations(self, run: Run) -> None:
        ats, sizes = run.places()
        if run.made is not None:
            self._count += len(run.made)
            self._heads(run.made, ats, sizes)
            return
        for at, raw in zip(ats, run.raws(), strict=True):  # one of them is no annotation
            self._annotation(at, raw)

    def _annotation(self, at: int, raw: Raw) -> None:
        number, self._count = self._count, self._count + 1
        try:
            self._heads([_HEAD.decode(raw)], [at], [len(raw)])
        except UNREADABLE:
            self._oddity(at, raw, number)

    def _heads(self, heads: Sequence[_Head], ats: Any, sizes: Any) -> None:
        for head in heads:
            if head.attributes and head.category_id is not None:
                self._seen.setdefault(head.category_id, Seen()).add("", head.attributes)
        self.annotations.add(["" if head.image_id is None else head.image_id for head in heads], ats, sizes)

    def _oddity(self, at: int, raw: Raw, number: int) -> None:
        """An annotation that isn't one, unless its image at least can be read: then it is told with it."""
        try:
            image = msgspec.json.decode(raw, type=_Reference).image_id
        except UNREADABLE as error:
            self._odd.append(BadItem(f"{self.path} annotations[{number}]", f"{error}.", "annotation"))
        else:
            self.annotations.add(["" if image is None else image], [at], [len(raw)])

    def _categories(self, listed: Sequence[dict[str, Any]]) -> Iterator[tuple[int | str, dict[str, Any]]]:
        for at, category in enumerate(listed):
            id, name = category.get("id"), category.get("name")
            if isinstance(id, (int, str)) and not isinstance(id, bool) and isinstance(name, str) and is_name(name):
                yield id, {**category, "name": name.strip()}
            else:
                detail = "A category needs an id, and a name of 1 to 200 characters."
                self.problems.append(BadItem(f"{self.path} categories[{at}]", detail, "category"))

    def see(self, seen: Seen) -> None:
        """Look at the values of attributes, which COCO doesn't declare."""
        for id, category in self.categories.items():
            if id in self._seen:
                seen.join(self._seen[id], category["name"])

    def names(self, file: Slices) -> Iterator[tuple[str, int | str]]:
        """The names of images, with their ids."""
        for raw in self._raw_images(file):
            try:
                found = _IMAGE.decode(raw)
            except UNREADABLE:
                continue
            yield found.file_name, found.id

    def _raw_images(self, file: Slices) -> Iterator[bytes]:
        for start in range(0, len(self.images), _AT_ONCE):
            yield from self.images.read(start, start + _AT_ONCE, file)

    def by_image(self, file: Slices) -> Iterator[tuple[dict[str, Any], list[bytes]] | BadItem]:
        """Each image with its annotations; then the annotations that no image has."""
        yield from self._odd
        seen: set[int | str] = set()
        for n, raw in enumerate(self._raw_images(file)):
            where = f"{self.path} images[{n}]"
            try:
                image = object_of(raw)
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
                yield image, self.annotations.of(id, file)
        for id in self.annotations.images():
            for raw in self.annotations.of(id, file) if id not in seen else ():
                named = _NAMED.decode(raw).id
                detail = f"Annotation {named!r} is on image {id!r}, which isn't in the set."
                yield BadItem(f"{self.path} annotation {named}", detail, "dangling-image")


def _list(raws: Sequence[Raw | bytes]) -> Any:
    return msgspec.json.decode(without_nul(b"[" + b",".join(map(bytes, raws)) + b"]"))


class CocoReading:
    """The JSON files of one set, decoded at first use."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.paths = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)], "images/")
        self._open: dict[str, _File] = {}
        others = [path for path in tree.paths() if is_panoptic(path) and path not in files]
        detail = "It is of the format coco-panoptic. Import it by that name, without the other files."
        self._others = [BadItem(path, detail, "panoptic") for path in others]

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
                label = WantedLabel(skeleton=_skeleton(category), foreign={"coco": kept})
                before = labels.setdefault(category["name"], label)
                if before.skeleton is None and label.skeleton is not None:
                    labels[category["name"]] = before.model_copy(update={"skeleton": label.skeleton})
        return WantedSchema(labels=labels, attributes=seen.wanted())

    def foreign(self) -> dict[str, Any]:
        return joined([{"coco": self._file(path).rest} for path in self.paths], "coco", Loss())

    def used(self) -> frozenset[str]:
        return frozenset(self.paths)

    def items(self) -> Iterator[Item | BadItem]:
        told, found = self.told(), self.deferred()
        while some := list(islice(found, _AT_ONCE)):
            finish(told, [one for one in some if isinstance(one, Deferred)])
            yield from (one.item if isinstance(one, Deferred) else one for one in some)

    def told(self) -> bytes:
        names = {path: [(id, one["name"]) for id, one in self._file(path).categories.items()] for path in self.paths}
        return msgspec.json.encode(_Told(names))

    def deferred(self) -> Iterator[Deferred | BadItem]:
        yield from self._others
        with ExitStack() as stack:
            slices = {path: Slices(stack.enter_context(closing(self.tree.open(path)))) for path in self.paths}
            shared = self._shared(slices)
            for path in self.paths:
                file = self._file(path)
                yield from file.problems
                for found in file.by_image(slices[path]):
                    if isinstance(found, BadItem):
                        yield found
                    elif found[0]["file_name"] not in shared:
                        yield self._deferred(path, *found)
                    elif (places := shared[found[0]["file_name"]])[0][0] == path:
                        raws = {one: self._file(one).annotations.of(id, slices[one]) for one, id in places[1:]}
                        yield self._joined(self._deferred(path, *found), raws)

    def _shared(self, slices: Mapping[str, Slices]) -> dict[str, list[tuple[str, int | str]]]:
        """The images that several files name, with the files and the ids there."""
        places: dict[str, list[tuple[str, int | str]]] = {}
        for path in self.paths if len(self.paths) > 1 else ():
            for name, id in self._file(path).names(slices[path]):
                if (path, id) not in places.setdefault(name, []):
                    places[name].append((path, id))
        return {name: some for name, some in places.items() if len({path for path, _ in some}) > 1}

    def _joined(self, first: Deferred, others: Mapping[str, Sequence[bytes]]) -> Deferred:
        """An image with what other files say of it. It is made at once: only so it is known what they say alike."""
        told = self.told()
        finish(told, [first])
        for path, raws in others.items():
            more = Deferred(item=msgspec.structs.replace(first.item, annotations=[], problems=[]), part=path)
            more.raws = [*raws]
            finish(told, [more])
            join(first.item, more.item)
        return Deferred(item=first.item)

    def _deferred(self, path: str, image: dict[str, Any], raws: Sequence[bytes]) -> Deferred:
        name: str = image.pop("file_name")
        media = self._finder.find(name, path)
        item = Item(
            key=media or name.replace("\\", "/"),
            media=media,
            width=_size(image.pop("width", 0)),
            height=_size(image.pop("height", 0)),
            foreign={"coco": {**image, "file_name": name}},
        )
        if split := self._file(path).split:
            item.meta["split"] = split
        return Deferred(item=item, raws=[b",".join(raws)] if raws else (), together=len(raws), part=path)


class _Told(msgspec.Struct):
    """What the annotations' texts don't say themselves."""

    names: dict[str, list[tuple[int | str, str]]]
    """Of the categories, by the paths of the files, the first one's first."""


_TOLD = msgspec.json.Decoder(_Told)


def finish(told: bytes, some: Sequence[Deferred]) -> None:
    """Make the annotations of some images."""
    for path, names in _parts(told):
        _finish([one for one in some if one.part == path], names)


def trace(told: bytes, some: Sequence[Deferred]) -> list[Traced | None]:
    """The annotations of those images that have nothing but plain polygons."""
    found: list[Traced | None] = [None] * len(some)
    for path, names in _parts(told):
        here = [n for n, one in enumerate(some) if one.part == path]
        texts, counts = [raw for n in here for raw in some[n].raws], [some[n].count for n in here]
        for n, traced in zip(here, traced_in(texts, counts, names), strict=True):
            found[n] = traced
    return found


def _parts(told: bytes) -> Iterator[tuple[str, Names]]:
    """Each file's path and categories."""
    return ((path, dict(listed)) for path, listed in _TOLD.decode(told).names.items())


def _finish(some: Sequence[Deferred], names: Names) -> None:
    raws = [raw for one in some for raw in (one.raws if one.together is None else parted(one.raws))]
    sizes = ((one.item.height, one.item.width) for one in some for _ in range(one.count))
    found = iter(annotations_in(raws, sizes, names))
    for one in some:
        item, ordinals = one.item, set[str]()
        for n, made in enumerate(islice(found, one.count)):
            if isinstance(made, Exception):
                where = f"{one.part} image {item.foreign['coco']['id']} annotation {n}"
                item.problems.append(Problem(where, str(made), getattr(made, "code", "annotation")))
                continue
            for annotation in made:
                annotation.ordinal = unused(annotation.ordinal or f"#{n}", ordinals)
                ordinals.add(annotation.ordinal)
                item.annotations.append(annotation)


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
        split=True,
        ids=True,
        foreign=("coco",),
        crowd=True,
    )
    plain = (Polygons, Boxes)
    kept = KEPT
    goes_on = True

    def recognizes(self, look: Look) -> bool:
        return bool(_annotation_files(look.paths()))

    def read(self, tree: Tree) -> CocoReading:
        files = _annotation_files(tree.paths())
        if not files:
            raise CocoInvalid(path="the set", why="there is no .json file in it")
        return CocoReading(tree, files)

    def finish(self, told: bytes, some: Sequence[Deferred]) -> None:
        finish(told, some)

    def trace(self, told: bytes, some: Sequence[Deferred]) -> list[Traced | None]:
        return trace(told, some)

    def media_path(self, item: Item) -> str:
        return f"images/{file_name(item)}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        return whole(self.begin(schema, loss, foreign, None), items)

    def begin(self, schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None, told: bytes | None) -> Writing:
        return Writing(schema, self.carries, loss, (foreign or {}).get("coco") or {}, told)


def _annotation_files(paths: Sequence[str]) -> list[str]:
    """JSON files that sound like annotations; else the only one there is."""
    found = ending(paths, ".json")
    sounding = [path for path in found if _sounds_right(path) and not is_panoptic(path)]
    return sounding or (found if len(found) == 1 else [])


def is_panoptic(path: str) -> bool:
    """Whether a file's name says that it is of COCO panoptic."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(".json") and "panoptic" in name


def _sounds_right(path: str) -> bool:
    *folders, name = path.lower().split("/")
    words = ("coco", "instances", "annotation", "keypoints")
    return "annotations" in folders or any(word in name for word in words)
