"""Writing a COCO set as a stream, flat in memory, the same bytes for the same items.

Ids of the set that things came from are kept. Images and annotations without one get the next free id, which is known
only after all others were seen: they wait in temporary files. Annotations come before images, so that most go out as
soon as they are read.

Each part of a set (`meta.split`) is a document of its own. What is in the first item's part goes out at once, the
others wait in temporary files too.

Several processes may write one set. Each writes some items as if nothing had been before them, and that is taken over
unless an id of theirs was taken before.
"""

import secrets
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

from penstock.annotations.geometry import Bounds
from penstock.formats.carries import SPLITS, Carries, count_file, count_rest, split_of
from penstock.formats.coco_records import coco_of, record_of, with_keypoints
from penstock.formats.coco_shapes import fingerprint, rings_text
from penstock.formats.coco_untouched import OfImage, Record, annotations, number_text, spelled
from penstock.formats.model import Chunk, Item, Loss, NamedAnnotation
from penstock.formats.plain import Boxes, PlainItem, Polygons, plain_of
from penstock.formats.waiting import Lines
from penstock.schema.model import Label, Schema

FILE, FILE_OF_SPLIT = "annotations.json", "annotations/instances_{}.json"
_ENCODER = msgspec.json.Encoder(order="deterministic")
_ENCODE = _ENCODER.encode
_LINES = _ENCODER.encode_lines
_CHUNK = 1024**2
_TOGETHER = 500  #: annotations that are written at once: a polygon that isn't as it was read lets all be looked at
_NEXT = b",\n"
_NUMBERED = _NEXT + b'{"id":%d,'
_THEN = b"\x1e"  #: parts what waits in one line; no JSON text holds it, nor a line's end
_SIZE = 8


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

    def can_take(self, others: "array[int]") -> bool:
        """Whether none of these, which are different ones, is taken."""
        return self._taken.isdisjoint(others)

    def take(self, others: "array[int]") -> None:
        self._taken.update(others)

    @property
    def taken(self) -> bytes:
        return array("q", self._taken).tobytes()

    def next(self, count: int = 1) -> int:
        """The smallest id above all others, and as many behind it as are wanted."""
        new = max(self._taken, default=0) + 1
        self._taken = {new + count - 1}
        return new


_Category = tuple[Label, dict[str, Any]]
_Image = tuple[Item, int]  #: and its id in the set


class _Told(msgspec.Struct):
    """What those know who write items of one set."""

    own: str  #: the part of the set that goes out at once
    token: int  #: stands for an id of an image that isn't known yet; nothing else in a set is the same number


class _Left(msgspec.Struct):
    """One document, as far as it was written for another. The lines that wait stand behind all of them."""

    split: str
    has_records: bool  #: that went out at once
    images: bytes  #: their ids
    annotations: bytes
    lines: list[tuple[int, int]]  #: of each kind, how many bytes and how many


_TOLD = msgspec.msgpack.Decoder(_Told)
_LEFT = msgspec.msgpack.Decoder(list[_Left])


