"""Reports for people: how far each template is, who did what, and how good it was."""

import datetime as dt

from penstock.metrics import tables
from penstock.metrics.model import Armed, AuthorQuality, PersonWork, Progress, TemplateProgress
from penstock.store import Transaction
from penstock.tasks import templates


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


def people(
    tx: Transaction, since: dt.date | None = None, until: dt.date | None = None, template: int | None = None
) -> list[PersonWork]:
    """What each person did on each template, in UTC days from `since` to `until`, both included."""
    return tables.people(tx, since, until, template)


def quality(
    tx: Transaction,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    template: int | None = None,
    author: int | None = None,
) -> list[AuthorQuality]:
    """What later stages and reviews changed of each author's work, within what the author could write."""
    return tables.quality(tx, since, until, template, author)


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
