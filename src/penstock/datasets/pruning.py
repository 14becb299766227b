"""Pruning: old history that nothing shows is deleted for good, when somebody asks for it.

The law: whatever a version, a fork, a draft, a merge or unfinished work can read stays, and so does all that ended
within the days that are kept. Whoever asks for a revision that may have lost something is refused, never shown less.
"""

from collections.abc import Callable, Iterable

from penstock import jobs
from penstock.core import NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import events, pruning_tables
from penstock.datasets.pruning_model import Hold, NewPruning, Prunable, Pruning, RevisionPruned
from penstock.jobs import Work
from penstock.store import Transaction, horizon

_AT_ONCE = 20_000

holding: list[Callable[[Transaction], Iterable[Hold]]] = []
"""What else reads old revisions: filled by the engine, for rooms further down."""


def preview(tx: Transaction, keep_days: int) -> Prunable:
    """How much a pruning would take away now."""
    return pruning_tables.count(tx, _cut(tx, keep_days), _holds(tx))


def start(tx: Transaction, new: NewPruning) -> Pruning:
    """Prune; a job does it. Writes `history.pruning_started`.

    From now on revisions up to its cut are refused, unless they are pinned. While one runs that one is given, and its
    job is asked for again, should it have been lost.
    """
    pruning_tables.hold_pins(tx)
    if (other := pruning_tables.running(tx)) is not None:
        _later(tx, other.id)
        return other
    made = get(tx, pruning_tables.insert(tx, _cut(tx, new.keep_days), new.keep_days))
    _later(tx, made.id)
    tx.append(events.HistoryPruningStarted(pruning=made.id, cut=made.cut, keep_days=made.keep_days))
    return made


def _later(tx: Transaction, pruning: int) -> None:
    jobs.later(tx, "datasets.prune", queue="bulk", lock=f"prune:{tx.project}", project=tx.project, pruning=pruning)


def get(tx: Transaction, pruning: int) -> Pruning:
    """A pruning by id. Raises NotFound."""
    found = pruning_tables.find(tx, pruning)
    if found is None:
        raise NotFound(what="pruning", name=pruning)
    return found


def list_(tx: Transaction, after: str | None = None, limit: int = 100) -> Page[Pruning]:
    """Prunings, the newest first: who took away what, and when."""
    found = pruning_tables.page(tx, decode_cursor(after, int)[0] if after else None, limit + 1)
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if more else None)


def run(work: Work, project: int, pruning: int) -> None:
    """Delete what a pruning is to take away, a batch in each transaction. Safe to repeat. Writes `history.pruned`."""
    with work.db.transaction(project) as tx:
        asked = get(tx, pruning)
    if asked.state == "done":
        return
    for table in pruning_tables.TABLES:
        at: pruning_tables.Place | None = pruning_tables.BEFORE_ALL
        while at is not None:
            with work.db.transaction(project) as tx:
                at = pruning_tables.delete(tx, asked, table, _holds(tx), at, _AT_ONCE)
    work.db.perform(lambda tx: _end(tx, pruning), project)


def check(tx: Transaction, dataset: int, seq: int) -> None:
    """Refuse a revision of a dataset that may have lost something. Raises RevisionPruned."""
    cut = pruning_tables.cut_above(tx, seq)
    if cut is not None and not pruning_tables.is_pinned(tx, dataset, seq):
        raise RevisionPruned(cut=cut, seq=seq)


def check_branch(tx: Transaction, branch: int, seq: int) -> None:
    """Refuse a revision of a branch's annotations that may have lost something. Raises RevisionPruned."""
    cut = pruning_tables.cut_above(tx, seq)
    if cut is not None and not pruning_tables.is_branch_pinned(tx, branch, seq):
        raise RevisionPruned(cut=cut, seq=seq)


def check_to_pin(tx: Transaction, dataset: int, seq: int) -> None:
    """As `check`, for whoever goes on to pin the revision: no pruning begins until this transaction ends."""
    pruning_tables.hold_prunings(tx)
    check(tx, dataset, seq)


def _end(tx: Transaction, pruning: int) -> None:
    if pruning_tables.end(tx, pruning):
        done = get(tx, pruning)
        counts = {"annotations": done.annotations, "entries": done.entries, "metadata": done.metadata}
        tx.append(events.HistoryPruned(pruning=done.id, cut=done.cut, **counts))


def _cut(tx: Transaction, keep_days: int) -> int:
    return min(pruning_tables.revision_before(tx, keep_days), horizon(tx))


def _holds(tx: Transaction) -> list[Hold]:
    return [hold for held in holding for hold in held(tx)]
