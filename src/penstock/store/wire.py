"""Statements as they go over the wire: prepared once a connection, several in one round trip.

A round trip costs more than most of our statements, and a cursor as much again: a claim, a save and a submit were 29
round trips of one statement each. So statements go to libpq directly, `begin` travels with the first and `commit` with
the last one. What a value looks like to PostgreSQL, and its rows to Python, stays psycopg's business. Measured in
decision 0017.
"""

import re
import select
from array import array
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, LiteralString, NamedTuple, TypeVar, cast

import psycopg
from psycopg import abc, adapt, errors, pq
from psycopg.adapt import PyFormat
from psycopg.pq.abc import PGresult
from psycopg.sql import SQL, Composable, Composed
from psycopg.types.array import ListDumper

T = TypeVar("T")
Query = LiteralString | SQL | Composed

MOST_PREPARED = 300
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|(%))")
_ESCAPED = re.compile(r'["\\\0]')
_STATUS = pq.ExecStatus
_WELL = (_STATUS.TUPLES_OK, _STATUS.COMMAND_OK)


class _Numbers(adapt.Dumper):
    """Many ids: of a list each number would be looked at by itself, in Python, for longer than it is looked up."""

    oid = psycopg.adapters.types["int8"].array_oid

    def dump(self, obj: "array[int]") -> bytes:
        return f"{{{','.join(map(str, obj))}}}".encode()


class _Lists(ListDumper):
    """Lists of nothing but whole numbers, or of texts without a quote, at once, for the same reason."""

    def dump(self, obj: list[Any]) -> abc.Buffer | None:
        kinds = set(map(type, obj))
        if kinds == {int}:
            return f"{{{','.join(map(str, obj))}}}".encode()
        if kinds == {str} and not _ESCAPED.search("".join(obj)):
            return '{{"{}"}}'.format('","'.join(obj)).encode()
        return super().dump(obj)


psycopg.adapters.register_dumper(array, _Numbers)
psycopg.adapters.register_dumper(list, _Lists)


class Line(psycopg.Connection[tuple[Any, ...]]):
    """A connection, and the wire that it is."""

    @cached_property
    def wire(self) -> "Wire":
        return Wire(self)


class Parsed(NamedTuple):
    """A statement as PostgreSQL takes it, and its parameters in order."""

    text: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]


class Statement(NamedTuple):
    """A statement with `%(named)s` values."""

    query: Query
    values: Mapping[str, Any]


class _Bound(NamedTuple):
    """A statement with its values as bytes, and the name it is prepared under, or is to be."""

    text: bytes
    types: tuple[int, ...] | None
    formats: "list[pq.Format] | None"
    params: list[abc.Buffer]
    name: bytes
    is_new: bool


