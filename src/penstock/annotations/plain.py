"""Annotations that have little to say, as rows of few columns. Pure."""

from typing import Literal

SHAPED, UNSAID, AT, CONFIDENT, GROUPED, KEYED, CROWDED = 1, 2, 4, 8, 16, 32, 64
"""What there is to know of an annotation beside its label and bounds: that it is no box; that a person, a model or an
author made it; its `at`; its confidence; its group; keys of other formats; that it is a crowd. Bits, for a column."""

PolygonsRow = tuple[int, list[int], str | None, str | None]
"""File, labels, what other formats keep of each polygon, and the shapes. None where one of the file's annotations has
more to say."""
LEAST_SIDE = 1e-6
"""What other shapes become must be so wide and high at least to be a box; formats write no smaller fractions well."""
BETWEEN = "\x1e"
"""Is between JSON texts in one text: none holds it."""
Sides = Literal["bounds", "corners", "fractions"]
"""What is told of a box: x, y, width, height; or its left, top, right and bottom pixels, counted from 1; or its middle
and its size as fractions of the image's."""
BoxesRow = tuple[int, list[int], list[int | None], str]
"""File, labels, what more there is of each (None: what no bit says), four numbers of each: with spaces between, a line
each. Numbers are as PostgreSQL spells them: `1` for 1.0, `1e-05`. Nothing stands for fractions of an unknown size."""
