"""What the status says of nodes that don't move, over HTTP, with the reason brought about for real."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from penstock import datasets, files
from penstock.files import NewFile, Probe

PROBE = Probe(media="image", mime="image/png", width=9, height=9)
PIPELINE = """\
project: first
schema: {labels: {RBC: {}}}
datasets: [in, out]
templates:
  pass: {watch: in, annotators: [team], on_done: [{to: out}]}
teams: {team: [ann@example.org]}
actions:
  tell: {when: by hand, do: [{notify: {to: [team], subject: "${event.nothing}"}}]}
"""


@pytest.fixture
def node(api: Any) -> Callable[[str, str], dict[str, Any]]:
    answer = api.owner.post(api.path("/pipeline/apply"), json={"yaml": PIPELINE})
    assert answer.status_code == 200, answer.text

    def found(what: str, name: str) -> dict[str, Any]:
        status = api.client("viewer").get(api.path("/pipeline/status")).json()
        return next(one for one in status[what] if one["name"] == name)

    return found


def add(api: Any, drain: Callable[[], None], *keys: str) -> None:
    [dataset] = [one for one in api.owner.get(api.path("/datasets")).json()["items"] if one["name"] == "in"]
    with api.store.db.transaction(api.project) as tx:
        news = [NewFile(key=key, hash=key * 64, bytes=1, probe=PROBE) for key in keys]
        found = [one.file for one in files.register_many(tx, news)]
        datasets.add(tx, dataset["id"], found, {"kind": "person"})
    drain()


def causes(node: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(one["cause"], one["count"], one["offer"]) for one in node["trouble"]]


def test_a_source_without_files_asks_for_an_import(api: Any, node: Any, drain: Any) -> None:
    assert causes(node("datasets", "in")) == [("input-dry", 0, "import")]
    assert causes(node("datasets", "out")) == []
    add(api, drain, "a")
    assert causes(node("datasets", "in")) == []
    assert node("datasets", "in")["today"] == 1


def test_waiting_tasks_that_nobody_works_on(api: Any, node: Any, drain: Any, move_clock: Any) -> None:
    add(api, drain, "a", "b", "c")
    assert causes(node("templates", "pass")) == [("no-people", 3, "invite")]
    ann, person = api.member("annotator", name="Ann")
    [team] = api.owner.get(api.path("/teams")).json()
    assert api.owner.patch(api.path(f"/teams/{team['id']}"), json={"members": [person]}).status_code == 200
    found = node("templates", "pass")
    assert causes(found) == [("nobody-works", 3, "invite")]
    assert found["trouble"][0]["detail"] == "3 tasks wait, and nobody has begun."
    template = found["id"]
    claim = ann.post(api.path(f"/templates/{template}/next"), json={}).json()
    assert causes(node("templates", "pass")) == []
    assert node("templates", "pass")["people"] == 1

    ann.post(api.path(f"/attempts/{claim['attempt']['id']}/submit"), json={"active_seconds": 3})
    drain()
    found = node("templates", "pass")
    assert (found["pace"]["last_hour"], found["pace"]["last_day"], found["people"]) == (1, 1, 0)
    assert found["pace"]["eta_seconds"] == pytest.approx(2 / found["pace"]["per_hour"] * 3600)
    assert causes(found) == []

    ann.post(api.path(f"/templates/{template}/next"), json={})
    drain()
    move_clock(dt.timedelta(hours=3))
    found = node("templates", "pass")
    assert causes(found) == [("nobody-works", 1, "invite"), ("idle-leases", 1, "see_tasks")]
    assert found["trouble"][0]["detail"] == "1 task waits, and nobody worked for 3 h."

    api.owner.post(api.path(f"/templates/{template}/pause"))
    assert causes(node("templates", "pass")) == [("paused", 1, "resume")]


def test_a_failed_run_is_told_at_its_action(api: Any, node: Any, drain: Any) -> None:
    assert causes(node("actions", "tell")) == []
    run = api.owner.post(api.path(f"/actions/{node('actions', 'tell')['id']}/fire"), json={}).json()
    drain()
    [trouble] = node("actions", "tell")["trouble"]
    assert (trouble["cause"], trouble["offer"], trouble["about"]) == ("run-failed", "see_run", run["id"])


def test_the_status_says_when_its_counts_are_behind(api: Any, node: Any, drain: Any) -> None:
    def status() -> dict[str, Any]:
        return api.client("viewer").get(api.path("/pipeline/status")).json()

    add(api, drain, "a")
    assert not status()["is_counting"]
    [task] = api.owner.get(api.path("/tasks")).json()["items"]
    assert api.owner.post(api.path(f"/tasks/{task['id']}/cancel")).status_code == 200
    assert status()["is_counting"]
    drain()
    assert not status()["is_counting"]
    assert node("templates", "pass")["progress"]["total"] == 0
