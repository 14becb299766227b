"""Records of polygons that nobody touched since they were read: put together from what the database tells of many at
once, which costs a fraction of making each. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from penstock.annotations.plain import BETWEEN
from penstock.formats.coco_shapes import fingerprints, rings_text
from penstock.formats.model import NamedAnnotation
from penstock.formats.plain import Polygons

_BETWEEN = BETWEEN.encode()
KEPT = '{"coco":{"id":%,"area":%,"bbox":[%],"of":"________"}}'
"""What the reader keeps of most polygons: a pattern for `like`, which holds for some others too."""
_QUOTES = 12  #: around the five keys and the mark
_ID = len('{"coco":{"id":')
_MARK = itemgetter(slice(-len('8c2a01ff"}}'), -len('"}}')))
_SAID = itemgetter(slice(len('{"coco":'), -len(',"of":"8c2a01ff"}}')))
_BRACKETS = 3  #: around one ring
_PIECES = 5  #: of a record


class Record(msgspec.Struct, gc=False):
    """What most annotations are: a polygon that nobody touched since it was read. Keys in the order of all records."""

    id: int
    area: Any
    bbox: Any
    category_id: int
    image_id: int
    iscrowd: int
    segmentation: Raw


class OfImage(NamedTuple):
    """The polygons of an image, and the id that it has in the set."""

    polygons: Polygons
    image: int


class Spelled(NamedTuple):
    """Records with commas between, one a line, and their ids."""

    text: bytes
    ids: Sequence[int]


def spelled(some: Sequence[OfImage], numbers: Mapping[int, bytes]) -> Spelled | None:
    """The records of the polygons of some images; None when one of them isn't as it was read, or not as most.

    `numbers` are of categories, by our labels' ids.
    """
    said = _BETWEEN.join([one.polygons.kept.encode() for one in some])
    kept = said.split(_BETWEEN)
    if said.count(b'"') != _QUOTES * len(kept):  # else no text is among what is kept, and no key of others
        return None
    shapes = _BETWEEN.join([one.polygons.shapes.encode() for one in some]).split(_BETWEEN)
    if b"".join(map(_MARK, kept)) != fingerprints(shapes).encode():
        return None
    found = [shape[1:-1] if shape.count(b"]") == _BRACKETS else rings_text(shape) for shape in shapes]
    rings = [one for one in found if one is not None]
    if len(rings) < len(found):  # they have holes
        return None
    try:
        ids = [int(one[_ID : one.index(b",")]) for one in kept]
    except ValueError:  # an id that is no number
        return None
    pieces = [b"},\n"] * (_PIECES * len(ids))
    pieces[::_PIECES] = map(_SAID, kept)
    labels = [one.polygons.labels for one in some]
    pieces[1::_PIECES] = map(numbers.__getitem__, chain.from_iterable(labels))
    images = [_of_image(one.image) for one in some]
    pieces[2::_PIECES] = chain.from_iterable(map(repeat, images, map(len, labels)))
    pieces[3::_PIECES] = rings
    return Spelled(b"".join(pieces)[: -len(b",\n")], ids)


def number_text(category: int) -> bytes:
    """What a record says of its category."""
    return b',"category_id":%d' % category


def _of_image(id: int) -> bytes:
    return b',"image_id":%d,"iscrowd":0,"segmentation":' % id


def annotations(polygons: Polygons, names: Mapping[int, str]) -> Iterator[NamedAnnotation]:
    """The same as objects. `names` are of labels, by their ids."""
    kept, shapes = polygons.kept.split(BETWEEN), polygons.shapes.split(BETWEEN)
    for label, said, shape in zip(polygons.labels, kept, shapes, strict=True):
        foreign = msgspec.json.decode(said)
        yield NamedAnnotation(kind="polygon", label=names[label], geometry=Raw(shape.encode()), foreign=foreign)
