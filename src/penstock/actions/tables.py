"""The tables of actions and their runs. Deliveries have their own file."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock.actions.model import Action, ActionSettings, Run, StepRun, StepTry
from penstock.core.ids import new_uuid
from penstock.datasets.pruning_model import Hold
from penstock.store import Transaction

_ACTION = "select id, name, settings, state, edition, next_at, created_seq from action"
_RUN = (
    "select id, action, cause, edition, settings, event, as_of, depth, state, error, round, created_at, finished_at"
    " from action_run"
)
_STEP = (
    "select n, kind, name, key, state, tries, failures, input, output, error, waits_on, due, deadline, started_at,"
    " finished_at from step_run"
)


def new_id(tx: Transaction) -> int:
    id = tx.value(int, "select nextval(pg_get_serial_sequence('action', 'id'))")
    assert id is not None
    return id


def insert_action(tx: Transaction, id: int, name: str, settings: ActionSettings, state: str) -> None:
    tx.run(
        "insert into action (project, id, name, settings, state, armed_seq, created_seq)"
        " overriding system value"
        " values (%(project)s, %(id)s, %(name)s, %(settings)s, %(state)s, %(seq)s, %(seq)s)",
        id=id,
        name=name,
        settings=as_json(settings),
        state=state,
        seq=tx.seq,
    )


def update_action(tx: Transaction, action: Action, *, arm_anew: bool) -> None:
    tx.run(
        "update action set name = %(name)s, settings = %(settings)s, state = %(state)s, edition = %(edition)s,"
        " armed_seq = case when %(anew)s then %(seq)s::bigint else armed_seq end"
        " where project = %(project)s and id = %(id)s",
        id=action.id,
        name=action.name,
        settings=as_json(action.settings),
        state=action.state,
        edition=action.edition,
        anew=arm_anew,
        seq=tx.seq if arm_anew else None,
    )


def remove_action(tx: Transaction, id: int) -> None:
    tx.run(
        "update action set removed_seq = %(seq)s, state = 'off', next_at = null"
        " where project = %(project)s and id = %(id)s",
        id=id,
        seq=tx.seq,
    )


def set_next(tx: Transaction, id: int, when: dt.datetime | None) -> None:
    tx.run("update action set next_at = %(when)s where project = %(project)s and id = %(id)s", id=id, when=when)


def action(tx: Transaction, id: int) -> Action | None:
    """An action, also a removed one: its runs speak of it."""
    return tx.maybe(Action, _ACTION + " where project = %(project)s and id = %(id)s", id=id)


def lock_action(tx: Transaction, id: int) -> Action | None:
    rows = tx.lock(
        Action,
        _ACTION + " where project = %(project)s and id = %(id)s and removed_seq is null for no key update",
        id=id,
    )
    return rows[0] if rows else None


def action_named(tx: Transaction, name: str) -> Action | None:
    return tx.maybe(
        Action, _ACTION + " where project = %(project)s and name = %(name)s and removed_seq is null", name=name
    )


def actions(tx: Transaction) -> list[Action]:
    return tx.all(Action, _ACTION + " where project = %(project)s and removed_seq is null order by id")


def actions_on(tx: Transaction, kinds: list[str]) -> list[tuple[Action, int]]:
    """The actions that are on and wait for one of these events, each with the revision it is armed since."""
    found = tx.all(
        Action,
        _ACTION + " where project = %(project)s and state = 'on' and removed_seq is null"
        " and (settings->'when'->>'event' = any(%(kinds)s) or settings->'when' ? 'progress') order by id",
        kinds=kinds,
    )
    armed: dict[int, int] = dict(
        tx.rows(
            "select id, armed_seq from action where project = %(project)s and id = any(%(ids)s)",
            ids=[one.id for one in found],
        )
    )
    return [(one, armed[one.id]) for one in found]


def kinds_wished(tx: Transaction) -> list[str]:
    """Every kind of event that some action waits for."""
    return tx.values(
        str,
        "select distinct settings->'when'->>'event' from action where project = %(project)s and state = 'on'"
        " and removed_seq is null and settings->'when' ? 'event'",
    )


def insert_run(
    tx: Transaction, action: Action, cause: str, event: dict[str, Any] | None, as_of: int, depth: int
) -> int | None:
    """A new run with its steps; None when this action ran for this cause already."""
    id = tx.value(
        int,
        "insert into action_run (project, action, cause, edition, settings, event, as_of, depth, state, created_at,"
        " created_seq) values (%(project)s, %(action)s, %(cause)s, %(edition)s, %(settings)s, %(event)s, %(as_of)s,"
        " %(depth)s, 'queued', %(now)s, %(seq)s) on conflict do nothing returning id",
        action=action.id,
        cause=cause,
        edition=action.edition,
        settings=as_json(action.settings),
        event=None if event is None else Jsonb(event),
        as_of=as_of,
        depth=depth,
        now=tx.now,
        seq=tx.seq,
    )
    if id is not None:
        insert_steps(tx, id, action.settings)
    return id


def insert_steps(
    tx: Transaction,
    run: int,
    settings: ActionSettings,
    first: int = 0,
    keys: Mapping[tuple[str, str], UUID] = MappingProxyType({}),
) -> None:
    tx.many(
        # Tries of what stood here before stay, and the count goes on after them.
        "insert into step_run (project, run, n, kind, name, key, state, tries)"
        " select %(project)s, %(run)s, %(n)s, %(kind)s, %(name)s, %(key)s, 'pending', coalesce(max(number), 0)"
        " from step_try where project = %(project)s and run = %(run)s and n = %(n)s",
        [
            {"run": run, "n": n, "kind": s.kind, "name": s.name, "key": keys.get((s.kind, s.name)) or new_uuid()}
            for n, s in enumerate(settings.do)
            if n >= first
        ],
    )


def run_of_cause(tx: Transaction, action: int, cause: str) -> Run | None:
    return tx.maybe(
        Run,
        _RUN + " where project = %(project)s and action = %(action)s and cause = %(cause)s",
        action=action,
        cause=cause,
    )


def run(tx: Transaction, id: int) -> Run | None:
    return tx.maybe(Run, _RUN + " where project = %(project)s and id = %(id)s", id=id)


def lock_run(tx: Transaction, id: int) -> Run | None:
    rows = tx.lock(Run, _RUN + " where project = %(project)s and id = %(id)s for no key update", id=id)
    return rows[0] if rows else None


def runs(tx: Transaction, action: int | None, states: list[str] | None, before: int | None, limit: int) -> list[Run]:
    """Runs, newest first."""
    return tx.all(
        Run,
        _RUN + " where project = %(project)s"
        " and (%(action)s::bigint is null or action = %(action)s::bigint)"
        " and (%(states)s::text[] is null or state = any(%(states)s::text[]))"
        " and (%(before)s::bigint is null or id < %(before)s::bigint) order by id desc limit %(limit)s",
        action=action,
        states=states,
        before=before,
        limit=limit,
    )


def save_run(tx: Transaction, run: Run) -> None:
    tx.run(
        "update action_run set state = %(state)s, error = %(error)s, round = %(round)s, settings = %(settings)s,"
        " edition = %(edition)s, finished_at = %(finished_at)s where project = %(project)s and id = %(id)s",
        id=run.id,
        state=run.state,
        error=run.error,
        round=run.round,
        settings=as_json(run.settings),
        edition=run.edition,
        finished_at=run.finished_at,
    )


def steps(tx: Transaction, run: int) -> list[StepRun]:
    return tx.all(StepRun, _STEP + " where project = %(project)s and run = %(run)s order by n", run=run)


def waiting_runs(tx: Transaction, subjects: list[str]) -> list[int]:
    """The runs that wait on any of these, like ``export:5``."""
    return tx.values(
        int,
        "select distinct run from step_run where project = %(project)s and waits_on = any(%(subjects)s) order by run",
        subjects=subjects,
    )


def save_step(tx: Transaction, run: int, step: StepRun) -> None:
    tx.run(
        "update step_run set state = %(state)s, tries = %(tries)s, failures = %(failures)s, input = %(input)s,"
        " output = %(output)s, error = %(error)s, waits_on = %(waits_on)s, due = %(due)s, deadline = %(deadline)s,"
        " started_at = %(started_at)s, finished_at = %(finished_at)s"
        " where project = %(project)s and run = %(run)s and n = %(n)s",
        run=run,
        n=step.n,
        state=step.state,
        tries=step.tries,
        failures=step.failures,
        input=None if step.input is None else Jsonb(step.input),
        output=None if step.output is None else Jsonb(step.output),
        error=step.error,
        waits_on=step.waits_on,
        due=step.due,
        deadline=step.deadline,
        started_at=step.started_at,
        finished_at=step.finished_at,
    )


def replace_steps(tx: Transaction, run: int, first: int, settings: ActionSettings) -> None:
    """Put the steps from `first` on in place of what was there. A step of the same kind and name keeps its key."""
    keys = {(step.kind, step.name): step.key for step in steps(tx, run)}
    tx.run(
        "delete from step_run where project = %(project)s and run = %(run)s and n >= %(first)s", run=run, first=first
    )
    insert_steps(tx, run, settings, first, keys)


def tries(tx: Transaction, run: int) -> list[StepTry]:
    return tx.all(
        StepTry,
        "select n, number, started_at, finished_at, error, output, log from step_try"
        " where project = %(project)s and run = %(run)s order by n, number",
        run=run,
    )


def insert_try(tx: Transaction, run: int, n: int, number: int, started_at: dt.datetime | None) -> None:
    tx.run(
        "insert into step_try (project, run, n, number, started_at)"
        " values (%(project)s, %(run)s, %(n)s, %(number)s, %(started_at)s)",
        run=run,
        n=n,
        number=number,
        started_at=started_at,
    )


def begin_try(tx: Transaction, run: int, n: int, number: int) -> bool:
    """Note that a try begins now; False when it had begun already, which means that its worker died."""
    return bool(
        tx.run(
            "update step_try set started_at = %(now)s where project = %(project)s and run = %(run)s and n = %(n)s"
            " and number = %(number)s and started_at is null",
            run=run,
            n=n,
            number=number,
            now=tx.now,
        )
    )


def end_try(
    tx: Transaction,
    run: int,
    n: int,
    number: int,
    *,
    error: str | None = None,
    output: dict[str, Any] | None = None,
    log: str | None = None,
) -> None:
    tx.run(
        "update step_try set finished_at = %(now)s, error = %(error)s, output = %(output)s, log = %(log)s"
        " where project = %(project)s and run = %(run)s and n = %(n)s and number = %(number)s",
        run=run,
        n=n,
        number=number,
        now=tx.now,
        error=error,
        output=None if output is None else Jsonb(output),
        log=log,
    )


def as_json(settings: ActionSettings) -> Jsonb:
    return Jsonb(settings.model_dump(mode="json"))


def last_runs(tx: Transaction) -> dict[int, Run]:
    """The newest run of each action."""
    found = tx.all(
        Run,
        _RUN + " where project = %(project)s and id in"
        " (select max(id) from action_run where project = %(project)s group by action)",
    )
    return {run.action: run for run in found}


def counts(tx: Transaction) -> dict[int, dict[str, int]]:
    """How many runs each action has in each state."""
    found: dict[int, dict[str, int]] = {}
    query = "select action, state, count(*) from action_run where project = %(project)s group by action, state"
    for action, state, n in tx.rows(query):
        found.setdefault(action, {})[state] = n
    return found


def held(tx: Transaction) -> list[Hold]:
    """What the steps of unfinished runs read."""
    return tx.all(
        Hold,
        "select as_of as seq, null::bigint as branch from action_run where project = %(project)s"
        " and state in ('queued', 'running', 'waiting', 'asking')",
    )
