"""What one can do with imports. Each verb writes its events in the caller's transaction."""

from penstock import datasets, files, jobs
from penstock.core import NotFound, Page
from penstock.core.ids import ImportId
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.files import NewFile
from penstock.ingest import tables
from penstock.ingest.events import ImportCancelled, ImportFailed, ImportFinished, ImportStarted
from penstock.ingest.model import Added, Import, ItemReport, ItemState, NewImport
from penstock.store import Transaction


def start(tx: Transaction, new: NewImport) -> Import:
    """Begin an import; jobs do the rest. Writes `import.started`.

    Raises NotFound, DatasetArchived, LiveDataset for the dataset. A source that can't be read ends the import later,
    with `import.failed`; `sources.check` says so beforehand.
    """
    datasets.open_to_change(tx, new.dataset)
    run = tables.insert_run(tx, new)
    jobs.later(tx, "ingest.scan", queue="bulk", lock=f"import:{run}", project=tx.project, run=run)
    tx.append(ImportStarted(import_id=run, dataset=new.dataset))
    return get(tx, run)


def get(tx: Transaction, run: int) -> Import:
    """An import, with how far it is. Raises NotFound."""
    found = tables.run(tx, run)
    if found is None:
        raise NotFound(what="import", name=run)
    return found


def list_(tx: Transaction, after: str | None = None, dataset: int | None = None, limit: int = 50) -> Page[Import]:
    """The project's imports, newest first."""
    before: int = decode_cursor(after, int)[0] if after else 2**62
    found = tables.runs(tx, before, dataset, limit + 1)
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if more else None)


def items(
    tx: Transaction,
    run: int,
    after: str | None = None,
    state: ItemState | None = None,
    troubled: bool = False,
    limit: int = 100,
) -> Page[ItemReport]:
    """What became of the items of an import, in the order of their keys; `troubled`: failed, or with problems.

    Raises NotFound.
    """
    get(tx, run)
    start: str = decode_cursor(after, str)[0] if after else ""
    found = tables.items(tx, run, start, state, troubled, limit + 1)
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].key) if more else None)


def cancel(tx: Transaction, run: int) -> Import:
    """Stop an import; what came in stays. Safe to repeat. Writes `import.cancelled`. Raises NotFound."""
    found = tables.lock_run(tx, run)
    if found is None:
        raise NotFound(what="import", name=run)
    if not found.is_over:
        tables.set_state(tx, run, "cancelled")
        tx.append(ImportCancelled(import_id=found.id, dataset=found.dataset))
        settle_later(tx, run)
    return get(tx, run)


def fail(tx: Transaction, run: int, reason: str) -> None:
    """End an import whose source can't be read. Writes `import.failed`, unless it is over."""
    found = tables.lock_run(tx, run)
    if found is not None and not found.is_over:
        tables.set_state(tx, run, "failed", reason)
        tx.append(ImportFailed(import_id=found.id, dataset=found.dataset, reason=reason))
        settle_later(tx, run)


def finish(tx: Transaction, run: int) -> bool:
    """End an import that was scanned and has no chunk waiting; whether this call did. Writes `import.finished`."""
    # Asked first without the lock: it would wait for every batch that is under way, and all others behind it.
    if tables.state(tx, run) != "running" or tables.is_waiting(tx, run):
        return False
    found = tables.lock_run(tx, run)
    if found is None or found.state != "running" or tables.is_waiting(tx, run):
        return False
    counts = tables.totals(tx, [run]).get(run)
    tables.set_state(tx, run, "finished")
    tx.append(
        ImportFinished(
            import_id=ImportId(run),
            dataset=found.dataset,
            files=counts.found - counts.failed - counts.skipped if counts else 0,
            failed=counts.failed if counts else 0,
            annotations=counts.annotations_added + counts.annotations_updated if counts else 0,
        )
    )
    return True


def settle_later(tx: Transaction, run: int) -> None:
    """Look, soon, whether an import is over: once for all who ask before."""
    jobs.later(tx, "ingest.settle", queue="bulk", key=f"settle:{run}", project=tx.project, run=run)


def add_file(tx: Transaction, dataset: int, new: NewFile) -> Added:
    """Register a file and let it enter a dataset at once; it becomes a task when it is ready. Safe to repeat.

    Writes what `files.register` and `datasets.add` write.
    """
    datasets.open_to_change(tx, dataset)
    made = files.register(tx, new)
    cause = {"kind": "person", "person": tx.actor}
    entered = datasets.add(tx, dataset, [made.file], cause) if made.outcome != "skipped" else []
    return Added(
        file=made.file,
        key=made.key,
        outcome=made.outcome,
        duplicate_of=made.duplicate_of,
        replaces=made.replaces,
        entered=bool(entered),
    )
