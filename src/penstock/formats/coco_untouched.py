"""Records of polygons that nobody touched since they were read, many at once: a passage over all their texts costs a
fraction of a look at each. Pure.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from penstock.formats.coco_shapes import fingerprints
from penstock.formats.plain import Polygons

_QUOTES = 12  #: around the four keys that are always kept, the key above them, and the mark
_TINY = "0.00000"  #: the database spells numbers of this kind in another way
_LINES = msgspec.json.Encoder().encode_lines


class Record(msgspec.Struct, gc=False):
    """What most annotations are: a polygon that nobody touched since it was read. Keys in the order of all records."""

    id: int
    area: Any
    bbox: Any
    category_id: int
    image_id: int
    iscrowd: int
    segmentation: Raw


class _Kept(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What is kept of a polygon that was read, where that is all."""

    id: int
    area: Raw
    bbox: Raw
    of: str


class _Foreign(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    coco: _Kept


_FOREIGN = msgspec.json.Decoder(list[_Foreign])


class OfImage(NamedTuple):
    """The polygons of an image, and the id that it has in the set."""

    polygons: Polygons
    image: int


class Spelled(NamedTuple):
    """Records with commas between, one a line, and their ids."""

    text: bytes
    ids: Sequence[int]


def spelled(some: Sequence[OfImage], categories: Mapping[int, int]) -> Spelled | None:
    """The records of the polygons of some images; None when one of them is not as it was read.

    `categories` are by our labels' ids.
    """
    said = ",".join([one.polygons.foreign[1:-1] for one in some])
    labels = [label for one in some for label in one.polygons.labels]
    count = len(labels)
    if said.count('"') != _QUOTES * count or _TINY in said:  # else no text is among what is kept
        return None
    try:
        kept = [one.coco for one in _FOREIGN.decode(f"[{said.replace(', ', ',')}]")]
    except msgspec.ValidationError:
        return None
    drawn = "\n".join([one.polygons.geometries for one in some]).encode()
    geometries = drawn.split(b"\n")
    if "".join([one.of for one in kept]) != fingerprints(geometries):
        return None
    images = [image for polygons, image in some for image in repeat(image, len(polygons.labels))]
    written = _LINES(
        [
            Record(one.id, one.area, one.bbox, categories[label], image, 0, Raw(geometry[1:-1]))
            for one, label, image, geometry in zip(kept, labels, images, geometries, strict=True)
        ]
    )
    text = written.replace(b"]],[[", b"],[")
    parts = count + (len(written) - len(text)) // 2
    if drawn.count(b"]") != 2 * parts + count:  # that is one for each ring, part and polygon; else there are holes
        return None
    return Spelled(text[:-1].replace(b"\n", b",\n"), [one.id for one in kept])
