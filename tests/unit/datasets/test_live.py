"""Live datasets: they hold what their query finds, whatever happens, and in whatever order it is told."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from penstock import datasets, files, schema
from penstock.annotations import branches, rows
from penstock.annotations.model import Create, drawn
from penstock.core.ids import DatasetId, FileId, VersionId
from penstock.datasets import Dataset, live, versions
from penstock.datasets.live_model import FollowsItself, LiveSettings, NotLive, Source, SourceMismatch
from penstock.datasets.model import BranchesDiffer, LiveDataset
from penstock.datasets.query import QueryInvalid
from penstock.schema import WantedSchema
from penstock.schema.wanted import WantedLabel
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}


class World:
    """A dataset with files, and ways to do things with it."""

    def __init__(self, store: Store, project: int, source: Dataset, ids: list[int], drain: Callable[[], None]) -> None:
        self.store, self.project, self.source, self.ids, self.drain = store, project, source, ids, drain

    def do(self, verb: Callable[[Transaction], Any]) -> Any:
        return self.store.db.perform(verb, self.project)

    def live(self, query: str, *sources: Source, name: str = "live", **more: Any) -> int:
        wanted = LiveSettings(query=query, sources=sources or (Source(dataset=self.source.id),), **more)
        made = self.do(lambda tx: live.create(tx, name, wanted))
        self.drain()
        return made.id

    def holds(self, dataset: int) -> list[int]:
        """Which of the files are in, the first being 0."""
        self.drain()
        found = self.do(lambda tx: datasets.entries(tx, dataset, limit=1000)).items
        return [self.ids.index(entry.file) for entry in found]

    def draw(self, n: int, label: str) -> None:
        def verb(tx: Transaction) -> None:
            made = drawn("box", [0, 0, 9, 9], label=schema.current(tx).label_named(label).id)
            rows.edit(tx, self.ids[n], [Create(id=made.id, kind="box", label=made.label, geometry=made.geometry)])

        self.do(verb)


@pytest.fixture
def world(
    store: Store, project: int, dataset: Dataset, make_files: Callable[..., list[int]], drain: Callable[[], None]
) -> World:
    ids = make_files(*(f"{n}.png" for n in range(5)))
    made = World(store, project, dataset, ids, drain)
    made.do(lambda tx: schema.extend(tx, WantedSchema.model_validate({"labels": {"car": {}, "bus": {}}})))
    made.do(lambda tx: datasets.add(tx, dataset.id, ids[:4], PERSON))
    made.draw(1, "car")
    return made


def test_it_holds_what_its_query_finds(world: World, wrote: Any) -> None:
    cars = world.live("labels.car >= 1")
    assert world.holds(cars) == [1]
    world.draw(0, "car")
    world.draw(2, "bus")
    assert world.holds(cars) == [0, 1]
    world.do(lambda tx: datasets.add(tx, world.source.id, world.ids[4:], PERSON))
    world.draw(4, "car")
    assert world.holds(cars) == [0, 1, 4]
    with wrote(world.project) as written:
        world.do(lambda tx: datasets.remove(tx, world.source.id, world.ids[1:2], PERSON))
        assert world.holds(cars) == [0, 4]
    assert written.kinds == ["dataset.file_removed", "dataset.file_removed"]
    entry = world.do(lambda tx: datasets.entries(tx, cars)).items[0]
    assert entry.cause["kind"] == "query"


def test_nobody_adds_to_it_by_hand_and_it_can_be_versioned(world: World) -> None:
    cars = world.live("labels.car >= 1")
    with pytest.raises(LiveDataset):
        world.do(lambda tx: datasets.add(tx, cars, world.ids[:1], PERSON))
    v1 = versions.name(world.store.db, world.project, cars, "v1")
    world.draw(0, "car")
    world.drain()
    assert world.do(lambda tx: versions.count(tx, v1.id)) == 1
    assert world.do(lambda tx: datasets.get(tx, cars)).query == "labels.car >= 1"


def test_sources_are_joined_met_and_taken_away(world: World) -> None:
    other = world.do(lambda tx: datasets.create(tx, "other"))
    world.do(lambda tx: datasets.add(tx, other.id, world.ids[2:], PERSON))
    v1 = versions.name(world.store.db, world.project, world.source.id, "v1")
    both = (Source(dataset=world.source.id), Source(dataset=other.id))
    found = {
        combine: world.live("", *both, name=combine, combine=combine)
        for combine in ("union", "intersection", "difference")
    }
    pinned = world.live("", Source(dataset=world.source.id, version=VersionId(v1.id)), name="pinned")
    assert [world.holds(id) for id in found.values()] == [[0, 1, 2, 3, 4], [2, 3], [0, 1]]
    world.do(lambda tx: datasets.remove(tx, world.source.id, world.ids[:1], PERSON))
    world.do(lambda tx: datasets.add(tx, other.id, world.ids[1:2], PERSON))
    assert [world.holds(id) for id in found.values()] == [[1, 2, 3, 4], [1, 2, 3], []]
    assert world.holds(pinned) == [0, 1, 2, 3]


def test_one_may_follow_another_but_not_itself(world: World) -> None:
    cars = world.live("labels.car >= 1")
    more = world.live("labels.bus >= 1", Source(dataset=DatasetId(cars)), name="more")
    world.draw(1, "bus")
    assert world.holds(more) == [1]
    circle = LiveSettings(query='not in "more"', sources=(Source(dataset=world.source.id),))
    with pytest.raises(FollowsItself):
        world.do(lambda tx: live.change(tx, cars, circle))


def test_now_moves_on_ticks(world: World, move_clock: Callable[[dt.timedelta], None]) -> None:
    fresh = world.live("added > now - 1h", tick_seconds=600)
    assert world.holds(fresh) == [0, 1, 2, 3]
    move_clock(dt.timedelta(minutes=59))
    world.do(lambda tx: datasets.add(tx, world.source.id, world.ids[4:], PERSON))
    assert world.holds(fresh) == [0, 1, 2, 3, 4]
    move_clock(dt.timedelta(minutes=11))
    assert world.holds(fresh) == [4]
    move_clock(dt.timedelta(hours=2))
    assert world.holds(fresh) == []


def test_changing_the_query_moves_files(world: World) -> None:
    cars = world.live("labels.car >= 1")
    without = LiveSettings(query="labels.car = 0", sources=(Source(dataset=world.source.id),))
    before = world.do(lambda tx: live.change(tx, cars, without))
    assert world.holds(cars) == [0, 2, 3]
    assert world.do(lambda tx: live.change(tx, cars, without)) == before


def test_it_stands_still_when_a_name_goes_away(world: World) -> None:
    beside = world.do(lambda tx: datasets.create(tx, "beside"))
    cars = world.live('labels.car >= 1 and not in "beside"')
    world.do(lambda tx: tx.run("update dataset set name = 'away' where id = %(id)s", id=beside.id))
    world.draw(0, "car")
    assert world.holds(cars) == [1]
    assert "no dataset 'beside'" in (world.do(lambda tx: live.get(tx, cars)).problem or "")
    fixed = LiveSettings(query='labels.car >= 1 and not in "away"', sources=(Source(dataset=world.source.id),))
    world.do(lambda tx: live.change(tx, cars, fixed))
    world.draw(3, "car")
    assert world.holds(cars) == [0, 1, 3]
    assert world.do(lambda tx: live.get(tx, cars)).problem is None


def test_it_goes_along_when_a_dataset_is_renamed(world: World) -> None:
    beside = world.do(lambda tx: datasets.create(tx, "beside"))
    cars = world.live('labels.car >= 1 and not in "beside"')
    world.do(lambda tx: datasets.rename(tx, beside.id, "away"))
    world.draw(0, "car")
    assert world.holds(cars) == [0, 1]


def test_it_goes_along_when_a_label_is_renamed(world: World) -> None:
    cars = world.live("labels.car >= 1")
    renamed = WantedSchema(labels={"auto": WantedLabel(was="car")})
    world.do(lambda tx: schema.extend(tx, renamed))
    world.draw(3, "auto")
    assert world.holds(cars) == [1, 3]
    assert world.do(lambda tx: live.get(tx, cars)).query == "labels.auto >= 1"


def test_what_can_not_be_followed_is_refused(world: World) -> None:
    fork = world.do(lambda tx: datasets.create(tx, "else", branches.predictions(tx, "model")))
    v1 = versions.name(world.store.db, world.project, fork.id, "v1")
    source = Source(dataset=world.source.id)

    def refused(why: type[Exception], query: str, sources: Sequence[Source]) -> None:
        with pytest.raises(why):
            world.do(lambda tx: live.create(tx, "x", LiveSettings(query=query, sources=tuple(sources))))

    refused(QueryInvalid, "labels.tram > 1", [source])
    refused(BranchesDiffer, "", [source, Source(dataset=fork.id)])
    refused(SourceMismatch, "", [Source(dataset=world.source.id, version=VersionId(v1.id))])
    with pytest.raises(NotLive):
        world.do(lambda tx: live.get(tx, world.source.id))


def test_a_replaced_file_is_followed(world: World, make_files: Callable[..., list[int]]) -> None:
    all_ = world.live("")
    (new,) = make_files("0.png", content="other")
    world.ids[0] = new
    assert world.holds(all_) == [0, 1, 2, 3]


def test_metadata_matter(world: World) -> None:
    north = world.live("meta.site = north")
    world.do(lambda tx: files.describe(tx, FileId(world.ids[3]), {"site": "north"}))
    assert world.holds(north) == [3]
