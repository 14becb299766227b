"""What an annotation must be: structure at each save, completeness and bounds at submit. Pure.

Each problem comes with its place in the request, in words, and with a code. Nothing here raises for bad annotations:
problems are collected, so that a caller sees all of them at once.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from penstock.annotations import geometry as shapes
from penstock.annotations.clipping import clip
from penstock.annotations.geometry import BadGeometry, Shape
from penstock.annotations.model import Annotation, Change, Create, Delete, Update, encode
from penstock.annotations.rle import Mask
from penstock.core import Problem
from penstock.schema.model import Kind, Label, Schema

LONGEST_GROUP = 200
Outside = Literal["refuse", "clip"]


def apply(
    change: Change,
    before: Annotation | None,
    schema: Schema,
    at: str,
    author: int | None = None,
    holder: UUID | None = None,
) -> tuple[Annotation | None, list[Problem]]:
    """The annotation after a change of `before`, and what is wrong with the change; None after a deletion.

    With problems the annotation is not to be used. Only what the change says is checked against the schema, so a label
    that was archived meanwhile stops nothing else. A new label drops the values of attributes that it doesn't have.

    `holder` is the id that the holder of the file's own attributes must have (`model.holder_id`). Creating it when it
    is there already answers on it: somebody else was first, and that is no reason to refuse.
    """
    after, problems = _applied(change, before, schema, at, author)
    if after is not None and after.is_of_file and holder is not None and after.id != holder:
        problems.append(Problem(f"{at}.id", f"The file's own attributes are on the annotation {holder}.", "holder-id"))
    return after, problems


def _applied(
    change: Change, before: Annotation | None, schema: Schema, at: str, author: int | None
) -> tuple[Annotation | None, list[Problem]]:
    if isinstance(change, Create):
        if before is not None and before.is_of_file and change.label is None:
            return _updated(Update(id=change.id, attributes=change.attributes), before, schema, at)
        if before is not None:
            return None, [Problem(f"{at}.id", "There is an annotation with this id already.", "exists")]
        return _created(change, schema, at, author)
    if before is None:
        return None, [Problem(f"{at}.id", "There is no annotation with this id on this file.", "unknown-annotation")]
    if isinstance(change, Delete):
        return None, []
    return _updated(change, before, schema, at)


def structure(annotation: Annotation, schema: Schema, at: str) -> list[Problem]:
    """What is wrong with a whole annotation, apart from completeness and bounds."""
    return admit(annotation, schema, at)[1]


def admit(
    annotation: Annotation, schema: Schema, at: str, *, is_canonical: bool = False
) -> tuple[Annotation, list[Problem]]:
    """A whole annotation from outside as we keep it, with canonical geometry, and what is wrong with it.

    `is_canonical`: whoever read it has checked its geometry and spelled it canonically, and knows that `foreign` has no
    NUL: that isn't looked at again.
    """
    problems: list[Problem] = []
    label = _check_label(annotation.label, annotation.kind, schema, at, problems)
    is_canonical = is_canonical and annotation.kind != "keypoints"  # whose number the label says
    shape = None if is_canonical else _check_geometry(annotation.kind, annotation.geometry, label, at, problems)
    _check_attributes(annotation.attributes, annotation.label, schema, at, problems)
    rest = (annotation.at,) if is_canonical else (annotation.at, annotation.foreign)
    _check_rest(annotation.confidence, annotation.group, rest, at, problems)
    if is_canonical and not annotation.attributes:
        return annotation, problems
    values = {key: value for key, value in annotation.attributes.items() if value is not None}
    geometry = annotation.geometry if is_canonical else shapes.canonical(shape)
    return replace(annotation, geometry=geometry, attributes=values), problems


def _created(change: Create, schema: Schema, at: str, author: int | None) -> tuple[Annotation, list[Problem]]:
    problems: list[Problem] = []
    label = _check_label(change.label, change.kind, schema, at, problems)
    shape = _check_geometry(change.kind, change.geometry, label, at, problems)
    _check_attributes(change.attributes, change.label, schema, at, problems)
    _check_rest(change.confidence, change.group, (change.at, change.foreign), at, problems)
    made = Annotation(
        id=change.id,
        kind=change.kind,
        label=change.label,
        geometry=shapes.canonical(shape),
        attributes={key: value for key, value in change.attributes.items() if value is not None},
        source=change.source,
        confidence=change.confidence,
        group=change.group,
        at=change.at,
        author=author,
        foreign=change.foreign,
    )
    return made, problems


def _updated(change: Update, before: Annotation, schema: Schema, at: str) -> tuple[Annotation, list[Problem]]:
    problems: list[Problem] = []
    label = before.label if change.label is UNSET else change.label
    geometry, attributes = before.geometry, before.attributes
    known = None if label is None else schema.labels_by_id.get(label)
    if change.label is not UNSET:
        known = _check_label(change.label, before.kind, schema, at, problems)
        if change.geometry is UNSET and known is not None and before.kind == "keypoints":
            _check_skeleton(before.shape, known, at, problems)
    if change.geometry is not UNSET:
        geometry = shapes.canonical(_check_geometry(before.kind, change.geometry, known, at, problems))
    if change.attributes is not UNSET:
        _check_attributes(change.attributes, label, schema, at, problems)
        attributes = {**attributes, **change.attributes}
        attributes = {key: value for key, value in attributes.items() if value is not None}
    if label != before.label:
        attributes = {key: value for key, value in attributes.items() if _is_on(schema, key, label)}
    confidence = before.confidence if change.confidence is UNSET else change.confidence
    group = before.group if change.group is UNSET else change.group
    _check_rest(confidence, group, (None if change.at is UNSET else change.at,), at, problems)
    after = replace(
        before,
        label=label,
        geometry=geometry,
        attributes=attributes,
        confidence=confidence,
        group=group,
        at=before.at if change.at is UNSET else change.at,
    )
    return after, problems


def _is_on(schema: Schema, key: str, label: int | None) -> bool:
    attribute = schema.attributes_by_key.get(key)
    return attribute is not None and attribute.is_on(label)


def _check_label(label: int | None, kind: Kind, schema: Schema, at: str, problems: list[Problem]) -> Label | None:
    place = f"{at}.label"
    if label is None:
        if kind != "tag":
            problems.append(Problem(place, f"A {kind} needs a label; only a tag may be without.", "label-missing"))
        return None
    found = schema.labels_by_id.get(label)
    if found is None:
        problems.append(
            Problem(place, f"There is no label {label} in schema version {schema.version}.", "unknown-label")
        )
    elif found.archived:
        problems.append(Problem(place, f"The label {found.name!r} is archived.", "label-archived"))
    elif not found.allows(kind):
        allowed = ", ".join(found.kinds) or "any kind but keypoints: it has no skeleton"
        problems.append(Problem(place, f"{found.name!r} can't be a {kind}; it may be {allowed}.", "kind-not-allowed"))
    return found


def _check_geometry(kind: Kind, text: msgspec.Raw, label: Label | None, at: str, problems: list[Problem]) -> Shape:
    try:
        shape = shapes.read(kind, text)
    except BadGeometry as bad:
        problems.append(Problem(f"{at}.geometry", bad.detail, bad.code))
        return None
    if kind == "keypoints" and label is not None:
        _check_skeleton(shape, label, at, problems)
    return shape


def _check_skeleton(shape: Any, label: Label, at: str, problems: list[Problem]) -> None:
    wanted = len(label.skeleton.points) if label.skeleton else 0
    if wanted and len(shape) != 3 * wanted:
        detail = f"The skeleton of {label.name!r} has {wanted} points, this has {len(shape) / 3:g}."
        problems.append(Problem(f"{at}.geometry", detail, "skeleton-mismatch"))


def _check_attributes(
    values: Mapping[str, Any], label: int | None, schema: Schema, at: str, problems: list[Problem]
) -> None:
    for key, value in values.items():
        place = f"{at}.attributes.{key}"
        attribute = schema.attributes_by_key.get(key)
        if attribute is None:
            detail = f"There is no attribute {key!r} in schema version {schema.version}."
            problems.append(Problem(place, detail, "unknown-attribute"))
        elif value is None:
            continue
        elif not attribute.is_on(label):
            where = "the file" if label is None else "this label"
            problems.append(Problem(place, f"{attribute.name!r} is not asked on {where}.", "attribute-not-here"))
        elif attribute.archived:
            problems.append(Problem(place, f"The attribute {attribute.name!r} is archived.", "attribute-archived"))
        elif (fault := attribute.fault(value)) is not None:
            problems.append(Problem(place, f"{attribute.name!r} must be {fault}.", "attribute-value"))


def _check_rest(confidence: float | None, group: str | None, rest: Any, at: str, problems: list[Problem]) -> None:
    if confidence is not None and not 0 <= confidence <= 1:
        problems.append(Problem(f"{at}.confidence", "A confidence is from 0 to 1.", "confidence"))
    if group is not None and not (0 < len(group) <= LONGEST_GROUP and "\0" not in group):
        problems.append(Problem(f"{at}.group", f"A group has 1 to {LONGEST_GROUP} characters.", "group"))
    if any(rest) and b"\\u0000" in encode(rest):
        problems.append(Problem(at, "Text can't hold the character NUL.", "nul"))


def may_write(
    change: Change,
    before: Annotation | None,
    at: str,
    labels: Collection[int] | None = None,
    attributes: Collection[int] | None = None,
) -> list[Problem]:
    """What a change does outside a write set (None: everything is inside).

    A label grants making, deleting and all fields but attributes of its annotations; an attribute grants its values.
    The file's own attributes need no label. A deletion is granted by the label alone.
    """
    problems: list[Problem] = []
    now = before.label if before is not None else None
    touched = {now} if before is not None else set[int | None]()
    if isinstance(change, Create) or (isinstance(change, Update) and change.label is not UNSET):
        touched.add(change.label)  # pyright: ignore[reportArgumentType]: not UNSET, as the line above asks
    drawn = not isinstance(change, Update) or any(
        part is not UNSET for part in (change.label, change.geometry, change.confidence, change.group, change.at)
    )
    if drawn and labels is not None:
        problems += [
            Problem(f"{at}.label", f"Label {label} is read-only here.", "label-read-only")
            for label in touched - {None} - set(labels)
        ]
    if not isinstance(change, Delete) and attributes is not None and change.attributes is not UNSET:
        problems += [
            Problem(f"{at}.attributes.{key}", "This attribute is read-only here.", "attribute-read-only")
            for key in change.attributes
            if not key.isdecimal() or int(key) not in attributes
        ]
    return problems


class Completed(NamedTuple):
    """What submitting found: problems, and the annotations that clipping changed."""

    problems: list[Problem]
    clipped: list[Annotation]


def complete(
    annotations: Iterable[Annotation],
    width: int,
    height: int,
    schema: Schema,
    labels: Collection[int] | None = None,
    attributes: Collection[int] | None = None,
    outside: Outside = "refuse",
) -> Completed:
    """Whether a file's annotations are complete and inside it.

    `labels` and `attributes` are the ids that the work may write (None: all). What it may not write is not its fault:
    only those are asked for. Problems are at `annotations.<id>`, those of the file's own attributes at `file`.
    """
    problems: list[Problem] = []
    clipped: list[Annotation] = []
    holder: Annotation | None = None
    for annotation in annotations:
        if annotation.is_of_file:
            if holder is not None:
                problems.append(Problem("file", "The file's attributes are held twice; delete one.", "held-twice"))
            holder = annotation
            continue
        at = f"annotations.{annotation.id}"
        _ask(annotation.label, annotation.attributes, schema, attributes, at, problems)
        if labels is None or annotation.label in labels:
            kept = _inside(annotation, width, height, outside, at, problems)
            if kept is not annotation:
                clipped.append(kept)
    _ask(None, holder.attributes if holder else {}, schema, attributes, "file", problems)
    return Completed(problems, clipped)


def missing(
    annotations: Iterable[Annotation], schema: Schema, holder: UUID, allowed: Collection[int] | None = None
) -> list[tuple[UUID, int]]:
    """The required attributes that a file's annotations have no value for: (annotation, attribute).

    `holder` is the annotation of the file's own attributes, there or not; `allowed` what may be written (None: all).
    """
    values = {annotation.id: (annotation.label, annotation.attributes) for annotation in annotations}
    values.setdefault(holder, (None, {}))
    return [
        (id, attribute.id)
        for id, (label, given) in values.items()
        for attribute in schema.asked(label, given)
        if attribute.required and str(attribute.id) not in given and (allowed is None or attribute.id in allowed)
    ]


def _ask(
    label: int | None,
    values: Mapping[str, Any],
    schema: Schema,
    allowed: Collection[int] | None,
    at: str,
    problems: list[Problem],
) -> None:
    for attribute in schema.asked(label, values):
        if not attribute.required or str(attribute.id) in values:
            continue
        if allowed is None or attribute.id in allowed:
            detail = f"{attribute.name!r} needs an answer."
            problems.append(Problem(f"{at}.attributes.{attribute.id}", detail, "attribute-required"))


def _inside(
    annotation: Annotation, width: int, height: int, outside: Outside, at: str, problems: list[Problem]
) -> Annotation:
    kind, shape = annotation.kind, annotation.shape
    if shapes.is_inside(kind, shape, width, height):
        return annotation
    place = f"{at}.geometry"
    if isinstance(shape, Mask):
        had, wanted = f"{shape.size[1]} x {shape.size[0]}", f"{width} x {height}"
        problems.append(Problem(place, f"The mask is for {had}, the image is {wanted} pixels.", "mask-size"))
        return annotation
    if outside == "refuse":
        x, y, w, h = shapes.bounds(kind, shape)
        detail = f"It reaches from ({x:g}, {y:g}) to ({x + w:g}, {y + h:g}), outside the image of {width} x {height}."
        problems.append(Problem(place, detail, "outside"))
        return annotation
    kept = clip(kind, shape, width, height)
    if kept is None:
        problems.append(Problem(place, "Nothing of it can be kept inside the image; delete it.", "outside"))
        return annotation
    return replace(annotation, geometry=shapes.canonical(kept))
