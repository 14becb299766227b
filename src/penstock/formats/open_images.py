"""Open Images: tables of boxes and of labels of whole images, in fractions; codes of classes have names in a third.

`boxes.csv` has ImageID, Source, LabelName, Confidence, XMin, XMax, YMin, YMax and flags; `labels.csv` the first four.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import msgspec

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import BadGeometry
from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, count_file, fit, split_named, split_of
from penstock.formats.declared import occurring
from penstock.formats.foreign import as_read
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name
from penstock.formats.scaling import fraction, scaled
from penstock.formats.tree import ending, is_image
from penstock.formats.waiting import Lines, NamesClash
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema

FLAGS = ("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside")
_HEAD = ("ImageID", "Source", "LabelName", "Confidence")
_SIDES = ("XMin", "XMax", "YMin", "YMax")
_WRITTEN = frozenset({*FLAGS, "Source"})
_NOT_KEPT = frozenset({"ImageID", "LabelName", "Confidence", *_SIDES})


class OpenImagesInvalid(Invalid):
    """{path} is no table of Open Images: {why}."""


class OpenImagesReading:
    """The tables of one set. Its rows are held, since those of one image need not follow each other."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._images = {_stem(path): path for path in tree.paths() if is_image(path)}
        self._names: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._items: dict[str, Item] = {}
        self._files: list[str] = []
        self._bad: list[BadItem] = []
        tables: list[str] = []
        for path in ending(tree.paths(), ".csv"):
            first = self._first(path)
            if set(_HEAD[:1]) | {"LabelName"} <= set(first):
                tables.append(path)
            elif len(first) == 2 and "description" in path:
                self._names |= {row[0]: row[1].strip() for row in self._rows(path) if len(row) == 2 and is_name(row[1])}
                self._files.append(path)
        if not tables:
            raise OpenImagesInvalid(path="the set", why="no .csv has the columns ImageID and LabelName")
        for path in tables:
            self._files.append(path)
            self._read(path)

    def _rows(self, path: str) -> Iterator[list[str]]:
        with closing(self.tree.open(path)) as stream:
            try:
                yield from csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=""))
            except csv.Error as error:
                raise OpenImagesInvalid(path=path, why=str(error)) from None

    def _first(self, path: str) -> list[str]:
        for row in self._rows(path):
            return row
        return []

    def _read(self, path: str) -> None:
        rows = self._rows(path)
        columns = next(rows)
        split = next((found for part in path.replace("-", "/").split("/") if (found := split_named(part))), None)
        for n, cells in enumerate(rows, 2):
            row = dict(zip(columns, cells, strict=False))
            id = row.get("ImageID", "")
            if not id:
                self._bad.append(BadItem(f"{path} line {n}", "A row needs an ImageID.", "row"))
                continue
            media = self._images.get(id)
            item = self._items.setdefault(id, Item(key=media or f"{id}.jpg", media=media, fractional=True))
            item.foreign.setdefault("openimages", {"ImageID": id})
            if split := split or next((s for part in (media or "").split("/") if (s := split_named(part))), None):
                item.meta["split"] = split
            try:
                if (made := self._annotation(row, len(item.annotations))) is not None:
                    item.annotations.append(made)
                elif code := _code(row):
                    item.foreign["openimages"].setdefault("absent", []).append(code)
            except BadGeometry as bad:
                item.problems.append(Problem(f"{path} line {n}", bad.detail, bad.code))

    def _annotation(self, row: Mapping[str, str], n: int) -> NamedAnnotation | None:
        code = _code(row)
        label = self._names.get(code, code)
        if not code and not any(row.get(side) for side in _SIDES):
            return None  # an image with nothing on it
        if not is_name(label):
            raise BadGeometry("A row needs a LabelName.", "incomplete")
        made = NamedAnnotation(kind="tag", label=label.strip(), ordinal=str(n))
        confidence = _number(row.get("Confidence"))
        if "XMin" in row:
            left, right, top, bottom = (_number(row.get(side)) for side in _SIDES)
            if left is None or right is None or top is None or bottom is None:
                raise BadGeometry("A box needs XMin, XMax, YMin and YMax as numbers.", "number")
            box = shapes.check("box", [left, top, right - left, bottom - top])
            made.kind, made.geometry = "box", shapes.canonical(box)
        elif row.get("Confidence", "").strip() == "0":
            return None  # it says that the label is not there
        if confidence is not None and 0 <= confidence <= 1 and row.get("Confidence", "").strip() != "1":
            made.confidence = confidence
        self._codes.setdefault(made.label or "", code)
        kept = {key: value for key, value in row.items() if key not in _NOT_KEPT and value not in ("", "0")}
        made.foreign = {"openimages": kept} if kept else {}
        return made

    def schema(self) -> WantedSchema:
        found = occurring(self._items.values())
        told = {name: {"openimages": {"code": code}} for name, code in self._codes.items() if code.strip() != name}
        labels = {
            name: label.model_copy(update={"foreign": told.get(name, {})}) for name, label in found.labels.items()
        }
        return found.model_copy(update={"labels": labels})

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset(self._files)

    def items(self) -> Iterator[Item | BadItem]:
        yield from self._bad
        for item in self._items.values():
            yield _copy(item)


