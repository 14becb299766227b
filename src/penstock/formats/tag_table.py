"""Tags as CSV: a row for each tag of a file, with its confidence and the values of its attributes.

Read are tables with a column for the file and one for the label, under any of the names below; every other column is an
attribute. A cell of the label may hold several, separated by `|`.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from penstock.core import Invalid, Problem
from penstock.formats.carries import Carries, count_file, fit, split_named, split_of
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, NamedAnnotation, Tree, is_name
from penstock.formats.naming import all_values, spelled
from penstock.formats.seen import Seen
from penstock.formats.tree import Finder, ending, is_image
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedLabel, WantedSchema

FILE = "tags.csv"
_FILES = ("file_name", "filename", "file", "image", "image_name", "path", "key")
_LABELS = ("label", "labels", "tag", "tags", "class", "classes", "class_name", "category")
_OTHERS = {"confidence": "confidence", "score": "confidence", "split": "split", "subset": "split", "set": "split"}


class TagTableInvalid(Invalid):
    """{path} is no table of tags: {why}."""


class TagTableReading:
    """The tables of one set."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._finder = Finder([path for path in tree.paths() if is_image(path)])
        self._items: dict[str, Item] = {}
        self._bad: list[BadItem] = []
        self._seen = Seen(all_text=True)
        for path in files:
            self._read(path)

    def _read(self, path: str) -> None:
        with closing(self.tree.open(path)) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            try:
                rows = csv.DictReader(text)
                columns = _columns(rows.fieldnames or ())
                if columns is None:
                    raise TagTableInvalid(path=path, why="it has no column for the file and one for the label")
                for n, row in enumerate(rows, 2):
                    self._row(row, columns, path, n)
            except csv.Error as error:
                raise TagTableInvalid(path=path, why=str(error)) from None

    def _row(self, row: dict[str | Any, Any], columns: Mapping[str, str], path: str, n: int) -> None:
        name = (row.get(columns["file"]) or "").strip()
        if not name:
            self._bad.append(BadItem(f"{path} line {n}", "A row needs the name of a file.", "row"))
            return
        media = self._finder.find(name, path)
        key = media or name.replace("\\", "/")
        item = self._items.setdefault(key, Item(key=key, media=media, foreign={"csv": {}}))
        if split := (row.get(columns.get("split", "")) or "").strip().replace("\0", "\ufffd"):
            item.meta["split"] = split_named(split) or split
        taken = set(columns.values())
        values = {
            k.strip(): v.strip() for k, v in row.items() if k and k not in taken and isinstance(v, str) and v.strip()
        }
        values = {name: value.replace("\0", "\ufffd") for name, value in values.items() if is_name(name)}
        said = row.get(columns.get("confidence", ""))
        confidence = _number(said)
        if said and confidence is None:
            item.problems.append(Problem(f"{path} line {n}", "A confidence is a number from 0 to 1.", "confidence"))
        if not (row.get(columns["label"]) or "").strip() and values:
            item.problems.append(Problem(f"{path} line {n}", "Values without a label have no place.", "incomplete"))
        for label in (row.get(columns["label"]) or "").split("|"):
            if is_name(label):
                self._seen.add(label.strip(), values)
                item.annotations.append(
                    NamedAnnotation(
                        kind="tag",
                        label=label.strip(),
                        attributes=dict(values),
                        confidence=confidence,
                        ordinal=str(len(item.annotations)),
                    )
                )

    def schema(self) -> WantedSchema:
        names = {a.label or "" for item in self._items.values() for a in item.annotations}
        return WantedSchema(labels={name: WantedLabel() for name in sorted(names)}, attributes=self._seen.wanted())

    def foreign(self) -> dict[str, Any]:
        return {}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def items(self) -> Iterator[Item | BadItem]:
        yield from self._bad
        yield from self._items.values()


def _columns(given: Sequence[str]) -> dict[str, str] | None:
    """Which column is what, by their names in any case."""
    by_name = {name.strip().lower(): name for name in reversed(given) if name}
    file = next((by_name[name] for name in _FILES if name in by_name), None)
    label = next((by_name[name] for name in _LABELS if name in by_name), None)
    if file is None or label is None:
        return None
    return {"file": file, "label": label} | {what: by_name[name] for name, what in _OTHERS.items() if name in by_name}


def _number(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number <= 1 else None


class TagTable:
    """CSV of tags."""

    name = page = "csv"
    title = "CSV of tags"
    sign = "a `.csv` whose first line names a column for the file and one for the label"
    carries = Carries(kinds=frozenset({"tag"}), attributes=True, confidence=True, split=True)

    def recognizes(self, look: Look) -> bool:
        return any(_is_table(look.head(path)) for path in look.ending(".csv")[:5])

    def read(self, tree: Tree) -> TagTableReading:
        files = ending(tree.paths(), ".csv")
        if not files:
            raise TagTableInvalid(path="the set", why="there is no .csv file in it")
        return TagTableReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"images/{item.key.removeprefix('images/') if 'csv' in item.foreign else item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        names = [attribute.name for attribute in schema.live_attributes if attribute.per == "annotation"]
        yield Chunk(FILE, _row(["file_name", "label", "confidence", "split", *names]))
        for item in items:
            count_file(item, self.carries, loss)
            path, split = self.media_path(item), split_of(item, "")
            tagged = [annotation for annotation in item.annotations if fit(annotation, self.carries, item, loss)]
            for annotation in tagged:
                values = all_values(annotation)
                loss.count("attributes_dropped", len(values.keys() - set(names)))
                confidence = "" if annotation.confidence is None else repr(annotation.confidence)
                cells = [_cell(values.get(name)) for name in names]
                yield Chunk(FILE, _row([path, annotation.label or "", confidence, split, *cells]))
            if not tagged:
                yield Chunk(FILE, _row([path, "", "", split, *([""] * len(names))]))


def _is_table(head: bytes) -> bool:
    line = head.decode("utf-8-sig", "replace").splitlines()[:1]
    try:
        return any(_columns(row) is not None for row in csv.reader(line))
    except csv.Error:
        return False


def _row(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(spelled, value))  # pyright: ignore[reportUnknownArgumentType]
    return "" if value is None else spelled(value)
