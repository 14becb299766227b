"""How much work queues have."""

from typing import NamedTuple

from penstock.store import Database

_MOST = 1_000


class Backlog(NamedTuple):
    """Jobs of some queues, counted up to a thousand."""

    waiting: int  #: due, and nobody has them at hand
    running: int

    @property
    def is_empty(self) -> bool:
        return not self.waiting and not self.running


def of(db: Database, *queues: str) -> Backlog:
    with db.transaction(0) as tx:
        [(waiting, running)] = tx.rows(
            "select count(*) filter (where status = 'todo'), count(*) filter (where status = 'doing')"
            " from (select status from procrastinate_jobs where queue_name = any(%(queues)s)"
            " and (status = 'doing' or (status = 'todo' and coalesce(scheduled_at <= clock_timestamp(), true)))"
            " limit %(most)s) j",
            queues=[*queues],
            most=_MOST,
        )
    return Backlog(waiting, running)
