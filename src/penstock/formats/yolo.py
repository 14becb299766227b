"""YOLO: a text file for each image, a line for each object, and `data.yaml` (Ultralytics) or `obj.data` (Darknet).

An image at `.../images/...` has its lines in `.../labels/....txt`; else they stand beside it. Class numbers come from
the names in `data.yaml`, `obj.names` or `classes.txt`; without any, the numbers are the labels.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

from penstock.annotations import geometry as shapes
from penstock.core import Invalid
from penstock.formats import classes, yolo_columns
from penstock.formats.carries import Carries, count_file, fit, split_named, split_of
from penstock.formats.model import BadItem, Chunk, Deferred, Item, Look, Loss, NamedAnnotation, Tree, whole
from penstock.formats.plain import Fractions, plain_of
from penstock.formats.scaling import fractions, numbered_boxes
from penstock.formats.traced import Fractional
from penstock.formats.tree import content_of, ending, is_image
from penstock.formats.waiting import Ends, Lists, Places
from penstock.formats.yolo_columns import Told
from penstock.formats.yolo_config import Config, ConfigUnreadable, config_text, read_config
from penstock.formats.yolo_lines import Task, pixels_of, pose_line
from penstock.schema.model import Kind, Schema, Skeleton
from penstock.schema.wanted import WantedSchema

LARGEST_BYTES = 64 << 20
_SAMPLE = 500
_LINE = re.compile(rb"\s*\d+(?:\s+[-+.\deE]+){4,}\s*(?:\n|$)")


class YoloInvalid(Invalid):
    """This is not a YOLO set: {why}."""


class YoloAmbiguous(Invalid):
    """Every object of this YOLO set that is no box has four corners, and nothing tells whether those are oriented boxes
    or polygons. Import it with the format yolo-obb or yolo-segment."""


class YoloReading:
    """The text files of one set."""

    def __init__(self, tree: Tree, task: Task | None) -> None:
        self.tree = tree
        paths = tree.paths()
        self._images = sorted(path for path in paths if is_image(path))
        texts = set(ending(paths, ".txt"))
        self._labels = {image: found for image in self._images if (found := _labels_of(image, texts)) is not None}
        try:
            self._config: Config = read_config(tree)
        except ConfigUnreadable as error:
            raise YoloInvalid(why=f"{error}; mend it, or take it away to have numbers as labels") from None
        lone = {path for path in texts - set(self._labels.values()) if "labels" in path.split("/")[:-1]}
        self._lone = sorted(lone)
        if not self._labels and not self._lone:
            raise YoloInvalid(why="there is no text file in a folder `labels` or beside an image")
        self.task: Task | None = task or ("pose" if self._config.points else self._guess())
        if self.task == "pose" and not self._config.points:
            raise YoloInvalid(why="a pose set needs `kpt_shape` in its data.yaml")

    def _guess(self) -> Task | None:
        """What lines that are no boxes are: told apart where one has another number of corners than four."""
        only_nine = False
        for path in list(self._labels.values())[:_SAMPLE]:
            for line in self._lines(path):
                numbers = len(line.split())
                if numbers >= 7 and numbers != 9:
                    return "segment"
                only_nine = only_nine or numbers == 9
        if only_nine:
            raise YoloAmbiguous
        return None

    def schema(self) -> WantedSchema:
        names = self._config.names or self._numbers()
        found = classes.wanted(names, "yolo")
        if self.task == "pose":
            skeleton = Skeleton(points=self._config.point_names)
            found.labels.update(
                {name: label.model_copy(update={"skeleton": skeleton}) for name, label in found.labels.items()}
            )
        return found

    def _numbers(self) -> Mapping[int, str]:
        """The classes that occur, when nothing names them."""
        found: set[int] = set()
        for path in (*self._labels.values(), *self._lone):
            first = (line.split()[0] for line in self._lines(path))
            found.update(int(one) for one in first if one.isdecimal() and len(one) < 9)
        return {id: str(id) for id in sorted(found)}

    def foreign(self) -> dict[str, Any]:
        return {"yolo": self._config.rest} if self._config.rest else {}

    def used(self) -> frozenset[str]:
        return frozenset({*self._labels.values(), *self._lone, *self._config.files})

    def items(self) -> Iterator[Item | BadItem]:
        told = self.told()
        for one in self.deferred():
            if isinstance(one, Deferred):
                yolo_columns.finish(told, [one])
            yield one.item if isinstance(one, Deferred) else one

    def told(self) -> bytes:
        config = self._config
        return msgspec.json.encode(Told(self.task, [*config.names.items()], config.points, config.dims))

    def deferred(self) -> Iterator[Deferred | BadItem]:
        for image in self._images:
            item = Item(key=image, media=image, fractional=True, foreign={"yolo": {}})
            if split := self._config.split(image) or _split(image):
                item.meta["split"] = split
            path = self._labels.get(image)
            yield Deferred(item=item, raws=yolo_columns.raws(self._content(path)) if path else [], part=path or "")
        for path in self._lone:
            yield BadItem(path, "There is no image for these lines.", "dangling-image")

    def _lines(self, path: str) -> list[str]:
        return yolo_columns.lines(self._content(path))

    def _content(self, path: str) -> bytes:
        return content_of(self.tree, path, LARGEST_BYTES)


def _labels_of(image: str, texts: set[str]) -> str | None:
    stem = image.rpartition(".")[0]
    parts = stem.split("/")
    if "images" in parts[:-1]:
        at = len(parts) - 2 - parts[-2::-1].index("images")
        there = "/".join([*parts[:at], "labels", *parts[at + 1 :]]) + ".txt"
        if there in texts:
            return there
    return stem + ".txt" if stem + ".txt" in texts else None


def _split(path: str) -> str | None:
    """The part of the set by a folder's name."""
    found = (split_named(part.removeprefix("obj_").removesuffix("_data")) for part in path.split("/")[:-1])
    return next((split for split in found if split), None)


