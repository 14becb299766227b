"""A census with what changed since says what counting all files says: at the present, and at every version."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from penstock import datasets, engine, files, people, schema
from penstock.annotations import branches, rows
from penstock.annotations.model import Create, Delete, Update, drawn
from penstock.core.ids import import_uuid, new_uuid
from penstock.datasets import (
    Dataset,
    asking,
    census,
    census_tables,
    counting,
    facets,
    forks,
    found_tables,
    merging,
    milestones,
    pages,
    pruning,
    restoring,
    versions,
)
from penstock.datasets.facet_model import Facets
from penstock.datasets.model import MergeInto
from penstock.datasets.pruning_model import NewPruning, RevisionPruned
from penstock.files import NewFile, Probe
from penstock.jobs import Work
from penstock.metrics import figure_tables, reports
from penstock.schema import WantedSchema
from penstock.schema.edits import ChangeLabel
from penstock.store import Store, Transaction, set_offset

PERSON = {"kind": "person", "person": 1}
SCHEMA = {
    "labels": {"car": {}, "bus": {}},
    "attributes": {
        "colour": {"kind": "multi_select", "options": ["red", "white"]},
        "speed": {"kind": "number"},
        "plate": {"kind": "text"},
        "occluded": {"kind": "checkbox"},
    },
}
METAS = [{}, {"site": "north", "camera": {"side": "left"}}, {"site": ["north", 7, None], "n": 1e-7}, {"n": 3.0}]
COUNTED = [
    "labels.bus >= 1",
    "not labels.bus > 0",
    "labels.bus = 0",
    "labels.bus >= 2",
    'labels.bus != 1 and not in "other"',
    "count(label = bus) < 2 or any(label = bus) and meta.n < 4",
    "label != bus or label not in (bus)",
    "source = model and (attributes.colour in (red, white) or attributes.speed > 2)",
    "attributes.occluded = true and person != ann",
    "not (attributes.plate >= '3' or attributes.colour != red)",
    'in "other" and confidence < 0.5',
    "meta.site = north",
    "not meta.site = north and meta.site != 7",
    "meta.camera.side = left or meta.camera = null",
    "meta.n < 4 and meta.site = north",
]
WORK = ["draw", "draw", "edit", "edit", "enter", "leave", "describe", "replace"]
REST = ["name", "fork", "merge", "restore", "archive", "rename", "prune", "count", "count", "count again"]


class History:
    """A project in which things happen by chance, to a dataset that is counted now and then."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.chance = store, random.Random(seed)
        self.project = store.db.perform(lambda tx: people.create_project(tx, str(new_uuid())), 0)
        self.schema = self.do(lambda tx: schema.extend(tx, WantedSchema.model_validate(SCHEMA)))
        self.person = self.do(lambda tx: people.person_with_email(tx, f"{new_uuid()}@example.org", "ann"))
        self.files = [self.register(f"{n}.png") for n in range(6)]
        self.dataset: Dataset = self.do(lambda tx: datasets.create(tx, "gold"))
        self.other: Dataset = self.do(lambda tx: datasets.create(tx, "other"))
        self.do(lambda tx: datasets.add(tx, self.dataset.id, self.files[:4], PERSON))
        self.do(lambda tx: datasets.add(tx, self.other.id, self.files[2:], PERSON))
        self.versions = [versions.name(store.db, self.project, self.dataset.id, "first")]
        self.forks: list[Dataset] = []
        self.days = 0

    def do(self, verb: Callable[[Transaction], Any]) -> Any:
        return self.store.db.perform(verb, self.project)

    def register(self, key: str) -> int:
        probe = None if key == "3.png" else Probe(media="image", mime="image/png", width=64, height=48)
        return self.do(
            lambda tx: files.register(tx, NewFile(key=key, hash=new_uuid().hex * 2, bytes=9, probe=probe))
        ).file

    def step(self, name: str) -> None:
        chance, file = self.chance, self.chance.choice(self.files)
        where = chance.choice([self.dataset, self.dataset, self.other, *self.forks])
        match name:
            case "draw":
                self.do(lambda tx: rows.import_file(tx, branches.main(tx), file, self.drawn(file)))
            case "edit":
                self.do(lambda tx: self.edit(tx, where.branch, file))
            case "enter":
                self.do(lambda tx: datasets.add(tx, where.id, [file], PERSON))
            case "leave":
                self.do(lambda tx: datasets.remove(tx, where.id, [file], PERSON))
            case "describe":
                self.do(lambda tx: files.describe(tx, file, chance.choice(METAS)))
            case "replace":
                key = self.do(lambda tx: files.get(tx, file)).key
                self.files[self.files.index(file)] = self.register(key)
                engine.drain(self.store)
            case _:
                self.step_of_the_whole(name)

    def step_of_the_whole(self, name: str) -> None:
        match name:
            case "name":
                made = versions.name(self.store.db, self.project, self.dataset.id, f"v{len(self.versions)}")
                self.versions.append(made)
            case "fork" if len(self.forks) < 2:
                name = f"fork {len(self.forks)}"
                self.forks.append(forks.fork(self.store.db, self.project, f"dataset:{self.dataset.id}", name))
            case "merge" if self.forks:
                seq = versions.settled(self.store.db, self.project)
                self.do(lambda tx: merging.perform(tx, self.forks[-1].id, MergeInto(), seq))
            case "restore":
                self.do(lambda tx: restoring.restore(tx, self.chance.choice(self.versions).id))
            case "archive":
                self.do(lambda tx: datasets.archive(tx, self.other.id))
                self.do(lambda tx: datasets.unarchive(tx, self.other.id))
            case "rename":
                edit = ChangeLabel(id=self.schema.labels[0].id, name=f"car {self.chance.random()}")
                self.do(lambda tx: schema.change(tx, [edit]))
            case "prune":
                self.days += 3
                self.do(lambda tx: set_offset(tx, dt.timedelta(days=self.days)))
                self.step("edit")
                started = self.do(lambda tx: pruning.start(tx, NewPruning(keep_days=1)))
                pruning.run(Work(self.store), self.project, started.id)
            case "count" | "count again":
                for _ in name.split():
                    census.refresh(Work(self.store), self.project, self.dataset.id)
            case _:
                pass

    def drawn(self, file: int) -> list[Any]:
        """What an import brings, of which a part is the same each time."""
        return [self.annotation(file, n) for n in range(self.chance.randrange(4))]

    def annotation(self, file: int, n: int) -> Any:
        chance = self.chance
        ids = {attribute.name: str(attribute.id) for attribute in self.schema.attributes}
        options = [option.id for option in self.schema.attribute_named("colour").options]
        attributes = {
            ids["colour"]: chance.sample(options, chance.randrange(3)),
            ids["speed"]: chance.choice([3, 3.0, 0.1, 1e-7, 2.5]),
            ids["plate"]: chance.choice(["3", "x" * 120, "x" * 130, "null", "true"]),
            ids["occluded"]: chance.choice([True, False]),
        }
        return drawn(
            "box",
            [1, n, 5, 6],
            label=chance.choice(self.schema.labels).id,
            id=import_uuid(file, "t", n),
            attributes=dict(chance.sample(sorted(attributes.items()), chance.randrange(4))),
            source=chance.choice(["import", "model"]),
            confidence=chance.choice([None, 0.3, 1.0]),
            author=chance.choice([None, self.person]),
        )

    def edit(self, tx: Transaction, branch: int, file: int) -> None:
        found = rows.read(tx, branch, file)
        label = self.chance.choice(self.schema.labels).id
        fresh = self.annotation(file, 0)
        changes: list[Create | Update | Delete] = [
            Create(id=new_uuid(), kind="box", label=label, geometry=fresh.geometry, attributes=fresh.attributes),
            *([Delete(id=found[0].id)] if found else []),
            *([Update(id=found[1].id, label=label)] if len(found) > 1 else []),
        ]
        rows.edit(tx, file, changes, branch)

    def check(self) -> int:
        """How many states had a census to be read by; each says what counting says."""
        told = 0
        with self.store.db.transaction(self.project) as tx:
            for version in [None, *self.versions]:
                try:
                    scope = asking.of_dataset(tx, self.dataset.id, version and version.seq)
                except RevisionPruned:
                    continue
                known = census.rows(tx, scope)
                told += known is not None
                counted = facets.count(tx, scope, "key != ''")
                for text in (None, *self.chance.sample(COUNTED, 4)):
                    found = asking.files(tx, scope, asking.read(tx, text, scope))
                    assert counting.count(tx, scope, text) == len(found), text
                    listed = pages.page(tx, scope, text).items
                    assert {entry.file for entry in listed} == set(found), text
                    first = pages.page(tx, scope, text, limit=1)
                    assert [
                        *first.items,
                        *(pages.page(tx, scope, text, first.next).items if first.next else ()),
                    ] == listed
                walked = milestones.find(tx, scope, "key != ''")
                assert milestones.find(tx, scope, None) == walked
                assert _plain(facets.count(tx, scope, None)) == _plain(counted)
            counted = {
                row.label: row for row in figure_tables.labels_of_dataset(tx, self.dataset.branch, self.dataset.id)
            }
            for label in reports.labels(tx, self.dataset.id):
                row = counted.get(label.label)
                assert (label.annotations, label.files) == ((row.annotations, row.files) if row else (0, 0))
        return told


