"""Reports on progress, people and quality over HTTP."""

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import datasets, engine, files
from penstock.core.ids import new_uuid
from penstock.files import NewFile, Probe
from penstock.metrics.figures import share_under, span_of, step_of


@dataclass
class Happened:
    """A task event, as the tasks room writes it."""

    name: str
    fields: dict[str, Any]

    def record(self) -> tuple[str, str, str]:
        return self.name, f"task:{self.fields['task']}", json.dumps(self.fields)


@pytest.fixture
def template(api: Any) -> int:
    return api.owner.post(api.path("/templates"), json={"name": "first pass"}).json()["id"]


def happen(api: Any, *events: tuple[str, dict[str, Any]]) -> None:
    with api.store.db.transaction(api.project) as tx:
        for name, fields in events:
            tx.append(Happened(name, fields))
    engine.drain(api.store)


def get(api: Any, path: str) -> Any:
    answer = api.client("viewer").get(api.path(path))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_progress_is_told_per_template_with_its_marks(api: Any, template: int) -> None:
    assert get(api, f"/templates/{template}/progress")["total"] == 0
    step = {"kind": "notify", "settings": {"subject": "x"}}
    settings = {"when": {"progress": template, "reaches": "25%"}, "do": [step]}
    api.client("editor").post(api.path("/actions"), json={"name": "a", "settings": settings})
    happen(api, *(("task.opened", {"task": n, "template": template, "was": None, "now": "open"}) for n in range(4)))
    happen(api, ("task.cancelled", {"task": 3, "template": template, "was": "open", "now": "cancelled"}))
    found = get(api, f"/templates/{template}/progress")
    assert (found["done"], found["total"], found["share"], found["counts"]["cancelled"]) == (0, 3, 0.0, 1)
    assert [mark["mark"]["reaches"] for mark in found["marks"]] == ["25%"]
    assert get(api, "/progress") == [found]
    assert api.client("viewer").get(api.path("/templates/99/progress")).status_code == 404


def test_what_people_did_is_added_up_by_template_and_day(api: Any, template: int) -> None:
    _, ann = api.member("annotator", name="Ann")
    _, ben = api.member("annotator", name="Ben")
    task = {"task": 1, "template": template, "file": 1, "attempt": 1}
    submitted = {
        **task,
        "who": ann,
        "active_seconds": 12.5,
        "wall_seconds": 20.0,
        "was": "in_progress",
        "now": "in_review",
    }
    happen(
        api,
        ("task.submitted", submitted),
        ("task.returned", {**task, "author": ann, "reviewer": ben, "notes": 1, "was": "in_review", "now": "returned"}),
        ("task.submitted", {**submitted, "was": "returned"}),
        (
            "task.accepted",
            {
                **task,
                "author": ann,
                "reviewer": ben,
                "changed": 2,
                "active_seconds": 4.0,
                "was": "in_review",
                "now": "in_review",
            },
        ),
        (
            "task.done",
            {
                **task,
                "author": ann,
                "reviewer": ben,
                "added": 5,
                "changed": 1,
                "removed": 0,
                "was": "in_review",
                "now": "done",
            },
        ),
        ("task.skipped", {**task, "task": 2, "who": ben, "reason": "blurred", "was": "open", "now": "skipped"}),
    )
    found = {one["name"]: one for one in get(api, "/reports/people")}
    assert (found["Ann"]["submitted"], found["Ann"]["done"], found["Ann"]["returned"]) == (2, 1, 1)
    assert (found["Ann"]["added"], found["Ann"]["changed"], found["Ann"]["active_seconds"]) == (5, 1, 25.0)
    assert (found["Ann"]["accepted"], found["Ann"]["mended"], found["Ann"]["return_rate"]) == (1, 1, 0.5)
    assert found["Ann"]["median_seconds"] == pytest.approx(12.5, rel=0.05)
    assert (found["Ben"]["reviewed"], found["Ben"]["skipped"], found["Ben"]["done"]) == (1, 1, 0)
    assert (found["Ben"]["sent_back"], found["Ben"]["review_seconds"], found["Ben"]["return_rate"]) == (1, 4.0, None)
    [day] = get(api, "/reports/throughput")
    assert (day["submitted"], day["done"], day["skipped"], day["active_seconds"], day["person"]) == (
        2,
        1,
        1,
        25.0,
        None,
    )
    by_person = get(api, f"/reports/throughput?per=month&split=person&template={template}")
    assert [(one["name"], one["start"][-2:], one["done"]) for one in by_person] == [("Ann", "01", 1), ("Ben", "01", 0)]
    [spent] = get(api, "/reports/times")
    assert (spent["template"], spent["n"], spent["mean"]) == (template, 2, 12.5)
    assert sum(spell["n"] for spell in spent["spells"]) == 2
    assert get(api, f"/reports/times?split=person&person={ben}") == []
    assert get(api, "/reports/people?until=2001-01-01") == []
    assert get(api, f"/reports/people?template={template + 1}") == []


