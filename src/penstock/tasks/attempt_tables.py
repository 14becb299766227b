"""The tables of attempts and commands: the only SQL about them."""

import datetime as dt
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.annotations.tables import Branch
from penstock.store import Transaction
from penstock.tasks.model import Attempt, AttemptState, LateWork, Role, Status, Task

COLUMNS: LiteralString = (
    "a.id, a.task, a.template, a.edition, a.file, a.who, a.role, a.state, a.lease_until, a.branch, a.parent,"
    " a.schema_version, a.commands, a.active_seconds, a.started_at, a.ended_at"
)
_FIELDS = [column.strip().removeprefix("a.") for column in COLUMNS.split(",")]
_SELECT: LiteralString = "select " + COLUMNS + " from attempt a where a.project = %(project)s"


def select(tx: Transaction, attempt: int) -> Attempt | None:
    return tx.maybe(Attempt, _SELECT + " and a.id = %(attempt)s", attempt=attempt)


def lock(tx: Transaction, attempt: int) -> Attempt | None:
    found = tx.lock(Attempt, _SELECT + " and a.id = %(attempt)s for no key update", attempt=attempt)
    return found[0] if found else None


def of_task(tx: Transaction, task: int) -> list[Attempt]:
    return tx.all(Attempt, _SELECT + " and a.task = %(task)s order by a.id", task=task)


def open_(
    tx: Transaction,
    task: Task,
    *,
    edition: int,
    base_seq: int | None,
    role: Role,
    status: Status | None,
    schema_version: int | None,
    lease_seconds: int,
) -> Attempt:
    """A new live attempt of the caller with a draft branch of its own, and the locked task handed to it.

    Without a `status` for it the task stays as it is.
    """
    rows = tx.rows(
        "with draft as (insert into branch (project, kind, parent, base_seq, at)"
        " values (%(project)s, 'draft', %(parent)s, %(base_seq)s, moment()) returning id),"
        " opened as (insert into attempt as a (project, task, template, edition, file, who, role, lease_seconds,"
        " lease_until, branch, parent, schema_version, started_at)"
        " select %(project)s, %(task)s, %(template)s, %(edition)s, %(file)s, %(who)s, %(role)s, %(lease)s,"
        " m.now + make_interval(secs => %(lease)s), draft.id, %(parent)s, coalesce(%(schema_version)s,"
        " (select version from schema_head where project = %(project)s), 0), m.now"
        " from draft, moment() as m(now) returning " + COLUMNS + "),"
        " given as (update task set status = %(status)s, holder = %(who)s, attempt = opened.id, reserved_by = null,"
        " reserved_until = null, closed_at = null, reason = null from opened where task.id = %(task)s"
        " and %(status)s::text is not null)"
        " select * from opened",
        task=task.id,
        template=task.template,
        edition=edition,
        file=task.file,
        parent=task.branch,
        base_seq=base_seq,
        who=tx.actor,
        role=role,
        status=status,
        schema_version=schema_version,
        lease=lease_seconds,
    )
    return Attempt.model_construct(**dict(zip(_FIELDS, rows[0], strict=True)))


def claimed(tx: Transaction, task: int, who: int, id: UUID) -> Attempt | None:
    """The attempt that somebody's claim of this id led to."""
    return tx.maybe(
        Attempt,
        "select " + COLUMNS + " from attempt a join command c on c.attempt = a.id and c.id = %(id)s"
        " where a.project = %(project)s and a.task = %(task)s and a.who = %(who)s",
        task=task,
        who=who,
        id=id,
    )


def note_claim(tx: Transaction, attempt: int, id: UUID) -> None:
    """Remember by which claim somebody came to an attempt, as one of its commands."""
    tx.post(
        "insert into command (project, attempt, id, n) values (%(project)s, %(attempt)s, %(id)s, 0)"
        " on conflict do nothing",
        attempt=attempt,
        id=id,
    )


class Renewed(NamedTuple):
    """A renewed attempt, its draft's base, and whether its command was new."""

    attempt: Attempt
    base_seq: int | None
    is_new: bool
    is_contested: bool
    """Its lease had run out and stays so: another attempt is at work on the file."""

    @property
    def draft(self) -> Branch:
        return Branch.model_construct(
            id=self.attempt.branch, kind="draft", parent=self.attempt.parent, base_seq=self.base_seq
        )


def renew(tx: Transaction, attempt: int, who: int, active_seconds: float, command: UUID | None) -> Renewed | None:
    """Renew a lease and record a command, in one statement; None when there is no such attempt of this person.

    The lease of a live attempt alone is moved; when it had run out, only while no other attempt is at work on the file.
    A submitted one stays as it is: its state says so.
    """
    tx.before_seq()
    rows = tx.rows(
        "with renewed as (update attempt a set"
        " lease_until = case when state <> 'live' or lease_until < moment() and exists (select 1 from attempt b"
        " where b.project = a.project and b.file = a.file and b.state = 'live' and b.parent = a.parent"
        " and b.task <> a.task and b.lease_until >= moment())"
        " then lease_until else moment() + make_interval(secs => lease_seconds) end,"
        " commands = commands + %(n)s, active_seconds = active_seconds + %(active)s"
        " where project = %(project)s and id = %(attempt)s and who = %(who)s returning " + COLUMNS + "),"
        " said as (insert into command (project, attempt, id, n)"
        " select %(project)s, r.id, %(command)s, r.commands from renewed r where %(command)s::uuid is not null"
        " on conflict do nothing returning 1)"
        " select renewed.*, b.base_seq, exists (select from said),"
        " renewed.state = 'live' and renewed.lease_until < moment()"
        " from renewed join branch b on b.id = renewed.branch",
        attempt=attempt,
        who=who,
        active=active_seconds,
        command=command,
        n=0 if command is None else 1,
    )
    if not rows:
        return None
    *values, base_seq, is_new, is_contested = rows[0]
    return Renewed(Attempt.model_construct(**dict(zip(_FIELDS, values, strict=True))), base_seq, is_new, is_contested)


