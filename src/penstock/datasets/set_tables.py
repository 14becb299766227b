"""The sets of a census: which files have a value, as bits by the files' ids. The only place with their SQL.

Files are in blocks of 65,536; a block's bits are a row. Combined as a query says, they tell how many it finds, but
for those that changed since the census: these are asked one by one, in the same statement.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Literal

from penstock.datasets.census_tables import WHOLE, Place, Side, has, moves, sides
from penstock.datasets.found_tables import Held, members, prepare
from penstock.datasets.query.compile import Condition
from penstock.store import Transaction

MOST_VALUES = 5_000
"""Different values of a field that sets are kept of."""
MOST_MEMBERS = 10_000
"""Files of another dataset that a set is made of when it is asked for."""

NONE = SQL("repeat('0', 65536)::bit varying")
"""No file of a block."""
_BIT: LiteralString = "set_bit(repeat('0', 65536)::bit varying, (file & 65535)::int, 1)"


class Source(NamedTuple):
    """A field that sets are kept of: `count` (of a label), `value` or `meta`."""

    facet: str
    field: str


class Known(NamedTuple):
    """As of when there are sets, of which values; a field that has too many of them is missing."""

    seq: int
    values: Mapping[Source, Sequence[str]]


def known(tx: Transaction, place: Place, sources: Sequence[Source]) -> Known | None:
    """The values of some fields that sets are kept of; None where there is no census, or history was pruned."""
    found = tx.rows(
        "select c.seq, w.facet, w.field, w.facet || ':' || w.field = any(c.many) as many,"
        " array(select distinct s.value from census_set s where s.project = c.project and s.dataset = c.dataset"
        " and s.facet = w.facet and s.field = w.field) as values from census c"
        " left join unnest(%(facets)s::text[], %(fields)s::text[]) as w(facet, field) on true"
        " where c.project = %(project)s and c.dataset = %(dataset)s and " + WHOLE,
        dataset=place.dataset,
        facets=[source.facet for source in sources],
        fields=[source.field for source in sources],
    )
    if not found:
        return None
    values = {Source(facet, field): values for _, facet, field, many, values in found if facet and not many}
    return Known(found[0][0], values)


def is_larger(tx: Transaction, held: Held) -> bool:
    """Whether a dataset holds more files than a set is made of on the way."""
    found = SQL("select true from {} offset {} limit 1").format(members(held, None), Literal(MOST_MEMBERS))
    return tx.values(bool, found) != []


# Bits of a block `f`.


def of_values(dataset: int, source: Source, values: Sequence[str]) -> Composed:
    """The files that have one of some values."""
    return SQL(
        "coalesce((select bit_or(s.files) from census_set s where s.project = %(project)s and s.dataset = {}"
        " and s.facet = {} and s.field = {} and s.value = any({}) and s.block = f.block), {})"
    ).format(Literal(dataset), Literal(source.facet), Literal(source.field), Literal(list(values)), NONE)


def of_members(held: Held) -> Composed:
    """The files of another dataset, which has few."""
    return SQL(
        "coalesce((select bit_or(" + _BIT + ") from (select m.file from {} and m.file >> 16 = f.block) b), {})"
    ).format(members(held, None), NONE)


def count(tx: Transaction, held: Held, place: Place, seq: int, bits: Composable, where: Condition | None) -> int | None:
    """How many files have some bits in their dataset's census of a revision or, having changed since, meet a condition.

    None where the census has become one of another revision.
    """
    low, high = (seq, None) if held.as_of is None else (min(seq, held.as_of), max(seq, held.as_of))
    prepare(tx)
    query = SQL(
        "with moved as materialized (select distinct file from ({moves}) m), gone as materialized (select file >> 16"
        " as block, bit_or(" + _BIT + ") as files from moved group by 1)"
        " select (select coalesce(sum(bit_count(f.files & {bits} & ~coalesce(g.files, {none}))), 0)"
        " from census_set f left join gone g on g.block = f.block"
        " where f.project = %(project)s and f.dataset = {dataset} and f.facet = 'files')::bigint"
        " + (select count(*) from moved v where exists (select from {members} and m.file = v.file))"
        " from census c where c.project = %(project)s and c.dataset = {dataset} and c.seq = {seq} and " + WHOLE
    ).format(
        moves=moves(place, low, high),
        bits=bits,
        none=NONE,
        dataset=Literal(place.dataset),
        members=members(held, where),
        seq=Literal(seq),
    )
    return tx.value(int, query, **(where.parameters if where else {}))


# Writing.

_SETS: LiteralString = (
    "select case facet when 'label' then 'count' else facet end as facet, case facet when 'label' then value else field"
    " end as field, case facet when 'label' then n::text else value end as value, file, sign from {had}"
    " where facet <> 'day'"
)
_KEPT: LiteralString = "d.facet || ':' || d.field <> all({many}::text[])"


def make(tx: Transaction, place: Place, seq: int) -> None:
    """Make all sets of a census that was counted, as of its revision. The transaction sees one moment throughout."""
    many = _note_many(tx, place.dataset)
    of = SQL(
        "(select e.file, e.at, 1 as sign from entry e where e.project = %(project)s and e.dataset = {}"
        " and e.retired_seq is null)"
    ).format(Literal(place.dataset))
    had = SQL("({}) h").format(has(place, None, of))
    # Words of 64 files first, then blocks of words with as many zeros in between as are due: by bits it took minutes.
    tx.run(
        SQL(
            "with word as (select facet, field, value, file >> 6 as at, bit_or(1::bigint << (63 - (file & 63)::int))"
            " as bits from (" + _SETS + ") d where " + _KEPT + " group by 1, 2, 3, 4),"
            " placed as (select *, at >> 10 as block, at - coalesce(lag(at) over (partition by facet, field, value,"
            " at >> 10 order by at), (at >> 10 << 10) - 1) - 1 as gap from word)"
            " insert into census_set (project, dataset, facet, field, value, block, files)"
            " select %(project)s, {dataset}, facet, field, value, block, string_agg(repeat('0', gap::int * 64)"
            " || bits::bit(64)::text, '' order by at)::bit(65536) from placed group by facet, field, value, block"
        ).format(had=had, many=Literal(many), dataset=Literal(place.dataset))
    )
    _flip(tx, place, None, seq, many)


def bring_on(tx: Transaction, place: Place, was: int, seq: int) -> None:
    """Bring all sets from one settled revision to a later one, once the census was."""
    _flip(tx, place, was, seq, _note_many(tx, place.dataset))


def _flip(tx: Transaction, place: Place, was: Side, now: Side, many: Sequence[str]) -> None:
    """Turn the bits of files that have a value on one side alone."""
    tx.run(
        SQL(
            "with {sides}, differs as (select facet, field, value, file from ("
            + _SETS
            + ") d where "
            + _KEPT
            + " group by"
            " facet, field, value, file having sum(sign) <> 0)"
            " insert into census_set as s (project, dataset, facet, field, value, block, files)"
            " select %(project)s, {dataset}, facet, field, value, file >> 16, bit_or(" + _BIT + ")"
            " from differs group by facet, field, value, file >> 16"
            " on conflict (dataset, facet, field, block, md5(value)) do update set files = s.files # excluded.files"
        ).format(
            sides=sides(place, was, now),
            had=SQL("had"),
            many=Literal(list(many)),
            dataset=Literal(place.dataset),
        )
    )


def _note_many(tx: Transaction, dataset: int) -> list[str]:
    """The fields that have, or had since the census was made whole, too many values; they have no sets."""
    many = tx.value(
        list,
        "update census c set many = c.many || array(select n.facet || ':' || n.field from census_field n where"
        " n.project = c.project and n.dataset = c.dataset and n.differ > %(most)s and n.facet in ('value', 'meta')"
        " and n.facet || ':' || n.field <> all(c.many)) where c.project = %(project)s and c.dataset = %(dataset)s"
        " returning c.many",
        dataset=dataset,
        most=MOST_VALUES,
    )
    tx.run(
        "delete from census_set where project = %(project)s and dataset = %(dataset)s"
        " and facet || ':' || field = any(%(many)s)",
        dataset=dataset,
        many=many or [],
    )
    return many or []
