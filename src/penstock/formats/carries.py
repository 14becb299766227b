"""What a format can hold: declared once, so that writers fit annotations to it and the docs have their table. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import UNSET

from penstock.annotations import geometry as shapes
from penstock.annotations import rle, turned
from penstock.annotations.geometry import Bounds, Polygon
from penstock.annotations.plain import LEAST_SIDE
from penstock.formats import outlines
from penstock.formats.foreign import as_read
from penstock.formats.model import Item, Loss, NamedAnnotation
from penstock.formats.naming import all_values
from penstock.schema.model import KINDS, Kind, Schema

Size = tuple[int, int]  #: height and width
SPLITS = ("train", "val", "test")
_SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Carries:
    """What survives in a format. What doesn't is counted when it is written. Each is itself alone: `becomes` asks by it
    for every annotation.
    """

    kinds: frozenset[Kind]
    parts: bool = False  #: polygons of several parts
    holes: bool = False
    attributes: bool = False
    file_attributes: bool = False
    confidence: bool = False
    group: bool = False
    split: bool = False  #: `meta.split` of a file: train, val or test
    meta: bool = False
    ids: bool = False  #: the format's own ids of images and annotations
    foreign: tuple[str, ...] = ()  #: under which keys of `foreign` it keeps what we don't know, and writes it again
    crowd: bool = False  #: that an annotation is of a crowd
    provenance: bool = False  #: who or what made an annotation
    draws: bool = True  #: where it has masks, shapes that it hasn't are drawn as such


EVERYTHING = Carries(
    kinds=KINDS,  # pyright: ignore[reportArgumentType]: they are kinds
    foreign=("*",),
    **{name: True for name in Carries.__dataclass_fields__ if name not in ("kinds", "foreign")},
)

_CHAINS: Mapping[Kind, tuple[Kind, ...]] = {
    "box": ("rotated_box", "polygon", "mask"),
    "rotated_box": ("polygon", "mask", "box"),
    "ellipse": ("polygon", "mask", "rotated_box", "box"),
    "polygon": ("mask", "rotated_box", "box"),
    "mask": ("polygon", "rotated_box", "box"),
}
"""What a kind becomes where it can't be itself: the first of these that the format has."""


class Fitted(NamedTuple):
    """A shape as a format can have it."""

    kind: Kind
    shape: Any


def fit(annotation: NamedAnnotation, carries: Carries, item: Item, loss: Loss) -> Fitted | None:
    """An annotation's shape as the format can have it, None when it can't; and counts all that is lost of it."""
    kind, size = becomes(annotation.kind, carries, item), (item.height, item.width)
    if kind is None:
        loss.count("kind_dropped")
        return None
    if kind == "box" != annotation.kind:
        return _boxed(annotation, carries, loss)
    shape: Any = shapes.parse(annotation.kind, annotation.geometry)
    if kind != annotation.kind:
        shape = _AS[kind](annotation.kind, shape, size)
        if kind == "rotated_box" and _is_nothing(shape[2], shape[3], loss):
            return None
        if kind == "mask" and not rle.area(rle.runs(shape)):  # so small that it has no pixel
            if "box" in carries.kinds:
                return _boxed(annotation, carries, loss)
            loss.count("too_small")
            return None
        loss.count(f"shape_to_{kind}")
    if kind == "polygon" and _is_too_much(shape, carries):
        mask = rle.from_polygon(shape, *size) if "mask" in carries.kinds and all(size) else None
        if mask is not None and rle.area(rle.runs(mask)):
            loss.count("rings_to_mask")
            kind, shape = "mask", mask
        else:
            loss.count("rings_joined")
            shape = [[outlines.as_one_ring(shape)]]
    count_rest(annotation, carries, loss)
    return Fitted(kind, shape)


def _boxed(annotation: NamedAnnotation, carries: Carries, loss: Loss) -> Fitted | None:
    bounds = bounds_of(annotation)
    if _is_nothing(bounds[2], bounds[3], loss):
        return None
    loss.count("shape_to_box")
    count_rest(annotation, carries, loss)
    return Fitted("box", bounds)


def _is_nothing(width: float, height: float, loss: Loss) -> bool:
    """Whether the box around a shape, such as a polygon that is a line, is no box. Counted, if so."""
    if width >= LEAST_SIDE and height >= LEAST_SIDE:
        return False
    loss.count("too_small")
    return True


def becomes(kind: Kind, carries: Carries, item: Item) -> Kind | None:
    """The kind that an annotation of this kind is written as. Nothing is drawn into an image of unknown size."""
    return _becomes(kind, carries, bool(item.width and item.height))


