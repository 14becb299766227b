"""Runs as people see them: list, look into, cancel. Running again has its own file."""

import datetime as dt

from penstock import jobs
from penstock.actions import deliveries, running, tables
from penstock.actions.events import ActionCancelled
from penstock.actions.model import OVER, Run, RunDetail, StepRun
from penstock.actions.steps import named
from penstock.core import Conflict, NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.store import Transaction


class RunIsOver(Conflict):
    """This run is {state} already, so there is nothing to cancel. Replay it to run it again."""


def get(tx: Transaction, id: int) -> RunDetail:
    """A run with its steps, tries and deliveries. Raises NotFound."""
    run = tables.run(tx, id)
    if run is None:
        raise NotFound(what="run", name=id)
    return RunDetail(
        **dict(run),
        steps=tuple(tables.steps(tx, id)),
        tries=tuple(tables.tries(tx, id)),
        deliveries=tuple(deliveries.of_run(tx, id)),
    )


def list_(
    tx: Transaction,
    action: int | None = None,
    states: list[str] | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Run]:
    """Runs, newest first."""
    before: int | None = decode_cursor(after, int)[0] if after else None
    found = tables.runs(tx, action, states, before, limit + 1)
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if more else None)


def cancel(tx: Transaction, id: int) -> RunDetail:
    """Stop a run where it is. What it did stays; a message not delivered yet is not sent any more.

    Writes `action.cancelled`. Raises RunIsOver.
    """
    run = locked(tx, id)
    if run.state in OVER:
        raise RunIsOver(state=run.state)
    for step in tables.steps(tx, id):
        if step.state == "waiting":
            named(step.kind).cancel(tx, running.call_of(tx, run, step), step.waits_on)
        if step.state != "done":
            tables.save_step(tx, id, _left(step, tx.now))
    jobs.cancel_timer(tx, running.timer_of(id))
    tables.save_run(tx, run.model_copy(update={"state": "cancelled", "error": None, "finished_at": tx.now}))
    tx.append(ActionCancelled(action=run.action, run=id, cause=run.cause))
    return get(tx, id)


def _left(step: StepRun, now: dt.datetime) -> StepRun:
    return step.model_copy(update={"state": "cancelled", "waits_on": None, "due": None, "finished_at": now})


def locked(tx: Transaction, id: int) -> Run:
    """A run, held until the commit. Raises NotFound."""
    run = tables.lock_run(tx, id)
    if run is None:
        raise NotFound(what="run", name=id)
    return run
