"""What is in an export: the files of a dataset at a revision, with their annotations, one item after the other."""

import gc
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any

from penstock import formats, ingest
from penstock import schema as schemas
from penstock.annotations import rows
from penstock.annotations.model import decode_all
from penstock.datasets import facts, query
from penstock.datasets import tables as datasets
from penstock.datasets.tables import FileState
from penstock.export import tables
from penstock.export.columns import Columned
from penstock.export.listed import Listed
from penstock.export.model import Export
from penstock.export.publishing import safe
from penstock.export.reshaping import Reshaping
from penstock.export.shelf import Shelf
from penstock.formats import Item, Loss, NamedAnnotation, naming
from penstock.formats.carries import EVERYTHING, becomes
from penstock.formats.plain import Columns, PlainItem, plain_of
from penstock.schema.model import Kind, Schema
from penstock.store import Database, Transaction

_AT_ONCE = 10_000  #: annotations to read in one short transaction, about
_FIRST_FILES = 16
_MOST_FILES = 500
_MOST_RESHAPED = 32  #: of which images are made, between two looks at whether it was cancelled
_PULSE_SECONDS = 0.5
_IMAGES = (Item(key=""), Item(key="", width=1, height=1))


class Cancelled(Exception):
    """The export was called off, or another process ended it."""