_KINDS: Mapping[Task, Kind] = {"detect": "box", "segment": "polygon", "pose": "keypoints", "obb": "rotated_box"}


class _Deferring:
    """How items of YOLO get their annotations, in whatever layout."""

    def finish(self, told: bytes, some: Sequence[Deferred]) -> None:
        yolo_columns.finish(told, some)

    def trace(self, told: bytes, some: Sequence[Deferred]) -> list[Fractional | None]:
        return yolo_columns.trace(told, some)


class Yolo(_Deferring):
    """One task of YOLO, in the layout that Ultralytics reads. Without a task: boxes are written, any is read."""

    page = "yolo"

    def __init__(self, name: str, title: str, task: Task | None) -> None:
        self.name, self.title = name, title
        self.task: Task | None = task
        own = _KINDS[task or "detect"]
        both: set[Kind] = {"box", "keypoints"} if task == "pose" else {own}
        self.carries = Carries(kinds=frozenset(both), split=True, foreign=("yolo",))
        self.plain = (Fractions,) if task is None else ()
        self.goes_on = False
        self.sign = "by name only"
        if task is None:
            self.sign = "a `data.yaml` with `names`, or `.txt` files with lines of numbers in a folder `labels`"

    def recognizes(self, look: Look) -> bool:
        if self.task is not None:
            return False
        texts = [path for path in look.ending(".txt") if "labels" in path.split("/")[:-1]]
        yamls = look.ending(".yaml", ".yml")
        if any(re.search(rb"^names\s*:", look.head(path), re.MULTILINE) for path in yamls[:20]):
            return bool(texts) or bool(_beside(look))
        return any(_LINE.match(look.head(path)) for path in texts[:20])

    def read(self, tree: Tree) -> YoloReading:
        return YoloReading(tree, self.task)

    def media_path(self, item: Item) -> str:
        return f"images/{split_of(item)}/{_within(item)}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        return whole(self.begin(schema, loss, foreign, None), items)

    def begin(self, schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None, told: bytes | None) -> "_Writing":
        return _Writing(self, schema, loss, foreign)

    def config(self, numbers: Mapping[str, int], splits: set[str], schema: Schema, foreign: Mapping[str, Any]) -> str:
        """The text of `data.yaml`."""
        points = _most_points(schema)
        pose = [
            label.skeleton for label in schema.live_labels if label.skeleton and len(label.skeleton.points) == points
        ]
        skeleton = pose[0] if self.task == "pose" and pose else None
        kept: dict[str, Any] = foreign.get("yolo") or {}
        return config_text(numbers, splits, skeleton, kept)


class _Left(msgspec.Struct):
    """What is left of items that were written for another."""

    ends: Ends
    splits: set[str] = set()
    lists: dict[str, list[bytes]] = {}


