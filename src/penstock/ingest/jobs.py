"""The background work of imports: scan the source, bring in chunks, tidy up. Each may be killed and repeated."""

import logging
from collections.abc import Collection, Sequence
from functools import partial

import psycopg

from penstock import formats
from penstock.core import Refusal
from penstock.formats import Finishing, Fractional, Item, Traced, Tracing
from penstock.ingest import spool, tables, verbs
from penstock.ingest.bringing import bring
from penstock.ingest.content import Prepared, batches, prepare
from penstock.ingest.model import TRUTH, Import
from penstock.ingest.scan import Scan, Stopped
from penstock.ingest.spool import Planned, Spool
from penstock.jobs import Job, Work
from penstock.store import Store, Transaction
from penstock.store.db import DatabaseAway, is_away

logger = logging.getLogger(__name__)

BATCH_ITEMS = 50
BATCH_ANNOTATIONS = 5_000
"""What one transaction takes: together some 0.1 s, so that people's saves never wait long for it."""
RETRIES = 5
_WORTH_VACUUM = 2_000


def scan(work: Work, project: int, run: int) -> None:
    """Write the chunks of an import, then let it run. Goes on where an earlier try was killed."""
    with work.db.transaction(project) as tx:
        found = tables.run(tx, run)
    if found is None or found.state != "scanning":
        return
    walk = Scan(work.store, project, found)
    try:
        walk.write_chunks()
    except Stopped:
        return
    except DatabaseAway:
        raise
    except Refusal as refused:
        told = " ".join([refused.detail, *(problem.detail for problem in refused.errors[:10])])
        work.db.perform(lambda tx: verbs.fail(tx, run, told), project, found.actor)
        return
    except Exception as error:  # whatever it was, the import must end one day, and say why
        if not _is_last(work, error):
            raise
        logger.exception("import %s of project %s can't be scanned", run, project)
        why = f"scanning failed {RETRIES + 1} times, at last with {type(error).__name__}: {error}"
        give_up_scan(work, why, project, run)
        return

    def done(tx: Transaction) -> None:
        locked = tables.lock_run(tx, run)
        if locked is not None and locked.state == "scanning":
            tables.note_scan(tx, run, walk.ignored, walk.problems)
            tables.set_state(tx, run, "running")
            verbs.settle_later(tx, run)

    work.db.perform(done, project, found.actor)


def give_up_scan(work: Work, why: str, project: int, run: int) -> None:
    """Let an import fail that can't be scanned. Safe to repeat."""
    with work.db.transaction(project) as tx:
        found = tables.run(tx, run)
    if found is not None and found.state == "scanning":
        work.db.perform(lambda tx: verbs.fail(tx, run, why), project, found.actor)


def bring_chunk(work: Work, project: int, run: int, chunk: int) -> None:
    """Bring in the items of a chunk that wait still, batch by batch."""
    with work.db.transaction(project) as tx:
        found = tables.run(tx, run)
        name = tables.spool(tx, run, chunk)
        waiting = tables.waiting_keys(tx, run, chunk)
    if found is None or found.state not in ("scanning", "running") or name is None:
        return
    try:
        _bring_all(work, project, found, chunk, spool.read(work.store.blobs, name), waiting)
    except Exception as error:  # whatever it was, the import must end one day, and say why
        if not _is_last(work, error):
            raise
        logger.exception("chunk %s of import %s of project %s can't be brought in", chunk, run, project)
        give_up_chunk(
            work, f"it failed {RETRIES + 1} times, at last with {type(error).__name__}: {error}", project, run, chunk
        )
        return
    _close_chunk(work, project, found, chunk)


def give_up_chunk(work: Work, why: str, project: int, run: int, chunk: int) -> None:
    """Let the items of a chunk fail that wait still. Safe to repeat."""
    with work.db.transaction(project) as tx:
        found = tables.run(tx, run)
        waiting = tables.waiting_keys(tx, run, chunk)
    if found is None or found.state not in ("scanning", "running"):
        return
    lost = [Prepared(Planned(key=key, item=Item(key=key)), reason=why) for key in waiting]
    work.db.perform(lambda tx: bring(tx, found, chunk, lost), project, found.actor)
    _close_chunk(work, project, found, chunk)


