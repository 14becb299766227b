"""Writing a COCO set as a stream, flat in memory, the same bytes for the same items.

Ids of the set that things came from are kept. Images and annotations without one get the next free id, which is known
only after all others were seen: they wait in temporary files. Annotations come before images, so that most go out as
soon as they are read.

Each part of a set (`meta.split`) is a document of its own. What is in the first item's part goes out at once, the
others wait in temporary files too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import Bounds
from penstock.formats.carries import SPLITS, Carries, count_file, count_rest, is_crowd, split_of
from penstock.formats.coco_shapes import fingerprint, rings_text, segmentation_of
from penstock.formats.coco_untouched import OfImage, Record, spelled
from penstock.formats.foreign import as_read
from penstock.formats.model import Chunk, Item, Loss, NamedAnnotation
from penstock.formats.naming import all_values
from penstock.formats.plain import Boxes, PlainItem, Polygons, plain_of
from penstock.formats.waiting import Lines
from penstock.schema.model import Label, Schema

FILE, FILE_OF_SPLIT = "annotations.json", "annotations/instances_{}.json"
BODIES = frozenset({"box", "rotated_box", "ellipse", "polygon", "mask"})
"""Kinds that COCO can write keypoints with, as one record."""
_ENCODER = msgspec.json.Encoder(order="deterministic")
_ENCODE = _ENCODER.encode
_LINES = _ENCODER.encode_lines
_CHUNK = 1024**2
_TOGETHER = 500  #: annotations that are written at once: a polygon that isn't as it was read lets all be looked at


class _Unnumbered(msgspec.Struct, gc=False):
    """A box without an id yet. Keys in the order of all records."""

    area: float
    bbox: Bounds
    category_id: int
    image_id: int
    iscrowd: int = 0
    segmentation: tuple[()] = ()


class Ids:
    """Ids that a set may keep, each once."""

    def __init__(self, loss: Loss, code: str) -> None:
        self._taken: set[int] = set()
        self._loss = loss
        self._code = code

    def keep(self, wanted: Any) -> int | None:
        """The wanted id if it is a free one; None: it must wait for a new one."""
        if self.is_free(wanted):
            self._taken.add(wanted)
            return wanted
        self._loss.count(self._code, wanted is not None)
        return None

    def is_free(self, wanted: Any) -> bool:
        """Whether `keep` would."""
        return type(wanted) is int and 0 <= wanted < 2**53 and wanted not in self._taken

    def keep_all(self, wanted: Sequence[int]) -> bool:
        """Take these, one at least, if all of them are free, and none otherwise."""
        new = set(wanted)
        if len(new) < len(wanted) or not new.isdisjoint(self._taken) or min(new) < 0 or max(new) >= 2**53:
            return False
        self._taken |= new
        return True

    def next(self, count: int = 1) -> int:
        """The smallest id above all others, and as many behind it as are wanted."""
        new = max(self._taken, default=0) + 1
        self._taken = {new + count - 1}
        return new


_Named = tuple[Item, str]
_Category = tuple[Label, dict[str, Any]]
_Image = tuple[Item, int]  #: and its id in the set


def write(
    items: Iterable[_Named], schema: Schema, carries: Carries, loss: Loss, foreign: Mapping[str, Any]
) -> Iterator[Chunk]:
    """The JSONs of a set, in pieces, from items and their file names."""
    listed = categories(schema, loss)
    for split, some in _parted(items):
        writing = _Writing(listed, carries, loss)
        path = FILE_OF_SPLIT.format(split) if split else FILE
        try:
            for piece in _gathered(writing.pieces(some, foreign)):
                yield Chunk(path, piece)
        finally:
            writing.close()


def file_name(item: Item) -> str:
    """What the set calls an item's file, relative to the folder of its images."""
    return item.key.removeprefix("images/") if "coco" in item.foreign else item.key


def _parted(items: Iterable[_Named]) -> Iterator[tuple[str, Iterator[_Named]]]:
    """Items by their parts of the set, each part to be taken whole before the next; one at least."""
    coming = iter(items)
    first = next(coming, None)
    if first is None:
        yield "", iter(())
        return
    waiting = {split: Lines() for split in ("", *SPLITS)}
    own = split_of(first[0], "")
    try:
        yield own, _in_part(own, chain([first], coming), waiting)
        for split, lines in waiting.items():
            if lines.count:
                yield split, (_NAMED_ITEM.decode(line) for line in lines.lines())
    finally:
        for lines in waiting.values():
            lines.close()


