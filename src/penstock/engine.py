"""What runs in the background: one list of followers and jobs, and the loops that run them.

Server and worker use this list alike. Rooms that offer registries to earlier rooms fill them here.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from penstock import jobs, log
from penstock.actions import followers as actions
from penstock.actions import jobs as actions_jobs
from penstock.actions import renaming as actions_renaming
from penstock.actions import steps
from penstock.actions import tables as action_tables
from penstock.actions import verbs as actions_verbs
from penstock.actions.steps.add import Add
from penstock.actions.steps.command import CommandStep
from penstock.actions.steps.export import ExportStep
from penstock.actions.steps.notify import Notify
from penstock.actions.steps.version import VersionStep
from penstock.actions.steps.webhook import Webhook
from penstock.annotations import branches
from penstock.datasets import asking, facts, live, pruning, rewriting
from penstock.datasets import followers as datasets
from penstock.datasets import jobs as datasets_jobs
from penstock.datasets import renaming as datasets_renaming
from penstock.datasets import verbs as dataset_verbs
from penstock.export import expiring, parts
from penstock.export import jobs as export_jobs
from penstock.export import tables as export_tables
from penstock.files import jobs as files_jobs
from penstock.files import sweeping, visibility
from penstock.files.finding import finding
from penstock.ingest import jobs as ingest_jobs
from penstock.jobs.port import Job
from penstock.log.follow import Follower
from penstock.metrics import followers as metrics
from penstock.people import jobs as people_jobs
from penstock.schema import verbs as schema
from penstock.store import Store
from penstock.store.news import CHANNEL
from penstock.tasks import asked, templates
from penstock.tasks import followers as tasks
from penstock.tasks import jobs as tasks_jobs
from penstock.tasks import renaming as tasks_renaming
from penstock.tasks.verbs import may_see_file

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0  #: the safety net, should a notification be missed
BATCH_SECONDS = 0.02  #: news is gathered for so long before followers look, so that a busy log costs few looks
BUSY_BATCH_SECONDS = 0.06  #: ... and for so long while it is: a look costs about the same for one event as for ten
BUSY = 3  #: so many events taken at one look tell a busy log
Loop = Callable[[], None]

OUTSIDE_QUEUES = ("deliver", "command")
OUTSIDE_CONCURRENCY = 12  #: receivers that hang and commands that take hours hold up one another only
BULK_QUEUE = "bulk"
HELPED_QUEUES = (BULK_QUEUE, parts.QUEUE)  #: those of helpers


FOLLOWERS: list[Follower] = [
    *datasets.FOLLOWERS,
    *tasks.FOLLOWERS,
    *metrics.FOLLOWERS,
    *actions.FOLLOWERS,
]
JOBS: list[Job] = [
    *people_jobs.JOBS,
    *files_jobs.JOBS,
    *sweeping.JOBS,
    *ingest_jobs.JOBS,
    *datasets_jobs.JOBS,
    *export_jobs.JOBS,
    *expiring.JOBS,
    *tasks_jobs.JOBS,
    *actions_jobs.JOBS,
]

INSIDE_QUEUES = tuple(sorted({job.queue for job in JOBS} - {*OUTSIDE_QUEUES}))

# Registries of earlier rooms, filled by later ones.
for _step in (ExportStep(), Webhook(), Notify(), CommandStep(), Add(), VersionStep()):
    steps.register(_step)
visibility.visible_to.append(may_see_file)
finding.page = asking.page_of_project
dataset_verbs.using += [live.using, templates.using, actions_verbs.using]
branches.refusing.append(pruning.check_branch)
pruning.holding += [export_tables.held, action_tables.held]
schema.renaming.append(rewriting.follow_schema)
rewriting.following += [tasks_renaming.follow, datasets_renaming.follow, actions_renaming.follow]
facts.tasks.names = asked.template_names
facts.tasks.of = asked.of_files
facts.tasks.relation = asked.relation


def projects(store: Store) -> list[int]:
    with store.db.transaction(0) as tx:
        return tx.values(int, "select id from project order by id")


def follow_all(store: Store, project: int, followers: Sequence[Follower] = ()) -> int:
    """One step of every follower of a project; how many events they took."""
    return sum(taken for _, taken in _steps(store, project, followers or FOLLOWERS))


def _steps(store: Store, project: int, followers: Sequence[Follower]) -> Iterator[tuple[Follower, int]]:
    """A step of each follower that has news, and how many events it took."""
    for follower in log.having_news(store.db, project, followers):
        yield follower, log.take(store.db, project, follower)


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
            asyncio.run(jobs.worker.run(store, JOBS, concurrency=2, wait=False))
            busy += queued
        if not busy:
            return


class Engine:
    """The worker of one process: a thread for followers, one for timers, and the jobs. Start it, then stop it.

    With `bulk_alone` it has bulk jobs and nothing else.
    """

    def __init__(self, store: Store, concurrency: int = 4, bulk_alone: bool = False) -> None:
        self._store = store
        self._inside = [*HELPED_QUEUES] if bulk_alone else list(INSIDE_QUEUES)
        self._shares: list[tuple[list[str], int]] = [(self._inside, concurrency)]
        if not bulk_alone:
            self._shares.append(([*OUTSIDE_QUEUES], OUTSIDE_CONCURRENCY))
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._news: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._rests: dict[tuple[int, str], float] = {}  #: until when, by project and follower
        loops = (("followers", self._follow), ("listener", self._listen), ("ticker", self._tick))
        self._threads = [
            threading.Thread(target=self._guard(loop), name=f"penstock {name}", daemon=True)
            for name, loop in (() if bulk_alone else loops)
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

    def share_bulk(self, is_ours: bool) -> None:
        """Take bulk jobs like others, or leave them to helpers: what is under way is finished. Safe to repeat."""
        if not is_ours and BULK_QUEUE in self._inside:
            self._inside.remove(BULK_QUEUE)
        elif is_ours and BULK_QUEUE not in self._inside:
            self._inside.append(BULK_QUEUE)

    async def _work(self) -> None:
        threads = sum(concurrency for _, concurrency in self._shares)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads, "penstock job"))
        while not self._stop.is_set():
            running = asyncio.create_task(self._run_jobs())
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

    async def _run_jobs(self) -> None:
        """Jobs that wait for the world outside have a worker of their own, and can't hold up the others."""
        async with asyncio.TaskGroup() as workers:
            for queues, concurrency in self._shares:
                run = jobs.worker.run(self._store, JOBS, concurrency=concurrency, wait=True, queues=queues)
                workers.create_task(run)

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
        swept, pause, gather = 0.0, POLL_SECONDS, BATCH_SECONDS
        recent: set[int] = set()
        while not self._stop.is_set():
            if self._wake.wait(pause):
                self._wake.clear()
                self._stop.wait(gather)
                pause = BATCH_SECONDS
                while not self._news.empty():
                    recent.add(self._news.get())
            began = time.monotonic()
            if began - swept > POLL_SECONDS:
                swept = began
                taken = self._take(projects(self._store))
            else:
                taken = self._take(sorted(recent))
            gather = BATCH_SECONDS if taken < BUSY else BUSY_BATCH_SECONDS
            # What was told may lie beyond the horizon for a moment, behind an older transaction: look again soon.
            pause = BATCH_SECONDS if taken else min(pause * 2, POLL_SECONDS)
            if pause == POLL_SECONDS:
                recent.clear()

    def _take(self, projects: Iterable[int]) -> int:
        """One step of every follower that has rested."""
        taken = 0
        for project in projects:
            now = time.monotonic()
            rested = [each for each in FOLLOWERS if self._rests.get((project, each.name), now) <= now]
            for follower, events in _steps(self._store, project, rested):
                taken += events
                self._rests[project, follower.name] = time.monotonic() + follower.rest_seconds
        return taken

    def _listen(self) -> None:
        with self._store.db.connect() as conn:
            conn.execute(f"listen {CHANNEL}")
            while not self._stop.is_set():
                for notice in conn.notifies(timeout=POLL_SECONDS, stop_after=1):
                    self._news.put(int(notice.payload))
                    self._wake.set()

    def _tick(self) -> None:
        while not self._stop.wait(0.5):
            jobs.ring(self._store.db)
