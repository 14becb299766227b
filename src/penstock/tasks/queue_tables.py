"""Picking tasks from a template's queue: the only SQL about it. Every pick skips rows that another pick holds."""

from collections.abc import Sequence
from typing import LiteralString

from penstock.store import Transaction
from penstock.tasks.model import Role, Task
from penstock.tasks.task_tables import COLUMNS

_ALLOWED: LiteralString = " and t.id <> all(%(without)s::bigint[])"
# Not at a file at which a live attempt with an overlapping write set is at work.
_BESIDE: LiteralString = (
    " and not exists (select 1 from attempt b where b.project = t.project and b.file = t.file and b.state = 'live'"
    " and b.parent = t.branch and b.template = any(%(overlapping)s) and b.lease_until >= moment())"
)
_ONE: LiteralString = " limit 1 for no key update of t skip locked)"
_OPEN: LiteralString = "(select t.id from task t where t.template = %(template)s and t.status = 'open'"
_RETURNED: LiteralString = (
    "(select t.id from task t where t.project = %(project)s and t.holder = %(who)s and t.status = 'returned'"
    " and t.template = %(template)s"
)
_REVIEW: LiteralString = (
    "(select t.id from task t where t.template = %(template)s and t.status = 'in_review' and t.author <> %(who)s"
    " and (t.attempt is null or exists (select 1 from attempt a where a.id = t.attempt and a.lease_until < moment()))"
)
_EXPIRED: LiteralString = (
    "(select t.id from attempt a join task t on t.id = a.task and t.attempt = a.id where a.template = %(template)s"
    " and a.state = 'live' and a.role = 'work' and a.lease_until < moment() and t.status = 'in_progress'"
)


def _next(more: LiteralString) -> LiteralString:
    """Mine that were returned, mine that I reserved, free ones, those whose lease ran out, those others reserved."""
    return (
        "select " + COLUMNS + " from task t where t.project = %(project)s and t.id = coalesce("
        + _RETURNED + more + " order by t.id" + _ONE + ", "
        + _OPEN + " and t.reserved_by = %(who)s" + more + " order by t.priority desc, t.id" + _ONE + ", "
        + _OPEN + " and (t.reserved_by is null or t.reserved_until < moment())" + more
        + " order by t.priority desc, t.id" + _ONE + ", "
        + _EXPIRED + more + " order by a.lease_until" + _ONE + ", "
        + _OPEN + more + " order by t.reserved_until, t.id" + _ONE + ")"
    )  # fmt: skip


_PICK = _next("")
_PICK_REVIEW: LiteralString = (
    "select " + COLUMNS + " from task t where t.project = %(project)s and t.id = coalesce("
    + _REVIEW + " and t.reserved_by = %(who)s order by t.id" + _ONE + ", "
    + _REVIEW + " and (t.reserved_by is null or t.reserved_until < moment()) order by t.id" + _ONE + ", "
    + _REVIEW + " order by t.reserved_until, t.id" + _ONE + ")"
)  # fmt: skip
_PICK_BESIDE = _next(_ALLOWED + _BESIDE)


def pick(tx: Transaction, template: int, who: int) -> Task | None:
    """The task to work on next, locked, for a template whose write set overlaps with no other's."""
    tx.before_seq()
    return tx.maybe(Task, _PICK, template=template, who=who)


def pick_beside(
    tx: Transaction, template: int, who: int, overlapping: Sequence[int], without: Sequence[int]
) -> Task | None:
    """The task to work on next, locked: on a file that no live attempt under an `overlapping` template holds."""
    tx.before_seq()
    return tx.maybe(
        Task, _PICK_BESIDE, template=template, who=who, overlapping=list(overlapping), without=list(without)
    )


def pick_review(tx: Transaction, template: int, who: int) -> Task | None:
    """The task to review next, locked: never one's own, and not one that a reviewer alive holds. Those that are
    reserved for others come last.
    """
    tx.before_seq()
    return tx.maybe(
        Task,
        _PICK_REVIEW,
        template=template,
        who=who,
    )


_WAITING: dict[Role, LiteralString] = {
    "work": " and t.status = 'open'",
    "review": " and t.status = 'in_review' and t.author <> %(who)s and t.attempt is null",
}


def reserve(tx: Transaction, template: int, who: int, role: Role, count: int, seconds: float) -> list[Task]:
    """Reserve tasks for somebody's next claims; those that are reserved for them now, soonest first."""
    tx.before_seq()
    return tx.all(
        Task,
        # Two picks, each in the order of its index: one by both conditions sorted every open task.
        "with mine as (select t.id from task t where t.template = %(template)s and t.reserved_by = %(who)s"
        + _WAITING[role]
        + " order by t.priority desc, t.id limit %(count)s for no key update skip locked),"
        " free as (select t.id from task t where t.template = %(template)s"
        " and (t.reserved_by is null or t.reserved_by <> %(who)s and t.reserved_until < moment())"
        + _WAITING[role]
        + " order by t.priority desc, t.id limit %(count)s - (select count(*) from mine)"
        " for no key update skip locked),"
        " picked as (select id from mine union all select id from free),"
        " held as (update task t set reserved_by = %(who)s,"
        " reserved_until = moment() + make_interval(secs => %(seconds)s)"
        " from picked where t.project = %(project)s and t.id = picked.id returning " + COLUMNS + ")"
        " select * from held order by priority desc, id",
        template=template,
        who=who,
        count=count,
        seconds=seconds,
    )


def unreserve(tx: Transaction, template: int, who: int, role: Role) -> int:
    """Give up somebody's reservations; how many."""
    return tx.run(
        "update task t set reserved_by = null, reserved_until = null where t.project = %(project)s"
        " and t.template = %(template)s and t.reserved_by = %(who)s" + _WAITING[role],
        template=template,
        who=who,
    )


def counts(tx: Transaction, templates: Sequence[int], who: int) -> dict[int, tuple[int, int, int, int, int]]:
    """By template: to be had (open, or held by others whose lease ran out), in review by others, held by me, returned
    to me, done by me."""
    rows = tx.rows(
        "with lapsed as materialized (select id from attempt where project = %(project)s"
        " and template = any(%(templates)s) and state = 'live' and role = 'work' and who <> %(who)s"
        " and lease_until < moment())"
        # Each is counted by its index: those that are done may be many, and are looked at after every task.
        " select p.id, (select count(*) from task where template = p.id and status = 'open')"
        " + (select count(*) from task where template = p.id and status = 'in_progress'"
        " and attempt in (select id from lapsed)),"
        " (select count(*) from task where template = p.id and status = 'in_review' and author <> %(who)s),"
        " (select count(*) from task where template = p.id and status = 'in_progress' and holder = %(who)s),"
        " (select count(*) from task where template = p.id and status = 'returned' and holder = %(who)s),"
        " (select count(*) from task where template = p.id and author = %(who)s and status = 'done')"
        " from template p where p.project = %(project)s and p.id = any(%(templates)s)",
        templates=list(templates),
        who=who,
    )
    return {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in rows}
