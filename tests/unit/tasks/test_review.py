"""Review: never the author, from a copy of their draft; returning, mending, reopening."""

import pytest

from penstock import tasks
from penstock.core import NotFound
from penstock.core.ids import new_uuid
from penstock.tasks import verbs
from penstock.tasks.closing import ClaimedLater, NotClosed, NotYoursToReopen
from penstock.tasks.model import Claim, NewNote, Note, Review, Route, Template, Watch
from penstock.tasks.quality import corrections
from penstock.tasks.queue import NothingToDo

from .conftest import Lab, box


def reviewed(lab: Lab, **review: object) -> Template:
    return lab.template(
        "reviewed",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        attributes=(),
        annotators=lab.crew("ann", "bob"),
        reviewers=lab.crew("bob", "eve"),
        review=Review(**review),  # pyright: ignore[reportArgumentType]
        on_done=[Route(to=lab.datasets["gold"])],
    )


def test_accepting_with_a_fix_is_counted_against_the_author(lab: Lab) -> None:
    template = reviewed(lab)
    (file,) = lab.add_files("a.png")
    changes = box(lab.labels["RBC"]), box(lab.labels["WBC"], x=50), box(lab.labels["RBC"], x=90)
    assert lab.finish(template, "bob", *changes).status == "in_review"
    assert lab.truth(file) == []
    with pytest.raises(NothingToDo):
        lab.claim(template, "bob", "review")
    review = lab.claim(template, "eve", "review").attempt
    work = lab.do(lambda tx: tasks.work(tx, review), "eve")
    assert len(work.annotations) == 3
    lab.save(review, "eve", {"do": "delete", "id": changes[0]["id"]})
    lab.save(review, "eve", {"do": "update", "id": changes[1]["id"], "geometry": [51, 10, 20, 20]})
    done = lab.do(lambda tx: tasks.accept(tx, review.id), "eve")
    assert (done.status, done.author, done.reviewer) == ("done", lab.people["bob"], lab.people["eve"])
    assert len(lab.truth(file)) == 2
    lab.drain()
    assert lab.in_dataset("gold") == [file]
    (found,) = lab.do(lambda tx: corrections(tx, template.id))
    assert (found.author, found.kept, found.changed, found.removed, found.added) == (lab.people["bob"], 1, 1, 1, 0)


def test_a_returned_task_goes_on_from_the_draft_and_is_reviewed_again(lab: Lab) -> None:
    template = reviewed(lab)
    (file,) = lab.add_files("a.png")
    change = box(lab.labels["RBC"])
    lab.finish(template, "ann", change)
    review = lab.claim(template, "bob", "review").attempt
    note = NewNote(text="Too wide.", annotation=change["id"])
    task = lab.do(lambda tx: tasks.return_(tx, review.id, [note]), "bob")
    assert (task.status, task.holder) == ("returned", lab.people["ann"])
    with pytest.raises(NothingToDo):
        lab.claim(template, "bob")
    again = lab.claim(template, "ann").attempt
    work = lab.do(lambda tx: tasks.work(tx, again), "ann")
    assert [str(a.id) for a in work.annotations] == [change["id"]]
    assert [n["text"] for n in work.notes] == ["Too wide."]
    lab.save(again, "ann", {"do": "update", "id": change["id"], "geometry": [10, 10, 15, 20]})
    assert lab.submit(again, "ann").status == "in_review"
    second = lab.claim(template, "eve", "review").attempt
    lab.do(lambda tx: tasks.accept(tx, second.id), "eve")
    assert [a.shape for a in lab.truth(file)] == [[10, 10, 15, 20]]


def test_only_some_authors_are_reviewed(lab: Lab) -> None:
    template = reviewed(lab, authors=(lab.people["ann"],))
    lab.add_files("a.png", "b.png")
    assert lab.finish(template, "bob", box(lab.labels["RBC"])).status == "done"
    assert lab.finish(template, "ann", box(lab.labels["RBC"])).status == "in_review"


