"""What only HTTP offers: a claim that brings its work along."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from penstock import datasets, files
from penstock.files import NewFile, Probe

PROBE = Probe(media="image", mime="image/png", width=9, height=9)


def test_a_claim_brings_its_work_along_when_asked_to(api: Any, drain: Callable[[], None], wrote: Any) -> None:
    api.owner.put(api.path("/schema"), json={"labels": {"cat": {}}})
    source = api.owner.post(api.path("/datasets"), json={"name": "in"}).json()["id"]
    made = api.owner.post(api.path("/templates"), json={"name": "t", "settings": {"watch": [{"dataset": source}]}})
    with api.store.db.transaction(api.project) as tx:
        news = [NewFile(key=key, hash=key * 64, bytes=1, probe=PROBE) for key in "ab"]
        datasets.add(tx, source, [one.file for one in files.register_many(tx, news)], {"kind": "person"})
    drain()
    ann = api.client("annotator")
    path = api.path(f"/templates/{made.json()['id']}/next")
    with wrote(api.project) as written:
        claim = ann.post(path, params={"work": True})
    assert claim.status_code == 201
    assert written.kinds == ["task.claimed"]
    told = claim.json()
    assert told["work"] == ann.get(api.path(f"/attempts/{told['attempt']['id']}/work")).json()
    assert told["work"]["task"] == ann.get(api.path(f"/tasks/{told['task']['id']}")).json()
    assert ann.post(path).json().keys() == {"task", "attempt"}
    assert ann.post(path, params={"work": True}).json()["type"] == "nothing-to-do"


def test_a_queue_is_looked_after(api: Any, drain: Callable[[], None], wrote: Any) -> None:
    source = api.owner.post(api.path("/datasets"), json={"name": "in"}).json()["id"]
    made = api.owner.post(api.path("/templates"), json={"name": "t", "settings": {"watch": [{"dataset": source}]}})
    with api.store.db.transaction(api.project) as tx:
        news = [NewFile(key=key, hash=key * 64, bytes=1, probe=PROBE) for key in "abc"]
        datasets.add(tx, source, [one.file for one in files.register_many(tx, news)], {"kind": "person"})
    drain()
    queue = api.path(f"/templates/{made.json()['id']}/queue")
    first = api.owner.get(queue, params={"limit": 2}).json()
    assert [(one["key"], one["status"], one["attempts"]) for one in first["items"]] == [
        ("a", "open", 0),
        ("b", "open", 0),
    ]
    (last,) = api.owner.get(queue, params={"after": first["next"]}).json()["items"]
    editor, ann = api.client("editor"), api.client("annotator")
    with wrote(api.project) as written:
        assert editor.patch(api.path(f"/tasks/{last['id']}"), json={"priority": 5}).json()["priority"] == 5
        editor.patch(api.path(f"/tasks/{last['id']}"), json={"priority": 5})
    assert written.kinds == ["task.prioritised"]
    claim = ann.post(api.path(f"/templates/{made.json()['id']}/next")).json()
    assert claim["task"]["id"] == last["id"]
    (held,) = editor.get(queue, params={"status": "in_progress"}).json()["items"]
    assert (held["holder"], held["attempts"], held["is_idle"]) == (claim["attempt"]["who"], 1, False)
    assert editor.get(queue, params={"person": held["holder"]}).json()["items"] == [held]
    assert editor.get(queue, params={"person": held["holder"] + 1}).json()["items"] == []
    with wrote(api.project) as written:
        assert editor.post(api.path(f"/tasks/{last['id']}/release")).json()["status"] == "open"
        assert editor.post(api.path(f"/tasks/{last['id']}/release")).json()["holder"] is None
    assert written.kinds == ["task.released"]
    body = {"id": str(uuid4()), "changes": []}
    assert ann.post(api.path(f"/attempts/{claim['attempt']['id']}/save"), json=body).status_code in (200, 409)
    api.owner.post(api.path(f"/tasks/{last['id']}/cancel"))
    assert editor.patch(api.path(f"/tasks/{last['id']}"), json={"priority": 1}).json()["type"] == "task-ended"
    claim = ann.post(api.path(f"/templates/{made.json()['id']}/next")).json()
    assert ann.post(api.path(f"/attempts/{claim['attempt']['id']}/submit"), json={}).is_success
    ann.post(api.path(f"/templates/{made.json()['id']}/next"))
    whose = {"person": claim["attempt"]["who"]}
    assert [one["status"] for one in editor.get(queue, params=whose).json()["items"]] == ["done", "in_progress"]
    assert [one["key"] for one in editor.get(queue, params={**whose, "status": "done"}).json()["items"]] == ["a"]
    assert (
        ann.get(queue).status_code
        == ann.patch(api.path(f"/tasks/{last['id']}"), json={"priority": 9}).status_code
        == 403
    )
    assert api.client("viewer").get(queue).status_code == 200
    assert api.client("viewer").post(api.path(f"/tasks/{last['id']}/release")).status_code == 403
    assert api.owner.get(api.path("/templates/999/queue")).status_code == 404


@pytest.mark.parametrize("seconds", ["-1", "86401", "1e400", "NaN", "Infinity", '"NaN"', '"Infinity"'])
def test_time_at_work_is_a_number_of_seconds_of_a_day_at_most(api: Any, seconds: str) -> None:
    body, headers = f'{{"active_seconds": {seconds}}}', {"content-type": "application/json"}
    for call in ("heartbeat", "submit", "accept"):
        answer = api.client("editor").post(api.path(f"/attempts/1/{call}"), content=body, headers=headers)
        assert answer.status_code == 422, answer.text
    body = f'{{"id": "{uuid4()}", "changes": [], "active_seconds": {seconds}}}'
    answer = api.client("editor").post(api.path("/attempts/1/save"), content=body, headers=headers)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("priority", [9_999_999_999, -9_999_999_999])
def test_a_priority_has_bounds(api: Any, priority: int) -> None:
    body = {"name": "t", "settings": {"priority": priority}}
    assert api.owner.post(api.path("/templates"), json=body).status_code == 422
