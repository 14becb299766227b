"""Parquet in the layout that Hugging Face `datasets` reads: `data/<split>-00000.parquet`, images inside.

The columns that loaders look for are `image` (bytes and path), `width`, `height` and `objects` (bbox, category, area).
The column `item` holds everything as JSON, as in our own format, so nothing is lost. Other sets with such columns are
read, too. pyarrow is an extra.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from importlib import import_module
from typing import Any, cast

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import UNREADABLE, BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats import declared
from penstock.formats.carries import EVERYTHING, split_named
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, Media, NamedAnnotation, Tree, is_name
from penstock.formats.tree import ending
from penstock.formats.waiting import parted
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema

FILE_ITEMS = 20_000
FILE_BYTES = 512 << 20
_GROUP_BYTES = 32 << 20
_GROUP_ITEMS = 1000
_ITEM = msgspec.json.Decoder(Item)
_ENCODE = msgspec.json.Encoder().encode


class ParquetInvalid(Invalid):
    """{path} is no Parquet file that we can read: {why}."""


class ParquetMissing(Invalid):
    """Parquet needs pyarrow, which isn't installed. Install it with: pip install 'penstock[parquet]'"""


def _arrow() -> tuple[Any, Any]:
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        raise ParquetMissing from None
    return arrow, parquet