def test_quality_is_what_later_stages_left_as_it_was(api: Any, template: int) -> None:
    _, ann = api.member("annotator", name="Ann")
    _, eve = api.member("annotator", name="Eve")
    with api.store.db.transaction(api.project) as tx:
        tx.many(
            "insert into correction (project, file, task, template, author, by_task, by_template, by_person, kept,"
            " changed, removed, added, at) values (%(project)s, 1, %(task)s, %(template)s, %(author)s, %(by)s, 77,"
            " %(eve)s, %(kept)s, %(changed)s, 1, 2, moment())",
            [
                {
                    "task": n,
                    "by": n,
                    "template": template,
                    "author": author,
                    "eve": eve,
                    "kept": kept,
                    "changed": changed,
                }
                for n, (author, kept, changed) in enumerate([(ann, 6, 1), (ann, 8, 0), (eve, 0, 0)])
            ],
        )
    found = get(api, "/reports/quality")
    assert [(one["name"], one["tasks"], one["kept"], one["changed"], one["agreement"]) for one in found] == [
        ("Ann", 2, 14, 1, pytest.approx(14 / 21)),
        ("Eve", 1, 0, 0, 0.0),
    ]
    assert len(get(api, f"/reports/quality?author={ann}")) == 1
    assert get(api, "/reports/quality?until=2001-01-01T00:00:00Z") == []


def test_labels_are_counted_on_all_files_and_in_a_dataset(api: Any) -> None:
    red, white = "<script>alert(1)</script>", "=1+1"
    api.owner.put(api.path("/schema"), json={"labels": {red: {}, white: {}, "none": {}}})
    gold = api.owner.post(api.path("/datasets"), json={"name": "gold"}).json()["id"]
    labels = {label["name"]: label["id"] for label in get(api, "/schema")["labels"]}
    with api.store.db.transaction(api.project) as tx:
        news = [
            NewFile(key=key, hash=key * 64, bytes=1, probe=Probe(media="image", mime="image/png", width=9, height=9))
            for key in "ab"
        ]
        one, two = (found.file for found in files.register_many(tx, news))
        datasets.add(tx, gold, [two], {"kind": "person"})
    for file, names in ((one, [red, red, white]), (two, [red])):
        changes = [
            {"do": "create", "id": str(new_uuid()), "kind": "tag", "label": labels[name], "group": "pair"}
            for name in names
        ]
        assert api.owner.post(api.path(f"/files/{file}/annotations"), json=changes).status_code == 200
    found = get(api, "/reports/labels")
    assert [(one["name"], one["annotations"], one["files"], one["share"]) for one in found] == [
        (red, 3, 2, 0.75),
        (white, 1, 1, 0.25),
        ("none", 0, 0, 0.0),
    ]
    assert [one["annotations"] for one in get(api, f"/reports/labels?dataset={gold}")] == [1, 0, 0]
    assert api.client("viewer").get(api.path("/reports/labels?dataset=99")).status_code == 404
    answer = api.client("viewer").get(api.path("/reports/labels?as=csv"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="label-count.csv"'
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("label,name,color")
    assert f",{red}," in lines[1]
    assert ",'=1+1," in lines[2]


def test_periods_are_bounded(api: Any) -> None:
    def code(query: str) -> str:
        return api.client("viewer").get(api.path(f"/reports/throughput?{query}")).json()["type"]

    assert code("since=2024-02-01&until=2024-01-01") == "period-backwards"
    assert code("since=2001-01-01&until=2024-01-01") == "period-too-long"


@given(st.lists(st.floats(0.01, 100_000), min_size=1, max_size=60), st.floats(0.01, 1))
def test_quantiles_are_right_to_within_a_step(times: list[float], share: float) -> None:
    exact = sorted(times)[max(0, math.ceil(len(times) * share - 1e-9) - 1)]
    told = share_under(Counter(map(step_of, times)), share)
    assert told == pytest.approx(exact, rel=0.05) or exact < 1
    assert all(span_of(step_of(t))[0] <= t < span_of(step_of(t))[1] * (1 + 1e-9) for t in times)


@pytest.mark.parametrize("told", [1e400, -1e400, 1e308, -5, "long", None])
def test_an_odd_time_in_the_log_stops_no_figures(api: Any, template: int, told: Any) -> None:
    """JSON of the log has no infinity, but a number as large as one likes."""
    seconds = told if not isinstance(told, float) or math.isfinite(told) else math.copysign(1e308, told)
    fields = {"task": 1, "template": template, "who": 1, "active_seconds": seconds}
    happen(api, *[("task.submitted", fields)] * 3)
    with api.store.db.transaction(api.project) as tx:
        assert tx.values(str, "select trouble from cursor where project = %(project)s and trouble is not null") == []
        assert tx.value(int, "select sum(submitted)::int from work_day where project = %(project)s") == 3
