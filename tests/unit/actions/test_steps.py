"""Steps that work on our own tables: adding files with samples, telling people."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from penstock import datasets, people
from penstock.actions.steps.add import AddSettings, sample
from penstock.datasets.drawing import lot
from penstock.datasets.query import QueryInvalid
from penstock.people import inbox, persons
from unit.actions.world import World

PUT = (
    "insert into file (project, key, hash, media, mime, bytes, state, created_seq)"
    " select %(project)s, 'f' || n, 'h' || n, 'image', 'image/png', 1, 'ready', %(seq)s"
    " from generate_series(1, %(n)s) n returning id"
)


def put_files(world: World, dataset: int, n: int) -> list[int]:
    with world.store.db.transaction(world.project, world.admin) as tx:
        files = tx.values(int, PUT, n=n, seq=tx.seq)
        return datasets.add(tx, dataset, files, {"kind": "person", "person": world.admin})


def held(world: World, dataset: int) -> list[int]:
    with world.store.db.transaction(world.project) as tx:
        return sorted(entry.file for entry in datasets.entries(tx, dataset, limit=1000).items)


def test_what_a_query_finds_is_added(world: World) -> None:
    pool, gold = world.do(datasets.create, "pool").id, world.do(datasets.create, "gold").id
    files = put_files(world, pool, 20)
    settings = {"to": gold, "dataset": pool, "query": "key in (f3, f7, f30)"}
    run = world.fire(world.create({"kind": "add", "settings": settings}))
    world.drain()
    assert world.run(run).state == "done"
    assert held(world, gold) == [files[2], files[6]]
    with pytest.raises(QueryInvalid):
        world.create({"kind": "add", "settings": {**settings, "query": "labels.cra > 1"}})


def test_a_seeded_share_of_a_dataset_as_it_was_then_is_added(world: World) -> None:
    pool, gold = world.do(datasets.create, "pool").id, world.do(datasets.create, "gold").id
    files = put_files(world, pool, 50)
    action = world.create({"kind": "add", "settings": {"to": gold, "dataset": pool, "sample": 0.2, "seed": "a"}})
    run = world.fire(action)
    with world.store.db.transaction(world.project) as tx:
        late = tx.values(int, PUT.replace("'f'", "'g'").replace("'h'", "'i'"), n=50, seq=tx.seq)
        datasets.add(tx, pool, late, {"kind": "person", "person": world.admin})
    world.drain()
    assert world.run(run).steps[0].output == {"dataset": gold, "files": 10, "added": 10}
    assert held(world, gold) == sample(files, 0.2, None, "a")


def test_the_file_of_the_event_is_added_once_with_its_cause(world: World) -> None:
    pool, gold = world.do(datasets.create, "pool").id, world.do(datasets.create, "gold").id
    when = {"event": "dataset.file_added", "where": {"dataset": pool}}
    action = world.create({"kind": "add", "settings": {"to": gold}}, when=when)
    files = put_files(world, pool, 3)
    world.drain()
    assert held(world, gold) == files
    with world.store.db.transaction(world.project) as tx:
        causes = [entry.cause for entry in datasets.entries(tx, gold).items]
    assert [(cause["kind"], cause["action"]) for cause in causes] == [("action", action.id)] * 3


@given(st.lists(st.integers(1, 10_000), unique=True), st.floats(0.01, 1), st.text(max_size=5))
def test_a_larger_sample_holds_the_smaller_one(files: list[int], share: float, seed: str) -> None:
    small, large = sample(files, share / 2, None, seed), sample(files, share, None, seed)
    assert set(small) <= set(large) <= set(files)
    assert sample(files, share, None, seed) == large
    assert sample(files, None, 3, seed) == sample(files, 1, 3, seed)


def test_draws_are_even() -> None:
    assert 1900 < sum(lot("seed", file) < 0.2 for file in range(10_000)) < 2100


def test_two_sources_are_refused() -> None:
    with pytest.raises(ValidationError, match="say either"):
        AddSettings(to=1, dataset=2, file=3)


def subjects(world: World, person: int) -> list[Any]:
    with world.store.db.transaction(world.project) as tx:
        return [message.subject for message in inbox.messages(tx, person).items]


def test_teams_and_members_are_told_once_each(world: World) -> None:
    with world.store.db.transaction(world.project, world.admin) as tx:
        ben, cleo = (persons.create_person(tx, "human", name) for name in ("Ben", "Cleo"))
        for person in (ben, cleo):
            people.add_member(tx, person, "annotator")
        team = people.create_team(tx, "experts", [ben, world.admin])
    settings = {"members": [ben], "teams": [team], "subject": "look at ${run.id}"}
    run = world.fire(world.create({"kind": "notify", "settings": settings}))
    world.drain()
    assert subjects(world, ben) == subjects(world, world.admin) == [f"look at {run}"]
    assert subjects(world, cleo) == []
