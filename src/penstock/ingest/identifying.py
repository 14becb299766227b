"""Annotations of an item, from names to ids: checked, clipped to their image, ready to be written. Pure.

This is most of the processor time of bringing annotations in, so it happens before the transaction begins; only the
annotations' own ids, which follow from the file's, are put in later.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from penstock.annotations import clipping
from penstock.annotations import geometry as shapes
from penstock.annotations.copying import ColumnRows, FileRows
from penstock.annotations.geometry import SLACK, BadGeometry, Bounds
from penstock.annotations.model import Annotation, Source, encode, holder_id
from penstock.core import Problem
from penstock.core.ids import import_uuids
from penstock.formats import Fractional, Item, NamedAnnotation, Traced, naming, scaling
from penstock.ingest.model import RunProblem
from penstock.schema.model import Kind, Schema

_LATER = UUID(int=0)
Size = tuple[int, int]


class Columns(NamedTuple):
    """Annotations as columns, see `formats.Traced`, with ids of labels."""

    source: Source
    labels: Sequence[int]
    ordinals: Sequence[str]
    bounds: Any
    geometries: Sequence[bytes]
    foreign: Sequence[bytes]
    kind: Kind


@dataclass
class Identified:
    """What an item's annotations have become."""

    annotations: list[Annotation] = field(default_factory=list[Annotation])
    ordinals: list[str] = field(default_factory=list[str])
    """Of each: those without an id of their own get one from it."""
    bounds: list[Bounds | None] = field(default_factory=list[Bounds | None])
    """Of each, where they are known already."""
    holder: Annotation | None = None
    """What holds the file's own attributes."""
    problems: list[RunProblem] = field(default_factory=list[RunProblem])
    refused: int = 0
    """Annotations that were left out."""
    columns: Columns | None = None
    """All of them, in place of objects."""

    def add(self, annotation: Annotation, ordinal: str, bounds: Bounds | None) -> None:
        self.annotations.append(annotation)
        self.ordinals.append(ordinal)
        self.bounds.append(bounds)

    def of(self, file: int, source: str) -> FileRows | ColumnRows:
        """The annotations with their ids: version 5 of (file, source, ordinal) where the set gave none."""
        if (drawn := self.columns) is not None:
            ids = import_uuids(file, source, drawn.ordinals)
            return ColumnRows(
                file, drawn.kind, drawn.source, ids, drawn.labels, drawn.bounds, drawn.geometries, drawn.foreign
            )
        ids = import_uuids(file, source, self.ordinals)
        for n, annotation in enumerate(self.annotations):
            if annotation.id is not _LATER:
                ids[n] = annotation.id.bytes
        if self.holder is None:
            return FileRows(file, self.annotations, ids, self.bounds)
        holder = holder_id(file).bytes
        return FileRows(file, [*self.annotations, self.holder], [*ids, holder], [*self.bounds, None])


def identify(item: Item, size: Size, schema: Schema, *, is_truth: bool) -> Identified:
    """Check and clip an item's annotations for an image of this size. What can't be taken is told, not raised."""
    made = Identified(problems=[_told(problem) for problem in item.problems], refused=len(item.problems))
    made.problems += _size_problems(item, size)
    seen: set[UUID | str] = set()
    for n, named in enumerate(item.annotations):
        known_by = named.id or named.ordinal or str(n)
        if known_by in seen:
            problem = RunProblem(at=f"annotations[{n}]", detail=f"Its id {known_by} comes twice.", code="twice")
            made.problems.append(problem)
            made.refused += 1
            continue
        seen.add(known_by)
        if item.fractional:
            scaling.scale(named, *size)
        if (plain := _plain(named, schema, size)) is not None:
            made.add(plain[0] if is_truth else _of_model(plain[0]), named.ordinal or str(n), plain[1])
            continue
        at = f"annotations[{n}]"
        bounds: Bounds | None = None
        annotation, problems = naming.identified(named, schema, named.id or _LATER, at)
        if annotation is not None:
            whole, annotation = annotation, _inside(annotation, named.bounds, size, at, problems)
            bounds = named.bounds if named.bounds is not UNSET and annotation is whole else None
        if annotation is None:
            made.refused += 1
        else:
            made.add(annotation if is_truth else _of_model(annotation), named.ordinal or str(n), bounds)
        made.problems += [_told(problem) for problem in problems]
    made.holder = _holder(item, schema, made.problems, is_truth=is_truth)
    return made


