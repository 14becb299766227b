"""Writing a job into the queue, through our own connection: apart from the port, whose users need no Procrastinate."""

from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import JobDeferrer

from penstock.store import Transaction

# A second app with a sync connector, without tasks and never opened: it only writes jobs through our own connection
# (DESIGN 4.10). Tasks are named by string, so that an earlier room never imports a later one.
_writer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def write(
    tx: Transaction, job: str, args: dict[str, Any], *, queue: str, priority: int, lock: str | None, key: str | None
) -> bool:
    """Enqueue a job when this transaction commits; False when one with the same `key` is waiting already."""
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
