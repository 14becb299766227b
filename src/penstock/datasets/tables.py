"""The tables of datasets and entries. The only place with their SQL."""

import datetime as dt
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from penstock.datasets.model import Cause, Dataset, Entry, Version
from penstock.datasets.relation import inherited, of
from penstock.store import SEQ, Transaction

DATASET = "id, name, branch, query, archived_at, edition, created_seq, forked_from, base_seq"
_DATASET: LiteralString = "select " + DATASET + " from dataset where project = %(project)s"

_VERSION = (
    "select id, dataset, branch, seq, schema_version, name, note, author, at, series"
    " from version where project = %(project)s"
)

HEAD = 2**62
"""A revision that is after all others: as of it, rows that are current."""


class FileRow(NamedTuple):
    """A file, as membership needs it."""

    id: int
    is_retired: bool


class Member(NamedTuple):
    """An entry, as verbs need it."""

    id: int
    dataset: int
    file: int
    inherited: bool
    """Whether a fork has it from where it was forked."""


class FileState(NamedTuple):
    """A file as it was at a revision."""

    id: int
    key: str
    hash: str
    bytes: int
    media: str | None
    mime: str | None
    width: int | None
    height: int | None
    state: str
    foreign: dict[str, Any]
    meta: dict[str, Any]


class Held(NamedTuple):
    """One file in one dataset, and since when."""

    file: int
    dataset: int
    name: str
    at: dt.datetime


class _Count(NamedTuple):
    dataset: int
    files: int


def insert_dataset(tx: Transaction, name: str, branch: int) -> Dataset | None:
    """The new dataset; None when the name is taken."""
    return tx.maybe(
        Dataset,
        "insert into dataset (project, name, branch, created_seq) values (%(project)s, %(name)s, %(branch)s, %(seq)s)"
        " on conflict (project, name) where archived_at is null do nothing"
        " returning " + DATASET,
        name=name,
        branch=branch,
        seq=tx.seq,
    )


def dataset(tx: Transaction, id: int) -> Dataset | None:
    return tx.maybe(Dataset, _DATASET + " and id = %(id)s", id=id)


def dataset_named(tx: Transaction, name: str) -> Dataset | None:
    return tx.maybe(Dataset, _DATASET + " and name = %(name)s and archived_at is null", name=name)


def lock_dataset(tx: Transaction, id: int) -> Dataset | None:
    found = tx.lock(Dataset, _DATASET + " and id = %(id)s for no key update", id=id)
    return found[0] if found else None


def keep(tx: Transaction, ids: Sequence[int]) -> None:
    tx.lock(
        Dataset,
        _DATASET + " and id = any(%(ids)s) order by id for share",
        ids=sorted(set(ids)),
    )


def datasets(tx: Transaction, after: int, archived: bool, limit: int) -> list[Dataset]:
    return tx.all(
        Dataset,
        _DATASET + " and id > %(after)s and (%(archived)s or archived_at is null) order by id limit %(limit)s",
        after=after,
        archived=archived,
        limit=limit,
    )


def rename(tx: Transaction, id: int, name: str) -> None:
    tx.run(
        "update dataset set name = %(name)s, edition = edition + 1 where project = %(project)s and id = %(id)s",
        id=id,
        name=name,
    )


def archive(tx: Transaction, id: int) -> None:
    tx.run(
        "update dataset set archived_at = %(now)s, edition = edition + 1 where project = %(project)s and id = %(id)s",
        id=id,
        now=tx.now,
    )


def unarchive(tx: Transaction, id: int) -> None:
    tx.run(
        "update dataset set archived_at = null, edition = edition + 1 where project = %(project)s and id = %(id)s",
        id=id,
    )


def replaced_in(tx: Transaction, dataset: int) -> list[tuple[int, int]]:
    """Files that a dataset holds and that were replaced, each with the one that has its key now."""
    found = tx.rows(
        of(
            tx,
            dataset,
            "select e.file, n.id from {} e"
            " join file f on f.project = e.project and f.id = e.file and f.retired_seq is not null"
            " join file n on n.project = e.project and n.key = f.key and n.retired_seq is null"
            " where e.project = %(project)s and e.dataset = %(dataset)s and e.retired_seq is null order by e.file",
        ),
        dataset=dataset,
    )
    return [(old, new) for old, new in found]


def counts(tx: Transaction, datasets: Sequence[int]) -> Mapping[int, int]:
    """How many files each of these datasets holds."""
    found = tx.all(
        _Count,
        "select dataset, count(*) as files from membership where project = %(project)s and dataset = any(%(datasets)s)"
        " and retired_seq is null group by dataset",
        datasets=list(datasets),
    )
    return {row.dataset: row.files for row in found}


