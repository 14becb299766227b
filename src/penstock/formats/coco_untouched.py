"""Records of polygons that nobody touched since they were read: put together from what the database tells of many at
once, which costs a fraction of making each. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from penstock.annotations.plain import COLUMN, Spelling
from penstock.formats.coco_shapes import rings_text
from penstock.formats.model import NamedAnnotation
from penstock.formats.plain import Polygons

_KEPT = '{"coco":{"id":%,"area":%,"bbox":[%],"of":"________"}}'
_QUOTES = 12  #: around the five keys and the mark
_BEGIN, _ID = len('{"coco":'), len('{"coco":{"id":')
_END, _MARK = -len(',"of":"8c2a01ff"}}'), slice(-len('8c2a01ff"}}'), -len('"}}'))
_BRACKETS = 3  #: around one ring
_COLUMNS = 4
_PIECES = 6  #: of a record


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


def spelling(categories: Mapping[int, int]) -> Spelling:
    """What is to be told of polygons. `categories` are by our labels' ids."""
    numbers = [-1] * (max(categories, default=-1) + 1)
    for label, category in categories.items():
        numbers[label] = category
    return Spelling(_KEPT, numbers)


def spelled(some: Sequence[OfImage]) -> Spelled | None:
    """The records of the polygons of some images; None when one of them isn't as it was read, or not as most."""
    columns = COLUMN.join([one.polygons.lines.replace("\n", COLUMN) for one in some]).split(COLUMN)
    kept, categories, sums, shapes = [columns[n::_COLUMNS] for n in range(_COLUMNS)]
    if "".join(kept).count('"') != _QUOTES * len(kept):  # else no text is among what is kept, and no key of others
        return None
    if "".join([one[_MARK] for one in kept]) != "%08x" * len(kept) % tuple(map(int, sums)):
        return None
    found = [shape[1:-1] if shape.count("]") == _BRACKETS else rings_text(shape) for shape in shapes]
    rings = [one for one in found if one is not None]
    if len(rings) < len(found):  # they have holes
        return None
    try:
        ids = [int(one[_ID : one.index(",")]) for one in kept]
        pieces = [',"category_id":'] * (_PIECES * len(ids))
        pieces[::_PIECES], pieces[2::_PIECES], pieces[4::_PIECES] = (
            [one[_BEGIN:_END] for one in kept],
            categories,
            rings,
        )
        pieces[3::_PIECES] = [image for one in some for image in repeat(_of_image(one.image), len(one.polygons.labels))]
        pieces[5::_PIECES] = repeat("},\n", len(ids))
        return Spelled("".join(pieces)[: -len(",\n")].encode(), ids)
    except ValueError:  # an id that is no number
        return None


def _of_image(id: int) -> str:
    return f',"image_id":{id},"iscrowd":0,"segmentation":'


def annotations(polygons: Polygons, names: Mapping[int, str]) -> Iterator[NamedAnnotation]:
    """The same as objects. `names` are of labels, by their ids."""
    for label, line in zip(polygons.labels, polygons.lines.split("\n"), strict=True):
        kept, _, _, shape = line.split(COLUMN)
        foreign = msgspec.json.decode(kept)
        yield NamedAnnotation(kind="polygon", label=names[label], geometry=Raw(shape.encode()), foreign=foreign)
