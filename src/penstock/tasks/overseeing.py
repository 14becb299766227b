"""What those who look after a queue do about its tasks: whose they are, and which come first."""

from penstock.core import Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.store import Transaction
from penstock.tasks import attempt_tables, closing, events, overseeing_tables, templates
from penstock.tasks.closing import TaskEnded
from penstock.tasks.model import QueuedTask, Status, Task
from penstock.tasks.queue import event


def page(
    tx: Transaction,
    template: int,
    status: Status | None = None,
    person: int | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[QueuedTask]:
    """A template's tasks in the order they were opened; of `person`, those that they have or handed in.

    Raises NotFound.
    """
    templates.get(tx, template)
    start: int = decode_cursor(after, int)[0] if after else 0
    found = overseeing_tables.queued(tx, template, status, person, start, limit + 1)
    items = found[:limit]
    return Page(items=items, next=encode_cursor(items[-1].id) if len(found) > limit else None)


def take_back(tx: Transaction, task: int) -> Task:
    """Take a task from whoever has it, back into the queue. What they drew stays on their draft, and the next holder is
    shown it. Safe to repeat: of a task that nobody has, nothing changes. Writes `task.released`. Raises NotFound.
    """
    found = closing.locked(tx, task)
    held = None if found.attempt is None else attempt_tables.lock(tx, found.attempt)
    return found if held is None or held.state != "live" else closing.give_back(tx, found, held)


def prioritise(tx: Transaction, task: int, priority: int) -> Task:
    """Move a task in its queue. Safe to repeat. Writes `task.prioritised`. Raises NotFound, TaskEnded."""
    found = closing.locked(tx, task)
    if found.is_closed:
        raise TaskEnded(status=found.status)
    if found.priority == priority:
        return found
    overseeing_tables.set_priority(tx, task, priority)
    moved = event(
        events.TaskPrioritised, found, found.status, found.status, was_priority=found.priority, priority=priority
    )
    tx.append(moved)
    return found.model_copy(update={"priority": priority})
