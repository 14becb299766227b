"""Datasets over HTTP: who may, what is answered, which events are written."""

import hashlib
from typing import Any

import pytest

from penstock import files
from penstock.files import NewFile, Probe


@pytest.fixture
def world(api: Any) -> Any:
    """A dataset and three files of the project; `api.files`, `api.dataset`."""
    probe = Probe(media="image", mime="image/png", width=64, height=48)
    news = [
        NewFile(key=key, hash=hashlib.sha256(key.encode()).hexdigest(), bytes=9, probe=probe)
        for key in ("a.png", "b.png", "c.png")
    ]
    api.files = [r.file for r in api.store.db.perform(lambda tx: files.register_many(tx, news), api.project)]
    answer = api.client("editor").post(api.path("/datasets"), json={"name": "first pass"})
    assert answer.status_code == 201
    api.dataset = answer.json()["id"]
    return api


def test_creating_renaming_and_archiving(world: Any, wrote: Any) -> None:
    editor, path = world.client("editor"), world.path(f"/datasets/{world.dataset}")
    with wrote(world.project) as written:
        first = editor.get(path)
        renamed = editor.patch(path, json={"name": "raw"}, headers={"if-match": first.headers["etag"]})
        stale = editor.patch(path, json={"name": "rawer"}, headers={"if-match": first.headers["etag"]})
        assert [d["name"] for d in editor.get(world.path("/datasets")).json()["items"]] == ["raw"]
        assert [d["id"] for d in editor.get(world.path("/datasets?name=raw")).json()["items"]] == [world.dataset]
        assert editor.get(world.path("/datasets?name=none")).json()["items"] == []
        archived = editor.post(path + "/archive")
        assert editor.get(world.path("/datasets")).json()["items"] == []
        assert len(editor.get(world.path("/datasets?archived=true")).json()["items"]) == 1
    assert (renamed.status_code, stale.status_code, archived.status_code) == (200, 412, 200)
    assert renamed.headers["etag"] != first.headers["etag"]
    assert written.kinds == ["dataset.renamed", "dataset.archived"]


def test_files_enter_move_and_leave(world: Any, wrote: Any) -> None:
    editor = world.client("editor")
    path = world.path(f"/datasets/{world.dataset}/files")
    gold = editor.post(world.path("/datasets"), json={"name": "gold"}).json()["id"]
    with wrote(world.project) as written:
        added = editor.post(path, json={"files": world.files[:2], "keys": ["c.png"]}).json()
        assert editor.post(path, json={"files": world.files}).json() == {"files": []}
        moved = editor.post(path + "/move", json={"files": world.files[:1], "to": gold}).json()
        removed = editor.post(path + "/remove", json={"files": world.files}).json()
    assert added == {"files": world.files}
    assert moved == {"files": world.files[:1]}
    assert removed == {"files": world.files[1:]}
    assert written.kinds == [
        *["dataset.file_added"] * 3,
        *["dataset.file_added", "dataset.file_removed"],
        *["dataset.file_removed"] * 2,
    ]
    assert editor.get(world.path(f"/datasets/{gold}")).json()["files"] == 1
    assert [e["key"] for e in editor.get(world.path(f"/datasets/{gold}/files")).json()["items"]] == ["a.png"]


def test_pages_have_cursors(world: Any) -> None:
    editor, path = world.client("editor"), world.path(f"/datasets/{world.dataset}/files")
    editor.post(path, json={"files": world.files})
    first = editor.get(path + "?limit=2").json()
    assert [e["key"] for e in first["items"]] == ["a.png", "b.png"]
    second = editor.get(path, params={"limit": 2, "after": first["next"]}).json()
    assert ([e["key"] for e in second["items"]], second["next"]) == (["c.png"], None)
    assert editor.get(path + "?after=nonsense").status_code == 422


