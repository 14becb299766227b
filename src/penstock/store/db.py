"""The database: a pool of connections and the one way to open a transaction.

A connection that died while it lay in the pool is replaced before anything was done on it, so that a restart of the
database is invisible to whoever asks next. A failure later on is the caller's to see: its commit may have happened.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import msgspec
import psycopg
import psycopg.types.json
import psycopg_pool

from penstock.core import Unavailable
from penstock.store.transaction import Connection, Transaction, VersionTooYoung, horizon

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
    return isinstance(error, DatabaseAway)


class Database:
    """Transactions on one PostgreSQL database. Safe to share between threads."""

    def __init__(
        self, dsn: str, *, size: int = 24, revive: Callable[[], None] | None = None, application: str = "penstock"
    ) -> None:
        self.dsn = dsn
        self._revive = revive
        self._memory: dict[Any, Any] = {}
        self._pool: psycopg_pool.ConnectionPool[Connection] = psycopg_pool.ConnectionPool(
            dsn,
            connection_class=psycopg.Connection[tuple[Any, ...]],
            min_size=1,
            max_size=size,
            max_idle=60,
            open=True,
            timeout=REVIVE_SECONDS,
            reconnect_timeout=0,
            configure=_configure,
            kwargs={"application_name": application, "autocommit": True},
        )

    def close(self) -> None:
        self._pool.close()

    def connect(self) -> Connection:
        """A connection of one's own in autocommit, to listen or to copy. Close it."""
        conn = psycopg.Connection[tuple[Any, ...]].connect(self.dsn, autocommit=True)
        _configure(conn)
        return conn

    @contextmanager
    def transaction(self, project: int, actor: int | None = None) -> Generator[Transaction]:
        """One commit. Everything in the block happens, with its events, or nothing does."""
        conn = self._begin("begin")
        if len(self._memory) > MOST_REMEMBERED:
            self._memory.clear()
        tx = Transaction(conn, project, actor, self._memory)
        try:
            yield tx
            tx.flush()
            conn.execute("commit")
        except BaseException:
            _roll_back(conn)
            raise
        finally:
            self._pool.putconn(conn)

    @contextmanager
    def snapshot(self, project: int) -> Generator[Transaction]:
        """A read-only transaction that sees one moment throughout."""
        conn = self._begin("begin isolation level repeatable read read only")
        try:
            yield Transaction(conn, project, None, self._memory)
            conn.execute("commit")
        except BaseException:
            _roll_back(conn)
            raise
        finally:
            self._pool.putconn(conn)

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
            pause = min(pause * 1.5, 0.05)

    def _begin(self, statement: LiteralString) -> Connection:
        give_up = time.monotonic() + REVIVE_SECONDS
        while True:
            try:
                conn = self._pool.getconn(timeout=1.0 if self._revive else REVIVE_SECONDS)
            except psycopg_pool.PoolTimeout as error:
                self._raise_when_late(give_up, error)
                continue
            try:
                conn.execute(statement)
                return conn
            except psycopg.OperationalError as error:
                conn.close()
                self._pool.putconn(conn)
                self._raise_when_late(give_up, error)
                time.sleep(0.02)

    def _raise_when_late(self, give_up: float, error: Exception) -> None:
        if time.monotonic() > give_up:
            raise DatabaseAway(why=str(error).strip() or type(error).__name__) from error
        if self._revive:
            try:
                self._revive()
            except Unavailable as refusal:
                raise DatabaseAway(why=refusal.detail) from refusal


def _configure(conn: Connection) -> None:
    conn.execute("set idle_in_transaction_session_timeout = '60s'")
    conn.execute("set timezone = 'UTC'")


def _roll_back(conn: Connection) -> None:
    try:
        if not conn.closed:
            conn.execute("rollback")
    except psycopg.Error:
        # The connection is gone, and with it the transaction.
        conn.close()


def set_offset(tx: Transaction, offset: dt.timedelta) -> None:
    """Move the installation's clock. For tests alone."""
    tx.run("update clock set offset_by = %(offset)s", offset=offset)
