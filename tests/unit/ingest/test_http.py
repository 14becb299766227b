"""Imports over HTTP: refused at once when the source is wrong, followed while they run, stopped on request."""

import io
import zipfile
from typing import Any

import httpx
import pytest

from .conftest import image, voc

OCTETS = {"content-type": "application/octet-stream"}


@pytest.fixture(autouse=True)
def members(api: Any) -> None:
    """Members are made before anybody looks at which events were written."""
    for role in ("editor", "viewer", "annotator"):
        api.client(role)


@pytest.fixture
def dataset(api: Any) -> int:
    return api.client("editor").post(api.path("/datasets"), json={"name": "first pass"}).json()["id"]


def upload(api: Any, name: str, content: bytes) -> int:
    answer = api.client("editor").post(api.path("/uploads"), params={"name": name}, content=content, headers=OCTETS)
    assert answer.status_code == 201
    return answer.json()["id"]


def start(api: Any, dataset: int, source: dict[str, Any], **more: Any) -> httpx.Response:
    return api.client("editor").post(api.path("/imports"), json={"dataset": dataset, "source": source, **more})


def test_an_import_of_uploads_from_start_to_end(api: Any, dataset: int, drain: Any) -> None:
    ids = [
        upload(api, "a.jpg", image(1)),
        upload(api, "a.xml", voc("a.jpg", ("RBC", 1, 1, 9, 9)).encode()),
        upload(api, "cut.jpg", image(2)[:500]),
    ]
    began = start(api, dataset, {"kind": "uploads", "uploads": ids})
    assert (began.status_code, began.json()["state"]) == (201, "scanning")
    run = began.json()["id"]
    drain()
    viewer = api.client("viewer")
    found = viewer.get(api.path(f"/imports/{run}")).json()
    assert (found["state"], found["counts"]["new"], found["counts"]["failed"]) == ("finished", 1, 1)
    items = viewer.get(api.path(f"/imports/{run}/items"), params={"state": "failed"}).json()["items"]
    assert [item["key"] for item in items] == ["cut.jpg"]
    assert "truncated" in items[0]["reason"]
    assert len(viewer.get(api.path(f"/imports/{run}/items")).json()["items"]) == 2
    assert [one["id"] for one in viewer.get(api.path("/imports")).json()["items"]] == [run]


def bad_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil.jpg", b"x")
    return buffer.getvalue()


def test_a_zip_that_leads_out_is_refused_and_changes_nothing(api: Any, dataset: int, wrote: Any) -> None:
    id = upload(api, "set.zip", bad_zip())
    with wrote(api.project) as written:
        answer = start(api, dataset, {"kind": "uploads", "uploads": [id]})
    assert (answer.status_code, answer.json()["type"]) == (422, "archive-unsafe")
    assert "../../evil.jpg" in answer.json()["detail"]
    assert written.kinds == []


@pytest.mark.parametrize(
    ("body", "status", "type"),
    [
        ({"source": {"kind": "path", "path": "/etc"}}, 403, "outside-roots"),
        ({"source": {"kind": "path", "path": "nothing"}}, 404, "nothing-there"),
        ({"source": {"kind": "uploads", "uploads": [12345]}}, 404, "uploads-missing"),
        ({"source": {"kind": "manifest"}}, 422, "manifest-invalid"),
        ({"source": {"kind": "magic"}}, 422, None),
        ({"source": {"kind": "path", "path": "."}, "format": "runes"}, 404, "not-found"),
        ({"source": {"kind": "path", "path": "."}, "annotations_as": "predictions:"}, 422, None),
        ({"source": {"kind": "path", "path": "."}, "typo": 1}, 422, None),
        ({"source": {"kind": "path", "path": "."}, "dataset": 999}, 404, "not-found"),
    ],
)
def test_a_wrong_request_is_refused_and_changes_nothing(
    api: Any, dataset: int, wrote: Any, body: dict[str, Any], status: int, type: str | None
) -> None:
    with wrote(api.project) as written:
        answer = api.client("editor").post(api.path("/imports"), json={"dataset": dataset, **body})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if type:
        assert answer.json()["type"] == type
    assert written.kinds == []


def test_an_import_can_be_cancelled(api: Any, dataset: int, wrote: Any, drain: Any) -> None:
    id = upload(api, "a.jpg", image(1))
    run = start(api, dataset, {"kind": "uploads", "uploads": [id]}).json()["id"]
    with wrote(api.project) as written:
        answer = api.client("editor").post(api.path(f"/imports/{run}/cancel"))
        drain()
    assert answer.json()["state"] == "cancelled"
    assert written.kinds == ["import.cancelled"]


def test_a_file_goes_straight_into_a_dataset(api: Any, dataset: int, wrote: Any, drain: Any) -> None:
    editor = api.client("editor")
    path = api.path(f"/datasets/{dataset}/upload")
    with wrote(api.project) as written:
        made = editor.post(path, params={"key": "a.jpg"}, content=image(1), headers=OCTETS)
        again = editor.post(path, params={"key": "a.jpg"}, content=image(1), headers=OCTETS)
    assert (made.status_code, made.json()["outcome"], made.json()["entered"]) == (201, "new", True)
    assert (again.json()["outcome"], again.json()["entered"]) == ("same", False)
    assert written.kinds == ["file.added", "dataset.file_added"]
    drain()
    entries = editor.get(api.path(f"/datasets/{dataset}/files")).json()["items"]
    assert [(entry["key"], entry["state"]) for entry in entries] == [("a.jpg", "ready")]


def test_a_stream_goes_on_past_a_broken_file(api: Any, dataset: int, drain: Any) -> None:
    editor = api.client("editor")
    path = api.path(f"/datasets/{dataset}/upload")
    broken = bytearray(image(2))
    broken[200:700] = bytes(500)  # whole at a glance: only decoding finds it
    for key, content in (("a.jpg", image(1)), ("b.jpg", bytes(broken)), ("c.jpg", image(3))):
        assert editor.post(path, params={"key": key}, content=content, headers=OCTETS).status_code == 201
    assert editor.post(path, params={"key": "d.jpg"}, content=image(4)[:300], headers=OCTETS).status_code == 422
    drain()
    entries = editor.get(api.path(f"/datasets/{dataset}/files")).json()["items"]
    states = {entry["key"]: entry["state"] for entry in entries}
    assert states["a.jpg"] == states["c.jpg"] == "ready"
    assert set(states) == {"a.jpg", "b.jpg", "c.jpg"}


@pytest.mark.parametrize("role", ["viewer", "annotator"])
def test_only_editors_import(api: Any, dataset: int, role: str) -> None:
    client = api.client(role)
    body = {"dataset": dataset, "source": {"kind": "path", "path": "."}}
    assert client.post(api.path("/imports"), json=body).status_code == 403
    sent = client.post(api.path(f"/datasets/{dataset}/upload"), params={"key": "a"}, content=image(1), headers=OCTETS)
    assert sent.status_code == 403


def test_another_projects_import_is_not_there(api: Any, dataset: int) -> None:
    run = start(api, dataset, {"kind": "path", "path": "."}).json()["id"]
    other = api.owner.post("/projects", json={"name": "second"}).json()["id"]
    for path in ("", "/items"):
        assert api.owner.get(f"/projects/{other}/imports/{run}{path}").status_code == 404
    assert api.owner.post(f"/projects/{other}/imports/{run}/cancel").status_code == 404
