"""What is in an export: the files of a dataset at a revision, with their annotations, one item after the other."""

import gc
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any

import msgspec

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
_AHEAD = 2  #: parts that are read while one is written: the database makes one while another becomes Python's
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


Read = tuple[FileState, Item]


class Pulse:
    """Looks now and then, while files are read, whether they are still wanted."""

    def __init__(self, look: Callable[[Transaction, int], bool]) -> None:
        """`look` is told how many files were read."""
        self._look = look
        self._last = 0.0

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._last >= _PULSE_SECONDS

    def beat(self, tx: Transaction, read: int) -> None:
        """Raises Cancelled."""
        if self.is_due:
            self._last = time.monotonic()
            if not self._look(tx, read):
                raise Cancelled


class Reader:
    """Reads items of an export's files, and counts them."""

    def __init__(self, db: Database, project: int, export: Export, shelf: Shelf | None, loss: Loss) -> None:
        """`shelf` takes the media that transforms make; without one, none is made."""
        self._db = db
        self._project = project
        self._export = export
        self._filter = None if export.filter is None else query.parse(export.filter)
        with db.transaction(project) as tx:
            self.schema: Schema = schemas.at(tx, export.schema_version)
        self._reshaping = Reshaping(export.transforms, self.schema, loss, shelf) if export.transforms else None
        self.written_schema = self._reshaping.schema if self._reshaping else self.schema
        """The schema of what transforms leave."""
        self.makes_pictures = self._reshaping is not None and self._reshaping.makes_pictures
        format = formats.named(export.format)
        looks_closer = self._reshaping is not None or self._filter is not None  # those look at shapes, and change them
        boxed: set[Kind] = {
            kind for kind in EVERYTHING.kinds if {becomes(kind, format.carries, image) for image in _IMAGES} == {"box"}
        }
        self._wants_bounds = not looks_closer and "polygon" in boxed
        self._columned = None if looks_closer else Columned(export, self.schema, format, boxed)
        self.counted = Counted()
        self._size = _FIRST_FILES

    def read(self, next: Callable[[int, int], Sequence[int]], pulse: Pulse, before: int = 0) -> Iterator[Read]:
        """Each file that the filter holds for, or what transforms make of it.

        `next(n, most)` are some of the files behind the first n; so many are `before` them. Raises Cancelled, and what
        `Reshaping.pieces` does.
        """
        at = 0
        coming = deque[Future[tuple[list[Read], int]]]()

        def some(at: int, chunk: list[int]) -> tuple[list[Read], int]:
            with self._db.transaction(self._project) as tx:
                tx.begin()  # waiting for the writing thread at each piece of an answer was half of an export's time
                pulse.beat(tx, before + at)
                return self._read(tx, chunk)

        with ThreadPoolExecutor(_AHEAD, "penstock export") as ahead, _no_collections():
            while True:
                while len(coming) < _AHEAD and (chunk := next(at, self._size)):
                    coming.append(ahead.submit(some, at, list(chunk)))
                    at += len(chunk)
                if not coming:
                    return
                found, loaded = coming.popleft().result()
                self._size = _MOST_RESHAPED if self.makes_pictures else _next_size(self._size, loaded)
                if self._reshaping is None:
                    self.counted.add([item for _, item in found])
                    yield from found
                else:
                    for state, item in self._reshaping.of_many(found):
                        self.counted.add([item])
                        yield state, item

    def _read(self, tx: Transaction, files: list[int]) -> tuple[list[Read], int]:
        """Some files, and how many annotations they have."""
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
        objects = iter(naming.split([texts[state.id] for state in states if state.id in texts], self.schema))
        found = [
            (state, _item(state, columns.get(state.id), next(objects) if state.id in texts else None))
            for state in states
        ]
        loaded = sum(len(item.annotations) for _, item in found)
        return found, loaded + sum(len(one.labels) for one in columns.values() if one is not None)


class Counted(msgspec.Struct):
    """How much was read."""

    files: int = 0
    annotations: int = 0
    labels: dict[int | str, int] = {}

    def add(self, items: Sequence[Item]) -> None:
        self.files += len(items)
        columns = [plain.labels for item in items if (plain := plain_of(item)) is not None]
        others = [item.annotations for item in items if item.annotations]
        self.annotations += sum(map(len, columns)) + sum(map(len, others))
        labels: Counter[int | str] = Counter(chain.from_iterable(columns))
        labels.update(a.label for a in chain.from_iterable(others) if a.label is not None)
        self._add_labels(labels)

    def join(self, other: "Counted") -> None:
        self.files += other.files
        self.annotations += other.annotations
        self._add_labels(other.labels)

    def _add_labels(self, labels: Mapping[int | str, int]) -> None:
        for label, n in labels.items():
            self.labels[label] = self.labels.get(label, 0) + n


