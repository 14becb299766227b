"""HTTP of metrics: progress, and reports on people, time, quality and labels. Reports come as JSON or as CSV."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Response

from penstock.core import Value
from penstock.lazy_route import LazyRoute
from penstock.metrics import reports
from penstock.metrics.figures import AuthorQuality, LabelCount, Per, PersonWork, Split, Throughput, TimeSpent
from penstock.metrics.model import TemplateProgress
from penstock.metrics.sheets import sheet
from penstock.people.http import Caller, may
from penstock.store import Transaction

router = APIRouter(prefix="/projects/{project}", tags=["metrics"], route_class=LazyRoute)

V = TypeVar("V", bound=Value)
Viewer = Annotated[Caller, Depends(may("viewer"))]
Since = Annotated[dt.date | None, Query(description="The first UTC day; 30 days before the last unless given.")]
Until = Annotated[dt.date | None, Query(description="The last UTC day, included; today unless given.")]
As = Annotated[Literal["json", "csv"], Query(alias="as", description="`csv`: a sheet in place of JSON.")]
_SHEET: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/progress")
def list_progress(who: Viewer) -> list[TemplateProgress]:
    """How far each template is, counted in the order of events."""
    return who.read(reports.progress)


@router.get("/templates/{template}/progress")
def get_progress(template: int, who: Viewer) -> TemplateProgress:
    """How far a template is, and who waits for which mark."""
    return who.read(lambda tx: reports.progress_of(tx, template))


@router.get("/reports/throughput", response_model=list[Throughput], responses=_SHEET)
def report_throughput(
    who: Viewer,
    since: Since = None,
    until: Until = None,
    per: Per = "day",
    split: Split = "none",
    template: int | None = None,
    person: int | None = None,
    as_: As = "json",
) -> Any:
    """What was done per UTC day, week or month, over 1,100 days at most. Days without anything are left out."""
    return _told(who, as_, Throughput, lambda tx: reports.throughput(tx, since, until, per, split, template, person))


@router.get("/reports/people", response_model=list[PersonWork], responses=_SHEET)
def report_people(
    who: Viewer,
    since: Since = None,
    until: Until = None,
    template: int | None = None,
    person: int | None = None,
    as_: As = "json",
) -> Any:
    """What each person did on each template, in UTC days, both ends included."""
    return _told(who, as_, PersonWork, lambda tx: reports.people(tx, since, until, template, person))


@router.get("/reports/times", response_model=list[TimeSpent], responses=_SHEET)
def report_times(
    who: Viewer,
    since: Since = None,
    until: Until = None,
    split: Split = "template",
    template: int | None = None,
    person: int | None = None,
    as_: As = "json",
) -> Any:
    """How long submissions took, in active seconds: mean, median, quarters and how many took how long."""
    return _told(who, as_, TimeSpent, lambda tx: reports.times(tx, since, until, split, template, person))


@router.get("/reports/quality", response_model=list[AuthorQuality], responses=_SHEET)
def report_quality(
    who: Viewer,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    template: int | None = None,
    author: int | None = None,
    as_: As = "json",
) -> Any:
    """What later stages changed of each author's work, within what the author could write."""
    return _told(who, as_, AuthorQuality, lambda tx: reports.quality(tx, since, until, template, author))


@router.get("/reports/labels", response_model=list[LabelCount], responses=_SHEET)
def report_labels(who: Viewer, dataset: int | None = None, as_: As = "json") -> Any:
    """How often each label is there now, on all files or on those of a dataset, the most frequent first."""
    return _told(who, as_, LabelCount, lambda tx: reports.labels(tx, dataset))


def _told(who: Caller, as_: str, shape: type[V], ask: Callable[[Transaction], Sequence[V]]) -> Any:
    rows = who.read(ask)
    if as_ == "json":
        return rows
    name = "-".join("".join(letter if letter.islower() else f" {letter}" for letter in shape.__name__).lower().split())
    given = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(sheet(shape, rows), media_type="text/csv; charset=utf-8", headers=given)
