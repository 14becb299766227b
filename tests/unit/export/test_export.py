"""An export is whole, says what it is, and has the same bytes each time."""

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock import datasets, files, log
from penstock.annotations import branches, rows
from penstock.annotations import tables as annotation_tables
from penstock.datasets import Dataset, followers, versions
from penstock.datasets.query import QueryInvalid
from penstock.export import Export, NewExport, content, listed, making, publishing, tables, verbs
from penstock.export.model import DestinationRefused, ExportEnded
from penstock.jobs import Work
from penstock.store import Store

MakeExport = Callable[..., Export]


def to(folder: Path, path: str) -> dict[str, str]:
    return {"folder": str(folder), "path": path}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def visible(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_folder_holds_annotations_media_and_a_manifest_of_both(
    store: Store, dataset: Dataset, folder: Path, export: MakeExport, project: int, wrote: Any
) -> None:
    with wrote(project) as written:
        made = export(dataset=dataset.id, to=to(folder, "set"))
    assert (made.state, made.reason) == ("ready", None)
    assert written.kinds == ["export.started", "export.ready"]
    assert (made.files, made.annotations) == (3, 3)
    assert made.uri == (folder / "set").as_uri()
    found = contents(folder / "set")
    assert set(found) == {"manifest.json", "penstock.jsonl", "media/a.png", "media/b/c.png", "media/d.png"}
    manifest = json.loads(found["manifest.json"])
    assert manifest["counts"] == {"files": 3, "annotations": 3, "labels": {"car": 3}, "not_ready": 0}
    assert manifest["dataset"] == {"id": dataset.id, "name": "first pass"}
    assert manifest["as_of"] == made.as_of
    told = {one["path"]: (one["bytes"], one["sha256"]) for one in manifest["files"]}
    del found["manifest.json"]
    assert told == {path: (len(data), hashlib.sha256(data).hexdigest()) for path, data in found.items()}
    assert visible(folder) == ["set"]
    assert made.bytes == sum(p.stat().st_size for p in (folder / "set").rglob("*") if p.is_file())


@pytest.mark.parametrize("pack", ["zip", "tar"])
def test_an_archive_has_the_files_of_the_folder_and_the_same_bytes_each_time(
    dataset: Dataset, folder: Path, export: MakeExport, pack: str
) -> None:
    whole = export(dataset=dataset.id, to=to(folder, "set"))
    first = export(dataset=dataset.id, pack=pack, as_of=whole.as_of, to=to(folder, "one"))
    export(dataset=dataset.id, pack=pack, as_of=whole.as_of, to=to(folder, f"two.{pack}"))
    assert first.state == "ready"
    assert (folder / f"one.{pack}").read_bytes() == (folder / f"two.{pack}").read_bytes()
    if pack == "zip":
        with zipfile.ZipFile(folder / "one.zip") as archive:
            packed = {name: archive.read(name) for name in archive.namelist()}
    else:
        with tarfile.open(folder / "one.tar") as archive:
            packed = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}  # type: ignore[union-attr]
    assert packed == contents(folder / "set")


def test_a_version_exports_the_same_bytes_whatever_happened_since(
    store: Store,
    project: int,
    dataset: Dataset,
    folder: Path,
    export: MakeExport,
    annotated: Callable[..., int],
) -> None:
    version = versions.name(store.db, project, dataset.id, "v1")
    export(version=version.id, to=to(folder, "before"))
    more = annotated("e.png")
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, [more], {"kind": "person"}), project)
    annotated("a.png", boxes=5)  # new bytes under a known key
    while log.step(store.db, project, followers.FOLLOWERS[0]):
        pass
    store.db.perform(lambda tx: datasets.rename(tx, dataset.id, "raw"), project)
    export(version=version.id, to=to(folder, "after"))
    assert contents(folder / "before") == contents(folder / "after")
    export(dataset=dataset.id, to=to(folder, "head"))
    assert json.loads((folder / "head" / "manifest.json").read_text())["counts"]["files"] == 4


