"""Versions: named pins of a dataset. They cost one row, and nothing that they show changes ever after. Those that
people name stay for ever; those of a series that a schedule makes go by its rule.

The law: a version pins a revision that is settled, which means that no transaction can still commit below it.
"""

from collections.abc import Collection
from typing import Never

from penstock.core import NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import events, pruning, series_tables, tables, verbs
from penstock.datasets.keeping import Keep
from penstock.datasets.model import Entry, RevisionAhead, RevisionTooOld, Version, VersionIsFrozen, VersionNameTaken
from penstock.store import Database, Transaction, horizon, reach

SETTLE_SECONDS = 10.0


def name(
    db: Database,
    project: int,
    dataset: int,
    name: str,
    note: str = "",
    *,
    actor: int | None = None,
    seq: int | None = None,
) -> Version:
    """Pin a dataset under a name: as it is now, or as it was at `seq`. Writes `version.named`.

    Everything that had committed when this was called is in the version. Raises NotFound, VersionNameTaken,
    RevisionAhead, RevisionTooOld, and VersionTooYoung when a transaction of before stays open too long.
    """
    at = settled(db, project) if seq is None else seq
    return db.perform(lambda tx: pin(tx, dataset, name, note, at, is_settled=seq is None), project, actor)


def settled(db: Database, project: int) -> int:
    """The present revision, once nothing can appear below it any more. Raises VersionTooYoung."""
    with db.transaction(project) as tx:
        seq, settled = reach(tx)
    if settled < seq:
        db.settle(project, seq, SETTLE_SECONDS)
    return seq


def pin(
    tx: Transaction,
    dataset: int,
    name: str,
    note: str,
    seq: int,
    *,
    series: str | None = None,
    is_settled: bool = False,
) -> Version:
    """Name a settled revision of a dataset, for ever unless it is one of a series. Writes `version.named`.

    Whether it is settled is looked at here, unless that is known. Raises as `name` does.
    """
    pinned = verbs.get(tx, dataset)
    if not is_settled and seq > (newest := horizon(tx)):
        raise RevisionAhead(seq=seq, newest=newest)
    if seq < pinned.created_seq:
        raise RevisionTooOld(name=pinned.name, first=pinned.created_seq, seq=seq)
    pruning.check_to_pin(tx, pinned.id, seq)
    made = tables.insert_version(tx, pinned, name, note, seq, series)
    if made is None:
        raise VersionNameTaken(dataset=pinned.name, name=name)
    tx.append(events.VersionNamed(version=made.id, dataset=made.dataset, name=made.name, seq=made.seq))
    return made


def retire(tx: Transaction, newest: Version, keep: Keep, spared: Collection[int] = ()) -> list[Version]:
    """Let the old versions of a series go; those that a live dataset follows, or that are `spared`, stay.

    Writes `version.expired` for each. Safe to repeat.
    """
    series = series_tables.versions(tx, newest.dataset, newest.series or "")
    used = series_tables.followed(tx) | set(spared)
    gone = [series[n] for n in keep.past([version.at for version in series], tx.now) if series[n].id not in used]
    for version in gone:
        series_tables.remove_version(tx, version.id)
        tx.append(
            events.VersionExpired(version=version.id, dataset=version.dataset, name=version.name, seq=version.seq)
        )
    return gone


def get(tx: Transaction, version: int) -> Version:
    """A version by id. Raises NotFound."""
    found = tables.version(tx, version)
    if found is None:
        raise NotFound(what="version", name=version)
    return found


def named(tx: Transaction, dataset: int, name: str) -> Version | None:
    """The version of a dataset with this name."""
    return tables.version_named(tx, dataset, name)


def list_(tx: Transaction, dataset: int | None = None, after: str | None = None, limit: int = 100) -> Page[Version]:
    """Versions of a dataset, or of the project, in the order they were named."""
    found = tables.versions(tx, dataset, decode_cursor(after, int)[0] if after else 0, limit + 1)
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if more else None)


def entries(tx: Transaction, version: int, after: str | None = None, limit: int = 100, skip: int = 0) -> Page[Entry]:
    """The files of a version, in the order of their keys. The same for ever."""
    pinned = get(tx, version)
    return verbs.entries(tx, pinned.dataset, after, as_of=pinned.seq, limit=limit, skip=skip)


def count(tx: Transaction, version: int) -> int:
    """How many files a version holds."""
    pinned = get(tx, version)
    return tables.count_at(tx, pinned.dataset, pinned.seq)


def refuse_change(tx: Transaction, version: int) -> Never:
    """Say that a version can't change. Raises NotFound, else VersionIsFrozen."""
    raise VersionIsFrozen(name=get(tx, version).name)
