"""Exports over HTTP: asked for, watched, fetched in pieces."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from penstock.datasets import Dataset
from penstock.store import Store


@pytest.fixture
def project(store: Store, api: Any) -> int:
    return api.project


def test_a_download_is_asked_for_made_and_fetched(
    api: Any, dataset: Dataset, drain: Callable[[], None], wrote: Any
) -> None:
    editor, path = api.client("editor"), api.path("/exports")
    with wrote(api.project) as written:
        asked = editor.post(path, json={"dataset": dataset.id, "pack": "zip"})
        early = editor.get(f"{path}/{asked.json()['id']}/download")
        drain()
    assert (asked.status_code, asked.json()["state"]) == (201, "queued")
    assert (early.status_code, early.json()["type"]) == (409, "export-not-ready")
    assert written.kinds == ["export.started", "export.ready"]
    made = editor.get(f"{path}/{asked.json()['id']}").json()
    assert (made["state"], made["files"], made["looked"], made["total"]) == ("ready", 3, 3, 3)
    answer = api.client("viewer").get(f"/projects/{api.project}/exports/{made['id']}/download")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert len(answer.content) == made["bytes"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("manifest.json"))["counts"]["files"] == 3
    assert made["uri"].endswith(f"/api/v1{path}/{made['id']}/download")
    assert editor.get(path).json()["items"][0] == made


def test_a_download_can_be_resumed(api: Any, dataset: Dataset, drain: Callable[[], None]) -> None:
    editor, path = api.client("editor"), api.path("/exports")
    id = editor.post(path, json={"dataset": dataset.id, "pack": "tar"}).json()["id"]
    drain()
    whole = editor.get(f"{path}/{id}/download")
    rest = editor.get(f"{path}/{id}/download", headers={"range": "bytes=100-", "if-range": whole.headers["etag"]})
    assert rest.status_code == 206
    assert rest.content == whole.content[100:]
    assert editor.get(f"{path}/{id}/download?follow=true").content == whole.content


def test_exports_are_called_off(api: Any, dataset: Dataset, drain: Callable[[], None], wrote: Any) -> None:
    editor, path = api.client("editor"), api.path("/exports")
    with wrote(api.project) as written:
        id = editor.post(path, json={"dataset": dataset.id, "pack": "zip"}).json()["id"]
        assert editor.post(f"{path}/{id}/cancel").json()["state"] == "cancelled"
        assert editor.get(f"{path}/{id}/download?follow=true").status_code == 409
        drain()
    assert written.kinds == ["export.started", "export.cancelled"]
    assert editor.get(f"{path}/{id}").json()["state"] == "cancelled"


def test_bad_requests_change_nothing(api: Any, dataset: Dataset, wrote: Any) -> None:
    editor, path = api.client("editor"), api.path("/exports")
    bodies = [
        ({}, 422),
        ({"dataset": dataset.id, "version": 1, "pack": "zip"}, 422),
        ({"dataset": dataset.id}, 422),
        ({"dataset": 999, "pack": "zip"}, 404),
        ({"version": 999, "pack": "zip"}, 404),
        ({"dataset": dataset.id, "pack": "zip", "format": "fax"}, 404),
        ({"dataset": dataset.id, "pack": "zip", "filter": "labels.cra = 1"}, 422),
        ({"dataset": dataset.id, "pack": "zip", "as_of": 10**9}, 422),
        ({"dataset": dataset.id, "pack": "zip", "as_of": dataset.created_seq - 1}, 422),
        ({"dataset": dataset.id, "to": {"folder": "/etc", "path": "x"}}, 403),
        ({"dataset": dataset.id, "to": {"connection": "none", "path": "x"}}, 404),
        ({"dataset": dataset.id, "to": {"path": "x"}}, 422),
        ({"dataset": dataset.id, "pack": "zip", "too": {}}, 422),
    ]
    with wrote(api.project) as written:
        assert [editor.post(path, json=body).status_code for body, _ in bodies] == [status for _, status in bodies]
    assert written.kinds == []


def test_viewers_fetch_but_do_not_start(api: Any, dataset: Dataset) -> None:
    assert api.client("viewer").get(api.path("/exports")).status_code == 200
    assert (
        api.client("viewer").post(api.path("/exports"), json={"dataset": dataset.id, "pack": "zip"}).status_code == 403
    )
    assert api.client("annotator").get(api.path("/exports")).status_code == 403


def test_a_connection_is_a_destination(api: Any, dataset: Dataset, folder: Any, drain: Callable[[], None]) -> None:
    connection = {"name": "lab", "kind": "folder", "settings": {"path": str(folder)}}
    assert api.owner.post(api.path("/connections"), json=connection).status_code == 201
    body = {"dataset": dataset.id, "to": {"connection": "lab", "path": "early/1"}}
    id = api.client("editor").post(api.path("/exports"), json=body).json()["id"]
    drain()
    made = api.client("editor").get(api.path(f"/exports/{id}")).json()
    assert (made["state"], made["uri"]) == ("ready", (folder / "early" / "1").as_uri())
    assert (folder / "early" / "1" / "manifest.json").is_file()
    refused = api.client("editor").get(api.path(f"/exports/{id}/download"))
    assert refused.json()["type"] == "download-elsewhere"


def test_formats_are_offered_by_name_and_title(api: Any) -> None:
    found = api.client("viewer").get(api.path("/formats")).json()
    assert {"name": "jsonl", "title": "Penstock JSONL"} in found
    assert api.client("annotator").get(api.path("/formats")).status_code == 403
