"""What one can do with datasets. Each verb writes its events in the caller's transaction.

The law here: a file's row is locked before its entries change, so that memberships never overlap at any revision.
"""

from collections.abc import Callable, Iterable, Sequence

from penstock.annotations import branches
from penstock.core import NotFound, Page
from penstock.core.ids import BranchId, DatasetId, EntryId, FileId
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import events, rewriting, tables
from penstock.datasets.model import (
    BranchesDiffer,
    Cause,
    Dataset,
    DatasetArchived,
    DatasetInUse,
    DatasetNameTaken,
    DatasetOutOfUse,
    Entry,
    FileGone,
    LiveDataset,
    RenamedMeanwhile,
)
from penstock.datasets.query.renaming import Renames
from penstock.store import Transaction

CARRYING = frozenset({"route", "merge", "restore"})
"""Causes that carry on what somebody decided before: what was replaced since stays behind."""

using: list[Callable[[Transaction, int], Iterable[str]]] = []
"""What works with a dataset, as people call it: filled by the engine, for rooms further down."""


def create(tx: Transaction, name: str, branch: int | None = None) -> Dataset:
    """Create a dataset on a branch, `main` unless given. Raises DatasetNameTaken. Writes `dataset.created`."""
    made = tables.insert_dataset(tx, name, branches.main(tx) if branch is None else branch)
    if made is None:
        there = named(tx, name)
        raise DatasetNameTaken(name=name, id=there and there.id)
    tx.append(events.DatasetCreated(dataset=made.id, name=made.name, branch=made.branch))
    return made


def get(tx: Transaction, dataset: int) -> Dataset:
    """A dataset by id, archived ones included. Raises NotFound."""
    found = tables.dataset(tx, dataset)
    if found is None:
        raise NotFound(what="dataset", name=dataset)
    return found


def named(tx: Transaction, name: str) -> Dataset | None:
    """The dataset that has this name now."""
    return tables.dataset_named(tx, name)


def list_(tx: Transaction, after: str | None = None, archived: bool = False, limit: int = 100) -> Page[Dataset]:
    """Datasets in the order they were created, with how many files each holds."""
    start: int = decode_cursor(after, int)[0] if after else 0
    found = tables.datasets(tx, start, archived, limit + 1)
    more = len(found) > limit
    items = counted(tx, found[:limit])
    return Page(items=items, next=encode_cursor(items[-1].id) if more else None)


def counted(tx: Transaction, datasets: Sequence[Dataset]) -> list[Dataset]:
    """The same datasets with `files` filled in."""
    counts = tables.counts(tx, [dataset.id for dataset in datasets])
    return [dataset.model_copy(update={"files": counts.get(dataset.id, 0)}) for dataset in datasets]


def rename(tx: Transaction, dataset: int, name: str, if_match: Callable[[int], None] | None = None) -> Dataset:
    """Give a dataset another name; queries that are kept follow. Safe to repeat. Writes `dataset.renamed`.

    Raises DatasetNameTaken, RenamedMeanwhile.
    """
    was = get(tx, dataset).name
    if was != name and (found := named(tx, was)) is not None and found.id == dataset:
        rewriting.follow(tx, Renames(datasets={was: name}))  # its locks come first
    before = _locked(tx, dataset)
    if if_match:
        if_match(before.edition)
    if before.name == name:
        return before
    if before.name != was:
        raise RenamedMeanwhile(was=was, name=before.name)
    if there := named(tx, name):
        raise DatasetNameTaken(name=name, id=there.id)
    tables.rename(tx, dataset, name)
    tx.append(events.DatasetRenamed(dataset=before.id, was=before.name, now=name))
    return get(tx, dataset)


def archive(tx: Transaction, dataset: int) -> Dataset:
    """Take a dataset out of use; its files, entries and versions stay. Safe to repeat. Writes `dataset.archived`.

    Raises DatasetInUse.
    """
    before = _locked(tx, dataset)
    if before.archived_at is None:
        if users := users_of(tx, dataset):
            raise DatasetInUse(name=before.name, by=" and ".join(users))
        tables.archive(tx, dataset)
        tx.append(events.DatasetArchived(dataset=before.id, name=before.name))
    return get(tx, dataset)


