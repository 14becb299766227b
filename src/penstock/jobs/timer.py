"""Timers: jobs for later by the installation's own clock, so that a test can move it."""

import datetime as dt
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from penstock.jobs.port import later
from penstock.store import Database, Transaction


class _Due(NamedTuple):
    project: int
    job: str
    queue: str
    args: dict[str, Any]


def at(tx: Transaction, when: dt.datetime, job: str, *, key: str, queue: str = "default", **args: Any) -> None:
    """Enqueue a job at a time. The same `key` replaces an earlier timer, so repeating this changes nothing."""
    tx.run(
        "insert into timer (project, key, due, job, queue, args)"
        " values (%(project)s, %(key)s, %(due)s, %(job)s, %(queue)s, %(args)s)"
        " on conflict (project, key) do update set due = excluded.due, job = excluded.job,"
        " queue = excluded.queue, args = excluded.args",
        key=key,
        due=when,
        job=job,
        queue=queue,
        args=Jsonb(args),
    )


def cancel_timer(tx: Transaction, key: str) -> bool:
    """Forget a timer; False when it has rung already or never was."""
    return tx.run("delete from timer where project = %(project)s and key = %(key)s", key=key) > 0


def ring(db: Database, limit: int = 200) -> int:
    """Enqueue the jobs of all timers that are due; how many. Safe to call from many processes at once."""
    with db.transaction(0) as tx:
        due = tx.all(
            _Due,
            "delete from timer where id in (select id from timer where due <= (select moment())"
            " order by due limit %(limit)s for update skip locked) returning project, job, queue, args",
            limit=limit,
        )
        for timer in due:
            later(tx, timer.job, queue=timer.queue, **timer.args)
        return len(due)
