"""What one can do with actions. Each verb writes its events in the caller's transaction. Runs have their own file."""

from collections.abc import Callable, Iterable
from typing import Any

from penstock import datasets, metrics
from penstock.actions import conditions, filling, firing, running, scheduling, steps, tables
from penstock.actions.events import ActionChanged, ActionCreated, ActionRemoved
from penstock.actions.model import (
    Action,
    ActionChange,
    ActionSettings,
    DryRun,
    DryStep,
    Fire,
    NewAction,
    OnEvent,
    OnProgress,
    Run,
)
from penstock.actions.steps import Call
from penstock.actions.steps.naming import What
from penstock.core import Conflict, Invalid, NotFound
from penstock.core.ids import new_uuid
from penstock.log import Event
from penstock.store import Transaction
from penstock.tasks import templates


class ActionNameTaken(Conflict):
    """There is an action {name!r} already. Choose another name."""


class EventUnknown(Invalid):
    """There is no event {kind!r}. There is: {known}."""


IfMatch = Callable[[int], None]


def create(tx: Transaction, new: NewAction) -> Action:
    """Make an action; it waits for what happens from now on. Writes `action.created`.

    Raises ActionNameTaken, DatasetOutOfUse, and whatever its trigger, condition or steps are refused for.
    """
    check(tx, new.settings)
    datasets.use(tx, sorted(_datasets_of(new.settings)))
    _check_name(tx, new.name)
    id = tables.new_id(tx)
    _arm(tx, id, new.settings)
    tables.insert_action(tx, id, new.name, new.settings, new.state)
    scheduling.plan(tx, get(tx, id))
    tx.append(ActionCreated(action=id, name=new.name))
    return get(tx, id)


def change(tx: Transaction, id: int, change: ActionChange, if_match: IfMatch | None = None) -> Action:
    """Change an action's name, settings or state. Runs under way keep their steps. Writes `action.changed`.

    Safe to repeat. A trigger that stays the same keeps what it fired already, also through off and on again; events
    that came while it was off are not made up for.
    """
    if change.settings is not None:
        datasets.use(tx, sorted(_datasets_of(change.settings)))
    before = _locked(tx, id, if_match)
    given = {field: value for field, value in dict(change).items() if value is not None}
    new = before.model_copy(update=given)
    if (before.name, before.settings, before.state) == (new.name, new.settings, new.state):
        return before
    check(tx, new.settings)
    if new.name != before.name:
        _check_name(tx, new.name)
    _arm(tx, id, new.settings)
    anew = before.settings.when != new.settings.when or before.state != new.state
    tables.update_action(tx, new.model_copy(update={"edition": before.edition + 1}), arm_anew=anew)
    if anew:
        scheduling.plan(tx, get(tx, id))
    tx.append(ActionChanged(action=id, name=new.name, edition=before.edition + 1, state=new.state))
    return get(tx, id)


def remove(tx: Transaction, id: int, if_match: IfMatch | None = None) -> None:
    """Remove an action; its runs stay readable, and those under way go on. Writes `action.removed`."""
    action = _locked(tx, id, if_match)
    metrics.disarm(tx, firing.subscriber(id))
    tables.remove_action(tx, id)
    scheduling.plan(tx, action.model_copy(update={"state": "off"}))
    tx.append(ActionRemoved(action=id, name=action.name))


def rearm(tx: Transaction, id: int) -> None:
    """Let an action fire again at marks of progress that it fired at before. Writes `template.progress_armed`."""
    when = _locked(tx, id).settings.when
    if not isinstance(when, OnProgress):
        raise Invalid(detail="Only an action that waits for progress can be armed again.")
    metrics.rearm(tx, when.progress, firing.subscriber(id))


def get(tx: Transaction, id: int) -> Action:
    """An action. Raises NotFound."""
    found = tables.action(tx, id)
    if found is None:
        raise NotFound(what="action", name=id)
    return found


def named(tx: Transaction, name: str) -> Action | None:
    """The action with this name."""
    return tables.action_named(tx, name)


def list_(tx: Transaction) -> list[Action]:
    """Every action that was not removed."""
    return tables.actions(tx)


def using(tx: Transaction, dataset: int) -> Iterable[str]:
    """The actions that speak of a dataset, also those that are off, as people call them."""
    for action in list_(tx):
        if dataset in _datasets_of(action.settings):
            yield f"the action {action.name!r}"