def test_a_filter_chooses_files(dataset: Dataset, folder: Path, export: MakeExport) -> None:
    export(dataset=dataset.id, filter="labels.car >= 1 and meta.n < 2", to=to(folder, "set"))
    assert set(contents(folder / "set")) == {"manifest.json", "penstock.jsonl", "media/b/c.png"}
    assert json.loads((folder / "set" / "manifest.json").read_text())["filter"] == "labels.car >= 1 and meta.n < 2"


def test_media_can_stay_behind(dataset: Dataset, folder: Path, export: MakeExport) -> None:
    export(dataset=dataset.id, media="none", to=to(folder, "set"))
    assert set(contents(folder / "set")) == {"manifest.json", "penstock.jsonl"}


def test_drafts_never_show(store: Store, project: int, dataset: Dataset, folder: Path, export: MakeExport) -> None:
    with store.db.transaction(project) as tx:
        file = datasets.entries(tx, dataset.id).items[1].file
        present = rows.read(tx, branches.main(tx), file)
    export(dataset=dataset.id, to=to(folder, "before"))
    before = contents(folder / "before")

    def draft(tx: Any) -> None:
        branch = branches.open_draft(tx, branches.main(tx))
        annotation_tables.upsert_draft(tx, branch, file, {present[0].id: None})

    store.db.perform(draft, project)
    export(dataset=dataset.id, to=to(folder, "after"))
    after = contents(folder / "after")
    del before["manifest.json"], after["manifest.json"]  # they name their revisions
    assert before == after


def test_files_that_are_not_ready_are_counted_and_left_out(
    store: Store, project: int, dataset: Dataset, folder: Path, export: MakeExport
) -> None:
    blob = store.blobs.put(b"not yet looked at")

    def add(tx: Any) -> None:
        file = files.register(tx, files.NewFile(key="z.png", hash=blob.hash, bytes=blob.bytes)).file
        datasets.add(tx, dataset.id, [file], {"kind": "import"})

    store.db.perform(add, project)
    export(dataset=dataset.id, to=to(folder, "set"))
    assert json.loads((folder / "set" / "manifest.json").read_text())["counts"]["not_ready"] == 1


def test_nothing_is_overwritten_and_nothing_is_left_behind(
    project: int, dataset: Dataset, folder: Path, export: MakeExport, wrote: Any
) -> None:
    (folder / "set").mkdir()
    (folder / "set" / "mine.txt").write_text("keep")
    with wrote(project) as written:
        made = export(dataset=dataset.id, to=to(folder, "set"))
    assert written.kinds == ["export.started", "export.failed"]
    assert made.state == "failed"
    assert "something else" in (made.reason or "")
    assert contents(folder) == {"set/mine.txt": b"keep"}
    assert visible(folder) == ["set"]


def test_the_very_same_export_again_is_ready_at_once(dataset: Dataset, folder: Path, export: MakeExport) -> None:
    first = export(dataset=dataset.id, to=to(folder, "set"))
    again = export(dataset=dataset.id, as_of=first.as_of, to=to(folder, "set"))
    assert again.state == "ready"


def test_missing_bytes_fail_the_export_with_the_reason(
    store: Store, project: int, dataset: Dataset, folder: Path, export: MakeExport
) -> None:
    with store.db.transaction(project) as tx:
        hash = tx.value(str, "select hash from file where key = 'd.png'")
    store.blobs.path(hash or "").unlink()
    made = export(dataset=dataset.id, to=to(folder, "set"))
    assert made.state == "failed"
    assert (hash or "?") in (made.reason or "")
    assert visible(folder) == []


def test_damaged_bytes_are_noticed(
    store: Store, project: int, dataset: Dataset, folder: Path, export: MakeExport
) -> None:
    with store.db.transaction(project) as tx:
        hash = tx.value(str, "select hash from file where key = 'd.png'") or ""
    path = store.blobs.path(hash)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    for pack in ("folder", "zip"):
        made = export(dataset=dataset.id, pack=pack, to=to(folder, f"set-{pack}"))
        assert made.state == "failed"
        assert "d.png" in (made.reason or "")
    assert visible(folder) == []


