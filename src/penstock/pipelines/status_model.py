"""The values of a pipeline's status: every node with its counts, and what keeps it from moving."""

import datetime as dt
from typing import Literal

from penstock.core import Value
from penstock.log.event import Setback
from penstock.metrics.model import Pace, TemplateProgress

Cause = Literal[
    "no-people",
    "no-reviewers",
    "nobody-works",
    "idle-leases",
    "paused",
    "input-dry",
    "import-failed",
    "items-failed",
    "run-failed",
    "run-asks",
    "receiver-off",
]
Offer = Literal["invite", "watch", "resume", "see_tasks", "import", "see_import", "see_run", "enable_receiver"]


class Trouble(Value):
    """Why a node doesn't move, in words, and what to do about it."""

    cause: Cause
    detail: str
    count: int = 0
    """How many tasks or items it holds up."""
    since: dt.datetime | None = None
    offer: Offer
    about: int | None = None
    """The import, run or connection to look at."""


class DatasetStatus(Value):
    """A dataset and how many files it holds."""

    id: int
    name: str
    files: int
    watched_by: tuple[int, ...]
    """Templates."""
    fed_by: tuple[int, ...]
    """Templates that route into it."""
    today: int = 0
    """Files that came in the last 24 hours and are still there."""
    trouble: tuple[Trouble, ...] = ()
    """What is wrong, the worst first."""


class TemplateStatus(Value):
    """A template, its progress, and where its work comes from and goes."""

    id: int
    name: str
    state: str
    progress: TemplateProgress
    watches: tuple[int, ...]
    """Datasets."""
    routes_to: tuple[int, ...]
    """Datasets."""
    people: int = 0
    """How many are at work on it now."""
    pace: Pace = Pace()
    trouble: tuple[Trouble, ...] = ()


class LastRun(Value):
    """The newest run of an action."""

    id: int
    state: str
    created_at: dt.datetime
    error: str | None = None


class ActionStatus(Value):
    """An action and its runs."""

    id: int
    name: str
    state: Literal["on", "off"]
    when: str
    """Its trigger in words."""
    template: int | None = None
    """The template whose progress it waits for."""
    steps: tuple[str, ...]
    runs: dict[str, int]
    """How many, by state."""
    last_run: LastRun | None = None
    next_at: dt.datetime | None = None
    trouble: tuple[Trouble, ...] = ()


class Status(Value):
    """Every dataset, template and action of a project, with counts."""

    datasets: tuple[DatasetStatus, ...]
    templates: tuple[TemplateStatus, ...]
    actions: tuple[ActionStatus, ...]
    setbacks: tuple[Setback, ...] = ()
    """Followers of the log that stand still, and what they had to set aside in the last 30 days."""
    is_counting: bool = False
    """Something happened that the counts don't hold yet: ask again in a moment."""
