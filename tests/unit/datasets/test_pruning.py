"""Pruning takes away what nothing shows, and nothing else."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock import datasets, files, people, schema
from penstock.annotations import branches, rows
from penstock.annotations import tables as annotation_tables
from penstock.annotations.model import drawn
from penstock.core.ids import FileId, import_uuid, new_uuid
from penstock.datasets import Dataset, asking, forks, merging, pruning, pruning_tables, states, tables, versions
from penstock.datasets.model import MergeInto
from penstock.datasets.pruning_model import Hold, NewPruning, RevisionPruned
from penstock.files import NewFile, Probe
from penstock.jobs import Work
from penstock.schema import WantedSchema
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}
DAYS = 30


class History:
    """A project in which things happen by chance."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self.store, self.chance = store, chance
        self.project = store.db.perform(lambda tx: people.create_project(tx, str(new_uuid())), 0)
        self.versions: list[versions.Version] = []
        self.drafts: list[tuple[int, int]] = []
        wanted = WantedSchema.model_validate({"labels": {"car": {}}})
        self.label: int = self.do(lambda tx: schema.extend(tx, wanted).label_named("car").id)
        probe = Probe(media="image", mime="image/png", width=64, height=48)
        news = [NewFile(key=f"{n}.png", hash=f"{n:064x}", bytes=9, probe=probe) for n in range(4)]
        self.files: list[FileId] = [found.file for found in self.do(lambda tx: files.register_many(tx, news))]
        self.datasets: list[Dataset] = [self.do(lambda tx: datasets.create(tx, "gold"))]
        self.do(lambda tx: datasets.add(tx, self.datasets[0].id, self.files, PERSON))

    def do(self, verb: Callable[[Transaction], Any]) -> Any:
        return self.store.db.perform(verb, self.project)

    def step(self) -> None:
        chance, file, dataset = self.chance, self.chance.choice(self.files), self.chance.choice(self.datasets)
        match chance.choice(
            ["draw", "draw", "draw", "leave", "leave", "enter", "describe", "name", "fork", "draft", "merge"]
        ):
            case "draw":
                self.do(lambda tx: rows.import_file(tx, dataset.branch, file, self.boxes(file)))
            case "leave":
                self.do(lambda tx: datasets.remove(tx, dataset.id, [file], PERSON))
            case "enter":
                self.do(lambda tx: datasets.add(tx, dataset.id, [file], PERSON))
            case "describe":
                self.do(lambda tx: files.describe(tx, file, {"n": chance.random()}))
            case "name":
                name = f"v{len(self.versions)}"
                self.versions.append(versions.name(self.store.db, self.project, dataset.id, name))
            case "fork" if len(self.datasets) < 4:
                name = f"fork {len(self.datasets)}"
                self.datasets.append(forks.fork(self.store.db, self.project, f"dataset:{dataset.id}", name))
            case "draft":
                self.do(lambda tx: self.draft(tx, dataset.branch, file))
            case "merge" if dataset.forked_from is not None:
                seq = versions.settled(self.store.db, self.project)
                self.do(lambda tx: merging.perform(tx, dataset.id, MergeInto(), seq))
            case _:
                pass

    def boxes(self, file: int) -> list[Any]:
        chance = self.chance
        return [
            drawn(
                "box", [chance.randrange(40), n, 5, 6], label=self.label, id=import_uuid(file, "t", n), source="import"
            )
            for n in range(3)
            if chance.random() < 0.7
        ]

    def draft(self, tx: Transaction, branch: int, file: int) -> None:
        parent = branches.get(tx, branch)
        if parent.parent is not None:
            return
        draft = branches.open_draft(tx, branch)
        tables.lock_files(tx, [file])
        branches.fix_base(tx, draft, file)
        annotation_tables.upsert_draft(tx, draft, file, {import_uuid(file, "t", 0): None})
        self.drafts.append((draft, file))

    def shown(self) -> list[Any]:
        """Everything that anything pins, and everything at the head."""
        with self.store.db.transaction(self.project) as tx:
            pinned = [(v.dataset, v.branch, v.seq) for v in self.versions]
            pinned += [(d.id, d.branch, tables.HEAD) for d in self.datasets]
            return [*(self._at(tx, *one) for one in pinned), *(rows.read(tx, *one) for one in self.drafts)]

    def _at(self, tx: Transaction, dataset: int, branch: int, seq: int) -> Any:
        held = [(e.file, e.cause) for e in datasets.entries(tx, dataset, as_of=seq, limit=100).items]
        found = [file for file, _ in held]
        return held, tables.file_states(tx, found, seq), list(rows.stream(tx, branch, seq, found))

    def prune(self) -> Any:
        started = self.do(lambda tx: pruning.start(tx, NewPruning(keep_days=DAYS)))
        for _ in range(2):  # a job may run again
            pruning.run(Work(self.store), self.project, started.id)
        return self.do(lambda tx: pruning.get(tx, started.id))


@pytest.fixture
def move(move_clock: Callable[[dt.timedelta], None]) -> Callable[[int], None]:
    return lambda days: move_clock(dt.timedelta(days=days))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_whatever_is_pinned_is_the_same_afterwards(store: Store, move: Callable[[int], None], seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "_AT_ONCE", 3)
        prune_by_chance(store, move, seed)


def prune_by_chance(store: Store, move: Callable[[int], None], seed: int) -> None:
    history = History(store, random.Random(seed))
    for _ in range(40):
        history.step()
    move(DAYS * 2)
    for _ in range(5):
        history.step()
    before = history.shown()
    would = history.do(lambda tx: pruning.preview(tx, DAYS))
    done = history.prune()
    assert (done.annotations, done.entries, done.metadata) == (would.annotations, would.entries, would.metadata)
    assert history.shown() == before
    left = history.do(lambda tx: pruning.preview(tx, DAYS))
    assert (left.annotations, left.entries, left.metadata) == (0, 0, 0)


