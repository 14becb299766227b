"""One verb, one transaction: its rows, its events and the jobs it asks for commit together or not at all.

The law of lock order (DESIGN 4.2): every row lock is taken first, the seq is drawn last.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple, Protocol, TypeVar

import msgspec
import psycopg

from penstock.core import Refusal
from penstock.store.wire import Line, Query, Rows, Statement

T = TypeVar("T")


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

    def __init__(
        self,
        line: Line,
        project: int,
        actor: int | None,
        memory: dict[Any, Any] | None = None,
        *,
        opening: bytes = b"begin",
        renew: Callable[[psycopg.OperationalError], Line] | None = None,
    ) -> None:
        self.memory: dict[Any, Any] = {} if memory is None else memory
        """What is immutable once it is committed and was read before, by this process from this database."""
        self.project = project
        self.actor = actor
        self._line = line
        self._opening = opening
        self._renew = renew
        self._now: dt.datetime | None = None
        self._seq: int | None = None
        self._is_drawn = False
        self._events: list[Recordable] = []
        self._posted: list[Statement] = []
        self._holds_all = False
        self._has_news = False

    # Reading and writing. Parameters are named, %(like)s; `project` is always among them.

    def all(self, shape: type[T], query: Query, /, **values: Any) -> list[T]:
        """Every row as a `shape`, by column name."""
        return self._execute(query, values).shaped(shape)

    def maybe(self, shape: type[T], query: Query, /, **values: Any) -> T | None:
        """The first row, or None."""
        found = self._execute(query, values).shaped(shape, most=1)
        return found[0] if found else None

    def one(self, shape: type[T], query: Query, /, **values: Any) -> T:
        """The first row. Raises RowMissing when there is none: use it where that would be a defect of ours."""
        row = self.maybe(shape, query, **values)
        if row is None:
            raise RowMissing(query)
        return row

    def values(self, kind: type[T], query: Query, /, **values: Any) -> list[T]:
        """The first column of every row."""
        return self._execute(query, values).all(_first)

    def value(self, kind: type[T], query: Query, /, **values: Any) -> T | None:
        """The first column of the first row, or None."""
        found = self._execute(query, values).all(_first, most=1)
        return found[0] if found else None

    def rows(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]:
        """Every row as a plain tuple, for the hot paths."""
        return self._execute(query, values).all(tuple)

    def run(self, query: Query, /, **values: Any) -> int:
        """Execute; the number of rows it touched."""
        return self._execute(query, values).touched

    def post(self, query: Query, /, **values: Any) -> None:
        """Execute together with the next statement or the commit, in one round trip: a write whose answer nobody needs.

        What goes wrong with it is raised there.
        """
        values.setdefault("project", self.project)
        self._posted.append(Statement(query, values))

    def reuse_plans(self) -> None:
        """Plan statements once a connection, not once an execution. For short verbs that run all the time, whose
        statements find their rows by the same index whatever the values.
        """
        self.post("set local plan_cache_mode = force_generic_plan")

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
        if self._is_drawn and not self._holds_all:
            raise LockAfterSeq("the seq is drawn")

    def holds_all(self) -> None:
        """State that this transaction has locked every row that its verbs will lock, so that they may ask again later.

        For one transaction made of many verbs, such as applying a pipeline.
        """
        self._holds_all = True

    def begin(self) -> None:
        """Begin in a round trip of its own. Then the first statement's answer comes in a single call, which lets other
        threads go on; behind a begin, a large one comes in pieces, each of which waits until they let go.
        """
        _ = self.conn

    @property
    def conn(self) -> Line:
        """The connection, inside the transaction: for cursors, copies and savepoints."""
        if self._posted:
            self._send(self._take_posted())
        while self._opening:
            try:
                self._line.wire.begin(self._opening)
                self._opening = b""
            except psycopg.OperationalError as error:
                self._replace_line(error)
        return self._line

    def execute(self, statements: Sequence[Statement]) -> list[Rows]:
        """Execute in one round trip; what each answered."""
        return self._send([*self._take_posted(), *statements])[-len(statements) :]

    def _execute(self, query: Query, values: dict[str, Any]) -> Rows:
        values.setdefault("project", self.project)
        return self.execute([Statement(query, values)])[0]

    def _send(self, statements: Sequence[Statement]) -> list[Rows]:
        answers = self._answers(statements)
        for statement, answer in zip(statements, answers, strict=True):
            if statement.query is _DRAW:
                self._seq = answer.all(_first)[0]
        return answers

    def _answers(self, statements: Sequence[Statement]) -> list[Rows]:
        while self._opening:  # nothing was done yet, so that a lost connection is replaced unseen
            try:
                answers = self._line.wire.execute(statements, begin=self._opening)
            except psycopg.OperationalError as error:
                self._replace_line(error)
            except psycopg.Error:
                self._opening = b""
                raise
            else:
                self._opening = b""
                return answers
        return self._line.wire.execute(statements)

    def _take_posted(self) -> list[Statement]:
        posted, self._posted = self._posted, []
        return posted

    def _replace_line(self, error: psycopg.OperationalError) -> None:
        if self._renew is None:
            raise error
        self._line = self._renew(error)

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
        if self.seq_in_sql is None:
            self._send(self._take_posted())  # the draw is among them
        assert self._seq is not None
        return self._seq

    @property
    def seq_in_sql(self) -> int | None:
        """The value of `seq` for a statement that says `SEQ`: drawn on the way, if it wasn't, without a round trip."""
        if not self._is_drawn:
            self.post(_DRAW)
            self._is_drawn = True
        return self._seq

    @property
    def is_drawn(self) -> bool:
        return self._is_drawn

    def append(self, event: Recordable) -> None:
        """Write an event when this transaction commits, in order of appending."""
        self._events.append(event)

    @property
    def appended(self) -> tuple[Recordable, ...]:
        return tuple(self._events)

    @property
    def has_news(self) -> bool:
        """Whether it wrote events: followers are woken once they are committed."""
        return self._has_news

    def flush(self) -> None:
        """Write the appended events. The last statement before the commit."""
        self._flush(commit=False)

    def commit(self) -> None:
        """Flush and commit: whoever opened the transaction does."""
        self._flush(commit=True)

    def _flush(self, commit: bool) -> None:
        if self._events:
            events, self._events = self._events, []
            records = [
                (kind, subject, msgspec.Raw(body.encode())) for kind, subject, body in (e.record() for e in events)
            ]
            self.post(
                _WRITE_EVENTS,
                seq=self.seq_in_sql,
                actor=self.actor,
                events=msgspec.json.encode(records).decode(),
            )
            self._has_news = True
        if self._posted and (self._opening or not commit):
            self._send(self._take_posted())  # with the begin, which may be sent again: a commit never is
        if commit and self._posted:
            self._line.wire.execute(self._take_posted(), commit=True)
        elif commit and not self._opening:
            self._line.wire.commit()


