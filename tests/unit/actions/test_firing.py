"""What sets actions off: events, progress, the clock, people; each cause once, also when the clock is moved."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from penstock import actions, datasets
from penstock.actions import ActionChange
from penstock.actions.filling import PlaceholderUnknown
from penstock.actions.model import Fire
from penstock.actions.steps import StepKindUnknown
from penstock.actions.verbs import ActionNameTaken, EventUnknown
from penstock.core import NotFound, PreconditionFailed
from penstock.datasets.query import QueryInvalid
from penstock.tasks import templates
from penstock.tasks.model import TemplateSettings
from unit.actions.world import Receiver, World

Move = Callable[[dt.timedelta], None]
TELL: dict[str, Any] = {"kind": "notify", "settings": {"subject": "hello"}}


@dataclass
class Happened:
    """Any event."""

    name: str
    fields: dict[str, Any]

    def record(self) -> tuple[str, str, str]:
        return self.name, "test:1", json.dumps(self.fields)


def happen(world: World, *events: Happened) -> None:
    with world.store.db.transaction(world.project) as tx:
        for event in events:
            tx.append(event)


def causes(world: World) -> list[str]:
    return [run.cause for run in world.runs()]


def test_each_event_that_fits_sets_it_off_once(world: World) -> None:
    world.create(TELL, when={"event": "task.skipped", "where": {"template": 3}})
    happen(world, *(Happened("task.skipped", {"template": n, "task": 1}) for n in (3, 4, 3)))
    happen(world, Happened("task.opened", {"template": 3}))
    world.drain()
    world.drain()
    found = world.runs()
    assert len(found) == len({run.cause for run in found}) == 2
    assert found[0].event is not None
    assert (found[0].event["kind"], found[0].event["task"], found[0].event["seq"]) == (
        "task.skipped",
        1,
        found[0].as_of,
    )


def test_events_before_it_was_made_do_not_count_however_late_they_are_read(world: World) -> None:
    happen(world, Happened("task.skipped", {"template": 3}))
    world.create(TELL, when={"event": "task.skipped"})
    world.drain()
    assert world.runs() == []


def test_a_condition_decides_over_the_event(world: World) -> None:
    world.create(TELL, when={"event": "task.skipped"}, **{"if": 'event.template = 3 and event.reason != "lunch"'})
    happen(world, Happened("task.skipped", {"template": 3, "reason": "lunch"}))
    happen(world, Happened("task.skipped", {"template": 3, "reason": "blurred"}))
    world.drain()
    assert [run.event and run.event["reason"] for run in world.runs()] == ["blurred"]


def test_off_means_off_and_what_came_meanwhile_is_not_made_up_for(world: World) -> None:
    action = world.create(TELL, when={"event": "task.skipped"})
    world.do(actions.change, action.id, ActionChange(state="off"))
    happen(world, Happened("task.skipped", {"template": 3}))
    world.do(actions.change, action.id, ActionChange(state="on"))
    world.drain()
    assert world.runs() == []
    happen(world, Happened("task.skipped", {"template": 3}))
    world.drain()
    assert len(world.runs()) == 1


def test_an_action_never_sets_itself_off(world: World) -> None:
    gold = world.do(datasets.create, "gold")
    world.create(
        {"kind": "add", "settings": {"to": gold.id}},
        when={"event": "dataset.file_added", "where": {"dataset": gold.id}},
    )
    world.drain()
    happen(world, Happened("dataset.file_added", {"dataset": gold.id, "cause": {"kind": "action", "action": 1}}))
    world.drain()
    assert world.runs() == []


def test_actions_that_set_each_other_off_come_to_an_end(world: World) -> None:
    first = world.create(TELL, when={"event": "action.finished"})
    settings = first.settings
    world.do(actions.create, actions.NewAction(name="the other", settings=settings))
    world.fire(first)
    world.drain()
    assert 5 < len(world.runs()) < 20


def test_progress_sets_it_off_at_the_revision_that_crossed(world: World) -> None:
    template = world.do(templates.create, "first pass", TemplateSettings()).id
    action = world.create(TELL, when={"progress": template, "reaches": "25%", "at_least": 2})
    opened = Happened("task.opened", {"template": template, "was": None, "now": "open"})
    done = Happened("task.done", {"template": template, "was": "open", "now": "done"})
    happen(world, *[opened] * 4)
    with world.store.db.transaction(world.project) as tx:
        tx.append(done)
        crossed = tx.seq
    happen(world, done)
    world.drain()
    (run,) = world.runs()
    assert run.as_of == crossed
    assert run.event is not None
    assert (run.event["mark"], run.event["done"], run.event["total"]) == ("25%", 1, 4)
    happen(world, done)
    world.drain()
    assert len(world.runs()) == 1
    world.do(actions.rearm, action.id)
    happen(world, done)
    world.drain()
    assert len(world.runs()) == 2


# Schedules


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.fixture
def set_clock(world: World, move_clock: Move) -> Callable[[str], None]:
    def set_(text: str) -> None:
        with world.store.db.transaction(0) as tx:
            now = tx.now
        move_clock(at(text) - now)

    return set_


def test_the_clock_sets_it_off(world: World, set_clock: Callable[[str], None]) -> None:
    set_clock("2031-03-03T05:00")
    world.create(TELL, when={"schedule": "0 6 * * *"})
    world.drain()
    assert causes(world) == []
    set_clock("2031-03-03T06:00:01")
    world.drain()
    set_clock("2031-03-04T06:00:01")
    world.drain()
    assert causes(world) == ["schedule-20310303T060000Z", "schedule-20310304T060000Z"]


def test_runs_that_were_missed_are_caught_up_by_one(world: World, set_clock: Callable[[str], None]) -> None:
    set_clock("2031-03-03T05:00")
    world.create(TELL, when={"schedule": "0 6 * * *"})
    set_clock("2031-03-09T12:00")
    world.drain()
    assert causes(world) == ["schedule-20310309T060000Z"]
    set_clock("2031-03-10T06:01")
    world.drain()
    assert len(causes(world)) == 2


def test_a_schedule_that_is_off_changed_or_removed_does_not_ring(
    world: World, set_clock: Callable[[str], None]
) -> None:
    set_clock("2031-03-03T05:00")
    action = world.create(TELL, when={"schedule": "0 6 * * *"})
    world.do(actions.change, action.id, ActionChange(state="off"))
    set_clock("2031-03-04T12:00")
    world.drain()
    told = {**action.settings.model_dump(), "when": {"schedule": "0 18 * * *"}}
    later = actions.ActionSettings.model_validate(told)
    changed = world.do(actions.change, action.id, ActionChange(state="on", settings=later))
    assert changed.next_at == at("2031-03-04T18:00")
    set_clock("2031-03-04T18:30")
    world.drain()
    assert causes(world) == ["schedule-20310304T180000Z"]
    world.do(actions.remove, action.id)
    set_clock("2031-03-09T18:30")
    world.drain()
    assert len(causes(world)) == 1


# By hand, and dry


def test_a_dry_run_says_what_would_happen_and_nothing_leaves(
    world: World, webhook: int, receiver: Receiver, wrote: Any
) -> None:
    gold = world.do(datasets.create, "gold")
    action = world.create(
        {"kind": "export", "settings": {"dataset": gold.id, "to": {"folder": str(world.store.settings.roots[0])}}},
        {"kind": "webhook", "settings": {"to": webhook, "data": {"uri": "${steps.export.uri}"}}},
        {"kind": "notify", "settings": {"subject": "file ${event.file}"}},
        {"kind": "add", "settings": {"to": gold.id}},
        {"kind": "command", "settings": {"run": "count"}},
        **{"if": "event.file = 8"},
    )
    with wrote(world.project) as written:
        found = world.do(actions.dry_run, action.id, Fire(file=7))
    assert not found.holds
    assert [step.would for step in found.steps] == [
        f"export 'gold' as jsonl to {world.store.settings.roots[0]}/dry-run",
        f"send a signed message to 'training trigger' ({receiver.url})",
        "tell Ada: file 7",
        "add 1 files to 'gold'",
        "start the command 'count' with {}",
    ]
    assert found.steps[1].input["data"] == {"uri": "${steps.export.uri}"}
    world.drain()
    assert (written.kinds, receiver.got, world.runs()) == ([], [], [])


# What is refused

REFUSED: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"when": {"event": "task.don"}}, EventUnknown),
    ({"when": {"progress": 99, "reaches": "25%"}}, NotFound),
    ({"if": "labels.x >>"}, QueryInvalid),
    ({"if": 'in "nowhere"'}, QueryInvalid),
    ({"do": [{"kind": "teleport"}]}, StepKindUnknown),
    ({"do": [{"kind": "notify", "settings": {"subject": "${steps.later.x}"}}]}, PlaceholderUnknown),
    ({"do": [{"kind": "notify", "settings": {"subject": "x", "teams": [99]}}]}, NotFound),
    ({"do": [{"kind": "webhook", "settings": {"to": 99}}]}, NotFound),
    ({"do": [{"kind": "add", "settings": {"to": 99}}]}, NotFound),
    ({"do": [{"kind": "export", "settings": {"dataset": 99, "to": {"folder": "/"}}}]}, NotFound),
]


def test_settings_that_can_not_work_are_refused_when_they_are_written(world: World, wrote: Any) -> None:
    with wrote(world.project) as written:
        for more, refusal in REFUSED:
            settings = {"when": {"by_hand": True}, "do": [TELL], **more}
            new = actions.NewAction.model_validate({"name": "x", "settings": settings})
            with pytest.raises(refusal):
                world.do(actions.create, new)
    assert written.kinds == []


def test_names_are_unique_until_removed(world: World) -> None:
    action = world.create(TELL)
    with pytest.raises(ActionNameTaken):
        world.create(TELL)
    world.do(actions.remove, action.id)
    world.create(TELL)


def test_an_edit_of_another_edition_is_refused(world: World) -> None:
    action = world.create(TELL)

    def held(present: int) -> None:
        raise PreconditionFailed(held=0, present=present)

    with pytest.raises(PreconditionFailed):
        world.do(actions.change, action.id, ActionChange(name="other"), held)


def test_changing_nothing_writes_nothing(world: World, wrote: Any) -> None:
    template = world.do(templates.create, "first pass", TemplateSettings()).id
    action = world.create(TELL, when={"progress": template, "every": "25%"})
    with wrote(world.project) as written:
        world.do(actions.change, action.id, ActionChange(name=action.name, settings=action.settings, state="on"))
    assert written.kinds == []
