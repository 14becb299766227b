"""What was kept of a walk along all files of a dataset in the order of keys: where every so many of them are.

The only place with its SQL. Files that came or went since are told one by one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import LiteralString, NamedTuple

from psycopg.sql import SQL, Literal

from penstock.datasets import found_tables
from penstock.datasets.found_tables import Held, Place
from penstock.datasets.query.relations import live
from penstock.store import Transaction


class Move(NamedTuple):
    """A file that came (1) or went (-1)."""

    key: str
    file: int
    sign: int


class Walk(NamedTuple):
    """Every 500th place of a walk at a revision, how many files there were, and what moved since."""

    places: Sequence[Place]
    files: int
    moves: Sequence[Move]

    @property
    def files_now(self) -> int:
        return self.files + sum(move.sign for move in self.moves)

    def ranks(self) -> list[int]:
        """How many files there are now up to the beginning and to each place."""
        moved = sorted(self.moves)
        at = [Place(move.key, move.file) for move in moved]
        sums = [0, *accumulate(move.sign for move in moved)]
        return [
            0,
            *((n + 1) * found_tables.STEP + sums[bisect_right(at, place)] for n, place in enumerate(self.places)),
        ]


def find(tx: Transaction, dataset: int, at: int | None, most: int) -> Walk | None:
    """What was kept, unless history that it needs was pruned, with at most so many moves and one more."""
    found = tx.rows(_FOUND, dataset=dataset)
    if not found:
        return None
    seq, files, keys, ids = found[0]
    places = [Place(key, id) for key, id in zip(keys, ids, strict=True)]
    low, high, sign = (seq, at, 1) if at is None or at >= seq else (at, seq, -1)
    upto: LiteralString = "" if high is None else " and {column} <= {high}"
    query = SQL(
        "select key, file, {sign} as sign from entry e where project = %(project)s and dataset = {dataset}"
        " and created_seq > {low}" + upto.replace("{column}", "created_seq") + " and {live} union all"
        " select key, file, -{sign} from entry e where project = %(project)s and dataset = {dataset}"
        " and retired_seq > {low}" + upto.replace("{column}", "retired_seq") + " and created_seq <= {low} limit {most}"
    ).format(
        sign=Literal(sign),
        dataset=Literal(dataset),
        low=Literal(low),
        high=Literal(high),
        live=live("e", high),
        most=Literal(most + 1),
    )
    return Walk(places, files, tx.all(Move, query))


_FOUND: LiteralString = (
    "select w.seq, w.total, w.keys, w.files from walk w where w.project = %(project)s and w.dataset = %(dataset)s"
    " and not exists (select from pruning p where p.project = w.project and p.cut > w.seq)"
)


def keep(tx: Transaction, dataset: int, seq: int, files: int, places: Sequence[Place]) -> None:
    """Keep a walk as of a settled revision, in place of another."""
    tx.run(
        "insert into walk (project, dataset, seq, total, keys, files) values (%(project)s, %(dataset)s, %(seq)s,"
        " %(total)s, %(keys)s, %(files)s) on conflict (dataset) do update set seq = excluded.seq,"
        " total = excluded.total, keys = excluded.keys, files = excluded.files",
        dataset=dataset,
        seq=seq,
        total=files,
        keys=[place.key for place in places],
        files=[place.file for place in places],
    )


def places_at(tx: Transaction, held: Held, walk: Walk, wanted: Sequence[int]) -> list[Place]:
    """The places of some ranks, each from the kept place that is nearest: a few files on or back."""
    known = [Place("", 0), *walk.places]
    if not walk.moves:
        return [known[rank // found_tables.STEP] for rank in wanted]
    ranks = walk.ranks()
    near = [_nearest(ranks, rank) for rank in wanted]
    step: LiteralString = (
        " (select m.key, m.file from entry m where m.project = %(project)s and m.dataset = {dataset} and {live}"
    )
    query = SQL(
        "select p.key, p.file from unnest(%(keys)s::text[], %(files)s::bigint[], %(by)s::int[]) with ordinality"
        " as t(key, file, by, n), lateral (" + step + ' and t.by > 0 and (m.key, m.file) > (t.key collate "C", t.file)'
        " order by m.key, m.file offset greatest(t.by, 1) - 1 limit 1) union all" + step + " and t.by <= 0"
        ' and (m.key, m.file) <= (t.key collate "C", t.file) order by m.key desc, m.file desc'
        " offset greatest(-t.by, 0) limit 1)) p order by t.n"
    ).format(dataset=Literal(held.dataset), live=live("m", held.as_of))
    return tx.all(
        Place,
        query,
        keys=[known[n].key for n in near],
        files=[known[n].file for n in near],
        by=[rank - ranks[n] for rank, n in zip(wanted, near, strict=True)],
    )


def _nearest(ranks: Sequence[int], rank: int) -> int:
    """Which of some ranks in order is nearest to another."""
    after = min(bisect_left(ranks, rank), len(ranks) - 1)
    return min((max(after - 1, 0), after), key=lambda n: abs(ranks[n] - rank))
