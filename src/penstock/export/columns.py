"""Annotations of files in columns, for the formats that take them so, of those files where columns are all."""

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from penstock.annotations import rows
from penstock.export.model import Export
from penstock.formats.model import Format
from penstock.formats.plain import Boxes, Polygons, TakesPlain
from penstock.schema.model import Kind, Schema
from penstock.store import Transaction

Columns = Polygons | Boxes

_HARDLY_ANY = 0.9  #: of some files have more to say: so may the next ones
_TRIED_AGAIN = 7  #: readings later


class Columned:
    """Reads columns for one format."""

    def __init__(self, export: Export, schema: Schema, format: Format, boxed: Collection[Kind]) -> None:
        """`boxed` are the kinds that the format has as boxes."""
        self._export = export
        self._labels = {label.id for label in schema.live_labels}
        self._plain = format.plain if isinstance(format, TakesPlain) else None
        self._boxed = boxed
        self._keys = ("attributes", *format.carries.foreign)  # what a format kept of its own it writes again
        self._left_out = 0

    def read(self, tx: Transaction, files: Sequence[int]) -> dict[int, Columns | None]:
        """The columns of each file that has annotations; None where they have more to say, or can't be told so."""
        export = self._export
        if self._plain is None or self._left_out:
            self._left_out = max(self._left_out - 1, 0)
            return dict.fromkeys(files)
        if self._plain is Polygons:
            found: Sequence[Sequence[Any]] = rows.plain_polygons(tx, export.branch, export.as_of, files)
            make = self._polygons
        else:
            found = rows.plain_boxes(tx, export.branch, export.as_of, files, kinds=self._boxed, keys=self._keys)
            make = self._boxes
        made = {file: make([*zip(*some, strict=True)]) for file, some in groupby(found, itemgetter(0))}
        if sum(columns is None for columns in made.values()) > _HARDLY_ANY * len(made):
            self._left_out = _TRIED_AGAIN  # what becomes objects after all was read for nothing
        return made

    def _polygons(self, columns: Sequence[Sequence[Any]]) -> Polygons | None:
        _, labels, plain, geometries, foreign = columns
        if not (all(plain) and self._labels.issuperset(labels)):
            return None
        return Polygons(list(labels), list(geometries), list(foreign))

    def _boxes(self, columns: Sequence[Sequence[Any]]) -> Boxes | None:
        _, labels, told, *bounds = columns
        if None in told or not self._labels.issuperset(labels):
            return None
        return Boxes(list(labels), [*zip(*bounds, strict=True)], list(told))
