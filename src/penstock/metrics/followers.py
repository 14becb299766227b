"""What metrics read from the log."""

from penstock.log import Event, Follower
from penstock.metrics.counting import count_tasks
from penstock.metrics.work import count_work
from penstock.tasks.events import TaskEvent

MOVES = frozenset(kind for kind, event in Event.registry.items() if issubclass(event, TaskEvent))
"""Every event that says `was` and `now` of a task."""
WORK = frozenset({"task.submitted", "task.done", "task.returned", "task.accepted", "task.skipped"})

FOLLOWERS = [
    Follower("metrics.progress", MOVES, count_tasks, rest_seconds=0.25),
    Follower("metrics.work", WORK, count_work, rest_seconds=1.0),
]