def came_since(tx: Transaction, since: dt.datetime) -> Mapping[int, int]:
    """How many files came into each dataset since a time, and are still there."""
    rows = tx.rows(
        "select dataset, count(*) from entry where project = %(project)s and at >= %(since)s and retired_seq is null"
        " group by dataset",
        since=since,
    )
    return {row[0]: row[1] for row in rows}


def count_at(tx: Transaction, dataset: int, as_of: int) -> int:
    """How many files a dataset held at a revision."""
    found = tx.value(
        int,
        of(
            tx,
            dataset,
            "select count(*) from {} where project = %(project)s and dataset = %(dataset)s"
            " and created_seq <= %(as_of)s and (retired_seq is null or retired_seq > %(as_of)s)",
        ),
        dataset=dataset,
        as_of=as_of,
    )
    return found or 0


def lock_files(tx: Transaction, files: Sequence[int]) -> list[FileRow]:
    """Files, locked in the order of their ids: a file's lock guards all its entries. After the seq was drawn they are
    only read, since whoever drew it had to lock them before.
    """
    query = (
        "select id, retired_seq is not null as is_retired from file where project = %(project)s and id = any(%(ids)s)"
    )
    if tx.is_drawn:
        return tx.all(FileRow, query, ids=array("q", files))
    return tx.lock(FileRow, query + " order by id for no key update", ids=array("q", files))


def files_by_key(tx: Transaction, keys: Sequence[str]) -> Mapping[str, int]:
    """The current files under these keys."""
    return dict(
        tx.rows(
            "select key, id from file where project = %(project)s and key = any(%(keys)s) and retired_seq is null",
            keys=list(keys),
        )
    )


def insert_entries(tx: Transaction, dataset: int, files: Sequence[int], cause: Cause) -> list[Member]:
    """New entries, in the order of the files; those that the dataset holds already are left out."""
    if inherited(tx, dataset):
        there = {member.file for member in held(tx, dataset, files)}
        files = [file for file in files if file not in there]
    made = tx.all(
        Member,
        "insert into entry (project, dataset, file, key, cause, at, created_seq)"
        " select f.project, %(dataset)s, f.id, f.key, %(cause)s, %(now)s, %(seq)s"
        " from unnest(%(files)s::bigint[]) with ordinality as given (id, n)"
        " join file f on f.project = %(project)s and f.id = given.id order by n"
        " on conflict (project, dataset, file) where retired_seq is null do nothing"
        " returning id, dataset, file, false as inherited",
        dataset=dataset,
        files=array("q", files),
        cause=Jsonb(cause),
        now=tx.now,
        seq=tx.seq,
    )
    return sorted(made, key=lambda member: member.id)


def insert_routed(tx: Transaction, dataset: int, file: int, cause: Cause) -> int | None:
    """A new entry's id; None when the dataset holds the file, takes none, or the file was replaced or is elsewhere."""
    return tx.value(
        int,
        "insert into entry (project, dataset, file, key, cause, at, created_seq)"
        " select d.project, d.id, f.id, f.key, %(cause)s, moment(), " + SEQ + " from dataset d"
        " join dataset source on source.project = d.project and source.id = %(source)s and source.branch = d.branch"
        " join file f on f.project = d.project and f.id = %(file)s and f.retired_seq is null"
        " where d.project = %(project)s and d.id = %(dataset)s and d.archived_at is null and d.query is null"
        " on conflict (project, dataset, file) where retired_seq is null do nothing returning id",
        dataset=dataset,
        file=file,
        cause=Jsonb(cause),
        source=cause["dataset"],
        seq=tx.seq_in_sql,
    )


def held(tx: Transaction, dataset: int, files: Sequence[int]) -> list[Member]:
    """The current entries of these files in a dataset."""
    return tx.all(
        Member,
        of(
            tx,
            dataset,
            "select id, dataset, file, {inherited} as inherited from {} where project = %(project)s"
            " and dataset = %(dataset)s and file = any(%(files)s) and retired_seq is null order by file",
        ),
        dataset=dataset,
        files=list(files),
    )


def held_anywhere(tx: Transaction, files: Sequence[int]) -> list[Member]:
    """The current entries of these files in datasets that aren't archived."""
    return tx.all(
        Member,
        "select e.id, e.dataset, e.file, e.inherited from membership e"
        " join dataset d on d.id = e.dataset and d.archived_at is null"
        " where e.project = %(project)s and e.file = any(%(files)s) and e.retired_seq is null"
        " order by e.file, e.dataset",
        files=list(files),
    )


