"""Counting facets, in one statement: the set is made once, and every facet joins it. The only place with their SQL."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Literal

from penstock.annotations import values
from penstock.datasets.facet_model import MOST_DESCRIBED, MOST_VALUES
from penstock.datasets.found_tables import Held, members, prepare
from penstock.datasets.query.compile import Condition
from penstock.datasets.query.relations import Relations, live
from penstock.store import Transaction

MOST_DAYS = 400
MOST_NESTED = 5000
"""Different values of one key of the metadata that are looked at, the most frequent first."""
MOST = {"label": 10_000, "value": MOST_VALUES, "meta": MOST_NESTED, "day": MOST_DAYS}
"""Values of each field that are listed."""


class Row(NamedTuple):
    """One value of one field of one facet."""

    facet: str
    field: str | None
    value: Any
    files: int
    annotations: int
    distinct: int


_TOP = SQL(
    " (select {facet} as facet, g.field, to_jsonb(g.value) as value, g.files, g.annotations, g.differ from"
    " (select c.*, count(*) over (partition by c.field) as differ,"
    ' row_number() over (partition by c.field order by c.files desc, left(c.value::text, 100) collate "C") as place'
    " from ({counted}) c) g"
    " where g.place <= {most})"
)
_LABELS = SQL(
    "select null::text as field, l.label as value, count(*) as files, sum(l.n) as annotations from found m"
    " join file_label l on l.branch = {branch} and l.file = m.file and l.n > 0 group by l.label"
)
_VALUES = SQL(
    "select v.field::text as field, v.value, count(*) as files, sum(v.n) as annotations from found m"
    " join file_value v on v.branch = {branch} and v.file = m.file and v.n > 0 group by v.field, v.value"
)
_ROWS = SQL("(select a.file, a.label, a.source, a.author, a.confidence, a.attributes from {rows}) a")
_LABELS_READ = SQL(
    "select null::text as field, a.label as value, count(distinct m.file) as files, count(*) as annotations"
    " from found m, lateral {rows} where a.label is not null group by a.label"
)
TEXTS = SQL(
    "select {source} as field, a.source as value where a.label is not null union all"
    " select {author}, a.author::text where a.label is not null and a.author is not null union all"
    " select {confidence}, least(floor(a.confidence * 10), 9)::int::text"
    " where a.label is not null and a.confidence is not null union all"
    " select j.key::int, case jsonb_typeof(e.value) when 'string' then left(e.value #>> '{{}}', {longest})"
    " when 'number' then (select case when n = trunc(n) then trunc(n)::text else n::float8::text end"
    " from cast(e.value as numeric) n) else e.value::text end from jsonb_each(a.attributes) j,"
    " jsonb_array_elements(case jsonb_typeof(j.value) when 'array' then j.value else jsonb_build_array(j.value) end)"
    " as e(value) where e.value <> 'null'"
).format(
    longest=Literal(values.LONGEST),
    source=Literal(values.SOURCE),
    author=Literal(values.AUTHOR),
    confidence=Literal(values.CONFIDENCE),
)
"""(field, value) of all that is counted of an annotation `a`, written as `annotations.values` does."""
_VALUES_READ = SQL(
    "select t.field::text as field, t.value, count(distinct m.file) as files, count(*) as annotations"
    " from found m, lateral {rows}, lateral ({texts}) t group by 1, 2"
)
# What is nested is counted as it stands, and taken apart later: a second look into each row took twice as long.
_META = SQL(
    "select k.key || case jsonb_typeof(k.value) when 'object' then '.' else '=' end as field, k.value,"
    " count(*) as files, 0::bigint as annotations from (select m.file from found m limit {most}) m"
    " join file_meta h on h.project = %(project)s and h.file = m.file and {live}, jsonb_each(h.meta) k"
    " where k.value not in ('null', '{{}}', '[]') group by k.key, k.value"
)
_STATES = SQL(
    "select null::text as field, f.state as value, count(*) as files, 0::bigint as annotations from found m"
    " join file f on f.project = %(project)s and f.id = m.file group by f.state"
)
_TASKS = SQL(
    "select {name}::text as field, t.status as value, count(*) as files, 0::bigint as annotations from found m"
    " join ({tasks}) t on t.file = m.file where t.status is not null group by t.status"
)
_DAYS = SQL(
    "select null::text as field, (m.at at time zone 'UTC')::date as value, count(*) as files, 0::bigint as annotations"
    " from found m where m.at is not null group by 2"
)
_NONE = SQL(
    "select 'none' as facet, null::text as field, null::jsonb as value, 0::bigint as files, 0::bigint as annotations,"
    " 0::bigint as differ where false"
)
_FILES = SQL(" select 'files', null, null, count(*), 0, 0 from found")


def rows(
    tx: Transaction, held: Held, where: Condition | None, of: Relations, tasks: Sequence[tuple[str, Composable]]
) -> list[Row]:
    """Every facet of the files that a condition holds for."""
    parts = [
        _top("label", _labels(of), MOST["label"]),
        _top("value", _values(of), MOST["value"]),
        _top("meta", _META.format(most=Literal(MOST_DESCRIBED), live=live("h", held.as_of)), MOST["meta"]),
        _top("state", _STATES, MOST_VALUES),
        _top("day", _DAYS, MOST["day"]),
        _FILES,
    ]
    return _counted(tx, held, where, parts, tasks)


def rows_of_tasks(tx: Transaction, held: Held, tasks: Sequence[tuple[str, Composable]]) -> list[Row]:
    """The states of the latest tasks of all files, by template."""
    return _counted(tx, held, None, [], tasks) if tasks else []


def rows_of_states(tx: Transaction, held: Held, files: int) -> list[Row]:
    """The states of all files, of which there are so many: nearly every one is ready, so the others are looked up."""
    found = tx.rows(
        SQL(
            "select f.state, count(*) from file f where f.project = %(project)s and f.state <> 'ready' and exists"
            " (select from {} and m.file = f.id) group by f.state"
        ).format(members(held, None))
    )
    ready = files - sum(n for _, n in found)
    return [Row("state", None, state, n, 0, 0) for state, n in [("ready", ready), *found] if n]


def _counted(
    tx: Transaction,
    held: Held,
    where: Condition | None,
    parts: Sequence[Composable],
    tasks: Sequence[tuple[str, Composable]],
) -> list[Row]:
    prepare(tx)
    tx.post("set local enable_memoize = off")  # each file comes once: a third of the time
    parameters = {} if where is None else dict(where.parameters)
    names = {f"template{n}": name for n, (name, _) in enumerate(tasks)}
    by_template = [
        _top("task", _TASKS.format(name=SQL("%({})s").format(SQL(f"template{n}")), tasks=relation), MOST_VALUES)  # pyright: ignore[reportArgumentType] a number
        for n, (_, relation) in enumerate(tasks)
    ]
    at = SQL("null::timestamptz as at") if held.dataset is None else SQL("m.at")
    found = SQL("with found as materialized (select m.file, {} from {})").format(at, members(held, where))
    statement = SQL("{} select facet, field, value, files, annotations, differ as distinct from ({}) all_").format(
        found, SQL(" union all ").join([_NONE, *parts, *by_template])
    )
    return tx.all(Row, statement, **parameters, **names)


def _top(facet: str, counted: Composable, most: int) -> Composed:
    return _TOP.format(facet=Literal(facet), counted=counted, most=Literal(most))


def _labels(of: Relations) -> Composed:
    if of.is_counted:
        return _LABELS.format(branch=Literal(of.branch))
    return _LABELS_READ.format(rows=_ROWS.format(rows=of.rows()))


def _values(of: Relations) -> Composed:
    if of.is_counted:
        return _VALUES.format(branch=Literal(of.branch))
    return _VALUES_READ.format(rows=_ROWS.format(rows=of.rows()), texts=TEXTS)
