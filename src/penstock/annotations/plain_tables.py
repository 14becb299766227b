"""Annotations of many files in few columns: most have no more to say than a label and a shape, and a row of these costs
a fifth of an object with thirteen fields. The only place with this SQL.

Rows say which annotations have more to say: those are read as objects, by files.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString

from penstock.annotations.plain import BETWEEN, LEAST_SIDE, BoxesRow, PolygonsRow, Sides
from penstock.annotations.tables import Level
from penstock.annotations.text_tables import source
from penstock.schema.model import Kind
from penstock.store import Transaction

_NOTHING_MORE: LiteralString = (
    "f.source = 'import' and f.author is null and f.confidence is null and f.\"group\" is null and f.at is null"
)
_AS_READ: LiteralString = (
    "case when bool_and(f.label is not null and f.kind = 'polygon' and f.attributes = '{}' and "
    + _NOTHING_MORE
    + ' and f."foreign"::text like %(kept)s) then '
)
# Texts of one column each: `concat` of two takes longer than all the rest.
_POLYGONS: LiteralString = (
    "select f.file, array_agg(f.label order by f.id), "
    + _AS_READ
    + 'string_agg(f."foreign"::text, %(between)s::text order by f.id) end, '
    + _AS_READ
    + "string_agg(f.geometry, %(between)s::text order by f.id) end from "
)
# The text is looked at first: few hold what is looked for, and to parse each costs more than all the rest.
_MORE: LiteralString = (
    "case when f.label is null or not f.kind = any(%(kinds)s) or f.attributes <> '{}'"
    " or (f.kind <> 'box' and least(f.w, f.h) < %(least)s)"
    ' or (f."foreign"::text like any(%(named)s) and f."foreign"::jsonb ?| %(keys)s)'
    " then null when f.kind = 'box' and " + _NOTHING_MORE + " and coalesce(f.\"foreign\"::text, '{}') = '{}'"
    " then 0 else (f.kind <> 'box')::int + 2 * (f.source <> 'import' or f.author is not null)::int"
    ' + 4 * (f.at is not null)::int + 8 * (f.confidence is not null)::int + 16 * (f."group" is not null)::int'
    " + case when coalesce(f.\"foreign\"::text, '{}') = '{}' then 0 when strpos(f.\"foreign\"::text, '\"iscrowd\"') > 0"
    ' and (f."foreign"::jsonb @> \'{"coco": {"iscrowd": 1}}\''
    ' or f."foreign"::jsonb @> \'{"panoptic": {"iscrowd": 1}}\') then 96 else 32 end end'
)
_BOXES: LiteralString = "select f.file, array_agg(f.label order by f.id), array_agg(" + _MORE + " order by f.id), "
_SIDES: Mapping[Sides, LiteralString] = {
    "bounds": "string_agg(concat(f.x, ' ', f.y, ' ', f.w, ' ', f.h), E'\n' order by f.id) from ",
    "corners": "string_agg(concat(f.x + 1, ' ', f.y + 1, ' ', f.x + f.w, ' ', f.y + f.h), E'\n' order by f.id) from ",
    # Rounded as formats do it: to twelve decimals, and without a zero below zero.
    "fractions": "string_agg(concat(round((f.x + f.w / 2) * s.across * 1e12) / 1e12 + 0.0::float8, ' ',"
    " round((f.y + f.h / 2) * s.down * 1e12) / 1e12 + 0.0::float8, ' ',"
    " round(f.w * s.across * 1e12) / 1e12 + 0.0::float8, ' ',"
    " round(f.h * s.down * 1e12) / 1e12 + 0.0::float8), E'\n' order by f.id)"
    " from (select id, 1.0::float8 / nullif(width, 0) as across, 1.0::float8 / nullif(height, 0) as down from file"
    " where project = %(project)s and id = any(%(files)s)) s, ",
}
_SIZED: LiteralString = " and s.id = f.file"
_BY_FILE: LiteralString = " and not f.gone group by f.file"


def select_polygons(tx: Transaction, levels: Sequence[Level], files: Sequence[int], kept: str) -> list[PolygonsRow]:
    """The annotations of files, overlaid, by id. Imported polygons with no attributes, confidence, group or `at` of
    which no more is kept than this, a pattern for `like`, have no more to say.
    """
    found, given = source(levels, files)
    return tx.rows(_POLYGONS + found + _BY_FILE, kept=kept, between=BETWEEN, **given)


def select_boxes(
    tx: Transaction,
    levels: Sequence[Level],
    files: Sequence[int],
    kinds: Collection[Kind],
    keys: Collection[str],
    sides: Sides,
) -> list[BoxesRow]:
    """The upright boxes around the annotations of files, overlaid, by id. Those of other `kinds`, with
    attributes, or with one of these foreign `keys` have more to say.
    """
    found, given = source(levels, files)
    named = [f'%"{key}"%' for key in sorted(keys)]
    sized = _SIZED if sides == "fractions" else ""
    query = _BOXES + _SIDES[sides] + found + sized + _BY_FILE
    return tx.rows(query, kinds=sorted(kinds), keys=sorted(keys), named=named, least=LEAST_SIDE, **given)
