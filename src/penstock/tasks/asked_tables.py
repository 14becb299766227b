"""The tables behind what queries ask of tasks. The only place with their SQL."""

from collections.abc import Sequence
from typing import NamedTuple

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
