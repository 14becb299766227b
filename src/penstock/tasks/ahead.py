"""Work that begins before its claim arrives: without the server an annotator goes on into tasks that they had reserved.

The claim comes later, before what was drawn, under an id by which a repeat is known. Where the task can't be had any
more the work is late: it lands on an attempt of its author's own, and never on anybody else's.
"""

from collections.abc import Sequence
from uuid import UUID

from penstock import schema
from penstock.annotations import branches
from penstock.annotations import tables as annotation_tables
from penstock.annotations.tables import Branch
from penstock.store import Transaction
from penstock.tasks import attempt_tables, attempts, queue, task_tables, writeset
from penstock.tasks.model import Attempt, Claim, Role, Task, Template


def look(tx: Transaction, template: Template, task: Task, role: Role = "work") -> attempts.Work:
    """What the caller would be shown of a task, had they claimed it now: its attempt has no id yet."""
    assert tx.actor is not None
    previous = queue.authored(tx, task) if role == "review" else queue.unmerged(tx, task)
    attempt = Attempt(
        id=0,
        task=task.id,
        template=template.id,
        edition=template.edition if previous is None else previous.edition,
        file=task.file,
        who=tx.actor,
        role=role,
        state="live",
        lease_until=tx.now,
        branch=0 if previous is None else previous.branch,
        parent=task.branch,
        schema_version=schema.current(tx).version if previous is None else previous.schema_version,
        started_at=tx.now,
    )
    draft = Branch(id=0, kind="draft", parent=task.branch) if previous is None else branches.get(tx, previous.branch)
    return attempts.work(tx, attempt, draft)


def claim(
    tx: Transaction, template: Template, others: Sequence[Template], of: int, id: UUID, role: Role = "work"
) -> Claim:
    """Claim a task on which the caller has begun to work. Safe to repeat under the same id, whatever came between.

    It becomes theirs when it is open (or waits for review) and not reserved for somebody else, theirs already, or its
    holder's lease ran out: writes `task.claimed` (and `task.lapsed`). Else the attempt begins as one whose lease has
    ended, and what is saved on it is late work.
    """
    assert tx.actor is not None
    task = task_tables.lock(tx, of)
    assert task is not None
    known = attempt_tables.claimed(tx, of, tx.actor, id)
    if known is not None:
        return Claim(task=task, attempt=known)
    taken = None
    if not _is_anothers(tx, task):
        taken = _reviewed(tx, template, task) if role == "review" else _taken(tx, template, others, task)
    made = taken or Claim(task=task, attempt=_late(tx, template, task, role))
    attempt_tables.note_claim(tx, made.attempt.id, id)
    return made


def _is_anothers(tx: Transaction, task: Task) -> bool:
    """Whether a task is reserved for somebody else. `next` may give such a task out, when there is no other; by its id
    nobody gets it.
    """
    until = task.reserved_until
    return task.reserved_by not in (None, tx.actor) and until is not None and until >= tx.now


def _taken(tx: Transaction, template: Template, others: Sequence[Template], task: Task) -> Claim | None:
    if task.status == "in_progress" and (mine := _mine(tx, task)) is not None:
        return mine
    if template.state != "active" or task.status not in ("open", "in_progress"):
        return None
    overlapping = writeset.overlapping(template, others)
    if overlapping:
        annotation_tables.lock_files(tx, [task.file])
        if attempt_tables.live_on_file(tx, task.file, task.branch, overlapping, but=task.id):
            return None
    lapsed = queue.take_over(tx, task)
    if task.status == "in_progress" and lapsed is None:
        return None
    return queue.begin(tx, template, task, "work", queue.unmerged(tx, task, lapsed), lapsed)


def _reviewed(tx: Transaction, template: Template, task: Task) -> Claim | None:
    if task.status != "in_review" or task.author == tx.actor:
        return None
    if (mine := _mine(tx, task)) is not None:
        return mine
    lapsed = queue.take_over(tx, task)
    if task.attempt is not None and lapsed is None:
        return None
    return queue.begin(tx, template, task, "review", queue.authored(tx, task), lapsed)


def _mine(tx: Transaction, task: Task) -> Claim | None:
    if task.holder != tx.actor or task.attempt is None:
        return None
    mine = attempt_tables.select(tx, task.attempt)
    return None if mine is None else Claim(task=task, attempt=mine)


def _late(tx: Transaction, template: Template, task: Task, role: Role) -> Attempt:
    previous = queue.authored(tx, task) if role == "review" else None
    made = attempt_tables.open_(
        tx,
        task,
        edition=template.edition if previous is None else previous.edition,
        base_seq=None if previous is None else branches.get(tx, previous.branch).base_seq,
        role=role,
        status=None,
        schema_version=None if previous is None else previous.schema_version,
        lease_seconds=template.settings.lease_seconds,
    )
    if previous is not None:
        annotation_tables.copy_branch_file(tx, previous.branch, made.branch, task.file)
    return attempt_tables.end(tx, made.id, "lapsed")