def _in_part(own: str, items: Iterable[_Named], waiting: Mapping[str, Lines]) -> Iterator[_Named]:
    for item, name in items:
        split = split_of(item, "")
        if split == own:
            yield item, name
        else:
            waiting[split].add(_ENCODE((item, name)))


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces together, so that a consumer isn't called for each."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size > _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


_ITEM = msgspec.json.Decoder(PlainItem)
_NAMED_ITEM = msgspec.json.Decoder(tuple[PlainItem, str])
_COCO_ALONE = {"coco"}
_ALWAYS = {"id", "bbox", "area", "of"}


class _Writing:
    def __init__(self, listed: Sequence[_Category], carries: Carries, loss: Loss) -> None:
        self.loss = loss
        self.carries = carries
        self.categories = listed
        self.ids = {label.name: category["id"] for label, category in self.categories}
        self.ids_of_labels = {label.id: category["id"] for label, category in self.categories}
        self.names = {label.id: label.name for label, _ in self.categories}
        self.images = Ids(loss, "image_id_changed")
        self.annotations = Ids(loss, "annotation_id_changed")
        self.waiting_images = Lines()
        self.ready_images = Lines()
        self.waiting = Lines()

    def close(self) -> None:
        for spool in (self.waiting_images, self.ready_images, self.waiting):
            spool.close()

    def pieces(self, items: Iterable[tuple[Item, str]], foreign: Mapping[str, Any]) -> Iterator[bytes]:
        yield b"{"
        for key, value in sorted(foreign.items()):
            if key not in ("images", "annotations", "categories"):
                yield _ENCODE(key) + b":" + _ENCODE(value) + b",\n"
        yield b'"annotations":[\n'
        yield from _joined(self._annotations(items))
        yield b'],\n"images":[\n'
        yield from _joined(self.ready_images.lines())
        yield b'],\n"categories":'
        yield _ENCODE([category for _, category in self.categories])
        yield b"}\n"

    def _annotations(self, items: Iterable[tuple[Item, str]]) -> Iterator[bytes]:
        """The records of each image's annotations, while the images themselves are put aside."""
        yield from self._records(self._identified(items))
        yield from self._records(self._numbered_images())
        lines = self.waiting.lines()
        while some := list(islice(lines, _TOGETHER)):
            first = self.annotations.next(len(some))
            yield b",\n".join([_numbered(line, id) for id, line in enumerate(some, first)])

    def _identified(self, items: Iterable[tuple[Item, str]]) -> Iterator[_Image]:
        """Images that keep their ids; the others wait."""
        for item, name in items:
            if (id := self.images.keep(_foreign(item).get("id"))) is None:
                self.waiting_images.add(_ENCODE(msgspec.structs.replace(item, media=name)))
            else:
                self._put_aside(item, name, id)
                yield item, id

    def _numbered_images(self) -> Iterator[_Image]:
        for line in self.waiting_images.lines():
            item, id = _ITEM.decode(line), self.images.next()
            self._put_aside(item, item.media or item.key, id)
            yield item, id

    def _put_aside(self, item: Item, name: str, id: int) -> None:
        count_file(item, self.carries, self.loss)
        record = {**_foreign(item), "id": id, "file_name": name, "width": item.width, "height": item.height}
        self.ready_images.add(_ENCODE(record))

    def _records(self, images: Iterable[_Image]) -> Iterator[bytes]:
        """The records of those annotations that have an id. Polygons are held until they are worth a passage."""
        held: list[_Image] = []
        count = 0
        for item, id in images:
            plain = plain_of(item)
            if isinstance(plain, Polygons):
                held.append((item, id))
                count += len(plain.labels)
            if count >= _TOGETHER or isinstance(plain, Boxes) or item.annotations:
                yield from self._together(held)
                held, count = [], 0
            if isinstance(plain, Boxes):
                self._wait(plain, id)
            elif item.annotations and (records := self._each(item, id, item.annotations)):
                yield records
        yield from self._together(held)

    def _together(self, held: Sequence[_Image]) -> Iterator[bytes]:
        """The records of polygons, at once where all are as they were read, else image by image."""
        some = [OfImage(plain, id) for item, id in held if isinstance(plain := plain_of(item), Polygons)]
        if not some:
            return
        if (all := spelled(some, self.ids_of_labels)) is not None and self.annotations.keep_all(all.ids):
            yield all.text
        elif len(some) > 1:
            for one in held:
                yield from self._together([one])
        elif records := self._each(*held[0], some[0].polygons.annotations(self.names)):
            yield records

    def _wait(self, boxes: Boxes, image: int) -> None:
        """Let boxes wait for their ids: what `_annotation` does with the same objects."""
        boxes.count(self.carries, self.loss)
        ids = self.ids_of_labels
        records = [
            _Unnumbered(bounds[2] * bounds[3], bounds, ids[label], image)
            for bounds, label in zip(boxes.numbers, boxes.labels, strict=True)
        ]
        if records:
            self.waiting.add_all(_LINES(records)[:-1], len(records))

    def _each(self, item: Item, image: int, annotations: Sequence[NamedAnnotation]) -> bytes:
        records: list[Record | msgspec.Raw] = []
        for annotation, points in _with_keypoints(annotations):
            found = self._as_read(annotation, image) if points is None else None
            if found is None and (written := self._annotation(annotation, points, item, image)) is not None:
                found = msgspec.Raw(written)
            if found is not None:
                records.append(found)
        return _lines(records)

    def _as_read(self, a: NamedAnnotation, image: int) -> Record | None:
        """The record of a polygon that is as it was read, without a look at its corners; None for any other."""
        if a.kind != "polygon" or a.source != "import" or a.attributes or a.foreign.keys() != _COCO_ALONE:
            return None
        if a.confidence is not None or a.group is not None or a.at is not None or a.author is not None:
            return None
        kept, geometry = a.foreign["coco"], bytes(a.geometry)
        if kept.keys() != _ALWAYS or kept["of"] != fingerprint(geometry) or a.label not in self.ids:
            return None
        id, rings = kept["id"], rings_text(geometry)
        if rings is None or not self.annotations.is_free(id):
            return None
        self.annotations.keep(id)
        return Record(id, kept["area"], kept["bbox"], self.ids[a.label], image, 0, msgspec.Raw(rings))

    def _annotation(
        self, annotation: NamedAnnotation, points: NamedAnnotation | None, item: Item, image: int
    ) -> bytes | None:
        """An annotation's record; None when it is left out, or waits for an id."""
        if annotation.kind in ("tag", "polyline", "point") or annotation.label not in self.ids:
            self.loss.count("kind_dropped")
            return None
        count_rest(annotation, self.carries, self.loss)
        record = self._record(annotation, points, item)
        record |= {"image_id": image, "category_id": self.ids[annotation.label]}
        record.pop("id", None)
        id = self.annotations.keep(_foreign(annotation).get("id"))
        if id is None:
            self.waiting.add(_ENCODE(record))
            return None
        return _numbered(_ENCODE(record), id)

    def _record(self, annotation: NamedAnnotation, points: NamedAnnotation | None, item: Item) -> dict[str, Any]:
        kept = dict(_foreign(annotation))
        same = kept.pop("of", None) == fingerprint(bytes(annotation.geometry))
        uncompressed = kept.pop("rle", None) == "uncompressed"
        kept.pop("with", None)
        record: dict[str, Any] = {"iscrowd": int(is_crowd(annotation)), **kept}
        as_read = same and points is None and annotation.kind == "polygon" and {"bbox", "area"} <= kept.keys()
        if as_read and (text := rings_text(bytes(annotation.geometry))) is not None:
            record.setdefault("segmentation", msgspec.Raw(text))
            return record | _said(annotation, kept)
        shape = shapes.parse(annotation.kind, annotation.geometry)
        if not (same and "bbox" in kept):
            record["bbox"] = list(shapes.bounds(annotation.kind, shape))
        if not (same and "area" in kept):
            _, _, w, h = shapes.bounds(annotation.kind, shape)
            record["area"] = w * h if annotation.kind == "keypoints" else shapes.area(annotation.kind, shape)
        if not (same and "segmentation" in kept):
            said, lost = segmentation_of(annotation.kind, shape, (item.height, item.width), uncompressed)
            record["segmentation"] = said
            if lost is not None:
                self.loss.count(lost)
        if annotation.kind == "keypoints":
            points = annotation
        if points is not None:
            flat: Any = shapes.parse("keypoints", points.geometry)
            record["keypoints"] = [int(v) if i % 3 == 2 else v for i, v in enumerate(flat)]
            record["num_keypoints"] = sum(1 for v in flat[2::3] if v)
        return record | _said(annotation, kept)


