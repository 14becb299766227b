"""When a job that failed is tried again. A database that went away is no fault of the job's, so it doesn't count."""

from procrastinate.jobs import Job as Enqueued
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from penstock.jobs.port import Job
from penstock.store.db import is_away

AWAY_SECONDS = 1  #: before a job is tried again that found no database
LONGEST_WAIT_SECONDS = 600


class Retries(BaseRetryStrategy):
    """A job's retries: after `wait_seconds`, doubled each time; until there is one, when there was no database."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def get_retry_decision(self, *, exception: BaseException, job: Enqueued) -> RetryDecision | None:
        if is_away(exception):
            return RetryDecision(retry_in={"seconds": AWAY_SECONDS})
        if job.attempts >= self._job.retries or not isinstance(exception, self._job.only):
            return None
        return RetryDecision(retry_in={"seconds": min(self._job.wait_seconds * 2**job.attempts, LONGEST_WAIT_SECONDS)})
