"""Running jobs: a Procrastinate worker over the registered jobs, and the take-over of jobs that nobody runs now."""

import asyncio
import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any

import procrastinate
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job as Enqueued
from procrastinate.jobs import Status
from procrastinate.worker import Worker

from penstock.jobs import trouble
from penstock.jobs.niceness import nicely
from penstock.jobs.port import DEFAULT_QUEUE, Job, Work
from penstock.jobs.retries import Retries
from penstock.store import Store
from penstock.store.db import is_away

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0
DEAD_AFTER_SECONDS = 12.0  #: without a heartbeat, another worker takes the jobs over


class WorkerStopped(Exception):
    """A worker stopped though nobody asked it to: it lost the database. Start it again."""


class _Worker(Worker):
    """A worker that knows which jobs it has at hand, and can be told that there are new ones."""

    @property
    def at_hand(self) -> set[int | None]:
        return {context.job.id for context in self._running_jobs.values()}

    def wake(self) -> None:
        self._new_job_event.set()

    async def _periodic_deferrer(self) -> None:
        """Never ends. Procrastinate's own ends at once where nothing is periodic, and with it the watch over the other
        tasks of a worker, which would then idle on without a heartbeat, or deaf.
        """
        await asyncio.Event().wait()


def build_app(
    store: Store, jobs: Iterable[Job], connections: int, queues: list[str] | None = None
) -> procrastinate.App:
    """A Procrastinate app that knows every job. `queues` are those that its worker takes jobs from, as it goes."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=store.db.dsn, min_size=1, max_size=connections, kwargs={"application_name": "penstock jobs"}
        )
    )
    for job in jobs:
        retries = Retries(job)
        app.task(name=job.name, queue=job.queue, pass_context=True, retry=retries)(_runner(store, job, retries, queues))
    return app


def _runner(store: Store, job: Job, retries: Retries, queues: list[str] | None) -> Callable[..., None]:
    @contextmanager
    def apart(queue: str) -> Generator[None]:
        if queues is None or queue not in queues:
            yield
            return
        queues.remove(queue)
        try:
            yield
        finally:
            queues.append(queue)

    def run(context: procrastinate.JobContext, **args: Any) -> None:
        id = context.job.id
        past = trouble.before(store.db, id) if id and context.job.attempts else trouble.Trouble()
        work = Work(store=store, tries=past.failures, should_stop=context.should_abort, apart=apart)
        try:
            if past.deaths < trouble.MOST_DEATHS:
                call = partial(job.run, work, **args)
                call() if job.queue == DEFAULT_QUEUE else nicely(call)
            elif job.give_up is not None:
                job.give_up(work, trouble.WHY, **args)
            else:
                raise trouble.WorkersDied(trouble.WHY)
        except Exception as error:
            if not id or is_away(error):
                raise
            if context.job.queueing_lock and trouble.waits(store.db, context.job.queueing_lock):
                # Two with a key can't wait, so it can't be tried again.
                told = "job %s (%s) failed, and the one that waits with its key will do the same"
                logger.warning(told, id, job.name, exc_info=True)
                return
            retries.failures[id] = past.failures + 1
            trouble.note_failure(store.db, id)
            raise

    run.__name__ = job.name
    return run


async def run(
    store: Store,
    jobs: Iterable[Job],
    *,
    concurrency: int,
    wait: bool,
    queues: list[str] | None = None,
    name: str = "worker",
) -> None:
    """Work until cancelled (`wait`), else until no job is due. Finished jobs are deleted, failed ones stay.

    `queues` are the only ones it takes jobs from; all, when not given. They may change meanwhile. Raises WorkerStopped
    or ConnectorException when it loses the database.
    """
    app = build_app(store, jobs, connections=3, queues=queues)
    async with app.open_async():
        worker = _Worker(
            app,
            name=name,
            queues=queues,  # a tuple would be sent as a row, not as an array
            wait=wait,
            concurrency=concurrency,
            delete_jobs="successful",
            listen_notify=wait,
            install_signal_handlers=False,
            shutdown_graceful_timeout=20,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=DEAD_AFTER_SECONDS,
        )
        caretaker = asyncio.create_task(_take_care(app, worker)) if wait else None
        try:
            await worker.run()
            if wait:
                raise WorkerStopped
        finally:
            if caretaker:
                caretaker.cancel()


async def _take_care(app: procrastinate.App, worker: _Worker) -> None:
    missing: set[int | None] = set()
    while True:
        try:
            if worker.worker_id is not None:  # the worker's own heartbeat ends before the last of its jobs does
                await app.job_manager.update_heartbeat(worker.worker_id)
            await take_over(app)
            missing = await _take_up(app, worker, missing)
        except ConnectorException as error:
            logger.warning("the database is away, so dead workers' jobs wait: %s", error.__cause__ or error)
        worker.wake()
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def take_over(app: procrastinate.App) -> None:
    """Let the jobs of workers that died be run again."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        if await _run_again(app, job, died=True):
            logger.warning("job %s (%s) is taken over from a dead worker", job.id, job.task_name)
    await app.job_manager.prune_stalled_workers(DEAD_AFTER_SECONDS)


async def _take_up(app: procrastinate.App, worker: _Worker, missing: set[int | None]) -> set[int | None]:
    """Let those of our own jobs be run again that we don't have at hand: the database went away when they ended, or
    when we fetched them. Only what was `missing` at the last look too; what is missing now.
    """
    if worker.worker_id is None:
        return set()
    ours = await app.job_manager.list_jobs_async(status=Status.DOING.value, worker_id=worker.worker_id)
    left = [job for job in ours if job.id not in worker.at_hand]
    for job in left:
        if job.id in missing and await _run_again(app, job, died=False):
            logger.warning("job %s (%s) was left undone when the database went away", job.id, job.task_name)
    return {job.id for job in left}


async def _run_again(app: procrastinate.App, job: Enqueued, died: bool) -> bool:
    """Let a job be run again, if it is still that worker's, which `died` or not; whether it was."""
    told = {"job": job.id, "worker": job.worker_id, "died": died}
    try:
        return bool(await app.connector.execute_query_all_async(trouble.AGAIN, **told))
    except UniqueViolation:  # another with its key waits already, and will do the same
        await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)
        return True
    except ConnectorException as error:
        if is_away(error.__cause__):
            raise
        logger.info("job %s (%s) was settled meanwhile", job.id, job.task_name)
        return False
