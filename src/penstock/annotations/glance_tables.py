"""Reading some annotations of each of many files, to show the files beside each other."""

from collections.abc import Iterator, Sequence

from penstock.annotations.model import Annotation
from penstock.annotations.tables import LEVELS, OVERLAID, Level, at_levels, from_row
from penstock.store import Transaction


def select_first(
    tx: Transaction, levels: Sequence[Level], files: Sequence[int], most: int
) -> Iterator[tuple[int, Annotation]]:
    """(file, annotation), overlaid, in the order of ids: of each file the first `most`, however many it has."""
    rows = tx.rows(
        "select r.* from unnest(%(files)s::bigint[]) as f(file), lateral (select d.* from ("
        " select distinct on (a.id)" + OVERLAID + LEVELS + " and a.file = f.file"
        " order by a.id, level.n) d where not d.gone order by d.id limit %(most)s) r order by r.file, r.id",
        **at_levels(levels),
        files=list(files),
        most=most,
    )
    for row in rows:
        yield row[11], from_row(row)
