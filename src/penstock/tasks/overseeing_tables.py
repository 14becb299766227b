"""A queue as those see it who look after it: the only SQL about that."""

from penstock.store import Transaction
from penstock.tasks.model import QueuedTask


def queued(
    tx: Transaction, template: int, status: str | None, person: int | None, after: int, limit: int
) -> list[QueuedTask]:
    return tx.all(
        QueuedTask,
        "select t.id, t.template, t.file, f.key, t.status, t.priority, t.round, t.holder, h.name as holder_name,"
        " t.author, w.name as author_name,"
        " (select count(*) from attempt n where n.task = t.id) as attempts,"
        " coalesce(a.started_at, t.closed_at, s.ended_at, t.at) as since,"
        " coalesce(a.lease_until < moment(), false) as is_idle, t.reason"
        " from (select * from task t where t.project = %(project)s and t.template = %(template)s"
        " and t.id > %(after)s and (%(status)s::text is null or t.status = %(status)s)"
        " and (%(person)s::int is null or %(person)s in (t.holder, t.author)) order by t.id limit %(limit)s) t"
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
