"""Tasks: templates that watch datasets, the queue, attempts with drafts of their own, done, review and routes."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.tasks import templates
    from penstock.tasks.attempts import heartbeat, save, take, work
    from penstock.tasks.closing import call_off, cancel, release, skip
    from penstock.tasks.done import submit
    from penstock.tasks.reviewing import accept, return_
    from penstock.tasks.verbs import attempt, claim, may_see_file, page, reopen, reserve, task, visible

__all__ = [
    "accept",
    "attempt",
    "call_off",
    "cancel",
    "claim",
    "heartbeat",
    "may_see_file",
    "page",
    "release",
    "reopen",
    "reserve",
    "return_",
    "save",
    "skip",
    "submit",
    "take",
    "task",
    "templates",
    "visible",
    "work",
]

__getattr__ = lazily(__name__)
