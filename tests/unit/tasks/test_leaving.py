"""Files leave a dataset, and tasks end, when they should: not too soon, and not never."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from penstock import actions, datasets, tasks
from penstock.actions import NewAction
from penstock.core.ids import DatasetId
from penstock.datasets import live
from penstock.datasets.live_model import LiveSettings, Source
from penstock.datasets.model import DatasetInUse, DatasetOutOfUse
from penstock.store import Transaction
from penstock.tasks.closing import ClaimedLater
from penstock.tasks.model import Route, TemplateSettings, Watch
from penstock.tasks.templates import TemplateInvalid

from .conftest import Lab, box

PERSON: datasets.Cause = {"kind": "person"}


def add(lab: Lab, name: str, file: int) -> None:
    lab.do(lambda tx: datasets.add(tx, lab.datasets[name], [file], PERSON))
    lab.drain()


def remove(lab: Lab, name: str, file: int) -> None:
    lab.do(lambda tx: datasets.remove(tx, lab.datasets[name], [file], PERSON))
    lab.drain()


def test_a_file_that_was_moved_and_added_again_stays_when_other_work_on_it_is_done(lab: Lab) -> None:
    watch = [Watch(dataset=lab.datasets["first pass"])]
    moving = lab.template(
        "moving",
        watch=watch,
        attributes=(),
        on_done=[Route(to=lab.datasets["gold"], mode="move")],
    )
    (file,) = lab.add_files("a.png")
    done = lab.finish(moving, "ann", box(lab.labels["RBC"]))
    assert lab.in_dataset("first pass") == []
    add(lab, "first pass", file)
    other = lab.template("other", watch=watch, attributes=())
    lab.finish(other, "bob", box(lab.labels["RBC"]))
    assert lab.in_dataset("first pass") == [file]
    again = lab.do(lambda tx: tasks.reopen(tx, done.id, "annotator"), "ann")
    assert isinstance(again, tasks.model.Claim)
    lab.submit(again.attempt, "ann")
    assert lab.in_dataset("first pass") == []  # the route holds once more


def test_a_task_goes_when_its_file_leaves_the_last_watched_dataset_whichever_that_is(lab: Lab) -> None:
    both = lab.template("both", watch=[Watch(dataset=lab.datasets[name]) for name in ("first pass", "complete")])
    (file,) = lab.add_files("a.png")
    add(lab, "complete", file)
    remove(lab, "first pass", file)
    assert [task.status for task in lab.tasks(both)] == ["open"]
    remove(lab, "complete", file)
    assert [task.status for task in lab.tasks(both)] == ["cancelled"]


def test_a_task_stays_when_its_file_leaves_a_dataset_that_its_template_does_not_watch(lab: Lab) -> None:
    first, _ = lab.two_stages()
    (file,) = lab.add_files("a.png")
    add(lab, "gold", file)
    unwatched = tasks.model.TemplateChange(settings=first.settings.model_copy(update={"watch": ()}))
    lab.do(lambda tx: tasks.templates.change(tx, first.id, unwatched))
    remove(lab, "gold", file)
    assert [task.status for task in lab.tasks(first)] == ["open"]


def test_only_a_later_stage_that_kept_the_file_stands_against_reopening(lab: Lab) -> None:
    first, expert = lab.two_stages()
    sibling = lab.template("sibling", watch=first.settings.watch, labels=(lab.labels["WBC"],), attributes=())
    last = lab.template("last", watch=[Watch(dataset=lab.datasets["gold"])])
    narrow = first.settings.model_copy(update={"labels": (lab.labels["RBC"],)})
    lab.do(lambda tx: tasks.templates.change(tx, first.id, tasks.model.TemplateChange(settings=narrow)))
    lab.add_files("a.png")
    done = lab.finish(first, "ann", box(lab.labels["RBC"]))
    given_back = lab.claim(expert, "eve").attempt
    lab.do(lambda tx: tasks.release(tx, given_back.id), "eve")
    lab.finish(sibling, "bob", box(lab.labels["WBC"]))
    again = lab.do(lambda tx: tasks.reopen(tx, done.id, "annotator"), "ann")
    assert isinstance(again, tasks.model.Claim)
    lab.submit(again.attempt, "ann")
    add(lab, "gold", done.file)
    lab.claim(last, "bob")  # two stages on
    with pytest.raises(ClaimedLater):
        lab.do(lambda tx: tasks.reopen(tx, done.id, "annotator"), "ann")


def test_a_dataset_that_templates_use_is_not_archived(lab: Lab) -> None:
    first, expert = lab.two_stages()
    with pytest.raises(DatasetInUse) as refused:
        lab.do(lambda tx: datasets.archive(tx, lab.datasets["complete"]))
    assert "by the template 'first pass' and the template 'expert'" in refused.value.detail
    for template in (first, expert):
        lab.do(lambda tx, template=template: tasks.templates.archive(tx, template.id))
    assert lab.do(lambda tx: datasets.archive(tx, lab.datasets["complete"])).archived_at is not None


def gathering(lab: Lab) -> NewAction:
    """An action that waits for files of `complete`, for `gold`."""
    return NewAction.model_validate(
        {
            "name": "gather",
            "settings": {
                "when": {"event": "dataset.file_added", "where": {"dataset": lab.datasets["complete"]}},
                "do": [{"kind": "add", "settings": {"to": lab.datasets["gold"]}}],
            },
            "state": "off",
        }
    )


def test_a_dataset_that_a_live_one_or_an_action_uses_is_not_archived(lab: Lab) -> None:
    follows = LiveSettings(query="labels.RBC > 0", sources=(Source(dataset=DatasetId(lab.datasets["complete"])),))
    made = lab.do(lambda tx: live.create(tx, "seen", follows))
    new = gathering(lab)
    action = lab.do(lambda tx: actions.create(tx, new), "ada")
    with pytest.raises(DatasetInUse, match="by the live dataset 'seen' and the action 'gather'"):
        lab.do(lambda tx: datasets.archive(tx, lab.datasets["complete"]))
    with pytest.raises(DatasetInUse, match="by the action 'gather'"):
        lab.do(lambda tx: datasets.archive(tx, lab.datasets["gold"]))
    lab.do(lambda tx: actions.remove(tx, action.id))
    lab.do(lambda tx: datasets.archive(tx, made.id))
    lab.do(lambda tx: datasets.archive(tx, lab.datasets["complete"]))


def make_template(tx: Transaction, lab: Lab) -> object:
    return tasks.templates.create(tx, "new", TemplateSettings(watch=(Watch(dataset=lab.datasets["complete"]),)))


def make_live(tx: Transaction, lab: Lab) -> object:
    return live.create(tx, "new", LiveSettings(sources=(Source(dataset=DatasetId(lab.datasets["complete"])),)))


def make_live_by_query(tx: Transaction, lab: Lab) -> object:
    gold = Source(dataset=DatasetId(lab.datasets["gold"]))
    return live.create(tx, "new", LiveSettings(query='in "first pass complete"', sources=(gold,)))


def make_action(tx: Transaction, lab: Lab) -> object:
    return actions.create(tx, gathering(lab))


@pytest.mark.parametrize("make", [make_template, make_live, make_live_by_query, make_action])
def test_a_dataset_is_not_archived_while_something_that_uses_it_is_being_made(
    lab: Lab, make: Callable[[Transaction, Lab], object]
) -> None:
    with ThreadPoolExecutor(1) as other:
        with lab.store.db.transaction(lab.project, lab.people["ada"]) as tx:
            make(tx, lab)
            archived = other.submit(lab.do, lambda tx: datasets.archive(tx, lab.datasets["complete"]))
            with pytest.raises(TimeoutError):
                archived.result(0.3)
        with pytest.raises(DatasetInUse):
            archived.result(30)


@pytest.mark.parametrize("make", [make_template, make_live, make_action])
def test_nothing_is_made_that_uses_an_archived_dataset(lab: Lab, make: Callable[[Transaction, Lab], object]) -> None:
    lab.do(lambda tx: datasets.archive(tx, lab.datasets["complete"]))
    with pytest.raises((DatasetOutOfUse, TemplateInvalid)):
        lab.do(lambda tx: make(tx, lab), "ada")


def test_a_query_may_speak_of_an_archived_dataset(lab: Lab) -> None:
    lab.do(lambda tx: datasets.archive(tx, lab.datasets["complete"]))
    lab.do(lambda tx: make_live_by_query(tx, lab), "ada")
