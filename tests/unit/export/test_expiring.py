"""Downloads go after some days, and exports of a series by its rule, once; both can be asked for again."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.datasets import Dataset
from penstock.export import expiring
from penstock.jobs import Work


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


def test_a_series_keeps_what_its_rule_says(
    api: Any,
    dataset: Dataset,
    folder: Path,
    drain: Callable[[], None],
    move_clock: Callable[[dt.timedelta], None],
    wrote: Any,
) -> None:
    editor, path = api.client("editor"), api.path("/exports")

    def night(n: int, **keep: int) -> None:
        to = {"folder": str(folder), "path": f"nightly/{n}"}
        body = {"dataset": dataset.id, "to": to, "series": "nightly", "keep": keep}
        assert editor.post(path, json=body).status_code == 201
        drain()
        move_clock(dt.timedelta(days=1))

    def there() -> list[str]:
        return sorted(one.name for one in (folder / "nightly").iterdir())

    for n in range(3):
        night(n, last=2)
    assert there() == ["1", "2"]
    (folder / "nightly" / "1" / "manifest.json").write_text("{}")  # somebody else's now
    night(3, last=2)
    assert there() == ["1", "2", "3"]
    night(4, last=1, days=2)
    assert there() == ["1", "3", "4"]
    move_clock(dt.timedelta(days=30))
    with wrote(api.project) as written:
        expiring.run(Work(api.store))
        expiring.run(Work(api.store))
    assert written.kinds == ["export.expired"]
    assert there() == ["1", "4"]
    states = [one["state"] for one in editor.get(path).json()["items"]]
    assert states == ["ready", "expired", "expired", "expired", "expired"]
    refused = editor.post(path, json={"dataset": dataset.id, "pack": "zip", "keep": {"last": 1}})
    assert (refused.status_code, "name one with `series`" in refused.text) == (422, True)


def test_a_replay_at_the_same_place_stays(api: Any, dataset: Dataset, folder: Path, drain: Callable[[], None]) -> None:
    editor, path = api.client("editor"), api.path("/exports")
    to = {"folder": str(folder), "path": "one"}
    as_of = editor.post(path, json={"dataset": dataset.id, "pack": "zip"}).json()["as_of"]
    for _ in range(2):
        body = {"dataset": dataset.id, "as_of": as_of, "to": to, "series": "s", "keep": {"last": 1}}
        assert editor.post(path, json=body).status_code == 201
        drain()
    assert [one["state"] for one in editor.get(path).json()["items"]][:2] == ["ready", "expired"]
    assert (folder / "one" / "manifest.json").is_file()
