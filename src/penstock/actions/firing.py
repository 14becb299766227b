"""Setting an action off: one run for each cause, whoever asks and however often."""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.actions import conditions, running, tables
from penstock.actions.events import ActionStarted
from penstock.actions.model import Action, OnEvent, OnProgress, Run
from penstock.log import Happening
from penstock.metrics.events import ProgressReached
from penstock.store import Transaction

logger = logging.getLogger(__name__)

DEEPEST = 8  #: actions that set each other off stop at this depth


def fire(
    tx: Transaction, action: Action, cause: str, event: Mapping[str, Any] | None, as_of: int, depth: int = 0
) -> Run | None:
    """Begin a run, unless the action ran for this cause already. Writes `action.started`."""
    id = tables.insert_run(tx, action, cause, None if event is None else dict(event), as_of, depth)
    if id is None:
        return None
    tx.append(ActionStarted(action=action.id, run=id, cause=cause, round=1))
    running.go(tx, id)
    return tables.run(tx, id)


def cause_of_event(happening: Happening) -> str:
    """The cause that an event is. It names a folder of the exports."""
    return f"event-{happening.seq}-{happening.n}"


def cause_of_time(due: dt.datetime) -> str:
    """The cause that a scheduled time is."""
    return f"schedule-{due.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"


def wished(tx: Transaction) -> frozenset[str]:
    """The kinds of events that actions wait for at present."""
    return frozenset([*tables.kinds_wished(tx), ProgressReached.kind])


def follow(tx: Transaction, happenings: Sequence[Happening]) -> None:
    """Set off every action that waits for one of these events."""
    waiting = tables.actions_on(tx, sorted({happening.kind for happening in happenings}))
    for happening in happenings:
        for action, armed_seq in waiting:
            if happening.seq > armed_seq and _is_for(action, happening):
                _fire_by_event(tx, action, happening)


def event_of(happening: Happening) -> dict[str, Any]:
    """An event as conditions and placeholders see it: its fields, and its kind, subject, actor, seq and time."""
    return {
        **happening.body,
        "kind": happening.kind,
        "subject": happening.subject,
        "actor": happening.actor,
        "seq": happening.seq,
        "at": happening.at.astimezone(dt.UTC).isoformat(),
    }


def _is_for(action: Action, happening: Happening) -> bool:
    match action.settings.when:
        case OnProgress():
            return happening.kind == ProgressReached.kind and happening.body["subscriber"] == subscriber(action.id)
        case OnEvent() as when:
            return when.matches(happening.kind, happening.body) and not _is_own_doing(action, happening)
        case _:
            return False


def _is_own_doing(action: Action, happening: Happening) -> bool:
    """Whether this action itself brought the event about: it must not set itself off for ever."""
    return action.id in (happening.body.get("action"), _cause(happening).get("action"))


def _cause(happening: Happening) -> dict[str, Any]:
    cause: Any = happening.body.get("cause")
    return cause if isinstance(cause, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def subscriber(action: int) -> str:
    """The name under which an action arms a mark of progress."""
    return f"action:{action}"


def _fire_by_event(tx: Transaction, action: Action, happening: Happening) -> None:
    event = event_of(happening)
    depth = _depth(tx, happening)
    if depth > DEEPEST:
        logger.warning("action %s not set off by %s: actions set each other off %s deep", action.id, event, depth)
        return
    if conditions.holds(tx, action.settings.condition, event):
        as_of = happening.body["as_of"] if isinstance(action.settings.when, OnProgress) else happening.seq
        fire(tx, action, cause_of_event(happening), event, as_of, depth)


def _depth(tx: Transaction, happening: Happening) -> int:
    run = happening.body.get("run") or _cause(happening).get("run")
    found = tables.run(tx, run) if isinstance(run, int) else None
    return found.depth + 1 if found else 0
