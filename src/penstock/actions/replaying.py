"""Running again and sending again: always the same run, cause, revision and keys, so that nothing happens twice."""

from penstock.actions import deliveries, running, runs, tables
from penstock.actions.events import ActionStarted
from penstock.actions.model import OVER, DeliveryDetail, Replay, ReplayPeriod, Run, RunDetail, StepRun
from penstock.core import Conflict
from penstock.store import Transaction


class RunGoesOn(Conflict):
    """This run is still {state}, so it can't be replayed. Cancel it first, or wait until it is over."""


def replay(tx: Transaction, id: int, how: Replay) -> RunDetail:
    """Run again: from the step that failed, or all steps of a run that is done. Also the answer to a run that asks.

    Same cause, same revision, same keys: an export writes the same bytes, a receiver sees the same id.
    Writes `action.started`. Raises RunGoesOn.
    """
    run = runs.locked(tx, id)
    if run.state not in (*OVER, "asking"):
        raise RunGoesOn(state=run.state)
    if how.current:
        run = _with_present_steps(tx, run)
    steps = tables.steps(tx, id)
    first = next((step.n for step in steps if step.state != "done"), 0)
    for step in steps[first:]:
        tables.save_step(tx, id, _afresh(step))
    changes = {"state": "queued", "error": None, "finished_at": None, "round": run.round + 1}
    tables.save_run(tx, run.model_copy(update=changes))
    tx.append(ActionStarted(action=run.action, run=id, cause=run.cause, round=run.round + 1))
    running.go(tx, id)
    return runs.get(tx, id)


def _with_present_steps(tx: Transaction, run: Run) -> Run:
    """The run with its action's present steps. Steps that stay what they are keep their keys and what they did."""
    action = tables.action(tx, run.action)
    assert action is not None
    before, after = run.settings.do, action.settings.do
    same = next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), None)
    if same is None:
        same = min(len(before), len(after))
    tables.replace_steps(tx, run.id, same, action.settings)
    run = run.model_copy(update={"settings": action.settings, "edition": action.edition})
    tables.save_run(tx, run)
    return run


def replay_delivery(tx: Transaction, id: int) -> DeliveryDetail:
    """Send a message again, under its own id. A run that failed for it goes on when it arrives.

    Writes `delivery.replayed`. Raises DeliveryPending.
    """
    sent = deliveries.get(tx, id)
    _wait_again(tx, sent.run, sent.n, id)
    deliveries.again(tx, id)
    return deliveries.get(tx, id)


def replay_period(tx: Transaction, period: ReplayPeriod) -> list[int]:
    """Send again every message that was given up in a period; which. Writes `delivery.replayed` for each."""
    found = deliveries.failed_in(tx, period)
    for sent in sorted(found, key=lambda sent: sent.run):
        _wait_again(tx, sent.run, sent.n, sent.id)
        deliveries.again(tx, sent.id)
    return [sent.id for sent in found]


def _wait_again(tx: Transaction, run_id: int, n: int, delivery: int) -> None:
    """Let a run that failed at this message wait for it once more."""
    run = runs.locked(tx, run_id)
    step = tables.steps(tx, run_id)[n]
    if run.state == "failed" and step.state == "failed":
        changes = {"state": "waiting", "waits_on": f"delivery:{delivery}", "error": None, "finished_at": None}
        tables.save_step(tx, run_id, step.model_copy(update=changes))
        changes = {"state": "waiting", "error": None, "finished_at": None}
        tables.save_run(tx, run.model_copy(update=changes))


def _afresh(step: StepRun) -> StepRun:
    nothing = dict.fromkeys(("output", "error", "waits_on", "due", "deadline", "finished_at"))
    return step.model_copy(update={"state": "pending", "failures": 0, **nothing})
