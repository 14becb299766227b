"""The three-way merge of one annotation, per field. Pure.

The one rule: per field the later done wins, and change beats delete. A conflict never refuses; it is told.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from penstock.annotations.model import Annotation

FIELDS = ("label", "geometry", "confidence", "group", "at")


class MergeConflict(msgspec.Struct, frozen=True):
    """Both sides changed one field of one annotation since their common base. Ours, the later done, stands."""

    annotation: UUID
    field: str  #: `label`, `geometry`, ..., `attributes.<id>`, or `deleted`
    theirs: Any  #: what stood on the branch
    ours: Any


class Merged(NamedTuple):
    """What an annotation is after merging; None: it is deleted."""

    result: Annotation | None
    conflicts: tuple[MergeConflict, ...]


def merge(base: Annotation | None, theirs: Annotation | None, ours: Annotation | None) -> Merged:
    """Merge `ours` into `theirs`, the branch's head, both grown from `base`. None stands for not there."""
    if ours in (base, theirs):
        return Merged(theirs, ())
    if theirs == base:
        return Merged(ours, ())
    if ours is None or theirs is None:
        return _one_deleted(base, theirs, ours)
    return _both_changed(base, theirs, ours)


def _one_deleted(base: Annotation | None, theirs: Annotation | None, ours: Annotation | None) -> Merged:
    kept = theirs if ours is None else ours
    assert kept is not None
    # A deletion on one side against a real change on the other: the change stands.
    if base is not None and not _differs(base, kept):
        return Merged(None, ())
    conflict = MergeConflict(kept.id, "deleted", theirs=theirs is None, ours=ours is None)
    return Merged(kept, (conflict,))


def _both_changed(base: Annotation | None, theirs: Annotation, ours: Annotation) -> Merged:
    if base is not None and ours.kind != theirs.kind:  # a kind never changes under one id; a new one replaces whole
        return Merged(ours, (MergeConflict(ours.id, "kind", theirs.kind, ours.kind),))
    conflicts: list[MergeConflict] = []
    changed: dict[str, Any] = {}
    for field in FIELDS:
        b, t, o = (None if base is None else getattr(base, field)), getattr(theirs, field), getattr(ours, field)
        if o == t or (base is not None and o == b):
            continue
        changed[field] = o
        if base is None or t != b:
            conflicts.append(MergeConflict(ours.id, field, _plain(t), _plain(o)))
    attributes = dict(theirs.attributes)
    for key, b, t, o in _attributes(base, theirs, ours):
        if o == t or (base is not None and o == b):
            continue
        _put(attributes, key, o)
        if t != b:
            conflicts.append(MergeConflict(ours.id, f"attributes.{key}", t, o))
    if attributes != theirs.attributes:
        changed["attributes"] = attributes
    if not changed:
        return Merged(theirs, ())
    result = msgspec.structs.replace(theirs, **changed, kind=ours.kind, source=ours.source, author=ours.author)
    return Merged(result, tuple(conflicts))


def _differs(a: Annotation, b: Annotation) -> bool:
    return a.attributes != b.attributes or any(getattr(a, f) != getattr(b, f) for f in FIELDS)


def _attributes(base: Annotation | None, theirs: Annotation, ours: Annotation) -> Iterator[tuple[str, Any, Any, Any]]:
    before: dict[str, Any] = {} if base is None else base.attributes
    for key in sorted(before.keys() | theirs.attributes.keys() | ours.attributes.keys()):
        yield key, before.get(key), theirs.attributes.get(key), ours.attributes.get(key)


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


def _plain(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


def touched_fields(before: Annotation | None, after: Annotation | None) -> frozenset[str]:
    """The fields in which two states of an annotation differ; `made` or `deleted` when one isn't there."""
    if before is None or after is None:
        return frozenset() if before is after else frozenset({"made" if before is None else "deleted"})
    fields = {field for field in FIELDS if getattr(before, field) != getattr(after, field)}
    keys = before.attributes.keys() | after.attributes.keys()
    fields |= {f"attributes.{key}" for key in keys if before.attributes.get(key) != after.attributes.get(key)}
    return frozenset(fields)


__all__ = ["FIELDS", "MergeConflict", "Merged", "merge", "touched_fields"]
