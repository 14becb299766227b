"""The jobs of this room."""

from penstock.jobs import Job
from penstock.tasks import watching

JOBS = [
    Job("tasks.open_backlog", watching.open_backlog),
    Job("tasks.cancel_rest", watching.cancel_rest),
]
