"""Annotations that have little to say, as rows of few columns. Pure."""

SHAPED, UNSAID, AT, CONFIDENT, GROUPED, KEYED, CROWDED = 1, 2, 4, 8, 16, 32, 64
"""What there is to know of an annotation beside its label and bounds: that it is no box; that a person, a model or an
author made it; its `at`; its confidence; its group; keys of other formats; that it is a crowd. Bits, for a column."""

PolygonRow = tuple[int, int, bool, str, str]
"""File, label, whether this is all that it says, geometry, foreign keys as JSON."""
BoxRow = tuple[int, int, int | None, float, float, float, float]
"""File, label, what more there is (None: what no bit says), x, y, w, h."""