def test_a_review_condition_is_a_query(lab: Lab) -> None:
    template = reviewed(lab, condition="labels.WBC >= 1 and author = ann")
    lab.add_files("a.png", "b.png", "c.png")
    assert lab.finish(template, "ann", box(lab.labels["RBC"])).status == "done"
    assert lab.finish(template, "ann", box(lab.labels["WBC"])).status == "in_review"
    assert lab.finish(template, "bob", box(lab.labels["WBC"])).status == "done"


def test_a_submission_can_be_reopened_until_a_later_stage_takes_the_file(lab: Lab) -> None:
    first, expert = lab.two_stages()
    a, b = lab.add_files("a.png", "b.png")
    one = lab.finish(first, "ann", box(lab.labels["RBC"]))
    two = lab.finish(first, "ann", box(lab.labels["RBC"]))
    lab.claim(expert, "eve")
    with pytest.raises(ClaimedLater):
        lab.do(lambda tx: tasks.reopen(tx, one.id, "annotator"), "ann")
    with pytest.raises(NotYoursToReopen):
        lab.do(lambda tx: tasks.reopen(tx, two.id, "annotator"), "bob")
    claim = lab.do(lambda tx: tasks.reopen(tx, two.id, "annotator"), "ann")
    assert isinstance(claim, Claim)
    assert len(lab.truth(b)) == 1
    lab.save(claim.attempt, "ann", box(lab.labels["RBC"], x=300))
    lab.submit(claim.attempt, "ann")
    assert len(lab.truth(b)) == 2
    lab.drain()
    assert sorted(lab.in_dataset("complete")) == [a, b]
    assert len(lab.tasks(expert)) == 2


def test_what_one_handed_in_is_told_the_last_first_and_a_repeated_remark_is_one(lab: Lab) -> None:
    template = reviewed(lab)
    lab.add_files("a.png", "b.png", "c.png")
    first, second = lab.claim(template, "ann"), lab.claim(template, "ann")
    lab.submit(second.attempt, "ann")
    lab.submit(first.attempt, "ann")
    lab.finish(template, "bob", box(lab.labels["RBC"]))

    def mine() -> list[int]:
        return [task.id for task in lab.do(lambda tx: verbs.submissions(tx, template.id, "annotator"), "ann")]

    assert mine() == [first.task.id, second.task.id]
    lab.do(lambda tx: tasks.reopen(tx, first.task.id, "annotator"), "ann")
    assert mine() == [second.task.id]
    said = NewNote(id=new_uuid(), text="Blurred")

    def say(who: str, note: NewNote = said) -> Note:
        return lab.do(lambda tx: verbs.remark(tx, first.task.id, "annotator", note), who)

    told = [say("ann"), say("ann"), say("bob"), say("ann", NewNote(text="Blurred"))]
    assert told[0] == told[1]
    assert [note.author for note in lab.do(lambda tx: verbs.notes(tx, first.task.id, "annotator"), "ann")] == [
        lab.people[who] for who in ("ann", "bob", "ann")
    ]


def test_skipping_counts_out_and_an_editor_puts_it_back(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    claim = lab.claim(first, "ann")
    skipped = lab.do(lambda tx: tasks.skip(tx, claim.attempt.id, "too dark"), "ann")
    assert (skipped.status, skipped.reason) == ("skipped", "too dark")
    with pytest.raises(NothingToDo):
        lab.claim(first, "ann")
    lab.do(lambda tx: tasks.reopen(tx, skipped.id, "admin"), "ada")
    assert lab.claim(first, "bob").task.id == skipped.id
    with pytest.raises(NotClosed):
        lab.do(lambda tx: tasks.reopen(tx, skipped.id, "admin"), "ada")


def test_an_outsider_sees_neither_template_nor_task(lab: Lab) -> None:
    first, expert = lab.two_stages()
    lab.add_files("a.png")
    lab.finish(first, "ann", box(lab.labels["RBC"]))
    with pytest.raises(NotFound):
        lab.claim(expert, "ann")
    (task,) = lab.tasks(expert)
    with pytest.raises(NotFound):
        lab.do(lambda tx: tasks.task(tx, task.id, "annotator"), "ann")
    assert [t.name for t in lab.do(lambda tx: tasks.visible(tx, "annotator"), "ann")] == ["first pass"]
    assert lab.do(lambda tx: tasks.page(tx, "annotator", expert.id).items, "ann") == []
