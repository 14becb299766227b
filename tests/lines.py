"""Connections that outlive the stores of tests: a new one costs the database as much as a small test does.

What a backend knows of tables and statements stays true from test to test, as it does in a server that runs for long.
"""

import threading
from collections import defaultdict
from typing import Any, Self

from psycopg import pq

from penstock.store.wire import Line, Wire

_MOST = 4
"""Kept for each way to connect."""
_AS_NEW = b"reset all; unlisten *; select pg_advisory_unlock_all()"


class KeptLine(Line):
    """A connection whose closing ends nothing: the next one that is opened goes on with it."""

    _way = ""
    _is_kept = False

    @classmethod
    def connect(cls, conninfo: str = "", **given: Any) -> Self:
        way = f"{conninfo} {given.get('application_name')}"
        while (wire := _taken(way)) is not None:
            line = cls(wire._pg)
            # Whatever `Database` sets on a connection, it sets again.
            if line.pgconn.exec_(_AS_NEW).status == pq.ExecStatus.TUPLES_OK:
                while line.pgconn.notifies():
                    pass
                line.autocommit = True
                line.wire._names, line.wire._count = wire._names, wire._count
                break
            line.pgconn.finish()
        else:
            line = super().connect(conninfo, **given)
        line._way = way
        return line

    @property
    def closed(self) -> bool:
        return self._is_kept or super().closed

    def close(self) -> None:
        if self._is_kept:
            return
        is_idle = self.pgconn.transaction_status == pq.TransactionStatus.IDLE
        with _lock:
            self._is_kept = is_idle and not self.pgconn.pipeline_status and len(_kept[self._way]) < _MOST
            if self._is_kept:
                _kept[self._way].append(self.wire)
                return
        super().close()


def kept_backends() -> list[int]:
    """The processes of the database behind connections that nobody has now."""
    with _lock:
        return [wire._pg.backend_pid for wires in _kept.values() for wire in wires]


def end_kept() -> None:
    """Close those connections."""
    for wires in _kept.values():
        while wires:
            wires.pop()._pg.finish()


def _taken(way: str) -> Wire | None:
    with _lock:
        return _kept[way].pop() if _kept[way] else None


_kept: defaultdict[str, list[Wire]] = defaultdict(list)
_lock = threading.Lock()
