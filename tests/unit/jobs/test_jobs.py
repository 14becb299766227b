"""Jobs: enqueued with their transaction, one at a time under a lock, taken over from the dead."""

import asyncio
import datetime as dt
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as Enqueued
from procrastinate.manager import JobManager

from penstock import jobs
from penstock.jobs import Job, Work, trouble, worker
from penstock.jobs.niceness import NICENESS
from penstock.jobs.retries import Retries
from penstock.store import Store, Transaction
from penstock.store.db import DatabaseAway


class Notebook:
    """Jobs that write down that they ran."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fails: list[Exception] = []

    def write(self, work: Work, line: str) -> None:
        self.lines.append(line)
        if self.fails:
            raise self.fails.pop(0)

    @property
    def jobs(self) -> list[Job]:
        return [Job("test.write", self.write, retries=2)]


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def work_off(store: Store, *known: Job, concurrency: int = 2) -> None:
    asyncio.run(worker.run(store, known, concurrency=concurrency, wait=False))


def rows(store: Store, what: Any = "status::text") -> list[Any]:
    with store.db.transaction(0) as tx:
        return [row[0] for row in tx.rows(f"select {what} from procrastinate_jobs order by id")]


def rows_of_trouble(store: Store) -> list[Any]:
    with store.db.transaction(0) as tx:
        return tx.rows("select failures, deaths from job_trouble")


def write(store: Store, line: str, **how: Any) -> bool:
    with store.db.transaction(0) as tx:
        return jobs.later(tx, "test.write", line=line, **how)


def fetch(store: Store) -> int:
    """A worker that takes the next job and is never heard of again; the job's id."""

    async def begin() -> int:
        app = worker.build_app(store, [], connections=1)
        async with app.open_async():
            job = await app.job_manager.fetch_job(queues=None, worker_id=await app.job_manager.register_worker())
        assert job is not None
        assert job.id is not None
        return job.id

    return asyncio.run(begin())


def make_due(store: Store) -> None:
    """Let the waits of retries be over."""
    with store.db.transaction(0) as tx:
        tx.run("update procrastinate_jobs set scheduled_at = null where status = 'todo'")


def test_a_job_is_enqueued_with_its_transaction(store: Store, notebook: Notebook) -> None:
    with store.db.transaction(0) as tx:
        jobs.later(tx, "test.write", line="seen")
        assert rows(store) == []  # others see nothing of it yet
    work_off(store, *notebook.jobs)

    assert notebook.lines == ["seen"]
    assert rows(store) == []  # what went well leaves nothing behind


def test_a_job_of_a_transaction_that_failed_never_was(store: Store) -> None:
    def verb(tx: Transaction) -> None:
        jobs.later(tx, "test.write", line="never")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.db.perform(verb, 0)

    assert rows(store) == []


def test_one_job_of_a_key_waits_and_the_next_may_wait_once_it_runs(store: Store, notebook: Notebook) -> None:
    assert write(store, "first", key="settle")
    assert not write(store, "second", key="settle")
    assert write(store, "other", key="settle another")

    fetch(store)
    assert write(store, "next", key="settle")
    assert rows(store, "args ->> 'line'") == ["first", "other", "next"]


def test_the_key_taken_undoes_nothing_else_of_the_transaction(store: Store) -> None:
    write(store, "first", key="settle")
    with store.db.transaction(0) as tx:
        jobs.later(tx, "test.write", line="before")
        assert not jobs.later(tx, "test.write", line="second", key="settle")
        jobs.later(tx, "test.write", line="after")

    assert rows(store, "args ->> 'line'") == ["first", "before", "after"]


def test_jobs_of_one_lock_run_one_at_a_time_and_in_order(store: Store) -> None:
    at_work, most, order = set[str](), [0], list[str]()
    guard, both = threading.Lock(), threading.Barrier(2, timeout=60)

    def run(work: Work, line: str) -> None:
        with guard:
            at_work.add(line)
            most[0] = max(most[0], len({one for one in at_work if one.startswith("locked")}))
            order.append(line)
        if line.startswith("free"):
            both.wait()  # these two can only meet when they run at the same time
        with guard:
            at_work.discard(line)

    for n in range(4):
        write(store, f"locked {n}", lock="one")
    write(store, "free 1")
    write(store, "free 2")
    while rows(store):  # it ends when it finds no job that may run now
        work_off(store, Job("test.write", run), concurrency=4)

    assert most == [1]
    assert [line for line in order if line.startswith("locked")] == [f"locked {n}" for n in range(4)]
    assert not both.broken


