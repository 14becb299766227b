"""Reading some annotations of each of many files, to show the files beside each other."""

from collections.abc import Iterator, Sequence

from penstock.annotations.model import Annotation
from penstock.annotations.tables import Level, from_row
from penstock.store import Transaction


def select_first(
    tx: Transaction, levels: Sequence[Level], files: Sequence[int], most: int
) -> Iterator[tuple[int, Annotation]]:
    """(file, annotation), overlaid, in the order of ids: of each file the first `most`, however many it has."""
    rows = tx.rows(
        "select r.* from unnest(%(files)s::bigint[]) as f(file), lateral (select d.* from ("
        " select distinct on (a.id)"
        ' a.id, a.kind, a.label, a.geometry, a.attributes, a.source, a.confidence, a."group", a.at, a.author,'
        ' a."foreign", a.file, a.gone'
        " from unnest(%(branches)s::bigint[], %(as_of)s::bigint[]) with ordinality as level(branch, as_of, n)"
        " join annotation a on a.project = %(project)s and a.branch = level.branch and a.file = f.file"
        " and (case when level.as_of is null then a.retired_seq is null"
        " else a.created_seq <= level.as_of and (a.retired_seq is null or a.retired_seq > level.as_of) end)"
        " order by a.id, level.n) d where not d.gone order by d.id limit %(most)s) r order by r.file, r.id",
        branches=[level.branch for level in levels],
        as_of=[level.as_of for level in levels],
        files=list(files),
        most=most,
    )
    for row in rows:
        yield row[11], from_row(row)
