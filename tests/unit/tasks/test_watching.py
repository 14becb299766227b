"""What enters a watched dataset becomes a task, once; what leaves unclaimed is cancelled; move starves nobody."""

import pytest

from penstock import datasets, files, schema, tasks
from penstock.annotations.model import Annotation, ChangesInvalid, drawn
from penstock.annotations.predictions import predict
from penstock.core.ids import new_uuid
from penstock.tasks.model import Prelabels, Route, TemplateChange, TemplateSettings, Watch
from penstock.tasks.prelabels import SuggestionsOpen
from penstock.tasks.queue import NothingToDo
from penstock.tasks.templates import RoutesCycle, TemplateInvalid, TemplateNameTaken

from .conftest import PROBE, WANTED, Lab, box


def statuses(lab: Lab, template: tasks.templates.Template) -> list[tuple[int, str]]:
    return [(task.file, task.status) for task in lab.tasks(template)]


def test_files_that_were_there_before_become_tasks_unless_only_new_are_wanted(lab: Lab) -> None:
    old = lab.add_files("a.png", "b.png")
    all_ = lab.template("all", watch=[Watch(dataset=lab.datasets["first pass"])])
    new = lab.template("new", watch=[Watch(dataset=lab.datasets["first pass"], takes="new")])
    assert [task.file for task in lab.tasks(all_)] == old
    assert lab.tasks(new) == []
    (late,) = lab.add_files("c.png")
    assert [task.file for task in lab.tasks(all_)] == [*old, late]
    assert [task.file for task in lab.tasks(new)] == [late]


def test_a_file_still_processing_makes_no_task_until_it_is_ready(lab: Lab) -> None:
    first, _ = lab.two_stages()
    registered = lab.do(lambda tx: files.register(tx, files.NewFile(key="slow.png", hash="0" * 64, bytes=9)))
    lab.do(lambda tx: datasets.add(tx, lab.datasets["first pass"], [registered.file], {"kind": "person"}))
    with lab.store.db.transaction(lab.project) as tx:
        tx.run("delete from procrastinate_jobs")
    lab.drain()
    assert lab.tasks(first) == []
    lab.do(lambda tx: files.settle_probes(tx, {registered.file: PROBE}))
    lab.drain()
    assert statuses(lab, first) == [(registered.file, "open")]


def test_a_file_that_leaves_before_anyone_claimed_takes_its_task_along(lab: Lab) -> None:
    first, _ = lab.two_stages()
    a, b = lab.add_files("a.png", "b.png")
    claimed = lab.claim(first, "ann").task
    lab.do(lambda tx: datasets.remove(tx, lab.datasets["first pass"], [a, b], {"kind": "person"}))
    lab.drain()
    assert claimed.file == a
    assert statuses(lab, first) == [(a, "in_progress"), (b, "cancelled")]
    lab.do(lambda tx: datasets.add(tx, lab.datasets["first pass"], [b], {"kind": "person"}))
    lab.drain()
    assert statuses(lab, first) == [(a, "in_progress"), (b, "open")]


def test_two_templates_on_one_dataset_both_get_every_file_and_move_starves_neither(lab: Lab) -> None:
    watch = [Watch(dataset=lab.datasets["first pass"])]
    moving = lab.template(
        "moving",
        watch=watch,
        labels=[lab.labels["RBC"]],
        attributes=(),
        on_done=[Route(to=lab.datasets["gold"], mode="move")],
    )
    other = lab.template("other", watch=watch, labels=[lab.labels["WBC"]], attributes=())
    a, b = lab.add_files("a.png", "b.png")
    lab.finish(moving, "ann", box(lab.labels["RBC"]))
    lab.finish(other, "bob", box(lab.labels["WBC"]))
    lab.finish(other, "bob", box(lab.labels["WBC"]))
    assert lab.in_dataset("gold") == [a]
    assert lab.in_dataset("first pass") == [b]
    lab.finish(moving, "ann", box(lab.labels["RBC"]))
    assert sorted(lab.in_dataset("gold")) == [a, b]
    assert lab.in_dataset("first pass") == []
    assert [task.status for task in lab.tasks(other)] == ["done", "done"]


def test_a_route_back_gives_another_round_up_to_its_limit(lab: Lab) -> None:
    again = lab.template(
        "again",
        watch=[Watch(dataset=lab.datasets["first pass"], again=True, rounds=2)],
        attributes=(),
        on_done=[Route(to=lab.datasets["first pass"], condition="labels.RBC < 5")],
    )
    lab.add_files("a.png")
    lab.finish(again, "ann", box(lab.labels["RBC"]))
    assert [(t.round, t.status) for t in lab.tasks(again)] == [(1, "done"), (2, "open")]
    lab.finish(again, "ann", box(lab.labels["RBC"], x=90))
    assert [(t.round, t.status) for t in lab.tasks(again)] == [(1, "done"), (2, "done")]


