"""A run on its way: one transaction per move, so that it goes on from wherever it was stopped.

Each call of `advance` looks at the first unfinished step and moves it once. What must wait is looked at again by a
timer or by the event it waits for; what happens outside has a job of its own.
"""

import datetime as dt
from typing import Any, Literal

from pydantic import ValidationError

from penstock import jobs
from penstock.actions import filling, tables
from penstock.actions.events import ActionAsks, ActionFailed, ActionFinished
from penstock.actions.model import OVER, Run, Step, StepRun
from penstock.actions.retrying import retry_at
from penstock.actions.steps import Call, Failed, Finished, Outcome, Outside, StepKind, StepKindUnknown, Waits, named
from penstock.core import Invalid, Refusal
from penstock.jobs.trouble import MOST_DEATHS
from penstock.store import Store, Transaction

RETRY_SECONDS = (5, 300, 1800, 7200, 18000)
ROOTS = ("event", "steps", "run", "action")

Move = Literal["again", "stop"]


class StepSettingsInvalid(Invalid):
    """The settings of step {step!r} are wrong: {why}."""


def go(tx: Transaction, run: int) -> None:
    """Let a worker go on with a run, once this transaction commits."""
    jobs.later(tx, "actions.run", lock=lock_of(tx.project, run), project=tx.project, run=run)


def lock_of(project: int, run: int) -> str:
    return f"actions.run:{project}:{run}"


def advance(tx: Transaction, run_id: int) -> Move:
    """Move a run's first unfinished step once. Whatever a step raises undoes the move: then call `fail`."""
    run = tables.lock_run(tx, run_id)
    if run is None or run.state in OVER or run.state == "asking":
        return "stop"
    step = _first_unfinished(tx, run)
    if step is None:
        _finish(tx, run)
        return "stop"
    if step.state == "running":
        return "stop"  # its own job does it, and wakes the run afterwards
    if step.state == "waiting":
        return _look(tx, run, step)
    if step.due and step.due > tx.now:
        return "stop"
    return _begin(tx, run, step)


def failure_of(error: Exception) -> Failed:
    """An error raised by a step as a failed try. What can't get better by itself is final."""
    if isinstance(error, Refusal):
        final = isinstance(error, filling.PlaceholderUnknown | StepSettingsInvalid | StepKindUnknown)
        return Failed(error.detail, final=final)
    return Failed(f"{type(error).__name__}: {error}", final=True)


def fail(tx: Transaction, run_id: int, failed: Failed) -> None:
    """Count what `advance` raised as a failed try of the step at hand."""
    run = tables.lock_run(tx, run_id)
    step = run and _first_unfinished(tx, run)
    if run is None or step is None or run.state in OVER or step.state not in ("pending", "waiting"):
        return
    if step.state == "pending":
        step = step.model_copy(update={"tries": step.tries + 1, "started_at": tx.now})
        tables.insert_try(tx, run.id, step.n, step.tries, tx.now)
    settle(tx, run, step, failed)


def settle(tx: Transaction, run: Run, step: StepRun, outcome: Outcome) -> Move:
    """Note what came of a step, and see to what is next."""
    match outcome:
        case Finished(output, log):
            tables.end_try(tx, run.id, step.n, step.tries, output=output, log=log)
            _save(tx, run, step, state="done", output=output, error=None, waits_on=None, due=None, finished_at=tx.now)
            return "again"
        case Waits(on, until):
            deadline = step.deadline or _deadline(tx, run, step)
            _save(tx, run, step, state="waiting", waits_on=on, due=until, deadline=deadline)
            _wake_at(tx, run, min((t for t in (until, deadline) if t), default=None))
            return "stop"
        case Outside():
            _save(tx, run, step, state="running")
            _ask_outside(tx, run, step)
            return "stop"
        case Failed():
            return _fail(tx, run, step, outcome)


def call_of(tx: Transaction, run: Run, step: StepRun) -> Call[Any]:
    """What the step has at hand, with its settings filled in. Raises PlaceholderUnknown, StepSettingsInvalid."""
    wanted = run.settings.do[step.n]
    known = known_to(tx, run)
    return Call(
        project=tx.project,
        action=run.action,
        run=run.id,
        n=step.n,
        kind=step.kind,
        name=step.name,
        key=step.key,
        settings=typed(wanted, filling.fill(wanted.settings, known)),
        cause=run.cause,
        as_of=run.as_of,
        at=run.created_at,
        event=run.event,
        known=known,
        number=step.tries,
    )


def typed(step: Step, settings: Any) -> Any:
    """A step's settings as its kind's value. Raises StepSettingsInvalid, StepKindUnknown."""
    try:
        return named(step.kind).settings.model_validate(settings)
    except ValidationError as error:
        why = "; ".join(f"{'.'.join(map(str, e['loc'])) or step.kind}: {e['msg']}" for e in error.errors())
        raise StepSettingsInvalid(step=step.name, why=why) from error


def known_to(tx: Transaction, run: Run) -> dict[str, Any]:
    """What the placeholders of a run's steps can name."""
    action = tables.action(tx, run.action)
    finished = [step for step in tables.steps(tx, run.id) if step.state == "done"]
    return {
        "event": run.event or {},
        "steps": {step.name: step.output or {} for step in finished},
        "run": {"id": run.id, "cause": run.cause, "as_of": run.as_of},
        "action": {"id": run.action, "name": action.name if action else ""},
    }


def _first_unfinished(tx: Transaction, run: Run) -> StepRun | None:
    return next((step for step in tables.steps(tx, run.id) if step.state != "done"), None)


