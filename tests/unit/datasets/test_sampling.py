"""Samples and splits: reproducible, written down, and stable when the dataset grows."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from penstock import datasets, files, schema
from penstock.annotations import branches, predictions, rows
from penstock.annotations.model import Annotation, drawn, holder_id
from penstock.core import NotFound
from penstock.core.ids import DatasetId
from penstock.datasets import Dataset, sampling
from penstock.datasets.query import QueryInvalid
from penstock.datasets.sampling_model import FieldNotDrawn, NothingToDraw, Part, Sample, Sampled, Split
from penstock.files import NewFile, Probe
from penstock.schema import WantedSchema
from penstock.store import Store, Transaction

PERSON = {"kind": "person", "person": 1}
SCHEMA = {
    "labels": {"car": {}, "bus": {}},
    "attributes": {"weather": {"per": "file", "kind": "radio", "options": ["rain", "sun"]}},
}


class World:
    """A dataset of files: half of them with a bus, some uncertain, a few that look the same, four patients."""

    def __init__(self, store: Store, project: int, source: Dataset) -> None:
        self.store, self.project, self.source = store, project, source
        self.do(lambda tx: schema.extend(tx, WantedSchema.model_validate(SCHEMA)))
        self.gold = self.make("gold")

    def do(self, verb: Callable[[Transaction], Any]) -> Any:
        return self.store.db.perform(verb, self.project)

    def make(self, name: str) -> DatasetId:
        return self.do(lambda tx: datasets.create(tx, name)).id

    def grow(self, first: int, last: int) -> list[int]:
        news = [
            NewFile(
                key=f"{n:03}.png",
                hash=f"{n // 2:064x}",
                bytes=9,
                probe=Probe(media="image", mime="image/png", width=64, height=48, look=n % 5),
                meta={"patient": f"p{n % 4}"},
            )
            for n in range(first, last)
        ]

        def verb(tx: Transaction) -> list[int]:
            tx.holds_all()
            ids = [r.file for r in files.register_many(tx, news)]
            made = schema.current(tx)
            rain, sun = made.attribute_named("weather").options
            key = str(made.attribute_named("weather").id)
            for n, id in enumerate(ids, first):
                marks = [drawn("box", [0, 0, 9, 9], label=made.label_named("car").id)]
                if n % 2:
                    marks.append(
                        drawn(
                            "box",
                            [0, 0, 9, 9],
                            label=made.label_named("bus").id,
                            source="model",
                            confidence=n % 10 / 10,
                        )
                    )
                answer = {key: (rain if n % 8 == 0 else sun).id}
                marks.append(Annotation(id=holder_id(id), kind="tag", attributes=answer))
                rows.import_file(tx, branches.main(tx), id, marks)
            datasets.add(tx, self.source.id, ids, PERSON)
            return ids

        return self.do(verb)

    def sample(self, **wanted: Any) -> Sampled:
        preview = wanted.pop("preview", False)
        body = Sample(dataset=self.source.id, **wanted)
        return self.do(lambda tx: sampling.sample(tx, self.gold, body, preview))

    def split(self, *parts: DatasetId, **more: Any) -> Any:
        shares = (0.5, 0.25, 0.25)
        body = Split(
            dataset=self.source.id,
            parts=tuple(Part(dataset=id, share=share) for id, share in zip(parts, shares, strict=True)),
            **more,
        )
        return self.do(lambda tx: sampling.split(tx, body))

    def holds(self, dataset: int) -> dict[str, Any]:
        found = self.do(lambda tx: datasets.entries(tx, dataset, limit=1000)).items
        return {entry.key: entry.cause for entry in found}


@pytest.fixture
def world(store: Store, project: int, dataset: Dataset) -> World:
    made = World(store, project, dataset)
    made.grow(0, 40)
    return made


def strata(found: Sampled) -> dict[Any, tuple[int, int]]:
    return {stratum.value: (stratum.files, stratum.drawn) for stratum in found.strata}


def test_a_sample_is_reproducible_and_a_larger_one_holds_it(world: World, wrote: Any) -> None:
    preview = world.sample(count=5, seed="a", query="labels.bus > 0", preview=True)
    assert (preview.found, preview.drawn, preview.added) == (20, 5, 0)
    with wrote(world.project) as written:
        world.sample(count=5, seed="a", query="labels.bus > 0")
        first = world.holds(world.gold)
        assert world.sample(count=5, seed="a", query="labels.bus > 0").added == 0
    assert written.kinds == ["dataset.file_added"] * 5
    cause = next(iter(first.values()))
    assert cause == {
        "kind": "sample",
        "dataset": world.source.id,
        "query": "labels.bus > 0",
        "seed": "a",
        "count": 5,
    }
    world.sample(count=9, seed="a", query="labels.bus > 0")
    assert first.keys() < world.holds(world.gold).keys()
    assert world.sample(share=0.5, seed="b", preview=True).drawn == 20


def test_strata_are_drawn_in_proportion_or_balanced(world: World) -> None:
    assert strata(world.sample(count=8, stratify="weather", preview=True)) == {"rain": (5, 1), "sun": (35, 7)}
    even = world.sample(count=8, stratify="weather", balanced=True, preview=True)
    assert strata(even) == {"rain": (5, 4), "sun": (35, 4)}
    scarce = world.sample(count=20, stratify="weather", balanced=True, preview=True)
    assert strata(scarce) == {"rain": (5, 5), "sun": (35, 15)}
    assert strata(world.sample(count=4, stratify="label", preview=True)) == {"bus": (20, 2), "car": (20, 2)}
    assert strata(world.sample(count=4, stratify="meta.patient", preview=True))["p1"] == (10, 1)
    assert strata(world.sample(count=4, stratify="file.width", preview=True)) == {64: (40, 4)}


def test_the_least_certain_come_first(world: World) -> None:
    world.sample(count=4, by="uncertainty")
    assert {key[-5] for key in world.holds(world.gold)} == {"5"}
    assert world.sample(count=100, by="uncertainty", preview=True).drawn == 20


def test_the_least_certain_of_predictions_come_first(world: World) -> None:
    keys = ("001.png", "002.png", "003.png")

    def predicted(tx: Transaction) -> None:
        tx.holds_all()
        car = schema.current(tx).label_named("car").id
        for key, confidence in zip(keys, (0.9, 0.4, 0.7), strict=True):
            found = drawn("box", [0, 0, 9, 9], label=car, source="model", confidence=confidence)
            predictions.predict(tx, "detector", files.ids_named(tx, [key])[key], [found])

    world.do(predicted)
    world.sample(count=2, by="uncertainty", predictions="detector")
    assert world.holds(world.gold).keys() == {"002.png", "003.png"}
    assert world.sample(count=9, by="uncertainty", predictions="detector", preview=True).drawn == 3
    with pytest.raises(NotFound):
        world.sample(count=1, by="uncertainty", predictions="other", preview=True)


def test_near_duplicates_are_passed_over(world: World) -> None:
    found = world.sample(count=40, distinct=True, preview=True)
    assert (found.found, found.drawn) == (40, 1)
    assert world.sample(count=40, distinct=True, alike_bits=0, preview=True).drawn == 5


def test_a_split_keeps_groups_together_and_is_stable(world: World) -> None:
    parts = [world.make(name) for name in ("train", "val", "test")]
    first = world.split(*parts, seed="s")
    before = [set(world.holds(part)) for part in parts]
    assert (first.found, first.groups, first.leaks, sum(map(len, before))) == (40, 20, 0, 40)
    twins = [{f"{n:03}.png", f"{n + 1:03}.png"} for n in range(0, 40, 2)]
    assert all(any(pair <= part for part in before) for pair in twins)
    world.grow(40, 60)
    again = world.split(*parts, seed="s")
    after = [set(world.holds(part)) for part in parts]
    assert all(old <= new for old, new in zip(before, after, strict=True))
    assert (sum(map(len, after)), sum(part.added for part in again.parts)) == (60, 20)
    assert world.split(*parts, seed="other").parts == [part.model_copy(update={"added": 0}) for part in again.parts]


def test_a_field_keeps_files_together_and_so_does_their_content(world: World) -> None:
    parts = [world.make(name) for name in ("train", "val", "test")]
    found = world.split(*parts, together="meta.patient", seed="t")
    held = [{int(key[:3]) % 4 for key in world.holds(part)} for part in parts]
    assert (found.groups, found.leaks) == (2, 0)  # 0 and 1 share their bytes, and 2 and 3
    assert sorted(map(sorted, filter(None, held))) in ([[0, 1], [2, 3]], [[0, 1, 2, 3]])


def test_copies_that_others_put_apart_are_leaks(world: World) -> None:
    parts = [world.make(name) for name in ("train", "val", "test")]
    ids = [entry.file for entry in world.do(lambda tx: datasets.entries(tx, world.source.id, limit=2)).items]
    for part, file in zip(parts, ids, strict=False):
        world.do(lambda tx, part=part, file=file: datasets.add(tx, part, [file], PERSON))
    assert world.split(*parts, seed="t").leaks == 1


def test_what_can_not_be_drawn_is_refused(world: World) -> None:
    with pytest.raises(NothingToDraw):
        world.sample()
    with pytest.raises(QueryInvalid):
        world.sample(count=1, stratify="wether")
    with pytest.raises(FieldNotDrawn):
        world.sample(count=1, stratify="added")
    with pytest.raises(QueryInvalid):
        world.sample(count=1, query="labels.cra > 1")
    with pytest.raises(ValidationError):
        Sample(dataset=world.source.id, count=1, balanced=True)
