"""COCO's record of an annotation, from its shape where that isn't as it was read. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from penstock.annotations import geometry as shapes
from penstock.formats.carries import is_crowd
from penstock.formats.coco_shapes import fingerprint, rings_text, segmentation_of
from penstock.formats.foreign import as_read
from penstock.formats.model import Item, Loss, NamedAnnotation
from penstock.formats.naming import all_values

BODIES = frozenset({"box", "rotated_box", "ellipse", "polygon", "mask"})
"""Kinds that COCO can write keypoints with, as one record."""


def record_of(annotation: NamedAnnotation, points: NamedAnnotation | None, item: Item, loss: Loss) -> dict[str, Any]:
    """An annotation's record, without what it points to. `points` are written into it."""
    kept = dict(coco_of(annotation))
    same = kept.pop("of", None) == fingerprint(bytes(annotation.geometry))
    uncompressed = kept.pop("rle", None) == "uncompressed"
    kept.pop("with", None)
    record: dict[str, Any] = {"iscrowd": int(is_crowd(annotation)), **kept}
    as_read = same and points is None and annotation.kind == "polygon" and {"bbox", "area"} <= kept.keys()
    if as_read and (text := rings_text(bytes(annotation.geometry))) is not None:
        record.setdefault("segmentation", msgspec.Raw(text))
        return record | _said(annotation, kept)
    shape = shapes.parse(annotation.kind, annotation.geometry)
    if not (same and "bbox" in kept):
        record["bbox"] = list(shapes.bounds(annotation.kind, shape))
    if not (same and "area" in kept):
        _, _, w, h = shapes.bounds(annotation.kind, shape)
        record["area"] = w * h if annotation.kind == "keypoints" else shapes.area(annotation.kind, shape)
    if not (same and "segmentation" in kept):
        said, lost = segmentation_of(annotation.kind, shape, (item.height, item.width), uncompressed)
        record["segmentation"] = said
        if lost is not None:
            loss.count(lost)
    if annotation.kind == "keypoints":
        points = annotation
    if points is not None:
        flat: Any = shapes.parse("keypoints", points.geometry)
        record["keypoints"] = [int(v) if i % 3 == 2 else v for i, v in enumerate(flat)]
        record["num_keypoints"] = sum(1 for v in flat[2::3] if v)
    return record | _said(annotation, kept)


def _said(annotation: NamedAnnotation, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What COCO has no key of its own for, under the keys that are usual."""
    said: dict[str, Any] = {}
    if (annotation.attributes or "attributes" in annotation.foreign) and (values := all_values(annotation)):
        said["attributes"] = values
    if annotation.confidence is not None:
        said["score"] = annotation.confidence
    if annotation.group is not None and annotation.group != f"coco {kept.get('id')}":
        said["group"] = annotation.group
    return said


_Joined = tuple[NamedAnnotation, NamedAnnotation | None]
_Group = tuple[str | None, str | None]


def with_keypoints(annotations: Sequence[NamedAnnotation]) -> Iterator[_Joined]:
    """Annotations in their order, keypoints together with the shape that they were read with."""
    points: dict[_Group, NamedAnnotation] = {
        (annotation.group, annotation.label): annotation
        for annotation in annotations
        if annotation.kind == "keypoints" and annotation.group is not None and "with" in coco_of(annotation)
    }
    if not points:
        yield from ((annotation, None) for annotation in annotations)
        return
    joined: set[int] = set()
    found: list[_Joined] = []
    for annotation in annotations:
        mate = points.get((annotation.group, annotation.label))
        if mate is not None and id(mate) not in joined and _are_one(annotation, mate):
            joined.add(id(mate))
            found.append((annotation, mate))
        else:
            found.append((annotation, None))
    yield from (pair for pair in found if id(pair[0]) not in joined)


def _are_one(annotation: NamedAnnotation, points: NamedAnnotation) -> bool:
    """Whether one record says all that a shape and its keypoints do."""
    return annotation.kind in BODIES and (annotation.attributes, annotation.confidence) == (
        points.attributes,
        points.confidence,
    )


def coco_of(thing: Item | NamedAnnotation) -> Mapping[str, Any]:
    """What is kept of a thing that came from COCO."""
    return as_read(thing.foreign, "coco")