class Wire:
    """Executes statements on one connection, for one thread at a time."""

    def __init__(self, line: Line) -> None:
        line.prepare_threshold = None  # a rollback by psycopg would drop all that is prepared: ours too
        self._line = line
        self._pg = line.pgconn
        self._adapt: abc.Transformer = adapt.Transformer(line)
        self._names: OrderedDict[tuple[bytes, tuple[int, ...] | None], bytes] = OrderedDict()
        self._count = 0
        self._await_answer = _waiter(self._pg.socket, to_write=False)
        self._await_room = _waiter(self._pg.socket, to_write=True)

    def execute(self, statements: Sequence[Statement], *, begin: bytes = b"", commit: bool = False) -> "list[Rows]":
        """Execute statements in one round trip, after `begin` and before a commit where asked; what each answered.

        They see one another's effects. Raises what psycopg's own cursors raise, for the first that fails; those behind
        it weren't executed.
        """
        ready = [self._bound(statement) for statement in statements]
        if len(ready) == 1 and not begin and not commit and ready[0].name and not ready[0].is_new:
            one = ready[0]
            return [Rows(self._checked(self._pg.exec_prepared(one.name, one.params, one.formats)), self._adapt)]
        sends: list[Callable[[], None]] = []
        answers: list[int] = []
        if begin:
            sends.append(partial(self._pg.send_query_params, begin, None))
        for one in ready:
            if one.is_new:
                sends.append(partial(self._pg.send_prepare, one.name, one.text, one.types))
            answers.append(len(sends))
            if one.name:
                sends.append(partial(self._pg.send_query_prepared, one.name, one.params, one.formats))
            else:
                sends.append(partial(self._pg.send_query_params, one.text, one.params, one.types, one.formats))
        if commit:
            sends.append(partial(self._pg.send_query_params, b"commit", None))
        results = self._pipeline(sends)
        for one in ready:
            self._names[one.text, one.types] = one.name
        while len(self._names) > MOST_PREPARED:
            self._forget_oldest()
        return [Rows(results[answer], self._adapt) for answer in answers]

    def _bound(self, statement: Statement) -> _Bound:
        query, values = statement
        parsed = _parse(query) if isinstance(query, str) else _parsed(_text(query, self._line))
        try:
            ordered = [values[name] for name in parsed.names]
        except KeyError as missing:
            raise psycopg.ProgrammingError(f"query parameter missing: {missing.args[0]}") from missing
        # None is a null, whatever the signatures of `pq` say.
        params = cast(list[abc.Buffer], self._adapt.dump_sequence(ordered, parsed.formats))
        types, formats = self._adapt.types, self._adapt.formats
        name = self._names.get((parsed.text, types))
        if name is None:
            return _Bound(parsed.text, types, formats, params, b"", False)  # prepared if it comes again
        self._names.move_to_end((parsed.text, types))
        if name:
            return _Bound(parsed.text, types, formats, params, name, False)
        self._count += 1
        return _Bound(parsed.text, types, formats, params, b"w%d" % self._count, True)

    def begin(self, statement: bytes) -> None:
        self._checked(self._pg.exec_(statement))

    def commit(self) -> None:
        """Raises InFailedSqlTransaction when there was nothing left to commit: an error before was swallowed."""
        result = self._checked(self._pg.exec_(b"commit"))
        if result.command_status != b"COMMIT":
            raise errors.InFailedSqlTransaction("the transaction was undone by an error before")

    def rollback(self) -> None:
        self._checked(self._pg.exec_(b"rollback"))

    def _pipeline(self, sends: Sequence[Callable[[], None]]) -> list[PGresult]:
        results: list[PGresult] = []
        self._pg.enter_pipeline_mode()
        try:
            for send in sends:
                send()
            self._pg.pipeline_sync()
            while (result := self._next()) is None or result.status != _STATUS.PIPELINE_SYNC:
                if result is not None:
                    results.append(result)
                elif self._pg.status == pq.ConnStatus.BAD:
                    break
        except BaseException:
            self._line.close()  # what was sent is unknown
            raise
        if self._pg.status != pq.ConnStatus.BAD:
            self._pg.exit_pipeline_mode()
        for result in results:
            self._checked(result)
        if len(results) != len(sends):
            raise psycopg.OperationalError(self._pg.get_error_message() or "the connection was lost")
        return results

    def _next(self) -> PGresult | None:
        """The next result, or the end of one statement's. While it waits, other threads go on."""
        while self._pg.flush():
            self._await_room()
            self._pg.consume_input()  # what comes meanwhile must not fill the line
        while self._pg.is_busy():
            self._await_answer()
            self._pg.consume_input()
        return self._pg.get_result()

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in _WELL:
            return result
        # No answer of the database's, but libpq's own. It may call a connection well still that it could not write to.
        if result.status == pq.ExecStatus.FATAL_ERROR and result.error_field(pq.DiagnosticField.SQLSTATE) is None:
            raise psycopg.OperationalError(result.get_error_message() or "the connection was lost")
        raise errors.error_from_result(result)

    def _forget_oldest(self) -> None:
        _, name = self._names.popitem(last=False)
        if name and not self._line.closed:
            self._checked(self._pg.exec_(b"deallocate " + name))


class Rows:
    """What a statement answered."""

    def __init__(self, result: PGresult, adapting: abc.Transformer) -> None:
        self._result = result
        self._adapt = adapting

    @property
    def touched(self) -> int:
        """How many rows it read or wrote."""
        return self._result.command_tuples or 0

    def all(self, make: Callable[[Any], T], most: int | None = None) -> list[T]:
        """Each row, as a sequence of values, made into something."""
        count = self._result.ntuples
        if most is not None:
            count = min(count, most)
        if not count:
            return []
        self._adapt.set_pgresult(self._result)
        return self._adapt.load_rows(0, count, make)

    def shaped(self, shape: Callable[..., T], most: int | None = None) -> list[T]:
        """Each row as a `shape`, by column name."""
        names = [(self._result.fname(column) or b"").decode() for column in range(self._result.nfields)]
        return self.all(lambda values: shape(**dict(zip(names, values, strict=True))), most)


def _waiter(socket: int, to_write: bool) -> Callable[[], Any]:
    """A call that waits until something can be read, or written too. Other threads go on meanwhile."""
    if not hasattr(select, "poll"):
        return partial(select.select, [socket], [socket] if to_write else [], [])
    poll = select.poll()
    poll.register(socket, select.POLLIN | (select.POLLOUT if to_write else 0))
    return poll.poll


def _text(part: Composable, line: Line) -> str:
    """A composed statement as a text. By itself it would write each of its parts as bytes first."""
    return "".join([_text(one, line) for one in part]) if type(part) is Composed else part.as_string(line)


def _parsed(query: str) -> Parsed:
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1]
        return f"${numbers.setdefault(name, len(numbers) + 1)}" if name else "%"

    text = _PLACEHOLDER.sub(number, query)
    return Parsed(text.encode(), tuple(numbers), (PyFormat.AUTO,) * len(numbers))


_parse = lru_cache(maxsize=2_000)(_parsed)