def test_what_nothing_shows_goes_and_its_revisions_are_refused(
    store: Store, move: Callable[[int], None], wrote: Any
) -> None:
    history = History(store, random.Random(1))
    [gold], file = history.datasets, history.files[0]

    def draw(x: int) -> int:
        box = drawn("box", [x, 1, 5, 6], label=history.label, id=import_uuid(file, "t", 0), source="import")
        history.do(lambda tx: rows.import_file(tx, gold.branch, file, [box]))
        history.do(lambda tx: files.describe(tx, file, {"x": x}))
        return versions.settled(store.db, history.project)

    draw(1)
    version = versions.name(store.db, history.project, gold.id, "v1")
    draw(2)
    gone = draw(3)
    draw(4)
    history.do(lambda tx: datasets.remove(tx, gold.id, [history.files[3]], PERSON))
    move(DAYS * 2)
    late = draw(5)
    draw(6)
    with wrote(history.project) as written:
        done = history.prune()
    assert written.kinds == ["history.pruning_started", "history.pruned"]
    assert (done.annotations, done.entries, done.metadata, done.state) == (2, 0, 2, "done")
    assert gone < done.cut < late
    with store.db.transaction(history.project) as tx:
        for refused in (
            lambda: states.read(tx, f"dataset:{gold.id}@{gone}"),
            lambda: asking.of_dataset(tx, gold.id, gone),
            lambda: versions.pin(tx, gold.id, "v2", "", gone),
            lambda: branches.check_revision(tx, gold.branch, gone),
        ):
            with pytest.raises(RevisionPruned, match="pruned"):
                refused()
        assert states.read(tx, f"version:{version.id}").seq == version.seq
        assert versions.pin(tx, gold.id, "v1 again", "", version.seq).seq == version.seq
        assert states.read(tx, f"dataset:{gold.id}@{late}").seq == late
        for whole in (version.seq, late):
            branches.check_revision(tx, gold.branch, whole)


def test_what_a_draft_began_on_stays(store: Store, move: Callable[[int], None]) -> None:
    history = History(store, random.Random(4))
    [gold], file = history.datasets, history.files[0]
    for x in (1, 2, 3, 4):
        box = drawn("box", [x, 1, 5, 6], label=history.label, id=import_uuid(file, "t", 1), source="import")
        history.do(lambda tx, box=box: rows.import_file(tx, gold.branch, file, [box]))
        if x == 2:
            history.do(lambda tx: history.draft(tx, gold.branch, file))
    move(DAYS * 2)
    history.do(lambda tx: datasets.remove(tx, gold.id, [file], PERSON))
    before = history.shown()
    assert before[-1][0].shape == [2, 1, 5, 6]
    assert history.prune().annotations == 2
    assert history.shown() == before


def test_what_is_unfinished_elsewhere_stays(
    store: Store, move: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(store, random.Random(2))
    [gold], file = history.datasets, history.files[0]
    for x in (1, 2):
        history.do(lambda tx, x=x: files.describe(tx, file, {"x": x}))
        history.do(lambda tx: rows.import_file(tx, gold.branch, file, history.boxes(file)))
    held = versions.settled(store.db, history.project)
    for _ in range(3):
        history.do(lambda tx: rows.import_file(tx, gold.branch, file, history.boxes(file)))
    move(DAYS * 2)
    with store.db.transaction(history.project) as tx:
        before = history._at(tx, gold.id, gold.branch, held)
    monkeypatch.setattr(pruning, "holding", [lambda _: [Hold(held)]])
    assert history.prune().annotations > 0
    with store.db.transaction(history.project) as tx:
        assert history._at(tx, gold.id, gold.branch, held) == before


def test_one_at_a_time_which_goes_on_when_it_is_asked_for_again(store: Store, drain: Callable[[], None]) -> None:
    history = History(store, random.Random(3))
    one, again = (history.do(lambda tx: pruning.start(tx, NewPruning())) for _ in range(2))
    assert one == again
    drain()
    assert history.do(lambda tx: pruning.get(tx, one.id)).state == "done"
    assert history.do(lambda tx: pruning.start(tx, NewPruning())).id != one.id


def test_admins_prune_over_http(api: Any, drain: Callable[[], None], wrote: Any) -> None:
    path, admin = api.path("/prunings"), api.client("admin")
    assert api.client("viewer").get(f"{path}/preview").json()["annotations"] == 0
    assert api.client("editor").post(path, json={}).status_code == 403
    with wrote(api.project) as written:
        made = admin.post(path, json={"keep_days": 7})
    assert (made.status_code, made.json()["state"], written.kinds) == (201, "running", ["history.pruning_started"])
    drain()
    assert admin.get(f"{path}/{made.json()['id']}").json()["state"] == "done"
    assert [one["keep_days"] for one in admin.get(path).json()["items"]] == [7]
    assert admin.post(path, json={"keep_days": 0}).status_code == 422


def test_a_files_annotations_of_a_pruned_revision_are_refused(api: Any, store: Store) -> None:
    with store.db.transaction(api.project) as tx:
        file = files.register(tx, NewFile(key="a.png", hash="0" * 64, bytes=9)).file
    with store.db.transaction(api.project) as tx:
        pruning_tables.insert(tx, cut=1_000_000, keep_days=DAYS)
    viewer = api.client("viewer")
    for path in (api.path(f"/files/{file}/annotations"), api.path("/annotations")):
        old = viewer.get(path, params={"file": file, "as_of": 5})
        assert (old.status_code, old.json()["type"]) == (422, "revision-pruned")
        assert viewer.get(path, params={"file": file}).status_code == 200
