"""Gathering what a query asks of a file: from values the caller holds, and from tables only what the query needs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from penstock import people
from penstock.annotations.model import Annotation
from penstock.datasets import tables
from penstock.datasets.query import Facts, Given, Mark, Need
from penstock.datasets.query.facts import Fields
from penstock.files.model import File
from penstock.formats import naming
from penstock.schema.model import Schema
from penstock.store import Transaction


def of_file(
    tx: Transaction,
    file: File,
    annotations: Iterable[Annotation],
    schema: Schema,
    needs: frozenset[Need],
    *,
    task: Fields | None = None,
    tasks: Mapping[str, Fields] | None = None,
) -> Facts:
    """The facts of one file. `annotations` are looked at only where the query needs them."""
    marks: list[Mark] = []
    whole: dict[str, Given] = {}
    if "annotations" in needs:
        naming_author = author_names(tx)
        for annotation in annotations:
            if annotation.is_of_file:
                whole = naming.named_values(annotation.attributes, schema)
            else:
                marks.append(mark(annotation, schema, naming_author))
    return Facts(
        now=tx.now,
        file={field: getattr(file, field) for field in _FIELDS},
        meta=file.meta,
        attributes=whole,
        annotations=marks,
        datasets=tables.names_holding(tx, file.id) if "datasets" in needs else (),
        task=task or {},
        tasks=tasks or {},
    )


_FIELDS = ("key", "media", "mime", "bytes", "width", "height", "state", "hash")


def mark(annotation: Annotation, schema: Schema, author: Callable[[int | None], Given]) -> Mark:
    """One annotation by names."""
    x, y, w, h = annotation.bounds
    label = None if annotation.label is None else schema.label(annotation.label).name
    fields: dict[str, Any] = {
        "label": label,
        "kind": annotation.kind,
        "source": annotation.source,
        "confidence": annotation.confidence,
        "area": lambda: annotation.area,
        "x": x,
        "y": y,
        "w": w,
        "h": h,
        "group": annotation.group,
        "author": lambda: author(annotation.author),
    }
    return Mark(fields, naming.named_values(annotation.attributes, schema))


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
