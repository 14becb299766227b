"""The queue: taking a task, keeping it, reserving the next ones, and giving it back."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from penstock.annotations import branches
from penstock.annotations import tables as annotation_tables
from penstock.core import Conflict, NotFound, Refusal
from penstock.store import Transaction
from penstock.tasks import attempt_tables, events, queue_tables, task_tables, writeset
from penstock.tasks.model import Attempt, Claim, Role, Task, Template

E = TypeVar("E", bound=events.TaskEvent)

RESERVED_SECONDS = 120.0
MOST_RESERVED = 10
_TRIES = 8


class NothingToDo(NotFound):
    """There is no task to take under '{template}' now. More may come as files arrive or leases run out."""


class TemplateNotActive(Conflict):
    """The template '{template}' is {state}, so it gives out no tasks."""


class AttemptOver(Conflict):
    """This attempt has ended ({state}), so nothing more can be done with it. Take the task anew."""


class TaskCalledOff(Conflict):
    """This task was cancelled: {why}. Nothing needs to be handed in; what you saved is kept as your attempt's draft."""


class NotYours(NotFound):
    """There is no attempt {attempt} of yours. Look at your tasks."""


def claim(tx: Transaction, template: Template, others: Sequence[Template]) -> Claim:
    """Take the next task: an attempt begins, with a lease that saves and heartbeats renew. `others` are all templates
    that aren't archived.

    Tasks returned to the caller come first, then those they reserved, then by priority and age. Writes `task.claimed`
    (and `task.lapsed` for one whose lease ran out). Raises NothingToDo, TemplateNotActive.
    """
    tx.reuse_plans()
    if template.state != "active":
        raise TemplateNotActive(template=template.name, state=template.state)
    assert tx.actor is not None
    picked = _pick(tx, template, others, tx.actor)
    if picked is None:
        raise NothingToDo(template=template.name)
    for task, lapsed in picked.left:
        _leave(tx, task, lapsed)
    return begin(tx, template, picked.task, "work", unmerged(tx, picked.task, picked.lapsed), picked.lapsed)


class _Picked(NamedTuple):
    task: Task
    lapsed: Attempt | None
    left: list[tuple[Task, Attempt]]
    """Tasks whose lease ran out, but whose file is taken under another template: they are free again."""


def _leave(tx: Transaction, task: Task, lapsed: Attempt) -> None:
    """Free a task whose lease ran out, for whoever asks once its file is free."""
    task_tables.set_status(tx, [task.id], "open")
    tx.append(event(events.TaskLapsed, task, task.status, "open", attempt=lapsed.id, who=lapsed.who))


def unmerged(tx: Transaction, task: Task, lapsed: Attempt | None = None) -> Attempt | None:
    """The attempt whose draft the next holder goes on from: their own whose lease ran out, else what was submitted and
    never came into the dataset, because it was returned or put aside.
    """
    if lapsed is not None and lapsed.who == tx.actor:
        return lapsed
    return authored(tx, task) if task.status == "returned" or task.done_seq is None else None


def _pick(tx: Transaction, template: Template, others: Sequence[Template], who: int) -> _Picked | None:
    overlapping = writeset.overlapping(template, others)
    without: list[int] = []
    left: list[tuple[Task, Attempt]] = []
    for _ in range(_TRIES):
        if overlapping or without:
            task = queue_tables.pick_beside(tx, template.id, who, overlapping, without)
        else:
            task = queue_tables.pick(tx, template.id, who)
        if task is None:
            return None
        lapsed = take_over(tx, task)
        if lapsed is not None or task.status != "in_progress":
            if not overlapping:
                return _Picked(task, lapsed, left)
            # Two claims on one file under two templates don't see each other's attempts: the file decides.
            annotation_tables.lock_files(tx, [task.file])
            if not attempt_tables.live_on_file(tx, task.file, task.branch, overlapping, but=task.id):
                return _Picked(task, lapsed, left)
            if lapsed is not None:
                left.append((task, lapsed))
        without.append(task.id)
    return None


def take_over(tx: Transaction, task: Task) -> Attempt | None:
    """End the live attempt of a locked task whose lease ran out; None when there is none, or it was renewed."""
    if task.attempt is None or not attempt_tables.lapse(tx, task.attempt):
        return None
    return attempt_tables.select(tx, task.attempt)


def begin(
    tx: Transaction,
    template: Template,
    task: Task,
    role: Role,
    previous: Attempt | None = None,
    lapsed: Attempt | None = None,
) -> Claim:
    """Open an attempt on a locked task for the caller. Writes `task.claimed`, after `task.lapsed` where one lapsed.

    It goes on from a copy of a `previous` attempt's draft, if one is given: that one's own stays as it was.
    """
    assert tx.actor is not None
    status = "in_review" if role == "review" else "in_progress"
    attempt = attempt_tables.open_(
        tx,
        task,
        edition=template.edition if previous is None else previous.edition,
        base_seq=None if previous is None else branches.get(tx, previous.branch).base_seq,
        role=role,
        status=status,
        schema_version=None if previous is None else previous.schema_version,
        lease_seconds=template.settings.lease_seconds,
    )
    if previous is not None:
        annotation_tables.copy_branch_file(tx, previous.branch, attempt.branch, task.file)
    if lapsed is not None:
        tx.append(event(events.TaskLapsed, task, task.status, task.status, attempt=lapsed.id, who=lapsed.who))
    tx.append(event(events.TaskClaimed, task, task.status, status, attempt=attempt.id, who=tx.actor))
    held = {"status": status, "holder": tx.actor, "attempt": attempt.id, "reserved_by": None, "reserved_until": None}
    return Claim(task=task.model_copy(update=held), attempt=attempt)


def authored(tx: Transaction, task: Task) -> Attempt | None:
    """The attempt that a task was last submitted by."""
    return None if task.authored is None else attempt_tables.select(tx, task.authored)


def event(kind: type[E], task: Task, was: str, now: str, **more: Any) -> E:
    """An event of a task, without checking again what we just made."""
    return kind.model_construct(task=task.id, template=task.template, file=task.file, was=was, now=now, **more)


def reserve(tx: Transaction, template: Template, count: int, role: Role = "work") -> list[Task]:
    """Reserve the caller's next tasks, to work on or to review, for two minutes: their files are fetched ahead. Safe to
    repeat.

    A reservation is no promise: when somebody else's queue is empty, theirs go first. No event is written.
    """
    assert tx.actor is not None
    if template.state != "active" and role == "work":
        return []
    return queue_tables.reserve(tx, template.id, tx.actor, role, min(count, MOST_RESERVED), RESERVED_SECONDS)


def unreserve(tx: Transaction, template: Template, role: Role = "work") -> int:
    """Give up the caller's reservations, on leaving. Safe to repeat. No event is written."""
    assert tx.actor is not None
    return queue_tables.unreserve(tx, template.id, tx.actor, role)


def over(task: Task | None, attempt: Attempt) -> Refusal:
    """Why nothing more can be done with an attempt that has ended."""
    if task is not None and task.status == "cancelled":
        return TaskCalledOff(why=task.reason or "no reason is known")
    return AttemptOver(state=attempt.state)


def hold(tx: Transaction, attempt: int) -> tuple[Task, Attempt]:
    """The caller's attempt and its task, both locked, task first. Raises NotYours."""
    assert tx.actor is not None
    task = task_tables.lock_of_attempt(tx, attempt, tx.actor)
    if task is None:
        raise NotYours(attempt=attempt)
    held = attempt_tables.lock(tx, attempt)
    assert held is not None
    return task, held
