"""What becomes of the tasks of an archived template, and of those that an editor cancels: none is stranded."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from penstock import tasks
from penstock.tasks.closing import TaskEnded
from penstock.tasks.model import Attempt, NewNote, Review, Route, Task, Template, Watch
from penstock.tasks.queue import NothingToDo, TaskCalledOff, TemplateNotActive

from .conftest import Lab, box

LEASE = dt.timedelta(seconds=901)
NOTES = [NewNote(text="Look again.")]


@pytest.fixture
def reviewed(lab: Lab) -> Template:
    return lab.template(
        "reviewed",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        attributes=(),
        review=Review(),
        reviewers=lab.crew("eve"),
    )


def archive(lab: Lab, template: Template) -> None:
    lab.do(lambda tx: tasks.templates.archive(tx, template.id))
    lab.drain()


def call_off(lab: Lab, task: int) -> Task:
    return lab.do(lambda tx: tasks.call_off(tx, task, "cancelled by an editor"), "ada")


def drawn(lab: Lab, template: Template, who: str) -> Attempt:
    attempt = lab.claim(template, who).attempt
    lab.save(attempt, who, box(lab.labels["RBC"]))
    return attempt


def test_what_was_sent_in_is_reviewed_though_the_template_is_archived(lab: Lab, reviewed: Template) -> None:
    lab.add_files("a.png", "b.png", "c.png")
    for who in ("ann", "bob"):
        lab.submit(drawn(lab, reviewed, who), who)
    late = drawn(lab, reviewed, "ann")
    archive(lab, reviewed)
    assert lab.submit(late, "ann").status == "in_review"
    cards = lab.do(lambda tx: tasks.verbs.cards(tx, "annotator"), "eve")
    assert [(card.template, card.role, card.left) for card in cards] == [(reviewed.id, "review", 3)]
    accepted, returned, left = (lab.claim(reviewed, "eve", "review").attempt for _ in range(3))
    assert lab.do(lambda tx: tasks.accept(tx, accepted.id), "eve").status == "done"
    assert lab.do(lambda tx: tasks.return_(tx, returned.id, NOTES), "eve").status == "cancelled"
    assert lab.do(lambda tx: tasks.return_(tx, returned.id, NOTES), "eve").status == "cancelled"
    lab.do(lambda tx: tasks.release(tx, left.id), "eve")
    assert [task.status for task in lab.tasks(reviewed)] == ["done", "cancelled", "in_review"]
    assert call_off(lab, left.task).status == "cancelled"
    assert lab.do(lambda tx: tasks.verbs.cards(tx, "annotator"), "eve") == []
    with pytest.raises(TemplateNotActive):
        lab.do(lambda tx: tasks.reopen(tx, left.task, "admin"), "ada")


def test_a_held_task_of_an_archived_template_is_cancelled_when_its_lease_runs_out(
    lab: Lab, reviewed: Template, move_clock: Callable[[dt.timedelta], None], wrote: Any
) -> None:
    lab.add_files("a.png")
    held = drawn(lab, reviewed, "ann")
    archive(lab, reviewed)
    move_clock(LEASE / 2)
    lab.save(held, "ann")
    move_clock(LEASE / 2)
    lab.drain()
    assert [task.status for task in lab.tasks(reviewed)] == ["in_progress"]
    move_clock(LEASE)
    with wrote(lab.project) as written:
        lab.drain()
    assert [task.status for task in lab.tasks(reviewed)] == ["cancelled"]
    assert written.kinds == ["task.lapsed", "task.cancelled"]
    told_that_it_was_cancelled(lab, held, "its template was archived")


def told_that_it_was_cancelled(lab: Lab, held: Attempt, why: str) -> None:
    """It said that somebody had taken the task over."""
    saved = lab.save(held, "ann", box(lab.labels["RBC"]))
    assert (saved.late, saved.held_by, saved.cancelled) == (True, None, why)
    for call in (
        lambda tx: tasks.submit(tx, held.id),
        lambda tx: tasks.heartbeat(tx, held.id),
        lambda tx: tasks.skip(tx, held.id, "dark"),
    ):
        with pytest.raises(TaskCalledOff, match=f"was cancelled: {why}"):
            lab.do(call, "ann")


def test_releasing_the_last_task_lets_the_file_go(lab: Lab) -> None:
    watch = [Watch(dataset=lab.datasets["first pass"])]
    moving = lab.template(
        "moving",
        watch=watch,
        labels=(lab.labels["RBC"],),
        attributes=(),
        on_done=[Route(to=lab.datasets["gold"], mode="move")],
    )
    other = lab.template("other", watch=watch, labels=(lab.labels["WBC"],), attributes=())
    lab.add_files("a.png")
    held = lab.claim(other, "bob").attempt
    (file,) = {lab.finish(moving, "ann", box(lab.labels["RBC"])).file}
    archive(lab, other)
    assert lab.in_dataset("first pass") == [file]
    assert lab.do(lambda tx: tasks.release(tx, held.id), "bob").status == "cancelled"
    assert lab.in_dataset("first pass") == []


def test_an_editor_cancels_a_task_whoever_has_it(lab: Lab, reviewed: Template, wrote: Any) -> None:
    lab.add_files("a.png", "b.png", "c.png")
    held, sent = drawn(lab, reviewed, "ann"), drawn(lab, reviewed, "bob")
    lab.submit(sent, "bob")
    review = lab.claim(reviewed, "eve", "review").attempt
    with wrote(lab.project) as written:
        assert call_off(lab, held.task).status == "cancelled"
        assert call_off(lab, held.task).status == "cancelled"
        assert call_off(lab, review.task).status == "cancelled"
    assert written.kinds == ["task.released", "task.cancelled"] * 2
    told_that_it_was_cancelled(lab, held, "cancelled by an editor")
    with pytest.raises(TaskCalledOff):
        lab.do(lambda tx: tasks.accept(tx, review.id), "eve")
    with pytest.raises(NothingToDo):
        lab.claim(reviewed, "eve", "review")
    work = lab.do(lambda tx: tasks.work(tx, _requeued(lab, reviewed, held.task)), "bob")
    assert [(late["attempt"], late["changes"]) for late in work.late_work] == [(held.id, 2)]
    skipped = lab.claim(reviewed, "ann").attempt
    lab.do(lambda tx: tasks.skip(tx, skipped.id, "blurred"), "ann")
    with pytest.raises(TaskEnded):
        call_off(lab, skipped.task)


def _requeued(lab: Lab, template: Template, task: int) -> Attempt:
    lab.do(lambda tx: tasks.reopen(tx, task, "admin"), "ada")
    claim = lab.claim(template, "bob")
    assert claim.task.id == task
    return claim.attempt