def _close_chunk(work: Work, project: int, found: Import, chunk: int) -> None:
    """End a chunk when nothing of it waits. Its spool goes at once: a large import would fill the disk with them."""

    def close(tx: Transaction) -> str | None:
        if not tables.lock_chunk(tx, found.id, chunk) or tables.waiting_keys(tx, found.id, chunk):
            return None
        name = tables.spool(tx, found.id, chunk)
        tables.close_chunk(tx, found.id, chunk)
        verbs.settle_later(tx, found.id)
        return name

    if (name := work.db.perform(close, project, found.actor)) is not None:
        work.store.blobs.derived.drop(name)


def _is_last(work: Work, error: Exception) -> bool:
    return work.tries >= RETRIES and not is_away(error)


def _bring_all(work: Work, project: int, run: Import, chunk: int, read: Spool, waiting: Collection[str]) -> None:
    is_truth = run.request.annotations_as == TRUTH
    for batch in batches([one for one in read.planned if one.key in waiting], BATCH_ITEMS, BATCH_ANNOTATIONS):
        finish = partial(_finish, run.format, read.told, batch)
        _bring(work, project, run, chunk, prepare(work.store, project, batch, finish, is_truth=is_truth))
        for one in batch:  # which the chunk would hold to its end
            one.item.annotations.clear()
            one.raws, one.together = (), None


def _finish(format: str | None, told: str, planned: Sequence[Planned]) -> Sequence[Traced | Fractional | None]:
    """Make the annotations that are still texts: as columns, which are given, else as objects."""
    making = formats.readable(format) if format else None
    some = [one.deferred for one in planned]
    traced = making.trace(told.encode(), some) if isinstance(making, Tracing) else [None] * len(some)
    if isinstance(making, Finishing):
        making.finish(told.encode(), [one for one, found in zip(some, traced, strict=True) if found is None])
    return traced


def _bring(work: Work, project: int, run: Import, chunk: int, prepared: Sequence[Prepared]) -> None:
    """Bring a batch in; when the database refuses something in it, one by one, so that only that item fails."""
    try:
        work.db.perform(lambda tx: bring(tx, run, chunk, prepared), project, run.actor)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(prepared) == 1:
            prepared[0].reason = f"the database can't hold it ({error.diag.message_primary or error})"
            work.db.perform(lambda tx: bring(tx, run, chunk, prepared), project, run.actor)
            return
        for one in prepared:
            _bring(work, project, run, chunk, [one])


def settle(work: Work, project: int, run: int) -> None:
    """End an import when nothing of it waits, and tidy up after one that is over. Safe to repeat."""
    work.db.perform(lambda tx: verbs.finish(tx, run), project)
    with work.db.transaction(project) as tx:
        found = tables.run(tx, run)
        names = tables.spools(tx, run)
    if found is None or not found.is_over:
        return
    for name in names:
        work.store.blobs.derived.drop(name)
    if found.counts.done >= _WORTH_VACUUM or found.counts.annotations_added >= _WORTH_VACUUM:
        _vacuum(work.store)


def _vacuum(store: Store) -> None:
    # Without it the first queries after a load stall: the planner knows nothing of the new rows yet.
    with store.db.connect() as conn:
        for table in ("file", "file_meta", "file_foreign", "entry", "annotation", "file_label", "file_value", "event"):
            conn.execute(f"vacuum (analyze) {table}")


JOBS = [
    Job(name="ingest.scan", run=scan, queue="bulk", retries=RETRIES, give_up=give_up_scan),
    Job(name="ingest.chunk", run=bring_chunk, queue="bulk", retries=RETRIES, give_up=give_up_chunk),
    Job(name="ingest.settle", run=settle, queue="bulk", retries=RETRIES),
]
