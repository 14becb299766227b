"""What queries ask, gathered from the database: only what a query needs, for one file or for many at once.

Later rooms fill `tasks`: what they know of each file's tasks.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from psycopg.sql import SQL, Composable

from penstock import people
from penstock import schema as schemas
from penstock.annotations import rows
from penstock.annotations.model import Annotation
from penstock.datasets import tables
from penstock.datasets.query import Expression, Facts, Given, Mark, Names, Need, needs
from penstock.datasets.query.check import walk
from penstock.datasets.query.expression import ANNOTATION_FIELDS, FILE_FIELDS, ChangedSince, InDataset, Pin
from penstock.datasets.query.facts import Fields
from penstock.files.model import File
from penstock.schema.model import Attribute, Schema
from penstock.store import Transaction

NO_TASKS = SQL(
    "select null::bigint as file, null::text as status, null::int as round, null::int as priority,"
    " null::int as author, null::int as reviewer where false"
)
TasksOf = Callable[[Transaction, Sequence[int], int | None], Mapping[int, Mapping[str, Fields]]]


def _no_names(_tx: Transaction) -> Collection[str]:
    return ()


def _no_tasks(_tx: Transaction, _files: Sequence[int], _as_of: int | None) -> Mapping[int, Mapping[str, Fields]]:
    return {}


def _no_relation(_tx: Transaction, _template: str, _as_of: int | None) -> Composable:
    return NO_TASKS


@dataclass
class Tasks:
    """What the room of tasks knows; set when the program starts."""

    names: Callable[[Transaction], Collection[str]] = _no_names
    """The templates of the project, by name."""
    of: TasksOf = _no_tasks
    """Each file's latest task under each template, by the template's name, at a revision (None: now)."""
    relation: Callable[[Transaction, str, int | None], Composable] = _no_relation
    """The same of one template as SQL: file, status, round, priority, author and reviewer."""


tasks = Tasks()


def names(
    tx: Transaction, dataset: int | None = None, schema_version: int | None = None, asked: Expression | None = None
) -> Names:
    """The names that a query of this project may use. `dataset` is whose versions it may name; labels and attributes
    are called as in a version of the schema, the present one unless given. Those that `asked` has no use for are left
    out.
    """
    present = schemas.current(tx) if schema_version is None else schemas.at(tx, schema_version)
    wanted = frozenset[Need](["datasets", "changes", "tasks"]) if asked is None else needs(asked)
    pins = tables.pins(tx) if wanted & {"datasets", "changes"} else []
    versions: dict[str, list[str]] = defaultdict(list)
    for pin in pins:
        versions[pin.name].append(pin.version)
    return Names(
        labels=frozenset(label.name for label in present.labels),
        attributes=frozenset(attribute.name for attribute in present.attributes),
        datasets=frozenset(tables.names(tx) if wanted & {"datasets", "changes"} else ()),
        templates=frozenset(tasks.names(tx) if "tasks" in wanted else ()),
        versions=frozenset(pin.version for pin in pins if pin.dataset == dataset),
        pins=versions,
    )


def of_file(
    tx: Transaction,
    file: File,
    annotations: Iterable[Annotation],
    schema: Schema,
    needs: frozenset[Need],
    *,
    task: Fields | None = None,
    tasks: Mapping[str, Fields] | None = None,
    dataset: int | None = None,
) -> Facts:
    """The facts of one file, now. `annotations` are looked at only where the query needs them.

    `dataset` gives `added` and names the versions of `changed since`.
    """
    held = tables.memberships(tx, [file.id], tables.HEAD) if needs & {"added", "datasets"} else []
    seen = list(annotations) if "annotations" in needs else ()
    return Facts(
        now=tx.now,
        file=_file_fields(file),
        added=next((place.at for place in held if place.dataset == dataset), None),
        meta=file.meta,
        attributes=whole(seen, schema),
        annotations=marks(seen, schema, author_names(tx)),
        datasets=[place.name for place in held],
        task=task or {},
        tasks=tasks or {},
        in_version=lambda pin: _is_in_version(tx, pin, file.id),
        changed_since=lambda version: _has_changed(tx, dataset, version, file.id),
    )


def of_files(
    tx: Transaction,
    expression: Expression,
    files: Sequence[int],
    annotations: Mapping[int, Sequence[Annotation]] | None = None,
    *,
    branch: int,
    schema: Schema,
    dataset: int | None = None,
    as_of: int | None = None,
    now: dt.datetime | None = None,
) -> dict[int, Facts]:
    """The facts that a query asks of many files, now or as of a revision, in a few statements.

    `annotations` are those of `branch`, if they are at hand already. `dataset` gives `added` and names the versions of
    `changed since`.
    """
    wanted = needs(expression)
    at = tables.HEAD if as_of is None else as_of
    if "annotations" not in wanted:
        annotations = {}
    elif annotations is None:
        annotations = dict(rows.stream(tx, branch, as_of, files))
    held: dict[int, list[tables.Held]] = {}
    for row in tables.memberships(tx, files, at) if wanted & {"added", "datasets"} else ():
        held.setdefault(row.file, []).append(row)
    author = author_names(tx)
    others = tasks.of(tx, files, as_of) if "tasks" in wanted else dict[int, Mapping[str, Fields]]()
    changed = _changed(tx, expression, dataset, branch, files, at)
    pinned = _pinned(tx, expression, files)
    gathered: dict[int, Facts] = {}
    for file in tables.file_states(tx, files, at):
        mine = annotations.get(file.id, ())
        places = held.get(file.id, ())
        gathered[file.id] = Facts(
            now=now or tx.now,
            file=_file_fields(file),
            added=next((place.at for place in places if place.dataset == dataset), None),
            meta=file.meta,
            attributes=whole(mine, schema),
            annotations=marks(mine, schema, author),
            datasets=[place.name for place in places],
            tasks=others.get(file.id, {}),
            in_version=lambda pin, id=file.id: id in pinned.get(pin, ()),
            changed_since=lambda version, id=file.id: id in changed[version],
        )
    return gathered


def whole(annotations: Iterable[Annotation], schema: Schema) -> dict[str, Given]:
    """The attributes of the file itself, by name."""
    found: dict[str, Given] = {}
    for annotation in annotations:
        if annotation.is_of_file:
            found |= _attributes(annotation, schema)
    return found


def marks(annotations: Iterable[Annotation], schema: Schema, author: Callable[[int | None], Given]) -> list[Mark]:
    """Annotations by names, without those that hold the file's own attributes."""
    return [mark(annotation, schema, author) for annotation in annotations if not annotation.is_of_file]


