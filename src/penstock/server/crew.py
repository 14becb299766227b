"""Helpers of a worker: more processes for bulk jobs while many of them wait: imports and exports use every core.

A helper is a worker like any other, for bulk jobs and parts of exports: whoever outlives it takes its jobs over. It
ends with its worker. A start takes more than a second of a core, so one is made ready while there is nothing to do: a
process that has imported what it needs and waits for its settings, without a connection to the database.

While there are helpers, the worker itself leaves these jobs to them. It goes on with what it has at hand, such as the
scan of a set, which reads a little a million times: beside threads that compute, it waited for each read.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable

import psycopg

from penstock.core import Settings
from penstock.engine import BULK_QUEUE
from penstock.export import parts
from penstock.jobs import backlog
from penstock.jobs.backlog import Backlog
from penstock.jobs.niceness import NICENESS
from penstock.server.child import Child
from penstock.store import Database
from penstock.store.db import DatabaseAway

logger = logging.getLogger(__name__)

HELPER = (sys.executable, "-m", "penstock.server.worker", "bulk")
LOOK_SECONDS = 0.5
MANY = 4  #: so many jobs waiting for each process that is there are worth one more
PATIENCE_SECONDS = 10.0  #: parts of an export wait so long for one that isn't ready: most exports are over by then
LINGER_SECONDS = 3.0  #: with nothing left to do, before they go and one is made ready: who stays slows the claims
START_SECONDS = 4.0  #: the worker takes such jobs on until the first helper is up, also where cores are short
STALLED_SECONDS = 5.0  #: when nobody has one of the jobs for so long, the worker takes them itself again
_MOST = 3


def room() -> int:
    """How many helpers this machine has cores for: none where there is one core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST) if cores > 1 else 0


class Wants:
    """Whether the jobs that wait are worth a helper."""

    def __init__(self, slots: int) -> None:
        """`slots` is how many jobs the worker has at hand."""
        self._slots = slots
        self._bulk = self._shared = Backlog(0, 0)
        self._lasts = self._was_full = self._is_full = False
        self._shared_since: float | None = None

    def look(self, bulk: Backlog, shared: Backlog, now: float) -> None:
        """Look at what there is: bulk jobs, and parts of exports."""
        self._lasts = bool(self._bulk.running and bulk.running)
        self._was_full, self._is_full = self._is_full, bulk.running + shared.running >= self._slots
        self._bulk, self._shared = bulk, shared
        self._shared_since = (self._shared_since or now) if shared.waiting else None

    def one_more(self, helpers: int, is_ready: bool, now: float) -> bool:
        """Where there are so many already. One that is ready comes sooner than one that has to be started."""
        many = MANY * (helpers + 1)
        if is_ready and not helpers:
            return self._lasts or self._bulk.waiting + self._shared.waiting >= many
        if self._was_full and self._is_full and not helpers:
            return True  # a scan that shares its process with the chunks it made may never be far ahead of them
        waited = self._shared_since is not None and now - self._shared_since >= PATIENCE_SECONDS
        return self._bulk.waiting + self._shared.waiting * waited >= many


class Crew:
    """The helpers of one worker: none while there is little to do.

    `share` is told whether the worker itself is to take such jobs, of which it has so many `slots`.
    """

    def __init__(self, db: Database, settings: Settings, share: Callable[[bool], None], slots: int) -> None:
        self._db = db
        self._share = share
        self._slots = slots
        self._told = settings.model_copy(update={"helpers": 0}).model_dump_json().encode()
        self._most = room() if settings.helpers is None else settings.helpers
        self._helpers: list[Child] = []
        self._ready: Child | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="penstock crew", daemon=True)

    @property
    def pids(self) -> list[int]:
        """Of the helpers that are there."""
        return [pid for helper in self._helpers if (pid := helper.pid) is not None]

    def start(self) -> None:
        if self._most > 0:
            self._thread.start()

    def dismiss(self) -> None:
        """Let the helpers finish what they are at, and go. Returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        """Dismiss them, and wait for it. Safe to repeat."""
        self.dismiss()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        busy = moved = began = time.monotonic()
        wants = Wants(self._slots)
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                bulk, shared = backlog.of(self._db, BULK_QUEUE, parts.QUEUE)
            except (DatabaseAway, psycopg.Error) as error:
                logger.warning("the database is away, so no helper comes or goes: %s", error)
                continue
            now = time.monotonic()
            running, waiting = bulk.running + shared.running, bulk.waiting + shared.waiting
            busy = now if running or waiting else busy
            moved = now if running or not waiting else moved
            wants.look(bulk, shared, now)
            if len(self._helpers) < self._most and wants.one_more(len(self._helpers), self._ready is not None, now):
                began = began if self._helpers else now
                self._helpers.append(self._begun())
                moved = now
            elif now - busy > LINGER_SECONDS:
                self._let_go()
                self._make_ready()
            is_theirs = bool(self._helpers) and now - began >= START_SECONDS and now - moved <= STALLED_SECONDS
            self._share(not is_theirs)
        self._let_go()
        if self._ready is not None:
            self._ready.stop()

    def _child(self) -> Child:
        return Child(HELPER, self._told, niceness=NICENESS)

    def _make_ready(self) -> None:
        if self._ready is None:
            self._ready = self._child()
            self._ready.prepare()

    def _begun(self) -> Child:
        helper, self._ready = self._ready or self._child(), None
        helper.start()
        return helper

    def _let_go(self) -> None:
        self._share(True)
        leaving = [threading.Thread(target=helper.stop) for helper in self._helpers]
        for one in leaving:
            one.start()
        for one in leaving:
            one.join()
        self._helpers.clear()
