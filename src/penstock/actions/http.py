"""HTTP of actions: the actions themselves, their runs, and the messages they send."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from penstock.actions import deliveries, replaying, runs, verbs
from penstock.actions.model import (
    Action,
    ActionChange,
    Delivery,
    DeliveryDetail,
    DeliveryState,
    DryRun,
    Fire,
    NewAction,
    Replay,
    ReplayPeriod,
    Run,
    RunDetail,
    RunState,
)
from penstock.actions.steps import command
from penstock.core import Page
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may
from penstock.store import Transaction

router = APIRouter(prefix="/projects/{project}", tags=["actions"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/actions")
def list_actions(who: Viewer, name: str | None = None) -> Page[Action]:
    """The project's actions; with `name`, the one of that name."""
    if name is not None:
        return who.read(lambda tx: Page(items=[one for one in [verbs.named(tx, name)] if one]))
    return who.read(lambda tx: Page(items=verbs.list_(tx)))


@router.post("/actions", status_code=201)
def create_action(body: NewAction, who: Editor) -> Action:
    """Make an action; it waits for what happens from now on. Writes `action.created`."""

    def work(tx: Transaction) -> Action:
        command.check_known(who.store, body.settings)
        return verbs.create(tx, body)

    return who.do(work)


@router.get("/actions/{action}")
def get_action(action: int, who: Viewer) -> Action:
    """One action, also one that was removed."""
    return who.read(lambda tx: verbs.get(tx, action))


@router.patch("/actions/{action}")
def change_action(action: int, body: ActionChange, who: Editor) -> Action:
    """Change an action, or turn it on or off. Runs under way keep their steps. Writes `action.changed`."""

    def work(tx: Transaction) -> Action:
        if body.settings is not None and body.settings != verbs.get(tx, action).settings:
            command.check_known(who.store, body.settings)
        return verbs.change(tx, action, body, who.if_match)

    return who.do(work)


@router.delete("/actions/{action}", status_code=204)
def remove_action(action: int, who: Editor) -> None:
    """Remove an action; its runs stay readable. Writes `action.removed`."""
    who.do(lambda tx: verbs.remove(tx, action, who.if_match))


@router.post("/actions/{action}/fire", status_code=201)
def fire_action(action: int, body: Fire, who: Editor) -> RunDetail:
    """Set an action off now, whatever its trigger and condition. Writes `action.started`."""
    return who.do(lambda tx: runs.get(tx, verbs.fire(tx, action, body).id))


@router.post("/actions/{action}/dry-run")
def dry_run_action(action: int, body: Fire, who: Editor) -> DryRun:
    """What an action would do now. Nothing is written, nothing leaves."""
    return who.read(lambda tx: verbs.dry_run(tx, action, body))


@router.post("/actions/{action}/rearm")
def rearm_action(action: int, who: Editor) -> Action:
    """Let an action fire again at marks of progress that it fired at before. Writes `template.progress_armed`."""

    def work(tx: Transaction) -> Action:
        verbs.rearm(tx, action)
        return verbs.get(tx, action)

    return who.do(work)


@router.get("/actions/{action}/runs")
def list_runs_of_action(
    action: int,
    who: Viewer,
    state: Annotated[list[RunState] | None, Query()] = None,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[Run]:
    """The runs of one action, newest first."""
    return who.read(lambda tx: runs.list_(tx, action, None if state is None else list(state), after, limit))


@router.get("/runs")
def list_runs(
    who: Viewer,
    action: int | None = None,
    state: Annotated[list[RunState] | None, Query()] = None,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[Run]:
    """Runs of actions, newest first."""
    return who.read(lambda tx: runs.list_(tx, action, None if state is None else list(state), after, limit))


@router.get("/runs/{run}")
def get_run(run: int, who: Viewer) -> RunDetail:
    """A run with each step's input, output, error, tries and messages."""
    return who.read(lambda tx: runs.get(tx, run))


@router.post("/runs/{run}/cancel")
def cancel_run(run: int, who: Editor) -> RunDetail:
    """Stop a run where it is. What it did stays. Writes `action.cancelled`."""
    return who.do(lambda tx: runs.cancel(tx, run))


@router.post("/runs/{run}/replay")
def replay_run(run: int, body: Replay, who: Editor) -> RunDetail:
    """Run again from the step that failed, or whole when it is done: same cause, same revision, same message ids.

    Also the answer to a run that asks whether a command may be started again. Writes `action.started`.
    """
    return who.do(lambda tx: replaying.replay(tx, run, body))


@router.get("/deliveries")
def list_deliveries(
    who: Viewer,
    state: DeliveryState | None = None,
    connection: int | None = None,
    run: int | None = None,
    after: str | None = None,
    limit: Limit = 50,
) -> Page[Delivery]:
    """Messages to receivers, newest first."""
    return who.read(lambda tx: deliveries.list_(tx, state, connection, run, after, limit))


@router.get("/deliveries/{delivery}")
def get_delivery(delivery: int, who: Viewer) -> DeliveryDetail:
    """A message with its body and every try: what was sent, and what came back."""
    return who.read(lambda tx: deliveries.get(tx, delivery))


@router.post("/deliveries/{delivery}/replay")
def replay_delivery(delivery: int, who: Editor) -> DeliveryDetail:
    """Send a message again, under its own id. Writes `delivery.replayed`."""
    return who.do(lambda tx: replaying.replay_delivery(tx, delivery))


@router.post("/deliveries/replay")
def replay_period(body: ReplayPeriod, who: Editor) -> list[int]:
    """Send again every message that was given up in a period; which. Writes `delivery.replayed` for each."""
    return who.do(lambda tx: replaying.replay_period(tx, body))


@router.get("/receivers/off")
def list_receivers_off(who: Viewer) -> list[int]:
    """Connections whose receiver answered 410 Gone: nothing is sent there."""
    return who.read(deliveries.receivers_off)


@router.post("/receivers/{connection}/enable", status_code=204)
def enable_receiver(connection: int, who: Editor) -> None:
    """Send there again. Writes `delivery.enabled`."""
    who.do(lambda tx: deliveries.enable(tx, connection))
