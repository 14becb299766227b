"""Annotations in columns, from readers that find most of them so: an object each costs more than reading it. Pure."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from penstock.annotations.geometry import canonical
from penstock.formats.model import Deferred, NamedAnnotation

DrawnKind = Literal["polygon", "box"]


class Traced(NamedTuple):
    """The annotations of an item, where all are of one kind with nothing but a label, a shape and foreign keys. They
    are checked, spelled canonically, and have ordinals of their own.
    """

    labels: Sequence[str]
    ordinals: Sequence[str]
    bounds: Any  #: an array with a row of x, y, width, height for each
    geometries: Sequence[bytes]
    foreign: Sequence[bytes]  #: as JSON, without the character NUL; empty where there is nothing
    kind: DrawnKind = "polygon"

    def annotations(self) -> list[NamedAnnotation]:
        """The same as objects."""
        return [
            NamedAnnotation(
                kind=self.kind,
                label=label,
                geometry=msgspec.Raw(geometry),
                ordinal=ordinal,
                foreign=msgspec.json.decode(foreign) if foreign else {},
                bounds=tuple(bounds),
            )
            for label, ordinal, bounds, geometry, foreign in zip(
                self.labels, self.ordinals, self.bounds.tolist(), self.geometries, self.foreign, strict=True
            )
        ]


class Fractional(NamedTuple):
    """The same in fractions of an image's size, which only who has the image knows. They are checked as such."""

    labels: Sequence[str]
    ordinals: Sequence[str]
    numbers: Any  #: an array: x and y in turn of every point of a polygon; x, y, width, height of a box
    counts: Sequence[int]  #: how many of them each annotation has: an even number
    kind: DrawnKind

    def annotations(self) -> list[NamedAnnotation]:
        """The same as objects."""
        numbers, made, at = self.numbers.tolist(), list[NamedAnnotation](), 0
        for label, ordinal, count in zip(self.labels, self.ordinals, self.counts, strict=True):
            flat = numbers[at : at + count]
            geometry = canonical(flat if self.kind == "box" else [[flat]])
            made.append(NamedAnnotation(kind=self.kind, label=label, geometry=geometry, ordinal=ordinal))
            at += count
        return made


@runtime_checkable
class Tracing(Protocol):
    """A format of deferred items, as `Finishing`, that has most of them in columns."""

    def trace(self, told: bytes, some: Sequence[Deferred]) -> Sequence[Traced | Fractional | None]:
        """The annotations of each item; None of those that are for `finish`."""
        ...
