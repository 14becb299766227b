"""A schedule names versions, and lets old ones go by its rule; those of people stay."""

import datetime as dt
from collections.abc import Callable

from penstock import datasets
from penstock.actions import replaying
from penstock.actions.model import Replay
from penstock.datasets import live, versions
from penstock.datasets.live_model import LiveSettings
from unit.actions.test_steps import put_files
from unit.actions.world import World


def names(world: World, dataset: int) -> list[str]:
    with world.store.db.transaction(world.project) as tx:
        return [version.name for version in versions.list_(tx, dataset).items]


def test_the_last_versions_of_a_schedule_stay(world: World, move_clock: Callable[[dt.timedelta], None]) -> None:
    gold = world.do(datasets.create, "gold").id
    put_files(world, gold, 3)
    versions.name(world.store.db, world.project, gold, "by hand")
    world.create(
        {"kind": "version", "settings": {"dataset": gold, "name": "night ${run.id}", "keep": {"last": 2}}},
        when={"schedule": "0 6 * * *"},
    )
    for _ in range(4):
        move_clock(dt.timedelta(days=1))
        world.drain()
    runs = world.runs()
    assert [run.state for run in runs] == ["done"] * 4
    assert names(world, gold) == ["by hand", *(f"night {run.id}" for run in runs[-2:])]
    assert (runs[-1].steps[0].output or {})["expired"] == [f"night {runs[1].id}"]
    assert world.kinds("version.") == ["version.named"] * 4 + ["version.expired", "version.named", "version.expired"]


def test_a_version_that_a_live_dataset_follows_stays(world: World) -> None:
    gold = world.do(datasets.create, "gold").id
    action = world.create({"kind": "version", "settings": {"dataset": gold, "keep": {"last": 1}}})
    world.fire(action)
    world.drain()
    with world.store.db.transaction(world.project) as tx:
        [first] = versions.list_(tx, gold).items
        assert first.series == f"action:{action.id}/version"
    wanted = {"sources": [{"dataset": gold, "version": first.id}], "query": 'key != "x"'}
    world.do(live.create, "as then", LiveSettings.model_validate(wanted))
    world.fire(action)
    world.drain()
    assert len(names(world, gold)) == 2


def test_a_replay_names_nothing_twice(world: World) -> None:
    gold = world.do(datasets.create, "gold").id
    run = world.fire(world.create({"kind": "version", "settings": {"dataset": gold}}))
    world.drain()
    first = world.run(run).steps[0].output
    world.do(replaying.replay, run, Replay())
    world.drain()
    assert world.run(run).steps[0].output == first
    assert len(names(world, gold)) == 1
