"""A queue as those see it who look after it: the only SQL about that."""

from typing import LiteralString

from penstock.store import Transaction
from penstock.tasks.model import QueuedTask

# Found by their indexes alone; of a template that is known to be the project's.
_OF: LiteralString = "(select id from task where template = %(template)s and id > %(after)s"
_FIRST: LiteralString = " order by id limit %(limit)s)"
_HELD: LiteralString = " and holder = %(person)s and status in ('in_progress', 'in_review', 'returned')"


def queued(
    tx: Transaction, template: int, status: str | None, person: int | None, after: int, limit: int
) -> list[QueuedTask]:
    # A condition that isn't asked for isn't in the statement, so that each way of asking has its index.
    in_status: LiteralString = "" if status is None else " and status = %(status)s"
    if person is None:
        found: LiteralString = _OF + in_status + _FIRST
    else:
        authored: LiteralString = _OF + " and author = %(person)s" + in_status + _FIRST
        found = "(" + authored + " union " + _OF + _HELD + in_status + _FIRST + _FIRST
    return tx.all(
        QueuedTask,
        "select t.id, t.template, t.file, f.key, t.status, t.priority, t.round, t.holder, h.name as holder_name,"
        " t.author, w.name as author_name,"
        " (select count(*) from attempt n where n.task = t.id) as attempts,"
        " coalesce(a.started_at, t.closed_at, s.ended_at, t.at) as since,"
        " coalesce(a.lease_until < moment(), false) as is_idle, t.reason"
        " from " + found + " n join task t on t.id = n.id and t.project = %(project)s"
        " join file f on f.id = t.file left join person h on h.id = t.holder left join person w on w.id = t.author"
        " left join attempt a on a.id = t.attempt and a.state = 'live' left join attempt s on s.id = t.authored"
        " order by t.id",
        template=template,
        status=status,
        person=person,
        after=after,
        limit=limit,
    )


def set_priority(tx: Transaction, task: int, priority: int) -> None:
    tx.post(
        "update task set priority = %(priority)s where project = %(project)s and id = %(task)s",
        task=task,
        priority=priority,
    )
