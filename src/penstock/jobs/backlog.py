"""How much work queues have."""

from typing import NamedTuple

from penstock.store import Database

_MOST = 1_000


class Backlog(NamedTuple):
    """Jobs of a queue, of a thousand that were counted at most."""

    waiting: int  #: due, and nobody has them at hand
    running: int


def of(db: Database, *queues: str) -> list[Backlog]:
    """Those of each of these queues."""
    with db.transaction(0) as tx:
        rows = tx.rows(
            "select queue_name, count(*) filter (where status = 'todo'), count(*) filter (where status = 'doing')"
            " from (select queue_name, status from procrastinate_jobs where queue_name = any(%(queues)s)"
            " and (status = 'doing' or (status = 'todo' and coalesce(scheduled_at <= clock_timestamp(), true)))"
            " limit %(most)s) j group by queue_name",
            queues=[*queues],
            most=_MOST,
        )
    found = {queue: Backlog(waiting, running) for queue, waiting, running in rows}
    return [found.get(queue, Backlog(0, 0)) for queue in queues]