def test_a_cancelled_export_leaves_nothing(
    store: Store, project: int, dataset: Dataset, folder: Path, drain: Callable[[], None], wrote: Any
) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "to": to(folder, "set")})
    with wrote(project) as written:
        made = store.db.perform(lambda tx: verbs.start(tx, asked), project)
        store.db.perform(lambda tx: verbs.cancel(tx, made.id), project)
        drain()
        store.db.perform(lambda tx: verbs.cancel(tx, made.id), project)
    assert written.kinds == ["export.started", "export.cancelled"]
    assert visible(folder) == []


def test_a_ready_export_cannot_be_cancelled(
    store: Store, project: int, dataset: Dataset, folder: Path, export: MakeExport
) -> None:
    made = export(dataset=dataset.id, to=to(folder, "set"))
    with pytest.raises(ExportEnded):
        store.db.perform(lambda tx: verbs.cancel(tx, made.id), project)


def test_being_cancelled_while_it_is_made_stops_it(
    store: Store, project: int, dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "to": to(folder, "set")})
    made = store.db.perform(lambda tx: verbs.start(tx, asked), project)
    seal = tables.seal

    def cancel_first(*args: Any) -> bool:
        store.db.perform(lambda tx: verbs.cancel(tx, made.id), project)
        return seal(*args)

    monkeypatch.setattr(tables, "seal", cancel_first)
    making.run(Work(store), project, made.id)
    assert visible(folder) == []


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


@pytest.mark.parametrize("step", ["create", "_sync_tree", "_move", "sync_folder"])
def test_after_a_crash_in_any_step_the_next_try_completes_it(
    store: Store, project: int, dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "to": to(folder, "set")})
    made = store.db.perform(lambda tx: verbs.start(tx, asked), project)

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(publishing, step, killed)
        patch.setattr(publishing.Workshop, "__exit__", lambda *_: None)
        with pytest.raises(Killed):
            making.run(Work(store), project, made.id)
    if step in ("create", "_sync_tree", "_move"):
        assert not (folder / "set").exists()
    assert len(visible(folder)) == 1
    making.run(Work(store), project, made.id)
    making.run(Work(store), project, made.id)
    assert visible(folder) == ["set"]
    with store.db.transaction(project) as tx:
        assert verbs.get(tx, made.id).state == "ready"
        assert tx.value(int, "select count(*) from event where kind = 'export.ready'") == 1


def test_what_a_crash_left_goes_when_the_export_was_called_off_meanwhile(
    store: Store, project: int, dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "to": to(folder, "set")})
    made = store.db.perform(lambda tx: verbs.start(tx, asked), project)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_move", lambda *_: (_ for _ in ()).throw(Killed))
        patch.setattr(publishing.Workshop, "__exit__", lambda *_: None)
        with pytest.raises(Killed):
            making.run(Work(store), project, made.id)
    assert visible(folder) != []
    store.db.perform(lambda tx: verbs.cancel(tx, made.id), project)
    making.run(Work(store), project, made.id)
    assert visible(folder) == []


