"""Annotations that have little to say, as rows of few columns. Pure."""

SHAPED, UNSAID, AT, CONFIDENT, GROUPED, KEYED, CROWDED = 1, 2, 4, 8, 16, 32, 64
"""What there is to know of an annotation beside its label and bounds: that it is no box; that a person, a model or an
author made it; its `at`; its confidence; its group; keys of other formats; that it is a crowd. Bits, for a column."""

PolygonsRow = tuple[int, list[int], str | None, str | None]
"""File, labels, geometries as lines, a JSON list of foreign keys; of polygons with no more to say than this. None where
one of the file's annotations has more."""
BoxesRow = tuple[int, list[int], list[int | None], str]
"""File, labels, what more there is of each (None: what no bit says), a JSON list of [x, y, w, h]."""
