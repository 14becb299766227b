"""HTTP of metrics: progress, and reports on people and quality."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends

from penstock.metrics import reports
from penstock.metrics.model import AuthorQuality, PersonWork, TemplateProgress
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["metrics"])

Viewer = Annotated[Caller, Depends(may("viewer"))]


@router.get("/progress")
def list_progress(who: Viewer) -> list[TemplateProgress]:
    """How far each template is, counted in the order of events."""
    return who.read(reports.progress)


@router.get("/templates/{template}/progress")
def get_progress(template: int, who: Viewer) -> TemplateProgress:
    """How far a template is, and who waits for which mark."""
    return who.read(lambda tx: reports.progress_of(tx, template))


@router.get("/reports/people")
def report_people(
    who: Viewer, since: dt.date | None = None, until: dt.date | None = None, template: int | None = None
) -> list[PersonWork]:
    """What each person did on each template, in UTC days, both ends included."""
    return who.read(lambda tx: reports.people(tx, since, until, template))


@router.get("/reports/quality")
def report_quality(
    who: Viewer,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    template: int | None = None,
    author: int | None = None,
) -> list[AuthorQuality]:
    """What later stages changed of each author's work, within what the author could write."""
    return who.read(lambda tx: reports.quality(tx, since, until, template, author))