@lru_cache
def _becomes(kind: Kind, carries: Carries, drawable: bool) -> Kind | None:
    for one in (kind, *_CHAINS.get(kind, ())):
        is_drawn = one == "mask" and not carries.draws
        if one in carries.kinds and (one in (kind, "box") or (drawable and not is_drawn)):
            return one
    return None


def bounds_of(annotation: NamedAnnotation) -> Bounds:
    """The upright box around an annotation; nothing is parsed where it is known."""
    if annotation.bounds is not UNSET:
        return annotation.bounds
    return shapes.bounds(annotation.kind, shapes.parse(annotation.kind, annotation.geometry))


def _is_too_much(polygon: Polygon, carries: Carries) -> bool:
    has_holes = any(len(part) > 1 for part in polygon)
    return (has_holes and not carries.holes) or (len(polygon) > 1 and not carries.parts)


def _to_polygon(kind: Kind, shape: Any, _size: Size = (0, 0)) -> Any:
    if kind == "box":
        x, y, w, h = shape
        return [[[x, y, x + w, y, x + w, y + h, x, y + h]]]
    return outlines.of_mask(shape) if kind == "mask" else [[turned.of(kind, shape).outline()]]


def _to_mask(kind: Kind, shape: Any, size: Size) -> Any:
    return rle.from_polygon(shape if kind == "polygon" else _to_polygon(kind, shape), *size)


def _to_rotated_box(kind: Kind, shape: Any, _size: Size) -> Any:
    if kind == "box":
        return [*shape, 0.0]
    if kind == "ellipse":
        cx, cy, rx, ry, angle = shape
        return [cx - rx, cy - ry, 2 * rx, 2 * ry, angle]
    polygon = shape if kind == "polygon" else _to_polygon(kind, shape)
    return outlines.turned_box(point for part in polygon for point in zip(part[0][::2], part[0][1::2], strict=True))


_AS: Mapping[str, Callable[[Kind, Any, Size], Any]] = {
    "polygon": _to_polygon,
    "mask": _to_mask,
    "rotated_box": _to_rotated_box,
}


def count_rest(annotation: NamedAnnotation, carries: Carries, loss: Loss) -> None:
    """Count what a format can't hold of an annotation beside its shape."""
    if not carries.provenance:
        loss.count_unsaid(annotation)
    if not carries.attributes and (annotation.attributes or "attributes" in annotation.foreign):
        loss.count("attributes_dropped", len(all_values(annotation)))
    if annotation.confidence is not None and not carries.confidence:
        loss.count("confidence_dropped")
    if annotation.group is not None and not carries.group:
        loss.count("group_dropped")
    if annotation.foreign:
        count_foreign(annotation.foreign, carries, loss)
        if not carries.crowd and is_crowd(annotation):
            loss.count("crowd_dropped")


def is_crowd(annotation: NamedAnnotation) -> bool:
    """Whether an annotation came from a set of COCO's as one of a crowd: of many objects in one."""
    return any(as_read(annotation.foreign, name).get("iscrowd") == 1 for name in ("coco", "panoptic"))


def count_foreign(foreign: Mapping[str, Any], carries: Carries, loss: Loss) -> None:
    """Count what other formats keep of a thing, once for each thing. What the schema hadn't a place for is no such."""
    for name, kept in foreign.items():
        if kept and name not in carries.foreign and name != "attributes":
            loss.count("foreign_dropped")
            return


def count_labels(schema: Schema, carries: Carries, loss: Loss) -> None:
    """Count the labels of which other formats keep something, such as the id of a category."""
    for label in schema.live_labels if "*" not in carries.foreign else ():
        count_foreign(label.foreign, carries, loss)


def count_file(item: Item, carries: Carries, loss: Loss) -> None:
    """Count what a format can't hold of a file itself."""
    if item.attributes and not carries.file_attributes:
        loss.count("file_attributes_dropped", len(item.attributes))
    if item.meta and not carries.meta:
        loss.count(
            "meta_dropped", len(item.meta) - (carries.split and "split" in item.meta and split_of(item, "") != "")
        )
    if item.foreign:
        count_foreign(item.foreign, carries, loss)


def split_of(item: Item, otherwise: str = "train") -> str:
    """The part of a set that an item is in, by `meta.split`: train, val or test."""
    return split_named(item.meta.get("split")) or otherwise


def split_in(path: str) -> str | None:
    """The part of a set that an annotation file's name tells, else one of its folders: `instances_train2017.json`."""
    *folders, name = path.lower().split("/")
    words = re.findall("[a-z]+", name.rpartition(".")[0])
    return next((split for one in (*reversed(words), *reversed(folders)) if (split := split_named(one))), None)


def split_named(name: Any) -> str | None:
    """What a name of a part of a set means (`valid` is val); None when it is no such name."""
    return _SPLIT_NAMES.get(name.lower()) if isinstance(name, str) else None
