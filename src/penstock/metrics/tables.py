"""The tables of progress and its marks, and of what people did."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from psycopg.types.json import Jsonb

from penstock.metrics.model import Armed, AuthorQuality, PersonWork, Progress
from penstock.store import Transaction

_MARK = "select template, subscriber, mark, armed_seq, passed from progress_mark where project = %(project)s"


def progress_of(tx: Transaction, templates: Sequence[int] | None = None) -> dict[int, Progress]:
    """Progress by template; those without a task yet are missing."""
    rows = tx.all(
        Progress,
        "select template, open, in_progress, in_review, returned, done, skipped, cancelled, as_of from progress"
        " where project = %(project)s and (%(templates)s::bigint[] is null or template = any(%(templates)s::bigint[]))",
        templates=None if templates is None else list(templates),
    )
    return {row.template: row for row in rows}


def save_progress(tx: Transaction, rows: Iterable[Progress]) -> None:
    tx.many(
        "insert into progress (project, template, open, in_progress, in_review, returned, done, skipped, cancelled,"
        " as_of) values (%(project)s, %(template)s, %(open)s, %(in_progress)s, %(in_review)s, %(returned)s, %(done)s,"
        " %(skipped)s, %(cancelled)s, %(as_of)s)"
        " on conflict (project, template) do update set open = excluded.open, in_progress = excluded.in_progress,"
        " in_review = excluded.in_review, returned = excluded.returned, done = excluded.done,"
        " skipped = excluded.skipped, cancelled = excluded.cancelled, as_of = excluded.as_of",
        [{"template": row.template, "as_of": row.as_of, **row.counts()} for row in rows],
    )


def lock_marks(tx: Transaction, templates: Sequence[int]) -> list[Armed]:
    """The marks on these templates, held until the commit so that arming waits."""
    return tx.lock(
        Armed,
        _MARK + " and template = any(%(templates)s) order by template, subscriber for no key update",
        templates=list(templates),
    )


def marks_of(tx: Transaction, template: int | None = None) -> list[Armed]:
    return tx.all(
        Armed,
        _MARK + " and (%(template)s::bigint is null or template = %(template)s::bigint) order by template, subscriber",
        template=template,
    )


def lock_mark(tx: Transaction, template: int, subscriber: str) -> Armed | None:
    rows = tx.lock(
        Armed,
        _MARK + " and template = %(template)s and subscriber = %(subscriber)s for no key update",
        template=template,
        subscriber=subscriber,
    )
    return rows[0] if rows else None


def save_mark(tx: Transaction, armed: Armed) -> None:
    tx.run(
        "insert into progress_mark (project, template, subscriber, mark, armed_seq, passed)"
        " values (%(project)s, %(template)s, %(subscriber)s, %(mark)s, %(armed_seq)s, %(passed)s)"
        " on conflict (project, template, subscriber) do update"
        " set mark = excluded.mark, armed_seq = excluded.armed_seq, passed = excluded.passed",
        template=armed.template,
        subscriber=armed.subscriber,
        mark=Jsonb(armed.mark.model_dump(exclude_none=True)),
        armed_seq=armed.armed_seq,
        passed=armed.passed,
    )


def drop_marks(tx: Transaction, subscriber: str) -> list[int]:
    """Forget a subscriber's marks; the templates that had one."""
    return tx.values(
        int,
        "delete from progress_mark where project = %(project)s and subscriber = %(subscriber)s returning template",
        subscriber=subscriber,
    )


class WorkRow(NamedTuple):
    """What one person did on one template on one day; added to what is there."""

    template: int
    person: int
    day: dt.date
    submitted: int = 0
    done: int = 0
    returned: int = 0
    skipped: int = 0
    reviewed: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    active_seconds: float = 0.0


def add_work(tx: Transaction, rows: Iterable[WorkRow]) -> None:
    tx.many(
        "insert into work_day as w (project, template, person, day, submitted, done, returned, skipped, reviewed,"
        " added, changed, removed, active_seconds) values (%(project)s, %(template)s, %(person)s, %(day)s,"
        " %(submitted)s, %(done)s, %(returned)s, %(skipped)s, %(reviewed)s, %(added)s, %(changed)s, %(removed)s,"
        " %(active_seconds)s) on conflict (project, day, template, person) do update set"
        " submitted = w.submitted + excluded.submitted, done = w.done + excluded.done,"
        " returned = w.returned + excluded.returned, skipped = w.skipped + excluded.skipped,"
        " reviewed = w.reviewed + excluded.reviewed, added = w.added + excluded.added,"
        " changed = w.changed + excluded.changed, removed = w.removed + excluded.removed,"
        " active_seconds = w.active_seconds + excluded.active_seconds",
        [row._asdict() for row in rows],
    )


def people(tx: Transaction, since: dt.date | None, until: dt.date | None, template: int | None) -> list[PersonWork]:
    return tx.all(
        PersonWork,
        "select w.person, p.name, w.template, sum(submitted)::bigint as submitted, sum(done)::bigint as done,"
        " sum(returned)::bigint as returned, sum(skipped)::bigint as skipped, sum(reviewed)::bigint as reviewed,"
        " sum(added)::bigint as added, sum(changed)::bigint as changed, sum(removed)::bigint as removed,"
        " sum(active_seconds) as active_seconds"
        " from work_day w join person p on p.id = w.person where w.project = %(project)s"
        " and (%(since)s::date is null or day >= %(since)s::date)"
        " and (%(until)s::date is null or day <= %(until)s::date)"
        " and (%(template)s::bigint is null or template = %(template)s::bigint)"
        " group by w.template, w.person, p.name order by w.template, done desc, w.person",
        since=since,
        until=until,
        template=template,
    )


def quality(
    tx: Transaction,
    since: dt.datetime | None,
    until: dt.datetime | None,
    template: int | None,
    author: int | None,
) -> list[AuthorQuality]:
    return tx.all(
        AuthorQuality,
        "select author, name, template, by_template, tasks, kept, changed, removed, added,"
        " kept::float / nullif(kept + changed + removed + added, 0) as agreement from ("
        " select c.author, p.name, c.template, c.by_template, count(distinct c.task) as tasks,"
        " sum(c.kept)::bigint as kept, sum(c.changed)::bigint as changed, sum(c.removed)::bigint as removed,"
        " sum(c.added)::bigint as added from correction c join person p on p.id = c.author"
        " where c.project = %(project)s"
        " and (%(since)s::timestamptz is null or c.at >= %(since)s::timestamptz)"
        " and (%(until)s::timestamptz is null or c.at < %(until)s::timestamptz)"
        " and (%(template)s::bigint is null or c.template = %(template)s::bigint)"
        " and (%(author)s::bigint is null or c.author = %(author)s::bigint)"
        " group by c.author, p.name, c.template, c.by_template) found order by template, by_template, author",
        since=since,
        until=until,
        template=template,
        author=author,
    )