class ParquetReading:
    """The Parquet files of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._declared, self._foreign, self._beside = declared.read(tree)
        self._content: bytes | None = None

    def schema(self) -> WantedSchema:
        """What is declared beside the files, else what occurs. Looks through every file, so that none is cut off."""
        found = declared.occurring(self.items())
        return self._declared or found

    def foreign(self) -> dict[str, Any]:
        return self._foreign

    def used(self) -> frozenset[str]:
        return frozenset({*self.files, *self._beside})

    def content(self, item: Item) -> bytes | None:
        """The bytes of the item that came last."""
        return self._content

    def items(self) -> Iterator[Item | BadItem]:
        arrow, parquet = _arrow()
        for path in self.files:
            n = 0
            try:
                with closing(self.tree.open(path)) as stream:
                    file = parquet.ParquetFile(stream)
                    names = _categories(file.schema_arrow)
                    for batch in file.iter_batches(batch_size=64):
                        for row in batch.to_pylist():
                            yield self._item(row, names, path, n)
                            n += 1
            except (arrow.ArrowException, OSError, ValueError, TypeError, KeyError, OverflowError) as error:
                raise ParquetInvalid(path=path, why=str(error)[:200]) from None
        self._content = None

    def _item(self, row: dict[str, Any], names: Mapping[str, Sequence[str]], path: str, n: int) -> Item | BadItem:
        image: Any = row.get("image")
        inside = cast(dict[str, Any], image) if isinstance(image, dict) else {}
        content = inside.get("bytes")
        self._content = content if isinstance(content, bytes) else None
        where = f"{path} row {n}"
        if isinstance(row.get("item"), str):
            try:
                item = _ITEM.decode(row["item"])
            except UNREADABLE as error:
                return BadItem(where, f"{error}.", "row")
            item.media, item.problems = None, []
            return item
        name = next((row[key] for key in _NAMES if isinstance(row.get(key), str)), inside.get("path"))
        if not isinstance(name, str) and self._content is None:
            return BadItem(where, "A row needs an image, or the name of one.", "row")
        item = Item(key=name if isinstance(name, str) else f"{path.rpartition('.')[0]}/{n}")
        item.width, item.height = _size(row.get("width")), _size(row.get("height"))
        if split := split_named(path.rpartition("/")[2].split("-")[0]):
            item.meta["split"] = split
        _labels(item, row, names)
        _objects(item, row.get("objects"), names.get("objects", ()))
        _rest(item, row)
        return item


def _categories(schema: Any) -> dict[str, Sequence[str]]:
    """The names of classes that the features of `datasets` declare, by column."""
    try:
        metadata: dict[bytes, bytes] = schema.metadata or {}
        told = msgspec.json.decode(metadata.get(b"huggingface", b"{}"))
        features = told["info"]["features"]
    except (KeyError, TypeError, *UNREADABLE):
        return {}
    found: dict[str, Sequence[str]] = {}
    for column in cast(dict[str, Any], features) if isinstance(features, dict) else ():
        if names := _class_names(features[column]):
            found[column] = names
    return found


def _class_names(feature: Any) -> Sequence[str]:
    if isinstance(feature, dict):
        given = cast(dict[str, Any], feature)
        if given.get("_type") == "ClassLabel" and isinstance(given.get("names"), list):
            return [str(name) for name in given["names"]]
        return next((names for inner in given.values() if (names := _class_names(inner))), ())
    if isinstance(feature, list):
        return next((names for inner in cast(list[Any], feature) if (names := _class_names(inner))), ())
    return ()


def _named(value: Any, names: Sequence[str]) -> str | None:
    text = names[value] if type(value) is int and 0 <= value < len(names) else None if value is None else str(value)
    return text.strip() if text is not None and is_name(text) else None


_NAMES = ("file_name", "path", "key")
_READ = frozenset({"image", "width", "height", "label", "objects", *_NAMES})


def _labels(item: Item, row: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> None:
    """The tags of a row: one label, or a list of several."""
    given: Any = row.get("label")
    for n, value in enumerate(cast(list[Any], given) if isinstance(given, list) else [given]):
        label = _named(value, names.get("label", ()))
        if label is not None:
            ordinal = f"label {n}" if n else "label"
            item.annotations.append(NamedAnnotation(kind="tag", label=label, ordinal=ordinal))


def _objects(item: Item, given: Any, names: Sequence[str]) -> None:
    """The boxes of a row: a list of objects, or an object of lists. What else is said of one is kept."""
    listed = map(_object, cast(list[Any], given)) if isinstance(given, list) else _objects_of(given)
    for n, found in enumerate(listed):
        kept = {key: value for key, value in found.items() if key not in _OF_OBJECT and _is_plain(value)}
        label = _named(found.get("category", found.get("categories")), names)
        try:
            text = shapes.canonical(shapes.check("box", found.get("bbox")))
            if label is None:
                raise BadGeometry("A box needs a category.", "incomplete")
            made = NamedAnnotation(kind="box", label=label, geometry=text, ordinal=str(n))
            made.foreign = {"parquet": kept} if kept else {}
            item.annotations.append(made)
        except BadGeometry as bad:
            item.problems.append(Problem(f"objects[{n}]", bad.detail, bad.code))


_OF_OBJECT = frozenset({"bbox", "category", "categories"})


def _objects_of(given: Any) -> Iterator[dict[str, Any]]:
    lists = {key: cast(list[Any], value) for key, value in _object(given).items() if isinstance(value, list)}
    for n in range(max((len(lists.get(key, ())) for key in _OF_OBJECT), default=0)):
        yield {key: value[n] for key, value in lists.items() if n < len(value)}


def _rest(item: Item, row: Mapping[str, Any]) -> None:
    """The other columns of a row: metadata, if they are numbers, truth, text or lists of these; else they are told."""
    for name, value in row.items():
        if name in _READ or value is None:
            continue
        if is_name(name) and _is_plain(value):
            item.meta.setdefault(name, value)
        else:
            item.problems.append(
                Problem(name[:200], f"A column of {type(value).__name__} can't be metadata.", "column")
            )


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, cast(list[Any], value)))
    if isinstance(value, (int, float)):
        return abs(value) < 1e300
    return value is None or (isinstance(value, str) and "\0" not in value)


def _size(value: Any) -> int:
    return value if type(value) is int and 0 < value < 2**31 else 0


def _object(value: Any) -> dict[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


class Parquet:
    """Parquet files of Hugging Face `datasets`."""

    name = page = "parquet"
    title = "Parquet (Hugging Face datasets)"
    sign = "`.parquet` files"
    carries = EVERYTHING

    def recognizes(self, look: Look) -> bool:
        return bool(look.ending(".parquet"))

    def read(self, tree: Tree) -> ParquetReading:
        files = ending(tree.paths(), ".parquet")
        if not files:
            raise ParquetInvalid(path="the set", why="there is no .parquet file in it")
        _arrow()
        return ParquetReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"images/{item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        yield from self._write(items, schema, foreign, None)

    def write_with(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None, media: Media
    ) -> Iterator[Chunk]:
        """Files that hold the media."""
        yield from self._write(items, schema, foreign, media)

    def _write(
        self, items: Iterable[Item], schema: Schema, foreign: Mapping[str, Any] | None, media: Media | None
    ) -> Iterator[Chunk]:
        _arrow()
        names = [label.name for label in schema.live_labels]
        yield Chunk(declared.FILE, declared.text(schema, foreign))
        for split, part in parted(items):
            yield from _files(split, part, names, media)


def _files(split: str, items: Iterable[Item], names: Sequence[str], media: Media | None) -> Iterator[Chunk]:
    number, file = 0, None
    for item in items:
        if file is None:
            file = _File(f"data/{split}-{number:05d}.parquet", names)
            number += 1
        file.add(item, media)
        yield from file.taken()
        if file.is_full:
            yield from file.close()
            file = None
    if file is not None:
        yield from file.close()


class _File:
    """One Parquet file that is being written, in groups of rows."""

    def __init__(self, path: str, names: Sequence[str]) -> None:
        arrow, parquet = _arrow()
        self._path, self._names, self._arrow = path, list(names), arrow
        self._schema = _schema(arrow, names)
        self._out = _Taken()
        self._writer = parquet.ParquetWriter(arrow.PythonFile(self._out, mode="w"), self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._waiting = self._bytes = self._count = 0

    @property
    def is_full(self) -> bool:
        return self._count >= FILE_ITEMS or self._bytes >= FILE_BYTES

    def add(self, item: Item, media: Media | None) -> None:
        content = None if media is None else b"".join(media.chunks(item))
        row = _row(item, self._names, content)
        size = len(content or b"") + len(row["item"])
        self._rows.append(row)
        self._waiting, self._bytes, self._count = self._waiting + size, self._bytes + size, self._count + 1
        if self._waiting >= _GROUP_BYTES or len(self._rows) >= _GROUP_ITEMS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._waiting = [], 0

    def taken(self) -> Iterator[Chunk]:
        if data := self._out.take():
            yield Chunk(self._path, data)

    def close(self) -> Iterator[Chunk]:
        self._flush()
        self._writer.close()
        yield from self.taken()


class _Taken(io.RawIOBase):
    """A file whose bytes are taken away as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._at += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        found, self._parts = b"".join(self._parts), []
        return found


