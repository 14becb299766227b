"""What a compiled query can ask of a file `m`: one `exists` for each table that knows something. Pure.

Aliases: `a` annotation, `b` entry, `f` file, `h` metadata, `l` counted labels, `t` task, `v` counted values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, LiteralString

from psycopg.sql import SQL, Composable, Composed, Literal, Placeholder

from penstock.datasets.query import expression as e
from penstock.datasets.query.place import Asked

TRUE, FALSE = SQL("true"), SQL("false")

_ORDERS = {"<": SQL("<"), "<=": SQL("<="), ">": SQL(">"), ">=": SQL(">="), "=": SQL("=")}
_VALUES = SQL('$[*] ? (@.type() == "string" || @.type() == "number" || @.type() == "boolean")')


class Relations:
    """The tables as they are where a query is asked."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.branch = asked.levels[0].branch

    @property
    def is_counted(self) -> bool:
        """Whether labels and values are counted there: at heads of branches that overlay no other."""
        return self._asked.is_plain

    def file(self, where: Composable) -> Composed:
        """Something about the file's row."""
        return SQL("exists (select from file f where f.project = %(project)s and f.id = m.file and {})").format(where)

    def meta(self, where: Composable) -> Composed:
        """Something about the file's metadata."""
        return SQL(
            "exists (select from file_meta h where h.project = %(project)s and h.file = m.file and {} and {})"
        ).format(live("h", self._asked.as_of), where)

    def entry(self, datasets: Sequence[int], as_of: int | None) -> Composable:
        """Whether one of some datasets holds the file."""
        held = [
            SQL(
                "exists (select from {} b where b.project = %(project)s and b.dataset = {} and b.file = m.file and {})"
            ).format(self._asked.entries(dataset), Literal(dataset), live("b", as_of))
            for dataset in datasets
        ]
        return SQL("({})").format(SQL(" or ").join(held)) if held else FALSE

    def task(self, template: str, where: Composable) -> Composed:
        """Something about the file's latest task under a template."""
        tasks = self._asked.tasks(template)
        return SQL("exists (select from ({}) as t where t.file = m.file and {})").format(tasks, where)

    def changed(self, dataset: int, since: int) -> Composed:
        """Whether the file entered a dataset, or its annotations on the branch changed, after a revision."""
        upto = self._asked.as_of
        entered, made, ended = (
            _between(SQL(column), since, upto) for column in ("b.created_seq", "a.created_seq", "a.retired_seq")
        )
        rows = SQL(
            "exists (select from annotation a where a.project = %(project)s and a.branch = {} and a.file = m.file"
            " and {})"
        )
        return SQL(
            "(exists (select from {} b where b.project = %(project)s and b.dataset = {} and b.file = m.file and {})"
            " or {} or {})"
        ).format(
            self._asked.entries(dataset),
            Literal(dataset),
            entered,
            rows.format(Literal(self.branch), made),
            rows.format(Literal(self.branch), ended),
        )

    # Annotations: counted ones, and rows.

    def labelled(self, labels: Sequence[int], where: Composable) -> Composed:
        """Something about how many annotations have one of some labels."""
        return SQL(
            "exists (select from file_label l where l.branch = {} and l.file = m.file and l.label = {} and {})"
        ).format(Literal(self.branch), _one_of(labels), where)

    def label_count(self, labels: Sequence[int]) -> Composed:
        """How many annotations have one of some labels, as a number."""
        if self.is_counted:
            return SQL(
                "coalesce((select sum(l.n) from file_label l where l.branch = {} and l.file = m.file"
                " and l.label = any({})), 0)"
            ).format(Literal(self.branch), Literal(list(labels)))
        return self.marks(SQL("a.label = any({})").format(Literal(list(labels))))

    def counted(self, field: int, where: Composable) -> Composed:
        """Something about the values of a field that any annotation has, or the file itself."""
        return SQL(
            "exists (select from file_value v where v.branch = {} and v.file = m.file and v.field = {} and v.n > 0"
            " and {})"
        ).format(Literal(self.branch), Literal(field), where)

    def mark(self, where: Composable) -> Composed:
        """Whether an annotation meets a condition; that which holds the file's own attributes is none."""
        return self.row(SQL("a.label is not null and {}").format(where))

    def row(self, where: Composable) -> Composed:
        """Whether a row of an annotation meets a condition, the holder's too."""
        return SQL("exists (select from {} and {})").format(self.rows(), where)

    def marks(self, where: Composable) -> Composed:
        """How many annotations meet a condition."""
        return SQL("(select count(*) from {} and a.label is not null and {})").format(self.rows(), where)

    def rows(self) -> Composed:
        """The annotations of the file, and what holds its own attributes, as a table `a` and its condition.

        Nearer branches hide further ones.
        """
        if len(self._asked.levels) == 1:
            return SQL(
                "annotation a where a.project = %(project)s and a.branch = {} and a.file = m.file and not a.gone and {}"
            ).format(Literal(self.branch), live("a", self._asked.levels[0].as_of))
        levels = SQL(" or ").join(
            SQL("x.branch = {} and {}").format(Literal(level.branch), live("x", level.as_of))
            for level in self._asked.levels
        )
        order = Literal([level.branch for level in self._asked.levels])
        return SQL(
            "(select distinct on (x.id) x.* from annotation x where x.project = %(project)s and x.file = m.file"
            " and ({}) order by x.id, array_position({}::bigint[], x.branch)) a where not a.gone"
        ).format(levels, order)