def test_routes_split_by_condition_and_the_rest_goes_elsewhere(lab: Lab) -> None:
    template = lab.template(
        "split",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        attributes=(),
        on_done=[
            Route(to=lab.datasets["complete"], condition="labels.WBC >= 1"),
            Route(to=lab.datasets["gold"], otherwise=True),
        ],
    )
    a, b = lab.add_files("a.png", "b.png")
    lab.finish(template, "ann", box(lab.labels["WBC"]))
    lab.finish(template, "ann", box(lab.labels["RBC"]))
    assert (lab.in_dataset("complete"), lab.in_dataset("gold")) == ([a], [b])


def test_an_unconditional_cycle_is_refused_and_a_conditional_one_is_not(lab: Lab) -> None:
    lab.template(
        "out",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        on_done=[Route(to=lab.datasets["complete"])],
    )
    back = {"watch": [Watch(dataset=lab.datasets["complete"])]}
    with pytest.raises(RoutesCycle) as refused:
        lab.template("back", **back, on_done=[Route(to=lab.datasets["first pass"])])
    assert "'out' -> 'back' -> 'out'" in refused.value.detail
    lab.template("back", **back, on_done=[Route(to=lab.datasets["first pass"], condition="labels.RBC = 0")])


def test_every_unknown_name_in_a_template_is_listed(lab: Lab) -> None:
    with pytest.raises(TemplateInvalid) as refused:
        lab.template(
            "wrong",
            watch=[Watch(dataset=987)],
            labels=[555],
            attributes=[556],
            on_done=[Route(to=lab.datasets["gold"], condition="labels.")],
        )
    assert [e.code for e in refused.value.errors] == [
        "unknown-dataset",
        "unknown-label",
        "unknown-attribute",
        "query-invalid",
    ]
    lab.template("right")
    with pytest.raises(TemplateNameTaken):
        lab.template("right")


