"""The tables of progress and its marks."""

from collections.abc import Iterable, Sequence

from psycopg.types.json import Jsonb

from penstock.metrics.model import Armed, Progress
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