class Content:
    """One export's items. Memory stays flat: ids of files, and some of them whole."""

    def __init__(self, db: Database, project: int, export: Export, shelf: Shelf | None, loss: Loss) -> None:
        """As `Reader`."""
        self._db = db
        self._project = project
        self._export = export
        self._reader = Reader(db, project, export, shelf, loss)
        self.counted = self._reader.counted
        self.written_schema = self._reader.written_schema
        self.makes_pictures = self._reader.makes_pictures
        with db.transaction(project) as tx:
            picked = tables.picked(tx, export.id)
            self.picked = None if picked is None else len(picked)
            """How many files were picked one by one."""
            self._listed = Listed(tx, export, picked)
            self.foreign = ingest.foreign_of(tx, self._listed.parts(tx), export.as_of)
            """What the sets that its files came from said of themselves."""
            self.dataset_name = datasets.name_at(tx, export.dataset, export.as_of)
        self._pulse = Pulse(self._look)
        self._rest: Future[None] = Future()

    @contextmanager
    def listing(self) -> Generator[None]:
        """Looks for the files meanwhile."""
        with ThreadPoolExecutor(1, "penstock export") as beside:
            self._rest = beside.submit(self._find_rest)
            yield

    @property
    def known(self) -> "array[int]":
        """The files that were found so far, within `listing`."""
        return self._listed.ids

    @property
    def is_listed(self) -> bool:
        """Whether these are all."""
        return self._rest.done()

    def listed(self) -> "array[int]":
        """All files."""
        self._rest.result()
        return self._listed.ids

    def _find_rest(self) -> None:
        with self._db.transaction(self._project) as tx:
            self._listed.find_rest(tx)

    def items(self, start: int = 0, end: int | None = None) -> Iterator[Read]:
        """Those of some of the files, in the order of keys. Raises what `Reader.read` does."""

        def next(n: int, most: int) -> Sequence[int]:
            at = start + n
            until = at + most if end is None else min(at + most, end)
            ids = self.known if at < len(self.known) else self.listed()
            return ids[at:until].tolist()

        return self._reader.read(next, self._pulse, start)

    def report(self, looked: int) -> None:
        """Tell how far it is, now and then. Raises Cancelled."""
        if self._pulse.is_due:
            with self._db.transaction(self._project) as tx:
                self._pulse.beat(tx, looked)

    def report_all(self) -> None:
        """Tell that all were looked at. Raises Cancelled."""
        with self._db.transaction(self._project) as tx:
            if not self._look(tx, len(self._listed.ids)):
                raise Cancelled

    def _look(self, tx: Transaction, looked: int) -> bool:
        return tables.progress(tx, self._export.id, looked, self._listed.total)

    @property
    def left_out(self) -> int:
        """How many files of the dataset weren't ready."""
        return self._listed.left_out

    @property
    def labels(self) -> Counter[str]:
        """How many annotations of each label there were so far."""
        found: Counter[str] = Counter()
        for label, n in self.counted.labels.items():
            found[label if isinstance(label, str) else self._reader.schema.labels_by_id[label].name] += n
        return found


def _item(
    state: FileState, plain: Columns | None, objects: tuple[dict[str, Any], list[NamedAnnotation]] | None
) -> Item:
    key, width, height = safe(state.key), state.width or 0, state.height or 0
    meta, foreign, hash = state.meta, state.foreign, state.hash
    if plain is not None:
        return PlainItem(key=key, width=width, height=height, meta=meta, foreign=foreign, hash=hash, plain=plain)
    item = Item(key=key, width=width, height=height, meta=meta, foreign=foreign, hash=hash)
    if objects is not None:
        item.attributes, item.annotations = objects
    return item


def _next_size(size: int, annotations: int) -> int:
    """How many files to read next, when so many had so many annotations: a file may have one, or a hundred thousand."""
    fitting = size * _AT_ONCE // max(annotations, 1)
    return max(1, min(fitting, size * 2, _MOST_FILES))
