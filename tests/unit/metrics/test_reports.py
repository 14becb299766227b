"""Reports on progress, people and quality over HTTP."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from penstock import engine


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
            {**task, "author": ann, "reviewer": ben, "changed": 0, "was": "in_review", "now": "in_review"},
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
    assert (found["Ben"]["reviewed"], found["Ben"]["skipped"], found["Ben"]["done"]) == (1, 1, 0)
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