def keep(tx: Transaction, datasets: Sequence[int]) -> None:
    """Let none of these be archived until this transaction ends: for whoever makes something that uses them."""
    tables.keep(tx, datasets)


def use(tx: Transaction, datasets: Sequence[int]) -> None:
    """As `keep`, and refuse those that are archived already. Raises NotFound, DatasetOutOfUse."""
    keep(tx, datasets)
    for dataset in datasets:
        if (found := get(tx, dataset)).archived_at is not None:
            raise DatasetOutOfUse(name=found.name)


def users_of(tx: Transaction, dataset: int) -> list[str]:
    """What works with a dataset, as people call it: templates, actions, live datasets."""
    return [user for used in using for user in used(tx, dataset)]


def unarchive(tx: Transaction, dataset: int) -> Dataset:
    """Take an archived dataset into use again. Safe to repeat. Raises DatasetNameTaken.

    Writes `dataset.unarchived`, and for each file that was replaced meanwhile what `replace` writes.
    """
    before = _locked(tx, dataset)
    if before.archived_at is not None:
        if there := named(tx, before.name):
            raise DatasetNameTaken(name=before.name, id=there.id)
        tables.unarchive(tx, dataset)
        tx.append(events.DatasetUnarchived(dataset=before.id, name=before.name))
        replace(tx, tables.replaced_in(tx, dataset))
    return get(tx, dataset)


def add(tx: Transaction, dataset: int, files: Sequence[int], cause: Cause) -> list[int]:
    """Add files; those that were new in it. Safe to repeat. Writes one `dataset.file_added` for each.

    A route that brings a file which is there already writes it too, with `again`. A `dataset` in the cause is where the
    files come from: it must be on the same branch. Routes, merges and restores don't carry on files that were replaced
    meanwhile; anybody else's are refused. Locks the files, so it comes before the seq unless the caller holds them.

    Raises NotFound, DatasetArchived, LiveDataset, BranchesDiffer, FileGone.
    """
    target = open_to_change(tx, dataset)
    if (source := cause.get("dataset")) is not None:
        check_same_branch(get(tx, source), target)
    wanted = _current(tx, list(dict.fromkeys(files)), drop_replaced=cause["kind"] in CARRYING)
    if not wanted:
        return []
    made = {member.file: member.id for member in tables.insert_entries(tx, dataset, wanted, cause)}
    again = _again(tx, dataset, [file for file in wanted if file not in made], cause)
    for file in wanted:
        if (entry := made.get(file) or again.get(file)) is not None:
            tx.append(
                events.DatasetFileAdded.model_construct(
                    dataset=DatasetId(dataset),
                    file=FileId(file),
                    entry=EntryId(entry),
                    cause=cause,
                    again=file not in made,
                )
            )
    return list(made)


def route(tx: Transaction, dataset: int, file: int, cause: Cause) -> None:
    """Let a route bring one file on, whose row the caller has locked: `add`, in one statement where it is new there.

    Writes `dataset.file_added`. Raises what `add` does.
    """
    entry = tables.insert_routed(tx, dataset, file, cause)
    if entry is None:
        add(tx, dataset, [file], cause)
        return
    event = events.DatasetFileAdded.model_construct(
        dataset=DatasetId(dataset), file=FileId(file), entry=EntryId(entry), cause=cause, again=False
    )
    tx.append(event)


def remove(tx: Transaction, dataset: int, files: Sequence[int], cause: Cause) -> list[int]:
    """Take files out; those that were in it. Safe to repeat. Writes `dataset.file_removed` for each.

    Locks the files, so it comes before the seq unless the caller holds them. Raises NotFound, LiveDataset.
    """
    _check_not_live(get(tx, dataset))
    tables.lock_files(tx, list(files))
    members = tables.held(tx, dataset, files)
    if members:
        _retire(tx, members, cause)
    return [member.file for member in members]


