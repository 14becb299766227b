"""Helpers of a worker: more processes for bulk jobs while many of them wait: imports and exports use every core.

A helper is a worker like any other, for bulk jobs and parts of exports: whoever outlives it takes its jobs over. It
ends with its worker.

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
from penstock.engine import HELPED_QUEUES
from penstock.jobs import backlog
from penstock.jobs.niceness import NICENESS
from penstock.server.child import Child
from penstock.store import Database
from penstock.store.db import DatabaseAway

logger = logging.getLogger(__name__)

HELPER = (sys.executable, "-m", "penstock.server.worker", "bulk")
LOOK_SECONDS = 1.0
MANY = 4  #: so many jobs waiting for each process that is there are worth one more
LINGER_SECONDS = 3.0  #: with nothing left to do. A start takes a second of a core; who stays slows the claims
START_SECONDS = 4.0  #: the worker takes such jobs on until the first helper is up, also where cores are short
STALLED_SECONDS = 5.0  #: when nobody has one of the jobs for so long, the worker takes them itself again
_MOST = 3


def room() -> int:
    """How many helpers this machine has cores for: none where there is one core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST) if cores > 1 else 0


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
        was_full = False
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                found = backlog.of(self._db, *HELPED_QUEUES)
            except (DatabaseAway, psycopg.Error) as error:
                logger.warning("the database is away, so no helper comes or goes: %s", error)
                continue
            now = time.monotonic()
            busy = busy if found.is_empty else now
            moved = now if found.running or not found.waiting else moved
            is_full = found.running >= self._slots
            # A scan that shares its process with the chunks it made may never be far ahead of them.
            many = found.waiting >= MANY * (len(self._helpers) + 1) or (is_full and was_full and not self._helpers)
            was_full = is_full
            if len(self._helpers) < self._most and many:
                began = began if self._helpers else now
                helper = Child(HELPER, self._told, niceness=NICENESS)
                helper.start()
                self._helpers.append(helper)
                moved = now
            elif now - busy > LINGER_SECONDS:
                self._let_go()
            is_theirs = bool(self._helpers) and now - began >= START_SECONDS and now - moved <= STALLED_SECONDS
            self._share(not is_theirs)
        self._let_go()

    def _let_go(self) -> None:
        self._share(True)
        leaving = [threading.Thread(target=helper.stop) for helper in self._helpers]
        for one in leaving:
            one.start()
        for one in leaving:
            one.join()
        self._helpers.clear()
