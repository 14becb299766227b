"""Connections that outlive the stores of tests: a new one costs the database as much as a small test does.

What a backend knows of tables and statements stays true from test to test, as it does in a server that runs for long.
"""

import threading
from collections import defaultdict
from typing import Any, Self

from psycopg import AsyncConnection, pq
from psycopg.abc import PQGenConn
from psycopg.pq.abc import PGconn

from penstock.store.wire import Line

_MOST = 4
"""Kept for each way to connect."""
_AS_NEW = b"reset all; unlisten *; select pg_advisory_unlock_all()"
_UNPREPARED = b"deallocate all; " + _AS_NEW


class KeptLine(Line):
    """A connection whose closing ends nothing: the next one that is opened goes on with it."""

    _way = ""
    _is_kept = False

    @classmethod
    def connect(cls, conninfo: str = "", **given: Any) -> Self:
        way = f"{conninfo} {given.get('application_name')}"
        if (taken := _taken(way, _AS_NEW)) is None:
            line = super().connect(conninfo, **given)
        else:
            line = cls(taken[0])
            # Whatever `Database` sets on a connection, it sets again.
            line.autocommit = True
            line.wire._names, line.wire._count = taken[1]
        line._way = way
        return line

    @property
    def closed(self) -> bool:
        return self._is_kept or super().closed

    def close(self) -> None:
        if not self._is_kept:
            self._is_kept = _put(self._way, self.pgconn, (self.wire._names, self.wire._count))
            if not self._is_kept:
                super().close()


class KeptForJobs(AsyncConnection[Any]):
    """The same for the worker of jobs, which every `drain` starts anew, and which prepares its statements anew, too."""

    _way = ""
    _is_kept = False

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        taken = _taken(conninfo, _UNPREPARED)
        connection = (yield from super()._connect_gen(conninfo)) if taken is None else cls(taken[0])
        connection._way = conninfo
        return connection

    @property
    def closed(self) -> bool:
        return self._is_kept or super().closed

    async def close(self) -> None:
        if not self._is_kept:
            self._is_kept = _put(self._way, self.pgconn, None)
            if not self._is_kept:
                await super().close()


def kept_backends() -> list[int]:
    """The processes of the database behind connections that nobody has now."""
    with _lock:
        return [one.backend_pid for kept in _kept.values() for one, _ in kept]


def end_kept() -> None:
    """Close those connections."""
    for kept in _kept.values():
        while kept:
            kept.pop()[0].finish()


def _taken(way: str, renewing: bytes) -> tuple[PGconn, Any] | None:
    """A kept connection that is as a new one, and what was remembered of it."""
    while True:
        with _lock:
            taken = _kept[way].pop() if _kept[way] else None
        if taken is None:
            return None
        if taken[0].exec_(renewing).status == pq.ExecStatus.TUPLES_OK:
            while taken[0].notifies():
                pass
            return taken
        taken[0].finish()


def _put(way: str, connection: PGconn, remembered: Any) -> bool:
    """Keep a connection that is at nothing, where not enough are kept; whether it is."""
    is_idle = connection.transaction_status == pq.TransactionStatus.IDLE and not connection.pipeline_status
    with _lock:
        if is_kept := is_idle and len(_kept[way]) < _MOST:
            _kept[way].append((connection, remembered))
    return is_kept


_kept: defaultdict[str, list[tuple[PGconn, Any]]] = defaultdict(list)
_lock = threading.Lock()
