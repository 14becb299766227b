"""What metrics read from the log."""

from penstock.log import Follower
from penstock.metrics.counting import count_tasks

MOVES = frozenset(
    f"task.{verb}"
    for verb in (
        "opened",
        "claimed",
        "released",
        "submitted",
        "in_review",
        "returned",
        "accepted",
        "done",
        "skipped",
        "cancelled",
        "reopened",
    )
)
"""Every event that can carry `was` and `now`."""

FOLLOWERS = [Follower("metrics.progress", MOVES, count_tasks)]
