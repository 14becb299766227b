"""Connections: named ways to what is outside, their secrets sealed. Only `open_connection` opens them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec

from penstock.connections import kinds
from penstock.connections.events import ConnectionChanged, ConnectionCreated, ConnectionRotated, ConnectionTested
from penstock.connections.model import (
    Connection,
    ConnectionChange,
    ConnectionShown,
    NewConnection,
    Rotation,
    SecretUnknown,
    Trial,
)
from penstock.connections.sealing import seal, unseal
from penstock.core import Conflict, NotFound, Settings
from penstock.core.ids import ConnectionId
from penstock.store import Transaction


class ConnectionNameTaken(Conflict):
    """There is a connection named {name!r} already. Choose another name, or change that one."""


class SecretNeeded(Conflict):
    """A {kind} connection makes no secret of its own for `{field}`. Give the new one as `value`."""


def create_connection(tx: Transaction, new: NewConnection, key: bytes, server: Settings) -> ConnectionShown:
    """Make a connection. A secret that wasn't given but can be made is made, and shown in this answer alone.

    Writes `connection.created`. Raises KindUnknown, SettingsRefused, SecretUnknown, ConnectionNameTaken, and what
    the kind itself refuses.
    """
    kind = kinds.kind_of(new.kind)
    settings = kinds.read_settings(kind, new.settings)
    kinds.check_secret_names(kind, new.secrets)
    made = {field: make() for field, make in kind.secrets.items() if make is not None and field not in new.secrets}
    secrets = {**new.secrets, **made}
    kind.check(settings, secrets, server)
    id = tx.value(
        int,
        "insert into connection (project, name, kind, settings, sealed, created_by)"
        " values (%(project)s, %(name)s, %(of)s, %(settings)s::jsonb, '{}', %(by)s)"
        " on conflict (project, name) where archived_at is null do nothing returning id",
        name=new.name,
        of=new.kind,
        settings=settings.model_dump_json(),
        by=tx.actor,
    )
    if id is None:
        raise ConnectionNameTaken(name=new.name)
    _store_secrets(tx, id, _sealed(key, tx.project, id, secrets), {})
    tx.append(ConnectionCreated(connection=id, name=new.name, of=new.kind))
    return get_connection(tx, id).model_copy(update={"secret": next(iter(made.values()), None)})


def list_connections(tx: Transaction) -> list[ConnectionShown]:
    """All that are not archived, by name."""
    return [_shown(row) for row in tx.all(_Row, _SELECT + " order by name")]


def get_connection(tx: Transaction, id: int) -> ConnectionShown:
    """A connection without its secrets. Raises NotFound."""
    return _shown(_row(tx, id))


def by_name(tx: Transaction, name: str) -> ConnectionShown | None:
    """A connection without its secrets, by name."""
    row = tx.maybe(_Row, _SELECT + " and name = %(name)s", name=name)
    return None if row is None else _shown(row)


def open_connection(tx: Transaction, id: int, key: bytes) -> Connection:
    """A connection with its secrets in the clear, for whoever uses it right now. `key` is the store's.

    Never log it, return it or keep it. Raises NotFound, SecretLocked.
    """
    row = _row(tx, id)
    previous = {
        field: unseal(key, old["sealed"], tx.project, id, field)
        for field, old in row.previous.items()
        if dt.datetime.fromisoformat(old["until"]) > tx.now
    }
    return Connection(
        id=id,
        project=tx.project,
        name=row.name,
        kind=row.kind,
        settings=kinds.read_settings(kinds.kind_of(row.kind), row.settings),
        secrets={field: unseal(key, sealed, tx.project, id, field) for field, sealed in row.sealed.items()},
        previous=previous,
    )


def lock_connection(tx: Transaction, id: int) -> ConnectionShown:
    """A connection, locked until the transaction ends. Raises NotFound."""
    rows = tx.lock(_Row, _SELECT + " and id = %(id)s for no key update", id=id)
    if not rows:
        raise NotFound(what="connection", name=id)
    return _shown(rows[0])


def change_connection(
    tx: Transaction, id: int, change: ConnectionChange, key: bytes, server: Settings
) -> ConnectionShown:
    """Change what is given, archive it or set secrets anew. Writes `connection.changed`. Safe to repeat."""
    old = lock_connection(tx, id)
    kind = kinds.kind_of(old.kind)
    name = change.name or old.name
    settings = kinds.read_settings(kind, old.settings if change.settings is None else change.settings)
    kinds.check_secret_names(kind, change.secrets or {})
    archived = bool(change.archived)
    told = msgspec.json.decode(settings.model_dump_json())
    fields = [field for field, now, was in (("name", name, old.name), ("settings", told, old.settings)) if now != was]
    fields += sorted(change.secrets or {})
    if not fields and not archived:
        return old
    if not archived:
        kind.check(settings, change.secrets or {}, server)
    other = by_name(tx, name)
    if other is not None and other.id != id:
        raise ConnectionNameTaken(name=name)
    tx.run(
        "update connection set name = %(name)s, settings = %(settings)s::jsonb, edition = edition + 1,"
        " sealed = sealed || %(sealed)s::jsonb, previous = previous - %(fields)s::text[], changed_at = moment(),"
        " archived_at = case when %(archived)s then moment() end where project = %(project)s and id = %(id)s",
        id=id,
        name=name,
        settings=settings.model_dump_json(),
        sealed=_json(_sealed(key, tx.project, id, change.secrets or {})),
        fields=sorted(change.secrets or {}),
        archived=archived,
    )
    tx.append(ConnectionChanged(connection=id, name=name, fields=fields, archived=archived))
    return old if archived else get_connection(tx, id)


def rotate_secret(tx: Transaction, id: int, rotation: Rotation, key: bytes, server: Settings) -> ConnectionShown:
    """Put a new secret in place of one; a new one that the server made is shown in this answer alone.

    Until `keep_old_hours` are over both are used, so that the receiver can change its own in peace. Writes
    `connection.rotated`.
    """
    lock_connection(tx, id)
    row = _row(tx, id)
    kind = kinds.kind_of(row.kind)
    kinds.check_secret_names(kind, {rotation.field: ""})
    make = kind.secrets[rotation.field]
    if rotation.value is None and make is None:
        raise SecretNeeded(kind=row.kind, field=rotation.field)
    secret = rotation.value if rotation.value is not None or make is None else make()
    assert secret is not None
    kind.check(kinds.read_settings(kind, row.settings), {rotation.field: secret}, server)
    previous = dict(row.previous)
    if rotation.field in row.sealed and rotation.keep_old_hours:
        until = tx.now + dt.timedelta(hours=rotation.keep_old_hours)
        previous[rotation.field] = {"sealed": row.sealed[rotation.field], "until": until.isoformat()}
    else:
        previous.pop(rotation.field, None)
    _store_secrets(tx, id, {**row.sealed, **_sealed(key, tx.project, id, {rotation.field: secret})}, previous)
    tx.run(
        "update connection set edition = edition + 1, changed_at = moment()"
        " where project = %(project)s and id = %(id)s",
        id=id,
    )
    tx.append(ConnectionRotated(connection=id, name=row.name, field=rotation.field))
    shown = get_connection(tx, id)
    return shown if rotation.value is not None else shown.model_copy(update={"secret": secret})


def record_test(tx: Transaction, id: int, trial: Trial) -> None:
    """Writes `connection.tested`."""
    tx.append(ConnectionTested(connection=id, name=get_connection(tx, id).name, works=trial.works))


def secrets_of(connection: Connection, field: str = "secret") -> list[str]:
    """The secrets to sign with, the present one first. Raises SecretUnknown."""
    if field not in connection.secrets:
        raise SecretUnknown(kind=connection.kind, field=field, known="It has none.")
    old = connection.previous.get(field)
    return [connection.secrets[field], *([old] if old else [])]


@dataclass(frozen=True)
class _Row:
    id: ConnectionId
    name: str
    kind: str
    settings: dict[str, Any]
    sealed: dict[str, str]
    previous: dict[str, dict[str, str]]
    edition: int
    created_at: dt.datetime
    changed_at: dt.datetime


_SELECT = (
    "select id, name, kind, settings, sealed, previous, edition, created_at, changed_at from connection"
    " where project = %(project)s and archived_at is null"
)


def _row(tx: Transaction, id: int) -> _Row:
    row = tx.maybe(_Row, _SELECT + " and id = %(id)s", id=id)
    if row is None:
        raise NotFound(what="connection", name=id)
    return row


def _shown(row: _Row) -> ConnectionShown:
    return ConnectionShown(
        id=row.id,
        name=row.name,
        kind=row.kind,
        settings=row.settings,
        secrets=sorted(row.sealed),
        edition=row.edition,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _sealed(key: bytes, project: int, id: int, secrets: dict[str, str]) -> dict[str, str]:
    return {field: seal(key, secret, project, id, field) for field, secret in secrets.items()}


def _store_secrets(tx: Transaction, id: int, sealed: dict[str, str], previous: dict[str, dict[str, str]]) -> None:
    tx.run(
        "update connection set sealed = %(sealed)s::jsonb, previous = %(previous)s::jsonb"
        " where project = %(project)s and id = %(id)s",
        id=id,
        sealed=_json(sealed),
        previous=_json(previous),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
