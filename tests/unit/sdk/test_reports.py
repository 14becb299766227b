"""Reports through the client: by names, and as CSV."""

import datetime as dt

import pytest

from penstock.sdk.errors import Refused, UnknownName
from penstock.sdk.project import Project


def test_reports_go_by_names_and_come_as_csv(p: Project) -> None:
    p.define({"labels": {"RBC": {}}})
    p.datasets.create("gold")
    p.templates.create("first pass")
    assert [(one.name, one.annotations) for one in p.reports.labels("gold")] == [("RBC", 0)]
    assert p.reports.people(template="first pass", since=dt.date(2024, 1, 1), until=dt.date(2024, 1, 31)) == []
    assert p.reports.throughput(per="week", split="person") == []
    assert p.reports.times() == []
    assert p.reports.quality(template="first pass") == []
    assert p.reports.csv("people", template="first pass").startswith("person,name,template,submitted")
    assert p.reports.csv("labels").splitlines()[1].split(",")[1] == "RBC"
    with pytest.raises(UnknownName, match="second pass"):
        p.reports.people(template="second pass")
    with pytest.raises(Refused, match="ends"):
        p.reports.throughput(since=dt.date(2024, 2, 1), until=dt.date(2024, 1, 1))
