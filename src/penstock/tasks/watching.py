"""Watching: files that enter watched datasets become tasks, exactly one per template, branch, file and round.

Events only say where to look. What is done follows from what the tables hold by then, so that it comes out the same in
whatever portions events arrive.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from penstock import jobs
from penstock.jobs import Work
from penstock.log import Happening
from penstock.store import Transaction
from penstock.tasks import attempt_tables, closing, events, task_tables, template_tables
from penstock.tasks.model import CLOSED, Task
from penstock.tasks.queue import event
from penstock.tasks.template_tables import Wanted

KINDS = frozenset({"dataset.file_added", "dataset.file_removed", "file.ready", "template.created", "template.changed"})
BACKLOG_CHUNK = 2000
_AFTER = dt.timedelta(seconds=1)  #: a lease that ends this moment may be renewed yet


def apply(tx: Transaction, happenings: Sequence[Happening]) -> None:
    """Open and cancel the tasks that some events ask for. Writes `task.opened` and `task.cancelled`."""
    added = {(h.body["dataset"], h.body["file"]) for h in happenings if h.kind == "dataset.file_added"}
    again = {
        (h.body["dataset"], h.body["file"])
        for h in happenings
        if h.kind == "dataset.file_added" and h.body.get("again")
    }
    removed = {(h.body["dataset"], h.body["file"]) for h in happenings if h.kind == "dataset.file_removed"}
    ready = sorted({h.body["file"] for h in happenings if h.kind == "file.ready"})
    if ready:
        added |= set(template_tables.watched_datasets_of(tx, ready))
    for happening in happenings:
        if happening.kind.startswith("template."):
            jobs.later(tx, "tasks.open_backlog", project=tx.project, template=happening.body["template"])
    wanted = _wanted(tx, added, None)
    back = {w.task for w in wanted if w.task is not None and w.status == "cancelled"}
    left = _left(tx, removed)
    locked = task_tables.lock_many(tx, back | left)  # in one batch, for the order of locks
    gone = [task for task in locked if task.id in left and task.status == "open"]
    closing.cancel_locked(tx, gone, "the file left the dataset")
    _open(tx, wanted, [task for task in locked if task.id in back], again)


def _wanted(tx: Transaction, pairs: Collection[tuple[int, int]], template: int | None) -> list[Wanted]:
    if not pairs:
        return []
    ordered = sorted(pairs)
    return template_tables.select_wanted(tx, [p[0] for p in ordered], [p[1] for p in ordered], template)


def _left(tx: Transaction, removed: Collection[tuple[int, int]]) -> set[int]:
    if not removed:
        return set()
    ordered = sorted(removed)
    return set(task_tables.unclaimed_outside(tx, [p[0] for p in ordered], [p[1] for p in ordered]))


def _open(tx: Transaction, wanted: Sequence[Wanted], back: Sequence[Task], again: Collection[tuple[int, int]]) -> None:
    revived = [task for task in back if task.status == "cancelled"]
    if revived:
        task_tables.set_status(tx, [task.id for task in revived], "open")
    for task in revived:
        tx.append(event(events.TaskOpened, task, "cancelled", "open", dataset=task.dataset, round=task.round))
    new = [
        (w.template, w.branch, w.dataset, w.file, w.priority, (w.round or 0) + 1)
        for w in wanted
        if w.task is None or (w.again and (w.dataset, w.file) in again and _has_round_left(w))
    ]
    for task in task_tables.insert(tx, new) if new else []:
        tx.append(
            events.TaskOpened.model_construct(
                task=task.id,
                template=task.template,
                file=task.file,
                was=None,
                now="open",
                dataset=task.dataset,
                round=task.round,
            )
        )


def _has_round_left(wanted: Wanted) -> bool:
    return wanted.status in CLOSED - {"cancelled"} and (wanted.round or 0) < wanted.rounds


def open_backlog(work: Work, project: int, template: int) -> None:
    """Open the tasks of files that were there before a template watched. Safe to repeat: each file's once."""
    with work.db.transaction(project) as tx:
        found = template_tables.select(tx, template)
    if found is None:
        return
    for watch in found.settings.watch:
        after = 0
        while True:
            with work.db.transaction(project) as tx:
                part = template_tables.page_of_files(tx, watch.dataset, after, BACKLOG_CHUNK)
                wanted = [w for w in _wanted(tx, [(watch.dataset, f) for f in part], template) if w.task is None]
                _open(tx, wanted, [], set())
            if len(part) < BACKLOG_CHUNK:
                break
            after = part[-1]


def cancel_rest(work: Work, project: int, template: int) -> None:
    """Cancel the unfinished tasks of an archived template that nobody works on, in portions, and come back when the
    next lease runs out. Safe to repeat.
    """
    while True:
        with work.db.transaction(project) as tx:
            ids = task_tables.cancellable(tx, template, closing.CHUNK)
            closing.cancel(tx, ids, closing.ARCHIVED)
            if not ids:
                _come_back(tx, template)
                return


def _come_back(tx: Transaction, template: int) -> None:
    end = attempt_tables.next_lease_end(tx, template)
    if end is not None:
        key = f"tasks.cancel_rest:{template}"
        jobs.at(tx, end + _AFTER, "tasks.cancel_rest", key=key, project=tx.project, template=template)