class Writing:
    """The JSONs of one set, in pieces."""

    def __init__(
        self, schema: Schema, carries: Carries, loss: Loss, foreign: Mapping[str, Any], told: bytes | None
    ) -> None:
        self._listed, self._carries, self._loss, self._foreign = categories(schema, loss), carries, loss, foreign
        known = None if told is None else _TOLD.decode(told)
        self._own = None if known is None else known.own
        self._token = secrets.randbits(61) | 1 << 61 if known is None else known.token
        self._documents: dict[str, _Document] = {}
        self._is_begun = known is not None

    def items(self, items: Iterable[Item]) -> Iterator[Chunk]:
        for piece in _gathered(self._pieces(items)):
            yield Chunk(_path(self._own), piece)

    def _pieces(self, items: Iterable[Item]) -> Iterator[bytes]:
        for item in items:
            split = split_of(item, "")
            if self._own is None:
                self._own = split
            document = self._document(split)
            if not self._is_begun:
                self._is_begun = True
                yield document.begin(self._foreign)
            if pieces := document.add(item):
                yield from self._out(split, pieces)
        for split, document in self._documents.items():
            yield from self._out(split, document.settle())

    def _out(self, split: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        document = self._documents[split]
        if split == self._own:
            yield from document.parted(pieces)
        else:
            for piece in pieces:
                document.records.add(piece.replace(_NEXT, b"\n"))

    def _document(self, split: str) -> "_Document":
        found = self._documents.get(split)
        if found is None:
            is_amid = self._is_begun and split == self._own
            found = self._documents[split] = _Document(self._listed, self._carries, self._loss, self._token, is_amid)
        return found

    def end(self) -> Iterator[Chunk]:
        own = self._own or ""
        first = self._document(own)
        for split in (own, "", *SPLITS):
            document = self._documents.pop(split, None)
            if document is None:
                continue
            if document is not first or not self._is_begun:
                yield Chunk(_path(split), document.begin(self._foreign))
            yield from (Chunk(_path(split), piece) for piece in _gathered(document.end()))
            document.close()

    def told(self) -> bytes | None:
        return None if self._own is None else msgspec.msgpack.encode(_Told(self._own, self._token))

    def leave(self) -> Iterator[bytes]:
        head = msgspec.msgpack.encode([document.left(split) for split, document in self._documents.items()])
        yield len(head).to_bytes(_SIZE) + head
        for document in self._documents.values():
            for lines in document.lines:
                yield from lines.blocks()

    def take(self, left: BinaryIO) -> bool:
        found = _LEFT.decode(left.read(int.from_bytes(left.read(_SIZE))))
        if not all(self._document(one.split).can_take(one) for one in found):
            return False
        for one in found:
            self._documents[one.split].take(one, left)
        return True

    def close(self) -> None:
        for document in self._documents.values():
            document.close()


def _path(split: str | None) -> str:
    return FILE_OF_SPLIT.format(split) if split else FILE


def file_name(item: Item) -> str:
    """What the set calls an item's file, relative to the folder of its images."""
    return item.key.removeprefix("images/") if "coco" in item.foreign else item.key


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
    if waiting:
        yield b"".join(waiting)


_ITEM = msgspec.json.Decoder(PlainItem)
_COCO_ALONE = {"coco"}
_ALWAYS = {"id", "bbox", "area", "of"}


class _Document:
    """One part of a set."""

    def __init__(self, listed: Sequence[_Category], carries: Carries, loss: Loss, token: int, is_amid: bool) -> None:
        """`is_amid`: whether others are before the first record."""
        self.loss = loss
        self.carries = carries
        self.categories = listed
        self.token = token
        self.ids = {label.name: category["id"] for label, category in self.categories}
        self.ids_of_labels = {label.id: category["id"] for label, category in self.categories}
        self.numbers = {label: number_text(id) for label, id in self.ids_of_labels.items()}
        self.names = {label.id: label.name for label, _ in self.categories}
        self.images = Ids(loss, "image_id_changed")
        self.annotations = Ids(loss, "annotation_id_changed")
        self.lines = self.records, self.waiting_images, self.ready_images, self.waiting = [Lines() for _ in range(4)]
        self.held: list[_Image] = []
        self.count = 0  #: of annotations that are held
        self.is_first = not is_amid
        self.has_records = False

    def close(self) -> None:
        for lines in self.lines:
            lines.close()

    def begin(self, foreign: Mapping[str, Any]) -> bytes:
        said = [
            _ENCODE(key) + b":" + _ENCODE(value) + _NEXT
            for key, value in sorted(foreign.items())
            if key not in ("images", "annotations", "categories")
        ]
        return b"".join([b"{", *said, b'"annotations":[\n'])

    def parted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Records that go out, with commas between."""
        for piece in pieces:
            yield piece if self.is_first else _NEXT + piece
            self.is_first, self.has_records = False, True

    def end(self) -> Iterator[bytes]:
        """All that waits."""
        yield from self.parted(map(_with_commas, self.records.blocks()))
        yield from self.parted(self._numbered_images())
        yield from self.parted(self._numbered())
        yield b'\n],\n"images":[\n'
        between = b""
        for block in self.ready_images.blocks():
            yield between + _with_commas(block)
            between = _NEXT
        yield b'\n],\n"categories":' + _ENCODE([category for _, category in self.categories]) + b"}\n"

    def left(self, split: str) -> _Left:
        sizes = [(lines.size, lines.count) for lines in self.lines]
        return _Left(split, self.has_records, self.images.taken, self.annotations.taken, sizes)

    def can_take(self, left: _Left) -> bool:
        """Whether what was left can be behind what is here."""
        if left.has_records and self.is_first:
            return False
        return self.images.can_take(array("q", left.images)) and self.annotations.can_take(array("q", left.annotations))

    def take(self, left: _Left, waiting: BinaryIO) -> None:
        self.images.take(array("q", left.images))
        self.annotations.take(array("q", left.annotations))
        for lines, (size, count) in zip(self.lines, left.lines, strict=True):
            lines.take(waiting, size, count)

    def add(self, item: Item) -> Sequence[bytes]:
        """Put an image aside; the records of those annotations that have an id, some time later."""
        name = file_name(item)
        if (id := self.images.keep(coco_of(item).get("id"))) is not None:
            self.ready_images.add(self._image(item, name, id))
            return self._records(item, id)
        if (records := self._unnumbered(item)) is None:
            self.waiting_images.add(_ENCODE(msgspec.structs.replace(item, media=name)))
        else:
            self.waiting_images.add(_THEN + _THEN.join([self._image(item, name, self.token), *records]))
        return ()

    def _image(self, item: Item, name: str, id: int) -> bytes:
        count_file(item, self.carries, self.loss)
        return _ENCODE({**coco_of(item), "id": id, "file_name": name, "width": item.width, "height": item.height})

    def _unnumbered(self, item: Item) -> Sequence[bytes] | None:
        """The records of an image without an id; None when one of them wants an id: those of other images go first."""
        plain = plain_of(item)
        if isinstance(plain, Boxes):
            return [told.replace(b"\n", _THEN)] if (told := self._boxes(plain, self.token)) else ()
        some = [*annotations(plain, self.names)] if isinstance(plain, Polygons) else item.annotations
        if any(coco_of(one).get("id") is not None for one in some):
            return None
        found = (self._annotation(one, points, item, self.token) for one, points in with_keypoints(some))
        return [_ENCODE(record) for record in found if record is not None]

    def _numbered_images(self) -> Iterator[bytes]:
        """Gives ids to images, and the records of annotations that kept theirs."""
        token = b"%d" % self.token
        for line in self.waiting_images.lines():
            id = self.images.next()
            if line.startswith(_THEN):
                yield from self.settle()
                image, _, records = line[1:].replace(token, b"%d" % id).partition(_THEN)
                self.ready_images.add(image)
                if records:
                    self.waiting.add_all(records.replace(_THEN, b"\n"), records.count(_THEN) + 1)
            else:
                item = _ITEM.decode(line)
                self.ready_images.add(self._image(item, item.media or item.key, id))
                yield from self._records(item, id)
        yield from self.settle()

    def _numbered(self) -> Iterator[bytes]:
        """The records that waited for an id."""
        for block in self.waiting.blocks():
            count = block.count(b"\n")
            first = self.annotations.next(count)
            records = (b"\n" + block[:-1]).replace(b"%", b"%%").replace(b"\n{", _NUMBERED)
            yield (records % tuple(range(first, first + count)))[len(_NEXT) :]

    def _records(self, item: Item, id: int) -> Sequence[bytes]:
        """Records of annotations that have an id. Polygons are held until they are worth a passage."""
        plain = plain_of(item)
        if isinstance(plain, Polygons):
            self.held.append((item, id))
            self.count += len(plain.labels)
            return self.settle() if self.count >= _TOGETHER else ()
        if isinstance(plain, Boxes):
            pieces = self.settle()
            if told := self._boxes(plain, id):
                self.waiting.add_all(told, len(plain.labels))
            return pieces
        if not item.annotations:
            return ()
        return [*self.settle(), *self._each(item, id, item.annotations)]

    def settle(self) -> Sequence[bytes]:
        """The records of polygons that are held."""
        if not self.held:
            return ()
        held, self.held, self.count = self.held, [], 0
        return [*self._together(held)]

    def _together(self, held: Sequence[_Image]) -> Iterator[bytes]:
        """The records of polygons, at once where all are as they were read, else image by image."""
        some = [OfImage(plain, id) for item, id in held if isinstance(plain := plain_of(item), Polygons)]
        if (all := spelled(some, self.numbers)) is not None and self.annotations.keep_all(all.ids):
            yield all.text
        elif len(some) > 1:
            for one in held:
                yield from self._together([one])
        else:
            yield from self._each(*held[0], [*annotations(some[0].polygons, self.names)])

    def _boxes(self, boxes: Boxes, image: int) -> bytes:
        """The records of boxes, one a line: what `_annotation` makes of the same objects."""
        boxes.count(self.carries, self.loss)
        ids = self.ids_of_labels
        records = [
            _Unnumbered(bounds[2] * bounds[3], bounds, ids[label], image)
            for bounds, label in zip(boxes.numbers, boxes.labels, strict=True)
        ]
        return _LINES(records)[:-1]

    def _each(self, item: Item, image: int, annotations: Sequence[NamedAnnotation]) -> Sequence[bytes]:
        records: list[bytes] = []
        for annotation, points in with_keypoints(annotations):
            if points is None and (found := self._as_read(annotation, image)) is not None:
                records.append(_ENCODE(found))
            elif (record := self._annotation(annotation, points, item, image)) is not None:
                id = self.annotations.keep(coco_of(annotation).get("id"))
                if id is None:
                    self.waiting.add(_ENCODE(record))
                else:
                    records.append(b'{"id":%d,' % id + _ENCODE(record)[1:])
        return [_NEXT.join(records)] if records else ()

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
    ) -> dict[str, Any] | None:
        """An annotation's record without an id; None when it is left out."""
        if annotation.kind in ("tag", "polyline", "point") or annotation.label not in self.ids:
            self.loss.count("kind_dropped")
            return None
        count_rest(annotation, self.carries, self.loss)
        record = record_of(annotation, points, item, self.loss)
        record |= {"image_id": image, "category_id": self.ids[annotation.label]}
        record.pop("id", None)
        return record


def _with_commas(lines: bytes) -> bytes:
    return lines[:-1].replace(b"\n", _NEXT)


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
