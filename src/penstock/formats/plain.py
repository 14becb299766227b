"""Annotations in columns, for writers that most of them reach so: an object each costs more than writing it. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Protocol, runtime_checkable

import msgspec

from penstock.annotations.geometry import Bounds
from penstock.annotations.plain import AT, CONFIDENT, CROWDED, GROUPED, KEYED, SHAPED, UNSAID, Sides
from penstock.formats.carries import Carries
from penstock.formats.model import Item, Loss

_NUMBERS = msgspec.json.Decoder(list[Bounds])
_NEXT = "\n"


class Polygons(msgspec.Struct, tag=True, gc=False):
    """Imported polygons of which nothing but what their reader keeps of most is kept."""

    labels: list[int]
    kept: str  #: what is kept of each, see `annotations.plain`
    shapes: str  #: their JSON, likewise


class Boxes(msgspec.Struct, tag=True, gc=False):
    """All that a format without other shapes says of annotations that have no attributes."""

    tells: ClassVar[Sides] = "bounds"
    labels: list[int]
    sides: str  #: what it tells: four numbers of each, see `annotations.plain`
    told: list[int]  #: what more there is of each

    @property
    def numbers(self) -> list[Bounds]:
        """The four of each."""
        return _NUMBERS.decode(f"[[{self.sides.replace(' ', ',').replace(_NEXT, '],[')}]]")

    def count(self, carries: Carries, loss: Loss) -> None:
        """Count what a format can't hold of them: what `carries.fit` counts of objects."""
        for told in set(self.told):
            for code in _lost(told, carries):
                loss.count(code, self.told.count(told))


class Corners(Boxes):
    """The same by other numbers."""

    tells: ClassVar[Sides] = "corners"


class Fractions(Boxes):
    """The same by other numbers."""

    tells: ClassVar[Sides] = "fractions"


@lru_cache
def _lost(told: int, carries: Carries) -> list[str]:
    codes = (
        (SHAPED, "shape_to_box", False),
        (UNSAID, "provenance_dropped", carries.provenance),
        (AT, "at_dropped", carries.provenance),
        (CONFIDENT, "confidence_dropped", carries.confidence),
        (GROUPED, "group_dropped", carries.group),
        (KEYED, "foreign_dropped", "*" in carries.foreign),
        (CROWDED, "crowd_dropped", carries.crowd),
    )
    return [code for bit, code, is_carried in codes if told & bit and not is_carried]


Columns = Polygons | Boxes | Corners | Fractions


class PlainItem(Item):
    """An item whose annotations are columns, all of labels that are in use."""

    plain: Columns | None = None


def plain_of(item: Item) -> Columns | None:
    """An item's columns, if it has its annotations so."""
    return item.plain if isinstance(item, PlainItem) else None


@runtime_checkable
class TakesPlain(Protocol):
    """A format whose `write` takes plain items too. What it writes of them is what it writes of the same objects."""

    @property
    def plain(self) -> Sequence[type[Columns]]:
        """Which ones."""
        ...


@runtime_checkable
class TakesPolygons(TakesPlain, Protocol):
    """One that takes polygons so."""

    @property
    def kept(self) -> str:
        """What its reader keeps of most of them, as a pattern for `like`."""
        ...