def test_versions_are_named_and_stay(world: Any, wrote: Any) -> None:
    editor, path = world.client("editor"), world.path(f"/datasets/{world.dataset}")
    editor.post(path + "/files", json={"files": world.files})
    with wrote(world.project) as written:
        answer = editor.post(path + "/versions", json={"name": "v1", "note": "first"})
        again = editor.post(path + "/versions", json={"name": "v1"})
    version = answer.json()
    assert (answer.status_code, again.status_code, again.json()["type"]) == (201, 409, "version-name-taken")
    assert written.kinds == ["version.named"]
    editor.post(path + "/files/remove", json={"files": world.files})
    assert len(editor.get(world.path(f"/versions/{version['id']}/files")).json()["items"]) == 3
    assert editor.get(path + "/files").json()["items"] == []
    assert len(editor.get(path + f"/files?as_of={version['seq']}").json()["items"]) == 3
    assert editor.get(path + "/versions").json()["items"] == [version]
    assert editor.get(path + "/versions?name=v1").json()["items"] == [version]
    assert editor.get(world.path("/versions")).json()["items"] == [version]
    for method in ("patch", "put", "delete"):
        refused = getattr(editor, method)(world.path(f"/versions/{version['id']}"))
        assert (refused.status_code, refused.json()["type"]) == (409, "version-is-frozen")
    assert editor.get(world.path(f"/versions/{version['id']}")).json() == version
    assert editor.get(world.path("/revision")).json() >= version["seq"]


def test_a_repeated_request_names_one_version(world: Any, wrote: Any) -> None:
    path = world.path(f"/datasets/{world.dataset}/versions")
    with wrote(world.project) as written:
        answers = [
            world.client("editor").post(path, json={"name": "v1"}, headers={"idempotency-key": "k"}) for _ in range(2)
        ]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert written.kinds == ["version.named"]


def test_bad_requests_change_nothing(world: Any, wrote: Any) -> None:
    editor, path = world.client("editor"), world.path(f"/datasets/{world.dataset}")
    with wrote(world.project) as written:
        answers = {
            "same name": editor.post(world.path("/datasets"), json={"name": "first pass"}),
            "no name": editor.post(world.path("/datasets"), json={"name": "  "}),
            "unknown key": editor.post(world.path("/datasets"), json={"name": "x", "nmae": "y"}),
            "unknown file": editor.post(path + "/files", json={"files": [10**9]}),
            "unknown path": editor.post(path + "/files", json={"keys": ["nope.png"]}),
            "unknown dataset": editor.post(world.path("/datasets/999/files"), json={"files": world.files}),
            "unknown version": editor.get(world.path("/versions/999")),
            "revision ahead": editor.post(path + "/versions", json={"name": "v", "seq": 10**9}),
        }
    found = {what: (answer.status_code, answer.json()["type"]) for what, answer in answers.items()}
    assert found == {
        "same name": (409, "dataset-name-taken"),
        "no name": (422, found["no name"][1]),
        "unknown key": (422, found["unknown key"][1]),
        "unknown file": (404, "not-found"),
        "unknown path": (404, "not-found"),
        "unknown dataset": (404, "not-found"),
        "unknown version": (404, "not-found"),
        "revision ahead": (422, "revision-ahead"),
    }
    assert written.kinds == []


def test_viewers_read_and_annotators_do_not(world: Any) -> None:
    path = world.path("/datasets")
    assert world.client("viewer").get(path).status_code == 200
    assert world.client("viewer").post(path, json={"name": "x"}).status_code == 403
    assert world.client("annotator").get(path).status_code == 403


def test_a_query_is_read_aloud_or_refused_at_its_place(world: Any) -> None:
    viewer, path = world.client("viewer"), world.path("/queries/read")
    good = viewer.post(path, json={"query": "NOT key='a'", "context": "file"})
    assert good.json() == {"query": 'not key = "a"', "needs": []}
    bad = viewer.post(path, json={"query": "labels.cra > 2"})
    assert (bad.status_code, bad.json()["type"]) == (422, "query-invalid")
    assert bad.json()["errors"][0]["at"] == "query[1:1]"
