"""A fork begins as another dataset, has a history of its own, and copies nothing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from penstock import datasets, files, schema
from penstock.annotations import rows
from penstock.annotations.model import Annotation, Create, Delete, Update, drawn
from penstock.annotations.rows import BranchNotEdited
from penstock.core.ids import import_uuid, new_uuid
from penstock.datasets import Dataset, forks, versions
from penstock.datasets.model import DatasetNameTaken, StateUnreadable
from penstock.files import NewFile
from penstock.schema import WantedSchema
from penstock.store import Store

PERSON = {"kind": "person", "person": 1}
MakeFiles = Callable[..., list[int]]


@pytest.fixture
def label(store: Store, project: int) -> int:
    wanted = WantedSchema.model_validate({"labels": {"car": {}}})
    return store.db.perform(lambda tx: schema.extend(tx, wanted).label_named("car").id, project)


@pytest.fixture
def held(store: Store, project: int, dataset: Dataset, make_files: MakeFiles, label: int) -> list[int]:
    """Three files in the dataset, each with a box."""
    made = make_files("a.png", "b.png", "c.png")
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, made, PERSON), project)
    for file in made:
        create(store, project, file, label)
    return made


def create(store: Store, project: int, file: int, label: int, branch: int | None = None) -> UUID:
    id = new_uuid()
    box = Create(id=id, kind="box", label=label, geometry=msgspec.Raw(b"[1,2,3,4]"))
    store.db.perform(lambda tx: rows.edit(tx, file, [box], branch), project)
    return id


def keys(store: Store, project: int, dataset: Dataset, as_of: int | None = None) -> list[str]:
    with store.db.transaction(project) as tx:
        return [e.key for e in datasets.entries(tx, dataset.id, as_of=as_of or 2**62).items]


def shown(store: Store, project: int, branch: int, file: int) -> list[Annotation]:
    with store.db.transaction(project) as tx:
        return rows.read(tx, branch, file)


def test_a_fork_begins_as_its_source_and_goes_its_own_way(
    store: Store, project: int, dataset: Dataset, held: list[int], label: int, wrote: Any
) -> None:
    with wrote(project) as written:
        fork = forks.fork(store.db, project, f"dataset:{dataset.id}", "mine")
    assert written.kinds == ["dataset.forked"]
    assert (fork.forked_from, fork.query) == (dataset.id, None)
    assert keys(store, project, fork) == ["a.png", "b.png", "c.png"]
    (box,) = shown(store, project, fork.branch, held[0])

    store.db.perform(lambda tx: rows.edit(tx, held[0], [Delete(id=box.id)], fork.branch), project)
    moved = Update(id=shown(store, project, fork.branch, held[1])[0].id, geometry=msgspec.Raw(b"[9,9,9,9]"))
    store.db.perform(lambda tx: rows.edit(tx, held[1], [moved], fork.branch), project)
    added = create(store, project, held[2], label, fork.branch)
    assert shown(store, project, fork.branch, held[0]) == []
    assert shown(store, project, fork.branch, held[1])[0].geometry_text == "[9.0,9.0,9.0,9.0]"
    assert added in {a.id for a in shown(store, project, fork.branch, held[2])}
    for file in held:
        (untouched,) = shown(store, project, dataset.branch, file)
        assert untouched.geometry_text == "[1.0,2.0,3.0,4.0]"
    create(store, project, held[1], label)
    assert len(shown(store, project, fork.branch, held[1])) == 1


def test_files_enter_and_leave_a_fork_alone(
    store: Store, project: int, dataset: Dataset, held: list[int], make_files: MakeFiles, wrote: Any
) -> None:
    fork = forks.fork(store.db, project, f"dataset:{dataset.id}", "mine")
    (new,) = make_files("d.png")
    before = versions.name(store.db, project, fork.id, "before")
    with wrote(project) as written:
        store.db.perform(lambda tx: datasets.remove(tx, fork.id, held[:1], PERSON), project)
        store.db.perform(lambda tx: datasets.add(tx, fork.id, [*held, new], PERSON), project)
        store.db.perform(lambda tx: datasets.remove(tx, fork.id, held[:2], PERSON), project)
    assert written.kinds == ["dataset.file_removed", *["dataset.file_added"] * 2, *["dataset.file_removed"] * 2]
    assert keys(store, project, fork) == ["c.png", "d.png"]
    assert keys(store, project, dataset) == ["a.png", "b.png", "c.png"]
    with store.db.transaction(project) as tx:
        assert [e.key for e in versions.entries(tx, before.id).items] == ["a.png", "b.png", "c.png"]
        assert [d.files for d in datasets.counted(tx, [dataset, fork])] == [3, 2]
        assert datasets.tables.count_at(tx, fork.id, before.seq) == 3
        assert {h.name for h in datasets.tables.memberships(tx, [held[2]], datasets.tables.HEAD)} == {
            "first pass",
            "mine",
        }


def test_a_version_is_forked_as_it_was(
    store: Store, project: int, dataset: Dataset, held: list[int], label: int
) -> None:
    version = versions.name(store.db, project, dataset.id, "v1")
    create(store, project, held[0], label)
    store.db.perform(lambda tx: datasets.remove(tx, dataset.id, held[1:], PERSON), project)
    fork = forks.fork(store.db, project, f"version:{version.id}", "as it was")
    assert keys(store, project, fork) == ["a.png", "b.png", "c.png"]
    assert len(shown(store, project, fork.branch, held[0])) == 1


def test_a_fork_of_a_fork_begins_where_that_one_did(
    store: Store, project: int, dataset: Dataset, held: list[int], label: int
) -> None:
    first = forks.fork(store.db, project, f"dataset:{dataset.id}", "first")
    added = create(store, project, held[0], label, first.branch)
    store.db.perform(lambda tx: datasets.remove(tx, first.id, held[1:2], PERSON), project)
    second = forks.fork(store.db, project, f"dataset:{first.id}", "second")
    assert (second.forked_from, second.base_seq) == (dataset.id, first.base_seq)
    assert keys(store, project, second) == keys(store, project, first) == ["a.png", "c.png"]
    create(store, project, held[0], label, first.branch)
    store.db.perform(lambda tx: datasets.add(tx, first.id, held, PERSON), project)
    assert {a.id for a in shown(store, project, second.branch, held[0])} > {added}
    assert len(shown(store, project, second.branch, held[0])) == 2
    assert keys(store, project, second) == ["a.png", "c.png"]


def test_importing_again_knows_what_a_fork_inherited(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles, label: int
) -> None:
    (file,) = make_files("a.png")
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, [file], PERSON), project)
    boxes = [drawn("box", [n, 1, 2, 3], label=label, id=import_uuid(file, "s", n), source="import") for n in range(3)]
    store.db.perform(lambda tx: rows.import_file(tx, dataset.branch, file, boxes), project)
    fork = forks.fork(store.db, project, f"dataset:{dataset.id}", "mine")
    store.db.perform(lambda tx: rows.edit(tx, file, [Delete(id=boxes[0].id)], fork.branch), project)
    boxes[1] = msgspec.structs.replace(boxes[1], geometry=msgspec.Raw(b"[7,7,7,7]"))
    done = store.db.perform(lambda tx: rows.import_file(tx, fork.branch, file, boxes), project)
    assert done == (0, 1, 1, 1)
    assert {a.geometry_text for a in shown(store, project, fork.branch, file)} == {"[7,7,7,7]", "[2.0,1.0,2.0,3.0]"}
    assert len(shown(store, project, dataset.branch, file)) == 3


def test_forks_follow_files_that_are_replaced(
    store: Store, project: int, dataset: Dataset, held: list[int], drain: Callable[[], None]
) -> None:
    fork = forks.fork(store.db, project, f"dataset:{dataset.id}", "mine")
    new = NewFile(key="a.png", hash="0" * 64, bytes=3)
    store.db.perform(lambda tx: files.register_many(tx, [new]), project)
    drain()
    with store.db.transaction(project) as tx:
        assert [e.file for e in datasets.entries(tx, fork.id).items][1:] == held[1:]
        assert datasets.entries(tx, fork.id).items[0].cause["kind"] == "replaced"


def test_what_can_not_be_forked_is_refused(store: Store, project: int, dataset: Dataset, held: list[int]) -> None:
    with pytest.raises(DatasetNameTaken):
        forks.fork(store.db, project, f"dataset:{dataset.id}", "first pass")
    with pytest.raises(StateUnreadable):
        forks.fork(store.db, project, "gold/v1", "mine")
    with store.db.transaction(project) as tx:
        predictions = rows.branches.predictions(tx, "model")
    with pytest.raises(BranchNotEdited):
        store.db.perform(lambda tx: rows.edit(tx, held[0], [], predictions), project)


def test_an_archived_dataset_comes_back_up_to_date(
    store: Store, project: int, dataset: Dataset, held: list[int], drain: Callable[[], None], wrote: Any
) -> None:
    store.db.perform(lambda tx: datasets.archive(tx, dataset.id), project)
    store.db.perform(lambda tx: files.register_many(tx, [NewFile(key="a.png", hash="0" * 64, bytes=3)]), project)
    drain()
    with wrote(project) as written:
        back = store.db.perform(lambda tx: datasets.unarchive(tx, dataset.id), project)
        store.db.perform(lambda tx: datasets.unarchive(tx, dataset.id), project)
    assert back.archived_at is None
    assert written.kinds == ["dataset.unarchived", "dataset.file_removed", "dataset.file_added"]
    assert keys(store, project, dataset) == ["a.png", "b.png", "c.png"]
    store.db.perform(lambda tx: datasets.archive(tx, dataset.id), project)
    store.db.perform(lambda tx: datasets.create(tx, "first pass"), project)
    with pytest.raises(DatasetNameTaken):
        store.db.perform(lambda tx: datasets.unarchive(tx, dataset.id), project)