def _schema(arrow: Any, names: Sequence[str]) -> Any:
    label: dict[str, Any] = {"names": list(names), "_type": "ClassLabel"}
    value: dict[str, Any] = {"dtype": "float64", "_type": "Value"}
    objects = {
        "bbox": {"feature": {"feature": value, "_type": "List"}, "_type": "List"},
        "category": {"feature": label, "_type": "List"},
        "area": {"feature": value, "_type": "List"},
    }
    features: dict[str, Any] = {
        "image": {"_type": "Image"},
        "file_name": {"dtype": "string", "_type": "Value"},
        "width": {"dtype": "int64", "_type": "Value"},
        "height": {"dtype": "int64", "_type": "Value"},
        "objects": objects,
        "item": {"dtype": "string", "_type": "Value"},
    }
    listed = arrow.list_
    struct = [
        ("bbox", listed(listed(arrow.float64()))),
        ("category", listed(arrow.int64())),
        ("area", listed(arrow.float64())),
    ]
    columns = [
        ("image", arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])),
        ("file_name", arrow.string()),
        ("width", arrow.int64()),
        ("height", arrow.int64()),
        ("objects", arrow.struct(struct)),
        ("item", arrow.string()),
    ]
    return arrow.schema(
        columns, metadata={"huggingface": msgspec.json.encode({"info": {"features": features}}).decode()}
    )


def _row(item: Item, names: Sequence[str], content: bytes | None) -> dict[str, Any]:
    boxes: list[Any] = []
    categories: list[int] = []
    areas: list[float] = []
    for annotation in item.annotations:
        if annotation.kind != "tag" and annotation.label in names:
            shape = shapes.parse(annotation.kind, annotation.geometry)
            boxes.append(list(shapes.bounds(annotation.kind, shape)))
            areas.append(shapes.area(annotation.kind, shape))
            categories.append(names.index(annotation.label))
    return {
        "image": {"bytes": content, "path": item.key},
        "file_name": item.key,
        "width": item.width,
        "height": item.height,
        "objects": {"bbox": boxes, "category": categories, "area": areas},
        "item": _ENCODE(item).decode(),
    }
