"""Annotations of COCO from their texts, many at once: most are plain polygons, and those are made in bulk. Pure."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count as counted
from typing import Any, Literal

import msgspec

from penstock.annotations import rings
from penstock.annotations.geometry import UNREADABLE
from penstock.formats.coco_shapes import annotations_of, fingerprint
from penstock.formats.model import Item, NamedAnnotation, without_nul
from penstock.formats.traced import Traced

Text = bytes | msgspec.Raw
Names = Mapping[int | str, str]
"""The names of categories, by their ids."""


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What most annotations are: a polygon, and nothing that isn't known here."""

    id: int
    category_id: int
    segmentation: msgspec.Raw
    image_id: int | str | None = None
    bbox: list[int | float] | None = None
    area: int | float | None = None
    iscrowd: Literal[0] = 0


_PLAIN = msgspec.json.Decoder(_Plain)
_PLAINS = msgspec.json.Decoder(list[_Plain])
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def object_of(raw: Text) -> dict[str, Any]:
    """A JSON object. Raises what decoding does."""
    return _OBJECT.decode(without_nul(bytes(raw)))


def annotations_in(
    raws: Sequence[Text], sizes: Iterable[tuple[int, int]], names: Names
) -> list[list[NamedAnnotation] | Exception]:
    """What each annotation is with us, on an image of (height, width); or why it can't be read."""
    polygons = _polygons(_plains(raws), names)
    return [
        _looked_into(raw, size, names) if polygon is None else [polygon]
        for raw, size, polygon in zip(raws, sizes, polygons, strict=True)
    ]


def _looked_into(raw: Text, size: tuple[int, int], names: Names) -> list[NamedAnnotation] | Exception:
    try:
        return annotations_of(object_of(raw), names, size)
    except (ValueError, RecursionError) as error:  # DecodeError and BadGeometry are ValueErrors
        return error


def parted(raws: Iterable[Text]) -> Iterator[Text]:
    """One by one those that are together, with commas between."""
    for raw in raws:
        try:
            yield from _RAWS.decode(b"[" + raw + b"]")
        except UNREADABLE:
            yield raw


def _plains(raws: Sequence[Text]) -> list[_Plain | None]:
    try:
        return [*_PLAINS.decode(b"[" + b",".join(raws) + b"]")]
    except UNREADABLE:  # one of them is something else, or nothing at all
        return [_plain(raw) for raw in parted(raws)]


def _plain(raw: Text) -> _Plain | None:
    try:
        return _PLAIN.decode(raw)
    except UNREADABLE:
        return None


def _polygons(plains: Sequence[_Plain | None], names: Names) -> list[NamedAnnotation | None]:
    """The same as `annotations_of` gives, in a fifth of its time; None for what takes a closer look."""
    found: list[NamedAnnotation | None] = [None] * len(plains)
    drawn = _drawn(plains, names)
    for n, bounds, text in zip(drawn.places, drawn.bounds.tolist(), drawn.texts, strict=True):
        plain = plains[n]
        assert plain is not None
        kept: dict[str, Any] = {"id": plain.id}
        if plain.area is not None:
            kept["area"] = plain.area
        if plain.bbox is not None:
            kept["bbox"] = plain.bbox
        kept["of"] = fingerprint(text)
        found[n] = NamedAnnotation(
            kind="polygon",
            label=names[plain.category_id],
            geometry=msgspec.Raw(text),
            ordinal=str(plain.id),
            foreign={"coco": kept},
            bounds=tuple(bounds),
        )
    return found


def _drawn(plains: Sequence[_Plain | None], names: Names) -> rings.Drawn:
    """The polygons among some annotations."""
    known = [n for n, plain in enumerate(plains) if plain is not None and plain.category_id in names]
    drawn = rings.drawn([plain.segmentation for n in known if (plain := plains[n]) is not None])
    return drawn if len(known) == len(plains) else drawn._replace(places=[known[n] for n in drawn.places])


class _Kept(msgspec.Struct, omit_defaults=True, gc=False):
    """In the order that `coco_untouched.SPELLING` takes for granted."""

    id: int
    area: int | float | None = None
    bbox: list[int | float] | None = None
    of: str = ""


class _Foreign(msgspec.Struct, gc=False):
    coco: _Kept


_ENCODE_LINES = msgspec.json.Encoder().encode_lines


def traced_in(raws: Sequence[Text], counts: Sequence[int], names: Names) -> list[Traced | None]:
    """The annotations of each image, where `annotations_in` would make nothing but plain polygons of them.

    The first image has the first of `counts`, one or several of them a text, and so on.
    """
    plains = _plains(raws)
    drawn = _drawn(plains, names)
    found = [plain for n in drawn.places if (plain := plains[n]) is not None]
    marks = map(fingerprint, drawn.texts)
    kept = [_Foreign(_Kept(p.id, p.area, p.bbox, mark)) for p, mark in zip(found, marks, strict=True)]
    foreign = _ENCODE_LINES(kept).split(b"\n")
    labels = [names[plain.category_id] for plain in found]
    ordinals = [str(plain.id) for plain in found]
    traced: list[Traced | None] = []
    at = start = 0
    for count in counts:
        start += count
        begin, at = at, bisect_left(drawn.places, start, at)
        here = slice(begin, at)
        if at - begin < count or len(set(ordinals[here])) < count:
            traced.append(None)
        else:
            traced.append(Traced(labels[here], ordinals[here], drawn.bounds[here], drawn.texts[here], foreign[here]))
    return traced


def unused(ordinal: str, taken: Collection[str]) -> str:
    """An ordinal that no other annotation of the image has. Nothing else is in it: so the same annotations come again
    when their set was parted into files, or its files joined, meanwhile.
    """
    return next(name for n in counted(1) if (name := ordinal if n == 1 else f"{ordinal}/{n}") not in taken)


def join(item: Item, more: Item) -> None:
    """Give an item the annotations that another file has of the same image. What both have is there once: the one that
    was first, in the group of the other one's keypoints.
    """
    known = {_same(annotation): annotation for annotation in item.annotations}
    for annotation in more.annotations:
        before = known.get(_same(annotation))
        if before is None:
            annotation.ordinal = unused(annotation.ordinal, {one.ordinal for one in item.annotations})
            item.annotations.append(annotation)
        else:
            before.group = before.group or annotation.group
            before.attributes = annotation.attributes | before.attributes
    item.problems += more.problems


def _same(annotation: NamedAnnotation) -> tuple[Any, ...]:
    kept = annotation.foreign["coco"]
    own = (kept.get("id", kept.get("with", annotation.ordinal)), annotation.kind, annotation.label)
    return (*own, bytes(annotation.geometry))
