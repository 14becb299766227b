"""Wakes whoever follows the log: tells, after commits, which projects something happened in.

PostgreSQL holds one lock over all commits that notify, until they are on disk: eight people's saves then wait for one
another, and not for the disk together. So nothing notifies inside its own transaction. What a killed process had no
time to tell is found by the followers' own looking, once a second.
"""

import logging
import threading
import time

import psycopg
import psycopg_pool

from penstock.store.wire import Line

logger = logging.getLogger(__name__)

CHANNEL = "penstock"
GATHER_SECONDS = 0.02  #: after a telling, for so long, what comes is gathered for the next


class News:
    """Tells in the background, soon after the first commit and then gathered. Safe to share between threads."""

    def __init__(self, pool: "psycopg_pool.ConnectionPool[Line]") -> None:
        self._pool = pool
        self._projects: set[int] = set()
        self._changed = threading.Condition()
        self._is_open = True
        self._thread: threading.Thread | None = None

    def tell(self, project: int) -> None:
        """Something was committed in this project. Never waits, never fails."""
        with self._changed:
            self._projects.add(project)
            if self._thread is None and self._is_open:
                self._thread = threading.Thread(target=self._run, name="penstock news", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Tell what is left, and end. Safe to repeat."""
        with self._changed:
            self._is_open = False
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._is_open and not self._projects:
                    self._changed.wait()
                if not self._projects:
                    return
                projects, self._projects = self._projects, set()
            try:
                self._notify(projects)
            except (psycopg.Error, psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed) as error:
                logger.debug("nobody was told of news in projects %s: %s", projects, error)
            time.sleep(GATHER_SECONDS)

    def _notify(self, projects: set[int]) -> None:
        told = ", ".join(f"pg_notify('{CHANNEL}', '{project:d}')" for project in sorted(projects))
        with self._pool.connection(timeout=1.0) as line:
            # Nothing is lost with a notification, so nobody waits for it to be on disk.
            line.pgconn.exec_(f"begin; set local synchronous_commit = off; select {told}; commit".encode())
