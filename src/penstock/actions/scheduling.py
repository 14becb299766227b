"""Actions by the clock: the next time stands in the action's row, and a timer rings then."""

from penstock import jobs
from penstock.actions import conditions, firing, tables
from penstock.actions.model import Action, OnSchedule
from penstock.store import Transaction


def plan(tx: Transaction, action: Action) -> None:
    """Set the timer for an action's next time; none where it has no schedule or is off. Safe to repeat."""
    when = action.settings.when
    if action.state == "off" or not isinstance(when, OnSchedule):
        tables.set_next(tx, action.id, None)
        jobs.cancel_timer(tx, timer_of(action.id))
        return
    due = when.next_after(tx.now)
    tables.set_next(tx, action.id, due)
    jobs.at(tx, due, "actions.tick", key=timer_of(action.id), project=tx.project, action=action.id)


def tick(tx: Transaction, action_id: int) -> None:
    """Fire an action if it is due: once, for the latest of the times that were missed. Safe to repeat."""
    action = tables.lock_action(tx, action_id)
    if action is None or action.next_at is None or action.state == "off":
        return
    when = action.settings.when
    if not isinstance(when, OnSchedule) or action.next_at > tx.now:
        return
    due = when.latest_until(tx.now)
    event = {"kind": "schedule", "due": due.isoformat()}
    if conditions.holds(tx, action.settings.condition, event):
        firing.fire(tx, action, firing.cause_of_time(due), event, as_of=tx.seq)
    plan(tx, action)


def timer_of(action: int) -> str:
    return f"actions.tick:{action}"