def retire_entries(tx: Transaction, members: Sequence[Member], cause: Cause) -> None:
    """End memberships at this revision. One that began in this very transaction was never seen, so it goes whole."""
    own = [member.id for member in members if not member.inherited]
    inherited = [member for member in members if member.inherited]
    if own:
        tx.run("delete from entry where id = any(%(ids)s) and created_seq = %(seq)s", ids=own, seq=tx.seq)
        tx.run(
            "update entry set retired_seq = %(seq)s, retired_cause = %(cause)s where id = any(%(ids)s)",
            ids=own,
            seq=tx.seq,
            cause=Jsonb(cause),
        )
    if inherited:
        tx.run(
            "insert into fork_left (project, dataset, file, seq, cause)"
            " select %(project)s, m.dataset, m.file, %(seq)s, %(cause)s"
            " from unnest(%(datasets)s::bigint[], %(files)s::bigint[]) as m(dataset, file)",
            datasets=[member.dataset for member in inherited],
            files=[member.file for member in inherited],
            seq=tx.seq,
            cause=Jsonb(cause),
        )


def page(
    tx: Transaction,
    dataset: int,
    as_of: int,
    after: tuple[str, int],
    limit: int,
    state: str | None = None,
    skip: int = 0,
) -> list[Entry]:
    """Entries as of a revision, in the order of the files' keys."""
    return tx.all(
        Entry,
        of(
            tx,
            dataset,
            "select e.id, e.dataset, e.file, e.key, f.state, f.width, f.height, e.cause, e.at,"
            " e.created_seq, e.retired_seq"
            " from {} e join file f on f.project = e.project and f.id = e.file"
            " where e.project = %(project)s and e.dataset = %(dataset)s"
            " and e.created_seq <= %(as_of)s and (e.retired_seq is null or e.retired_seq > %(as_of)s)"
            " and (e.key, e.file) > (%(key)s, %(id)s) and (%(state)s::text is null or f.state = %(state)s)"
            " order by e.key, e.file limit %(limit)s offset %(skip)s",
        ),
        dataset=dataset,
        as_of=as_of,
        key=after[0],
        id=after[1],
        state=state,
        skip=skip,
        limit=limit,
    )


def file_states(tx: Transaction, files: Sequence[int], as_of: int) -> list[FileState]:
    """Files as they were at a revision, in the order of their keys. What probing finds never changes afterwards."""
    # Each table is read along its index once. Joined file by file, two of them took longer than all else.
    found = tx.rows(
        "with k as materialized (select file, keys from file_foreign"
        " where project = %(project)s and file = any(%(files)s) and told_seq <= %(as_of)s),"
        " m as materialized (select file, meta from file_meta"
        " where project = %(project)s and file = any(%(files)s) and created_seq <= %(as_of)s"
        " and (retired_seq is null or retired_seq > %(as_of)s))"
        " select f.id, f.key, f.hash, f.bytes, f.media, f.mime, f.width, f.height, f.state,"
        " coalesce(k.keys, '{}'), coalesce(m.meta, '{}') from file f"
        " left join k on k.file = f.id left join m on m.file = f.id"
        ' where f.project = %(project)s and f.id = any(%(files)s) order by f.key collate "C", f.id',
        files=list(files),
        as_of=as_of,
    )
    return [*map(FileState._make, found)]


def ready_files(
    tx: Transaction, dataset: int, as_of: int, after: tuple[str, int] = ("", 0), most: int | None = None
) -> Iterator[list[tuple[str, int]]]:
    """(key, file) of those files of a dataset that were ready and in their place at a revision, in this order, ten
    thousand at once.

    A file's state changes in place, so the log says when it became ready; of no file, if none became so since.
    """
    key, file = after
    with tx.conn.cursor(name="ready_files") as cursor:
        cursor.execute(
            of(
                tx,
                dataset,
                "select e.key, e.file from {} e join file f on f.project = e.project and f.id = e.file"
                " where e.project = %(project)s and e.dataset = %(dataset)s and (e.key, e.file) > (%(key)s, %(file)s)"
                " and e.created_seq <= %(as_of)s and (e.retired_seq is null or e.retired_seq > %(as_of)s)"
                " and f.state = 'ready' and (f.retired_seq is null or f.retired_seq > %(as_of)s)"
                " and (not exists (select from event v where v.project = %(project)s and v.kind = 'file.ready'"
                " and v.seq > %(as_of)s) or exists (select from event v where v.project = e.project"
                " and v.subject = 'file:' || e.file and v.kind = 'file.ready' and v.seq <= %(as_of)s))"
                " order by e.key, e.file limit %(most)s",
            ),
            {"project": tx.project, "dataset": dataset, "as_of": as_of, "key": key, "file": file, "most": most},
        )
        while rows := cursor.fetchmany(10_000):
            yield rows


