"""Helpers of a worker: there while many bulk jobs wait, back when killed, gone when nothing is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from penstock import jobs
from penstock.jobs import backlog
from penstock.jobs.backlog import Backlog
from penstock.server import child, crew
from penstock.server.crew import Crew
from penstock.store import Store

_SCRIPT = "import sys; sys.stdin.readline(); sys.stdin.read()"


def until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not true():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.02)


def ask_for(store: Store, count: int) -> None:
    with store.db.transaction(0) as tx:
        for n in range(count):
            jobs.later(tx, "test.bulk", queue="bulk", line=n)


def begun() -> list[int]:
    """Processes that are there, told or not."""
    found: list[int] = []
    for one in psutil.Process().children():
        with suppress(psutil.Error):  # it ended meanwhile
            found += [one.pid] if _SCRIPT in one.cmdline() else []
    return found


def take_all(store: Store) -> None:
    """Have somebody at each job."""
    with store.db.transaction(0) as tx:
        tx.run("update procrastinate_jobs set status = 'doing'")


def forget_all(store: Store) -> None:
    with store.db.transaction(0) as tx:
        tx.run("delete from procrastinate_jobs")


def test_helpers_come_with_the_work_and_go_with_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "HELPER", (sys.executable, "-c", _SCRIPT))
    monkeypatch.setattr(crew, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(crew, "LINGER_SECONDS", 0.2)
    monkeypatch.setattr(crew, "START_SECONDS", 0.0)
    monkeypatch.setattr(crew, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(child, "_PAUSES", (0.02,))
    shares: list[bool] = []
    found = Crew(store.db, store.settings.model_copy(update={"helpers": 2}), shares.append, 4)
    ask_for(store, crew.MANY - 1)
    assert backlog.of(store.db, "bulk", "default") == [(crew.MANY - 1, 0), (0, 0)]
    found.start()
    try:
        time.sleep(0.2)
        assert found.pids == []
        ask_for(store, 1)
        until(lambda: len(found.pids) == 1)
        until(lambda: False in shares)
        [first] = found.pids
        os.kill(first, signal.SIGKILL)
        until(lambda: found.pids not in ([], [first]))
        until(lambda: shares[-1])  # nobody has one of the jobs: the worker does without helpers
        ask_for(store, 3 * crew.MANY)
        until(lambda: len(found.pids) == 2)
        helpers = found.pids
        forget_all(store)
        until(lambda: not any(map(psutil.pid_exists, helpers)))
        assert found.pids == []
        ask_for(store, crew.MANY)
        until(lambda: len(found.pids) == 1)
        helpers = found.pids
    finally:
        found.stop()
    assert not any(map(psutil.pid_exists, helpers))


def test_a_helper_comes_where_every_slot_is_taken_for_a_while(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "HELPER", (sys.executable, "-c", _SCRIPT))
    monkeypatch.setattr(crew, "LOOK_SECONDS", 0.02)
    found = Crew(store.db, store.settings.model_copy(update={"helpers": 2}), lambda _: None, 3)
    ask_for(store, 2)
    take_all(store)
    found.start()
    try:
        time.sleep(0.2)
        assert found.pids == []
        ask_for(store, 1)
        take_all(store)
        until(lambda: len(found.pids) == 1)
        time.sleep(0.2)
        assert len(found.pids) == 1  # nothing waits for another
    finally:
        found.stop()


def test_one_is_made_ready_and_comes_as_soon_as_a_job_lasts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "HELPER", (sys.executable, "-c", _SCRIPT))
    monkeypatch.setattr(crew, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(crew, "LINGER_SECONDS", 0.1)
    monkeypatch.setattr(child, "_PAUSES", (0.02,))
    found = Crew(store.db, store.settings.model_copy(update={"helpers": 2}), lambda _: None, 4)
    found.start()
    try:
        until(lambda: len(begun()) == 1)
        [killed] = begun()
        os.kill(killed, signal.SIGKILL)
        until(lambda: begun() not in ([], [killed]))
        assert found.pids == []
        ready = begun()
        ask_for(store, 1)
        take_all(store)
        until(lambda: found.pids == ready)
        time.sleep(0.2)
        assert begun() == ready  # another one only when there is nothing to do
        forget_all(store)
        until(lambda: not any(map(psutil.pid_exists, ready)))
        until(lambda: len(begun()) == 1)
        assert found.pids == []
    finally:
        found.stop()
    assert begun() == []


def test_one_that_is_ready_ends_quietly_when_nobody_tells_it_anything() -> None:
    ended = subprocess.run(crew.HELPER, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


NONE, ONE_RUNS = Backlog(0, 0), Backlog(0, 1)
SOME_WAIT = Backlog(crew.MANY, 0)


@pytest.mark.parametrize(
    ("looks", "ready", "cold"),
    [
        ([(NONE, NONE)], False, False),
        ([(ONE_RUNS, NONE)], False, False),
        ([(ONE_RUNS, NONE), (ONE_RUNS, NONE)], True, False),
        ([(ONE_RUNS, NONE), (NONE, NONE), (ONE_RUNS, NONE)], False, False),
        ([(SOME_WAIT, NONE)], True, True),
        ([(ONE_RUNS, SOME_WAIT)], True, False),  # an export that is over before one has started
        ([(ONE_RUNS, SOME_WAIT)] * 12, True, True),
        ([(ONE_RUNS, SOME_WAIT)] * 10 + [(ONE_RUNS, NONE)] + [(ONE_RUNS, SOME_WAIT)] * 10, True, False),
        ([(Backlog(0, 4), NONE)], False, False),
        ([(Backlog(0, 3), ONE_RUNS)] * 2, True, True),
    ],
)
def test_who_has_to_be_started_comes_later(looks: list[tuple[Backlog, Backlog]], ready: bool, cold: bool) -> None:
    wants = crew.Wants(4)
    for second, (bulk, shared) in enumerate(looks):
        wants.look(bulk, shared, 1000.0 + second)
    assert wants.one_more(0, is_ready=True, now=999.0 + len(looks)) == ready
    assert wants.one_more(0, is_ready=False, now=999.0 + len(looks)) == cold


def test_where_the_settings_allow_none_the_worker_does_it_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "LOOK_SECONDS", 0.02)
    shares: list[bool] = []
    alone = Crew(store.db, store.settings.model_copy(update={"helpers": 0}), shares.append, 4)
    ask_for(store, 10 * crew.MANY)
    alone.start()
    time.sleep(0.1)
    assert (alone.pids, shares) == ([], [])
    alone.stop()