_LEFT = msgspec.msgpack.Decoder(_Left)


class _Lettering:
    """Texts of items, of either layout."""

    def __init__(self, format: "Yolo | Darknet", schema: Schema, loss: Loss) -> None:
        self._media_path, self._carries, self._loss = format.media_path, format.carries, loss
        self._task = format.task
        self._numbers = classes.numbered(schema, "yolo", loss)
        self._ids = {label.id: self._numbers[label.name] for label in schema.live_labels}
        self._points = _most_points(schema)
        self._places = Places()

    def _text(self, item: Item) -> bytes:
        if isinstance(plain := plain_of(item), Fractions):
            return _boxes(item, plain, self._carries, self._ids, self._loss)
        if self._task == "pose":
            return _poses(item, self._carries, self._numbers, self._points, self._loss)
        return _text(item, self._carries, self._numbers, self._loss)

    def told(self) -> bytes | None:
        return b""

    def close(self) -> None:
        pass


class _Writing(_Lettering):
    """One set for Ultralytics."""

    def __init__(self, format: Yolo, schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None) -> None:
        super().__init__(format, schema, loss)
        self._format, self._schema, self._foreign = format, schema, foreign or {}
        self._splits = set[str]()

    def items(self, items: Iterable[Item]) -> Iterator[Chunk]:
        for item in items:
            self._splits.add(split_of(item))
            path = _beside_media(self._media_path(item).replace("images/", "labels/", 1))
            yield Chunk(self._places.take(path, item), self._text(item))

    def end(self) -> Iterator[Chunk]:
        text = self._format.config(self._numbers, self._splits, self._schema, self._foreign)
        yield Chunk("data.yaml", text.encode())

    def leave(self) -> Iterator[bytes]:
        yield msgspec.msgpack.encode(_Left(self._places.ends, self._splits))

    def take(self, left: BinaryIO) -> bool:
        found = _LEFT.decode(left.read())
        self._places.join(found.ends)
        self._splits |= found.splits
        return True


def _most_points(schema: Schema) -> int:
    return max((len(label.skeleton.points) for label in schema.live_labels if label.skeleton), default=0)


def _text(item: Item, carries: Carries, numbers: Mapping[str, int], loss: Loss) -> bytes:
    """A line for each annotation that is no pose."""
    ids: list[int] = []
    rows: list[Sequence[float]] = []
    for annotation, number in _numbered(item, item.annotations, carries, numbers, loss):
        fitted = fit(annotation, carries, item, loss)
        if fitted is not None:
            ids.append(number)
            rows.append(pixels_of(*fitted))
    return b"".join(b"%d %b\n" % line for line in zip(ids, fractions(rows, item.width, item.height), strict=True))


def _boxes(item: Item, boxes: Fractions, carries: Carries, numbers: Mapping[int, int], loss: Loss) -> bytes:
    """What `_text` gives, of boxes in columns."""
    count_file(item, carries, loss)
    if not (item.width and item.height):
        loss.count("size_unknown", len(boxes.labels))
        return b""
    boxes.count(carries, loss)
    return numbered_boxes([numbers[label] for label in boxes.labels], boxes)


def _poses(item: Item, carries: Carries, numbers: Mapping[str, int], points: int, loss: Loss) -> bytes:
    """A line for each pose or box, and for those of one group together."""
    lines: list[str] = []
    mates = _mates(item.annotations)
    alone = [annotation for annotation in item.annotations if id(annotation) not in mates.values()]
    for annotation, number in _numbered(item, alone, carries, numbers, loss):
        mate = mates.get(id(annotation))
        if mate is not None:
            annotation = msgspec.structs.replace(annotation, group=None)
        fitted = fit(annotation, carries, item, loss)
        if fitted is None:
            continue
        if fitted.kind == "box":
            marked = next((one for one in item.annotations if id(one) == mate), None)
            lines.append(pose_line(fitted.shape, _flat(marked), points, number, item))
        else:
            lines.append(pose_line(shapes.bounds("keypoints", fitted.shape), fitted.shape, points, number, item))
    return "".join(f"{line}\n" for line in lines).encode()


