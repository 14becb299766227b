"""What befell a job before: its failures, and the deaths of workers that had it at hand. Each has its own limit."""

from typing import LiteralString, NamedTuple

from penstock.store import Database

MOST_DEATHS = 10
"""So many workers may die with a job at hand; then it is given up, for it may be what kills them."""
WHY = f"{MOST_DEATHS} workers died while they were at it, as they do when memory runs out"


class Trouble(NamedTuple):
    failures: int = 0
    deaths: int = 0


class WorkersDied(Exception):
    """A job is run no more, since too many workers died of it or beside it."""


def before(db: Database, job: int) -> Trouble:
    with db.transaction(0) as tx:
        found = tx.rows("select failures, deaths from job_trouble where job = %(job)s", job=job)
    return Trouble(*found[0]) if found else Trouble()


def note_failure(db: Database, job: int) -> None:
    with db.transaction(0) as tx:
        tx.run(
            "insert into job_trouble (job, failures) select id, 1 from procrastinate_jobs where id = %(job)s"
            " on conflict (job) do update set failures = job_trouble.failures + 1",
            job=job,
        )


def waits(db: Database, key: str) -> bool:
    """Whether a job with this key waits to be run."""
    waiting = "select exists (select from procrastinate_jobs where queueing_lock = %(key)s and status = 'todo')"
    with db.transaction(0) as tx:
        return bool(tx.value(bool, waiting, key=key))


# Several look after one dead worker. The second to come would take the job from the live one that has it by then, and
# it would run twice at once: an export failed so. From the fifth death on it waits, so that others get something done.
AGAIN: LiteralString = (
    "with held as (select id from procrastinate_jobs"
    " where id = %(job)s and status = 'doing' and worker_id is not distinct from %(worker)s for update),"
    " trouble as (insert into job_trouble (job, deaths) select id, 1 from held where %(died)s"
    " on conflict (job) do update set deaths = job_trouble.deaths + 1 returning deaths)"
    " select procrastinate_retry_job_v2(held.id, (select clock_timestamp() + least(30 * 2 ^ (deaths - 5), 600)"
    " * interval '1 s' from trouble where deaths >= 5), null, null, null) from held"
)
