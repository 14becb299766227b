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
from penstock.tasks.model import Attempt, Claim, Task, Template


def look(tx: Transaction, template: Template, task: Task) -> attempts.Work:
    """What the caller would be shown of a task, had they claimed it now: its attempt has no id yet."""
    assert tx.actor is not None
    previous = queue.unmerged(tx, task)
    attempt = Attempt(
        id=0,
        task=task.id,
        template=template.id,
        edition=template.edition if previous is None else previous.edition,
        file=task.file,
        who=tx.actor,
        role="work",
        state="live",
        lease_until=tx.now,
        branch=0 if previous is None else previous.branch,
        parent=task.branch,
        schema_version=schema.current(tx).version if previous is None else previous.schema_version,
        started_at=tx.now,
    )
    draft = Branch(id=0, kind="draft", parent=task.branch) if previous is None else branches.get(tx, previous.branch)
    return attempts.work(tx, attempt, draft)


def claim(tx: Transaction, template: Template, others: Sequence[Template], of: int, id: UUID) -> Claim:
    """Claim a task on which the caller has begun to work. Safe to repeat under the same id, whatever came between.

    It becomes theirs when it is open, theirs already, or its holder's lease ran out: writes `task.claimed` (and
    `task.lapsed`). Else the attempt begins as one whose lease has ended, and what is saved on it is late work.
    """
    assert tx.actor is not None
    task = task_tables.lock(tx, of)
    assert task is not None
    known = attempt_tables.claimed(tx, of, tx.actor, id)
    if known is not None:
        return Claim(task=task, attempt=known)
    made = _taken(tx, template, others, task) or Claim(task=task, attempt=_late(tx, template, task))
    attempt_tables.note_claim(tx, made.attempt.id, id)
    return made


def _taken(tx: Transaction, template: Template, others: Sequence[Template], task: Task) -> Claim | None:
    if task.status == "in_progress" and task.holder == tx.actor and task.attempt is not None:
        mine = attempt_tables.select(tx, task.attempt)
        return None if mine is None else Claim(task=task, attempt=mine)
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


def _late(tx: Transaction, template: Template, task: Task) -> Attempt:
    made = attempt_tables.open_(
        tx,
        task,
        edition=template.edition,
        base_seq=None,
        role="work",
        status=None,
        schema_version=None,
        lease_seconds=template.settings.lease_seconds,
    )
    return attempt_tables.end(tx, made.id, "lapsed")
