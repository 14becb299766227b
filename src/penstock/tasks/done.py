"""Submitting, and done: the one moment that merges into the dataset's branch and routes, in one transaction."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

import msgspec

from penstock import datasets
from penstock import schema as schemas
from penstock.annotations import branches, checks, rows, tables
from penstock.annotations.model import Annotation, holder_id
from penstock.annotations.rows import MergeOutcome
from penstock.annotations.tables import Branch, FileStates
from penstock.core import Conflict, Invalid
from penstock.schema.model import Schema
from penstock.store import Transaction
from penstock.tasks import (
    attempt_tables,
    attempts,
    closing,
    events,
    prelabels,
    quality,
    renaming,
    routes,
    task_tables,
)
from penstock.tasks.model import Attempt, Task, TemplateSettings
from penstock.tasks.queue import event, hold, over
from penstock.tasks.task_tables import Surroundings


class WorkIncomplete(Invalid):
    """What is missing or wrong ({count}) keeps the task from being finished. Each is listed, by annotation."""


class TakenOver(Conflict):
    """Somebody else took this task over when its lease ran out. Your work is kept as your own attempt's draft; whoever
    has the task now is shown it.
    """


class Finished(NamedTuple):
    """What an attempt brings to its branch, checked and complete."""

    draft: Branch
    states: FileStates
    ours: dict[UUID, Annotation | None]  #: what the draft changes, suggestions taken and shapes clipped
    present: list[Annotation]  #: the whole file, as the attempt sees it
    around: Surroundings


def submit(tx: Transaction, attempt: int, active_seconds: float = 0.0) -> Task:
    """Send an attempt's work in. It is done at once, or waits for a review. Safe to repeat.

    Writes `task.submitted`, then `task.done` and what goes with it, or nothing more. Raises NotYours, TakenOver,
    TaskCalledOff, AttemptOver, WorkIncomplete, SuggestionsOpen: then nothing changed.
    """
    tx.reuse_plans()
    task, held = hold(tx, attempt)
    if held.state == "submitted":
        return task
    check_held(task, held)
    tables.lock_files(tx, [task.file])
    settings, schema = attempts.frame(tx, held)
    finished = complete(tx, task, held, settings, schema)
    reviewed = is_drawn(tx, task, held, settings, finished)
    state = "open" if reviewed else "merged"
    ended = attempt_tables.end(tx, attempt, "submitted", max(0.0, active_seconds), state)
    assert ended.ended_at is not None
    tx.append(
        event(
            events.TaskSubmitted,
            task,
            task.status,
            "in_review" if reviewed else task.status,
            attempt=attempt,
            who=ended.who,
            active_seconds=ended.active_seconds,
            wall_seconds=(ended.ended_at - ended.started_at).total_seconds(),
        )
    )
    if reviewed:
        task_tables.await_review(tx, task.id, ended.who, attempt)
        given = {"status": "in_review", "holder": None, "attempt": None, "author": ended.who, "authored": attempt}
        return task.model_copy(update=given)
    return finish(tx, task, ended, finished, settings, ended.active_seconds)


_REVIEW = -1  #: the salt of the draw for review, so that it isn't the draw for a route


def is_drawn(tx: Transaction, task: Task, attempt: Attempt, settings: TemplateSettings, finished: Finished) -> bool:
    """Whether a task that is sent in waits for a review. One that was returned always does."""
    review = settings.review
    if review is None:
        return False
    if task.reviewer is not None and task.done_seq is None:
        return True
    if review.authors is not None and attempt.who not in review.authors:
        return False
    if not routes.is_sampled(task.id, _REVIEW, review.share):
        return False
    if review.condition is None:
        return True
    now = renaming.at_present(tx, settings, attempt).review
    condition = now and now.condition
    return condition is None or routes.holds(tx, condition, task, attempt.who, None, finished.present)


def check_held(task: Task, attempt: Attempt) -> None:
    """Raises TakenOver, TaskCalledOff or AttemptOver unless the attempt is the task's live one."""
    if attempt.state == "lapsed" and task.status != "cancelled":
        raise TakenOver
    if attempt.state != "live" or task.attempt != attempt.id:
        raise over(task, attempt)


