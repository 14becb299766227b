"""The tables behind what queries ask of tasks. The only place with their SQL."""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from psycopg.sql import SQL, Composable, Literal

from penstock.store import Transaction


class Latest(NamedTuple):
    """A file's latest task under one template."""

    file: int
    template: str
    round: int
    priority: int
    status: str | None
    author: int | None
    reviewer: int | None


def template_names(tx: Transaction) -> list[str]:
    return tx.values(str, "select distinct name from template where project = %(project)s")


def templates_named(tx: Transaction, name: str) -> list[int]:
    """The templates of a name, the live one first."""
    return tx.values(
        int,
        "select id from template where project = %(project)s and name = %(name)s order by state = 'archived', id",
        name=name,
    )


_FIELDS: LiteralString = "t.file, t.round, t.priority, t.author, t.reviewer"
_STATUS: LiteralString = (
    "(select v.body->>'now' from event v where v.project = t.project and v.subject = 'task:' || t.id"
    " and v.seq <= {as_of} and v.body ? 'now' order by v.seq desc, v.n desc limit 1) as status"
)


def relation(templates: Sequence[int], as_of: int | None) -> Composable:
    """The latest task of each file under the first of some templates that has one, as a statement."""
    status = SQL("t.status") if as_of is None else SQL(_STATUS).format(as_of=Literal(as_of))
    made = SQL("true") if as_of is None else SQL("t.created_seq <= {}").format(Literal(as_of))
    fields = SQL(_FIELDS)
    if len(templates) == 1 and as_of is None:
        return SQL(
            "select {}, {} from task t where t.project = %(project)s and t.template = {} and not exists"
            " (select from task l where l.project = t.project and l.template = t.template and l.file = t.file"
            " and (l.round, l.id) > (t.round, t.id))"
        ).format(fields, status, Literal(templates[0]))
    return SQL(
        "select distinct on (t.file) {}, {} from task t where t.project = %(project)s and t.template = any({}) and {}"
        " order by t.file, t.template <> {}, t.round desc, t.id desc"
    ).format(fields, status, Literal(list(templates)), made, Literal(templates[0]))


def latest(tx: Transaction, files: Sequence[int], as_of: int | None) -> list[Latest]:
    """The latest tasks of files, of archived templates before those of live ones with the same name.

    A status changes in place, so the log says what it was at a revision.
    """
    return tx.all(
        Latest,
        "select file, template, round, priority, status, author, reviewer from ("
        "select distinct on (t.file, t.template) t.file, m.name as template, m.state, t.round, t.priority, t.author,"
        " t.reviewer,"
        " case when %(as_of)s::bigint is null then t.status else (select v.body->>'now' from event v"
        " where v.project = t.project and v.subject = 'task:' || t.id and v.seq <= %(as_of)s and v.body ? 'now'"
        " order by v.seq desc, v.n desc limit 1) end as status"
        " from task t join template m on m.id = t.template"
        " where t.project = %(project)s and t.file = any(%(files)s)"
        " and (%(as_of)s::bigint is null or t.created_seq <= %(as_of)s)"
        " order by t.file, t.template, t.round desc, t.id desc) found order by file, state <> 'archived', round",
        files=list(files),
        as_of=as_of,
    )
