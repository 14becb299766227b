"""The tables of files. The only place with their SQL."""

import datetime as dt
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from penstock.files.model import File, Key, Meta, MetaSource, NewFile, Probe, Standing, Upload
from penstock.store import SEQ, Transaction

_SELECT = (
    "select f.id, f.key, f.hash, f.bytes, f.media, f.mime, f.width, f.height, f.duration, f.frames, f.state, f.reason,"
    " f.replaces, coalesce(m.meta, '{}') as meta, coalesce(k.keys, '{}') as \"foreign\", f.created_seq, f.retired_seq"
    " from file f left join file_foreign k on k.project = f.project and k.file = f.id left join file_meta m"
    " on m.project = f.project and m.file = f.id and m.retired_seq is null where f.project = %(project)s"
)


class Known(NamedTuple):
    """A current file, as registering needs it."""

    id: int
    key: str
    hash: str
    state: str


class Waiting(NamedTuple):
    """A file to be probed."""

    id: int
    key: str
    hash: str


class Row(NamedTuple):
    """A file about to be inserted."""

    new: NewFile
    replaces: int | None


class _Identity(NamedTuple):
    id: int
    key: str


class _Described(NamedTuple):
    file: int
    meta: Meta
    source: MetaSource


def by_ids(tx: Transaction, ids: Sequence[int]) -> list[File]:
    return tx.all(File, _SELECT + " and f.id = any(%(ids)s) order by f.id", ids=list(ids))


def standings(tx: Transaction, ids: Sequence[int]) -> dict[int, Standing]:
    rows = tx.rows(
        "select id, state, retired_seq is not null, width, height from file where project = %(project)s"
        " and id = any(%(ids)s)",
        ids=array("q", ids),
    )
    return {row[0]: Standing(*row[1:]) for row in rows}


def by_key(tx: Transaction, key: str) -> File | None:
    return tx.maybe(File, _SELECT + " and f.key = %(key)s and f.retired_seq is null", key=key)


def ids_by_key(tx: Transaction, keys: Sequence[str]) -> dict[str, int]:
    rows = tx.all(
        _Identity,
        "select id, key from file where project = %(project)s and key = any(%(keys)s) and retired_seq is null",
        keys=list(keys),
    )
    return {row.key: row.id for row in rows}


def probes(tx: Transaction, keys: Sequence[str]) -> list[File]:
    """The ready files under these keys."""
    return tx.all(
        File,
        _SELECT + " and f.key = any(%(keys)s) and f.retired_seq is null and f.state = 'ready'",
        keys=list(keys),
    )


def page(tx: Transaction, after: str, prefix: str, state: str | None, limit: int) -> list[File]:
    """Current files in the order of their keys."""
    return tx.all(
        File,
        _SELECT + " and f.retired_seq is null and f.key > %(after)s and starts_with(f.key, %(prefix)s)"
        " and (%(state)s::text is null or f.state = %(state)s) order by f.key limit %(limit)s",
        after=after,
        prefix=prefix,
        state=state,
        limit=limit,
    )


def lock_current(tx: Transaction, keys: Sequence[str]) -> dict[str, Known]:
    """The current files under these keys, locked in the order of their ids."""
    rows = tx.lock(
        Known,
        "select id, key, hash, state from file where project = %(project)s and key = any(%(keys)s)"
        " and retired_seq is null order by id for no key update",
        keys=list(keys),
    )
    return {row.key: row for row in rows}


def twins(tx: Transaction, hashes: Sequence[str]) -> dict[str, Known]:
    """The oldest current file with each of these contents."""
    rows = tx.all(
        Known,
        "select distinct on (hash) id, key, hash, state from file where project = %(project)s"
        " and hash = any(%(hashes)s) and retired_seq is null order by hash, id",
        hashes=list(hashes),
    )
    return {row.hash: row for row in rows}


def retire(tx: Transaction, ids: Sequence[int]) -> None:
    tx.run(
        "update file set retired_seq = %(seq)s where project = %(project)s and id = any(%(ids)s)",
        ids=list(ids),
        seq=tx.seq,
    )


def insert(tx: Transaction, rows: Sequence[Row]) -> dict[str, int]:
    """Insert files, in one statement; their ids by key. A key that somebody else has just taken is missing."""
    made = tx.all(
        _Identity,
        "insert into file (project, key, hash, bytes, media, mime, width, height, duration, frames, look, state,"
        " replaces, location, created_seq)"
        " select %(project)s, r.*, %(seq)s from unnest(%(keys)s::text[], %(hashes)s::text[], %(bytes)s::bigint[],"
        " %(media)s::text[], %(mime)s::text[], %(width)s::int[], %(height)s::int[], %(duration)s::float8[],"
        " %(frames)s::int[], %(look)s::bigint[], %(state)s::text[], %(replaces)s::bigint[],"
        " %(location)s::jsonb[]) r"
        " on conflict (project, key) where retired_seq is null do nothing returning id, key",
        seq=tx.seq,
        **_columns(rows),
    )
    return {row.key: row.id for row in made}


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    probes = [row.new.probe for row in rows]
    return {
        "keys": [row.new.key for row in rows],
        "hashes": [row.new.hash for row in rows],
        "bytes": [row.new.bytes for row in rows],
        "media": [probe and probe.media for probe in probes],
        "mime": [probe and probe.mime for probe in probes],
        "width": [probe and probe.width for probe in probes],
        "height": [probe and probe.height for probe in probes],
        "duration": [probe and probe.duration for probe in probes],
        "frames": [probe and probe.frames for probe in probes],
        "look": [probe and probe.look for probe in probes],
        "state": ["ready" if probe else "processing" for probe in probes],
        "replaces": [row.replaces for row in rows],
        "location": [Jsonb(row.new.location.model_dump()) if row.new.location else None for row in rows],
    }


