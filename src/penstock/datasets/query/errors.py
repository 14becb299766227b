"""How a query is refused: what was expected, and exactly where."""

from penstock.core import Invalid, Problem
from penstock.datasets.query.expression import Place

_WIDEST = 100


class QueryInvalid(Invalid):
    """The query can't be used: {why} (line {line}, column {column})."""

    def __init__(self, why: str, place: Place) -> None:
        pointer = caret(place)
        at = f"query[{place.line}:{place.column}]"
        super().__init__(
            why=why,
            line=place.line,
            column=place.column,
            errors=[Problem(at=at, detail=f"{why}\n{pointer}", code="query_invalid")],
        )
        self.why = why
        self.line = place.line
        self.column = place.column
        self.pointer = pointer
        """The line in question, with a caret under the place: two lines of text."""


def caret(place: Place) -> str:
    """The line of the text that a place is on, and a caret under it; long lines are cut around the place."""
    lines = place.text.splitlines() or [""]
    line = lines[min(place.line, len(lines)) - 1].replace("\t", " ")
    first = max(0, place.column - 1 - _WIDEST // 2)
    return f"{line[first : first + _WIDEST]}\n{' ' * (place.column - 1 - first)}^"
