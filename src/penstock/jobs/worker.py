"""Running jobs: a Procrastinate worker over the registered jobs, and the take-over of a dead worker's."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import procrastinate
from procrastinate.retry import RetryStrategy

from penstock.jobs.port import Job, Work
from penstock.store import Store

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0
DEAD_AFTER_SECONDS = 12.0  #: without a heartbeat, another worker takes the jobs over


def build_app(store: Store, jobs: Iterable[Job], connections: int) -> procrastinate.App:
    """A Procrastinate app that knows every job."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=store.db.dsn, min_size=1, max_size=connections, kwargs={"application_name": "penstock jobs"}
        )
    )
    for job in jobs:
        app.task(
            name=job.name,
            queue=job.queue,
            pass_context=True,
            retry=RetryStrategy(
                max_attempts=job.retries, exponential_wait=job.wait_seconds, retry_exceptions={job.only}
            ),
        )(_runner(store, job))
    return app


def _runner(store: Store, job: Job) -> Callable[..., None]:
    def run(context: procrastinate.JobContext, **args: Any) -> None:
        job.run(Work(store=store, tries=context.job.attempts), **args)

    run.__name__ = job.name
    return run


async def run(
    store: Store,
    jobs: Iterable[Job],
    *,
    concurrency: int,
    wait: bool,
    name: str = "worker",
) -> None:
    """Work until cancelled (`wait`), else until no job is due. Finished jobs are deleted, failed ones stay."""
    app = build_app(store, jobs, connections=3)
    async with app.open_async():
        caretaker = asyncio.create_task(_take_over(app)) if wait else None
        try:
            await app.run_worker_async(
                name=name,
                wait=wait,
                concurrency=concurrency,
                delete_jobs="successful",
                listen_notify=wait,
                install_signal_handlers=False,
                shutdown_graceful_timeout=20,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
            )
        finally:
            if caretaker:
                caretaker.cancel()


async def _take_over(app: procrastinate.App) -> None:
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
            logger.warning("took job %s (%s) over from a dead worker", job.id, job.task_name)
            await app.job_manager.retry_job(job)
        await app.job_manager.prune_stalled_workers(DEAD_AFTER_SECONDS)
        await asyncio.sleep(HEARTBEAT_SECONDS)
