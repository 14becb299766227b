"""One verb, one transaction: its rows, its events and the jobs it asks for commit together or not at all.

The law of lock order (DESIGN 4.2): every row lock is taken first, the seq is drawn last.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, LiteralString, Protocol, TypeVar, cast

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg.sql import SQL, Composed

from penstock.core import Refusal

T = TypeVar("T")
Query = LiteralString | SQL | Composed
Connection = psycopg.Connection[tuple[Any, ...]]

CHANNEL = "penstock"


class Recordable(Protocol):
    """What a transaction needs of an event; the events themselves live in their rooms."""

    def record(self) -> tuple[str, str, str]:
        """(kind, subject, body as JSON)."""
        ...


class LockAfterSeq(AssertionError):
    """A row lock was asked for after the seq was drawn, which can reverse the order of two transactions' rows."""


class RowMissing(LookupError):
    """A row that must be there is not."""


class Transaction:
    """An open transaction of one project. Verbs take it first and never commit it themselves."""

    def __init__(self, conn: Connection, project: int, actor: int | None, memory: dict[Any, Any] | None = None) -> None:
        self.conn = conn
        self.memory: dict[Any, Any] = {} if memory is None else memory
        """What is immutable once it is committed and was read before, by this process from this database."""
        self.project = project
        self.actor = actor
        self._now: dt.datetime | None = None
        self._seq: int | None = None
        self._events: list[Recordable] = []
        self._checks: list[Callable[[], None]] = []
        self._holds_all = False

    # Reading and writing. Parameters are named, %(like)s; `project` is always among them.

    def all(self, shape: type[T], query: Query, /, **values: Any) -> list[T]:
        """Every row as a `shape`, by column name."""
        with self.conn.cursor(row_factory=class_row(shape)) as cursor:
            return cursor.execute(query, self._named(values)).fetchall()

    def maybe(self, shape: type[T], query: Query, /, **values: Any) -> T | None:
        """The first row, or None."""
        with self.conn.cursor(row_factory=class_row(shape)) as cursor:
            return cursor.execute(query, self._named(values)).fetchone()

    def one(self, shape: type[T], query: Query, /, **values: Any) -> T:
        """The first row. Raises RowMissing when there is none: use it where that would be a defect of ours."""
        row = self.maybe(shape, query, **values)
        if row is None:
            raise RowMissing(query)
        return row

    def values(self, kind: type[T], query: Query, /, **values: Any) -> list[T]:
        """The first column of every row."""
        with self.conn.cursor(row_factory=scalar_row) as cursor:
            return cast(list[T], cursor.execute(query, self._named(values)).fetchall())

    def value(self, kind: type[T], query: Query, /, **values: Any) -> T | None:
        """The first column of the first row, or None."""
        with self.conn.cursor(row_factory=scalar_row) as cursor:
            return cast(T | None, cursor.execute(query, self._named(values)).fetchone())

    def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        """Every row as a plain tuple, for the hot paths."""
        with self.conn.cursor() as cursor:
            return cursor.execute(query, self._named(values)).fetchall()

    def run(self, query: Query, /, **values: Any) -> int:
        """Execute; the number of rows it touched."""
        with self.conn.cursor() as cursor:
            return cursor.execute(query, self._named(values)).rowcount

    def many(self, query: Query, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute once per row, in one round trip."""
        with self.conn.cursor() as cursor:
            cursor.executemany(query, [{"project": self.project, **row} for row in rows])

    def lock(self, shape: type[T], query: Query, /, **values: Any) -> list[T]:
        """Rows read `for no key update` (or `for update`). Raises LockAfterSeq when the seq is drawn already."""
        self.before_seq()
        return self.all(shape, query, **values)

    def before_seq(self) -> None:
        """State that row locks are about to be taken. Raises LockAfterSeq when the seq is drawn already."""
        if self._seq is not None and not self._holds_all:
            raise LockAfterSeq(f"seq {self._seq} is drawn")

    def holds_all(self) -> None:
        """State that this transaction has locked every row that its verbs will lock, so that they may ask again later.

        For one transaction made of many verbs, such as applying a pipeline.
        """
        self._holds_all = True

    def _named(self, values: dict[str, Any]) -> dict[str, Any]:
        values.setdefault("project", self.project)
        return values

    # The clock and the log.

    @property
    def now(self) -> dt.datetime:
        """The installation's time (UTC), the same throughout one transaction."""
        if self._now is None:
            now = self.value(dt.datetime, "select moment()")
            assert now is not None
            self._now = now.astimezone(dt.UTC)
        return self._now

    @property
    def seq(self) -> int:
        """This transaction's revision, drawn at first use. Take every row lock before."""
        if self._seq is None:
            self._seq = self.value(int, "select draw(%(project)s)")
            assert self._seq is not None
        return self._seq

    def adopt_seq(self, seq: int) -> None:
        """Take the revision that a statement of this transaction drew by itself, to save a round trip."""
        assert self._seq is None
        self._seq = seq

    @property
    def is_drawn(self) -> bool:
        return self._seq is not None

    def append(self, event: Recordable) -> None:
        """Write an event when this transaction commits, in order of appending."""
        self._events.append(event)

    @property
    def appended(self) -> tuple[Recordable, ...]:
        return tuple(self._events)

    def flush(self) -> None:
        """Write the appended events and wake the followers. The last statement before the commit."""
        if not self._events:
            return
        events, self._events = self._events, []
        kinds, subjects, bodies = zip(*(event.record() for event in events), strict=True)
        self.run(
            _WRITE_EVENTS if self.is_drawn else _DRAW_AND_WRITE_EVENTS,
            seq=self._seq,
            actor=self.actor,
            kinds=list(kinds),
            subjects=list(subjects),
            bodies=list(bodies),
            channel=str(self.project),
        )


_EVENTS: LiteralString = (
    " from unnest(%(kinds)s::text[], %(subjects)s::text[], %(bodies)s::text[])"
    " with ordinality as e(kind, subject, body, n))"
    " select pg_notify('penstock', %(channel)s)"
)
_INSERT_EVENTS: LiteralString = (
    "written as (insert into event (project, seq, n, kind, subject, body, actor, at) select %(project)s, "
)
_VALUES: LiteralString = ", e.n - 1, e.kind, e.subject, e.body::jsonb, %(actor)s, moment()"
_WRITE_EVENTS: LiteralString = "with " + _INSERT_EVENTS + "%(seq)s" + _VALUES + _EVENTS
_DRAW_AND_WRITE_EVENTS: LiteralString = (
    "with drawn as materialized (select draw(%(project)s) as seq), "
    + _INSERT_EVENTS
    + "(select seq from drawn)"
    + _VALUES
    + _EVENTS
)


class VersionTooYoung(Refusal):
    """Revision {seq} did not settle within {seconds:g} s: a transaction older than it is still open. Try again."""

    status = 503


def horizon(tx: Transaction) -> int:
    """The newest revision below which nothing can appear any more. Statements in this order, on the primary."""
    head = tx.value(int, "select last_value from seq")
    assert head is not None
    announced = tx.values(
        int,
        "select distinct objid::bigint from pg_locks where locktype = 'advisory' and objsubid = 2"
        " and classid = %(project)s::int::oid"
        " and database = (select oid from pg_database where datname = current_database())",
    )
    return min([head, *(unwrap(bound, head) for bound in announced)])


_WRAP = 2**31


def unwrap(bound: int, head: int) -> int:
    """The full revision of an announced bound, of which a lock can hold the low 31 bits only."""
    full = (head & ~(_WRAP - 1)) | bound
    return full if full <= head + _WRAP // 2 else full - _WRAP
