"""Background work: a small port over Procrastinate, on our own database and inside our own transactions.

A job restarts from its beginning after a crash, so jobs are short and safe to repeat.
"""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.jobs import worker
    from penstock.jobs.port import Job, Work, later
    from penstock.jobs.timer import at, cancel_timer, ring

__all__ = ["Job", "Work", "at", "cancel_timer", "later", "ring", "worker"]

__getattr__ = lazily(__name__)
