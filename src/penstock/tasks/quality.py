"""What a later stage, or a review, changed of earlier work: the earlier stage's measured quality."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from penstock.annotations.merge import touched_fields
from penstock.annotations.model import Annotation
from penstock.annotations.rows import MergeOutcome
from penstock.store import Transaction
from penstock.tasks import templates, writeset
from penstock.tasks.model import Correction, Task
from penstock.tasks.writeset import WriteSet


class Earlier(NamedTuple):
    """An earlier task on the same file: whose work it was, and what they could write."""

    task: int
    template: int
    author: int
    could_write: WriteSet
    held: int  #: annotations of its labels that stood on the branch before the later work


class _Done(NamedTuple):
    id: int
    template: int
    author: int


class Change(NamedTuple):
    """Annotations by what became of them; of the changed ones also in what, where one can be in several."""

    kept: int = 0
    changed: int = 0
    removed: int = 0
    added: int = 0
    reshaped: int = 0
    relabelled: int = 0
    reanswered: int = 0


def earlier(tx: Transaction, task: Task) -> list[Earlier]:
    """The tasks of other templates that were done on a file before, the latest of each, with what the branch holds of
    their labels. Ask before merging.
    """
    done = tx.all(
        _Done,
        "select distinct on (template) id, template, author from task where project = %(project)s and file = %(file)s"
        " and branch = %(branch)s and template <> %(template)s and status = 'done' and author is not null"
        " order by template, done_seq desc",
        file=task.file,
        branch=task.branch,
        template=task.template,
    )
    if not done:
        return []
    labels = tx.rows(
        "select label, n from file_label where branch = %(branch)s and file = %(file)s and n > 0",
        branch=task.branch,
        file=task.file,
    )
    found: list[Earlier] = []
    for row in done:
        could = writeset.of(templates.get(tx, row.template).settings)
        held = sum(n for label, n in labels if could.labels is None or label in could.labels)
        found.append(Earlier(row.id, row.template, row.author, could, held))
    return found


def measure(
    before: Mapping[UUID, Annotation | None],
    after: Mapping[UUID, Annotation | None],
    could_write: WriteSet,
    held: int,
) -> Change:
    """What became of `held` annotations between two states, within a write set."""
    found: Counter[str] = Counter()
    for id in before.keys() | after.keys():
        old, new = before.get(id), after.get(id)
        label = (old or new).label if (old or new) is not None else None  # pyright: ignore[reportOptionalMemberAccess]
        touched = [field for field in touched_fields(old, new) if could_write.grants(field, label)]
        if touched and old is not None and new is not None:
            found["changed"] += 1
            found["reshaped"] += "geometry" in touched
            found["relabelled"] += "label" in touched
            found["reanswered"] += any(field.startswith("attributes.") for field in touched)
        elif touched:
            found["added" if old is None else "removed"] += 1
    return Change(kept=max(0, held - found["changed"] - found["removed"]), **found)


def record(tx: Transaction, task: Task, earlier: Iterable[Earlier], outcome: MergeOutcome, author: int) -> None:
    """Write down what a task that is being done changed of each earlier one's work."""
    for one in earlier:
        change = measure(outcome.before, outcome.after, one.could_write, one.held)
        _insert(tx, task, one.task, one.template, one.author, author, change)


def record_review(
    tx: Transaction,
    task: Task,
    reviewer: int,
    authored: Mapping[UUID, Annotation | None],
    reviewed: Mapping[UUID, Annotation | None],
) -> int:
    """Write down what a reviewer changed of an author's work on the same task; how many annotations."""
    assert task.author is not None
    held = sum(state is not None for state in authored.values())
    change = measure(authored, reviewed, WriteSet(None, None), held)
    _insert(tx, task, task.id, task.template, task.author, reviewer, change)
    return change.changed + change.removed + change.added


def _insert(tx: Transaction, by: Task, task: int, template: int, author: int, person: int, change: Change) -> None:
    tx.post(
        "insert into correction (project, file, task, template, author, by_task, by_template, by_person,"
        " kept, changed, removed, added, reshaped, relabelled, reanswered, at)"
        " values (%(project)s, %(file)s, %(task)s, %(template)s, %(author)s, %(by_task)s, %(by_template)s,"
        " %(by_person)s, %(kept)s, %(changed)s, %(removed)s, %(added)s, %(reshaped)s, %(relabelled)s, %(reanswered)s,"
        " moment())"
        " on conflict (project, task, by_task, by_person) do update set kept = excluded.kept,"
        " changed = excluded.changed, removed = excluded.removed, added = excluded.added,"
        " reshaped = excluded.reshaped, relabelled = excluded.relabelled, reanswered = excluded.reanswered,"
        " at = excluded.at",
        file=by.file,
        task=task,
        template=template,
        author=author,
        by_task=by.id,
        by_template=by.template,
        by_person=person,
        **change._asdict(),
    )


def corrections(tx: Transaction, template: int | None, after: int = 0, limit: int = 1000) -> list[Correction]:
    """What later work changed, newest last."""
    return tx.all(
        Correction,
        "select file, task, template, author, by_task, by_template, by_person, kept, changed, removed, added, reshaped,"
        " relabelled, reanswered, at from correction where project = %(project)s"
        " and (%(template)s::bigint is null or template = %(template)s) and id > %(after)s order by id limit %(limit)s",
        template=template,
        after=after,
        limit=limit,
    )
