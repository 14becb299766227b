"""Versions of the schema in the database: who changes what, and what the log says."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from penstock import people, schema
from penstock.core import NotFound
from penstock.schema import SchemaInvalid, WantedLabel, WantedSchema
from penstock.schema.edits import AddLabel, ChangeLabel
from penstock.store import Store, Transaction


def labels(*names: str) -> WantedSchema:
    return WantedSchema(labels={name: WantedLabel() for name in names})


@pytest.fixture
def project(store: Store) -> int:
    with store.db.transaction(0) as tx:
        admin = people.person_with_email(tx, "admin@example.org")
    with store.db.transaction(0, admin) as tx:
        return people.create_project(tx, "cells")


def test_a_new_project_has_an_empty_schema(store: Store, project: int):
    with store.db.transaction(project) as tx:
        assert schema.current(tx).version == 0
        assert schema.current(tx).labels == ()
        assert schema.versions(tx).items == []


def test_each_change_is_a_version_and_an_event(store: Store, project: int, wrote: Callable[[int], Any]):
    with wrote(project) as written:
        with store.db.transaction(project) as tx:
            schema.replace(tx, labels("RBC"))
        with store.db.transaction(project) as tx:
            schema.replace(tx, labels("RBC"))
        with store.db.transaction(project) as tx:
            schema.change(tx, [AddLabel(name="WBC")])
        with store.db.transaction(project) as tx:
            schema.extend(tx, labels("WBC"))
    assert written.kinds == ["schema.changed", "schema.changed"]
    with store.db.transaction(project) as tx:
        assert [label.name for label in schema.current(tx).labels] == ["RBC", "WBC"]
        assert [label.name for label in schema.at(tx, 1).labels] == ["RBC"]
        assert [(v.version, v.changes) for v in schema.versions(tx).items] == [
            (2, ["label 'WBC' is new"]),
            (1, ["label 'RBC' is new"]),
        ]
        with pytest.raises(NotFound):
            schema.at(tx, 3)


def test_versions_come_in_pages(store: Store, project: int):
    for name in "abcde":
        with store.db.transaction(project) as tx:
            schema.change(tx, [AddLabel(name=name)])
    with store.db.transaction(project) as tx:
        first = schema.versions(tx, limit=3)
        second = schema.versions(tx, after=first.next, limit=3)
    assert [v.version for v in first.items] == [5, 4, 3]
    assert [v.version for v in second.items] == [2, 1]
    assert second.next is None


def test_a_version_that_was_rolled_back_is_not_remembered(store: Store, project: int):
    def change_and_fail(tx: Transaction) -> None:
        schema.replace(tx, labels("wrong"))
        assert schema.current(tx).label_named("wrong")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.db.perform(change_and_fail, project)
    with store.db.transaction(project) as tx:
        schema.replace(tx, labels("right"))
    with store.db.transaction(project) as tx:
        assert [label.name for label in schema.at(tx, 1).labels] == ["right"]


def test_a_remembered_version_belongs_to_its_project(store: Store, project: int):
    with store.db.transaction(0) as tx:
        other = people.create_project(tx, "other")
    for where, name in ((project, "here"), (other, "there")):
        with store.db.transaction(where) as tx:
            schema.replace(tx, labels(name))
    for where, name in ((project, "here"), (other, "there")) * 2:
        with store.db.transaction(where) as tx:
            assert schema.at(tx, 1).labels[0].name == name


def test_changes_at_the_same_time_follow_each_other(store: Store, project: int):
    start = threading.Barrier(4)

    def add(name: str) -> None:
        start.wait()
        store.db.perform(lambda tx: schema.change(tx, [AddLabel(name=name)]), project)

    threads = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.db.transaction(project) as tx:
        found = schema.current(tx)
    assert found.version == 4
    assert sorted(label.name for label in found.labels) == ["a", "b", "c", "d"]
    assert len({label.id for label in found.labels}) == 4


def test_a_refused_change_changes_nothing(store: Store, project: int):
    with pytest.raises(SchemaInvalid), store.db.transaction(project) as tx:
        schema.change(tx, [AddLabel(name="a"), ChangeLabel(id=99)])
    with store.db.transaction(project) as tx:
        assert schema.current(tx).version == 0


def test_a_large_schema_is_one_row_and_fast_to_read_again(store: Store, project: int):
    with store.db.transaction(project) as tx:
        schema.replace(tx, labels(*(f"label {n}" for n in range(2000))))
    with store.db.transaction(project) as tx:
        first = schema.at(tx, 1)
    with store.db.transaction(project) as tx:
        assert schema.at(tx, 1) is first
