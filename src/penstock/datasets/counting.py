"""How many files a query finds, and which, where they are few: by the sets of the dataset's census where these tell."""

from dataclasses import replace

from psycopg.sql import SQL

from penstock.datasets import asking, census, found_tables, set_tables, told
from penstock.datasets.query import Expression
from penstock.datasets.query.compile import Condition
from penstock.store import Transaction

FEW = 5_000
"""Files that are looked at one by one; more are found as soon by walking along all."""


def count(tx: Transaction, scope: asking.Scope, text: str | None) -> int:
    """How many files a query holds for. Raises QueryInvalid."""
    expression = asking.read(tx, text, scope)
    known = _told(tx, scope, expression)
    held = asking.held(tx, scope)
    if known is not None and known.is_whole and (found := set_tables.count(tx, held, known.bits)) is not None:
        return found
    return found_tables.count(tx, held, _narrowed(tx, scope, expression, known))


def condition(tx: Transaction, scope: asking.Scope, expression: Expression | None) -> Condition | None:
    """The condition that a query sets: being one of some files, where sets tell these and they are few."""
    return _narrowed(tx, scope, expression, None if expression is None else _told(tx, scope, expression))


def _told(tx: Transaction, scope: asking.Scope, expression: Expression | None) -> told.Told | None:
    place = census.near(tx, scope)
    return None if place is None else told.tell(tx, scope, place, expression)


def _narrowed(
    tx: Transaction, scope: asking.Scope, expression: Expression | None, known: told.Told | None
) -> Condition | None:
    files = None if known is None else set_tables.files(tx, asking.held(tx, scope), known.bits, FEW)
    if known is None or files is None:
        return asking.condition(tx, expression, scope)
    few = Condition(SQL("m.file = any(%(few)s)"), {"few": files}, few=len(files))
    if known.is_whole or (where := asking.condition(tx, expression, scope)) is None:
        return few
    return replace(
        few, sql=SQL("({} and {})").format(few.sql, where.sql), parameters={**where.parameters, **few.parameters}
    )