def mark(annotation: Annotation, schema: Schema, author: Callable[[int | None], Given]) -> Mark:
    """One annotation by names."""
    return Mark(_MarkFields(annotation, schema, author), _attributes(annotation, schema))


class _MarkFields(Mapping[str, Given]):
    """An annotation's fields, each found when it is asked for: filters look at many annotations, and at few fields."""

    __slots__ = ("_annotation", "_author", "_schema")

    def __init__(self, annotation: Annotation, schema: Schema, author: Callable[[int | None], Given]) -> None:
        self._annotation = annotation
        self._schema = schema
        self._author = author

    def __getitem__(self, name: str) -> Given:
        annotation = self._annotation
        if name == "label":
            label = self._schema.labels_by_id.get(annotation.label or 0)
            return label and label.name
        if name == "person":
            return self._author(annotation.author)
        if name in _SIDES:
            return annotation.bounds[_SIDES[name]]
        if name in ANNOTATION_FIELDS:
            return getattr(annotation, name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(ANNOTATION_FIELDS)

    def __len__(self) -> int:
        return len(ANNOTATION_FIELDS)


_SIDES = {"x": 0, "y": 1, "w": 2, "h": 3}


def author_names(tx: Transaction) -> Callable[[int | None], Given]:
    """A person's name and e-mail address, by id, read once each."""
    known: dict[int, Given] = {}

    def of(person: int | None) -> Given:
        if person is None:
            return None
        if person not in known:
            found = people.person(tx, person)
            known[person] = tuple(text for text in (found.name, found.email) if text)
        return known[person]

    return of


def _file_fields(file: File | tables.FileState) -> Fields:
    return {field: getattr(file, field) for field in FILE_FIELDS}


def _attributes(annotation: Annotation, schema: Schema) -> dict[str, Given]:
    known = schema.attributes_by_key
    return {known[key].name: _named(known[key], value) for key, value in annotation.attributes.items() if key in known}


def _named(attribute: Attribute, value: Any) -> Given:
    """A value with the names of its options. A leaf of a tree has the names of its branches too."""
    if not attribute.options:
        return value
    options = {option.id: option for option in attribute.options}
    chosen = cast(list[int], value if isinstance(value, list) else [value])
    found: list[str] = []
    for id in chosen:
        option = options.get(id)
        while option is not None and option.name not in found:
            found.append(option.name)
            option = options.get(option.parent or 0)
    return found


def _changed(
    tx: Transaction, expression: Expression, dataset: int | None, branch: int, files: Sequence[int], at: int
) -> Mapping[str | Pin, frozenset[int]]:
    """Which of the files changed since each version that the query names."""
    named = {part.version for part, _ in walk(expression) if isinstance(part, ChangedSince)}
    return {
        version: tables.changed_files(tx, pinned.dataset, branch, files, pinned.seq, at)
        if (pinned := find_pin(tx, version, dataset))
        else frozenset()
        for version in named
    }


def _pinned(tx: Transaction, expression: Expression, files: Sequence[int]) -> Mapping[Pin, frozenset[int]]:
    """Which of the files are in each version that the query names."""
    named = {pin for part, _ in walk(expression) if isinstance(part, InDataset) for pin in part.datasets}
    found: dict[Pin, frozenset[int]] = {}
    for pin in named:
        if isinstance(pin, Pin) and (pinned := find_pin(tx, pin, None)):
            held = tables.memberships(tx, files, pinned.seq)
            found[pin] = frozenset(place.file for place in held if place.dataset == pinned.dataset)
    return found


def _is_in_version(tx: Transaction, pin: Pin, file: int) -> bool:
    pinned = find_pin(tx, pin, None)
    return pinned is not None and pinned.dataset in [p.dataset for p in tables.memberships(tx, [file], pinned.seq)]


def _has_changed(tx: Transaction, dataset: int | None, version: str | Pin, file: int) -> bool:
    pinned = find_pin(tx, version, dataset)
    watched = pinned and tables.dataset(tx, pinned.dataset)
    if pinned is None or watched is None:
        return False
    return bool(tables.changed_files(tx, watched.id, watched.branch, [file], pinned.seq, tables.HEAD))


def find_pin(tx: Transaction, version: str | Pin, dataset: int | None) -> tables.Pinned | None:
    """The version that a query means: of the dataset at hand, unless it says of which."""
    for pinned in reversed(tables.pins(tx)):
        whose = pinned.name == version.dataset if isinstance(version, Pin) else pinned.dataset == dataset
        if whose and pinned.version == (version.version if isinstance(version, Pin) else version):
            return pinned
    return None
