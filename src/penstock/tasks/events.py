"""What happens to templates, tasks and attempts.

An event that changes a task's status says what it was and what it is now, so that counting needs no table.
"""

from typing import Any
from uuid import UUID

from penstock.log import Event
from penstock.tasks.model import Status


class TemplateCreated(Event):
    """A task template began to exist, and to watch."""

    kind = "template.created"
    template: int
    name: str


class TemplateChanged(Event):
    """A template's name or settings were edited."""

    kind = "template.changed"
    template: int
    edition: int
    was_name: str
    name: str


class TemplatePaused(Event):
    """A template gives out no new tasks; those held may be finished."""

    kind = "template.paused"
    template: int


class TemplateResumed(Event):
    """A paused template gives out tasks again."""

    kind = "template.resumed"
    template: int


class TemplateArchived(Event):
    """A template ended; its unfinished tasks are cancelled."""

    kind = "template.archived"
    template: int


class TaskEvent(Event):
    """The base of events of one task."""

    task: int
    template: int
    file: int
    was: Status | None = None
    now: Status


class TaskOpened(TaskEvent):
    """A file became a task: it entered a watched dataset and is ready, or a cancelled task came back."""

    kind = "task.opened"
    dataset: int
    round: int


class TaskClaimed(TaskEvent):
    """Somebody took a task: an attempt began."""

    kind = "task.claimed"
    attempt: int
    who: int


class AttemptSaved(Event):
    """A command was saved on an attempt's draft."""

    kind = "attempt.saved"
    attempt: int
    task: int
    template: int
    file: int
    command: UUID
    created: int
    updated: int
    deleted: int
    late: bool


class TaskLapsed(TaskEvent):
    """A lease ran out and somebody else took the task; the earlier draft stays on its own branch."""

    kind = "task.lapsed"
    attempt: int
    who: int


class TaskReleased(TaskEvent):
    """A held task was given back to the queue."""

    kind = "task.released"
    attempt: int
    who: int


class TaskSubmitted(TaskEvent):
    """An attempt's work was sent in, and is complete."""

    kind = "task.submitted"
    attempt: int
    who: int
    active_seconds: float
    wall_seconds: float


class TaskReturned(TaskEvent):
    """A reviewer sent a task back to its annotator with notes."""

    kind = "task.returned"
    attempt: int
    author: int
    reviewer: int
    notes: int
    active_seconds: float = 0.0  #: the reviewer's


class TaskAccepted(TaskEvent):
    """A reviewer accepted a task, perhaps after mending it."""

    kind = "task.accepted"
    attempt: int
    author: int
    reviewer: int
    changed: int  #: annotations that the reviewer mended
    active_seconds: float = 0.0  #: the reviewer's


class TaskDone(TaskEvent):
    """An attempt's draft was merged into its dataset's branch."""

    kind = "task.done"
    attempt: int
    author: int
    reviewer: int | None
    added: int  #: annotations new on the branch
    changed: int
    removed: int
    active_seconds: float
    routed: list[int]  #: datasets that the file went to


class TaskSkipped(TaskEvent):
    """Somebody put a task aside, with a reason."""

    kind = "task.skipped"
    attempt: int
    who: int
    reason: str


class TaskPrioritised(TaskEvent):
    """A task was moved in its queue: higher priorities go out first."""

    kind = "task.prioritised"
    was_priority: int
    priority: int


class TaskCancelled(TaskEvent):
    """A task ended unfinished: its file left the dataset, or its template was archived."""

    kind = "task.cancelled"
    why: str


class TaskReopened(TaskEvent):
    """A submitted, done, skipped or cancelled task is worked on again. Nothing is unmerged."""

    kind = "task.reopened"
    who: int


class FillInNeeded(Event):
    """The schema moved on while a task was worked on: these answers are now required, and missing."""

    kind = "task.fill_in_needed"
    task: int
    template: int
    file: int
    missing: list[dict[str, Any]]  #: annotation, attribute


class NoteAdded(Event):
    """Somebody remarked on a task."""

    kind = "task.noted"
    task: int
    template: int
    note: int
    author: int
    annotation: UUID | None
