"""Working at an attempt: saving deltas, keeping the lease, seeing the whole, and taking over late work.

A save is durable at once, happens once however often it is sent, costs what it changes, and never lands on anybody
else's draft.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from penstock import files
from penstock import schema as schemas
from penstock.annotations import branches, rows, tables
from penstock.annotations.merge import merge
from penstock.annotations.model import Annotation, Change, Create, Delete, Update, decode_changes, holder_id
from penstock.annotations.tables import Branch
from penstock.core import Conflict, Problem, Refusal
from penstock.core.errors import Invalid
from penstock.schema.model import Schema
from penstock.store import Transaction
from penstock.tasks import attempt_tables, events, prelabels, task_tables, template_tables, writeset
from penstock.tasks.model import (
    LONGEST_ACTIVE_SECONDS,
    Attempt,
    FileCard,
    LateWork,
    Note,
    Saved,
    Task,
    TemplateSettings,
)
from penstock.tasks.queue import AttemptOver, NotYours, hold, over


class Accept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="accept"):
    """Take a suggestion as it is."""

    id: UUID


class Reset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="reset"):
    """Take an annotation back to what it was before this task: a suggestion is unanswered again. Undo is made of it.

    Resets of a command come before its other changes.
    """

    id: UUID


class Save(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command: changes that are saved together or not at all, under an id by which a repeat is known."""

    id: UUID
    changes: list[msgspec.Raw] = []
    active_seconds: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_ACTIVE_SECONDS)] = 0.0
    """Time at work since the last command."""


class CommandRefused(Invalid):
    """{detail}"""


class WorkElsewhere(Conflict):
    """Attempt {attempt} is not one of this task's, or its work is in the task already."""


class Frame(NamedTuple):
    """What an attempt began with, and works under to its end."""

    settings: TemplateSettings
    schema: Schema


def frame(tx: Transaction, attempt: Attempt) -> Frame:
    """The settings and the schema of an attempt. Immutable, so remembered."""
    settings = template_tables.recall(tx, attempt.template, attempt.edition)
    return Frame(settings, schemas.at(tx, attempt.schema_version))


def save(tx: Transaction, attempt: int, command: Save) -> Saved | Refusal:
    """Save a command on an attempt's draft. Safe to repeat: the same command id gets the same answer.

    A refusal is returned, not raised, since it must be remembered by the same commit: raise it afterwards. Renews the
    lease. Late saves land on the attempt's own draft alone. Writes `attempt.saved`. Raises NotYours, AttemptOver.
    """
    tx.reuse_plans()
    assert tx.actor is not None
    found = _renew(tx, attempt, command.active_seconds, command.id)
    held = found.attempt
    if not found.is_new:
        return _repeated(tx, held, command)
    if held.state in ("submitted", "accepted", "returned"):
        raise AttemptOver(state=held.state)
    late = held.state != "live"
    task = task_tables.select(tx, held.task) if late else None
    try:
        read = _read(command.changes)
        states = _apply(tx, held, found.draft, read)
    except Refusal as refusal:
        attempt_tables.remember_refusal(tx, attempt, command.id, refusal.problem())
        return refusal
    if found.base_seq is None:
        branches.fix_base(tx, held.branch, held.file)
    tables.drop_draft(tx, held.branch, held.file, read.reset - states.keys())
    if states:
        tables.upsert_draft(tx, held.branch, held.file, states)
    tx.append(_told(held, command, read, late))
    return _saved(command, held, late, task)


def _renew(tx: Transaction, attempt: int, active_seconds: float, command: UUID | None) -> attempt_tables.Renewed:
    """Keep the caller's lease. One that ran out lives again unless somebody whose work would overlap has the file."""
    assert tx.actor is not None
    found = attempt_tables.renew(tx, attempt, tx.actor, max(0.0, active_seconds), command)
    if found is None:
        raise NotYours(attempt=attempt)
    held = found.attempt
    if found.is_contested:
        templates = template_tables.recall_all(tx)
        mine = next((one for one in templates if one.id == held.template), None)
        beside = writeset.overlapping(mine, templates) if mine is not None else []
        if not attempt_tables.live_on_file(tx, held.file, held.parent, beside, but=held.task):
            attempt_tables.revive(tx, attempt)
    return found


