"""The tables of censuses: counting all files of a dataset as of a revision, and reading that with what changed since.

The only place with their SQL. A *side* is a revision, or None for the present.
"""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Literal

from penstock.datasets.facet_tables import MOST, TEXTS, Row
from penstock.datasets.query.relations import live
from penstock.store import Transaction

Side = int | None


class Place(NamedTuple):
    """A dataset, and the branch that its annotations are on: one that overlays no other."""

    dataset: int
    branch: int


class Census(NamedTuple):
    """When a dataset was counted, and what has changed since."""

    seq: int
    moved: int
    """Rows that began or ended since; of more than were asked for, one more."""


_SINCE: LiteralString = "{column} > {low}"
_BETWEEN: LiteralString = "{column} > {low} and {column} <= {high}"
_MOVES: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("annotation where project = %(project)s and branch = {branch}", "created_seq"),
    ("annotation where project = %(project)s and branch = {branch}", "retired_seq"),
    ("entry where project = %(project)s and dataset = {dataset}", "created_seq"),
    ("entry where project = %(project)s and dataset = {dataset}", "retired_seq"),
    ("file_meta where project = %(project)s", "created_seq"),  # which ends where another begins
)


def moves(place: Place, low: int, high: Side) -> Composed:
    """The file of each row that began or ended between two sides: of the branch, the dataset, and any metadata."""
    return SQL(" union all ").join(
        SQL("select file from " + table + " and " + (_SINCE if high is None else _BETWEEN)).format(
            branch=Literal(place.branch),
            dataset=Literal(place.dataset),
            column=SQL(column),
            low=Literal(low),
            high=Literal(high),
        )
        for table, column in _MOVES
    )


def find(tx: Transaction, place: Place, at: Side, most: int) -> Census | None:
    """A dataset's census, unless history that it needs was pruned. Moves up to, or back to, a side are counted."""
    seq = tx.value(int, _FOUND, dataset=place.dataset)
    if seq is None:
        return None
    low, high = (seq, None) if at is None else (min(seq, at), max(seq, at))
    moved = SQL("select count(*) from (select from ({}) m limit {}) n").format(
        moves(place, low, high), Literal(most + 1)
    )
    return Census(seq, tx.value(int, moved) or 0)


WHOLE: LiteralString = "not exists (select from pruning p where p.project = c.project and p.cut > c.seq)"
_FOUND: LiteralString = (
    "select c.seq from census c where c.project = %(project)s and c.dataset = %(dataset)s and " + WHOLE
)


def is_large(tx: Transaction, dataset: int, files: int) -> bool:
    """Whether a dataset holds so many files."""
    found = tx.values(
        bool,
        "select true from entry where project = %(project)s and dataset = %(dataset)s and retired_seq is null"
        " offset %(before)s limit 1",
        dataset=dataset,
        before=files - 1,
    )
    return bool(found)


# What a file has, on one side. `m` is a file with its entry's time `m.at`, and `m.sign`.

_ROWS: LiteralString = (
    "annotation a where a.project = %(project)s and a.branch = {branch} and a.file = m.file and not a.gone and {live}"
)
_LABELS: LiteralString = (
    "select m.sign, m.file, 'label' as facet, '' as field, l.value, l.n from {of} m, lateral"
    " (select a.label::text as value, count(*) as n from "
    + _ROWS
    + " and a.label is not null group by a.label offset 0) l"
)
_VALUES: LiteralString = (
    "select m.sign, m.file, 'value' as facet, v.field::text as field, v.value, v.n from {of} m,"
    " lateral (select t.field, t.value, count(*) as n from (select a.label, a.source, a.author, a.confidence,"
    " a.attributes from {rows}) a, lateral ({texts}) t group by 1, 2 offset 0) v"
)
_KEPT_LABELS: LiteralString = (
    "select m.sign, m.file, 'label' as facet, '' as field, l.label::text as value, l.n::bigint from {of} m"
    " join file_label l on l.branch = {branch} and l.file = m.file and l.n > 0"
)
_KEPT_VALUES: LiteralString = (
    "select m.sign, m.file, 'value' as facet, v.field::text as field, v.value, v.n::bigint from {of} m"
    " join file_value v on v.branch = {branch} and v.file = m.file and v.n > 0"
)
_META: LiteralString = (
    "select m.sign, m.file, 'meta' as facet, k.key || case jsonb_typeof(k.value) when 'object' then '.' else '=' end"
    " as field, k.value::text as value, 0::bigint as n from {of} m join file_meta h on h.project = %(project)s"
    " and h.file = m.file and {live}, jsonb_each(h.meta) k where k.value not in ('null', '{{}}', '[]')"
)
_DAYS: LiteralString = (
    "select m.sign, m.file, 'day' as facet, '' as field, (m.at at time zone 'UTC')::date::text as value, 0::bigint as n"
    " from {of} m"
)
_FILES: LiteralString = "select m.sign, m.file, 'files' as facet, '' as field, '' as value, 0::bigint as n from {of} m"


