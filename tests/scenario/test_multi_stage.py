"""Save expert time with multi stage: a first pass over a model's guesses, experts after it, on real images."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import penstock
from penstock.sdk.shapes import accept, box, remove
from penstock.sdk.work import Work

from .conftest import Box, Picture, Pictures, Studio, two_stages

ABOVE = 0.5


def near(shape: Any, true: Box) -> bool:
    return all(abs(a - b) < 1e-6 for a, b in zip(shape.geometry, true[1:], strict=True))


def correct(work: Work, picture: Picture, chance: random.Random) -> None:
    """A first-pass annotator answers each suggestion and draws what is missing, but overlooks some now and then."""
    changes: list[Any] = []
    seen: set[Box] = set()
    for suggestion in work.suggestions:
        true = next((b for b in picture.boxes if b not in seen and near(suggestion, b)), None)
        if true is None:
            changes.append(remove(suggestion))
            continue
        seen.add(true)
        changes.append(accept(suggestion) if suggestion.label == true[0] else suggestion.but(label=true[0]))
    missing = [b for b in picture.boxes if b not in seen]
    changes += [box(*b) for b in missing if chance.random() > 0.1]
    if changes:
        work.save(changes)
    work.submit()


def test_experts_get_each_finished_file_once_with_the_first_pass_on_it(all_pictures: Pictures, studio: Studio) -> None:
    pictures = all_pictures
    prelabels = f"prelabels: {{predictions: detector, mode: suggest, above: {ABOVE}}}"
    studio.apply(two_stages(pictures, prelabels=prelabels))
    owner = studio.owner
    imported = owner.datasets["first pass"].import_(pictures.folder, format="none")
    assert (imported.counts.done, imported.failed()) == (len(pictures.items), [])
    guesses = studio.predict("detector", pictures.items)
    studio.drain()

    # The first pass: three people, taking turns.
    chance = random.Random(5)
    team = ["ann", "ben", "cleo"]
    queues = {name: studio.person(name).templates["first pass"] for name in team}
    left: dict[str, int] = {}
    by: dict[str, str] = {}
    for turn in range(len(pictures.items)):
        name = team[turn % 3]
        work = queues[name].next()
        assert work is not None
        offered = {str(s.id) for s in work.suggestions}
        assert offered == {g["id"] for g in guesses[work.file.key] if g["confidence"] >= ABOVE}
        correct(work, pictures[work.file.key], chance)
        by[work.file.key] = name
        left[work.file.key] = len(work.annotations)
    assert studio.person("ann").templates["first pass"].next() is None
    studio.drain()

    # They see nothing of the experts' work.
    with pytest.raises(penstock.UnknownName):
        studio.person("ann").templates["expert"]
    expert = owner.templates["expert"]
    refused = studio.api.bare({"authorization": studio.person("ann")._client._http.headers["authorization"]}).post(
        f"/projects/{owner.id}/templates/{expert.id}/next"
    )
    assert refused.status_code == 404
    assert [task.template for task in studio.person("ann").tasks.all()].count(expert.id) == 0

    # One expert task for each finished file, on that very file.
    tasks = list(expert.tasks())
    assert Counter(task.file for task in tasks) == Counter(file.file for file in owner.datasets["first pass"].files())

    # The experts: each file holds the first pass's annotations; they mend, and answer what only they are asked.
    mended: Counter[str] = Counter()
    done: set[str] = set()
    queues = {name: studio.person(name).templates["expert"] for name in ("dora", "emil")}
    for turn in range(len(tasks)):
        work = queues[["dora", "emil"][turn % 2]].next()
        assert work is not None
        assert work.file.key not in done
        done.add(work.file.key)
        picture, present = pictures[work.file.key], list(work.annotations)
        assert len(present) == left[picture.key]
        assert work.attributes == ["focus"]
        changes: list[Any] = [
            shape.but(attributes={"focus": "sharp"}) for shape in present if shape.label == pictures.special
        ]
        if turn % 4 == 0 and present:
            wrong = next(s for s in present)
            changes = [c for c in changes if c.id != wrong.id]
            changes.append(remove(wrong))
            mended[by[picture.key]] += 1
        if changes:
            work.save(changes)
        work.submit()
    studio.drain()
    assert done == {picture.key for picture in pictures.items}
    assert owner.datasets["gold"].count() == len(pictures.items)

    # What the experts changed is told per first-pass annotator: answers to their own questions are no corrections.
    names = {person: name for name, person in studio.persons.items()}
    removed: Counter[str] = Counter()
    kept = 0
    for found in owner.templates["first pass"].corrections():
        removed[names[found.author]] += found.removed
        kept += found.kept
        assert (found.changed, found.added) == (0, 0)
    assert removed == mended
    assert kept == sum(left.values()) - sum(mended.values())


def test_the_true_boxes_come_in_whole_and_the_smallest_are_one_pixel(all_pictures: Pictures, studio: Studio) -> None:
    studio.apply(two_stages(all_pictures))
    folder = all_pictures.folder.parent
    imported = studio.owner.datasets["gold"].import_(folder, format="voc")
    assert imported.failed() == []
    with studio.store.db.transaction(studio.owner.id) as tx:
        (total, small) = tx.rows(
            "select count(*)::int, count(*) filter (where w = 1 and h = 1)::int from annotation"
            " where project = %(project)s and retired_seq is null"
        )[0]
    boxes = [box for picture in all_pictures.items for box in picture.boxes]
    assert (total, small) == (len(boxes), sum(box[3:] == (1, 1) for box in boxes))
    assert small >= 2


def test_two_templates_on_one_dataset_both_get_every_file_and_moving_starves_neither(
    pictures: Pictures, studio: Studio
) -> None:
    labels = pictures.labels
    studio.apply(
        f"""
project: two templates
schema:
  labels: {{"{labels[0]}": {{}}, "{labels[1]}": {{}}}}
datasets: [raw, one done, two done]
templates:
  one: {{watch: raw, labels: ["{labels[0]}"], attributes: [], on_done: [{{to: one done, mode: move}}]}}
  two: {{watch: raw, labels: ["{labels[1]}"], attributes: [], on_done: [{{to: two done, mode: move}}]}}
"""
    )
    owner, count = studio.owner, len(pictures.items)
    owner.datasets["raw"].import_(pictures.folder)
    studio.drain()
    for name in ("one", "two"):
        assert len(list(owner.templates[name].tasks())) == count
        for n, work in enumerate(owner.templates[name].work()):
            work.submit()
            assert n < count
        studio.drain()
    assert [owner.datasets[name].count() for name in ("raw", "one done", "two done")] == [0, count, count]


def test_twenty_clients_asking_for_the_next_task_never_share_one(pictures: Pictures, studio: Studio) -> None:
    studio.apply(two_stages(pictures))
    studio.owner.datasets["first pass"].import_(pictures.folder)
    studio.drain()
    people = [studio.person(name) for name in ("ann", "ben", "cleo")]

    def take(n: int) -> int | None:
        work = people[n % 3].templates["first pass"].next()
        return None if work is None else work.task.id

    with ThreadPoolExecutor(20) as clients:
        taken = list(clients.map(take, range(40)))
    got = [task for task in taken if task is not None]
    assert sorted(got) == sorted(task.id for task in studio.owner.templates["first pass"].tasks())
    assert len(set(got)) == len(got)
