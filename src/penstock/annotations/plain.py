"""Annotations that have little to say, as rows of few columns. Pure."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

SHAPED, UNSAID, AT, CONFIDENT, GROUPED, KEYED, CROWDED = 1, 2, 4, 8, 16, 32, 64
"""What there is to know of an annotation beside its label and bounds: that it is no box; that a person, a model or an
author made it; its `at`; its confidence; its group; keys of other formats; that it is a crowd. Bits, for a column."""


class Spelling(NamedTuple):
    """What a format wants to know of imported polygons."""

    kept: str  #: what its reader keeps of one, as a pattern for `like`; those of which other is kept have more to say
    numbers: Sequence[int]  #: of labels, by their ids; -1: those of this one have more to say


PolygonsRow = tuple[int, list[int], str | None]
"""File, labels, and a line for each polygon with four columns: what is kept of it, as it is kept; the label's number;
the shape's CRC-32; the shape. None where one of the file's annotations has more to say."""
COLUMN = "\x1e"
"""Is between columns: no JSON holds it."""
Sides = Literal["bounds", "corners", "fractions"]
"""What is told of a box: x, y, width, height; or its left, top, right and bottom pixels, counted from 1; or its middle
and its size as fractions of the image's."""
BoxesRow = tuple[int, list[int], list[int | None], str]
"""File, labels, what more there is of each (None: what no bit says), four numbers of each: with spaces between, a line
each. Numbers are as PostgreSQL spells them: `1` for 1.0, `1e-05`. Nothing stands for fractions of an unknown size."""
