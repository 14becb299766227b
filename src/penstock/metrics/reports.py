"""Reports: how far each template is, who did what in which time, how good it was, and which labels there are."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from penstock import schema as schemas
from penstock.annotations import branches
from penstock.datasets import asking, census
from penstock.metrics import figure_tables, tables
from penstock.metrics.figures import (
    AuthorQuality,
    LabelCount,
    Per,
    Period,
    PersonWork,
    Spell,
    Split,
    Throughput,
    TimeSpent,
    share_under,
    span_of,
)
from penstock.metrics.model import Armed, Pace, Progress, TemplateProgress
from penstock.store import Transaction
from penstock.tasks import templates

Day = dt.date | None


def progress(tx: Transaction) -> list[TemplateProgress]:
    """Every template's progress, also of those without a task yet; archived ones are left out."""
    counted = tables.progress_of(tx)
    marks = tables.marks_of(tx)
    return [
        _shown(counted.get(template.id) or Progress(template=template.id), marks) for template in templates.list_(tx)
    ]


def progress_of(tx: Transaction, template: int) -> TemplateProgress:
    """One template's progress. Raises NotFound."""
    templates.get(tx, template)
    counted = tables.progress_of(tx, [template])
    return _shown(counted.get(template) or Progress(template=template), tables.marks_of(tx, template))


def paces(tx: Transaction, progress: Iterable[TemplateProgress]) -> dict[int, Pace]:
    """How fast each of these templates goes just now, and when it will be done."""
    found = figure_tables.pace(tx)
    return {one.template: _pace(found.get(one.template), one.total - one.done, tx.now) for one in progress}


def _pace(found: figure_tables.PaceNow | None, left: int, now: dt.datetime) -> Pace:
    if found is None:
        return Pace()
    per_hour = found.last_day / 24
    if found.last_hour and found.first_at is not None:
        per_hour = found.last_hour / max((now - found.first_at).total_seconds() / 3600, 1 / 60)
    return Pace(
        last_hour=found.last_hour,
        last_day=found.last_day,
        per_hour=per_hour,
        eta_seconds=left / per_hour * 3600 if left and per_hour else None,
        last_at=found.last_at,
    )


def throughput(
    tx: Transaction,
    since: Day = None,
    until: Day = None,
    per: Per = "day",
    split: Split = "none",
    template: int | None = None,
    person: int | None = None,
) -> list[Throughput]:
    """What was done per day, week or month, where anything was. Raises PeriodBackwards, PeriodTooLong."""
    return figure_tables.throughput(tx, _period(tx, since, until), per, split, template, person)


def people(
    tx: Transaction, since: Day = None, until: Day = None, template: int | None = None, person: int | None = None
) -> list[PersonWork]:
    """What each person did on each template. Raises PeriodBackwards, PeriodTooLong."""
    period = _period(tx, since, until)
    steps: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for at, who, step, n in figure_tables.medians(tx, period, template, person):
        steps[at, who][step] = n
    return [
        row.model_copy(update={"median_seconds": share_under(found, 0.5)})
        if (found := steps.get((row.template, row.person)))
        else row
        for row in figure_tables.people(tx, period, template, person)
    ]


def times(
    tx: Transaction,
    since: Day = None,
    until: Day = None,
    split: Split = "none",
    template: int | None = None,
    person: int | None = None,
) -> list[TimeSpent]:
    """How long submissions took, in active seconds. Raises PeriodBackwards, PeriodTooLong."""
    period = _period(tx, since, until)
    totals = figure_tables.active_seconds(tx, period, split, template, person)
    groups: defaultdict[tuple[int | None, int | None, str | None], dict[int, int]] = defaultdict(dict)
    for at, who, name, step, n in figure_tables.times(tx, period, split, template, person):
        groups[at, who, name][step] = n
    return [_spent(at, who, name, steps, totals.get((at, who), 0.0)) for (at, who, name), steps in groups.items()]


def _spent(
    template: int | None, person: int | None, name: str | None, steps: dict[int, int], total: float
) -> TimeSpent:
    n = sum(steps.values())
    spells = [Spell(from_seconds=span_of(step)[0], to_seconds=span_of(step)[1], n=n) for step, n in steps.items()]
    return TimeSpent(
        template=template,
        person=person,
        name=name,
        n=n,
        mean=total / n,
        quarter=share_under(steps, 0.25),
        median=share_under(steps, 0.5),
        three_quarters=share_under(steps, 0.75),
        most=share_under(steps, 0.9),
        spells=tuple(spells),
    )


def quality(
    tx: Transaction,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    template: int | None = None,
    author: int | None = None,
) -> list[AuthorQuality]:
    """What later stages and reviews changed of each author's work, within what the author could write."""
    return figure_tables.quality(tx, since, until, template, author)


def labels(tx: Transaction, dataset: int | None = None) -> list[LabelCount]:
    """How often each label is there now, in a dataset or on all files, the most frequent first. Raises NotFound.

    Live labels without an annotation are listed too.
    """
    if dataset is None:
        rows = figure_tables.labels_of_branch(tx, branches.main(tx))
    else:
        scope = asking.of_dataset(tx, dataset)
        rows = _known(tx, scope) or figure_tables.labels_of_dataset(tx, scope.branch, dataset)
    schema = schemas.current(tx)
    counts = {row.label: row for row in rows}
    whole = sum(row.annotations for row in rows)
    found = [
        LabelCount(
            label=label.id,
            name=label.name,
            color=label.color,
            archived=label.archived,
            annotations=row.annotations if row else 0,
            files=row.files if row else 0,
            share=row.annotations / whole if row else 0.0,
        )
        for label in schema.labels
        if (row := counts.get(label.id)) or not label.archived
    ]
    return sorted(found, key=lambda one: (-one.annotations, one.name))


def _known(tx: Transaction, scope: asking.Scope) -> list[figure_tables.LabelRow]:
    found = census.rows(tx, scope) or []
    return [figure_tables.LabelRow(row.value, row.annotations, row.files) for row in found if row.facet == "label"]


def _period(tx: Transaction, since: Day, until: Day) -> Period:
    return Period.within(since, until, tx.now.astimezone(dt.UTC).date())


def _shown(progress: Progress, marks: list[Armed]) -> TemplateProgress:
    return TemplateProgress(
        template=progress.template,
        counts=progress.counts(),
        done=progress.done,
        total=progress.total,
        share=progress.share,
        as_of=progress.as_of,
        marks=tuple(mark for mark in marks if mark.template == progress.template),
    )