def _numbered(
    item: Item, annotations: Sequence[NamedAnnotation], carries: Carries, numbers: Mapping[str, int], loss: Loss
) -> Iterator[tuple[NamedAnnotation, int]]:
    """Annotations with the numbers of their classes, where the image's size is known."""
    count_file(item, carries, loss)
    if not (item.width and item.height):
        loss.count("size_unknown", len(item.annotations))
        return
    for annotation in annotations:
        number = numbers.get(annotation.label or "")
        if number is None:
            loss.count("kind_dropped")
        else:
            yield annotation, number


def _flat(annotation: NamedAnnotation | None) -> Any:
    return annotation and shapes.parse("keypoints", annotation.geometry)


def _mates(annotations: Sequence[NamedAnnotation]) -> dict[int, int]:
    """Which keypoints go with which box: those of one label that are alone in a group."""
    groups: dict[tuple[str | None, str | None], list[NamedAnnotation]] = {}
    for annotation in annotations:
        if annotation.group is not None and annotation.kind in ("box", "keypoints"):
            groups.setdefault((annotation.group, annotation.label), []).append(annotation)
    pairs = (sorted(found, key=lambda one: one.kind) for found in groups.values() if len(found) == 2)
    return {id(a): id(b) for a, b in pairs if (a.kind, b.kind) == ("box", "keypoints")}


def _within(item: Item) -> str:
    """An item's path below its part of the set, without the folders of the layout that it came in."""
    parts = item.key.split("/")
    if "yolo" in item.foreign:
        while len(parts) > 1 and (parts[0] == "images" or _split(f"{parts[0]}/")):
            parts = parts[1:]
    return "/".join("images_" if part == "images" else part for part in parts)


def _beside_media(path: str) -> str:
    """The text file of an image."""
    return path.rpartition(".")[0] + ".txt"


def _beside(look: Look) -> bool:
    texts = set(look.ending(".txt"))
    stems = [_beside_media(path) for path in look.paths() if is_image(path)]
    found = [stem for stem in stems if stem in texts][:20]
    return any(_LINE.match(look.head(path)) for path in found)


class Darknet(_Deferring):
    """YOLO as Darknet reads it: boxes, in text files beside the images."""

    name = "darknet"
    title = "YOLO (Darknet)"
    page = "yolo"
    sign = "`.txt` files with lines of numbers beside images"
    carries = Carries(kinds=frozenset({"box"}), split=True, foreign=("yolo",))
    plain = (Fractions,)
    task: Task | None = None
    goes_on = False

    def recognizes(self, look: Look) -> bool:
        return _beside(look)

    def read(self, tree: Tree) -> YoloReading:
        return YoloReading(tree, "detect")

    def media_path(self, item: Item) -> str:
        return f"obj_{split_of(item)}_data/{_within(item)}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        return whole(self.begin(schema, loss, foreign, None), items)

    def begin(
        self, schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None, told: bytes | None
    ) -> "_DarknetWriting":
        return _DarknetWriting(self, schema, loss, foreign)


class _DarknetWriting(_Lettering):
    """One set for Darknet."""

    def __init__(self, format: Darknet, schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None) -> None:
        super().__init__(format, schema, loss)
        loss.count("set_foreign_dropped", bool((foreign or {}).get("yolo")))
        self._lists = Lists()

    def items(self, items: Iterable[Item]) -> Iterator[Chunk]:
        for item in items:
            path = self._media_path(item)
            self._lists.add(split_of(item), path)
            yield Chunk(self._places.take(_beside_media(path), item), self._text(item))

    def end(self) -> Iterator[Chunk]:
        told = [f"classes = {len(self._numbers)}"]
        for split, paths in self._lists.items():
            name = "valid" if split == "val" else split
            if paths.count or split == "train":
                told.append(f"{name} = {name}.txt")
                yield from (Chunk(f"{name}.txt", some) for some in paths.blocks())
        yield Chunk("obj.names", "".join(f"{name}\n" for name in self._numbers).encode())
        yield Chunk("obj.data", "\n".join([*told, "names = obj.names", "backup = backup/", ""]).encode())

    def leave(self) -> Iterator[bytes]:
        yield msgspec.msgpack.encode(_Left(self._places.ends, lists=self._lists.left()))

    def take(self, left: BinaryIO) -> bool:
        found = _LEFT.decode(left.read())
        self._places.join(found.ends)
        self._lists.take(found.lists)
        return True

    def close(self) -> None:
        self._lists.close()