def has(place: Place, side: Side, of: Composable) -> Composed:
    """Everything that is counted of some files on a side, a row for each value of each."""
    branch = Literal(place.branch)
    if side is None:
        kept = [SQL(text).format(of=of, branch=branch) for text in (_KEPT_LABELS, _KEPT_VALUES)]
    else:
        rows = SQL(_ROWS).format(branch=branch, live=live("a", side))
        kept = [
            SQL(_LABELS).format(of=of, branch=branch, live=live("a", side)),
            SQL(_VALUES).format(of=of, rows=rows, texts=TEXTS),
        ]
    meta = SQL(_META).format(of=of, live=live("h", side))
    return SQL(" union all ").join([*kept, meta, SQL(_DAYS).format(of=of), SQL(_FILES).format(of=of)])


def _held(place: Place, side: Side) -> Composable:
    """A lateral: when the file `f` entered the dataset, where that holds it on a side."""
    of: LiteralString = "select e.at from entry e where e.project = %(project)s and e.dataset = {} and e.file = f.file"
    present: LiteralString = of + " and e.retired_seq is null"
    if side is None:
        return SQL(present).format(Literal(place.dataset))
    # Two looks by two indexes.
    return SQL(
        present + " and e.created_seq <= {} union all " + of + " and e.created_seq <= {} and e.retired_seq > {}"
    ).format(Literal(place.dataset), Literal(side), Literal(place.dataset), Literal(side), Literal(side))


def sides(place: Place, was: Side, now: Side) -> Composed:
    """CTEs `moved`, the files that changed between two sides, and `had`: all that they had, and now have."""
    low = min(side for side in (was, now) if side is not None)
    high = None if None in (was, now) else max(was or 0, now or 0)
    parts: list[Composable] = []
    ctes: list[Composable] = []
    both: tuple[tuple[Composable, Side, int], ...] = ((SQL("before"), was, -1), (SQL("after"), now, 1))
    for of, side, sign in both:
        ctes.append(
            SQL(
                "{} as materialized (select f.file, e.at, {}::bigint as sign from moved f, lateral ({} offset 0) e)"
            ).format(of, Literal(sign), _held(place, side))
        )
        parts.append(has(place, side, of))
    return SQL("moved as materialized (select distinct file from ({moves}) m), {sides}, had as ({parts})").format(
        moves=moves(place, low, high), sides=SQL(", ").join(ctes), parts=SQL(" union all ").join(parts)
    )


def _change(place: Place, was: Side, now: Side) -> Composed:
    """CTE `change`: by how much each count differs on the way from one side to another, where it does."""
    return SQL(
        "{}, change as materialized (select facet, field, value, sum(sign)::bigint as files,"
        " sum(sign * n)::bigint as annotations from had group by facet, field, value"
        " having sum(sign) <> 0 or sum(sign * n) <> 0)"
    ).format(sides(place, was, now))


# Reading.

_READ: LiteralString = (
    "with {change}, field as (select f.facet, f.field, sum(f.differ)::bigint as differ, sum(f.moved)::bigint as moved"
    " from (select facet, field, differ, 0::bigint as moved from census_field where project = %(project)s"
    " and dataset = {dataset} union all select facet, field, 0, 1 from change) f group by 1, 2),"
    # As many more as may have fallen behind, and all that moved.
    " candidate as (select f.facet, f.field, t.value from field f join {most} using (facet), lateral (select c.value"
    " from census_count c where c.project = %(project)s and c.dataset = {dataset} and c.facet = f.facet"
    " and c.field = f.field order by c.files desc, left(c.value, 100) limit most.n + f.moved) t"
    " union select facet, field, value from change),"
    " summed as (select n.facet, n.field, n.value, coalesce(c.files, 0) as before, coalesce(c.files, 0)"
    " + coalesce(d.files, 0) as files, coalesce(c.annotations, 0) + coalesce(d.annotations, 0) as annotations"
    " from candidate n left join lateral (select k.files, k.annotations from census_count k"
    " where k.project = %(project)s and k.dataset = {dataset} and k.facet = n.facet and k.field = n.field"
    " and md5(k.value) = md5(n.value)) c on true left join change d using (facet, field, value)),"
    " placed as (select s.*, f.differ + sum((s.files > 0)::int - (s.before > 0)::int) over (partition by s.facet,"
    " s.field) as differ, row_number() over (partition by s.facet, s.field order by s.files desc, left(s.value, 100))"
    " as place from summed s join field f using (facet, field))"
    " select p.facet, case when p.facet in ('value', 'meta') then p.field end as field, case when p.facet = 'files'"
    " then null when p.facet in ('label', 'meta') then p.value::jsonb else to_jsonb(p.value) end as value,"
    " p.files, p.annotations, p.differ::bigint as distinct from placed p join {most} using (facet)"
    " where p.files > 0 and p.place <= most.n and exists (select from census c where c.dataset = {dataset}"
    " and c.seq = {seq} and " + WHOLE + ") order by p.facet, p.field, p.place"
)
_MOST = SQL("(values {}) as most(facet, n)").format(
    SQL(", ").join(SQL("({}, {})").format(Literal(facet), Literal(n)) for facet, n in [("files", 1), *MOST.items()])
)


