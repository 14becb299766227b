"""Declaring a job, and asking for one from inside a transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import JobDeferrer

from penstock.store import Database, Store, Transaction

# A second app with a sync connector, without tasks and never opened: it only writes jobs through our own connection
# (DESIGN 4.10). Tasks are named by string, so that an earlier room never imports a later one.
_writer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


BULK_PRIORITY = -10
"""Whatever a person waits for goes before the thousands of chunks of a bulk import."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Work:
    """What a running job has at hand."""

    store: Store
    tries: int = 0  #: how often it was tried before
    should_stop: Callable[[], bool] = _never
    """Whether the worker is stopping and won't wait longer. A job that can take minutes asks now and then."""

    @property
    def db(self) -> Database:
        return self.store.db


@dataclass(frozen=True)
class Job:
    """A kind of background work. `run(work, **args)` may be called again from its beginning at any time."""

    name: str
    run: Callable[..., None]
    queue: str = "default"
    retries: int = 5
    wait_seconds: int = 1  #: before the first retry; doubles each time
    only: type[Exception] = field(default=Exception)  #: the errors worth a retry


def later(
    tx: Transaction, job: str, *, queue: str = "default", lock: str | None = None, key: str | None = None, **args: Any
) -> bool:
    """Enqueue a job when this transaction commits; False when one with the same `key` is waiting already.

    The one that waits is held until this transaction has ended, so it sees what is done here. Jobs with the same `lock`
    run one at a time, in order.
    """
    priority = BULK_PRIORITY if queue == "bulk" else 0
    deferrer = _writer.configure_task(
        job, queue=queue, lock=lock, queueing_lock=key, priority=priority, connection=tx.conn
    )
    if key is None:
        _defer(deferrer, args)
        return True
    while True:
        try:
            with tx.conn.transaction():
                _defer(deferrer, args)
        except AlreadyEnqueued:
            # Without this, a worker may take it before our commit, and nobody looks again: an import never ended.
            if _hold(tx, key):
                return False
        else:
            return True


def _defer(deferrer: JobDeferrer, args: dict[str, Any]) -> None:
    """Write a job. What the database says is raised as it said it: deadlocks are tried again, lost connections told."""
    try:
        deferrer.defer(**args)
    except ConnectorException as wrapped:
        if isinstance(wrapped.__cause__, psycopg.Error):
            raise wrapped.__cause__ from None
        raise


def _hold(tx: Transaction, key: str) -> bool:
    """Keep workers from the waiting job with this key until the transaction ends; whether it waits still."""
    waiting = "select 1 from procrastinate_jobs where queueing_lock = %(key)s and status = 'todo' for share"
    return bool(tx.values(int, waiting, key=key))
