"""The sets of a census: which files have a value, as bits by the files' ids. The only place with their SQL.

Files are in blocks of 65,536; a block's bits are a row. Combined as a query says, they tell how many it finds, but
for those that changed since the census: these are asked one by one, in the same statement.
"""

import itertools
from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import add
from typing import Any, LiteralString, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Literal

from penstock.datasets.census_tables import WHOLE, Place, Side, has, moves, sides
from penstock.datasets.found_tables import Held, members, prepare
from penstock.datasets.query.compile import Condition
from penstock.store import Transaction

MOST_VALUES = 5_000
"""Different values of a field that sets are kept of."""
MOST_MEMBERS = 10_000
"""Files of another dataset that a set is made of when it is asked for."""

NONE = SQL("0::bit(65536)::bit varying")
"""No file of a block. Made of a text, a plan with six of them took 4 ms."""
_PACKED: LiteralString = (
    "select {by} at >> 10 as block, string_agg(repeat('0', gap::int * 64) || bits::bit(64)::text, ''"
    " order by at)::bit(65536) as files from (select *, at - coalesce(lag(at) over (partition by {by} at >> 10"
    " order by at), (at >> 10 << 10) - 1) - 1 as gap from (select {by} file >> 6 as at,"
    " bit_or(1::bigint << (63 - (file & 63)::int)) as bits from {rows} group by {by} file >> 6) w) p"
    " group by {by} at >> 10"
)
"""Files as bits of blocks: words of 64 first, then as many zeros between them as are due. Bit by bit took minutes."""
_BY: LiteralString = "facet, field, value,"


def _packed(rows: Composable, by: LiteralString = "") -> Composed:
    return SQL(_PACKED).format(rows=rows, by=SQL(by))


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
    packed = _packed(SQL("(select m.file from {}) b").format(members(held, None)))
    # Made once, not for each block.
    return SQL("coalesce((with b as materialized ({}) select b.files from b where b.block = f.block), {})").format(
        packed, NONE
    )


class Bits(NamedTuple):
    """A combination of sets as of a revision; and the condition that says the same of files that changed since."""

    place: Place
    seq: int
    sql: Composable
    where: Condition | None


def count(tx: Transaction, held: Held, bits: Bits) -> int | None:
    """How many files there are. None where the census has become one of another revision."""
    return tx.value(int, _combined(held, bits, _COUNT), **_prepared(tx, bits))


def files(tx: Transaction, held: Held, bits: Bits, most: int) -> "array[int] | None":
    """The files, in no order. None where there are more than so many, or the census is of another revision now."""
    rows = tx.rows(_combined(held, bits, _FILES), **_prepared(tx, bits), most=most)
    total = [n for n, text in rows if text is None]
    if not total or total[0] > most:
        return None
    found = array("q", (file for file, text in rows if text == ""))
    for block, text in rows:
        zeros = accumulate(map(len, (text or "").split("1")[:-1]))  # before each one
        found.extend(map(add, zeros, itertools.count(block << 16)))
    return found


_COUNT: LiteralString = (
    " select (select coalesce(sum(bit_count(files)), 0) from found)::bigint + (select count(*) from changed) from known"
)
_FILES: LiteralString = (
    ", total as materialized (select coalesce(sum(bit_count(files)), 0)::bigint as n from found)"
    " select n, null::text from known, total union all select block, files::text from found, total"
    " where n <= %(most)s and bit_count(files) > 0 union all select file, '' from changed"
)


def _prepared(tx: Transaction, bits: Bits) -> dict[str, Any]:
    prepare(tx)
    return dict(bits.where.parameters) if bits.where else {}


def _combined(held: Held, bits: Bits, then: LiteralString) -> Composed:
    """`found`: bits of files that didn't change; `changed`: those that did, and are in; `known`: is it this census?"""
    low, high = (bits.seq, None) if held.as_of is None else (min(bits.seq, held.as_of), max(bits.seq, held.as_of))
    return SQL(
        "with moved as materialized (select distinct file from ({moves}) m), gone as materialized ({gone}),"
        " found as materialized (select f.block, f.files & {bits} & ~coalesce(g.files, {none}) as files"
        " from census_set f left join gone g on g.block = f.block"
        " where f.project = %(project)s and f.dataset = {dataset} and f.facet = 'files'),"
        " changed as materialized (select v.file from moved v"
        " where exists (select from {members} and m.file = v.file)),"
        " known as (select from census c where c.project = %(project)s and c.dataset = {dataset} and c.seq = {seq} and "
        + WHOLE
        + ")"
        + then
    ).format(
        moves=moves(bits.place, low, high),
        gone=_packed(SQL("moved")),
        bits=bits.sql,
        none=NONE,
        dataset=Literal(bits.place.dataset),
        members=members(held, bits.where),
        seq=Literal(bits.seq),
    )


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
    rows = SQL("(" + _SETS + ") d where " + _KEPT).format(had=had, many=Literal(many))
    tx.run(
        SQL(
            "insert into census_set (project, dataset, facet, field, value, block, files)"
            " select %(project)s, {}, facet, field, value, block, files from ({}) p"
        ).format(Literal(place.dataset), _packed(rows, _BY))
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
            " select %(project)s, {dataset}, facet, field, value, block, files from ({packed}) p"
            " on conflict (dataset, facet, field, block, md5(value)) do update set files = s.files # excluded.files"
        ).format(
            sides=sides(place, was, now),
            had=SQL("had"),
            many=Literal(list(many)),
            dataset=Literal(place.dataset),
            packed=_packed(SQL("differs"), _BY),
        )
    )


def _note_many(tx: Transaction, dataset: int) -> list[str]:
    """The fields that have, or had since the census was made whole, too many values; they have no sets."""
    found = tx.rows(
        "update census c set many = c.many || array(select n.facet || ':' || n.field from census_field n where"
        " n.project = c.project and n.dataset = c.dataset and n.differ > %(most)s and n.facet in ('value', 'meta')"
        " and n.facet || ':' || n.field <> all(c.many)) where c.project = %(project)s and c.dataset = %(dataset)s"
        " returning c.many",
        dataset=dataset,
        most=MOST_VALUES,
    )
    many: list[str] = found[0][0] if found else []
    tx.run(
        "delete from census_set where project = %(project)s and dataset = %(dataset)s"
        " and facet || ':' || field = any(%(many)s)",
        dataset=dataset,
        many=many,
    )
    return many