@pytest.mark.skipif(sys.platform != "linux", reason="single threads have a niceness on Linux alone")
def test_what_nobody_waits_for_lets_others_have_the_core(store: Store) -> None:
    found = dict[str, int]()

    def note(work: Work, line: str) -> None:
        found[line] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = os.getpriority(os.PRIO_PROCESS, 0)
    bulk, soon = Job("test.bulk", note, queue="bulk"), Job("test.write", note)
    with store.db.transaction(0) as tx:
        jobs.later(tx, "test.bulk", queue="bulk", line="bulk")
    work_off(store, bulk, soon, concurrency=1)
    write(store, "soon")
    work_off(store, bulk, soon, concurrency=1)

    assert found == {"bulk": NICENESS, "soon": before}


def test_a_job_that_fails_is_tried_again_and_then_stays_as_failed(store: Store, notebook: Notebook) -> None:
    notebook.fails = [ValueError("no"), ValueError("no"), ValueError("no")]
    write(store, "x")
    for _ in range(4):
        work_off(store, *notebook.jobs)
        make_due(store)

    assert notebook.lines == ["x", "x", "x"]
    assert rows(store) == ["failed"]


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("the connection is closed"),
        psycopg.errors.AdminShutdown("terminating connection due to administrator command"),
        DatabaseAway(why="it is starting"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_job_that_found_no_database_is_tried_until_it_finds_one(error: Exception) -> None:
    retries = Retries(Job("test.write", print, retries=2))

    def waits(error: Exception, failures: int) -> bool:
        retries.failures[1] = failures
        job = Enqueued(
            id=1,
            queue="",
            lock=None,
            queueing_lock=None,
            task_name="",
            task_kwargs={},
            scheduled_at=None,
            attempts=1000,
        )
        return retries.get_retry_decision(exception=error, job=job) is not None

    assert waits(error, 1000)
    assert waits(ValueError(), 2)
    assert not waits(ValueError(), 3)
    assert not waits(psycopg.errors.DiskFull("no space left"), 3)


# Timers


def later_at(store: Store, hours: float, line: str, key: str) -> None:
    with store.db.transaction(0) as tx:
        jobs.at(tx, tx.now + dt.timedelta(hours=hours), "test.write", key=key, line=line)


def test_a_timer_rings_when_the_clock_has_moved_and_only_once(
    store: Store, notebook: Notebook, move_clock: Callable[[dt.timedelta], None]
) -> None:
    later_at(store, 2, "late", "b")
    later_at(store, 1, "early", "a")
    assert jobs.ring(store.db) == 0

    move_clock(dt.timedelta(hours=1))
    assert jobs.ring(store.db) == 1
    move_clock(dt.timedelta(days=9))
    assert jobs.ring(store.db) == 1
    assert jobs.ring(store.db) == 0

    work_off(store, *notebook.jobs, concurrency=1)
    assert notebook.lines == ["early", "late"]


def test_the_same_key_replaces_a_timer(
    store: Store, notebook: Notebook, move_clock: Callable[[dt.timedelta], None]
) -> None:
    later_at(store, 1, "before", "a")
    later_at(store, 3, "instead", "a")

    move_clock(dt.timedelta(hours=2))
    assert jobs.ring(store.db) == 0
    move_clock(dt.timedelta(hours=2))
    assert jobs.ring(store.db) == 1
    work_off(store, *notebook.jobs)
    assert notebook.lines == ["instead"]


def test_a_timer_that_was_cancelled_never_rings(store: Store, move_clock: Callable[[dt.timedelta], None]) -> None:
    later_at(store, 1, "never", "a")
    with store.db.transaction(0) as tx:
        assert jobs.cancel_timer(tx, "a")
        assert not jobs.cancel_timer(tx, "a")

    move_clock(dt.timedelta(hours=2))
    assert jobs.ring(store.db) == 0


def test_two_tickers_ring_each_timer_once(store: Store, move_clock: Callable[[dt.timedelta], None]) -> None:
    for n in range(40):
        later_at(store, 1, f"line {n}", f"timer {n}")
    move_clock(dt.timedelta(hours=2))
    rung: list[int] = []
    tickers = [threading.Thread(target=lambda: rung.append(jobs.ring(store.db, limit=30))) for _ in range(3)]
    for ticker in tickers:
        ticker.start()
    for ticker in tickers:
        ticker.join()

    assert sum(rung) + jobs.ring(store.db) == 40
    assert sorted(rows(store, "args ->> 'line'")) == sorted(f"line {n}" for n in range(40))


# Workers that died


def let_pass(store: Store, seconds: float) -> None:
    """Make every heartbeat so much older."""
    with store.db.transaction(0) as tx:
        tx.run("update procrastinate_workers set last_heartbeat = last_heartbeat - %(s)s * interval '1 s'", s=seconds)


def look_after(store: Store) -> None:
    """One look of another worker's caretaker."""

    async def look() -> None:
        app = worker.build_app(store, [], connections=1)
        async with app.open_async():
            await worker.take_over(app)

    asyncio.run(look())


def test_the_jobs_of_a_dead_worker_are_taken_over_within_30_seconds(store: Store, notebook: Notebook) -> None:
    write(store, "taken over", lock="one")
    write(store, "behind it", lock="one")
    fetch(store)
    work_off(store, *notebook.jobs)
    assert notebook.lines == []  # the lock is the dead worker's

    let_pass(store, worker.DEAD_AFTER_SECONDS - 1)
    look_after(store)
    assert rows(store) == ["doing", "todo"]  # it may be alive

    let_pass(store, 1.5)
    look_after(store)
    work_off(store, *notebook.jobs, concurrency=1)
    assert notebook.lines == ["taken over", "behind it"]

    poll_seconds = 5  # of a worker that got no notice
    assert worker.DEAD_AFTER_SECONDS + 2 * worker.HEARTBEAT_SECONDS + poll_seconds < 30


def test_a_worker_that_died_is_no_failure_of_its_job(store: Store, notebook: Notebook) -> None:
    notebook.fails = [ValueError("no"), ValueError("no")]
    write(store, "x")
    for _ in range(4):
        fetch(store)
        let_pass(store, 60)
        look_after(store)
    for _ in range(3):
        work_off(store, *notebook.jobs)
        make_due(store)
    assert notebook.lines == ["x", "x", "x"]  # a job of two retries, begun seven times
    assert rows(store) == []
    assert rows_of_trouble(store) == []


@pytest.mark.parametrize("ends", [True, False], ids=["ended", "left as failed"])
def test_a_job_whose_workers_die_is_given_up_one_day(store: Store, notebook: Notebook, ends: bool) -> None:
    given_up: list[str] = []
    kind = Job("test.write", notebook.write, give_up=(lambda _, why, line: given_up.append(why)) if ends else None)
    write(store, "deadly")
    for _ in range(trouble.MOST_DEATHS):
        make_due(store)
        fetch(store)
        let_pass(store, 60)
        look_after(store)
    assert rows_of_trouble(store) == [(0, trouble.MOST_DEATHS)]
    assert rows(store, "scheduled_at > clock_timestamp() + interval '9 min'") == [True]  # others get something done
    make_due(store)
    work_off(store, kind)
    assert (notebook.lines, given_up) == ([], [trouble.WHY] if ends else [])
    assert rows(store) == ([] if ends else ["failed"])


def test_two_that_look_after_a_dead_worker_let_its_job_run_once(store: Store) -> None:
    write(store, "once")
    fetch(store)
    let_pass(store, 60)

    async def look() -> list[bool]:
        app = worker.build_app(store, [], connections=1)
        async with app.open_async():
            [seen_by_both] = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=worker.DEAD_AFTER_SECONDS)
            first = await worker._run_again(app, seen_by_both, died=True)  # pyright: ignore[reportPrivateUsage]
            await asyncio.to_thread(fetch, store)  # somebody alive has it now
            return [first, await worker._run_again(app, seen_by_both, died=True)]  # pyright: ignore[reportPrivateUsage]

    assert asyncio.run(look()) == [True, False]
    assert rows(store) == ["doing"]


