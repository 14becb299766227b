"""What a query asks is gathered from the database, as of any revision."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock import datasets, files, people, schema
from penstock.annotations import branches, rows
from penstock.annotations.model import Annotation, drawn, holder_id
from penstock.core.ids import FileId
from penstock.datasets import Dataset, facts, query, versions
from penstock.schema import WantedSchema
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}
SCHEMA = {
    "labels": {"car": {}, "bus": {}},
    "attributes": {
        "occluded": {"on": ["car"], "kind": "checkbox"},
        "colour": {"kind": "multi_select", "options": ["red", "white"]},
        "place": {"per": "file", "kind": "tree", "options": ["Europe", {"name": "Rome", "parent": "Europe"}]},
    },
}


@pytest.fixture
def world(store: Store, project: int, dataset: Dataset, make_files: Callable[..., list[int]]) -> list[int]:
    """Two files; on the first a red car and the place Rome, on the second nothing."""
    ids = make_files("a.png", "b.png")

    def fill(tx: Transaction) -> None:
        made = schema.extend(tx, WantedSchema.model_validate(SCHEMA))
        place, colour = made.attribute_named("place"), made.attribute_named("colour")
        author = people.person_with_email(tx, "ann@example.org", "Ann")
        datasets.tables.lock_files(tx, ids)
        car = drawn(
            "box",
            [0, 0, 30, 20],
            label=made.label_named("car").id,
            attributes={
                str(colour.id): [colour.option_named("red").id],
                str(made.attribute_named("occluded").id): True,
            },
            author=author,
        )
        rome = {str(place.id): place.option_named("Rome").id}
        whole = Annotation(id=holder_id(ids[0]), kind="tag", attributes=rome)
        rows.import_file(tx, branches.main(tx), ids[0], [car, whole])
        datasets.add(tx, dataset.id, ids, PERSON)

    store.db.perform(fill, project)
    store.db.perform(lambda tx: files.describe(tx, FileId(ids[0]), {"site": "north"}), project)
    return ids


def holding(store: Store, project: int, dataset: Dataset, ids: list[int], text: str, **more: Any) -> list[int]:
    """Which of the files a query holds for, 0 being the first."""
    asked = query.parse(text)
    with store.db.transaction(project) as tx:
        query.check(asked, "file", facts.names(tx, dataset.id))
        found = facts.of_files(
            tx, asked, ids, branch=dataset.branch, schema=schema.current(tx), dataset=dataset.id, **more
        )
        return [n for n, id in enumerate(ids) if query.evaluate(asked, found[id])]


HOLDS = {
    "labels.car = 1": [0],
    "any(label = car and occluded = true and colour = red and area = 600)": [0],
    "any(author = Ann) and any(author = 'ann@example.org')": [0],
    "any(x = 0 and w = 30)": [0],
    "place = Rome and place = Europe": [0],
    "place = null": [1],
    "count(label != bus) = 0": [1],
    "meta.site = north": [0],
    "added > now - 1h and in 'first pass'": [0, 1],
    "file.width = 64 and file.state = ready and key != 'a.png'": [1],
    "colour = red or colour = white": [0],
}


def test_many_files_are_asked_at_once(store: Store, project: int, dataset: Dataset, world: list[int]) -> None:
    assert {text: holding(store, project, dataset, world, text) for text in HOLDS} == HOLDS


def test_one_file_is_asked_alone(store: Store, project: int, dataset: Dataset, world: list[int]) -> None:
    for text, holds in HOLDS.items():
        if "added" in text:
            continue
        asked = query.parse(text)
        with store.db.transaction(project) as tx:
            for n, id in enumerate(world):
                found = rows.read(tx, dataset.branch, id)
                one = facts.of_file(tx, files.get(tx, id), found, schema.current(tx), query.needs(asked))
                assert query.evaluate(asked, one) is (n in holds), text


def test_what_changed_since_a_version_is_known(
    store: Store, project: int, dataset: Dataset, world: list[int], make_files: Callable[..., list[int]]
) -> None:
    versions.name(store.db, project, dataset.id, "v1")
    assert holding(store, project, dataset, world, "changed since 'v1'") == []
    (new,) = make_files("c.png")

    def change(tx: Transaction) -> int:
        datasets.tables.lock_files(tx, [*world, new])
        label = schema.current(tx).label_named("bus").id
        box = drawn("box", [1, 1, 2, 2], label=label, source="import")
        rows.import_file(tx, dataset.branch, world[1], [box])
        datasets.add(tx, dataset.id, [new], PERSON)
        return tx.seq

    seq = store.db.perform(change, project)
    ids = [*world, new]
    assert holding(store, project, dataset, ids, "changed since 'v1'") == [1, 2]
    assert holding(store, project, dataset, ids, "changed since 'v1'", as_of=seq - 1) == []


def test_earlier_revisions_are_read_as_they_were(
    store: Store, project: int, dataset: Dataset, world: list[int]
) -> None:
    version = versions.name(store.db, project, dataset.id, "v1")
    store.db.perform(lambda tx: files.describe(tx, FileId(world[0]), {"site": "south"}), project)
    store.db.perform(lambda tx: datasets.remove(tx, dataset.id, world[:1], PERSON), project)
    assert holding(store, project, dataset, world, "meta.site = north") == []
    assert holding(store, project, dataset, world, "meta.site = north", as_of=version.seq) == [0]
    assert holding(store, project, dataset, world, "in 'first pass'", as_of=version.seq) == [0, 1]
    assert holding(store, project, dataset, world, "in 'first pass'") == [1]


def test_later_rooms_tell_of_tasks(
    store: Store, project: int, dataset: Dataset, world: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts.tasks, "names", lambda _: ["expert"])
    monkeypatch.setattr(facts.tasks, "of", lambda *_: {world[0]: {"expert": {"status": "returned"}}})
    assert holding(store, project, dataset, world, 'task("expert").status = returned') == [0]
