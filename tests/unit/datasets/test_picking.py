"""All that a query finds is added and taken out, in portions."""

from typing import Any

import pytest

from penstock.datasets import picking

KEYS = ("a.png", "b.png", "c.png", "d.png", "e.png")
QUERY = 'not in "some"'


@pytest.fixture
def world(api: Any, make_files: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Five files in a dataset, whose portions are of two, with another one beside it."""
    monkeypatch.setattr(picking, "PORTION", 2)
    api.editor = api.client("editor")
    api.source, api.target = (
        api.editor.post(api.path("/datasets"), json={"name": name}).json()["id"] for name in ("all", "some")
    )
    api.files = make_files(*KEYS)
    api.editor.post(api.path(f"/datasets/{api.source}/files"), json={"files": api.files})
    return api


@pytest.fixture
def project(api: Any) -> int:
    return api.project


def portions(api: Any, path: str, **body: Any) -> list[tuple[int, int]]:
    """(files looked at, files that entered or left) of each portion."""
    found: list[tuple[int, int]] = []
    while True:
        answer = api.editor.post(api.path(path), json=body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        found.append((told["looked"], len(told["files"])))
        if told["next"] is None:
            return found
        body["after"] = told["next"]


def keys(api: Any, dataset: int) -> list[str]:
    return [one["key"] for one in api.editor.get(api.path(f"/datasets/{dataset}/files")).json()["items"]]


def test_what_a_query_finds_enters_in_portions(world: Any, wrote: Any) -> None:
    add = f"/datasets/{world.target}/files/add-found"
    world.editor.post(world.path(f"/datasets/{world.target}/files"), json={"files": world.files[:1]})
    with wrote(world.project) as written:
        assert portions(world, add, source=world.source, query=QUERY) == [(2, 2), (2, 2)]
    assert written.kinds == ["dataset.file_added"] * 4
    causes = [one["cause"] for one in world.editor.get(world.path(f"/datasets/{world.target}/files")).json()["items"]]
    assert [cause.get("query") for cause in causes] == [None, *[QUERY] * 4]
    with wrote(world.project) as written:
        assert portions(world, add, source=world.source) == [(2, 0), (2, 0), (1, 0)]
    assert written.kinds == []
    assert keys(world, world.target) == list(KEYS)


def test_what_a_query_finds_leaves_in_portions(world: Any, wrote: Any) -> None:
    remove = f"/datasets/{world.source}/files/remove-found"
    with wrote(world.project) as written:
        assert portions(world, remove, query='key != "c.png"') == [(2, 2), (2, 2)]
    assert written.kinds == ["dataset.file_removed"] * 4
    assert keys(world, world.source) == ["c.png"]


def test_a_version_gives_what_it_held_and_is_still_there(world: Any) -> None:
    version = world.editor.post(world.path(f"/datasets/{world.source}/versions"), json={"name": "v1"}).json()["id"]
    world.editor.post(world.path(f"/datasets/{world.source}/files/remove"), json={"files": world.files[1:]})
    add = f"/datasets/{world.target}/files/add-found"
    assert portions(world, add, source=world.source, version=version) == [(2, 2), (2, 2), (1, 1)]
    wrong = world.editor.post(world.path(add), json={"source": world.target, "version": version})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "source-mismatch")
    mistaken = world.editor.post(world.path(add), json={"source": world.source, "query": "key >"})
    assert (mistaken.status_code, mistaken.json()["type"]) == (422, "query-invalid")
    assert world.client("viewer").post(world.path(add), json={"source": world.source}).status_code == 403
