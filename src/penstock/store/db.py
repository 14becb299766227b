"""The database: a pool of connections and the one way to open a transaction.

A connection that died while it lay in the pool is replaced before anything was done on it, so that a restart of the
database is invisible to whoever asks next. A failure later on is the caller's to see: its commit may have happened.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
import psycopg
import psycopg.types.json
import psycopg_pool
from psycopg import pq

from penstock.core import Unavailable
from penstock.store.news import News
from penstock.store.transaction import Transaction, VersionTooYoung, horizon
from penstock.store.wire import Line

T = TypeVar("T")
log = logging.getLogger(__name__)

psycopg.types.json.set_json_loads(msgspec.json.decode)
psycopg.types.json.set_json_dumps(msgspec.json.encode)

REVIVE_SECONDS = 15.0
MOST_REMEMBERED = 10_000
_RETRIES = 5
_UNDONE = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


class DatabaseAway(Unavailable):
    """The database can't be reached: {why}. It is tried again at the next call; `penstock doctor` says more."""


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the database, or the connection to it, went away: try again, and nothing is wrong."""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    # A machine that slept within a transaction finds its connection ended.
    return isinstance(error, DatabaseAway | psycopg.errors.IdleInTransactionSessionTimeout)


class Database:
    """Transactions on one PostgreSQL database. Safe to share between threads."""

    def __init__(
        self, dsn: str, *, size: int = 24, revive: Callable[[], None] | None = None, application: str = "penstock"
    ) -> None:
        self.dsn = dsn
        self._revive = revive
        self._memory: dict[Any, Any] = {}
        self._pool: psycopg_pool.ConnectionPool[Line] = psycopg_pool.ConnectionPool(
            dsn,
            connection_class=Line,
            min_size=1,
            max_size=size,
            max_idle=60,
            open=True,
            timeout=REVIVE_SECONDS,
            reconnect_timeout=0,
            configure=_configure,
            kwargs={"application_name": application, "autocommit": True},
        )
        self._news = News(self._pool)

    def close(self) -> None:
        self._news.close()
        self._pool.close()

    def connect(self) -> Line:
        """A connection of one's own in autocommit, to listen or to copy. Close it."""
        conn = Line.connect(self.dsn, autocommit=True)
        _configure(conn)
        return conn

    @contextmanager
    def transaction(self, project: int, actor: int | None = None) -> Generator[Transaction]:
        """One commit. Everything in the block happens, with its events, or nothing does."""
        if len(self._memory) > MOST_REMEMBERED:
            self._memory.clear()
        with self._opened(project, actor, b"begin") as tx:
            yield tx
            tx.commit()
        if tx.has_news:
            self._news.tell(project)

    @contextmanager
    def snapshot(self, project: int) -> Generator[Transaction]:
        """A read-only transaction that sees one moment throughout."""
        with self._opened(project, None, b"begin isolation level repeatable read read only") as tx:
            yield tx
            tx.commit()

    @contextmanager
    def _opened(self, project: int, actor: int | None, opening: bytes) -> Generator[Transaction]:
        give_up = time.monotonic() + REVIVE_SECONDS
        held = [self._borrow(give_up)]

        def renew(error: psycopg.OperationalError) -> Line:
            """Another connection for one that was lost; any other error is raised again."""
            if not (held[0].closed or is_away(error)):
                raise error
            held[0].close()
            self._pool.putconn(held.pop())
            self._raise_when_late(give_up, error)
            time.sleep(0.02)
            held.append(self._borrow(give_up))
            return held[0]

        try:
            yield Transaction(held[0], project, actor, self._memory, opening=opening, renew=renew)
        finally:
            for line in held:
                _undo(line)
                self._pool.putconn(line)

    def perform(self, verb: Callable[[Transaction], T], project: int, actor: int | None = None) -> T:
        """Run a verb in a transaction of its own; once more when the database undid it to break a deadlock."""
        for left in reversed(range(_RETRIES)):
            try:
                with self.transaction(project, actor) as tx:
                    return verb(tx)
            except _UNDONE:
                if not left:
                    raise
                time.sleep(0.005 * (_RETRIES - left))
        raise AssertionError("unreachable")

    def settle(self, project: int, seq: int, timeout_seconds: float = 10.0) -> None:
        """Wait until everything up to `seq` has committed. Raises VersionTooYoung when that takes too long."""
        give_up = time.monotonic() + timeout_seconds
        pause = 0.001
        while True:
            with self.transaction(project) as tx:
                if horizon(tx) >= seq:
                    return
            if time.monotonic() > give_up:
                raise VersionTooYoung(seq=seq, seconds=timeout_seconds)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.01)

    def _borrow(self, give_up: float) -> Line:
        while True:
            try:
                return self._pool.getconn(timeout=1.0 if self._revive else REVIVE_SECONDS)
            except psycopg_pool.PoolTimeout as error:
                self._raise_when_late(give_up, error)

    def _raise_when_late(self, give_up: float, error: Exception) -> None:
        if time.monotonic() > give_up:
            raise DatabaseAway(why=str(error).strip() or type(error).__name__) from error
        if self._revive:
            try:
                self._revive()
            except Unavailable as refusal:
                raise DatabaseAway(why=refusal.detail) from refusal
            except OSError as trouble:  # of the machine: no memory for another process, no descriptor left
                raise DatabaseAway(why=trouble) from trouble


def _configure(conn: Line) -> None:
    conn.execute("set idle_in_transaction_session_timeout = '60s'")
    conn.execute("set timezone = 'UTC'")


def _undo(line: Line) -> None:
    """Roll back what wasn't committed; a connection that is gone took its transaction with it."""
    try:
        if not line.closed and line.pgconn.transaction_status != pq.TransactionStatus.IDLE:
            line.wire.rollback()
    except psycopg.Error:
        line.close()


def set_offset(tx: Transaction, offset: dt.timedelta) -> None:
    """Move the installation's clock. For tests alone."""
    tx.run("update clock set offset_by = %(offset)s", offset=offset)
