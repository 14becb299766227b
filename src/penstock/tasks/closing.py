"""Ending a task other than by done, opening it again, and leaving a dataset when the last task on a file there ends."""

from collections.abc import Collection

from penstock import datasets
from penstock.annotations import tables
from penstock.core import Conflict, Forbidden, NotFound
from penstock.datasets import live
from penstock.store import Transaction
from penstock.tasks import access, attempt_tables, events, queue, task_tables, templates
from penstock.tasks.model import Attempt, Claim, Task
from penstock.tasks.queue import TemplateNotActive, event, hold, over

CHUNK = 500
ARCHIVED = "its template was archived"


class ClaimedLater(Conflict):
    """A later stage has taken this file up, so the task can't be opened again. Ask whoever has it to return a note."""


class NotYoursToReopen(Forbidden):
    """Only whoever submitted a task, or an editor, may open it again."""


class NotClosed(Conflict):
    """The task is {status}, so there is nothing to open again."""


class TaskEnded(Conflict):
    """The task is {status}, so there is nothing to cancel."""


def locked(tx: Transaction, task: int) -> Task:
    """A task, its row locked. Raises NotFound."""
    found = task_tables.lock(tx, task)
    if found is None:
        raise NotFound(what="task", name=task)
    return found


def release(tx: Transaction, attempt: int, active_seconds: float = 0.0) -> Task:
    """Give a task back to the queue. What was drawn stays on the attempt's draft, and its next holder is shown it.

    Under an archived template it has no next holder: then it is cancelled. Safe to repeat. Writes `task.released`.
    Raises NotYours.
    """
    task, held = hold(tx, attempt)
    return task if held.state != "live" else give_back(tx, task, held, active_seconds)


def give_back(tx: Transaction, task: Task, held: Attempt, active_seconds: float = 0.0) -> Task:
    """Give back a task whose row is locked, as its live attempt's. Writes what `release` does."""
    status = "in_review" if held.role == "review" else "open"
    if held.role == "work" and templates.get(tx, task.template).state == "archived":
        tables.lock_files(tx, [task.file])
        status = "cancelled"
    attempt_tables.end(tx, held.id, "released", active_seconds)
    task_tables.set_status(tx, [task.id], status, ARCHIVED if status == "cancelled" else None)
    tx.append(event(events.TaskReleased, task, task.status, status, attempt=held.id, who=held.who))
    if status == "cancelled":
        settle_move(tx, task)
    return task.model_copy(update={"status": status, "holder": None, "attempt": None})


def skip(tx: Transaction, attempt: int, reason: str, active_seconds: float = 0.0) -> Task:
    """Put a task aside with a reason; it counts no more. Its draft stays. Safe to repeat.

    Writes `task.skipped`. Raises NotYours, TaskCalledOff, AttemptOver.
    """
    task, held = hold(tx, attempt)
    if held.state == "skipped":
        return task
    if held.state != "live" or held.role != "work":
        raise over(task, held)
    tables.lock_files(tx, [task.file])
    attempt_tables.end(tx, attempt, "skipped", max(0.0, active_seconds))
    task_tables.set_status(tx, [task.id], "skipped", reason)
    tx.append(event(events.TaskSkipped, task, task.status, "skipped", attempt=attempt, who=held.who, reason=reason))
    settle_move(tx, task)
    return task.model_copy(update={"status": "skipped", "holder": None, "attempt": None, "reason": reason})


def cancel(tx: Transaction, tasks: Collection[int], why: str) -> int:
    """Cancel those of some tasks that nobody works on, or whose lease ran out; how many. Safe to repeat.

    Writes `task.cancelled` for each, after `task.lapsed` where a lease ran out.
    """
    free: list[Task] = []
    lapsed: list[tuple[Task, Attempt]] = []
    for task in task_tables.lock_many(tx, tasks):
        if task.status in ("open", "returned"):
            free.append(task)
        elif task.status == "in_progress" and (attempt := queue.take_over(tx, task)) is not None:
            lapsed.append((task, attempt))
    if not free and not lapsed:
        return 0
    tables.lock_files(tx, {task.file for task in free} | {task.file for task, _ in lapsed})
    for task, attempt in lapsed:
        tx.append(event(events.TaskLapsed, task, task.status, task.status, attempt=attempt.id, who=attempt.who))
    ended = free + [task for task, _ in lapsed]
    end_cancelled(tx, ended, why)
    return len(ended)


