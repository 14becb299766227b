"""Declaring a job, and asking for one from inside a transaction."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from penstock.store import Database, Store, Transaction

DEFAULT_QUEUE = "default"
"""What people wait for. Jobs of other queues run nicely."""
BULK_PRIORITY = -10
"""Whatever a person waits for goes before the thousands of chunks of a bulk import."""


def _never() -> bool:
    return False


def _alike(_queue: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Work:
    """What a running job has at hand."""

    store: Store
    tries: int = 0  #: how often it failed before; a database that was away and a worker that died don't count
    should_stop: Callable[[], bool] = _never
    """Whether the worker is stopping and won't wait longer. A job that can take minutes asks now and then."""
    apart: Callable[[str], AbstractContextManager[None]] = _alike
    """Within `apart(queue)`, this worker leaves the jobs of a queue to others."""

    @property
    def db(self) -> Database:
        return self.store.db


@dataclass(frozen=True)
class Job:
    """A kind of background work. `run(work, **args)` may be called again from its beginning at any time."""

    name: str
    run: Callable[..., None]
    queue: str = DEFAULT_QUEUE
    retries: int = 5
    wait_seconds: int = 1  #: before the first retry; doubles each time
    only: type[Exception] = field(default=Exception)  #: the errors worth a retry
    give_up: Callable[..., None] | None = None
    """`give_up(work, why, **args)` ends what the job was to do, when too many workers died while it ran. A job without
    one stays as failed, which `doctor` tells.
    """


def later(
    tx: Transaction,
    job: str,
    *,
    queue: str = DEFAULT_QUEUE,
    lock: str | None = None,
    key: str | None = None,
    **args: Any,
) -> bool:
    """Enqueue a job when this transaction commits; False when one with the same `key` is waiting already.

    The one that waits is held until this transaction has ended, so it sees what is done here. Jobs with the same `lock`
    run one at a time, in order.
    """
    from penstock.jobs.writing import write  # noqa: PLC0415 lazy: a twentieth of a server's start

    priority = BULK_PRIORITY if queue == "bulk" else 0
    return write(tx, job, args, queue=queue, priority=priority, lock=lock, key=key)