class Read(NamedTuple):
    """Changes in order; accepting a suggestion is a change of it that changes nothing."""

    changes: list[Change]
    accepted: frozenset[UUID]
    reset: frozenset[UUID] = frozenset()


def _read(raw: Sequence[msgspec.Raw]) -> Read:
    plain: list[msgspec.Raw] = []
    accepted: set[UUID] = set()
    reset: set[UUID] = set()
    for change in raw:
        match _special(change):
            case Accept(id=id):
                accepted.add(id)
                plain.append(msgspec.Raw(msgspec.json.encode(Update(id=id))))
            case Reset(id=id):
                reset.add(id)
            case None:
                plain.append(change)
    return Read(decode_changes(plain), frozenset(accepted), frozenset(reset))


_SPECIAL: msgspec.json.Decoder[Accept | Reset] = msgspec.json.Decoder(Accept | Reset)


def _special(change: msgspec.Raw) -> Accept | Reset | None:
    text = bytes(change)
    if b'"accept"' not in text and b'"reset"' not in text:
        return None
    try:
        return _SPECIAL.decode(text)
    except msgspec.DecodeError:
        return None  # another change that only mentions the word, or one that is wrong: read with the others


def _apply(tx: Transaction, held: Attempt, draft: Branch, read: Read) -> dict[UUID, Annotation | None]:
    settings, schema = frame(tx, held)
    before = _present(tx, held, draft, {change.id for change in read.changes}, read.reset)
    present = before
    if settings.prelabels is not None and not all(isinstance(change, Create) for change in read.changes):
        present = prelabels.of_file(tx, settings, schema, held.file, before.keys()).by_id | before
    after = rows.changed_states(
        read.changes, present, schema, held.who, settings.labels, settings.attributes, holder_id(held.file)
    )
    for id in read.accepted:
        state = after.get(id)
        if state is not None and id not in before and state == present.get(id):
            after[id] = msgspec.structs.replace(state, author=held.who)
    return after


def _present(
    tx: Transaction, held: Attempt, draft: Branch, ids: set[UUID], reset: frozenset[UUID]
) -> dict[UUID, Annotation | None]:
    """The present states of some annotations as the attempt sees them: its draft's unless reset, else its parent's.

    What its parent got between the moment the file was read and the base was fixed counts too: what one saw, one may
    change.
    """
    found = tables.select_ids(tx, draft, held.file, ids)
    own = {id: state for id, state in found.own.items() if id not in reset}
    return {**found.head, **found.base, **own}


def _told(held: Attempt, command: Save, read: Read, late: bool) -> events.AttemptSaved:
    created = sum(isinstance(change, Create) for change in read.changes) + len(read.accepted)
    deleted = sum(isinstance(change, Delete) for change in read.changes)
    return events.AttemptSaved.model_construct(
        attempt=held.id,
        task=held.task,
        template=held.template,
        file=held.file,
        command=command.id,
        created=created,
        updated=len(read.changes) + len(read.reset) - created - deleted,
        deleted=deleted,
        late=late,
    )


def _repeated(tx: Transaction, held: Attempt, command: Save) -> Saved | Refusal:
    problem = attempt_tables.refusal(tx, held.id, command.id)
    if problem is not None:
        errors = [Problem(**error) for error in problem["errors"]]
        return CommandRefused(detail=problem["detail"], errors=errors)
    late = held.state in ("lapsed", "released", "skipped")
    task = task_tables.select(tx, held.task) if late else None
    return _saved(command, held, late, task).model_copy(update={"repeated": True})


def _saved(command: Save, held: Attempt, late: bool, task: Task | None) -> Saved:
    return Saved(
        command=command.id,
        late=late,
        held_by=None if task is None or task.attempt == held.id else task.holder,
        cancelled=task.reason if task is not None and task.status == "cancelled" else None,
        lease_until=held.lease_until,
    )


