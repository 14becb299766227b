"""How many files a query finds: by the dataset's census where that tells, else by asking all of them."""

from typing import cast

from penstock.datasets import asking, census, found_tables, query
from penstock.datasets.facet_tables import Row
from penstock.datasets.query import Expression, Facts
from penstock.datasets.query import expression as e
from penstock.datasets.query.check import walk
from penstock.datasets.query.evaluate import compare
from penstock.datasets.query.place import Asked
from penstock.store import Transaction


def count(tx: Transaction, scope: asking.Scope, text: str | None) -> int:
    """How many files a query holds for. Raises QueryInvalid."""
    expression = asking.read(tx, text, scope)
    if expression is None or _is_told(expression):
        rows = census.rows(tx, scope)
        if rows is not None:
            told = _told(expression, rows, asking.asked(tx, scope))
            if told is not None:
                return told
    return found_tables.count(tx, asking.held(tx, scope), asking.condition(tx, expression, scope))


def _is_told(expression: Expression) -> bool:
    return _label(expression) is not None or _key(expression) is not None


def _told(expression: Expression | None, rows: list[Row], asked: Asked) -> int | None:
    [files] = [row.files for row in rows if row.facet == "files"]
    if expression is None:
        return files
    if (asked_of := _label(expression)) is not None:
        label, sign, wanted = asked_of
        ids = asked.labels(lambda name: name == label)
        if len(ids) != 1:
            return None
        there = sum(row.files for row in rows if row.facet == "label" and row.value == ids[0])
        with_it, without = (compare((n,), sign, wanted, asked.now) for n in (1, 0))
        return there * with_it + (files - there) * without
    key = cast(str, _key(expression))
    values = [row for row in rows if row.facet == "meta" and (row.field or "")[:-1] == key]
    if any(row.distinct > sum(other.field == row.field for other in values) for row in values):
        return None  # not all of them are at hand
    found = [row.files for row in values if query.evaluate(expression, Facts(now=asked.now, meta={key: row.value}))]
    others = files - sum(row.files for row in values)
    return sum(found) + others * query.evaluate(expression, Facts(now=asked.now))


def _label(expression: Expression) -> tuple[str, e.Operator, e.Answer] | None:
    """The label, where all that is asked is whether a file has it at all."""
    match expression:
        case e.Compare(e.LabelCount(label), sign, bool() | None):
            return None
        case e.Compare(e.LabelCount(label), sign, wanted) if wanted == 0 or (wanted == 1 and sign in (">=", "<")):
            return label, sign, wanted
        case _:
            return None


def _key(expression: Expression) -> str | None:
    """The key of the metadata, where that alone is asked about: a file has one value of it at most."""
    keys = set[str | None]()
    for part, _ in walk(expression):
        match part:
            case e.Or() | e.And() | e.Not():
                pass
            case e.Compare(e.Meta(path)) | e.Among(e.Meta(path)):
                keys.add(path[0])
            case _:
                keys.add(None)
    return keys.pop() if len(keys) == 1 else None
