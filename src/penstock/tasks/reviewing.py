"""Review: a second person, never the author, accepts a task, mends and accepts it, or returns it with notes."""

from collections.abc import Sequence

from penstock.annotations import tables
from penstock.core import Conflict
from penstock.store import Transaction
from penstock.tasks import (
    attempt_tables,
    attempts,
    closing,
    done,
    events,
    quality,
    queue,
    queue_tables,
    task_tables,
    templates,
)
from penstock.tasks.model import Attempt, Claim, NewNote, Note, Task, Template
from penstock.tasks.queue import NothingToDo, event, hold


class NotAReview(Conflict):
    """Attempt {attempt} is not a review, so it can't be accepted or returned: submit it."""


def claim(tx: Transaction, template: Template) -> Claim:
    """Take the next task that waits for review, with a draft that starts from a copy of the author's.

    An archived template's too, since what was sent in is work done. Writes `task.claimed`. Raises NothingToDo.
    """
    assert tx.actor is not None
    task = queue_tables.pick_review(tx, template.id, tx.actor)
    if task is None:
        raise NothingToDo(template=template.name)
    lapsed = queue.take_over(tx, task)
    if task.attempt is not None and lapsed is None:  # its reviewer came back this very moment
        raise NothingToDo(template=template.name)
    return queue.begin(tx, template, task, "review", queue.authored(tx, task), lapsed)


def accept(tx: Transaction, attempt: int, active_seconds: float = 0.0) -> Task:
    """Accept a task as the reviewer's draft has it: done. Safe to repeat.

    Writes `task.accepted`, then `task.done` and what goes with it. Raises NotYours, NotAReview, TakenOver, AttemptOver,
    WorkIncomplete.
    """
    task, held = _hold(tx, attempt)
    if held.state == "accepted":
        return task
    done.check_held(task, held)
    tables.lock_files(tx, [task.file])
    settings, schema = attempts.frame(tx, held)
    finished = done.complete(tx, task, held, settings, schema)
    authored = queue.authored(tx, task)
    assert authored is not None
    states = tables.select_own(tx, authored.branch, task.file)
    changed = quality.record_review(tx, task, held.who, states, finished.ours)
    ended = attempt_tables.end(tx, attempt, "accepted", max(0.0, active_seconds), "merged")
    tx.append(
        event(
            events.TaskAccepted,
            task,
            task.status,
            task.status,
            attempt=attempt,
            author=authored.who,
            reviewer=held.who,
            changed=changed,
            active_seconds=ended.active_seconds,
        )
    )
    return done.finish(tx, task, held, finished, settings, authored.active_seconds, reviewer=held.who)


def return_(tx: Transaction, attempt: int, notes: Sequence[NewNote], active_seconds: float = 0.0) -> Task:
    """Return a task to its author with notes, perhaps pinned to annotations. Safe to repeat.

    Writes `task.noted` for each and `task.returned`. The author's draft stays, and their next attempt goes on from it;
    under an archived template there is none, and `task.cancelled` follows. Raises NotYours, NotAReview, TakenOver,
    AttemptOver.
    """
    task, held = _hold(tx, attempt)
    if held.state == "returned":
        return task
    done.check_held(task, held)
    assert task.author is not None
    is_last = templates.get(tx, task.template).state == "archived"
    if is_last:
        tables.lock_files(tx, [task.file])
    ended = attempt_tables.end(tx, attempt, "returned", max(0.0, active_seconds))
    for note in notes:
        remark(tx, task, note)
    task_tables.give_back(tx, task.id, task.author, held.who)
    returned = event(
        events.TaskReturned,
        task,
        task.status,
        "returned",
        attempt=attempt,
        author=task.author,
        reviewer=held.who,
        notes=len(notes),
        active_seconds=ended.active_seconds,
    )
    tx.append(returned)
    given = {"status": "returned", "holder": task.author, "attempt": None, "reviewer": held.who}
    task = task.model_copy(update=given)
    if not is_last:
        return task
    closing.end_cancelled(tx, [task], closing.ARCHIVED)
    return task.model_copy(update={"status": "cancelled", "holder": None})


def remark(tx: Transaction, task: Task, note: NewNote) -> Note:
    """Leave a remark on a task. Safe to repeat under the same id. Writes `task.noted`."""
    assert tx.actor is not None
    made = task_tables.insert_note(tx, task.id, tx.actor, note)
    if made is None:
        return task_tables.note_of(tx, task.id, tx.actor, note.id)
    tx.append(
        events.NoteAdded(
            task=task.id, template=task.template, note=made.id, author=tx.actor, annotation=note.annotation
        )
    )
    return made


def _hold(tx: Transaction, attempt: int) -> tuple[Task, Attempt]:
    task, held = hold(tx, attempt)
    if held.role != "review":
        raise NotAReview(attempt=attempt)
    return task, held
