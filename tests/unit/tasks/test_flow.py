"""The thinnest real path: files, two stages, done."""

from typing import Any

import pytest

from penstock.tasks.done import WorkIncomplete
from penstock.tasks.queue import NothingToDo

from .conftest import Lab, box


def test_a_finished_file_becomes_the_experts_task_with_the_first_pass_on_it(lab: Lab, wrote: Any) -> None:
    first, expert = lab.two_stages()
    a, _b = lab.add_files("a.png", "b.png")
    claim = lab.claim(first, "ann")
    assert claim.task.file == a
    with wrote(lab.project) as saved:
        lab.save(claim.attempt, "ann", box(lab.labels["RBC"]), box(lab.labels["WBC"]))
    assert saved.kinds == ["attempt.saved"]
    assert lab.truth(a) == []
    with wrote(lab.project) as submitted:
        done = lab.submit(claim.attempt, "ann")
    assert submitted.kinds == ["task.submitted", "task.done", "dataset.file_added"]
    assert done.status == "done"
    assert len(lab.truth(a)) == 2
    lab.drain()

    assert [(task.file, task.status) for task in lab.tasks(expert)] == [(a, "open")]
    work = lab.claim(expert, "eve")
    with pytest.raises(WorkIncomplete) as refused:
        lab.submit(work.attempt, "eve")
    assert [e.code for e in refused.value.errors] == ["attribute-required"]
    cell = next(t for t in lab.truth(a) if t.label == lab.labels["WBC"])
    sharp = {str(lab.attributes["focus"]): lab.options["sharp"]}
    lab.save(work.attempt, "eve", {"do": "update", "id": str(cell.id), "attributes": sharp})
    lab.submit(work.attempt, "eve")
    lab.drain()
    assert lab.in_dataset("gold") == [a]
    assert lab.in_dataset("complete") == [a]
    changed = next(t for t in lab.truth(a) if t.id == cell.id)
    assert changed.attributes == sharp
    assert changed.author == lab.people["eve"]


def test_when_all_is_done_there_is_nothing_to_claim(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    lab.finish(first, "ann", box(lab.labels["RBC"]))
    with pytest.raises(NothingToDo):
        lab.claim(first, "bob")
