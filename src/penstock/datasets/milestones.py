"""Where long lists can be entered: by a walk along what a query finds, or, of all files, by what was kept of one."""

from collections.abc import Sequence

from penstock.core.paging import encode_cursor
from penstock.datasets import asking, census, found_tables, walk_tables
from penstock.datasets.found_tables import Place
from penstock.datasets.query_model import Milestones
from penstock.store import Transaction

MOST_MILESTONES = 1000
"""In a longer list they are further apart, so that there are no more than so many."""


def find(tx: Transaction, scope: asking.Scope, text: str | None, state: str | None = None) -> Milestones:
    """Where a list of files can be entered, so that no place in it is far from one. Raises QueryInvalid."""
    expression = asking.read(tx, text, scope, state)
    held = asking.held(tx, scope)
    known = census.walked(tx, scope) if expression is None else None
    if known is None:
        files, places = found_tables.milestones(tx, held, asking.condition(tx, expression, scope), found_tables.STEP)
        nth = _nth(len(places))
        return _told(files, nth, places[nth - 1 :: nth])
    files = known.files_now
    nth = _nth(files // found_tables.STEP)
    every = found_tables.STEP * nth
    return _told(files, nth, walk_tables.places_at(tx, held, known, range(every, files + 1, every)))


def _nth(places: int) -> int:
    return max(1, -(-places // MOST_MILESTONES))


def _told(files: int, nth: int, places: Sequence[Place]) -> Milestones:
    return Milestones(files=files, every=found_tables.STEP * nth, cursors=[encode_cursor(*place) for place in places])
