"""Downloads go after some days, once, and can be asked for again."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from penstock.datasets import Dataset
from penstock.export import expiring


@pytest.fixture
def project(api: Any) -> int:
    return api.project


def test_a_download_expires(
    api: Any, dataset: Dataset, drain: Callable[[], None], move_clock: Callable[[dt.timedelta], None], wrote: Any
) -> None:
    editor, path = api.client("editor"), api.path("/exports")
    body = {"dataset": dataset.id, "format": "jsonl", "pack": "zip"}
    id = editor.post(path, json=body).json()["id"]
    drain()
    move_clock(dt.timedelta(days=6))
    assert expiring.expire(api.store) == 0
    assert editor.get(f"{path}/{id}/download").status_code == 200
    move_clock(dt.timedelta(days=2))
    with wrote(api.project) as written:
        assert (expiring.expire(api.store), expiring.expire(api.store)) == (1, 0)
    assert written.kinds == ["export.expired"]
    assert editor.get(f"{path}/{id}").json()["state"] == "expired"
    gone = editor.get(f"{path}/{id}/download")
    assert (gone.status_code, gone.json()["type"]) == (409, "export-not-ready")
    assert not [file for file in (api.store.settings.home / "exports").rglob("*") if file.is_file()]
    assert editor.post(f"{path}/{id}/cancel").status_code == 409
