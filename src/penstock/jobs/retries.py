"""When a job that failed is tried again. A database that went away, or a worker that died, is no fault of the job's, so
it doesn't count.
"""

from procrastinate.jobs import Job as Enqueued
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from penstock.jobs.port import Job
from penstock.jobs.trouble import WorkersDied
from penstock.store.db import is_away

AWAY_SECONDS = 1  #: before a job is tried again that found no database
LONGEST_WAIT_SECONDS = 600


class Retries(BaseRetryStrategy):
    """A job's retries: after `wait_seconds`, doubled each time; until there is one, when there was no database."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.failures: dict[int | None, int] = {}
        """How often jobs failed, told by whoever ran them just now."""

    def get_retry_decision(self, *, exception: BaseException, job: Enqueued) -> RetryDecision | None:
        failures = self.failures.pop(job.id, 1)
        if is_away(exception):
            return RetryDecision(retry_in={"seconds": AWAY_SECONDS})
        if (
            failures > self._job.retries
            or isinstance(exception, WorkersDied)
            or not isinstance(exception, self._job.only)
        ):
            return None
        wait = self._job.wait_seconds * 2 ** (failures - 1)
        return RetryDecision(retry_in={"seconds": min(wait, LONGEST_WAIT_SECONDS)})