def _first(row: Sequence[Any]) -> Any:
    return row[0]


SEQ: LiteralString = "coalesce(%(seq)s::bigint, currval('seq'))"
"""This transaction's revision, in a statement whose `seq` is `tx.seq_in_sql`."""

_DRAW: LiteralString = "select draw(%(project)s)"
_WRITE_EVENTS: LiteralString = (
    "insert into event (project, seq, n, kind, subject, body, actor, at) select %(project)s, "
    + SEQ
    + ", e.n - 1, e.event ->> 0, e.event ->> 1, e.event -> 2, %(actor)s, (select moment())"
    " from jsonb_array_elements(%(events)s::jsonb) with ordinality as e(event, n)"
)


class VersionTooYoung(Refusal):
    """Revision {seq} did not settle within {seconds:g} s: a transaction older than it is still open. Try again."""

    status = 503


class Reach(NamedTuple):
    """How far the revisions of a project have come."""

    head: int  #: the newest that somebody drew
    settled: int  #: the newest below which nothing can appear any more


def horizon(tx: Transaction) -> int:
    """The newest revision below which nothing can appear any more. On the primary."""
    return reach(tx).settled


def reach(tx: Transaction) -> Reach:
    """The newest revision and the horizon, in one round trip. On the primary."""
    # In this order: what is announced after the head was looked at is above it.
    answers = tx.execute([Statement(_HEAD, {}), Statement(_ANNOUNCED, {"project": tx.project})])
    head: int = answers[0].all(_first)[0]
    return Reach(head, min([head, *(unwrap(bound, head) for bound in answers[1].all(_first))]))


_HEAD: LiteralString = "select last_value from seq"
_ANNOUNCED: LiteralString = (
    "select distinct objid::bigint from pg_locks where locktype = 'advisory' and objsubid = 2"
    " and classid = %(project)s::int::oid"
    " and database = (select oid from pg_database where datname = current_database())"
)
_WRAP = 2**31


def unwrap(bound: int, head: int) -> int:
    """The full revision of an announced bound, of which a lock can hold the low 31 bits only."""
    full = (head & ~(_WRAP - 1)) | bound
    return full if full <= head + _WRAP // 2 else full - _WRAP
