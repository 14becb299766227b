"""Limits of size, and the headers that every answer carries."""

import pytest

from penstock.server import edge, errors


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "JSON_LIMIT_BYTES", 1000)


@pytest.mark.usefixtures("small")
def test_a_body_that_is_too_large_is_refused(api) -> None:
    json = {"content-type": "application/json"}
    told = api.owner.post(api.path("/teams"), content=b"x" * 1001, headers=json)
    assert (told.status_code, told.json()["type"]) == (413, "body-too-large")
    assert "1000 bytes" in told.json()["detail"]
    untold = api.owner.post(api.path("/teams"), content=iter([b"x" * 600, b"x" * 600]), headers=json)
    assert untold.status_code == 413


def test_every_answer_tells_browsers_what_not_to_do(api) -> None:
    for answer in (api.owner.get("/me"), api.owner.get("/nowhere"), api.bare().get("/me")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_a_fault_of_ours_tells_nothing_about_itself(api, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("penstock.people.projects.places", fail)
    answer = api.owner.get("/projects")
    told = answer.json()
    assert (answer.status_code, told["type"]) == (500, "server-fault")
    assert "secret detail" not in answer.text
    incident = told["detail"].split()[-1].rstrip(".")
    assert any(incident in record.getMessage() for record in caplog.records)


def test_problems_say_where() -> None:
    assert errors.place(("body", "changes", 3, "geometry")) == "changes[3].geometry"
    assert errors.place(("query", "limit")) == "query.limit"
    assert errors.place(("body",)) == "body"


def test_the_owner_can_ask_what_is_wrong(api) -> None:
    found = api.owner.get("/doctor").json()
    assert any(finding["ok"] and "Python" in finding["what"] for finding in found)
    assert api.client("admin").get("/doctor").status_code == 403