def rows(tx: Transaction, place: Place, seq: int, at: Side) -> list[Row]:
    """What all files of a dataset have on a side, by its census of a revision and what changed in between.

    Nothing where the census has become one of another revision.
    """
    query = SQL(_READ).format(
        dataset=Literal(place.dataset), seq=Literal(seq), change=_change(place, seq, at), most=_MOST
    )
    return tx.all(Row, query)


# Writing.


def count_whole(tx: Transaction, place: Place, seq: int) -> None:
    """Count all files of a dataset as of a settled revision. The transaction sees one moment throughout."""
    drop(tx, place.dataset)
    tx.run("select set_config('enable_memoize', 'off', true), set_config('work_mem', '64MB', true)")
    of = SQL(
        "(select e.file, e.at, 1 as sign from entry e where e.project = %(project)s and e.dataset = {}"
        " and e.retired_seq is null)"
    ).format(Literal(place.dataset))
    tx.run(
        SQL(
            "insert into census_count (project, dataset, facet, field, value, files, annotations) select %(project)s,"
            " {}, facet, field, value, count(*), sum(n) from ({}) c group by facet, field, value"
        ).format(Literal(place.dataset), has(place, None, of))
    )
    _move(tx, place, None, seq)  # what is there already of later revisions is taken off again
    _tell(tx, place.dataset, seq, None)


def count_on(tx: Transaction, place: Place, was: int, seq: int) -> None:
    """Bring a census from one settled revision to a later one."""
    _tell(tx, place.dataset, seq, _move(tx, place, was, seq))


def drop(tx: Transaction, dataset: int) -> None:
    """Forget a census."""
    for table in (SQL("census"), SQL("census_count"), SQL("census_field"), SQL("census_set")):
        tx.run(
            SQL("delete from {} where project = %(project)s and dataset = %(dataset)s").format(table), dataset=dataset
        )


def _move(tx: Transaction, place: Place, was: Side, now: Side) -> list[tuple[str, str]]:
    """Add what differs between two sides; the (facet, field) that it is of."""
    query = SQL(
        "with {change}, moved_on as (insert into census_count as c (project, dataset, facet, field, value, files,"
        " annotations) select %(project)s, {dataset}, facet, field, value, files, annotations from change"
        " on conflict (dataset, facet, field, md5(value)) do update set files = c.files + excluded.files,"
        " annotations = c.annotations + excluded.annotations returning facet, field)"
        " select distinct facet, field from moved_on"
    ).format(change=_change(place, was, now), dataset=Literal(place.dataset))
    return [(facet, field) for facet, field in tx.rows(query)]


def _tell(tx: Transaction, dataset: int, seq: int, touched: Sequence[tuple[str, str]] | None) -> None:
    """Note the revision, and how many values fields have: all, or those that were touched."""
    of: LiteralString = " where project = %(project)s and dataset = %(dataset)s"
    if touched is not None:
        of += (
            " and (facet, field) in (select t.facet, t.field"
            " from unnest(%(facets)s::text[], %(fields)s::text[]) as t(facet, field))"
        )
    given = {
        "dataset": dataset,
        "facets": [facet for facet, _ in touched or ()],
        "fields": [field for _, field in touched or ()],
    }
    tx.run("delete from census_count" + of + " and files = 0", **given)
    tx.run("delete from census_field" + of, **given)
    tx.run(
        "insert into census_field (project, dataset, facet, field, differ) select project, dataset, facet, field,"
        " count(*) from census_count" + of + " group by project, dataset, facet, field",
        **given,
    )
    tx.run(
        "insert into census (project, dataset, seq) values (%(project)s, %(dataset)s, %(seq)s)"
        " on conflict (dataset) do update set seq = excluded.seq",
        dataset=dataset,
        seq=seq,
    )