def identify_traced(
    some: Sequence[tuple[Item, Traced | Fractional, Size]], schema: Schema, *, is_truth: bool
) -> list[Identified | None]:
    """The same of items whose annotations are columns, all at once; None of those that take a closer look."""
    fractional = [(traced, size) for _, traced, size in some if isinstance(traced, Fractional)]
    scaled = iter(scaling.in_columns(fractional))
    drawn = [next(scaled) if isinstance(traced, Fractional) else traced for _, traced, _ in some]
    clipped = _outside([(traced, size) for traced, (_, _, size) in zip(drawn, some, strict=True) if traced])
    found: list[Identified | None] = []
    for (item, given, size), traced in zip(some, drawn, strict=True):
        is_other = item.fractional != isinstance(given, Fractional) or bool(item.annotations or item.problems)
        if traced is None or next(clipped) or is_other:
            found.append(None)
            continue
        known = [id for label in traced.labels if (id := schema.live_ids.get((label, traced.kind))) is not None]
        if len(known) < len(traced.labels):
            found.append(None)
            continue
        made = Identified(problems=[*_size_problems(item, size)])
        made.columns = Columns("import" if is_truth else "model", known, *traced[1:])
        found.append(made)
    return found


def _outside(drawn: Sequence[tuple[Traced, Size]]) -> Iterator[bool]:
    """Whether any annotation of each item is outside of its image, wholly or in part."""
    if not drawn:
        return
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    counts = [len(traced.ordinals) for traced, _ in drawn]
    bounds = np.concatenate([traced.bounds for traced, _ in drawn])
    sizes = np.repeat(np.array([size for _, size in drawn], np.float64), counts, axis=0)
    outside: Any = (bounds[:, :2] < -SLACK) | (bounds[:, :2] + bounds[:, 2:] > sizes + SLACK)
    owners = np.repeat(np.arange(len(drawn)), counts)
    clipped = set(owners[outside.any(axis=1)].tolist())
    yield from (n in clipped for n in range(len(drawn)))


def _plain(named: NamedAnnotation, schema: Schema, size: Size) -> tuple[Annotation, Bounds] | None:
    """The same as all checks give, in a third of their time: for what most annotations are, if they are inside."""
    if named.attributes or named.kind in ("keypoints", "mask") or named.label is None:
        return None
    if named.confidence is not None or named.group is not None or named.at is not None:
        return None
    label = schema.live_ids.get((named.label, named.kind))
    if label is None:
        return None
    geometry, bounds = named.geometry, named.bounds
    if bounds is UNSET:
        if named.foreign and b"\\u0000" in encode(named.foreign):
            return None
        try:
            shape = shapes.read(named.kind, geometry)
        except BadGeometry:
            return None
        geometry, bounds = shapes.canonical(shape), shapes.bounds(named.kind, shape)
    if not shapes.are_inside(bounds, *size):
        return None
    made = Annotation(
        id=named.id or _LATER,
        kind=named.kind,
        label=label,
        geometry=geometry,
        source=named.source,
        foreign=named.foreign,
    )
    return made, bounds


def _of_model(annotation: Annotation) -> Annotation:
    return msgspec.structs.replace(annotation, source="model") if annotation.source == "import" else annotation


def _holder(item: Item, schema: Schema, told: list[RunProblem], *, is_truth: bool) -> Annotation | None:
    if not item.attributes:
        return None
    problems: list[Problem] = []
    values = naming.identified_values(item.attributes, None, schema, "file", problems)
    told += [_told(problem) for problem in problems]
    source = "import" if is_truth else "model"
    return Annotation(id=_LATER, kind="tag", attributes=values, source=source) if values else None


def _inside(
    made: Annotation, bounds: Bounds | UnsetType, size: Size, at: str, problems: list[Problem]
) -> Annotation | None:
    """The annotation clipped to its image; None when nothing of it is inside."""
    if bounds is not UNSET and shapes.are_inside(bounds, *size):
        return made
    shape = made.shape
    if shapes.is_inside(made.kind, shape, *size):
        return made
    kept = clipping.clip(made.kind, shape, *size)
    said = f"{size[0]} x {size[1]}"
    if kept is None:
        problems.append(Problem(at, f"It lies outside the image of {said}, or is a mask of another size.", "outside"))
        return None
    problems.append(Problem(at, f"It was clipped to the image of {said}.", "clipped"))
    return msgspec.structs.replace(made, geometry=shapes.canonical(kept))


def _size_problems(item: Item, size: Size) -> Sequence[RunProblem]:
    if not item.width or not item.height or (item.width, item.height) == size:
        return ()
    said = f"{item.width} x {item.height} pixels, the upright image has {size[0]} x {size[1]}"
    return (RunProblem(at="size", detail=f"The annotations are for {said}.", code="size-differs"),)


def _told(problem: Problem) -> RunProblem:
    return RunProblem(at=problem.at, detail=problem.detail, code=problem.code)