def test_a_dead_workers_job_gives_way_to_one_of_its_key_that_waits(store: Store, notebook: Notebook) -> None:
    write(store, "begun", key="settle")
    write(store, "free")
    fetch(store)
    write(store, "waits", key="settle")

    let_pass(store, 60)
    look_after(store)
    work_off(store, *notebook.jobs, concurrency=1)
    assert sorted(notebook.lines) == ["free", "waits"]
    assert rows(store) == []


def test_a_job_whose_end_could_not_be_noted_is_run_again(store: Store, notebook: Notebook) -> None:
    """The database was restarted between a job's last word and the note that it is done: its worker lives on."""
    write(store, "again")

    async def look_twice() -> None:
        app = worker.build_app(store, notebook.jobs, connections=2)
        async with app.open_async():
            idle = worker._Worker(app)
            idle.worker_id = await app.job_manager.register_worker()
            await app.job_manager.fetch_job(queues=None, worker_id=idle.worker_id)
            missing = await worker._take_up(app, idle, set())
            assert rows(store) == ["doing"]  # it could just be on its way to the worker
            await worker._take_up(app, idle, missing)

    asyncio.run(look_twice())
    work_off(store, *notebook.jobs)
    assert notebook.lines == ["again"]


def test_a_worker_that_loses_the_database_says_so_and_is_no_quiet_idler(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ConnectorException

    monkeypatch.setattr(JobManager, "update_heartbeat", away)
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.5)
    with pytest.raises(worker.WorkerStopped):
        asyncio.run(asyncio.wait_for(worker.run(store, [], concurrency=1, wait=True), 60))
