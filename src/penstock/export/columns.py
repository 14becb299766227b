"""Annotations of files in columns, for the formats that take them so, of those files where columns are all."""

from collections import deque
from collections.abc import Collection, Sequence

from penstock.annotations import rows
from penstock.annotations.plain import CONFIDENT, CROWDED, GROUPED, BoxesRow, PolygonsRow
from penstock.export.model import Export
from penstock.formats.model import Format
from penstock.formats.plain import Boxes, Columns, Polygons, TakesPlain, TakesPolygons
from penstock.schema.model import Kind, Schema
from penstock.store import Transaction

_HARDLY_ANY = 0.9  #: of some files have more to say: so may the next ones
_TRIED_AGAIN = 7  #: readings later


class Columned:
    """Reads columns for one format."""

    def __init__(self, export: Export, schema: Schema, format: Format, boxed: Collection[Kind]) -> None:
        """`boxed` are the kinds that the format has as boxes."""
        self._export = export
        self._labels = {label.id for label in schema.live_labels}
        self._plain = deque(format.plain if isinstance(format, TakesPlain) else ())
        self._kept = format.kept if isinstance(format, TakesPolygons) else None
        self._vain = 0
        carries = format.carries
        # What is said of boxes by a format that can: no columns hold it.
        self._said = CONFIDENT * carries.confidence + GROUPED * carries.group + CROWDED * carries.crowd
        self._boxed = boxed
        self._keys = ("attributes", *format.carries.foreign)  # what a format kept of its own it writes again
        self._left_out = 0

    def read(self, tx: Transaction, files: Sequence[int]) -> dict[int, Columns | None]:
        """The columns of each file that has annotations; None where they have more to say, or can't be told so."""
        if not self._plain or self._left_out:
            self._left_out = max(self._left_out - 1, 0)
            return dict.fromkeys(files)
        made: dict[int, Columns | None]
        wanted = self._plain[0]
        if issubclass(wanted, Boxes):
            made = {row[0]: self._boxes(row, wanted) for row in self._boxes_of(tx, files, wanted)}
        else:
            made = self._polygons_of(tx, files)
        if sum(columns is None for columns in made.values()) <= _HARDLY_ANY * len(made):
            self._vain = 0
            return made
        if wanted is self._plain[0]:  # else another thread found the same just now
            self._plain.rotate(-1)  # what becomes objects after all was read for nothing
            self._vain = (self._vain + 1) % len(self._plain)
            if not self._vain:
                self._left_out = _TRIED_AGAIN
        return made

    def _polygons_of(self, tx: Transaction, files: Sequence[int]) -> dict[int, Columns | None]:
        if self._kept is None:
            return dict.fromkeys(files)
        found = rows.plain_polygons(tx, self._export.branch, self._export.as_of, files, self._kept)
        return {row[0]: self._polygons(row) for row in found}

    def _polygons(self, row: PolygonsRow) -> Polygons | None:
        _, labels, kept, shapes = row
        if kept is None or shapes is None or not self._labels.issuperset(labels):
            return None
        return Polygons(labels, kept, shapes)

    def _boxes_of(self, tx: Transaction, files: Sequence[int], wanted: type[Boxes]) -> list[BoxesRow]:
        export = self._export
        return rows.plain_boxes(
            tx, export.branch, export.as_of, files, kinds=self._boxed, keys=self._keys, sides=wanted.tells
        )

    def _boxes(self, row: BoxesRow, wanted: type[Boxes]) -> Boxes | None:
        _, labels, more, sides = row
        told = [one for one in more if one is not None and not one & self._said]
        if len(told) < len(more) or not self._labels.issuperset(labels):
            return None
        return wanted(labels, sides, told)
