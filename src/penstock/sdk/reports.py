"""Reports: who did what in which time, how good it was, and which labels there are."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, TypeVar

from penstock.metrics.figures import AuthorQuality, LabelCount, Per, PersonWork, Split, Throughput, TimeSpent
from penstock.sdk.datasets import Datasets
from penstock.sdk.scope import Scope
from penstock.sdk.templates import Templates

T = TypeVar("T")
Name = Literal["throughput", "people", "times", "quality", "labels"]


class Reports:
    """Figures over UTC days, both ends included; the last 30 days unless said. Templates and datasets go by name."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def throughput(
        self,
        *,
        since: dt.date | None = None,
        until: dt.date | None = None,
        per: Per = "day",
        split: Split = "none",
        template: str | None = None,
    ) -> list[Throughput]:
        """What was done per day, week or month, of all or split by template or person."""
        return self._rows("throughput", Throughput, since=since, until=until, per=per, split=split, template=template)

    def people(
        self, *, since: dt.date | None = None, until: dt.date | None = None, template: str | None = None
    ) -> list[PersonWork]:
        """What each person did on each template, how long it took, and how often a reviewer sent it back."""
        return self._rows("people", PersonWork, since=since, until=until, template=template)

    def times(
        self,
        *,
        since: dt.date | None = None,
        until: dt.date | None = None,
        split: Split = "template",
        template: str | None = None,
    ) -> list[TimeSpent]:
        """How long submissions took, in active seconds."""
        return self._rows("times", TimeSpent, since=since, until=until, split=split, template=template)

    def quality(
        self, *, since: dt.datetime | None = None, until: dt.datetime | None = None, template: str | None = None
    ) -> list[AuthorQuality]:
        """What later stages and reviews changed of each author's work."""
        return self._rows("quality", AuthorQuality, since=since, until=until, template=template)

    def labels(self, dataset: str | None = None) -> list[LabelCount]:
        """How often each label is there now, on all files or on those of a dataset."""
        return self._rows("labels", LabelCount, dataset=dataset)

    def csv(self, name: Name, **query: Any) -> str:
        """A report as CSV, by its name and what the method of that name takes."""
        answer = self._scope.client.bytes(self._scope.path(f"/reports/{name}"), {**self._query(query), "as": "csv"})
        return answer.decode("utf-8-sig")

    def _rows(self, name: Name, shape: type[T], **query: Any) -> list[T]:
        return self._scope.get(f"/reports/{name}", list[shape], self._query(query))

    def _query(self, query: dict[str, Any]) -> dict[str, Any]:
        asked = {name: value for name, value in query.items() if value is not None}
        if "template" in asked:
            asked["template"] = Templates(self._scope)[asked["template"]].id
        if "dataset" in asked:
            asked["dataset"] = Datasets(self._scope)[asked["dataset"]].id
        return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in asked.items()}