@contextmanager
def _no_collections() -> Generator[None]:
    """An export makes many objects and no cycles; looking for cycles among them took half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Content:
    """Reads one export's items, and counts them. Memory stays flat: ids of files, and some of them whole."""

    def __init__(self, db: Database, project: int, export: Export, shelf: Shelf | None, loss: Loss) -> None:
        """`shelf` takes the media that transforms make; without one, none is made."""
        self._db = db
        self._project = project
        self._export = export
        self._filter = None if export.filter is None else query.parse(export.filter)
        with db.transaction(project) as tx:
            self.schema: Schema = schemas.at(tx, export.schema_version)
            picked = tables.picked(tx, export.id)
            self.picked = None if picked is None else len(picked)
            """How many files were picked one by one."""
            self._listed = Listed(tx, export, picked)
            self.foreign = ingest.foreign_of(tx, self._listed.parts(tx), export.as_of)
            """What the sets that its files came from said of themselves."""
            self.dataset_name = datasets.name_at(tx, export.dataset, export.as_of)
        self._reshaping = Reshaping(export.transforms, self.schema, loss, shelf) if export.transforms else None
        self.written_schema = self._reshaping.schema if self._reshaping else self.schema
        """The schema of what transforms leave."""
        format = formats.named(export.format)
        looks_closer = self._reshaping is not None or self._filter is not None  # those look at shapes, and change them
        boxed: set[Kind] = {
            kind for kind in EVERYTHING.kinds if {becomes(kind, format.carries, image) for image in _IMAGES} == {"box"}
        }
        self._wants_bounds = not looks_closer and "polygon" in boxed
        self._columned = None if looks_closer else Columned(export, self.schema, format, boxed)
        self.files = 0
        self.annotations = 0
        self._labels: Counter[int | str] = Counter()
        self._rest: Future[None] = Future()
        self._start, self._size = 0, _FIRST_FILES
        self._loaded = 0
        self._pulse = 0.0

    def items(self) -> Iterator[tuple[FileState, Item]]:
        """Each file that the filter holds for, in the order of keys, or what transforms make of it.

        Raises Cancelled, and what `Reshaping.pieces` does.
        """
        with ThreadPoolExecutor(2, "penstock export") as ahead, _no_collections():
            self._rest = ahead.submit(self._find_rest)
            coming = ahead.submit(self._next)
            while (found := coming.result()) is not None:
                coming = ahead.submit(self._next)  # the database makes them while these are written
                if self._reshaping is None:
                    self._count([item for _, item in found])
                    yield from found
                else:
                    for state, item in self._reshaping.of_many(found):
                        self._count([item])
                        yield state, item
        with self._db.transaction(self._project) as tx:
            self._pulse = 0.0
            self._report(tx, len(self._listed.ids))

    def _find_rest(self) -> None:
        with self._db.transaction(self._project) as tx:
            self._listed.find_rest(tx)

    def _next(self) -> list[tuple[FileState, Item]] | None:
        """The next files; None at the end."""
        if self._start >= len(self._listed.ids):
            self._rest.result()
        chunk = self._listed.ids[self._start : self._start + self._size].tolist()
        if not chunk:
            return None
        with self._db.transaction(self._project) as tx:
            tx.begin()  # waiting for the writing thread at each piece of an answer was half of an export's time
            self._report(tx, self._start)
            found = self._read(tx, chunk)
        self._start += len(chunk)
        self._size = _next_size(self._size, self._loaded) if self._reshaping is None else _MOST_RESHAPED
        return found

    def _count(self, items: Sequence[Item]) -> None:
        self.files += len(items)
        columns = [plain.labels for item in items if (plain := plain_of(item)) is not None]
        others = [item.annotations for item in items if item.annotations]
        self.annotations += sum(map(len, columns)) + sum(map(len, others))
        self._labels.update(chain.from_iterable(columns))
        self._labels.update(a.label for a in chain.from_iterable(others) if a.label is not None)

    @property
    def left_out(self) -> int:
        """How many files of the dataset weren't ready."""
        return self._listed.left_out

    @property
    def labels(self) -> Counter[str]:
        """How many annotations of each label there were so far."""
        found: Counter[str] = Counter()
        for label, n in self._labels.items():
            found[label if isinstance(label, str) else self.schema.labels_by_id[label].name] += n
        return found

    def _read(self, tx: Transaction, files: list[int]) -> list[tuple[FileState, Item]]:
        export = self._export
        columns = dict.fromkeys(files) if self._columned is None else self._columned.read(tx, files)
        closer = [file for file, found in columns.items() if found is None]
        texts = dict(rows.texts(tx, export.branch, export.as_of, closer, bounds=self._wants_bounds))
        states = datasets.file_states(tx, files, export.as_of)
        if self._filter is not None:
            known = facts.of_files(
                tx,
                self._filter,
                files,
                {file: decode_all(text) for file, text in texts.items()},
                branch=export.branch,
                schema=self.schema,
                dataset=export.dataset,
                as_of=export.as_of,
                now=export.now,
            )
            states = [state for state in states if query.evaluate(self._filter, known[state.id])]
        listed = naming.split([texts.get(state.id, "[]") for state in states], self.schema)
        found = [
            (state, _item(state, own, rest, columns.get(state.id)))
            for state, (own, rest) in zip(states, listed, strict=True)
        ]
        self._loaded = sum(len(item.annotations) for _, item in found) + sum(
            len(one.labels) for one in columns.values() if one is not None
        )
        return found

    def _report(self, tx: Transaction, looked: int) -> None:
        now = time.monotonic()
        if now - self._pulse < _PULSE_SECONDS:
            return
        self._pulse = now
        if not tables.progress(tx, self._export.id, looked, self._listed.total):
            raise Cancelled


def _item(state: FileState, own: dict[str, Any], rest: list[NamedAnnotation], plain: Columns | None) -> Item:
    key, width, height = safe(state.key), state.width or 0, state.height or 0
    meta, foreign, hash = state.meta, state.foreign, state.hash
    if plain is not None:
        return PlainItem(key=key, width=width, height=height, meta=meta, foreign=foreign, hash=hash, plain=plain)
    item = Item(key=key, width=width, height=height, meta=meta, foreign=foreign, hash=hash)
    item.attributes, item.annotations = own, rest
    return item


def _next_size(size: int, annotations: int) -> int:
    """How many files to read next, when so many had so many annotations: a file may have one, or a hundred thousand."""
    fitting = size * _AT_ONCE // max(annotations, 1)
    return max(1, min(fitting, size * 2, _MOST_FILES))
