"""Actions over HTTP: the calls, the events that they write, and what they refuse."""

from typing import Any

from penstock import engine

TELL: dict[str, Any] = {"kind": "notify", "settings": {"subject": "hello"}}
BY_HAND: dict[str, Any] = {"when": {"by_hand": True}, "do": [TELL]}


def create(api: Any, settings: dict[str, Any] | None = None, name: str = "early export") -> dict[str, Any]:
    body = {"name": name, "settings": settings or BY_HAND}
    answer = api.client("editor").post(api.path("/actions"), json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_action_is_made_changed_and_removed(api: Any, wrote: Any) -> None:
    editor = api.client("editor")
    with wrote(api.project) as written:
        made = create(api)
        path = api.path(f"/actions/{made['id']}")
        assert editor.get(path).headers["etag"] == '"1"'
        assert editor.patch(path, json={"state": "off"}, headers={"if-match": '"1"'}).json()["edition"] == 2
        assert editor.patch(path, json={"state": "on"}, headers={"if-match": '"1"'}).status_code == 412
        assert editor.delete(path).status_code == 204
    assert written.kinds == ["action.created", "action.changed", "action.removed"]
    assert editor.get(api.path("/actions")).json()["items"] == []
    assert editor.get(path).json()["name"] == "early export"


def test_a_command_that_the_server_does_not_name_is_refused(api: Any, wrote: Any) -> None:
    """It was taken, and each of its runs failed."""
    editor = api.client("editor")

    def running(command: str) -> dict[str, Any]:
        return {**BY_HAND, "do": [TELL, {"kind": "command", "settings": {"run": command}}]}

    made = create(api, running("count"))
    with wrote(api.project) as written:
        for answer in (
            editor.post(api.path("/actions"), json={"name": "other", "settings": running("rm -rf")}),
            editor.patch(api.path(f"/actions/{made['id']}"), json={"settings": running("rm -rf")}),
        ):
            assert answer.status_code == 422
            assert answer.json()["detail"].startswith(
                "The server's configuration names no command 'rm -rf'. It names: c"
            )
            assert answer.json()["errors"][0]["at"] == "settings.do[1].settings.run"
        bare = {**BY_HAND, "do": [{"kind": "command", "settings": {"run": ["count"]}}]}
        assert editor.post(api.path("/actions"), json={"name": "other", "settings": bare}).status_code == 422
    assert written.kinds == []

    api.store.settings.commands.pop("count")  # the configuration changed: the action may still be turned off
    sent = {"settings": made["settings"], "state": "off"}
    assert editor.patch(api.path(f"/actions/{made['id']}"), json=sent).json()["state"] == "off"


def test_an_action_is_fired_looked_at_replayed_and_its_run_listed(api: Any, wrote: Any) -> None:
    editor = api.client("editor")
    made = create(api)
    with wrote(api.project) as written:
        run = editor.post(api.path(f"/actions/{made['id']}/fire"), json={"note": "now"}).json()
        engine.drain(api.store)
        found = editor.get(api.path(f"/runs/{run['id']}")).json()
        assert editor.post(api.path(f"/runs/{run['id']}/cancel")).status_code == 409
        assert editor.post(api.path(f"/runs/{run['id']}/replay"), json={}).json()["round"] == 2
        engine.drain(api.store)
    assert written.kinds == ["action.started", "inbox.message_sent", "action.finished"] * 2
    assert (found["state"], found["event"]["note"], found["steps"][0]["state"]) == ("done", "now", "done")
    assert [one["id"] for one in editor.get(api.path("/runs?state=done&state=failed")).json()["items"]] == [run["id"]]
    assert editor.get(api.path(f"/actions/{made['id']}/runs?state=failed")).json()["items"] == []


def test_a_repeated_request_fires_once(api: Any) -> None:
    made = create(api)
    path = api.path(f"/actions/{made['id']}/fire")
    runs = {api.client("editor").post(path, json={}, headers={"idempotency-key": "k"}).json()["id"] for _ in range(2)}
    assert len(runs) == 1


def test_a_dry_run_says_what_would_happen(api: Any, wrote: Any) -> None:
    made = create(api)
    with wrote(api.project) as written:
        found = api.client("editor").post(api.path(f"/actions/{made['id']}/dry-run"), json={}).json()
    assert found["steps"][0]["kind"] == "notify"
    assert written.kinds == []


def test_wrong_settings_are_refused_by_field(api: Any) -> None:
    editor = api.client("editor")
    wrong = [
        ({"when": {}, "do": [TELL]}, "when"),
        ({"when": {"schedule": "every day"}, "do": [TELL]}, "schedule"),
        ({"when": {"progress": 1, "reaches": "250%"}, "do": [TELL]}, "reaches"),
        ({"when": {"by_hand": True}, "do": []}, "do"),
        ({"when": {"by_hand": True}, "do": [TELL], "iff": "x"}, "iff"),
    ]
    for settings, at in wrong:
        answer = editor.post(api.path("/actions"), json={"name": "x", "settings": settings})
        assert answer.status_code == 422, settings
        assert at in answer.json()["errors"][0]["at"], answer.text


def test_a_page_of_runs_leads_to_the_next(api: Any) -> None:
    editor = api.client("editor")
    made = create(api)
    fired = [editor.post(api.path(f"/actions/{made['id']}/fire"), json={}).json()["id"] for _ in range(5)]
    found, after = [], None
    while True:
        page = editor.get(api.path("/runs"), params={"limit": 2, **({"after": after} if after else {})}).json()
        found += [run["id"] for run in page["items"]]
        if (after := page["next"]) is None:
            break
    assert found == fired[::-1]


def test_what_is_not_there_is_not_found(api: Any) -> None:
    viewer = api.client("viewer")
    for path in ("/actions/99", "/runs/99", "/deliveries/99"):
        assert viewer.get(api.path(path)).status_code == 404


def test_another_project_sees_none_of_it(api: Any) -> None:
    made = create(api)
    other = api.owner.post("/projects", json={"name": "second"}).json()["id"]
    assert api.owner.get(f"/projects/{other}/actions/{made['id']}").status_code == 404
    assert api.owner.get(f"/projects/{other}/actions").json()["items"] == []