def _begin(tx: Transaction, run: Run, step: StepRun) -> Move:
    step = step.model_copy(update={"tries": step.tries + 1, "started_at": tx.now, "due": None, "deadline": None})
    call = call_of(tx, run, step)
    step = step.model_copy(update={"input": call.settings.model_dump(mode="json")})
    outcome = _kind(step).begin(tx, call)
    tables.insert_try(tx, run.id, step.n, step.tries, None if isinstance(outcome, Outside) else tx.now)
    if run.state != "running":
        tables.save_run(tx, run.model_copy(update={"state": "running"}))
    return settle(tx, run, step, outcome)


def _look(tx: Transaction, run: Run, step: StepRun) -> Move:
    outcome = _kind(step).look(tx, call_of(tx, run, step), step.waits_on)
    if isinstance(outcome, Waits) and step.deadline and step.deadline <= tx.now:
        seconds = (step.deadline - (step.started_at or step.deadline)).total_seconds()
        outcome = Failed(f"it took longer than {seconds:g} s")
    return settle(tx, run, step, outcome)


def _fail(tx: Transaction, run: Run, step: StepRun, failed: Failed) -> Move:
    tables.end_try(tx, run.id, step.n, step.tries, error=failed.error, output=failed.output, log=failed.log)
    wanted = run.settings.do[step.n].retries
    allowed = _kind(step).retries if wanted is None else wanted
    failures = step.failures + 1
    if not failed.final and failures <= allowed:
        due = retry_at(tx.now, failures, RETRY_SECONDS)
        _save(tx, run, step, state="pending", failures=failures, error=failed.error, waits_on=None, due=due)
        _wake_at(tx, run, due)
        return "stop"
    _save(
        tx, run, step, state="failed", failures=failures, error=failed.error, waits_on=None, due=None,
        output=failed.output, finished_at=tx.now,
    )  # fmt: skip
    tables.save_run(tx, run.model_copy(update={"state": "failed", "error": failed.error, "finished_at": tx.now}))
    tx.append(ActionFailed(action=run.action, run=run.id, cause=run.cause, step=step.name, error=failed.error))
    return "stop"


def _finish(tx: Transaction, run: Run) -> None:
    tables.save_run(tx, run.model_copy(update={"state": "done", "error": None, "finished_at": tx.now}))
    tx.append(ActionFinished(action=run.action, run=run.id, cause=run.cause))


_SHOWN = {"waiting": "waiting", "pending": "waiting", "running": "running", "done": "running", "asking": "asking"}


def _save(tx: Transaction, run: Run, step: StepRun, **changes: Any) -> None:
    step = step.model_copy(update=changes)
    tables.save_step(tx, run.id, step)
    shown = _SHOWN.get(step.state)
    if shown and shown != run.state:
        tables.save_run(tx, run.model_copy(update={"state": shown}))


def _deadline(tx: Transaction, run: Run, step: StepRun) -> dt.datetime | None:
    seconds = run.settings.do[step.n].timeout_seconds or _kind(step).timeout_seconds
    return tx.now + dt.timedelta(seconds=seconds) if seconds else None


def _wake_at(tx: Transaction, run: Run, when: dt.datetime | None) -> None:
    if when:
        jobs.at(tx, when, "actions.run", key=timer_of(run.id), project=tx.project, run=run.id)


def timer_of(run: int) -> str:
    return f"actions.run:{run}"


def _kind(step: StepRun) -> StepKind[Any]:
    return named(step.kind)


# What happens outside.


def _ask_outside(tx: Transaction, run: Run, step: StepRun) -> None:
    jobs.later(
        tx,
        "actions.outside",
        queue="command",
        lock=f"actions.outside:{tx.project}:{run.id}",
        project=tx.project,
        run=run.id,
        n=step.n,
        number=step.tries,
    )


def claim_outside(tx: Transaction, store: Store, run_id: int, n: int, number: int) -> Call[Any] | None:
    """What to do outside, noted as begun; None when there is nothing to do any more.

    A try that was begun already lost its worker: it is repeated as a new try, or a person is asked.
    """
    run = tables.lock_run(tx, run_id)
    step = run and tables.steps(tx, run_id)[n]
    if run is None or step is None or run.state in OVER or step.state != "running" or step.tries != number:
        return None
    if tables.begin_try(tx, run_id, n, number):
        return call_of(tx, run, step)
    _lose(tx, store, run, step, "the worker died while it ran")
    return None


def interrupted(tx: Transaction, store: Store, run_id: int, n: int, number: int) -> None:
    """Note that a try was cut short because its worker had to stop."""
    run = tables.lock_run(tx, run_id)
    step = run and tables.steps(tx, run_id)[n]
    if run and step and step.state == "running" and step.tries == number:
        _lose(tx, store, run, step, "the worker was stopped while it ran")


def _lose(tx: Transaction, store: Store, run: Run, step: StepRun, why: str) -> None:
    """A try came to no end: it is repeated as a new one, or a person is asked, at last when that happens for ever."""
    tables.end_try(tx, run.id, step.n, step.tries, error=why)
    if step.tries < MOST_DEATHS and _kind(step).may_repeat(store, call_of(tx, run, step).settings):
        step = step.model_copy(update={"tries": step.tries + 1})
        tables.insert_try(tx, run.id, step.n, step.tries, None)
        _save(tx, run, step, error=why)
        _ask_outside(tx, run, step)
    else:
        _save(tx, run, step, state="asking", error=why)
        tx.append(ActionAsks(action=run.action, run=run.id, step=step.name))


def conclude_outside(tx: Transaction, run_id: int, n: int, number: int, outcome: Finished | Failed) -> None:
    """Note what came of it, unless the run was cancelled or another try took over meanwhile."""
    run = tables.lock_run(tx, run_id)
    step = run and tables.steps(tx, run_id)[n]
    if run is None or step is None or step.state != "running" or step.tries != number:
        return
    settle(tx, run, step, outcome)
    go(tx, run_id)
