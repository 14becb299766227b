"""What sampling wants to know of many files at once: one value of a field, their looks, their uncertainty."""

from typing import Any, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from penstock.datasets.found_tables import Held, members, prepare
from penstock.datasets.query import expression as e
from penstock.datasets.query.compile import Condition
from penstock.datasets.query.relations import Relations, live
from penstock.store import Transaction


class Candidate(NamedTuple):
    """A file that may be drawn."""

    file: int
    hash: str
    look: int | None


def candidates(tx: Transaction, held: Held, where: Condition | None) -> list[Candidate]:
    """The files that a condition holds for, in the order of their ids."""
    prepare(tx)
    found = SQL(
        "with found as materialized (select m.file from {}) select m.file, f.hash, f.look from found m"
        " join file f on f.project = %(project)s and f.id = m.file order by m.file"
    ).format(members(held, where))
    return tx.all(Candidate, found, **({} if where is None else where.parameters))


def heads(branch: int) -> Composable:
    """The annotations of a file on a branch that overlays no other, as they are now."""
    return SQL(
        "annotation a where a.project = %(project)s and a.branch = {} and a.file = m.file and a.retired_seq is null"
    ).format(Literal(branch))


def uncertainty(tx: Transaction, held: Held, where: Condition | None, rows: Composable) -> dict[int, float]:
    """Of files with confidences: how near to one half the nearest is, from 0 to 1."""
    return _pairs(
        tx,
        held,
        where,
        SQL(
            "select m.file, max(1 - abs(2 * a.confidence - 1)) from found m, lateral (select a.confidence from {}"
            " and a.label is not null and a.confidence is not null) a group by m.file"
        ).format(rows),
    )


def labels(tx: Transaction, held: Held, where: Condition | None, of: Relations) -> dict[int, Any]:
    """The rarest label of each file, by id: what a file is worth drawing for."""
    counted = (
        SQL(
            "select l.file, l.label from found m join file_label l on l.branch = {} and l.file = m.file and l.n > 0"
        ).format(Literal(of.branch))
        if of.is_counted
        else SQL(
            "select distinct m.file, a.label from found m, lateral (select a.label from {} and a.label is not null) a"
        ).format(of.rows())
    )
    return _pairs(
        tx,
        held,
        where,
        SQL(
            "select distinct on (c.file) c.file, c.label from (select p.file, p.label,"
            " count(*) over (partition by p.label) as files from ({}) p) c order by c.file, c.files, c.label"
        ).format(counted),
    )


def answers(tx: Transaction, held: Held, where: Condition | None, of: Relations, attribute: int) -> dict[int, Any]:
    """One answer of each file to an attribute, as JSON; of several, the first."""
    key = Literal(str(attribute))
    return _pairs(
        tx,
        held,
        where,
        SQL(
            "select distinct on (m.file) m.file, case jsonb_typeof(a.answer) when 'array' then a.answer -> 0"
            " else a.answer end from found m,"
            " lateral (select a.attributes -> {} as answer from {} and a.attributes ? {}) a"
            " where a.answer not in ('null', '[]') order by m.file, a.answer"
        ).format(key, of.rows(), key),
    )


def described(tx: Transaction, held: Held, where: Condition | None, path: tuple[str, ...]) -> dict[int, Any]:
    """What stands at a path of each file's metadata, as JSON."""
    steps = SQL("").join(SQL(" -> {}").format(Literal(step)) for step in path)
    return _pairs(
        tx,
        held,
        where,
        SQL(
            "select m.file, h.meta{} from found m join file_meta h on h.project = %(project)s and h.file = m.file"
            " and {} where jsonb_typeof(h.meta{}) in ('string', 'number', 'boolean')"
        ).format(steps, live("h", held.as_of), steps),
    )


def columns(tx: Transaction, held: Held, where: Condition | None, name: str) -> dict[int, Any]:
    """A field of each file."""
    assert name in e.FILE_FIELDS
    column = SQL("f.{}").format(Identifier(name))
    return _pairs(
        tx,
        held,
        where,
        SQL(
            "select m.file, {} from found m join file f on f.project = %(project)s and f.id = m.file"
            " where {} is not null"
        ).format(column, column),
    )


def _pairs(tx: Transaction, held: Held, where: Condition | None, query: Composable) -> dict[int, Any]:
    prepare(tx)
    found: Composed = SQL("with found as materialized (select m.file from {}) {}").format(members(held, where), query)
    return dict(tx.rows(found, **({} if where is None else where.parameters)))
