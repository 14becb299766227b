"""Leases, late saves, repeats and refusals: no stroke is lost, and nobody else's draft changes."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest

from penstock import tasks
from penstock.annotations import rows, tables
from penstock.annotations.model import ChangesInvalid, Update, decode_changes
from penstock.core.ids import new_uuid
from penstock.tasks import attempt_tables, attempts, queue_tables, verbs
from penstock.tasks.attempts import CommandRefused
from penstock.tasks.done import TakenOver
from penstock.tasks.model import Attempt, Review, Watch
from penstock.tasks.queue import AttemptOver, NothingToDo, NotYours

from .conftest import Lab, box

Move = Callable[[dt.timedelta], None]
LEASE = dt.timedelta(seconds=901)


def draft(lab: Lab, attempt: Attempt) -> int:
    return len(lab.do(lambda tx: tables.select_own(tx, attempt.branch, attempt.file)))


def left(lab: Lab, who: str) -> int:
    """How many tasks of the first pass somebody could take."""
    cards = lab.do(lambda tx: verbs.cards(tx, lab.role(who)), who)
    return next(card.left for card in cards if card.name == "first pass")


def test_a_repeated_command_does_nothing(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    claim = lab.claim(first, "ann")
    command, change = new_uuid(), box(lab.labels["RBC"])
    assert not lab.save(claim.attempt, "ann", change, id=command).repeated
    assert lab.save(claim.attempt, "ann", change, id=command).repeated
    assert draft(lab, claim.attempt) == 1


def test_a_refused_command_is_refused_again_and_later_ones_go_on(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    claim = lab.claim(first, "ann")
    command = new_uuid()
    with pytest.raises(ChangesInvalid) as refused:
        lab.save(claim.attempt, "ann", box(lab.labels["RBC"]), box(999), id=command)
    assert [(e.at, e.code) for e in refused.value.errors] == [("changes[1].label", "unknown-label")]
    with pytest.raises(CommandRefused) as again:
        lab.save(claim.attempt, "ann", box(lab.labels["RBC"]), id=command)
    assert again.value.errors == refused.value.errors
    assert draft(lab, claim.attempt) == 0
    lab.save(claim.attempt, "ann", box(lab.labels["RBC"]))
    assert draft(lab, claim.attempt) == 1


def test_an_update_out_of_the_write_set_is_refused(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    claim = lab.claim(first, "ann")
    made = box(lab.labels["WBC"], attributes={str(lab.attributes["focus"]): lab.options["sharp"]})
    with pytest.raises(ChangesInvalid) as refused:
        lab.save(claim.attempt, "ann", made)
    assert [e.code for e in refused.value.errors] == ["attribute-read-only"]


def test_work_offline_past_the_lease_stays_on_ones_own_draft(lab: Lab, move_clock: Move) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    mine = lab.claim(first, "ann").attempt
    lab.save(mine, "ann", box(lab.labels["RBC"]))
    assert left(lab, "bob") == 0
    move_clock(LEASE)
    assert (left(lab, "bob"), left(lab, "ann")) == (1, 0)
    theirs = lab.claim(first, "bob")
    assert theirs.task.id == mine.task
    lab.save(theirs.attempt, "bob", box(lab.labels["WBC"], x=100))
    late = lab.save(mine, "ann", box(lab.labels["RBC"], x=200), box(lab.labels["RBC"], x=240))
    assert late.late
    assert late.held_by == lab.people["bob"]
    assert draft(lab, mine) == 3
    assert draft(lab, theirs.attempt) == 1
    with pytest.raises(TakenOver):
        lab.submit(mine, "ann")
    work = lab.do(lambda tx: tasks.work(tx, theirs.attempt), "bob")
    assert [(w["attempt"], w["changes"]) for w in work.late_work] == [(mine.id, 3)]
    lab.do(lambda tx: tasks.take(tx, theirs.attempt.id, mine.id), "bob")
    lab.submit(theirs.attempt, "bob")
    assert len(lab.truth(mine.file)) == 4


def test_a_save_revives_its_own_expired_lease(lab: Lab, move_clock: Move) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    mine = lab.claim(first, "ann").attempt
    move_clock(LEASE)
    assert not lab.save(mine, "ann", box(lab.labels["RBC"])).late
    with pytest.raises(NothingToDo):
        lab.claim(first, "bob")
    assert lab.submit(mine, "ann").status == "done"


def test_nobody_saves_on_anothers_attempt(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    mine = lab.claim(first, "ann").attempt
    with pytest.raises(NotYours):
        lab.save(mine, "bob", box(lab.labels["RBC"]))
    assert draft(lab, mine) == 0


def test_a_submitted_attempt_takes_no_more_saves_and_submitting_twice_is_once(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    mine = lab.claim(first, "ann").attempt
    lab.save(mine, "ann", box(lab.labels["RBC"]))
    lab.submit(mine, "ann")
    assert lab.submit(mine, "ann").status == "done"
    assert len(lab.truth(mine.file)) == 1
    with pytest.raises(AttemptOver):
        lab.save(mine, "ann", box(lab.labels["RBC"]))


def test_released_work_is_shown_to_the_next(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    mine = lab.claim(first, "ann").attempt
    lab.save(mine, "ann", box(lab.labels["RBC"]))
    assert lab.do(lambda tx: tasks.release(tx, mine.id), "ann").status == "open"
    theirs = lab.claim(first, "bob").attempt
    work = lab.do(lambda tx: tasks.work(tx, theirs), "bob")
    assert work.annotations == []
    assert [w["who"] for w in work.late_work] == [lab.people["ann"]]


def test_overlapping_write_sets_wait_and_disjoint_ones_go_on_together(lab: Lab) -> None:
    watch = [Watch(dataset=lab.datasets["first pass"])]
    red = lab.template("red", watch=watch, labels=[lab.labels["RBC"]], attributes=())
    white = lab.template("white", watch=watch, labels=[lab.labels["WBC"]], attributes=())
    both = lab.template("both", watch=watch, labels=[lab.labels["RBC"], lab.labels["Platelets"]], attributes=())
    (file,) = lab.add_files("a.png")
    one = lab.claim(red, "ann").attempt
    two = lab.claim(white, "bob").attempt
    with pytest.raises(NothingToDo):
        lab.claim(both, "eve")
    lab.save(one, "ann", box(lab.labels["RBC"]))
    lab.save(two, "bob", box(lab.labels["WBC"]))
    lab.submit(one, "ann")
    three = lab.claim(both, "eve").attempt
    lab.save(three, "eve", box(lab.labels["Platelets"]))
    lab.submit(two, "bob")
    lab.submit(three, "eve")
    assert sorted(a.label or 0 for a in lab.truth(file)) == sorted(lab.labels.values())


def test_reservations_keep_tasks_apart_and_yield_to_an_empty_queue(lab: Lab, move_clock: Move) -> None:
    first, _ = lab.two_stages()
    a, b, c = lab.add_files("a.png", "b.png", "c.png")
    held = lab.do(lambda tx: tasks.reserve(tx, first.id, "annotator", 2), "ann")
    assert [task.file for task in held] == [a, b]
    assert lab.claim(first, "bob").task.file == c
    assert lab.claim(first, "bob").task.file in (a, b)
    assert lab.claim(first, "ann").task.file in (a, b)
    with pytest.raises(NothingToDo):
        lab.claim(first, "ann")


def test_a_reset_takes_back_what_this_task_did_to_an_annotation(lab: Lab) -> None:
    first, expert = lab.two_stages()
    (file,) = lab.add_files("a.png")
    kept, mine = box(lab.labels["RBC"]), box(lab.labels["WBC"], x=90)
    lab.finish(first, "ann", kept)
    claim = lab.claim(expert, "eve")
    sharp = {str(lab.attributes["focus"]): lab.options["sharp"]}
    moved = {"do": "update", "id": kept["id"], "geometry": [5, 5, 5, 5]}
    lab.save(claim.attempt, "eve", moved, {**mine, "attributes": sharp})
    work = lab.do(lambda tx: tasks.work(tx, claim.attempt), "eve")
    before = {str(id): state and state.geometry_text for id, state in work.before.items()}
    assert before == {kept["id"]: "[10.0,10.0,20.0,20.0]", mine["id"]: None}
    lab.save(claim.attempt, "eve", {"do": "delete", "id": kept["id"]})
    lab.save(claim.attempt, "eve", {"do": "reset", "id": kept["id"]}, {**moved, "geometry": [6, 6, 6, 6]})
    lab.save(claim.attempt, "eve", {"do": "reset", "id": mine["id"]}, {"do": "reset", "id": str(new_uuid())})
    work = lab.do(lambda tx: tasks.work(tx, claim.attempt), "eve")
    assert [a.geometry_text for a in work.annotations] == ["[6.0,6.0,6.0,6.0]"]
    lab.save(claim.attempt, "eve", {"do": "reset", "id": kept["id"]})
    assert draft(lab, claim.attempt) == 0
    lab.submit(claim.attempt, "eve")
    assert [a.geometry_text for a in lab.truth(file)] == ["[10.0,10.0,20.0,20.0]"]


def test_a_command_that_only_mentions_a_reset_is_read_as_what_it_is(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    claim = lab.claim(first, "ann")
    lab.save(claim.attempt, "ann", box(lab.labels["RBC"], group="reset"))
    with pytest.raises(ChangesInvalid) as refused:
        lab.save(claim.attempt, "ann", {"do": "reset", "id": str(new_uuid()), "label": 1})
    assert [e.at for e in refused.value.errors] == ["changes[0].do"]


def test_a_task_whose_file_is_taken_under_another_template_is_free_again(lab: Lab, move_clock: Move) -> None:
    """Two leases of one template run out; one of the files is taken under another one that writes the same."""
    first, second = (
        lab.template(name, watch=[Watch(dataset=lab.datasets["first pass"])], lease_seconds=60) for name in ("a", "b")
    )
    one, two = lab.add_files("1.png", "2.png")
    held = [lab.claim(first, who) for who in ("ann", "bob")]
    move_clock(dt.timedelta(seconds=90))
    beside = lab.claim(second, "eve")
    # The race: the pick saw no attempt on the file, the lock on the file shows it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue_tables, "_PICK_BESIDE", queue_tables._next(queue_tables._ALLOWED))  # pyright: ignore[reportPrivateUsage]
        taken = lab.claim(first, "ada")
    assert taken.task.file != beside.task.file
    [left] = [task for task in lab.tasks(first) if task.file == beside.task.file]
    assert (left.status, left.holder) == ("open", None)
    assert {claim.task.file for claim in held} == {one, two}


def test_late_work_taken_over_undoes_nothing_that_it_did_not_change(lab: Lab, move_clock: Move) -> None:
    template = lab.template("t", watch=[Watch(dataset=lab.datasets["first pass"])], lease_seconds=60)
    [file] = lab.add_files("1.png")
    made = box(lab.labels["WBC"])
    lab.do(lambda tx: rows.edit(tx, file, decode_changes([msgspec.json.encode(made)])))
    late = lab.claim(template, "ann")
    answer = {str(lab.attributes["focus"]): lab.options["sharp"]}
    lab.save(late.attempt, "ann", {"do": "update", "id": made["id"], "attributes": answer})
    moved = Update(id=UUID(made["id"]), geometry=msgspec.Raw(b"[20,20,30,30]"))
    lab.do(lambda tx: rows.edit(tx, file, [moved]))
    move_clock(dt.timedelta(seconds=90))
    mine = lab.claim(template, "bob")
    for _ in range(2):  # safe to repeat
        lab.do(lambda tx: tasks.take(tx, mine.attempt.id, late.attempt.id), "bob")
    lab.submit(mine.attempt, "bob")
    [after] = lab.truth(file)
    assert (msgspec.json.decode(after.geometry), after.attributes) == ([20, 20, 30, 30], answer)


def test_submitted_work_goes_on_when_its_task_is_put_back_into_the_queue(lab: Lab) -> None:
    template = lab.template(
        "t",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        annotators=lab.crew("ann", "bob"),
        review=Review(share=1.0),
        reviewers=lab.crew("eve"),
    )
    [file] = lab.add_files("1.png")
    claim = lab.claim(template, "ann")
    lab.save(claim.attempt, "ann", box(lab.labels["RBC"]), box(lab.labels["RBC"], x=50))
    lab.submit(claim.attempt, "ann")
    review = lab.claim(template, "eve", "review")
    lab.do(lambda tx: tasks.return_(tx, review.attempt.id, []), "eve")
    lab.do(lambda tx: tasks.reopen(tx, claim.task.id, "admin"), "ada")
    again = lab.claim(template, "bob")
    shown = lab.do(lambda tx: attempts.work(tx, again.attempt), "bob")
    assert len(shown.annotations) == 2
    assert again.task.file == file


def test_what_was_drawn_on_a_skipped_task_is_shown_to_its_next_holder(lab: Lab) -> None:
    template = lab.template("t", watch=[Watch(dataset=lab.datasets["first pass"])])
    lab.add_files("1.png")
    claim = lab.claim(template, "ann")
    lab.save(claim.attempt, "ann", box(lab.labels["RBC"]))
    lab.do(lambda tx: tasks.skip(tx, claim.attempt.id, "blurred"), "ann")
    lab.do(lambda tx: tasks.reopen(tx, claim.task.id, "admin"), "ada")
    again = lab.claim(template, "bob")
    shown = lab.do(lambda tx: attempts.work(tx, again.attempt), "bob")
    assert [(late["attempt"], late["changes"]) for late in shown.late_work] == [(claim.attempt.id, 1)]


def test_ones_own_work_goes_on_after_its_lease_ran_out(lab: Lab, move_clock: Move) -> None:
    template = lab.template("t", watch=[Watch(dataset=lab.datasets["first pass"])], lease_seconds=60)
    lab.add_files("1.png")
    claim = lab.claim(template, "ann")
    lab.save(claim.attempt, "ann", box(lab.labels["RBC"]))
    move_clock(dt.timedelta(seconds=90))
    again = lab.claim(template, "ann")
    assert again.attempt.id != claim.attempt.id
    assert len(lab.do(lambda tx: attempts.work(tx, again.attempt), "ann").annotations) == 1


def test_an_attempt_that_has_ended_sees_nothing_new(lab: Lab) -> None:
    template = lab.template("t", watch=[Watch(dataset=lab.datasets["first pass"])])
    [file] = lab.add_files("1.png")
    claim = lab.claim(template, "ann")
    lab.submit(claim.attempt, "ann")
    later = decode_changes([msgspec.json.encode(box(lab.labels["RBC"]))])
    lab.do(lambda tx: rows.edit(tx, file, later))
    ended = lab.do(lambda tx: attempt_tables.select(tx, claim.attempt.id))
    assert ended is not None
    assert lab.do(lambda tx: attempts.work(tx, ended), "ann").annotations == []


@pytest.mark.parametrize("overlaps", [True, False])
def test_a_lease_that_ran_out_lives_again_unless_overlapping_work_has_the_file(
    lab: Lab, move_clock: Move, overlaps: bool
) -> None:
    label = lab.labels["RBC" if overlaps else "WBC"]
    watch = [Watch(dataset=lab.datasets["first pass"])]
    first = lab.template("a", watch=watch, labels=(lab.labels["RBC"],), attributes=(), lease_seconds=60)
    second = lab.template("b", watch=watch, labels=(label,), attributes=())
    lab.add_files("1.png")
    mine = lab.claim(first, "ann")
    move_clock(dt.timedelta(seconds=90))
    theirs = lab.claim(second, "bob")
    saved = lab.save(mine.attempt, "ann", box(lab.labels["RBC"]))
    lab.do(lambda tx: tasks.heartbeat(tx, mine.attempt.id), "ann")
    now = lab.do(lambda tx: tx.now)
    held = lab.do(lambda tx: attempt_tables.select(tx, mine.attempt.id))
    assert held is not None
    assert (held.state, held.lease_until > now) == ("live", not overlaps)
    assert not saved.repeated
    assert draft(lab, mine.attempt) == 1  # no stroke is lost
    lab.submit(theirs.attempt, "bob")
    lab.do(lambda tx: tasks.heartbeat(tx, mine.attempt.id), "ann")
    held = lab.do(lambda tx: attempt_tables.select(tx, mine.attempt.id))
    assert held is not None
    assert held.lease_until > now