def memberships(tx: Transaction, files: Sequence[int], as_of: int) -> list[Held]:
    """The datasets that held these files at a revision."""
    return tx.all(
        Held,
        "select e.file, e.dataset, d.name, e.at from membership e join dataset d on d.id = e.dataset"
        " where e.project = %(project)s and e.file = any(%(files)s)"
        " and e.created_seq <= %(as_of)s and (e.retired_seq is null or e.retired_seq > %(as_of)s)",
        files=list(files),
        as_of=as_of,
    )


def changed_files(
    tx: Transaction, dataset: int, branch: int, files: Sequence[int], since: int, as_of: int
) -> frozenset[int]:
    """Those of the files that entered the dataset, or whose annotations on a branch changed, after a revision."""
    return frozenset(
        tx.values(
            int,
            "select file from entry where project = %(project)s and dataset = %(dataset)s and file = any(%(files)s)"
            " and created_seq > %(since)s and created_seq <= %(as_of)s"
            " union select file from annotation where project = %(project)s and branch = %(branch)s"
            " and file = any(%(files)s) and (created_seq > %(since)s and created_seq <= %(as_of)s"
            " or retired_seq > %(since)s and retired_seq <= %(as_of)s)",
            dataset=dataset,
            branch=branch,
            files=list(files),
            since=since,
            as_of=as_of,
        )
    )


def names(tx: Transaction) -> list[str]:
    """The names of all datasets, archived ones too."""
    return tx.values(str, "select distinct name from dataset where project = %(project)s")


def ids_named(tx: Transaction, name: str) -> list[int]:
    """The datasets of a name, archived ones too."""
    return tx.values(int, "select id from dataset where project = %(project)s and name = %(name)s", name=name)


def name_at(tx: Transaction, dataset: int, as_of: int) -> str | None:
    """What a dataset was called at a revision. A name changes in place, so the log says."""
    return tx.value(
        str,
        "select coalesce(body->>'now', body->>'name') from event where project = %(project)s"
        " and subject = 'dataset:' || %(dataset)s and kind in ('dataset.created', 'dataset.forked',"
        " 'dataset.renamed')"
        " and seq <= %(as_of)s order by seq desc, n desc limit 1",
        dataset=dataset,
        as_of=as_of,
    )


def meta_keys(tx: Transaction, path: Sequence[str]) -> list[str]:
    """Keys that metadata have under a path, in a thousand of the files."""
    return tx.values(
        str,
        "select distinct k.key from (select meta #> %(path)s::text[] as found from file_meta"
        " where project = %(project)s and retired_seq is null limit 1000) h,"
        " jsonb_object_keys(case when jsonb_typeof(h.found) = 'object' then h.found else '{}' end) as k(key)"
        " order by 1",
        path=list(path),
    )


class Pinned(NamedTuple):
    """A version, as queries name it."""

    dataset: int
    name: str  #: of the dataset
    version: str
    seq: int


def pins(tx: Transaction) -> list[Pinned]:
    """All versions, those of archived datasets before those of live ones with the same name."""
    return tx.all(
        Pinned,
        "select v.dataset, d.name, v.name as version, v.seq from version v join dataset d on d.id = v.dataset"
        " where v.project = %(project)s order by d.archived_at is null, v.id",
    )


def insert_version(
    tx: Transaction, dataset: Dataset, name: str, note: str, seq: int, series: str | None
) -> Version | None:
    """The new version; None when the dataset has one of that name."""
    return tx.maybe(
        Version,
        "insert into version (project, dataset, branch, seq, schema_version, name, note, author, at, series)"
        " values (%(project)s, %(dataset)s, %(branch)s, %(seq)s,"
        " (select coalesce(max(s.version), 0) from schema_version s where s.project = %(project)s"
        " and s.seq <= %(seq)s), %(name)s, %(note)s, %(author)s, moment(), %(series)s)"
        " on conflict (dataset, name) do nothing"
        " returning id, dataset, branch, seq, schema_version, name, note, author, at, series",
        dataset=dataset.id,
        branch=dataset.branch,
        seq=seq,
        name=name,
        note=note,
        author=tx.actor,
        series=series,
    )


def version(tx: Transaction, id: int) -> Version | None:
    return tx.maybe(Version, _VERSION + " and id = %(id)s", id=id)


def version_named(tx: Transaction, dataset: int, name: str) -> Version | None:
    return tx.maybe(Version, _VERSION + " and dataset = %(dataset)s and name = %(name)s", dataset=dataset, name=name)


def versions(tx: Transaction, dataset: int | None, after: int, limit: int) -> list[Version]:
    """Versions of a dataset, or of the whole project, in the order they were named."""
    return tx.all(
        Version,
        _VERSION + " and (%(dataset)s::bigint is null or dataset = %(dataset)s) and id > %(after)s"
        " order by id limit %(limit)s",
        dataset=dataset,
        after=after,
        limit=limit,
    )
