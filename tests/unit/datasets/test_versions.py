"""A version never changes, whoever writes while it is named."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from penstock import datasets, schema
from penstock.annotations import rows
from penstock.annotations.model import drawn
from penstock.core import NotFound
from penstock.core.ids import import_uuid
from penstock.datasets import Dataset, versions
from penstock.datasets.model import RevisionAhead, RevisionTooOld, VersionIsFrozen, VersionNameTaken
from penstock.schema import WantedSchema
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}
MakeFiles = Callable[..., list[int]]


def test_a_version_shows_the_dataset_as_it_was(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles, wrote: Any
) -> None:
    files = make_files("a.png", "b.png", "c.png")
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, files[:2], PERSON), project)
    with wrote(project) as written:
        version = versions.name(store.db, project, dataset.id, "v1", "the first", actor=None)
    assert written.kinds == ["version.named"]
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, files[2:], PERSON), project)
    store.db.perform(lambda tx: datasets.remove(tx, dataset.id, files[:1], PERSON), project)
    with store.db.transaction(project) as tx:
        assert [entry.key for entry in versions.entries(tx, version.id).items] == ["a.png", "b.png"]
        assert versions.count(tx, version.id) == 2
        first = versions.entries(tx, version.id, limit=1)
        assert [entry.key for entry in versions.entries(tx, version.id, first.next).items] == ["b.png"]
        assert versions.named(tx, dataset.id, "v1") == versions.get(tx, version.id) == version


def test_a_version_knows_the_schema_of_its_revision(store: Store, project: int, dataset: Dataset) -> None:
    first = versions.name(store.db, project, dataset.id, "v1")
    wanted = WantedSchema.model_validate({"labels": {"car": {}}})
    store.db.perform(lambda tx: schema.extend(tx, wanted), project)
    second = versions.name(store.db, project, dataset.id, "v2")
    assert (first.schema_version, second.schema_version) == (0, 1)


def test_an_earlier_revision_can_be_named_afterwards(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles
) -> None:
    files = make_files("a.png", "b.png")
    seq = store.db.perform(lambda tx: (datasets.add(tx, dataset.id, files[:1], PERSON), tx.seq)[1], project)
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, files[1:], PERSON), project)
    version = versions.name(store.db, project, dataset.id, "before", seq=seq)
    with store.db.transaction(project) as tx:
        assert versions.count(tx, version.id) == 1


def test_revisions_that_are_not_there_are_refused(store: Store, project: int, dataset: Dataset) -> None:
    with pytest.raises(RevisionAhead):
        versions.name(store.db, project, dataset.id, "v1", seq=10**9)
    with pytest.raises(RevisionTooOld):
        versions.name(store.db, project, dataset.id, "v1", seq=dataset.created_seq - 1)
    with pytest.raises(NotFound):
        versions.name(store.db, project, dataset.id + 1, "v1")


def test_a_name_is_given_once_for_each_dataset(store: Store, project: int, dataset: Dataset, wrote: Any) -> None:
    versions.name(store.db, project, dataset.id, "v1")
    with wrote(project) as written, pytest.raises(VersionNameTaken):
        versions.name(store.db, project, dataset.id, "v1")
    assert written.kinds == []
    other = store.db.perform(lambda tx: datasets.create(tx, "other"), project)
    versions.name(store.db, project, other.id, "v1")


def test_a_version_is_frozen_in_the_database_too(store: Store, project: int, dataset: Dataset) -> None:
    version = versions.name(store.db, project, dataset.id, "v1")
    for statement in ("update version set note = 'better'", "delete from version"):
        with pytest.raises(psycopg.errors.RestrictViolation), store.db.transaction(project) as tx:
            tx.conn.execute(statement.encode())
    with store.db.transaction(project) as tx, pytest.raises(VersionIsFrozen):
        versions.refuse_change(tx, version.id)


def test_versions_of_other_projects_are_not_there(store: Store, project: int, dataset: Dataset) -> None:
    version = versions.name(store.db, project, dataset.id, "v1")
    with store.db.transaction(project + 1) as tx:
        with pytest.raises(NotFound):
            versions.get(tx, version.id)
        assert versions.list_(tx).items == []


def shown(store: Store, project: int, version: versions.Version) -> tuple[Any, ...]:
    """Everything that a version shows: its files and all their annotations."""
    with store.db.transaction(project) as tx:
        files = [entry.file for entry in versions.entries(tx, version.id, limit=1000).items]
        return (
            files,
            [
                (file, [(a.id, a.geometry_text) for a in found])
                for file, found in rows.stream(tx, version.branch, version.seq, files)
            ],
        )


@contextmanager
def writers(count: int, write: Callable[[random.Random], None]) -> Iterator[list[BaseException]]:
    """Threads that write until the block ends; what went wrong in them."""
    stop = threading.Event()
    wrong: list[BaseException] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        try:
            while not stop.is_set():
                write(chance)
        except BaseException as error:  # noqa: BLE001 told to the test, which fails of it
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_versions_named_while_8_writers_write_never_change(
    store: Store, project: int, dataset: Dataset, make_files: MakeFiles
) -> None:
    files = make_files(*(f"{n:03}.png" for n in range(40)))
    label = store.db.perform(
        lambda tx: schema.extend(tx, WantedSchema.model_validate({"labels": {"car": {}}})).label_named("car").id,
        project,
    )

    def write(chance: random.Random) -> None:
        some = chance.sample(files, 3)
        boxes = [
            drawn("box", [chance.randrange(40), n, 5, 6], label=label, id=import_uuid(some[0], "w", n), source="import")
            for n in range(chance.randrange(4))
        ]

        def verb(tx: Transaction) -> None:
            datasets.tables.lock_files(tx, some)
            rows.import_file(tx, dataset.branch, some[0], boxes)
            datasets.add(tx, dataset.id, some[1:], PERSON)

        def verb_out(tx: Transaction) -> None:
            datasets.remove(tx, dataset.id, some, PERSON)

        store.db.perform(verb_out if chance.random() < 0.4 else verb, project)

    seen: list[tuple[versions.Version, tuple[Any, ...]]] = []
    with writers(8, write) as wrong:
        for n in range(12):
            version = versions.name(store.db, project, dataset.id, f"v{n}")
            seen.append((version, shown(store, project, version)))
    assert wrong == []
    assert len({version.seq for version, _ in seen}) == 12
    for version, before in seen:
        assert shown(store, project, version) == before
    with store.db.transaction(project) as tx:
        overlaps = tx.value(
            int,
            "select count(*) from entry a join entry b on a.dataset = b.dataset and a.file = b.file and a.id < b.id"
            " where a.created_seq < coalesce(b.retired_seq, 1e18) and b.created_seq < coalesce(a.retired_seq, 1e18)",
        )
    assert overlaps == 0