def live(alias: LiteralString, as_of: int | None) -> Composable:
    """A row that is valid at a revision; None: now."""
    row = SQL(alias)
    if as_of is None:
        return SQL("{}.retired_seq is null").format(row)
    return SQL("({}.created_seq <= {} and ({}.retired_seq is null or {}.retired_seq > {}))").format(
        row, Literal(as_of), row, row, Literal(as_of)
    )


def _one_of(ids: Sequence[int]) -> Composable:
    return Literal(ids[0]) if len(ids) == 1 else SQL("any({})").format(Literal(list(ids)))


def _between(column: Composable, since: int, upto: int | None) -> Composed:
    later = SQL("{} > {}").format(column, Literal(since))
    return later if upto is None else SQL("{} and {} <= {}").format(later, column, Literal(upto))


def json_given(found: Composable) -> Composed:
    """Whether there is a value in JSON: a list has each of its own, an object none."""
    return SQL("coalesce(jsonb_path_exists({}, '{}'), false)").format(found, _VALUES)


def json_holds(found: Composable, sign: e.Operator, wanted: Any, put: Callable[[Any], Placeholder]) -> Composable:
    """Whether a value in JSON satisfies a comparison."""
    order = _ORDERS[sign]
    if isinstance(wanted, dt.datetime):
        texts = SQL("jsonb_path_query({}, '$[*] ? (@.type() == \"string\")') as j").format(found)
        return SQL("exists (select from {} where moment_of(j #>> '{{}}') {} {}::timestamptz)").format(
            texts, order, put(wanted)
        )
    if isinstance(wanted, bool):
        if sign != "=":
            return FALSE
        return SQL("coalesce({} @> {}::jsonb, false)").format(found, Literal("true" if wanted else "false"))
    kind, cast = (SQL("string"), SQL("text")) if isinstance(wanted, str) else (SQL("number"), _cast(wanted))
    value = SQL("to_jsonb({}::{})").format(put(wanted), cast)
    if sign == "=":
        return SQL("coalesce({} @> {}, false)").format(found, value)
    path = SQL("'$[*] ? (@.type() == \"{}\" && @ {} $v)'").format(kind, order)
    walked = SQL("jsonb_path_exists({}, {}, jsonb_build_object('v', {}))").format(found, path, value)
    if isinstance(wanted, str):
        return SQL("coalesce({}, false)").format(walked)
    # A number by itself is compared as one, four times as fast.
    return SQL(
        "(case jsonb_typeof({}) when 'number' then ({})::float8 {} {}::float8 when 'array' then {} else false end)"
    ).format(found, found, order, put(wanted), walked)


def _cast(number: float) -> SQL:
    return SQL("numeric") if isinstance(number, int) else SQL("float8")