def _copy(item: Item) -> Item:
    """An item that may be scaled without changing the one that is held."""
    annotations = [msgspec.structs.replace(annotation) for annotation in item.annotations]
    return msgspec.structs.replace(item, annotations=annotations, meta=dict(item.meta))


def _code(row: Mapping[str, str]) -> str:
    return (row.get("LabelName") or "").replace("\0", "\ufffd")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


class OpenImages:
    """Open Images' tables."""

    name = page = "openimages"
    title = "Open Images CSV"
    sign = "a `.csv` whose first line has `ImageID` and `LabelName`"
    carries = Carries(kinds=frozenset({"box", "tag"}), confidence=True, split=True, foreign=("openimages",))

    def recognizes(self, look: Look) -> bool:
        heads = (look.head(path).partition(b"\n")[0] for path in look.ending(".csv")[:5])
        return any(b"ImageID" in head and b"LabelName" in head for head in heads)

    def read(self, tree: Tree) -> OpenImagesReading:
        return OpenImagesReading(tree)

    def media_path(self, item: Item) -> str:
        return f"{split_of(item)}/{item.key.rpartition('/')[2]}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        codes = _codes(schema)
        tables = {f"{split}-{what}.csv": Lines() for split in ("train", "val", "test") for what in ("boxes", "labels")}
        keys: dict[str, str] = {}
        try:
            for item in items:
                count_file(item, self.carries, loss)
                split, id = split_of(item), _stem(self.media_path(item))
                if (other := keys.setdefault(id, item.key)) != item.key:
                    raise NamesClash(one=other, other=item.key, place=id)
                rows = list(_rows(item, id, codes, self.carries, loss))
                for is_box, row in rows or [(False, [id, "", "", ""])]:
                    tables[f"{split}-{'boxes' if is_box else 'labels'}.csv"].add(_line(row).rstrip(b"\n"))
            for name, lines in tables.items():
                if lines.count:
                    heads = (*_HEAD, *_SIDES, *FLAGS) if name.endswith("boxes.csv") else _HEAD
                    yield Chunk(name, _line(heads))
                    yield from (Chunk(name, line + b"\n") for line in lines.lines())
            yield Chunk("class-descriptions.csv", b"".join(_line([code, name]) for name, code in codes.items()))
        finally:
            for lines in tables.values():
                lines.close()


def _codes(schema: Schema) -> dict[str, str]:
    """The codes of labels by their names: those that they came with, unless two have the same; else the names."""
    told = {label.name: as_read(label.foreign, "openimages").get("code", label.name) for label in schema.live_labels}
    counted = Counter(map(str, told.values()))
    return {name: str(code) if counted[str(code)] == 1 else name for name, code in told.items()}


def _rows(
    item: Item, id: str, codes: Mapping[str, str], carries: Carries, loss: Loss
) -> Iterator[tuple[bool, list[str]]]:
    for annotation in item.annotations:
        if annotation.kind != "tag" and not (item.width and item.height):
            loss.count("size_unknown")
            continue
        fitted = fit(annotation, carries, item, loss)
        if fitted is None:
            continue
        kept: dict[str, Any] = annotation.foreign.get("openimages") or {}
        loss.count("foreign_dropped", not kept.keys() <= _WRITTEN)
        confidence = "1" if annotation.confidence is None else repr(annotation.confidence)
        label = codes.get(annotation.label or "", annotation.label or "")
        head = [id, str(kept.get("Source", "")), label, confidence]
        if fitted.kind == "tag":
            yield False, head
        else:
            x, y, w, h = scaled("box", fitted.shape, 1 / item.width, 1 / item.height)
            sides = [fraction(n) for n in (x, x + w, y, y + h)]
            yield True, [*head, *sides, *(str(kept.get(flag, "0")) for flag in FLAGS)]

    absent: Any = as_read(item.foreign, "openimages").get("absent")
    yield from (
        (False, [id, "", str(code), "0"]) for code in (cast(list[Any], absent) if isinstance(absent, list) else [])
    )


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([cell.replace("\n", " ").replace("\r", " ") for cell in cells])
    return text.getvalue().encode("utf-8", "replace")