def test_a_crash_between_publishing_and_saying_so_is_noticed(
    store: Store, project: int, dataset: Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "to": to(folder, "set")})
    made = store.db.perform(lambda tx: verbs.start(tx, asked), project)
    with monkeypatch.context() as patch:
        patch.setattr(verbs, "finish", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            making.run(Work(store), project, made.id)
    at = (folder / "set").stat().st_mtime_ns
    making.run(Work(store), project, made.id)
    assert (folder / "set").stat().st_mtime_ns == at
    with store.db.transaction(project) as tx:
        ready = verbs.get(tx, made.id)
    assert (ready.state, ready.files) == ("ready", 3)


@pytest.mark.parametrize("path", ["../up", "/abs", "a/../../b", ".", "a/.penstock-export-1", "..", "x\\..\\y"])
def test_paths_that_lead_away_are_refused(
    store: Store, project: int, dataset: Dataset, folder: Path, path: str
) -> None:
    asked = NewExport.model_validate({"dataset": dataset.id, "to": to(folder, path)})
    with pytest.raises(DestinationRefused):
        store.db.perform(lambda tx: verbs.start(tx, asked), project)


def test_a_folder_outside_the_roots_fails(dataset: Dataset, export: MakeExport, tmp_path: Path, folder: Path) -> None:
    (folder / "link").symlink_to("/tmp")
    for place in ("/etc", str(folder / "link")):
        made = export(dataset=dataset.id, to={"folder": place, "path": "set"})
        assert made.state == "failed"
        assert "roots" in (made.reason or "")


def test_an_export_that_workers_died_of_fails(store: Store, project: int, dataset: Dataset) -> None:
    asked = store.db.perform(
        lambda tx: verbs.start(tx, NewExport(dataset=dataset.id, format="jsonl", pack="zip")), project
    )
    making.give_up(Work(store), "workers died", project, asked.id)
    with store.db.transaction(project) as tx:
        assert (verbs.get(tx, asked.id).state, verbs.get(tx, asked.id).reason) == (
            "failed",
            "It can't be made: workers died.",
        )


def test_files_are_picked_one_by_one(
    store: Store, project: int, dataset: Dataset, folder: Path, export: MakeExport
) -> None:
    with store.db.transaction(project) as tx:
        ids = [entry.file for entry in datasets.entries(tx, dataset.id).items]
    made = export(dataset=dataset.id, picked=[ids[1], 987654], to=to(folder, "set"))
    manifest = json.loads((folder / "set" / "manifest.json").read_text())
    assert (made.files, manifest["counts"]["files"], manifest["picked"]) == (1, 1, 2)


def test_a_filter_that_cannot_be_asked_is_refused(store: Store, project: int, dataset: Dataset, wrote: Any) -> None:
    for text in ("labels.cra > 1", "status = done", "changed since v9", "labels.car >"):
        asked = NewExport.model_validate({"dataset": dataset.id, "filter": text, "pack": "zip"})
        with wrote(project) as written, pytest.raises(QueryInvalid):
            store.db.perform(lambda tx, asked=asked: verbs.start(tx, asked), project)
        assert written.kinds == []


def test_now_in_a_filter_is_what_was_told(dataset: Dataset, folder: Path, export: MakeExport) -> None:
    first = export(dataset=dataset.id, filter="added > now - 1h", to=to(folder, "one"))
    assert first.files == 3
    old = export(dataset=dataset.id, filter="added > now + 1h", to=to(folder, "two"))
    assert old.files == 0
    again = export(
        dataset=dataset.id, as_of=first.as_of, now=first.now, filter="added > now - 1h", to=to(folder, "three")
    )
    assert again.files == 3
    assert contents(folder / "one") == contents(folder / "three")
    other = export(dataset=dataset.id, filter="added > now - 1h", now="2000-01-01T00:00:00Z", to=to(folder, "four"))
    assert other.files == 3


def test_chunks_follow_how_dense_files_are() -> None:
    assert content._next_size(16, 0) == 32
    assert content._next_size(400, 100) == 500
    assert content._next_size(500, 40_000) == 125
    assert content._next_size(16, 10**7) == 1


def test_every_file_is_read_once_whatever_the_chunks(
    store: Store, project: int, dataset: Dataset, export: MakeExport, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = export(dataset=dataset.id, to=to(folder, "usual"))
    monkeypatch.setattr(content, "_next_size", lambda *_: 1)
    for first in (1, 3, 4):
        monkeypatch.setattr(listed, "_FIRST", first)
        whole = export(dataset=dataset.id, as_of=usual.as_of, to=to(folder, f"{first} first"))
        assert (whole.files, whole.looked, whole.total) == (3, 3, 3)
        assert contents(folder / f"{first} first") == contents(folder / "usual")
