"""What one can do with a project's schema. Each change makes a new version and writes `schema.changed`."""

from collections.abc import Callable, Sequence

from penstock.core import NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.schema import planning, tables
from penstock.schema.edits import Edit, edited
from penstock.schema.events import SchemaChanged
from penstock.schema.model import Schema
from penstock.schema.tables import SchemaVersion
from penstock.schema.wanted import WantedSchema
from penstock.store import Transaction

Guard = Callable[[int], None]
"""Called with the present edition once it is locked; raises when the caller holds another."""

renaming: list[Callable[[Transaction, Schema, Schema], None]] = []
"""Called with the schema before and after, before the seq is drawn, by each change: later rooms keep names in texts."""


def current(tx: Transaction) -> Schema:
    """The project's schema as it is; version 0, empty, before the first change."""
    return at(tx, tables.head(tx))


def at(tx: Transaction, version: int) -> Schema:
    """The project's schema as it was at a version. Raises NotFound."""
    found = tables.read(tx, version)
    if found is None:
        raise NotFound(what="schema version", name=version)
    return found


def version_at(tx: Transaction, seq: int) -> int:
    """The schema version that was present at a revision; 0 before the first change."""
    return tables.version_at(tx, seq)


def versions(tx: Transaction, after: str | None = None, limit: int = 50) -> Page[SchemaVersion]:
    """The schema's versions, newest first."""
    before: int | None = decode_cursor(after, int)[0] if after else None
    found = tables.versions(tx, before, limit + 1)
    more = encode_cursor(found[limit - 1].version) if len(found) > limit else None
    return Page(items=found[:limit], next=more)


def replace(tx: Transaction, wanted: WantedSchema, prune: bool = False, guard: Guard | None = None) -> Schema:
    """Make the schema as wanted: names stay themselves, `was` renames, `prune` archives what isn't named. Conditions
    and queries that use a name are written anew with it.

    Writes `schema.changed`, unless it is so already. Safe to repeat. Locks: before the seq is drawn.
    """
    return _change(tx, lambda schema: planning.planned(schema, wanted, prune), guard)


def extend(tx: Transaction, wanted: WantedSchema) -> Schema:
    """Add the labels, attributes and options that the schema lacks, and change nothing else; what an import does.

    Writes `schema.changed`, unless nothing is lacking: then it takes no lock either.
    """
    present = current(tx)
    if planning.extended(present, wanted) is present:
        return present
    return _change(tx, lambda schema: planning.extended(schema, wanted), None)


def change(tx: Transaction, edits: Sequence[Edit], guard: Guard | None = None) -> Schema:
    """Apply single edits, by id. Writes `schema.changed`, unless nothing changes."""
    return _change(tx, lambda schema: edited(schema, edits), guard)


def _change(tx: Transaction, to: Callable[[Schema], Schema], guard: Guard | None) -> Schema:
    old = at(tx, tables.lock_head(tx))
    if guard is not None:
        guard(old.edition)
    new = to(old)
    if new is old:
        return old
    for follow in renaming:
        follow(tx, old, new)
    changes = planning.differences(old, new)
    tables.write(tx, new, changes)
    tx.append(SchemaChanged(version=new.version, was=old.version, changes=changes))
    return new
