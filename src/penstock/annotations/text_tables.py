"""Annotations of many files as JSON texts, which the database makes: a row of thirteen columns costs as much in Python
as everything an export does with it. The only place with this SQL.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

from penstock.annotations.tables import LEVELS, Level, at_levels
from penstock.store import Transaction

# As `model.Annotation` reads it: fields of their usual values are left out.
_TEXT: LiteralString = """
concat('{"id":"', f.id, '","kind":"', f.kind, '","source":"', f.source, '"', ',"label":' || f.label,
  ',"confidence":' || f.confidence, ',"group":' || to_json(f."group")::text, ',"at":' || f.at::text,
  ',"author":' || f.author, case when f.attributes <> '{}' then ',"attributes":' || f.attributes::text end,
  ',"foreign":' || f."foreign"::text,
  case when %(bounds)s then concat(',"bounds":[', f.x, ',', f.y, ',', f.w, ',', f.h, ']') end,
  ',"geometry":', f.geometry, '}')"""
_AGGREGATED: LiteralString = "select f.file, '[' || string_agg(" + _TEXT + ", ',' order by f.id) || ']' from "
_COLUMNS: LiteralString = (
    'a.file, a.id, a.kind, a.source, a.label, a.confidence, a."group", a.at, a.author, a.attributes, a."foreign",'
    " a.geometry, a.x, a.y, a.w, a.h, a.gone"
)
_ONE_LEVEL: LiteralString = (
    "annotation f where f.project = %(project)s and f.branch = %(branch)s and f.file = any(%(files)s)"
)
_OVERLAID: LiteralString = (
    "(select distinct on (a.file, a.id) "
    + _COLUMNS
    + LEVELS
    + " and a.file = any(%(files)s) order by a.file, a.id, level.n) f where true"
)


def select_texts(tx: Transaction, levels: Sequence[Level], files: Sequence[int], *, bounds: bool) -> dict[int, str]:
    """The annotations of each file that has any, overlaid, in order of their ids: a JSON list."""
    found, given = source(levels, files)
    return dict(tx.rows(_AGGREGATED + found + " and not f.gone group by f.file", bounds=bounds, **given))


def source(levels: Sequence[Level], files: Sequence[int]) -> tuple[LiteralString, dict[str, Any]]:
    """The rows `f` of some files that levels show, gone ones too, and what they are asked with."""
    if len(levels) > 1:
        return _OVERLAID, {**at_levels(levels), "files": list(files)}
    [(branch, as_of)] = levels
    valid = (
        " and f.retired_seq is null"
        if as_of is None
        else " and f.created_seq <= %(as_of)s and (f.retired_seq is null or f.retired_seq > %(as_of)s)"
    )
    return _ONE_LEVEL + valid, {"branch": branch, "as_of": as_of, "files": list(files)}