def heartbeat(tx: Transaction, attempt: int, active_seconds: float = 0.0) -> Attempt:
    """Keep a lease without saving anything. Safe to repeat; no event is written. Raises NotYours, TaskCalledOff,
    AttemptOver.
    """
    assert tx.actor is not None
    found = _renew(tx, attempt, active_seconds, None)
    if found.attempt.state != "live":
        raise over(task_tables.select(tx, found.attempt.task), found.attempt)
    return found.attempt


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """All that an annotator's screen shows of an attempt. JSON by msgspec: a file can have 100,000 annotations."""

    task: dict[str, Any]
    attempt: dict[str, Any]
    file: dict[str, Any]
    annotations: list[Annotation]  #: the branch's, overlaid with the draft
    before: dict[UUID, Annotation | None]  #: what the draft changes, as the stage before left it; None for the added
    holder: UUID  #: the id of the annotation that holds the file's own attributes
    suggestions: list[Annotation]  #: predictions that aren't answered yet
    notes: list[dict[str, Any]]
    late_work: list[dict[str, Any]]  #: other attempts' work that isn't in the task, see `take`
    settings: dict[str, Any]  #: of the template's edition that the attempt began under
    edition: int
    schema_version: int


def work(tx: Transaction, attempt: Attempt, draft: Branch | None = None) -> Work:
    """An attempt, its task, its file and everything on it; on another `draft` than its own, if one is given."""
    task = task_tables.select(tx, attempt.task)
    assert task is not None
    settings, schema = frame(tx, attempt)
    states = tables.select_states(tx, draft or branches.get(tx, attempt.branch), attempt.file)
    present = states.present
    suggestions = prelabels.of_file(tx, settings, schema, attempt.file, present.keys() | states.own.keys())
    return Work(
        task=task.model_dump(mode="json"),
        attempt=attempt.model_dump(mode="json"),
        file=file_card(tx, attempt.file).model_dump(mode="json"),
        annotations=list(present.values()),
        before={id: states.base.get(id) for id in states.own},
        holder=holder_id(attempt.file),
        suggestions=list(suggestions.by_id.values()),
        notes=[note.model_dump(mode="json") for note in notes(tx, task.id)],
        late_work=[late.model_dump(mode="json") for late in late_work(tx, task, attempt.id)],
        settings=settings.model_dump(mode="json"),
        edition=attempt.edition,
        schema_version=schema.version,
    )


def file_card(tx: Transaction, file: int) -> FileCard:
    """What an annotator's screen needs to know of a file."""
    found = files.get(tx, file)
    return FileCard(
        id=found.id, key=found.key, media=found.media, width=found.width, height=found.height, meta=found.meta
    )


def notes(tx: Transaction, task: int) -> list[Note]:
    """The remarks on a task, oldest first."""
    return task_tables.notes(tx, task)


def late_work(tx: Transaction, task: Task, but: int) -> list[LateWork]:
    """Attempts at a task whose work isn't in it: their lease ran out, or they were given back."""
    return attempt_tables.late_work(tx, task.id, but)


def take(tx: Transaction, attempt: int, late: int) -> Mapping[UUID, Annotation | None]:
    """Merge another attempt's late work into one's own draft; what it led to, by id. Safe to repeat.

    What the other one changed counts, field by field; what they only saw is as one has it now. The other draft stays
    as it is. Writes `attempt.saved`. Raises NotYours, AttemptOver, WorkElsewhere.
    """
    task, held = hold(tx, attempt)
    if held.state != "live":
        raise over(task, held)
    if late not in {found.attempt for found in late_work(tx, task, attempt)}:
        raise WorkElsewhere(attempt=late)
    other = attempt_tables.select(tx, late)
    assert other is not None
    if branches.get(tx, held.branch).base_seq is None:
        branches.fix_base(tx, held.branch, held.file)
    theirs = tables.select_states(tx, branches.get(tx, other.branch), held.file)
    mine = tables.select_states(tx, branches.get(tx, held.branch), held.file).present
    states = {id: merge(theirs.base.get(id), mine.get(id), state).result for id, state in theirs.own.items()}
    tables.upsert_draft(tx, held.branch, held.file, {id: s for id, s in states.items() if s != mine.get(id)})
    event = _told(held, Save(id=UUID(int=late)), Read([], frozenset()), late=False)
    tx.append(event.model_copy(update={"updated": len(states)}))
    return states