def test_pausing_gives_out_nothing_and_archiving_cancels_the_rest(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png", "b.png")
    held = lab.claim(first, "ann").attempt
    lab.do(lambda tx: tasks.templates.pause(tx, first.id))
    with pytest.raises(tasks.queue.TemplateNotActive):
        lab.claim(first, "bob")
    lab.save(held, "ann", box(lab.labels["RBC"]))
    lab.do(lambda tx: tasks.templates.archive(tx, first.id))
    lab.drain()
    assert [t.status for t in lab.tasks(first)] == ["in_progress", "cancelled"]
    assert lab.submit(held, "ann").status == "done"


def test_an_edit_of_the_template_leaves_attempts_under_way_alone(lab: Lab) -> None:
    first, _ = lab.two_stages()
    lab.add_files("a.png")
    held = lab.claim(first, "ann").attempt
    narrow = first.settings.model_copy(update={"labels": (lab.labels["WBC"],)})
    lab.do(lambda tx: tasks.templates.change(tx, first.id, TemplateChange(settings=narrow)))
    lab.save(held, "ann", box(lab.labels["RBC"]))
    assert lab.submit(held, "ann").status == "done"


def suggestion(lab: Lab, confidence: float, x: float = 10) -> Annotation:
    return drawn("box", [x, 10, 20, 20], label=lab.labels["RBC"], confidence=confidence)


@pytest.mark.parametrize(("mode", "kept"), [("suggest", 2), ("draft", 3)])
def test_untouched_suggestions_are_dropped_or_accepted(lab: Lab, mode: str, kept: int) -> None:
    template = lab.template(
        "first pass",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        attributes=(),
        prelabels=Prelabels(predictions="cells v1", mode=mode, above=0.5),  # type: ignore[arg-type]
    )
    (file,) = lab.add_files("a.png")
    suggested = [suggestion(lab, c, x) for c, x in ((0.9, 10), (0.8, 60), (0.7, 110), (0.6, 160), (0.4, 210))]
    lab.do(lambda tx: predict(tx, "cells v1", file, suggested), "ada")
    attempt = lab.claim(template, "ann").attempt
    work = lab.do(lambda tx: tasks.work(tx, attempt), "ann")
    assert [a.confidence for a in work.suggestions] == [0.9, 0.8, 0.7, 0.6]
    accept = {"do": "accept", "id": str(suggested[0].id)}
    with pytest.raises(ChangesInvalid) as refused:
        lab.save(attempt, "ann", accept, box(999), {"do": "accept", "id": str(new_uuid())})
    assert [(e.at, e.code) for e in refused.value.errors] == [
        ("changes[1].label", "unknown-label"),
        ("changes[2].id", "unknown-annotation"),
    ]
    lab.save(attempt, "ann", accept)
    lab.save(attempt, "ann", {"do": "update", "id": str(suggested[1].id), "geometry": [60, 10, 30, 20]})
    lab.save(attempt, "ann", {"do": "delete", "id": str(suggested[2].id)})
    lab.submit(attempt, "ann")
    truth = {a.id: a for a in lab.truth(file)}
    assert len(truth) == kept
    assert truth[suggested[0].id].source == "model"
    assert truth[suggested[1].id].source == "person"
    with lab.store.db.transaction(lab.project) as tx:
        outcomes = tx.rows("select outcome, count(*)::int from resolution group by 1 order by 1")
    assert dict(outcomes) == {"accepted": kept - 1, "changed": 1, "rejected": 1} | (
        {"dropped": 1} if mode == "suggest" else {}
    )


@pytest.mark.parametrize("mode", ["suggest", "draft"])
def test_a_suggestion_brings_no_answer_that_its_template_may_not_write(lab: Lab, mode: str) -> None:
    template = lab.template(
        "first pass",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        attributes=(),
        prelabels=Prelabels(predictions="cells v1", mode=mode),  # type: ignore[arg-type]
    )
    (file,) = lab.add_files("a.png")
    answered = {str(lab.attributes["focus"]): lab.options["sharp"]}
    suggested = drawn("box", [10, 10, 20, 20], label=lab.labels["WBC"], confidence=0.9, attributes=answered)
    lab.do(lambda tx: predict(tx, "cells v1", file, [suggested]), "ada")
    attempt = lab.claim(template, "ann").attempt
    assert [a.attributes for a in lab.do(lambda tx: tasks.work(tx, attempt), "ann").suggestions] == [{}]
    if mode == "suggest":
        lab.save(attempt, "ann", {"do": "accept", "id": str(suggested.id)})
    lab.submit(attempt, "ann")
    assert [(a.id, a.attributes) for a in lab.truth(file)] == [(suggested.id, {})]
    with lab.store.db.transaction(lab.project) as tx:
        assert tx.values(str, "select outcome from resolution") == ["accepted"]


def test_a_suggestion_brings_no_answer_that_was_archived(lab: Lab) -> None:
    template = lab.template(
        "all",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        prelabels=Prelabels(predictions="cells v1", mode="draft"),
    )
    files = lab.add_files("a.png", "b.png")
    for file, option in zip(files, ("sharp", "blurred"), strict=True):
        answered = {str(lab.attributes["focus"]): lab.options[option]}
        suggested = drawn("box", [10, 10, 20, 20], label=lab.labels["WBC"], confidence=0.9, attributes=answered)
        lab.do(lambda tx, file=file, suggested=suggested: predict(tx, "cells v1", file, [suggested]), "ada")
    fewer = WANTED.model_copy(
        update={"attributes": {"focus": WANTED.attributes["focus"].model_copy(update={"options": ("blurred",)})}}
    )
    lab.do(lambda tx: schema.replace(tx, fewer, prune=True))
    attempts = [lab.claim(template, who).attempt for who in ("ann", "bob")]
    works = [lab.do(lambda tx, attempt=attempt: tasks.work(tx, attempt)) for attempt in attempts]
    assert [[len(a.attributes) for a in work.suggestions] for work in works] == [[0], [1]]


def test_where_each_suggestion_must_be_answered_submitting_lists_the_open_ones(lab: Lab) -> None:
    template = lab.template(
        "first pass",
        watch=[Watch(dataset=lab.datasets["first pass"])],
        attributes=(),
        prelabels=Prelabels(predictions="cells v1", mode="resolve"),
    )
    (file,) = lab.add_files("a.png")
    suggested = [suggestion(lab, 0.9), suggestion(lab, 0.2, 60)]
    lab.do(lambda tx: predict(tx, "cells v1", file, suggested), "ada")
    attempt = lab.claim(template, "ann").attempt
    lab.save(attempt, "ann", {"do": "accept", "id": str(suggested[0].id)})
    with pytest.raises(SuggestionsOpen) as refused:
        lab.submit(attempt, "ann")
    assert [e.at for e in refused.value.errors] == [f"suggestions.{suggested[1].id}"]


def test_a_paused_queue_is_told_apart_from_an_empty_one(lab: Lab) -> None:
    template = lab.do(lambda tx: tasks.templates.create(tx, "empty", TemplateSettings()), "ada")
    with pytest.raises(NothingToDo):
        lab.claim(template, "ann")
