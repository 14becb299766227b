"""Annotations in columns, from readers that find most of them so: an object each costs more than reading it. Pure."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from penstock.formats.model import Deferred, NamedAnnotation


class Traced(NamedTuple):
    """The annotations of an item, where all are polygons with nothing but a label, a shape and foreign keys. They are
    checked, spelled canonically, and have ordinals of their own.
    """

    labels: Sequence[str]
    ordinals: Sequence[str]
    bounds: Any  #: an array with a row of x, y, width, height for each
    geometries: Sequence[bytes]
    foreign: Sequence[bytes]  #: as JSON, without the character NUL

    def annotations(self) -> list[NamedAnnotation]:
        """The same as objects."""
        return [
            NamedAnnotation(
                kind="polygon",
                label=label,
                geometry=msgspec.Raw(geometry),
                ordinal=ordinal,
                foreign=msgspec.json.decode(foreign),
                bounds=tuple(bounds),
            )
            for label, ordinal, bounds, geometry, foreign in zip(
                self.labels, self.ordinals, self.bounds.tolist(), self.geometries, self.foreign, strict=True
            )
        ]


@runtime_checkable
class Tracing(Protocol):
    """A format of deferred items, as `Finishing`, that has most of them in columns."""

    def trace(self, told: bytes, some: Sequence[Deferred]) -> list[Traced | None]:
        """The annotations of each item; None of those that are for `finish`."""
        ...