def _datasets_of(settings: ActionSettings) -> set[int]:
    """The datasets that an action speaks of. Raises StepSettingsInvalid, StepKindUnknown."""
    spoken = _Spoken()
    for step in settings.do:
        steps.named(step.kind).write(running.typed(step, step.settings), spoken)
    found = {id for what, id in spoken.of if what == "dataset"}
    where = settings.when.where.get("dataset") if isinstance(settings.when, OnEvent) else None
    return found | {where} if isinstance(where, int) else found


class _Spoken:
    """Notes what settings speak of, while they are written as for a file."""

    def __init__(self) -> None:
        self.of: set[tuple[What, int]] = set()

    def name(self, what: What, id: int) -> str:
        self.of.add((what, id))
        return str(id)


def fire(tx: Transaction, id: int, by_hand: Fire) -> Run:
    """Set an action off now, whatever its trigger, condition and state. Writes `action.started`."""
    action = _locked(tx, id)
    run = firing.fire(tx, action, f"hand-{new_uuid()}", _event_by_hand(tx, by_hand), as_of=tx.seq)
    assert run is not None
    return run


def dry_run(tx: Transaction, id: int, by_hand: Fire) -> DryRun:
    """What an action would do if it was set off now. Nothing is written, nothing leaves."""
    action = get(tx, id)
    event = _event_by_hand(tx, by_hand)
    known: dict[str, Any] = {
        "event": event,
        "run": {"id": 0, "cause": "dry-run", "as_of": tx.value(int, "select last_value from seq") or 0},
        "action": {"id": id, "name": action.name},
    }
    later: list[str] = []
    shown: list[DryStep] = []
    for n, step in enumerate(action.settings.do):
        settings = running.typed(step, filling.fill(step.settings, known, later))
        call = Call[Any](
            project=tx.project,
            action=id,
            run=0,
            n=n,
            kind=step.kind,
            name=step.name,
            key=new_uuid(),
            settings=settings,
            cause="dry-run",
            as_of=known["run"]["as_of"],
            at=tx.now,
            event=event,
            known=known,
            number=1,
        )
        would = steps.named(step.kind).preview(tx, call)
        shown.append(DryStep(name=step.name, kind=step.kind, would=would, input=settings.model_dump(mode="json")))
        later.append(step.name)
    return DryRun(holds=conditions.holds(tx, action.settings.condition, event), steps=tuple(shown))


def check(tx: Transaction, settings: ActionSettings) -> None:
    """Refuse settings that can't work: an unknown event, template, step, placeholder or receiver; a wrong condition."""
    conditions.check(tx, settings.condition)
    _check_trigger(tx, settings)
    earlier: list[str] = []
    for step in settings.do:
        filling.check(step.settings, running.ROOTS, earlier)
        steps.named(step.kind).check(tx, running.typed(step, step.settings))
        earlier.append(step.name)


def _check_trigger(tx: Transaction, settings: ActionSettings) -> None:
    match settings.when:
        case OnEvent(event=kind) if kind not in Event.registry:
            raise EventUnknown(kind=kind, known=", ".join(sorted(Event.registry)))
        case OnProgress(progress=template):
            templates.get(tx, template)
        case _:
            pass


def _arm(tx: Transaction, id: int, settings: ActionSettings) -> None:
    match settings.when:
        case OnProgress() as when:
            metrics.arm(tx, when.progress, firing.subscriber(id), when.mark)
        case _:
            metrics.disarm(tx, firing.subscriber(id))


def _event_by_hand(tx: Transaction, by_hand: Fire) -> dict[str, Any]:
    event: dict[str, Any] = {"kind": "by_hand", "actor": tx.actor, "note": by_hand.note, "at": tx.now.isoformat()}
    return event if by_hand.file is None else {**event, "file": by_hand.file}


def _check_name(tx: Transaction, name: str) -> None:
    if tables.action_named(tx, name):
        raise ActionNameTaken(name=name)


def _locked(tx: Transaction, id: int, if_match: IfMatch | None = None) -> Action:
    action = tables.lock_action(tx, id)
    if action is None:
        raise NotFound(what="action", name=id)
    if if_match:
        if_match(action.edition)
    return action