def move(tx: Transaction, source: int, target: int, files: Sequence[int], cause: Cause) -> list[int]:
    """Take files out of one dataset and add them to another; those that moved. Files that the source doesn't hold stay
    where they are. Writes `dataset.file_added` and `dataset.file_removed`. Raises as `add` and `remove` do.
    """
    check_same_branch(get(tx, source), open_to_change(tx, target))
    tables.lock_files(tx, list(files))
    there = [member.file for member in tables.held(tx, source, files)]
    add(tx, target, there, {**cause, "dataset": source})
    remove(tx, source, there, {**cause, "to": target})
    return there


def entries(
    tx: Transaction,
    dataset: int,
    after: str | None = None,
    as_of: int = tables.HEAD,
    state: str | None = None,
    limit: int = 100,
    skip: int = 0,
) -> Page[Entry]:
    """The files of a dataset, now or as of a revision, in the order of their keys; without the first `skip`."""
    key, id = decode_cursor(after, str, int) if after else ("", 0)
    found = tables.page(tx, dataset, as_of, (key, id), limit + 1, state, skip)
    more = len(found) > limit
    found = found[:limit]
    return Page(items=found, next=encode_cursor(found[-1].key, found[-1].file) if more else None)


def replace(tx: Transaction, replaced: Sequence[tuple[int, int]]) -> None:
    """Let new files take the places of the ones they replaced (old, new), in every dataset. Safe to repeat.

    Writes `dataset.file_removed` and `dataset.file_added`, whose cause is `replaced`.
    """
    newest = _newest(replaced)
    tables.lock_files(tx, sorted({*newest, *newest.values()}))
    for member in tables.held_anywhere(tx, sorted(newest)):
        new = newest[member.file]
        _retire(tx, [member], {"kind": "replaced", "by": new})
        cause = {"kind": "replaced", "file": member.file}
        for made in tables.insert_entries(tx, member.dataset, [new], cause):
            tx.append(
                events.DatasetFileAdded(
                    dataset=DatasetId(made.dataset), file=FileId(made.file), entry=EntryId(made.id), cause=cause
                )
            )


def open_to_change(tx: Transaction, dataset: int) -> Dataset:
    """A dataset that files may enter. Raises NotFound, DatasetArchived, LiveDataset."""
    found = get(tx, dataset)
    if found.archived_at is not None:
        raise DatasetArchived(name=found.name)
    _check_not_live(found)
    return found


def check_same_branch(source: Dataset, target: Dataset) -> BranchId:
    """The branch of both. Raises BranchesDiffer."""
    if source.branch != target.branch:
        raise BranchesDiffer(source=source.name, target=target.name)
    return target.branch


def _check_not_live(dataset: Dataset) -> None:
    if dataset.query is not None:
        raise LiveDataset(name=dataset.name)


def _locked(tx: Transaction, dataset: int) -> Dataset:
    found = tables.lock_dataset(tx, dataset)
    if found is None:
        raise NotFound(what="dataset", name=dataset)
    return found


def _current(tx: Transaction, files: Sequence[int], drop_replaced: bool) -> list[int]:
    """Those of the files that may enter a dataset, locked, in the order given."""
    known = {row.id: row for row in tables.lock_files(tx, files)}
    for file in files:
        if file not in known:
            raise NotFound(what="file", name=file)
        if known[file].is_retired and not drop_replaced:
            raise FileGone(file=file)
    return [file for file in files if not known[file].is_retired]


def _again(tx: Transaction, dataset: int, files: Sequence[int], cause: Cause) -> dict[int, int]:
    if cause["kind"] != "route" or not files:
        return {}
    return {member.file: member.id for member in tables.held(tx, dataset, files)}


def _retire(tx: Transaction, members: Sequence[tables.Member], cause: Cause) -> None:
    tables.retire_entries(tx, members, cause)
    for member in members:
        tx.append(
            events.DatasetFileRemoved(
                dataset=DatasetId(member.dataset), file=FileId(member.file), entry=EntryId(member.id), cause=cause
            )
        )


def _newest(replaced: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Each replaced file with the last one that came in its place: a key may get new bytes twice in one batch."""
    newest: dict[int, int] = {}
    for old, new in replaced:
        for file, latest in newest.items():
            if latest == old:
                newest[file] = new
        newest[old] = new
    return newest