def _lines(records: Sequence[Record | msgspec.Raw]) -> bytes:
    """Records, one a line, with commas between."""
    return b",\n".join(map(_ENCODE, records))


def _said(annotation: NamedAnnotation, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What COCO has no key of its own for, under the keys that are usual."""
    said: dict[str, Any] = {}
    if (annotation.attributes or "attributes" in annotation.foreign) and (values := all_values(annotation)):
        said["attributes"] = values
    if annotation.confidence is not None:
        said["score"] = annotation.confidence
    if annotation.group is not None and annotation.group != f"coco {kept.get('id')}":
        said["group"] = annotation.group
    return said


def _numbered(record: bytes, id: int) -> bytes:
    """A record with its id put in front."""
    return b'{"id":%d,' % id + record[1:]


_Joined = tuple[NamedAnnotation, NamedAnnotation | None]
_Group = tuple[str | None, str | None]


def _with_keypoints(annotations: Sequence[NamedAnnotation]) -> Iterator[_Joined]:
    """Annotations in their order, keypoints together with the shape that they were read with."""
    points: dict[_Group, NamedAnnotation] = {
        (annotation.group, annotation.label): annotation
        for annotation in annotations
        if annotation.kind == "keypoints" and annotation.group is not None and "with" in _foreign(annotation)
    }
    if not points:
        yield from ((annotation, None) for annotation in annotations)
        return
    joined: set[int] = set()
    found: list[_Joined] = []
    for annotation in annotations:
        mate = points.get((annotation.group, annotation.label))
        if mate is not None and id(mate) not in joined and _are_one(annotation, mate):
            joined.add(id(mate))
            found.append((annotation, mate))
        else:
            found.append((annotation, None))
    yield from (pair for pair in found if id(pair[0]) not in joined)


def _are_one(annotation: NamedAnnotation, points: NamedAnnotation) -> bool:
    """Whether one record says all that a shape and its keypoints do."""
    return annotation.kind in BODIES and (annotation.attributes, annotation.confidence) == (
        points.attributes,
        points.confidence,
    )


def _foreign(thing: Item | NamedAnnotation) -> Mapping[str, Any]:
    return as_read(thing.foreign, "coco")


def _joined(records: Iterable[bytes]) -> Iterator[bytes]:
    first = True
    for record in records:
        yield record if first else b",\n" + record
        first = False
    yield b"\n"


def categories(schema: Schema, loss: Loss) -> list[_Category]:
    """Labels as categories, by id: the id that they came with, else our label's, else the next free one."""
    ids = Ids(loss, "category_id_changed")
    kept: dict[int, int] = {}
    for label in schema.live_labels:
        foreign: Mapping[str, Any] = label.foreign.get("coco") or {}
        if (id := ids.keep(foreign.get("id"))) is not None:
            kept[label.id] = id
    for label in schema.live_labels:
        if label.id not in kept:
            kept[label.id] = label.id if label.id not in kept.values() else max(*kept.values(), schema.last_id) + 1
    found = [(label, _category(label, kept[label.id])) for label in schema.live_labels]
    return sorted(found, key=lambda pair: pair[1]["id"])


def _category(label: Label, id: int) -> dict[str, Any]:
    category: dict[str, Any] = {"supercategory": "", **(label.foreign.get("coco") or {}), "id": id, "name": label.name}
    if label.skeleton is not None:
        category["keypoints"] = list(label.skeleton.points)
        category["skeleton"] = [[a + 1, b + 1] for a, b in label.skeleton.edges]
    return category
