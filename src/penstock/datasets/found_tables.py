"""Reading the files that a compiled query holds for: pages, counts and whole sets. The only place with their SQL.

A page is a walk in the order of keys, by an index: the last page costs as little as the first. Where hardly any file is
in, a walk would go on and on; so after some thousands of files the rest of the set is made as a whole.
"""

from collections.abc import Sequence
from typing import NamedTuple

from psycopg.sql import SQL, Composable, Composed, Literal

from penstock.datasets.model import Entry
from penstock.datasets.query.compile import Condition
from penstock.datasets.query.relations import TRUE, live
from penstock.store import Transaction

WALKED = 2000
"""Files that are asked one by one at first: enough for a page where one in twenty is in."""
NEAR = 4
"""Files that are passed in a walk in the time that one takes to be looked up."""
FARTHEST = 10_000
"""Should a page lie farther ahead than this, the set is made as a whole."""

STEP = 500
"""Files between two places that a long list is entered by."""


class Held(NamedTuple):
    """The files that are asked about: those of a dataset, by the table that has its entries, or all of the project."""

    table: Composable | None
    dataset: int | None
    as_of: int | None


class Place(NamedTuple):
    """A file's place in the order of keys."""

    key: str
    file: int


def page(tx: Transaction, held: Held, where: Condition | None, after: Place, limit: int) -> list[Place]:
    """The next files that a condition holds for, in the order of keys."""
    prepare(tx)
    if where is None:
        return _walk(tx, held, None, after, limit, limit)[0]
    if where.few is not None:
        near, end = _walk(tx, held, where, after, max(where.few * NEAR, limit), limit)
        return near if end is None else near + _rest(tx, held, where, end, limit - len(near))
    found: list[Place] = []
    ahead, at = max(WALKED, limit), after
    while True:
        more, end = _walk(tx, held, where, at, ahead, limit - len(found))
        found += more
        if end is None or len(found) == limit:
            return found
        # As dense as so far, the rest is this far ahead.
        at, ahead = end, (limit - len(found)) * ahead * 3 // 2 // max(len(more), 1)
        if ahead > FARTHEST:
            return found + _rest(tx, held, where, end, limit - len(found))


def _walk(
    tx: Transaction,
    held: Held,
    where: Condition | None,
    after: Place,
    ahead: int,
    limit: int,
) -> tuple[list[Place], Place | None]:
    """Those of so many files ahead that are in, and the last that was looked at; None: that was the end."""
    parameters = {"key": after.key, "file": after.file, **(where.parameters if where else {})}
    walked = SQL("select m.* from {} and (m.key, m.file) > (%(key)s, %(file)s) order by m.key, m.file limit {}").format(
        members(held, None), Literal(ahead)
    )
    found = tx.all(
        Place,
        SQL("select m.key, m.file from ({}) m where {} order by m.key, m.file limit {}").format(
            walked, TRUE if where is None else where.sql, Literal(limit)
        ),
        **parameters,
    )
    if len(found) == limit:
        return found, None
    last = SQL("select w.key, w.file from ({}) w offset {}").format(walked, Literal(ahead - 1))
    return found, tx.maybe(Place, last, **parameters)


def _rest(tx: Transaction, held: Held, where: Condition, after: Place, limit: int) -> list[Place]:
    found = SQL(
        "with found as materialized (select m.key, m.file from {} and (m.key, m.file) > (%(key)s, %(file)s))"
        " select key, file from found order by key, file limit {}"
    ).format(members(held, where), Literal(limit))
    return tx.all(Place, found, **{**where.parameters, "key": after.key, "file": after.file})


def milestones(tx: Transaction, held: Held, where: Condition | None, every: int) -> tuple[int, list[Place]]:
    """How many files a condition holds for, and the place of every so many of them: one walk in the order of keys."""
    prepare(tx)
    parameters = dict(where.parameters) if where else {}
    counted = SQL("select m.key, m.file, row_number() over (order by m.key, m.file) as n from {}").format(
        members(held, where)
    )
    found = SQL("select c.key, c.file from ({}) c where c.n % {} = 0 order by c.n").format(counted, Literal(every))
    places = tx.all(Place, found, **parameters)
    last = places[-1] if places else Place("", 0)
    rest = SQL("select count(*) from {} and (m.key, m.file) > (%(key)s, %(file)s)").format(members(held, where))
    more = tx.value(int, rest, **parameters, key=last.key, file=last.file) or 0
    return every * len(places) + more, places


def entries(tx: Transaction, held: Held, files: Sequence[int]) -> list[Entry]:
    """The entries of some files in a dataset, in the order of their keys."""
    found = SQL(
        "select m.id, m.dataset, m.file, m.key, f.state, f.width, f.height, m.cause, m.at,"
        " m.created_seq, m.retired_seq from {} m"
        " join file f on f.project = m.project and f.id = m.file where m.project = %(project)s"
        " and m.dataset = {} and m.file = any(%(files)s) and {} order by m.key, m.file"
    ).format(held.table or SQL("entry"), Literal(held.dataset), live("m", held.as_of))
    return tx.all(Entry, found, files=list(files))


def files(tx: Transaction, held: Held, where: Condition | None, only: Sequence[int] | None = None) -> list[int]:
    """Every file that a condition holds for, or those of some."""
    prepare(tx)
    some = TRUE if only is None else SQL("m.file = any(%(only)s)")
    found = SQL("select m.file from {} and {} order by m.file").format(members(held, where), some)
    parameters = {} if where is None else dict(where.parameters)
    return tx.values(int, found, **parameters, **({} if only is None else {"only": list(only)}))


def count(tx: Transaction, held: Held, where: Condition | None) -> int:
    """How many files a condition holds for."""
    prepare(tx)
    found = SQL("select count(*) from {}").format(members(held, where))
    return tx.value(int, found, **(where.parameters if where else {})) or 0


def members(held: Held, where: Condition | None) -> Composed:
    """The files `m` that are asked about, as a table and its conditions."""
    is_in = TRUE if where is None else where.sql
    if held.table is None:
        return SQL("(select f.id as file, f.key from file f where f.project = %(project)s and {}) m where {}").format(
            live("f", held.as_of), is_in
        )
    return SQL("{} m where m.project = %(project)s and m.dataset = {} and {} and {}").format(
        held.table, Literal(held.dataset), live("m", held.as_of), is_in
    )


def prepare(tx: Transaction) -> None:
    """Let the planner see the values asked for, and join sets of a hundred thousand files in memory. With more memory
    it would hash a million files too, where merging what indexes have in order takes half as long.
    """
    tx.post(
        "select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('work_mem', '16MB', true),"
        " set_config('jit', 'off', true)"
    )
