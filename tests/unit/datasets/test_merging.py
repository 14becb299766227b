"""Merging a fork: all of it or nothing, once, with a word for each conflict; and restoring a version."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from penstock import datasets, files, schema
from penstock.annotations import rows
from penstock.annotations.model import Annotation, Create, Delete, Update
from penstock.core.ids import new_uuid
from penstock.datasets import Dataset, diff, forks, merging, restoring, states, versions
from penstock.datasets.model import Merge, MergeInto, NotAFork, NothingInCommon, Rule, Tally
from penstock.files import NewFile
from penstock.schema import WantedSchema
from penstock.store import Store

PERSON = {"kind": "person", "person": 1}
MakeFiles = Callable[..., list[int]]


class Lab:
    """A dataset with files, and ways to write on its branches."""

    def __init__(self, store: Store, project: int, dataset: Dataset, held: list[int], label: int) -> None:
        self.store, self.project, self.dataset, self.files, self.label = store, project, dataset, held, label

    def do(self, verb: Callable[..., Any]) -> Any:
        return self.store.db.perform(verb, self.project)

    def fork(self, name: str, source: Dataset | None = None) -> Dataset:
        return forks.fork(self.store.db, self.project, f"dataset:{(source or self.dataset).id}", name)

    def merge(self, fork: Dataset, rule: Rule = "ours", **asked: Any) -> Merge:
        seq = versions.settled(self.store.db, self.project)
        return self.do(lambda tx: merging.perform(tx, fork.id, MergeInto(rule=rule, **asked), seq))

    def box(self, dataset: Dataset, file: int, x: int = 1, id: UUID | None = None) -> UUID:
        geometry = msgspec.Raw(f"[{x},1,2,3]".encode())
        change = Update(id=id, geometry=geometry) if id else None
        made = change or Create(id=new_uuid(), kind="box", label=self.label, geometry=geometry)
        self.do(lambda tx: rows.edit(tx, file, [made], dataset.branch))
        return made.id

    def delete(self, dataset: Dataset, file: int, id: UUID) -> None:
        self.do(lambda tx: rows.edit(tx, file, [Delete(id=id)], dataset.branch))

    def shown(self, dataset: Dataset, file: int) -> dict[UUID, Annotation]:
        with self.store.db.transaction(self.project) as tx:
            return {a.id: a for a in rows.read(tx, dataset.branch, file)}

    def xs(self, dataset: Dataset, file: int) -> list[float]:
        return sorted(a.bounds[0] for a in self.shown(dataset, file).values())

    def keys(self, dataset: Dataset) -> list[str]:
        with self.store.db.transaction(self.project) as tx:
            return [e.key for e in datasets.entries(tx, dataset.id, limit=1000).items]

    def differs(self, a: Dataset, b: Dataset) -> tuple[Tally, Tally]:
        versions.settled(self.store.db, self.project)
        with self.store.db.transaction(self.project) as tx:
            found = diff.count(tx, states.at(tx, a), states.at(tx, b))
        return found.annotations, found.files

    def facets(self) -> list[tuple[Any, ...]]:
        with self.store.db.transaction(self.project) as tx:
            return tx.rows(
                "select file, label, n from file_label where n <> 0 and project = %(project)s and branch = %(branch)s"
                " order by file, label",
                branch=self.dataset.branch,
            )

    def counted(self) -> list[tuple[Any, ...]]:
        with self.store.db.transaction(self.project) as tx:
            return tx.rows(
                "select file, label, count(*)::int from annotation where project = %(project)s and branch = %(branch)s"
                " and retired_seq is null group by file, label order by file, label",
                branch=self.dataset.branch,
            )


@pytest.fixture
def lab(store: Store, project: int, dataset: Dataset, make_files: MakeFiles) -> Lab:
    """Four files, three of them in the dataset."""
    wanted = WantedSchema.model_validate({"labels": {"car": {}}})
    label = store.db.perform(lambda tx: schema.extend(tx, wanted).label_named("car").id, project)
    made = make_files("a.png", "b.png", "c.png", "d.png")
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, made[:3], PERSON), project)
    return Lab(store, project, dataset, made, label)


def test_what_a_fork_changed_comes_back_at_once_and_once(lab: Lab, wrote: Any) -> None:
    a, b, c, d = lab.files
    moved, gone, untouched = lab.box(lab.dataset, a), lab.box(lab.dataset, a, 2), lab.box(lab.dataset, b)
    fork = lab.fork("mine")
    lab.box(fork, a, 9, moved)
    lab.delete(fork, a, gone)
    new = lab.box(fork, d, 5)
    lab.do(lambda tx: datasets.add(tx, fork.id, [d], PERSON))
    lab.do(lambda tx: datasets.remove(tx, fork.id, [c], PERSON))
    theirs = lab.box(lab.dataset, b, 7)
    with lab.store.db.transaction(lab.project) as tx:
        preview = merging.preview(tx, fork.id, MergeInto())
    assert preview.annotations == Tally(added=1, removed=1, changed=1)
    assert (preview.files, preview.conflicts) == (Tally(added=1, removed=1), 0)
    with wrote(lab.project) as written:
        first = lab.merge(fork)
        again = lab.merge(fork)
    assert written.kinds == ["dataset.file_added", "dataset.file_removed", "dataset.merged"]
    assert again == first.model_copy(update={"again": True})
    assert lab.keys(lab.dataset) == ["a.png", "b.png", "d.png"]
    assert lab.xs(lab.dataset, a) == [9]
    assert set(lab.shown(lab.dataset, d)) == {new}
    assert set(lab.shown(lab.dataset, b)) == {untouched, theirs}
    assert lab.facets() == lab.counted()

    lab.box(fork, a, 3, moved)
    lab.box(lab.dataset, b, 8, theirs)
    assert lab.merge(fork).annotations == Tally(changed=1)
    assert (lab.xs(lab.dataset, a), lab.xs(lab.dataset, b)) == ([3], [1, 8])


def test_a_merge_is_told_from_work_in_a_diff(lab: Lab) -> None:
    before = versions.name(lab.store.db, lab.project, lab.dataset.id, "v1")
    fork = lab.fork("mine")
    lab.box(fork, lab.files[0])
    lab.merge(fork)
    versions.settled(lab.store.db, lab.project)
    with lab.store.db.transaction(lab.project) as tx:
        found = diff.count(tx, states.of_version(tx, before), states.at(tx, lab.dataset))
    assert found.by == {"merge": Tally(added=1)}


@pytest.mark.parametrize(("rule", "xs"), [("ours", [5]), ("theirs", [7]), ("newest", [7]), ("both", [5, 7])])
def test_a_conflict_is_settled_by_rule_and_told(lab: Lab, rule: Rule, xs: list[float], wrote: Any) -> None:
    a = lab.files[0]
    box = lab.box(lab.dataset, a)
    fork, sent = lab.fork("mine"), lab.do(lambda tx: datasets.create(tx, "conflicts"))
    lab.box(fork, a, 5, box)
    lab.box(lab.dataset, a, 7, box)
    with lab.store.db.transaction(lab.project) as tx:
        preview = merging.preview(tx, fork.id, MergeInto(rule=rule))
        (conflict,) = merging.preview_conflicts(tx, fork.id, MergeInto(), 10)
    assert (preview.conflicts, preview.conflict_fields) == (1, {"geometry": 1})
    assert conflict.theirs is not None
    assert conflict.ours is not None
    assert (conflict.theirs.bounds[0], conflict.ours.bounds[0]) == (7, 5)
    with wrote(lab.project) as written:
        done = lab.merge(fork, rule, conflicts_to=sent.id)
        assert lab.merge(fork, rule, conflicts_to=sent.id) == done.model_copy(update={"again": True})
    assert written.kinds == ["dataset.file_added", "dataset.merged"]
    assert lab.xs(lab.dataset, a) == xs
    assert lab.keys(sent) == ["a.png"]
    with lab.store.db.transaction(lab.project) as tx:
        (kept,) = merging.conflicts(tx, done.id).items
    assert (kept["fields"], kept["theirs"]["geometry"][0], kept["ours"]["geometry"][0]) == (["geometry"], 7, 5)
    lab.box(fork, a, 6, box)
    lab.merge(fork, rule)
    assert len(lab.xs(lab.dataset, a)) == (3 if rule == "both" else 1)
    assert lab.facets() == lab.counted()


def test_changes_beat_deletions_unless_the_rule_says_whose(lab: Lab) -> None:
    a, b = lab.files[:2]
    one, two = lab.box(lab.dataset, a), lab.box(lab.dataset, b)
    first, second = lab.fork("first"), lab.fork("second")
    for fork in (first, second):
        lab.delete(fork, a, one)
        lab.box(fork, b, 5, two)
    lab.box(lab.dataset, a, 7, one)
    lab.delete(lab.dataset, b, two)
    lab.merge(first, "both")
    assert (lab.xs(lab.dataset, a), lab.xs(lab.dataset, b)) == ([7], [5])
    lab.merge(second, "ours")
    assert (lab.xs(lab.dataset, a), lab.xs(lab.dataset, b)) == ([], [5])


def test_a_fork_is_merged_into_another_fork(lab: Lab) -> None:
    a, _, c, d = lab.files
    box = lab.box(lab.dataset, a)
    first = lab.fork("first")
    late = lab.box(lab.dataset, a, 4)
    second = lab.fork("second")
    lab.box(second, a, 9, box)
    lab.do(lambda tx: datasets.add(tx, second.id, [d], PERSON))
    lab.do(lambda tx: datasets.remove(tx, second.id, [c], PERSON))
    done = lab.merge(second, into=first.id)
    assert (done.target, done.annotations) == (first.id, Tally(added=1, changed=1))
    assert set(lab.shown(first, a)) == {box, late}
    assert lab.differs(first, second) == (Tally(), Tally())
    lab.delete(second, a, box)
    lab.merge(second, into=first.id)
    assert lab.differs(first, second) == (Tally(), Tally())
    assert lab.xs(lab.dataset, a) == [1, 4]


def test_what_can_not_be_merged_is_refused(lab: Lab, wrote: Any) -> None:
    fork = lab.fork("mine")
    lab.box(fork, lab.files[0])
    with lab.store.db.transaction(lab.project) as tx:
        predictions = rows.branches.predictions(tx, "model")
    guessed = lab.do(lambda tx: datasets.create(tx, "guessed", predictions))
    with wrote(lab.project) as written:
        with pytest.raises(NotAFork):
            lab.merge(lab.dataset)
        with pytest.raises(NothingInCommon):
            lab.merge(fork, into=guessed.id)
        with pytest.raises(datasets.model.BranchesDiffer):
            lab.merge(fork, conflicts_to=guessed.id)
    assert written.kinds == []
    assert lab.shown(lab.dataset, lab.files[0]) == {}


@pytest.mark.parametrize("seed", range(3))
def test_a_fork_merged_into_what_stood_still_leaves_no_difference(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        lab.box(lab.dataset, chance.choice(lab.files), chance.randrange(9))
    versions.name(lab.store.db, lab.project, lab.dataset.id, "before")
    fork = lab.fork("mine")
    for turn in range(2):
        for _ in range(8):
            scribble(lab, fork, chance)
        lab.merge(fork)
        assert lab.differs(lab.dataset, fork) == (Tally(), Tally()), turn
    assert lab.facets() == lab.counted()


def scribble(lab: Lab, dataset: Dataset, chance: random.Random) -> None:
    with lab.store.db.transaction(lab.project) as tx:
        held = [e.file for e in datasets.entries(tx, dataset.id).items]
    file = chance.choice(lab.files)
    there = list(lab.shown(dataset, file)) if file in held else []
    what = chance.randrange(5)
    if what == 0:
        lab.do(lambda tx: datasets.add(tx, dataset.id, [file], PERSON))
    elif what == 1:
        lab.do(lambda tx: datasets.remove(tx, dataset.id, [file], PERSON))
    elif what == 2 and there:
        lab.delete(dataset, file, chance.choice(there))
    elif held:
        file = chance.choice(held)
        there = list(lab.shown(dataset, file))
        lab.box(dataset, file, chance.randrange(9), chance.choice([*there, None]))


@pytest.mark.parametrize("seed", range(3))
def test_a_restored_version_is_the_present_again_and_history_stays(lab: Lab, seed: int, wrote: Any) -> None:
    chance = random.Random(seed)
    for _ in range(8):
        scribble(lab, lab.dataset, chance)
    lab.do(lambda tx: files.describe(tx, lab.files[0], {"n": 1}))
    lab.do(lambda tx: datasets.add(tx, lab.dataset.id, lab.files[:1], PERSON))
    before = versions.name(lab.store.db, lab.project, lab.dataset.id, "v1")
    for _ in range(8):
        scribble(lab, lab.dataset, chance)
    lab.do(lambda tx: files.describe(tx, lab.files[0], {"n": 2}))
    after = versions.name(lab.store.db, lab.project, lab.dataset.id, "v2")
    with wrote(lab.project) as written:
        lab.do(lambda tx: restoring.restore(tx, before.id))
        done = lab.do(lambda tx: restoring.restore(tx, before.id))
    assert written.kinds.count("dataset.restored") == 1
    assert (done.annotations, done.files) == (Tally(), Tally())
    versions.settled(lab.store.db, lab.project)
    with lab.store.db.transaction(lab.project) as tx:
        now, then = states.at(tx, lab.dataset), states.of_version(tx, before)
        assert (diff.count(tx, then, now).annotations, diff.entries(tx, then, now)) == (Tally(), [])
        told = diff.count(tx, states.of_version(tx, after), now)
    assert set(told.by) <= {"restore", "left", "person", "merge"}
    assert lab.facets() == lab.counted()
    lab.do(lambda tx: restoring.restore(tx, after.id))
    versions.settled(lab.store.db, lab.project)
    with lab.store.db.transaction(lab.project) as tx:
        assert diff.changed_files(tx, states.of_version(tx, after), states.at(tx, lab.dataset)) == []


def test_files_that_were_replaced_stay_out_of_what_is_restored(lab: Lab, drain: Callable[[], None]) -> None:
    before = versions.name(lab.store.db, lab.project, lab.dataset.id, "v1")
    lab.do(lambda tx: files.register_many(tx, [NewFile(key="a.png", hash="0" * 64, bytes=3)]))
    drain()
    done = lab.do(lambda tx: restoring.restore(tx, before.id))
    assert done.replaced == lab.files[:1]
    assert lab.keys(lab.dataset) == ["b.png", "c.png"]
