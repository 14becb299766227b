"""The tables of what people did, and the queries of reports: sums over days, so that a million events are few rows."""

import datetime as dt
from collections.abc import Iterable
from typing import LiteralString, NamedTuple

from penstock.metrics.figures import AuthorQuality, Per, Period, PersonWork, Split, Throughput
from penstock.store import Transaction

_IN_PERIOD: LiteralString = (
    " w.project = %(project)s and day between %(since)s and %(until)s"
    " and (%(template)s::bigint is null or template = %(template)s)"
    " and (%(person)s::int is null or person = %(person)s)"
)
_STARTS: dict[Per, LiteralString] = {
    "day": "day",
    "week": "date_trunc('week', day)::date",
    "month": "date_trunc('month', day)::date",
}
_SPLITS: dict[Split, tuple[LiteralString, LiteralString]] = {
    "none": ("null::bigint", "null::int"),
    "template": ("template", "null::int"),
    "person": ("null::bigint", "person"),
}
_SUMS: LiteralString = (
    ", ".join(
        f"coalesce(sum({column}), 0)::bigint as {column}"
        for column in ("submitted", "done", "accepted", "returned", "skipped", "added", "changed", "removed")
    )
    + ", sum(active_seconds) as active_seconds, sum(review_seconds) as review_seconds"
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
    accepted: int = 0
    mended: int = 0
    reviewed: int = 0
    sent_back: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    active_seconds: float = 0.0
    review_seconds: float = 0.0


class TimeRow(NamedTuple):
    """How many submissions of one person on one day took how long."""

    template: int
    person: int
    day: dt.date
    step: int
    n: int


class PaceRow(NamedTuple):
    """How many tasks of a template were done in five minutes."""

    template: int
    slot: dt.datetime
    done: int


_COUNTS = WorkRow._fields[3:]


def add_work(tx: Transaction, rows: Iterable[WorkRow]) -> None:
    tx.many(_ADD_WORK, [row._asdict() for row in rows])


_ADD_WORK: LiteralString = (
    "insert into work_day as w (project, template, person, day, submitted, done, returned, skipped, accepted, mended,"
    " reviewed, sent_back, added, changed, removed, active_seconds, review_seconds)"
    " values (%(project)s, %(template)s, %(person)s, %(day)s, %(submitted)s, %(done)s, %(returned)s, %(skipped)s,"
    " %(accepted)s, %(mended)s, %(reviewed)s, %(sent_back)s, %(added)s, %(changed)s, %(removed)s, %(active_seconds)s,"
    " %(review_seconds)s) on conflict (project, day, template, person) do update set"
    " submitted = w.submitted + excluded.submitted, done = w.done + excluded.done,"
    " returned = w.returned + excluded.returned, skipped = w.skipped + excluded.skipped,"
    " accepted = w.accepted + excluded.accepted, mended = w.mended + excluded.mended,"
    " reviewed = w.reviewed + excluded.reviewed, sent_back = w.sent_back + excluded.sent_back,"
    " added = w.added + excluded.added, changed = w.changed + excluded.changed, removed = w.removed + excluded.removed,"
    " active_seconds = w.active_seconds + excluded.active_seconds,"
    " review_seconds = w.review_seconds + excluded.review_seconds"
)


def add_times(tx: Transaction, rows: Iterable[TimeRow]) -> None:
    tx.many(
        "insert into work_time as w (project, template, person, day, step, n)"
        " values (%(project)s, %(template)s, %(person)s, %(day)s, %(step)s, %(n)s)"
        " on conflict (project, day, template, person, step) do update set n = w.n + excluded.n",
        [row._asdict() for row in rows],
    )


def add_pace(tx: Transaction, rows: Iterable[PaceRow]) -> None:
    tx.many(
        "insert into pace as p (project, template, slot, done)"
        " values (%(project)s, %(template)s, %(slot)s, %(done)s)"
        " on conflict (project, template, slot) do update set done = p.done + excluded.done",
        [row._asdict() for row in rows],
    )


def forget_pace(tx: Transaction, before: dt.datetime) -> None:
    tx.run("delete from pace where project = %(project)s and slot < %(before)s", before=before)


class PaceNow(NamedTuple):
    """What a template's slots add up to."""

    last_hour: int
    last_day: int
    first_at: dt.datetime | None  #: the first slot of the last hour
    last_at: dt.datetime


def pace(tx: Transaction) -> dict[int, PaceNow]:
    """The pace of each template that anything was done on in the last days."""
    rows = tx.rows(
        "select template, coalesce(sum(done) filter (where slot >= %(hour)s), 0)::bigint,"
        " coalesce(sum(done) filter (where slot >= %(day)s), 0)::bigint, min(slot) filter (where slot >= %(hour)s),"
        " max(slot) from pace where project = %(project)s group by template",
        hour=tx.now - dt.timedelta(hours=1),
        day=tx.now - dt.timedelta(days=1),
    )
    return {row[0]: PaceNow(*row[1:]) for row in rows}


def throughput(
    tx: Transaction, period: Period, per: Per, split: Split, template: int | None, person: int | None
) -> list[Throughput]:
    by_template, by_person = _SPLITS[split]
    return tx.all(
        Throughput,
        f"select w.*, p.name from (select {_STARTS[per]} as start, {by_template} as template, {by_person} as person,"
        f" {_SUMS} from work_day w where {_IN_PERIOD} group by 1, 2, 3) w left join person p on p.id = w.person"
        " order by start, template, person",
        since=period.since,
        until=period.until,
        template=template,
        person=person,
    )


def people(tx: Transaction, period: Period, template: int | None, person: int | None) -> list[PersonWork]:
    return tx.all(
        PersonWork,
        f"select w.*, p.name, returned::float / nullif(returned + accepted, 0) as return_rate from ("
        f"select template, person, {_SUMS}, sum(mended)::bigint as mended, sum(reviewed)::bigint as reviewed,"
        f" sum(sent_back)::bigint as sent_back from work_day w where {_IN_PERIOD} group by template, person) w"
        " join person p on p.id = w.person order by template, done desc, person",
        since=period.since,
        until=period.until,
        template=template,
        person=person,
    )


def times(
    tx: Transaction, period: Period, split: Split, template: int | None, person: int | None
) -> list[tuple[int | None, int | None, str | None, int, int]]:
    """(template, person, the person's name, step, how many), by template, person and step."""
    by_template, by_person = _SPLITS[split]
    return tx.rows(
        f"select template, person, p.name, step, n from (select {by_template} as template, {by_person} as person, step,"
        f" sum(n)::bigint as n from work_time w where {_IN_PERIOD} group by 1, 2, 3) w"
        " left join person p on p.id = w.person order by 1, 2, 4",
        since=period.since,
        until=period.until,
        template=template,
        person=person,
    )


def medians(
    tx: Transaction, period: Period, template: int | None, person: int | None
) -> list[tuple[int, int, int, int]]:
    """(template, person, step, how many)."""
    return tx.rows(
        f"select template, person, step, sum(n)::bigint from work_time w where {_IN_PERIOD} group by 1, 2, 3",
        since=period.since,
        until=period.until,
        template=template,
        person=person,
    )


def active_seconds(
    tx: Transaction, period: Period, split: Split, template: int | None, person: int | None
) -> dict[tuple[int | None, int | None], float]:
    by_template, by_person = _SPLITS[split]
    rows = tx.rows(
        f"select {by_template}, {by_person}, sum(active_seconds) from work_day w where {_IN_PERIOD} group by 1, 2",
        since=period.since,
        until=period.until,
        template=template,
        person=person,
    )
    return {(row[0], row[1]): row[2] for row in rows}


def quality(
    tx: Transaction,
    since: dt.datetime | None,
    until: dt.datetime | None,
    template: int | None,
    author: int | None,
) -> list[AuthorQuality]:
    return tx.all(
        AuthorQuality,
        "select f.*, p.name, kept::float / nullif(kept + changed + removed + added, 0) as agreement from ("
        " select author, template, by_template, count(*) as tasks,"
        " sum(kept)::bigint as kept, sum(changed)::bigint as changed, sum(removed)::bigint as removed,"
        " sum(added)::bigint as added, sum(reshaped)::bigint as reshaped, sum(relabelled)::bigint as relabelled,"
        " sum(reanswered)::bigint as reanswered from correction"
        " where project = %(project)s"
        " and (%(since)s::timestamptz is null or at >= %(since)s::timestamptz)"
        " and (%(until)s::timestamptz is null or at < %(until)s::timestamptz)"
        " and (%(template)s::bigint is null or template = %(template)s::bigint)"
        " and (%(author)s::bigint is null or author = %(author)s::bigint)"
        " group by author, template, by_template) f join person p on p.id = f.author"
        " order by template, by_template, author",
        since=since,
        until=until,
        template=template,
        author=author,
    )


class LabelRow(NamedTuple):
    """A label's annotations on a branch."""

    label: int
    annotations: int
    files: int


def labels_of_branch(tx: Transaction, branch: int) -> list[LabelRow]:
    rows = tx.rows(
        "select label, sum(n)::bigint, count(*) from file_label where branch = %(branch)s and n > 0 group by label",
        branch=branch,
    )
    return [LabelRow(*row) for row in rows]


def labels_of_dataset(tx: Transaction, branch: int, dataset: int) -> list[LabelRow]:
    rows = tx.rows(
        "select label, sum(n)::bigint, count(*) from entry e join file_label l using (file)"
        " where e.project = %(project)s and e.dataset = %(dataset)s and e.retired_seq is null"
        " and l.branch = %(branch)s and n > 0 group by label",
        branch=branch,
        dataset=dataset,
    )
    return [LabelRow(*row) for row in rows]
