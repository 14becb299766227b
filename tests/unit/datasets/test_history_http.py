"""Forks and archives over HTTP, the SDK and the command line."""

import hashlib
import json
import zipfile
from typing import Any

import pytest

from penstock import files
from penstock.files import NewFile, Probe
from penstock.sdk.errors import UnknownName


@pytest.fixture
def world(api: Any) -> Any:
    """A dataset with three files; `api.files`, `api.dataset`."""
    probe = Probe(media="image", mime="image/png", width=64, height=48)
    news = [
        NewFile(key=key, hash=hashlib.sha256(key.encode()).hexdigest(), bytes=9, probe=probe)
        for key in ("a.png", "b.png", "c.png")
    ]
    api.files = [r.file for r in api.store.db.perform(lambda tx: files.register_many(tx, news), api.project)]
    editor = api.client("editor")
    api.dataset = editor.post(api.path("/datasets"), json={"name": "gold"}).json()["id"]
    editor.post(api.path(f"/datasets/{api.dataset}/files"), json={"files": api.files})
    return api


def test_forking(world: Any, wrote: Any) -> None:
    body = {"source": f"dataset:{world.dataset}", "name": "mine"}
    with wrote(world.project) as written:
        made = world.client("editor").post(world.path("/forks"), json=body)
        assert world.client("editor").post(world.path("/forks"), json=body).status_code == 409
        body["source"] = "dataset:987654"
        assert world.client("editor").post(world.path("/forks"), json=body).status_code == 404
        body["source"] = f"dataset:{world.dataset}@1"
        assert world.client("editor").post(world.path("/forks"), json=body).status_code == 422
    assert written.kinds == ["dataset.forked"]
    fork = made.json()
    assert (made.status_code, fork["files"], fork["forked_from"]) == (201, None, world.dataset)
    assert world.client("viewer").get(world.path(f"/datasets/{fork['id']}")).json()["files"] == 3

    box = {"do": "create", "id": "00000000-0000-7000-8000-000000000001", "kind": "tag", "label": None}
    path = world.path(f"/files/{world.files[0]}/annotations?branch={fork['branch']}")
    assert world.client("editor").post(path, json=[box | {"label": 1}]).status_code == 422

    watching = {"name": "t", "settings": {"watch": [{"dataset": fork["id"]}]}}
    refused = world.client("editor").post(world.path("/templates"), json=watching)
    assert "fork" in {error["code"] for error in refused.json()["errors"]}, refused.text


def test_archiving_and_back(world: Any, wrote: Any) -> None:
    path = world.path(f"/datasets/{world.dataset}")
    with wrote(world.project) as written:
        world.client("editor").post(path + "/archive")
        back = world.client("editor").post(path + "/unarchive")
    assert (back.status_code, back.json()["archived_at"]) == (200, None)
    assert written.kinds == ["dataset.archived", "dataset.unarchived"]


def test_the_sdk_forks_and_unarchives(world: Any, p: Any) -> None:
    gold = p.datasets["gold"]
    gold.versions.name("v1")
    fork = p.state("gold/v1").fork("mine")
    assert fork.count() == p.state("gold").fork("mine too").count() == 3
    fork.remove(world.files[:1])
    assert (fork.count(), gold.count()) == (2, 3)
    fork.archive()
    assert p.datasets.get("mine") is None
    assert p.datasets.archived("mine").unarchive().name == "mine"
    with pytest.raises(UnknownName, match="archived dataset 'mine'"):
        p.datasets.archived("mine")


def test_what_differs_over_http_and_in_the_sdk(world: Any, p: Any, tmp_path: Any, wrote: Any) -> None:
    gold = p.datasets["gold"]
    v1 = gold.versions.name("v1")
    p.define({"labels": {"car": {}}})
    label = p.schema().labels[0].id
    change = {"do": "create", "id": "00000000-0000-7000-8000-000000000001", "kind": "tag", "label": label}
    world.owner.post(world.path(f"/files/{world.files[0]}/annotations"), json=[change]).raise_for_status()
    gold.remove(world.files[2:])

    found = v1.diff(gold)
    assert (found.counts.annotations.added, found.counts.files.removed) == (1, 1)
    assert [(e.key, e.change) for e in found.files()] == [("c.png", "removed")]
    (told,) = found.annotations()
    assert (told["change"], told["by"], told["before"], told["after"]["label"]) == ("added", "person", None, label)
    lines = found.download(tmp_path / "delta.jsonl").read_bytes().splitlines()
    assert len(lines) == 3
    with wrote(world.project) as written:
        found.tell(p.datasets.create("changed").id)
    assert written.kinds == ["dataset.created", "dataset.file_added", "dataset.compared"]
    viewer, pair = world.client("viewer"), {"a": found.counts.a, "b": found.counts.b}
    assert viewer.get(world.path("/diff"), params=pair).json()["annotations"]["added"] == 1
    assert viewer.get(world.path("/diff"), params={"a": "v1", "b": "v2"}).status_code == 422
    assert gold.diff(v1).counts.annotations.removed == 1


def test_merging_and_restoring_over_http_and_in_the_sdk(world: Any, p: Any, wrote: Any) -> None:
    gold = p.datasets["gold"]
    v1 = gold.versions.name("v1")
    p.define({"labels": {"car": {}}})
    fork = v1.fork("mine")
    label, path = p.schema().labels[0].id, world.path(f"/files/{world.files[0]}/annotations")
    change = {"do": "create", "id": "00000000-0000-7000-8000-000000000001", "kind": "tag", "label": label}
    world.owner.post(path, json=[change], params={"branch": fork.value.branch}).raise_for_status()
    fork.remove(world.files[2:])
    assert fork.preview_merge().annotations.added == 1
    with wrote(world.project) as written:
        done = fork.merge(rule="newest", conflicts_to=gold)
        assert fork.merge() == done.model_copy(update={"again": True})
    assert written.kinds == ["dataset.file_removed", "dataset.merged"]
    assert (done.files.removed, done.conflicts) == (1, 0)
    assert gold.count() == 2
    viewer, merge = world.client("viewer"), world.path(f"/merges/{done.id}")
    assert viewer.get(merge).json()["target"] == gold.id
    assert viewer.get(f"{merge}/conflicts").json() == {"items": [], "next": None}
    assert viewer.get(world.path(f"/datasets/{fork.id}/merge/conflicts")).json() == []
    assert viewer.get(world.path(f"/datasets/{gold.id}/merge")).status_code == 409
    with wrote(world.project) as written:
        back = v1.restore()
    assert written.kinds == ["dataset.file_added", "dataset.restored"]
    assert (back.files.added, back.annotations.removed, gold.count()) == (1, 1, 3)


def test_forks_are_in_exports_and_in_no_pipeline_file(world: Any, p: Any, tmp_path: Any) -> None:
    fork = p.datasets["gold"].fork("mine")
    shown = p.show()
    assert "gold" in shown
    assert "mine" not in shown
    p.apply(shown, prune=True)
    assert p.datasets.get("mine") is not None
    fork.remove(world.files[:1])
    made = fork.export("jsonl", to=tmp_path / "mine.zip", media=False)
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert (made.value.files, manifest["dataset"]["name"]) == (2, "mine")
