"""Work that began before its claim: the server was away, and the next task was reserved."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest

from penstock import schema, tasks
from penstock.core import Conflict
from penstock.core.ids import new_uuid
from penstock.tasks import attempts, verbs
from penstock.tasks.model import Claim, LateWork, Review, Role, Task, Template, Watch
from unit.tasks.conftest import Lab, box


@pytest.fixture
def template(lab: Lab) -> Template:
    made = lab.template("boxes", watch=[Watch(dataset=lab.datasets["gold"])])
    lab.add_files("a", to="gold")
    return made


def reserved(lab: Lab, template: Template, who: str = "ann") -> Task:
    (task,) = lab.do(lambda tx: tasks.reserve(tx, template.id, "annotator", 1), who)
    return task


def claim(lab: Lab, task: Task, who: str, id: UUID, role: Role = "work") -> Claim:
    return lab.do(lambda tx: verbs.claim_begun(tx, task.id, "annotator", id, role), who)


def test_what_is_seen_ahead_is_what_the_claim_shows(lab: Lab, template: Template) -> None:
    task = reserved(lab, template)
    ahead = lab.do(lambda tx: verbs.look_ahead(tx, task.id, "annotator"), "ann")
    assert lab.tasks(template)[0].status == "open"
    made = claim(lab, task, "ann", new_uuid())
    shown = lab.do(lambda tx: attempts.work(tx, made.attempt), "ann")
    told = ("file", "annotations", "before", "holder", "suggestions", "settings", "edition", "schema_version")
    assert [getattr(ahead, of) for of in told] == [getattr(shown, of) for of in told]
    assert ahead.schema_version == lab.do(schema.current).version


def test_a_claim_that_comes_later_is_made_once_and_its_work_is_done(lab: Lab, template: Template) -> None:
    task, id = reserved(lab, template), new_uuid()
    made = claim(lab, task, "ann", id)
    assert (made.task.status, made.task.holder) == ("in_progress", lab.people["ann"])
    assert claim(lab, task, "ann", id).attempt.id == made.attempt.id
    lab.save(made.attempt, "ann", box(lab.labels["RBC"]))
    assert lab.submit(made.attempt, "ann").status == "done"
    again = claim(lab, task, "ann", id)
    assert (again.attempt.id, again.attempt.state, again.task.status) == (made.attempt.id, "submitted", "done")
    assert len(lab.truth(task.file)) == 1


def test_what_is_reserved_for_somebody_else_is_not_had_by_its_id(
    lab: Lab, template: Template, move_clock: Callable[[dt.timedelta], None]
) -> None:
    task = reserved(lab, template)
    late = claim(lab, task, "bob", new_uuid())
    assert (late.attempt.state, late.task.status, late.task.holder) == ("lapsed", "open", None)
    move_clock(dt.timedelta(minutes=3))  # and ann's own reservation is over
    theirs = claim(lab, task, "bob", new_uuid())
    assert (theirs.attempt.state, theirs.task.holder) == ("live", lab.people["bob"])


def test_work_on_a_task_that_somebody_else_took_is_late_and_shown_to_them(lab: Lab, template: Template) -> None:
    task = reserved(lab, template)
    theirs = lab.claim(template, "bob")  # nothing else is left: a reservation is no promise
    mine = claim(lab, task, "ann", new_uuid())
    assert (mine.attempt.state, mine.task.holder) == ("lapsed", lab.people["bob"])
    saved = lab.save(mine.attempt, "ann", box(lab.labels["RBC"]))
    assert (saved.late, saved.held_by) == (True, lab.people["bob"])
    with pytest.raises(Conflict):
        lab.submit(mine.attempt, "ann")
    shown = lab.do(lambda tx: attempts.work(tx, theirs.attempt), "bob")
    late = LateWork(attempt=mine.attempt.id, who=lab.people["ann"], changes=1)
    assert [LateWork.model_validate(one) for one in shown.late_work] == [late]
    assert lab.submit(theirs.attempt, "bob").status == "done"
    assert lab.truth(task.file) == []


def test_reviews_are_reserved_looked_at_ahead_and_claimed_later_too(lab: Lab) -> None:
    template = lab.template(
        "reviewed",
        watch=[Watch(dataset=lab.datasets["gold"])],
        reviewers=lab.crew("bob", "eve"),
        review=Review(share=1.0),
    )
    lab.add_files("a", "b", to="gold")
    for _ in range(2):
        lab.finish(template, "ann", box(lab.labels["RBC"]))

    def hold(who: str, count: int) -> list[Task]:
        return lab.do(lambda tx: tasks.reserve(tx, template.id, "annotator", count, "review"), who)

    one, two = hold("eve", 3)
    assert hold("bob", 3) == []
    ahead = lab.do(lambda tx: verbs.look_ahead(tx, two.id, "annotator", "review"), "eve")
    assert [a.label for a in ahead.annotations] == [lab.labels["RBC"]]
    assert lab.claim(template, "bob", "review").task.id == one.id  # a reservation is no promise
    hold("eve", 0)
    assert [task.id for task in hold("bob", 3)] == [two.id]
    assert claim(lab, two, "eve", new_uuid(), "review").attempt.state == "lapsed"
    hold("bob", 0)
    id = new_uuid()
    mine = claim(lab, two, "eve", id, "review")
    assert (mine.attempt.role, mine.task.status, mine.task.holder) == ("review", "in_review", lab.people["eve"])
    assert claim(lab, two, "eve", id, "review").attempt.id == mine.attempt.id
    late = claim(lab, one, "eve", new_uuid(), "review")
    assert (late.attempt.state, late.task.holder) == ("lapsed", lab.people["bob"])
    (drawn,) = lab.do(lambda tx: attempts.work(tx, late.attempt), "eve").annotations
    saved = lab.save(late.attempt, "eve", {"do": "update", "id": str(drawn.id), "geometry": [1, 1, 5, 5]})
    assert (saved.late, saved.held_by) == (True, lab.people["bob"])
    assert lab.do(lambda tx: tasks.accept(tx, mine.attempt.id), "eve").status == "done"