def _plain(found: Facets) -> dict[str, Any]:
    return found.model_dump(exclude={"described"})


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "LARGE", 1)
    monkeypatch.setattr(found_tables, "STEP", 2)
    monkeypatch.setattr(found_tables, "NEAR", 1)


@settings(max_examples=4, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 1 << 30),
    st.lists(st.one_of(st.sampled_from(WORK), st.sampled_from(REST)), min_size=4, max_size=14),
)
def test_a_census_says_what_counting_says(any_size: None, store: Store, seed: int, steps: list[str]) -> None:
    history = History(store, seed)
    for name in ("draw", "draw", "edit", "count"):
        history.step(name)
    assert history.check()
    for n, name in enumerate(steps, 1):
        history.step(name)
        if n % 4 == 0 or n == len(steps):
            history.check()


def test_a_census_is_made_of_a_large_dataset_when_it_is_told_of(any_size: None, store: Store) -> None:
    history = History(store, 1)
    place = census_tables.Place(history.dataset.id, history.dataset.branch)
    engine.drain(store)  # a version was named
    found = history.do(lambda tx: census_tables.find(tx, place, None, 100))
    assert found is not None
    assert found.moved == 0
    history.step("edit")
    assert history.do(lambda tx: census_tables.find(tx, place, None, 100)).moved > 0


def test_a_census_far_behind_is_not_read_but_brought_on(
    any_size: None, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(store, 2)
    engine.drain(store)
    for _ in range(3):
        history.step("edit")
    monkeypatch.setattr(census, "MOST_MOVED", 0)
    scope = history.do(lambda tx: asking.of_dataset(tx, history.dataset.id))
    assert history.do(lambda tx: census.rows(tx, scope)) is None
    engine.drain(store)
    assert history.do(lambda tx: census.rows(tx, scope)) is not None


def test_a_small_dataset_has_no_census(store: Store) -> None:
    history = History(store, 3)
    engine.drain(store)
    scope = history.do(lambda tx: asking.of_dataset(tx, history.dataset.id))
    assert history.do(lambda tx: census.rows(tx, scope)) is None
