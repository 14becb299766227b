"""The rows of schema versions. A committed version never changes, so a process reads it once and remembers it."""

import datetime as dt
from typing import Any

from penstock.core import Value
from penstock.schema.model import Schema
from penstock.store import Transaction


class SchemaVersion(Value):
    """One change of the schema, as the list of versions shows it."""

    version: int
    changes: list[str]
    """What it changed, in words."""
    actor: int | None
    at: dt.datetime


def head(tx: Transaction) -> int:
    """The present version; 0 before the first."""
    return tx.value(int, "select version from schema_head where project = %(project)s") or 0


def version_at(tx: Transaction, seq: int) -> int:
    """The version that was present at a revision; 0 before the first."""
    found = tx.value(
        int, "select max(version) from schema_version where project = %(project)s and seq <= %(seq)s", seq=seq
    )
    return found or 0


def lock_head(tx: Transaction) -> int:
    """The present version, locked until the transaction ends."""
    tx.before_seq()
    tx.run("insert into schema_head (project) values (%(project)s) on conflict do nothing")
    tx.before_seq()
    return tx.value(int, "select version from schema_head where project = %(project)s for no key update") or 0


def read(tx: Transaction, version: int) -> Schema | None:
    """One version; None when there is no such. From memory when this process read it before."""
    if version == 0:
        return Schema(version=0)
    place = ("schema", tx.project, version)
    known: Schema | None = tx.memory.get(place)
    if known is not None:
        return known
    row = tx.maybe(
        _Row,
        "select body, xmin::text = (pg_current_xact_id_if_assigned()::xid)::text as own from schema_version"
        " where project = %(project)s and version = %(version)s",
        version=version,
    )
    if row is None:
        return None
    schema = Schema.model_validate({**row.body, "version": version})
    # A version that this very transaction wrote may yet be rolled back, and another take its number.
    if not row.own:
        tx.memory[place] = schema
    return schema


class _Row(Value):
    body: dict[str, Any]
    own: bool | None


def write(tx: Transaction, schema: Schema, changes: list[str]) -> None:
    """Store a version and make it the present one."""
    tx.run(
        "with made as (insert into schema_version (project, version, body, changes, seq, actor, at) values"
        " (%(project)s, %(version)s, %(body)s::jsonb, to_jsonb(%(changes)s::text[]), %(seq)s, %(actor)s, moment()))"
        " update schema_head set version = %(version)s where project = %(project)s",
        version=schema.version,
        body=schema.model_dump_json(exclude={"version"}),
        changes=changes,
        seq=tx.seq,
        actor=tx.actor,
    )


def versions(tx: Transaction, before: int | None, limit: int) -> list[SchemaVersion]:
    """The newest versions first, from `before` downwards."""
    return tx.all(
        SchemaVersion,
        "select version, changes, actor, at from schema_version where project = %(project)s"
        " and (%(before)s::int is null or version < %(before)s) order by version desc limit %(limit)s",
        before=before,
        limit=limit,
    )
