"""How much work a queue has."""

from typing import NamedTuple

from penstock.store import Database

_MOST = 1_000


class Backlog(NamedTuple):
    """Jobs of a queue, counted up to a thousand."""

    waiting: int  #: due, and nobody has them at hand
    running: int

    @property
    def is_empty(self) -> bool:
        return not self.waiting and not self.running


def of(db: Database, queue: str) -> Backlog:
    with db.transaction(0) as tx:
        [(waiting, running)] = tx.rows(
            "select count(*) filter (where status = 'todo'), count(*) filter (where status = 'doing')"
            " from (select status from procrastinate_jobs where queue_name = %(queue)s"
            " and (status = 'doing' or (status = 'todo' and coalesce(scheduled_at <= clock_timestamp(), true)))"
            " limit %(most)s) j",
            queue=queue,
            most=_MOST,
        )
    return Backlog(waiting, running)
