"""Files enter, leave and move between datasets; every change is an event."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock import datasets, log
from penstock.annotations import branches
from penstock.core import NotFound
from penstock.datasets import Dataset, followers
from penstock.datasets.model import BranchesDiffer, DatasetArchived, DatasetNameTaken, FileGone
from penstock.log import Happening
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}
MakeFiles = Callable[..., list[int]]


def events(store: Store, project: int) -> list[Happening]:
    with store.db.transaction(project) as tx:
        return log.read(tx, 0, 2**62, limit=100_000)


def keys(store: Store, project: int, dataset: int, **more: Any) -> list[str]:
    with store.db.transaction(project) as tx:
        return [entry.key for entry in datasets.entries(tx, dataset, **more).items]


def follow(store: Store, project: int) -> None:
    while log.step(store.db, project, followers.FOLLOWERS[0]):
        pass


def test_a_dataset_is_on_the_main_branch_unless_told(store: Store, project: int, wrote: Any) -> None:
    with wrote(project) as written:
        made = store.db.perform(lambda tx: datasets.create(tx, "gold"), project)
    assert written.kinds == ["dataset.created"]
    with store.db.transaction(project) as tx:
        assert made.branch == branches.main(tx)
        assert datasets.named(tx, "gold") == made == datasets.get(tx, made.id)


def test_a_name_is_taken_once(store: Store, project: int, dataset: Dataset, wrote: Any) -> None:
    with wrote(project) as written, pytest.raises(DatasetNameTaken) as refused:
        store.db.perform(lambda tx: datasets.create(tx, dataset.name), project)
    assert written.kinds == []
    assert str(dataset.id) in refused.value.detail


def test_an_archived_dataset_frees_its_name_and_takes_no_files(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles, wrote: Any
) -> None:
    files = make_files("a.png")
    with wrote(project) as written:
        store.db.perform(lambda tx: datasets.archive(tx, dataset.id), project)
        store.db.perform(lambda tx: datasets.archive(tx, dataset.id), project)
    assert written.kinds == ["dataset.archived"]
    with pytest.raises(DatasetArchived):
        store.db.perform(lambda tx: datasets.add(tx, dataset.id, files, PERSON), project)
    assert store.db.perform(lambda tx: datasets.create(tx, dataset.name), project).id != dataset.id


def test_renaming_says_both_names(store: Store, project: int, dataset: Dataset, wrote: Any) -> None:
    with wrote(project) as written:
        renamed = store.db.perform(lambda tx: datasets.rename(tx, dataset.id, "raw"), project)
    assert written.kinds == ["dataset.renamed"]
    assert (renamed.name, renamed.edition) == ("raw", dataset.edition + 1)


def test_adding_is_idempotent_and_tells_each_file(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles, wrote: Any
) -> None:
    files = make_files("b.png", "a.png")
    with wrote(project) as written:
        added = store.db.perform(lambda tx: datasets.add(tx, dataset.id, [*files, files[0]], PERSON), project)
    assert added == files
    assert written.kinds == ["dataset.file_added"] * 2
    with wrote(project) as written:
        assert store.db.perform(lambda tx: datasets.add(tx, dataset.id, files, PERSON), project) == []
    assert written.kinds == []
    assert keys(store, project, dataset.id) == ["a.png", "b.png"]


def test_a_route_into_a_dataset_that_holds_the_file_is_a_re_entry(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles
) -> None:
    (file,) = make_files("a.png")
    route = {"kind": "route", "task": 5}
    assert store.db.perform(lambda tx: datasets.add(tx, dataset.id, [file], route), project) == [file]
    assert store.db.perform(lambda tx: datasets.add(tx, dataset.id, [file], route), project) == []
    told = [h.body for h in events(store, project) if h.kind == "dataset.file_added"]
    assert [body["again"] for body in told] == [False, True]
    assert told[0]["entry"] == told[1]["entry"]


def test_thousands_of_files_enter_in_one_statement(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles
) -> None:
    files = make_files(*(f"{n:05}.png" for n in range(3000)))
    assert len(store.db.perform(lambda tx: datasets.add(tx, dataset.id, files, PERSON), project)) == 3000
    assert len([h for h in events(store, project) if h.kind == "dataset.file_added"]) == 3000
    with store.db.transaction(project) as tx:
        assert datasets.list_(tx).items[0].files == 3000


def test_pages_go_by_key(store: Store, project: int, dataset: Dataset, make_files: MakeFiles) -> None:
    files = make_files(*(f"{n}.png" for n in range(7)))
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, files, PERSON), project)
    found: list[str] = []
    after = None
    with store.db.transaction(project) as tx:
        while True:
            page = datasets.entries(tx, dataset.id, after, limit=3)
            found += [entry.key for entry in page.items]
            if (after := page.next) is None:
                break
    assert found == [f"{n}.png" for n in range(7)]


def test_removed_files_stay_readable_at_earlier_revisions(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles, wrote: Any
) -> None:
    files = make_files("a.png", "b.png")
    seq = store.db.perform(lambda tx: (datasets.add(tx, dataset.id, files, PERSON), tx.seq)[1], project)
    with wrote(project) as written:
        removed = store.db.perform(lambda tx: datasets.remove(tx, dataset.id, files[:1], PERSON), project)
        assert store.db.perform(lambda tx: datasets.remove(tx, dataset.id, files[:1], PERSON), project) == []
    assert removed == files[:1]
    assert written.kinds == ["dataset.file_removed"]
    assert keys(store, project, dataset.id) == ["b.png"]
    assert keys(store, project, dataset.id, as_of=seq) == ["a.png", "b.png"]
    assert keys(store, project, dataset.id, as_of=seq - 1) == []


def test_a_file_that_comes_and_goes_in_one_transaction_was_never_there(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles
) -> None:
    files = make_files("a.png")

    def both(tx: Transaction) -> int:
        datasets.add(tx, dataset.id, files, PERSON)
        datasets.remove(tx, dataset.id, files, PERSON)
        return tx.seq

    seq = store.db.perform(both, project)
    assert keys(store, project, dataset.id, as_of=seq) == []


def test_moving_takes_only_what_the_source_holds(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles, wrote: Any
) -> None:
    files = make_files("a.png", "b.png")
    gold = store.db.perform(lambda tx: datasets.create(tx, "gold"), project)
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, files[:1], PERSON), project)
    with wrote(project) as written:
        moved = store.db.perform(lambda tx: datasets.move(tx, dataset.id, gold.id, files, PERSON), project)
    assert moved == files[:1]
    assert written.kinds == ["dataset.file_added", "dataset.file_removed"]
    assert keys(store, project, gold.id) == ["a.png"]
    assert keys(store, project, dataset.id) == []


def test_files_cannot_cross_branches(store: Store, project: int, dataset: Dataset, make_files: MakeFiles) -> None:
    files = make_files("a.png")
    other = store.db.perform(lambda tx: datasets.create(tx, "other", branches.predictions(tx, "yolo")), project)
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, files, PERSON), project)
    with pytest.raises(BranchesDiffer):
        store.db.perform(lambda tx: datasets.move(tx, dataset.id, other.id, files, PERSON), project)
    route = {"kind": "route", "dataset": dataset.id}
    with pytest.raises(BranchesDiffer):
        store.db.perform(lambda tx: datasets.add(tx, other.id, files, route), project)


def test_unknown_files_and_those_of_other_projects_are_refused(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles
) -> None:
    files = make_files("a.png")
    with pytest.raises(NotFound):
        store.db.perform(lambda tx: datasets.add(tx, dataset.id, [*files, 10_000], PERSON), project)
    with pytest.raises(NotFound):
        store.db.perform(lambda tx: datasets.add(tx, dataset.id, files, PERSON), project + 1)
    assert keys(store, project, dataset.id) == []


def test_a_replaced_file_leaves_and_its_successor_enters(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles, wrote: Any
) -> None:
    (old,) = make_files("a.png")
    gold = store.db.perform(lambda tx: datasets.create(tx, "gold"), project)
    for target in (dataset, gold):
        store.db.perform(lambda tx, target=target: datasets.add(tx, target.id, [old], PERSON), project)
    make_files("a.png", content="second")
    (third,) = make_files("a.png", content="third")
    with wrote(project) as written:
        follow(store, project)
        follow(store, project)
    assert written.kinds == ["dataset.file_removed", "dataset.file_added"] * 2
    for target in (dataset, gold):
        with store.db.transaction(project) as tx:
            assert [entry.file for entry in datasets.entries(tx, target.id).items] == [third]


def test_routes_drop_replaced_files_and_others_are_told(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles
) -> None:
    (old,) = make_files("a.png")
    make_files("a.png", content="second")
    assert store.db.perform(lambda tx: datasets.add(tx, dataset.id, [old], {"kind": "route"}), project) == []
    with pytest.raises(FileGone):
        store.db.perform(lambda tx: datasets.add(tx, dataset.id, [old], PERSON), project)
