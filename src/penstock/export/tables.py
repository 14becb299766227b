"""The table of exports. The only place with its SQL."""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from psycopg.types.json import Jsonb

from penstock.datasets.pruning_model import Hold
from penstock.export.model import Export, NewExport
from penstock.store import Transaction

_EXPORT = (
    "select id, dataset, version, branch, as_of, schema_version, filter, now, format, media, pack, transforms,"
    ' series, keep, destination as "to", state, reason, total, looked, files, annotations, bytes, uri, losses, author,'
    " at, ended_at"
    " from export where project = %(project)s"
)


class Pinned(NamedTuple):
    """What exactly an export shows."""

    dataset: int
    version: int | None
    branch: int
    as_of: int
    schema_version: int


def insert(tx: Transaction, new: NewExport, pinned: Pinned) -> int:
    id = tx.value(
        int,
        "insert into export (project, dataset, version, branch, as_of, schema_version, picked, filter, now, format,"
        " media, pack, transforms, series, keep, destination, author, at) values (%(project)s, %(dataset)s,"
        " %(version)s, %(branch)s, %(as_of)s, %(schema_version)s, %(picked)s, %(filter)s, %(means)s, %(format)s,"
        " %(media)s, %(pack)s, %(transforms)s, %(series)s, %(keep)s, %(to)s, %(author)s, %(now)s) returning id",
        **pinned._asdict(),
        picked=None if new.picked is None else list(new.picked),
        filter=new.filter,
        means=new.now or tx.now,
        format=new.format,
        media=new.media,
        pack=new.pack,
        transforms=Jsonb([one.model_dump(mode="json") for one in new.transforms]),
        series=new.series,
        keep=None if new.keep is None else Jsonb(new.keep.model_dump(mode="json")),
        to=None if new.to is None else Jsonb(new.to.model_dump(mode="json")),
        author=tx.actor,
        now=tx.now,
    )
    assert id is not None
    return id


def find(tx: Transaction, id: int) -> Export | None:
    return tx.maybe(Export, _EXPORT + " and id = %(id)s", id=id)


def lock(tx: Transaction, id: int) -> Export | None:
    found = tx.lock(Export, _EXPORT + " and id = %(id)s for no key update", id=id)
    return found[0] if found else None


def page(tx: Transaction, before: int | None, limit: int) -> list[Export]:
    """The newest first, from `before` downwards."""
    return tx.all(
        Export,
        _EXPORT + " and (%(before)s::bigint is null or id < %(before)s) order by id desc limit %(limit)s",
        before=before,
        limit=limit,
    )


def picked(tx: Transaction, id: int) -> frozenset[int] | None:
    """The files that it is of, where they were picked one by one."""
    rows = tx.rows("select picked from export where project = %(project)s and id = %(id)s", id=id)
    return None if not rows or rows[0][0] is None else frozenset(rows[0][0])


def begin(tx: Transaction, id: int) -> bool:
    """Begin, or begin again; False when it has ended, also by being cancelled."""
    return (
        tx.run(
            "update export set state = 'running', looked = 0 where project = %(project)s and id = %(id)s"
            " and state in ('queued', 'running')",
            id=id,
        )
        > 0
    )


def progress(tx: Transaction, id: int, looked: int, total: int) -> bool:
    """Record how far it is; False when it has ended, also by being cancelled."""
    return (
        tx.run(
            "update export set looked = %(looked)s, total = %(total)s"
            " where project = %(project)s and id = %(id)s and state = 'running'",
            id=id,
            looked=looked,
            total=total,
        )
        > 0
    )


def is_running(tx: Transaction, id: int) -> bool:
    return tx.value(str, "select state from export where project = %(project)s and id = %(id)s", id=id) == "running"


def seal(tx: Transaction, id: int, seal: str) -> bool:
    """Remember the hash of what is about to be published; False when it has ended meanwhile."""
    return (
        tx.run(
            "update export set seal = %(seal)s where project = %(project)s and id = %(id)s and state = 'running'",
            id=id,
            seal=seal,
        )
        > 0
    )


def sealed(tx: Transaction, id: int) -> str | None:
    return tx.value(str, "select seal from export where project = %(project)s and id = %(id)s", id=id)


def count(tx: Transaction, id: int, files: int, annotations: int, bytes: int, losses: Mapping[str, int]) -> None:
    """Record what it holds."""
    tx.run(
        "update export set files = %(files)s, annotations = %(annotations)s, bytes = %(bytes)s, losses = %(losses)s"
        " where project = %(project)s and id = %(id)s",
        id=id,
        files=files,
        annotations=annotations,
        bytes=bytes,
        losses=Jsonb(dict(losses)),
    )


def end(tx: Transaction, id: int, state: str, reason: str | None = None, uri: str | None = None) -> None:
    tx.run(
        "update export set state = %(state)s, reason = %(reason)s, uri = %(uri)s, ended_at = %(now)s,"
        " looked = case when %(state)s = 'ready' then coalesce(total, looked) else looked end"
        " where project = %(project)s and id = %(id)s",
        id=id,
        state=state,
        reason=reason,
        uri=uri,
        now=tx.now,
    )


def expiring(tx: Transaction, before: dt.datetime) -> list[tuple[int, int]]:
    """(project, export) of the downloads of all projects that were ready before a time."""
    found = tx.rows(
        "select project, id from export where state = 'ready' and destination is null and ended_at < %(before)s"
        " order by id limit 1000",
        before=before,
    )
    return [(project, id) for project, id in found]


def expire(tx: Transaction, export: int) -> bool:
    """Note that a download is gone; False when that was noted before."""
    return bool(
        tx.run(
            "update export set state = 'expired' where project = %(project)s and id = %(id)s and state = 'ready'",
            id=export,
        )
    )


def of_series(tx: Transaction, series: str) -> list[Export]:
    """The ready exports of a series, the newest first."""
    return tx.all(Export, _EXPORT + " and series = %(series)s and state = 'ready' order by id desc", series=series)


def kept_series(tx: Transaction) -> list[tuple[int, str]]:
    """(project, series) of all projects whose exports go by a rule."""
    found = tx.rows(
        "select distinct project, series from export where keep is not null and state = 'ready' order by 1, 2"
    )
    return [(project, series) for project, series in found]


def versions_shown(tx: Transaction) -> list[int]:
    """The versions that unfinished exports show."""
    return tx.values(
        int,
        "select distinct version from export where project = %(project)s and version is not null"
        " and state in ('queued', 'running')",
    )


def held(tx: Transaction) -> list[Hold]:
    """What unfinished exports read."""
    return tx.all(
        Hold,
        "select as_of as seq, branch from export where project = %(project)s and state in ('queued', 'running')",
    )
