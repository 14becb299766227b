"""A pipeline file makes a project, changes it, and is read back."""

from collections.abc import Callable
from pathlib import Path

import pytest

import penstock
from penstock.pipelines.model import Plan
from penstock.sdk.project import Project

YAML = """\
project: blood cells
schema:
  labels: {RBC: {}, WBC: {}}
teams: {first pass team: [one@example.org]}
datasets: [first pass, gold]
templates:
  first pass:
    watch: first pass
    annotators: [first pass team]
    on_done: [{to: gold}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.yaml").write_text(YAML)
    return tmp_path / "pipeline.yaml"


def summary(plan: Plan) -> list[str]:
    return [str(change) for change in plan.changes]


def test_a_file_makes_the_project_that_it_names(connected: Callable[..., Project], file: Path) -> None:
    p = connected(name=None)
    planned = p.plan(file)
    assert summary(planned)[0] == "add project 'blood cells'"
    assert p.projects() == ["first"], "planning changes nothing"
    applied = p.apply(file)
    assert summary(applied) == summary(planned)[1:]
    assert p.name == "blood cells"
    assert p.members.all().keys() >= {"one@example.org"}
    assert applied.links["one@example.org"].startswith("http://penstock.test/join/")
    assert [dataset.name for dataset in p.datasets] == ["first pass", "gold"]


def test_applying_again_changes_nothing(connected: Callable[..., Project], file: Path) -> None:
    connected(name=None).apply(file)
    p = connected(name=None)
    assert summary(p.plan(file)) == summary(p.apply(file)) == []
    assert summary(p.apply(p.show())) == [], "what is shown can be applied"


def test_a_file_that_is_wrong_makes_no_project(connected: Callable[..., Project]) -> None:
    p = connected(name=None)
    with pytest.raises(penstock.Refused, match=r"line 8, .*did you mean 'watch'") as caught:
        p.apply(YAML.replace("watch: first pass", "wacht: first pass"))
    assert caught.value.status == 422
    assert p.projects() == ["first"]


def test_a_file_without_a_project_serves_the_one_that_was_named(connected: Callable[..., Project]) -> None:
    p = connected(name="first")
    p.apply("datasets: [one]\n")
    assert [dataset.name for dataset in p.datasets] == ["one"]


def test_a_file_for_another_project_is_refused(connected: Callable[..., Project], file: Path) -> None:
    with pytest.raises(penstock.Refused, match="'blood cells', and here is 'first'"):
        connected(name="first").apply(file)


def test_a_missing_file_is_named(p: Project) -> None:
    with pytest.raises(penstock.PenstockError, match=r"There is no file 'nowhere\.yaml'"):
        p.plan("nowhere.yaml")


def test_status_has_every_count(connected: Callable[..., Project], file: Path) -> None:
    p = connected(name=None)
    p.apply(file)
    status = p.status()
    assert [(dataset.name, dataset.files) for dataset in status.datasets] == [("first pass", 0), ("gold", 0)]
    assert [(template.name, template.progress.total) for template in status.templates] == [("first pass", 0)]
