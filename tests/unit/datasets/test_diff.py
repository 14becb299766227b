"""What differs between two states: nothing of a state and itself, and enough to get from one to the other."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from penstock import datasets, files, schema
from penstock.annotations import predictions, rows
from penstock.annotations.model import Create, Delete, Update, drawn
from penstock.core.ids import import_uuid, new_uuid
from penstock.datasets import Dataset, delta, diff, forks, states, versions
from penstock.schema import WantedSchema
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}
MakeFiles = Callable[..., list[int]]


@pytest.fixture
def label(store: Store, project: int) -> int:
    wanted = WantedSchema.model_validate({"labels": {"car": {}}})
    return store.db.perform(lambda tx: schema.extend(tx, wanted).label_named("car").id, project)


class Lab:
    """Writes at random on a dataset and its forks, and looks at states the slow way."""

    def __init__(self, store: Store, project: int, dataset: Dataset, files: list[int], label: int) -> None:
        self.store, self.project, self.dataset, self.files, self.label = store, project, dataset, files, label

    def do(self, verb: Callable[[Transaction], Any]) -> Any:
        return self.store.db.perform(verb, self.project)

    def state(self, written: str) -> states.State:
        with self.store.db.transaction(self.project) as tx:
            return states.read(tx, written)

    def now(self, dataset: Dataset) -> states.State:
        versions.settled(self.store.db, self.project)
        return self.state(f"dataset:{dataset.id}")

    def content(self, state: states.State) -> delta.Copy:
        """The state, file by file."""
        with self.store.db.transaction(self.project) as tx:
            held = datasets.entries(tx, state.dataset.id, as_of=state.seq, limit=1000).items
            return {
                e.key: {
                    str(a.id): msgspec.json.decode(msgspec.json.encode(a))
                    for a in rows.read(tx, state.dataset.branch, e.file, state.seq)
                }
                for e in held
            }

    def lines(self, a: states.State, b: states.State) -> list[bytes]:
        return b"".join(delta.lines(self.store.db, self.project, a, b)).splitlines()

    def count(self, a: states.State, b: states.State) -> diff.Diff:
        with self.store.db.transaction(self.project) as tx:
            return diff.count(tx, a, b)

    def scribble(self, dataset: Dataset, chance: random.Random) -> None:
        """One change of any sort."""
        file = chance.choice(self.files)
        with self.store.db.transaction(self.project) as tx:
            there = rows.read(tx, dataset.branch, file)
        what = chance.randrange(7)
        if what == 0:
            return self.do(lambda tx: datasets.add(tx, dataset.id, [file], PERSON))
        if what == 1:
            return self.do(lambda tx: datasets.remove(tx, dataset.id, [file], PERSON))
        if what == 2:
            return self.do(lambda tx: files_described(tx, file, chance.randrange(3)))
        box = msgspec.Raw(f"[{chance.randrange(5)}, 1, 2, 3]".encode())
        if not there or what == 3:
            change: Any = Create(id=new_uuid(), kind="box", label=self.label, geometry=box)
        elif what == 4:
            change = Delete(id=chance.choice(there).id)
        elif what == 5:
            change = Update(id=chance.choice(there).id, geometry=box)
        else:
            boxes = [drawn("box", [n, 1, 2, 3], label=self.label, id=import_uuid(file, "s", n)) for n in range(2)]
            boxes = [msgspec.structs.replace(b, source="import") for b in boxes]
            return self.do(lambda tx: rows.import_file(tx, dataset.branch, file, boxes))
        return self.do(lambda tx: rows.edit(tx, file, [change], dataset.branch))


def files_described(tx: Transaction, file: int, n: int) -> object:
    return files.describe(tx, file, {"n": n})


@pytest.fixture
def lab(store: Store, project: int, dataset: Dataset, make_files: MakeFiles, label: int) -> Lab:
    return Lab(store, project, dataset, make_files("a.png", "b.png", "c.png", "d.png"), label)


def boxes_of(lab: Lab, file: int) -> list[UUID]:
    with lab.store.db.transaction(lab.project) as tx:
        return [a.id for a in rows.read(tx, lab.dataset.branch, file)]


def test_a_diff_counts_what_happened_and_by_what(lab: Lab, wrote: Any) -> None:
    a, b, c, d = lab.files
    lab.do(lambda tx: datasets.add(tx, lab.dataset.id, [a, b, c], PERSON))
    boxes = [drawn("box", [n, 1, 2, 3], label=lab.label, id=import_uuid(a, "s", n), source="import") for n in range(3)]
    lab.do(lambda tx: rows.import_file(tx, lab.dataset.branch, a, boxes))
    lab.do(lambda tx: rows.import_file(tx, lab.dataset.branch, c, boxes[:1]))
    first = versions.name(lab.store.db, lab.project, lab.dataset.id, "v1")

    moved = Update(id=boxes[0].id, geometry=msgspec.Raw(b"[9,9,9,9]"))
    lab.do(lambda tx: rows.edit(tx, a, [moved, Delete(id=boxes[1].id)]))
    new = Create(id=new_uuid(), kind="box", label=lab.label, geometry=msgspec.Raw(b"[5,5,5,5]"))
    lab.do(lambda tx: rows.edit(tx, b, [new]))
    guess = drawn("box", [3, 1, 2, 3], label=lab.label, source="model", confidence=0.5)
    lab.do(lambda tx: rows.import_file(tx, lab.dataset.branch, b, [guess]))
    lab.do(lambda tx: datasets.add(tx, lab.dataset.id, [d], PERSON))
    lab.do(lambda tx: datasets.remove(tx, lab.dataset.id, [c], PERSON))
    lab.do(lambda tx: files_described(tx, b, 1))
    wanted = WantedSchema.model_validate({"labels": {"bus": {}}})
    lab.do(lambda tx: schema.extend(tx, wanted))
    second = versions.name(lab.store.db, lab.project, lab.dataset.id, "v2")

    found = lab.count(lab.state(f"version:{first.id}"), lab.state(f"version:{second.id}"))
    assert (found.annotations.added, found.annotations.removed, found.annotations.changed) == (2, 2, 1)
    told = {cause: {n: v for n, v in tally.model_dump().items() if v} for cause, tally in found.by.items()}
    assert told == {
        "left": {"removed": 1},
        "person": {"added": 1, "changed": 1, "removed": 1},
        "prediction": {"added": 1},
    }
    assert (found.files.added, found.files.removed, found.files.changed) == (1, 1, 1)
    assert len(found.schema_changes) == 1
    with lab.store.db.transaction(lab.project) as tx:
        pair = states.read(tx, found.a), states.read(tx, found.b)
        assert diff.changed_files(tx, *pair) == [a, b, d]
        entries = diff.entries(tx, *pair)
        page = diff.annotations(tx, *pair, limit=2)
        rest = diff.annotations(tx, *pair, page.next, limit=10)
    assert [(e.key, e.change, e.cause) for e in entries] == [
        ("b.png", "changed", None),
        ("c.png", "removed", PERSON),
        ("d.png", "added", PERSON),
    ]
    assert (len(page.items), len(rest.items), rest.next) == (2, 3, None)
    (change,) = [c for c in page.items if c.change == "changed"]
    assert change.before is not None
    assert change.after is not None
    assert (change.before.geometry_text, change.after.geometry_text) == ("[0.0,1.0,2.0,3.0]", "[9.0,9.0,9.0,9.0]")

    back = lab.count(pair[1], pair[0])
    assert (back.annotations.added, back.annotations.removed) == (found.annotations.removed, found.annotations.added)
    assert back.schema_changes == []


def test_telling_a_diff_writes_an_event_and_may_fill_a_dataset(lab: Lab, wrote: Any) -> None:
    lab.do(lambda tx: datasets.add(tx, lab.dataset.id, lab.files[:2], PERSON))
    a = lab.now(lab.dataset)
    lab.do(lambda tx: datasets.add(tx, lab.dataset.id, lab.files[2:3], PERSON))
    b, into = lab.now(lab.dataset), lab.do(lambda tx: datasets.create(tx, "to look at"))
    with wrote(lab.project) as written:
        lab.do(lambda tx: diff.tell(tx, a, b, into.id))
    assert written.kinds == ["dataset.file_added", "dataset.compared"]
    assert list(lab.content(lab.now(into))) == ["c.png"]


def test_predictions_and_truth_are_compared_whole(lab: Lab) -> None:
    file = lab.files[0]
    guesses = [drawn("box", [n, 1, 2, 3], label=lab.label, confidence=0.5) for n in range(2)]
    lab.do(lambda tx: predictions.predict(tx, "model", file, guesses))
    branch = lab.do(lambda tx: rows.branches.predictions_named(tx, "model"))
    guessed = lab.do(lambda tx: datasets.create(tx, "guessed", branch))
    for dataset in (lab.dataset, guessed):
        lab.do(lambda tx, dataset=dataset: datasets.add(tx, dataset.id, [file], PERSON))
    lab.do(lambda tx: rows.edit(tx, file, [Create(id=new_uuid(), kind="tag", label=lab.label)]))
    found = lab.count(lab.now(lab.dataset), lab.now(guessed))
    assert (found.annotations.added, found.annotations.removed, found.files) == (2, 1, diff.Tally())


@pytest.mark.parametrize("seed", range(4))
def test_applying_what_differs_leads_from_any_state_to_any_other(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    lines: list[Dataset] = [lab.dataset]
    pins: list[states.State] = [lab.now(lab.dataset)]
    for n in range(18):
        lab.scribble(chance.choice(lines), chance)
        if n % 6 == 2:
            source = chance.choice(pins)
            lines.append(forks.fork(lab.store.db, lab.project, source.written, f"fork {new_uuid()}"))
        if n % 3 == 0:
            pins.append(lab.now(chance.choice(lines)))
    contents = [lab.content(pin) for pin in pins]
    for a, before in zip(pins, contents, strict=True):
        assert lab.count(a, a).annotations == lab.count(a, a).files == diff.Tally()
        assert len(lab.lines(a, a)) == 1
        for b, after in zip(pins, contents, strict=True):
            changes = lab.lines(a, b)
            assert delta.apply(before, changes) == after
            found = lab.count(a, b)
            told = found.annotations.model_dump().values(), found.files.model_dump().values()
            assert sum(map(sum, told)) == len(changes) - 1
    assert [lab.content(pin) for pin in pins] == contents


def test_lines_of_something_else_are_no_delta() -> None:
    with pytest.raises(ValueError, match="no delta"):
        delta.apply({}, [b'{"images": []}'])
