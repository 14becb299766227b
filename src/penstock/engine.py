"""What runs in the background: one list of followers and jobs, and the loops that run them.

Server and worker use this list alike. Rooms that offer registries to earlier rooms fill them here.
"""

import asyncio
import importlib
import logging
import threading
from collections.abc import Callable, Sequence

import psycopg

from penstock import jobs, log
from penstock.jobs import worker
from penstock.jobs.port import Job
from penstock.log.follow import Follower, report_trouble
from penstock.store import Store
from penstock.store.transaction import CHANNEL

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
Loop = Callable[[], None]


def _collect() -> tuple[list[Follower], list[Job]]:
    followers: list[Follower] = []
    work: list[Job] = []
    for room in ("people", "files", "annotations", "datasets", "ingest", "export", "tasks", "metrics", "actions"):
        for part, found in (("followers", followers), ("jobs", work)):
            try:
                module = importlib.import_module(f"penstock.{room}.{part}")
            except ModuleNotFoundError:
                continue
            found.extend(getattr(module, part.upper()))
    return followers, work


FOLLOWERS, JOBS = _collect()


def projects(store: Store) -> list[int]:
    with store.db.transaction(0) as tx:
        return tx.values(int, "select id from project order by id")


def follow_all(store: Store, project: int, followers: Sequence[Follower] = ()) -> int:
    """One step of every follower of a project; how many events they took."""
    taken = 0
    for follower in followers or FOLLOWERS:
        try:
            taken += log.step(store.db, project, follower)
        except psycopg.OperationalError:
            raise
        except Exception as error:  # one follower's defect must not stop the others; it is shown by doctor and status
            logger.exception("follower %s of project %s stopped at its cursor", follower.name, project)
            report_trouble(store.db, project, follower, error)
    return taken


def drain(store: Store) -> None:
    """Run followers, due timers and queued jobs until nothing is left. For tests and in-process use."""
    while True:
        busy = sum(follow_all(store, project) for project in projects(store))
        busy += jobs.ring(store.db)
        with store.db.transaction(0) as tx:
            queued = tx.value(
                int,
                "select count(*) from procrastinate_jobs where status = 'todo'"
                " and (scheduled_at is null or scheduled_at <= clock_timestamp())",
            )
        if queued:
            asyncio.run(worker.run(store, JOBS, concurrency=2, wait=False))
            busy += queued
        if not busy:
            return


class Engine:
    """The worker of one process: a thread for followers, one for timers, and the jobs. Start it, then stop it."""

    def __init__(self, store: Store, concurrency: int = 4) -> None:
        self._store = store
        self._concurrency = concurrency
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads = [
            threading.Thread(target=self._guard(loop), name=f"penstock {name}", daemon=True)
            for name, loop in (("followers", self._follow), ("listener", self._listen), ("ticker", self._tick))
        ]

    def run(self) -> None:
        """Work until `stop` is called, from any thread or signal handler."""
        for thread in self._threads:
            thread.start()
        try:
            asyncio.run(self._work())
        finally:
            self.stop()
            for thread in self._threads:
                thread.join(timeout=10)

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    async def _work(self) -> None:
        while not self._stop.is_set():
            running = asyncio.create_task(
                worker.run(self._store, JOBS, concurrency=self._concurrency, wait=True)
            )
            while not running.done() and not self._stop.is_set():
                await asyncio.wait([running], timeout=0.2)
            running.cancel()
            try:
                await running
            except asyncio.CancelledError:
                pass
            except Exception:  # the database went away under the worker: it comes back, and so do we
                logger.exception("the worker stopped; it starts again")
                await asyncio.sleep(0.5)

    def _guard(self, loop: Loop) -> Loop:
        def guarded() -> None:
            while not self._stop.is_set():
                try:
                    loop()
                except Exception:  # whatever it was, background work must go on; the cause is in the log
                    if not self._stop.is_set():
                        logger.exception("a background loop failed; it starts again")
                        self._stop.wait(0.5)

        return guarded

    def _follow(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            taken = sum(follow_all(self._store, project) for project in projects(self._store))
            if not taken:
                self._wake.wait(POLL_SECONDS)

    def _listen(self) -> None:
        with self._store.db.connect() as conn:
            conn.execute(f"listen {CHANNEL}")
            while not self._stop.is_set():
                for _ in conn.notifies(timeout=POLL_SECONDS, stop_after=1):
                    self._wake.set()

    def _tick(self) -> None:
        while not self._stop.wait(0.5):
            jobs.ring(self._store.db)