def complete(tx: Transaction, task: Task, attempt: Attempt, settings: TemplateSettings, schema: Schema) -> Finished:
    """Check that an attempt's work is whole: suggestions, required answers, bounds. The file is locked.

    Raises WorkIncomplete, SuggestionsOpen.
    """
    draft = branches.get(tx, attempt.branch)
    states = tables.select_states(tx, draft, task.file)
    ours, present = dict(states.own), states.present
    suggestions = prelabels.of_file(tx, settings, schema, task.file, present.keys() - ours.keys())
    taken, outcomes = prelabels.resolve(suggestions, settings, ours)
    for annotation in taken:
        ours[annotation.id] = present[annotation.id] = msgspec.structs.replace(annotation, author=attempt.who)
    around = task_tables.surroundings(tx, task)
    found = checks.complete(
        present.values(),
        around.width or 0,
        around.height or 0,
        schema,
        settings.labels,
        settings.attributes,
        settings.outside,
    )
    if found.problems:
        raise WorkIncomplete(count=len(found.problems), errors=found.problems)
    for annotation in found.clipped:
        ours[annotation.id] = present[annotation.id] = annotation
    if suggestions.branch is not None and outcomes:
        prelabels.record(tx, suggestions.branch, task.file, task.id, task.template, outcomes, attempt.who)
    changed: dict[UUID, Annotation | None] = {a.id: a for a in [*taken, *found.clipped]}
    if changed:
        tables.upsert_draft(tx, attempt.branch, task.file, changed)
    return Finished(draft, states, ours, list(present.values()), around)


def finish(
    tx: Transaction,
    task: Task,
    attempt: Attempt,
    finished: Finished,
    settings: TemplateSettings,
    active_seconds: float,
    reviewer: int | None = None,
) -> Task:
    """Done: merge, count what changed of earlier work, route, and tell. Task and file are locked.

    Writes `merge.conflicted`, `dataset.file_added`, `task.fill_in_needed` where they apply, and `task.done`.
    """
    author = attempt.who if reviewer is None else task.author
    assert author is not None
    outcome = rows.plan_merge(finished.states.base, finished.states.head, finished.ours)
    earlier = quality.earlier(tx, task) if finished.around.has_earlier else []
    rows.apply_merge(tx, finished.draft, task.file, outcome, finished.states.own, task.id)
    quality.record(tx, task, earlier, outcome, author)
    settings = renaming.at_present(tx, settings, attempt)
    taken = routes.choose(tx, task, author, reviewer, settings, _after(finished, outcome))
    moves = any(route.mode == "move" for route in taken)
    authored = attempt.id if reviewer is None else task.authored or attempt.id
    task_tables.finish(tx, task.id, author, authored, reviewer, moves)
    done = event(
        events.TaskDone,
        task,
        task.status,
        "done",
        attempt=attempt.id,
        author=author,
        reviewer=reviewer,
        added=outcome.added,
        changed=outcome.changed,
        removed=outcome.removed,
        active_seconds=active_seconds,
        routed=[route.to for route in taken],
    )
    tx.append(done)
    for route in taken:
        cause: datasets.Cause = {"kind": "route", "template": task.template, "task": task.id, "dataset": task.dataset}
        datasets.route(tx, route.to, task.file, cause)
    if moves or finished.around.has_move:
        closing.settle_move(tx, task)
    if finished.around.schema_version != attempt.schema_version:
        _list_missing(tx, task, settings, _after(finished, outcome))
    given = {
        "status": "done",
        "holder": None,
        "attempt": None,
        "author": author,
        "authored": authored,
        "reviewer": reviewer or task.reviewer,
        "done_seq": tx.seq,
    }
    return task.model_copy(update=given)


def _after(finished: Finished, outcome: MergeOutcome) -> Collection[Annotation]:
    """The file's annotations after the merge, for the conditions of routes."""
    merged = {annotation.id: annotation for annotation in finished.present}
    for id, state in outcome.after.items():
        if state is None:
            merged.pop(id, None)
        else:
            merged[id] = state
    return merged.values()


def _list_missing(tx: Transaction, task: Task, settings: TemplateSettings, after: Collection[Annotation]) -> None:
    """Tell which answers are missing by the present schema: the work began under an older one."""
    found = checks.missing(after, schemas.current(tx), holder_id(task.file), settings.attributes)
    if found:
        missing = [{"annotation": str(annotation), "attribute": attribute} for annotation, attribute in found]
        tx.append(events.FillInNeeded(task=task.id, template=task.template, file=task.file, missing=missing))