def call_off(tx: Transaction, task: int, why: str) -> Task:
    """Cancel one task, whoever has it. What was drawn stays on its attempt's draft. Safe to repeat.

    Writes `task.cancelled`, after `task.released` where somebody had it. Raises NotFound, TaskEnded.
    """
    found = locked(tx, task)
    if found.status == "cancelled":
        return found
    if found.is_closed:
        raise TaskEnded(status=found.status)
    held = None if found.attempt is None else attempt_tables.lock(tx, found.attempt)
    tables.lock_files(tx, [found.file])
    if held is not None and held.state == "live":
        attempt_tables.end(tx, held.id, "released")
        free = "in_review" if held.role == "review" else "open"
        tx.append(event(events.TaskReleased, found, found.status, free, attempt=held.id, who=held.who))
        found = found.model_copy(update={"status": free})
    end_cancelled(tx, [found], why)
    return found.model_copy(update={"status": "cancelled", "holder": None, "attempt": None})


def cancel_locked(tx: Transaction, locked: Collection[Task], why: str) -> None:
    """Cancel tasks whose rows are locked already. Their files are locked here, so it comes before the seq."""
    if locked:
        tables.lock_files(tx, {task.file for task in locked})
        end_cancelled(tx, locked, why)


def end_cancelled(tx: Transaction, locked: Collection[Task], why: str) -> None:
    """Cancel tasks that nobody has, whose rows and files are locked. Writes `task.cancelled` for each."""
    task_tables.set_status(tx, [task.id for task in locked], "cancelled", why)
    for task in locked:
        tx.append(event(events.TaskCancelled, task, task.status, "cancelled", why=why))
    for task in locked:
        settle_move(tx, task)


def settle_move(tx: Transaction, task: Task) -> None:
    """Take the file out of the dataset a task came from, if a route wants it and no unfinished task is left there.

    The file is locked, so the last of several tasks to close sees that it is the last.
    """
    if task_tables.ready_to_move(tx, task.dataset, task.file, task.id):
        cause: datasets.Cause = {"kind": "route", "template": task.template, "task": task.id}
        datasets.remove(tx, task.dataset, [task.file], cause)


def reopen(tx: Transaction, task: int, role: str) -> Claim | Task:
    """Open a task again. Nothing that was merged is unmerged.

    Its author gets a new attempt, from the branch's head when it was done, from their draft while it waits for review;
    until a later stage claims the file. An editor puts a skipped, cancelled or returned task back into the queue.
    Writes `task.reopened`. Raises NotFound, NotYoursToReopen, ClaimedLater, NotClosed, TemplateNotActive.
    """
    found = locked(tx, task)
    assert tx.actor is not None
    if role not in access.MANAGERS and found.author != tx.actor:
        raise NotYoursToReopen
    template = templates.get(tx, found.template)
    if found.status in ("skipped", "cancelled", "returned") and role in access.MANAGERS:
        if template.state == "archived":
            raise TemplateNotActive(template=template.name, state=template.state)
        return _requeue(tx, found)
    if found.status not in ("done", "in_review"):
        raise NotClosed(status=found.status)
    later = templates.downstream(template, templates.list_(tx, archived=True), live.feeds(tx))
    if found.attempt is not None or task_tables.claimed_later(tx, found, later):
        raise ClaimedLater
    tx.append(event(events.TaskReopened, found, found.status, found.status, who=tx.actor))
    previous = queue.authored(tx, found) if found.status == "in_review" else None
    if template.state == "archived":
        templates.cancel_rest_later(tx, template.id)  # whose lease runs out, nobody takes up
    return queue.begin(tx, template, found, "work", previous)


def _requeue(tx: Transaction, task: Task) -> Task:
    assert tx.actor is not None
    task_tables.set_status(tx, [task.id], "open")
    tx.append(event(events.TaskReopened, task, task.status, "open", who=tx.actor))
    return task.model_copy(update={"status": "open", "holder": None, "reason": None})