def lock_waiting(tx: Transaction, ids: Sequence[int]) -> list[Waiting]:
    """Those of these files that are still processing, locked."""
    return tx.lock(
        Waiting,
        "select id, key, hash from file where project = %(project)s and id = any(%(ids)s) and state = 'processing'"
        " order by id for no key update",
        ids=list(ids),
    )


def waiting(tx: Transaction, ids: Sequence[int]) -> list[Waiting]:
    """Those of these files that are still processing."""
    return tx.all(
        Waiting,
        "select id, key, hash from file where project = %(project)s and id = any(%(ids)s) and state = 'processing'"
        " order by id",
        ids=list(ids),
    )


def set_ready(tx: Transaction, found: Mapping[int, Probe]) -> None:
    tx.many(
        "update file set state = 'ready', media = %(media)s, mime = %(mime)s, width = %(width)s, height = %(height)s,"
        " duration = %(duration)s, frames = %(frames)s, look = %(look)s where project = %(project)s and id = %(id)s",
        [{"id": id, **probe.model_dump()} for id, probe in found.items()],
    )


def set_failed(tx: Transaction, reasons: Mapping[int, str]) -> None:
    tx.many(
        "update file set state = 'failed', reason = %(reason)s where project = %(project)s and id = %(id)s",
        [{"id": id, "reason": reason} for id, reason in reasons.items()],
    )


def described(tx: Transaction, files: Sequence[int]) -> dict[int, tuple[Meta, MetaSource]]:
    """The current metadata of files, and who gave them."""
    rows = tx.all(
        _Described,
        "select file, meta, source from file_meta where project = %(project)s and file = any(%(files)s)"
        " and retired_seq is null",
        files=list(files),
    )
    return {row.file: (row.meta, row.source) for row in rows}


def describe(tx: Transaction, metas: Mapping[int, Meta], source: MetaSource) -> None:
    """Give files new metadata; what they had is kept as history."""
    tx.run(
        "update file_meta set retired_seq = %(seq)s where project = %(project)s and file = any(%(files)s)"
        " and retired_seq is null",
        files=list(metas),
        seq=tx.seq,
    )
    tx.run(
        "insert into file_meta (project, file, meta, source, created_seq) select %(project)s, r.*, %(source)s, %(seq)s"
        " from unnest(%(files)s::bigint[], %(metas)s::jsonb[]) r",
        files=list(metas),
        metas=[Jsonb(meta) for meta in metas.values()],
        source=source,
        seq=tx.seq,
    )


def lock(tx: Transaction, ids: Sequence[int]) -> int:
    """Lock files in the order of their ids; how many there are."""
    tx.before_seq()
    return tx.run(
        "select from file where project = %(project)s and id = any(%(ids)s) order by id for no key update",
        ids=array("q", ids),
    )


def keep_upload(tx: Transaction, name: Key, hash: str, bytes: int) -> Upload:
    return tx.one(
        Upload,
        "insert into upload (project, name, hash, bytes, actor) values (%(project)s, %(name)s, %(hash)s, %(bytes)s,"
        " %(actor)s) returning id, name, hash, bytes",
        name=name,
        hash=hash,
        bytes=bytes,
        actor=tx.actor,
    )


def uploads(tx: Transaction, ids: Sequence[int]) -> list[Upload]:
    return tx.all(
        Upload,
        "select id, name, hash, bytes from upload where project = %(project)s and id = any(%(ids)s) order by id",
        ids=list(ids),
    )


def forget_uploads(tx: Transaction, before: dt.datetime) -> int:
    """Drop uploads of all projects that were sent before a time; how many."""
    return tx.run("delete from upload where at < %(before)s", before=before)


def used(tx: Transaction, hashes: Sequence[str]) -> list[str]:
    """Those of the hashes that a file of any project names, replaced ones too, or an upload."""
    return tx.values(
        str,
        "select hash from file where hash = any(%(hashes)s) union select hash from upload where hash = any(%(hashes)s)",
        hashes=list(hashes),
    )


def adopt_foreign(tx: Transaction, foreign: Mapping[int, Mapping[str, Any]]) -> None:
    """Keep what other formats say of files that have nothing such. Revisions before know nothing of it."""
    tx.post(
        "insert into file_foreign (project, file, keys, told_seq) select %(project)s, key::bigint, value, "
        + SEQ
        + " from json_each(%(told)s::json) on conflict do nothing",
        seq=tx.seq_in_sql,
        told=msgspec.json.encode(foreign).decode(),
    )
