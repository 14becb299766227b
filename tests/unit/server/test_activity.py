"""Looking back in the log: newest first, page by page, by kind, by thing and by person."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.log import past
from penstock.log.event import Event


@pytest.fixture
def log(api: Any) -> Any:
    for name in ("a", "b", "c"):
        api.owner.post(api.path("/datasets"), json={"name": name})
    api.client("editor").post(api.path("/datasets"), json={"name": "d"})
    return api


def look(api: Any, query: str = "", status: int = 200) -> Any:
    answer = api.client("viewer").get(api.path(f"/activity?{query}"))
    assert answer.status_code == status, answer.text
    return answer.json()


def test_pages_go_back_from_the_newest_and_meet_at_no_event_twice(log: Any) -> None:
    look(log)  # makes the viewer
    whole = look(log, "limit=200")
    places = [(one["seq"], one["n"]) for one in whole["items"]]
    assert places == sorted(places, reverse=True)
    assert whole["next"] is None
    walked, after = [], ""
    while after is not None:
        page = look(log, f"limit=2{after and '&after='}{after}")
        walked += page["items"]
        after = page["next"]
    assert walked == whole["items"]


def test_filters_by_kind_thing_and_person(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = look(log, "kinds=dataset.*")["items"]
    assert [one["kind"] for one in made] == ["dataset.created"] * 4
    assert look(log, f"subject={made[1]['subject']}")["items"] == [made[1]]
    rest = look(log, "kinds=!dataset.created&limit=200")["items"]
    assert len(rest) + 4 == len(look(log, "limit=200")["items"])
    page = look(log, f"kinds=dataset.created&actor={log.persons['editor']}")
    assert [one["body"]["name"] for one in page["items"]] == ["d"]
    monkeypatch.setattr(past, "WINDOW", 1)
    page = look(log, f"kinds=dataset.created&actor={log.persons['editor']}")
    assert page["next"] is not None
    assert look(log, "kinds=dataset.painted", 422)["type"] == "kind-unknown"
    answer = log.client("viewer").get(log.path("/events?kinds=dataset.painted"))
    assert (answer.status_code, answer.json()["type"]) == (422, "kind-unknown")
    assert log.client("annotator").get(log.path("/activity")).status_code == 403


@given(
    st.lists(st.sampled_from(["task.*", "!task.noted", "task.done", "!attempt.saved", "dataset.created"]), max_size=4)
)
def test_kinds_are_those_named_less_those_taken_out(told: list[str]) -> None:
    found = past.kinds_of(told)
    if not told:
        assert found is None
        return
    assert found == sorted(set(found or []))
    assert all(kind in Event.registry for kind in found or [])
    for text in told:
        if text.startswith("!"):
            assert text[1:] not in (found or [])
    if "task.*" in told:
        assert {"task.opened", "task.claimed"} <= set(found or [])


def test_health_says_who_can_come(api: Any) -> None:
    assert api.bare().get("/health").json()["reach"] == "machine"
    told = api.store.settings
    assert not told.model_copy(update={"public_url": "https://example.org"}).is_for_this_machine
    assert not told.model_copy(update={"host": "0.0.0.0"}).is_for_this_machine
    assert told.model_copy(update={"host": "localhost"}).is_for_this_machine
