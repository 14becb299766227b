"""Where a query is asked, made from rows: a dataset, a version of one, or the whole project."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from penstock import people
from penstock import schema as schemas
from penstock.annotations import branches
from penstock.core import Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import facts, found_tables, pruning, relation, tables, verbs, versions
from penstock.datasets import query as language
from penstock.datasets.query.compile import Condition, compile
from penstock.datasets.query.expression import And, Compare, Expression, Pin, Plain
from penstock.datasets.query.place import Asked
from penstock.store import Transaction


class Scope(NamedTuple):
    """Whose files are asked about: of a dataset, now or at a revision; with none, all of the project."""

    branch: int
    dataset: int | None = None
    as_of: int | None = None
    schema_version: int | None = None


def of_project(tx: Transaction) -> Scope:
    """All files of the project, with what is true of them."""
    return Scope(branches.main(tx))


def of_dataset(tx: Transaction, dataset: int, as_of: int | None = None) -> Scope:
    """A dataset, now or at a revision. Raises NotFound, RevisionPruned."""
    if as_of is not None:
        pruning.check(tx, dataset, as_of)
    return Scope(verbs.get(tx, dataset).branch, dataset, as_of)


def of_version(tx: Transaction, version: int) -> Scope:
    """A version. Raises NotFound."""
    pinned = versions.get(tx, version)
    return Scope(pinned.branch, pinned.dataset, pinned.seq, pinned.schema_version)


def read(tx: Transaction, text: str | None, scope: Scope, state: str | None = None) -> Expression | None:
    """A query that may be asked there; none holds of every file. Raises QueryInvalid with the place.

    With a state, of files in that state alone.
    """
    parts: list[Expression] = [] if state is None else [Compare(Plain("state"), "=", state)]
    if text is not None and text.strip():
        expression = language.parse(text)
        language.check(expression, "file", facts.names(tx, scope.dataset, scope.schema_version, expression))
        parts.append(expression)
    return None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))


def parsed(text: str | None) -> Expression | None:
    """A query without a look at its names; None holds of every file. Raises QueryInvalid."""
    return language.parse(text) if text is not None and text.strip() else None


def condition(
    tx: Transaction, expression: Expression | None, scope: Scope, now: dt.datetime | None = None
) -> Condition | None:
    """The condition that a query sets there; None for no query."""
    return None if expression is None else compile(expression, asked(tx, scope, now))


def asked(tx: Transaction, scope: Scope, now: dt.datetime | None = None) -> Asked:
    """What the names in a query mean there."""

    def pin(version: str | Pin) -> tuple[int, int] | None:
        found = facts.find_pin(tx, version, scope.dataset)
        return None if found is None else (found.dataset, found.seq)

    def persons(name: str) -> Sequence[int]:
        return people.persons_called(tx, name)

    given = scope.schema_version
    return Asked(
        levels=branches.levels(tx, branches.get(tx, scope.branch), scope.as_of),
        schema=schemas.current(tx) if given is None else schemas.at(tx, given),
        now=now or tx.now,
        dataset=scope.dataset,
        as_of=scope.as_of,
        entries=lambda dataset: relation.table(tx, dataset),
        datasets=lambda name: tables.ids_named(tx, name),
        pin=pin,
        people=persons,
        tasks=lambda template: facts.tasks.relation(tx, template, scope.as_of),
    )


def held(tx: Transaction, scope: Scope) -> found_tables.Held:
    """Where the files that are asked about are read."""
    table = None if scope.dataset is None else relation.table(tx, scope.dataset)
    return found_tables.Held(table, scope.dataset, scope.as_of)


def page_of_project(
    tx: Transaction, text: str, after: str | None = None, state: str | None = None, limit: int = 100
) -> Page[int]:
    """The project's files that a query holds for, in the order of keys. Raises QueryInvalid."""
    scope = of_project(tx)
    found, more = places(tx, scope, condition(tx, read(tx, text, scope, state), scope), after, limit)
    return Page(items=[place.file for place in found], next=more)


def places(
    tx: Transaction, scope: Scope, where: Condition | None, after: str | None, limit: int, skip: int = 0
) -> tuple[list[found_tables.Place], str | None]:
    """A page of the files that a condition holds for, in the order of keys, and where the next begins."""
    key, file = decode_cursor(after, str, int) if after else ("", 0)
    start = found_tables.Place(key, file)
    found = found_tables.page(tx, held(tx, scope), where, start, skip + limit + 1)[skip:]
    more = encode_cursor(*found[limit - 1]) if len(found) > limit else None
    return found[:limit], more


def files(
    tx: Transaction,
    scope: Scope,
    expression: Expression | None,
    now: dt.datetime | None = None,
    only: Sequence[int] | None = None,
) -> list[int]:
    """The files that a query holds for, or those of some, in the order of their ids."""
    return found_tables.files(tx, held(tx, scope), condition(tx, expression, scope, now), only)