def revive(tx: Transaction, attempt: int) -> None:
    """Move the lease of a live attempt, whose row is locked, though it had run out."""
    tx.post(
        "update attempt set lease_until = moment() + make_interval(secs => lease_seconds)"
        " where project = %(project)s and id = %(attempt)s and state = 'live'",
        attempt=attempt,
    )


def end(
    tx: Transaction, attempt: int, state: AttemptState, active_seconds: float = 0.0, branch_state: str = "open"
) -> Attempt:
    """End a locked attempt, and set what became of its draft; the attempt as it is now."""
    rows = tx.rows(
        "with ended as (update attempt a set state = %(state)s, ended_at = moment(),"
        " active_seconds = active_seconds + %(active)s"
        " where project = %(project)s and id = %(attempt)s returning " + COLUMNS + "),"
        # A draft that nothing was saved on follows the head no longer: who has ended sees nothing new.
        " marked as (update branch b set state = %(branch_state)s,"
        " base_seq = coalesce(b.base_seq, (select last_value from seq)) from ended"
        " where b.id = ended.branch and (b.state <> %(branch_state)s or b.base_seq is null))"
        " select * from ended",
        attempt=attempt,
        state=state,
        active=active_seconds,
        branch_state=branch_state,
    )
    return Attempt.model_construct(**dict(zip(_FIELDS, rows[0], strict=True)))


class AtWork(NamedTuple):
    """Who is at work on a template now."""

    people: int  #: with a lease that holds
    lapsed: int  #: attempts whose lease ran out, and nobody took the task over yet


def at_work(tx: Transaction) -> dict[int, AtWork]:
    """Who is at work, by template; those without a live attempt are missing."""
    rows = tx.rows(
        "select template, count(distinct who) filter (where lease_until >= moment()),"
        " count(*) filter (where lease_until < moment())"
        " from attempt where project = %(project)s and state = 'live' group by template"
    )
    return {row[0]: AtWork(row[1], row[2]) for row in rows}


def next_lease_end(tx: Transaction, template: int) -> dt.datetime | None:
    """When the next lease of those who work under a template runs out; None when nobody does."""
    return tx.value(
        dt.datetime,
        "select min(lease_until) from attempt where project = %(project)s and template = %(template)s"
        " and state = 'live' and role = 'work'",
        template=template,
    )


def lapse(tx: Transaction, attempt: int) -> bool:
    """End an attempt whose lease ran out, for another to take the task; False when it was renewed meanwhile."""
    return (
        tx.run(
            "update attempt set state = 'lapsed', ended_at = moment() where project = %(project)s"
            " and id = %(attempt)s and state = 'live' and lease_until < moment()",
            attempt=attempt,
        )
        > 0
    )


def refusal(tx: Transaction, attempt: int, command: UUID) -> dict[str, Any] | None:
    """The problem a command was refused with; None when it was obeyed."""
    return tx.value(
        dict[str, Any],
        "select refused from command where project = %(project)s and attempt = %(attempt)s and id = %(command)s",
        attempt=attempt,
        command=command,
    )


def remember_refusal(tx: Transaction, attempt: int, command: UUID, problem: dict[str, Any]) -> None:
    tx.run(
        "update command set refused = %(problem)s"
        " where project = %(project)s and attempt = %(attempt)s and id = %(command)s",
        attempt=attempt,
        command=command,
        problem=Jsonb(problem),
    )


def late_work(tx: Transaction, task: int, but: int) -> list[LateWork]:
    """Drafts of earlier attempts whose work isn't in the task."""
    return tx.all(
        LateWork,
        "select a.id as attempt, a.who, count(n.id)::int as changes from attempt a"
        " join annotation n on n.project = a.project and n.branch = a.branch and n.file = a.file"
        " and n.retired_seq is null"
        " where a.project = %(project)s and a.task = %(task)s and a.id <> %(but)s"
        " and a.state in ('lapsed', 'released', 'skipped') group by a.id, a.who order by a.id",
        task=task,
        but=but,
    )


def live_on_file(tx: Transaction, file: int, branch: int, templates: list[int], but: int) -> bool:
    """Whether a live, unexpired attempt under one of these templates is at work on the file, apart from task `but`."""
    return bool(
        tx.value(
            bool,
            "select exists (select 1 from attempt a where a.project = %(project)s and a.file = %(file)s"
            " and a.state = 'live' and a.parent = %(branch)s and a.template = any(%(templates)s)"
            " and a.lease_until >= moment() and a.task <> %(but)s)",
            file=file,
            branch=branch,
            templates=templates,
            but=but,
        )
    )
