"""Progress and the marks on it: pure arithmetic, exact (fractions, never floats)."""

import re
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from penstock.core import Value

UNCOUNTED = ("skipped", "cancelled")
STATUSES = ("open", "in_progress", "in_review", "returned", "done", *UNCOUNTED)
MOST_TASKS = 1_000_000_000

_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")
_TASKS = re.compile(r"([1-9]\d{0,8})\s+tasks?")


def _check_share(text: str) -> str:
    share = parse_share(text)
    if not 0 < share <= 1:
        raise ValueError("must be more than 0% and at most 100%")
    return text


def _check_step(text: str) -> str:
    return text if _TASKS.fullmatch(text.strip()) else _check_share(text)


Share = Annotated[str, AfterValidator(_check_share)]
Step = Annotated[str, AfterValidator(_check_step)]


def parse_share(text: str) -> Fraction:
    """`25%` as a fraction. Raises ValueError saying what is expected."""
    found = _SHARE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a share; write it like 25%")
    return Fraction(found[1]) / 100


class Mark(Value):
    """Where a template's progress calls out: once at a share, at every share, or at every so many tasks."""

    reaches: Share | None = None
    """Fires once, like ``25%``."""
    every: Step | None = None
    """Fires at each multiple, like ``25%`` or ``500 tasks``."""
    at_least: int = Field(default=20, ge=1, le=MOST_TASKS)
    """Shares count only when there are this many tasks, so that 1 of 2 isn't 50%. Not used with `expected`."""
    expected: int | None = Field(default=None, ge=1, le=MOST_TASKS)
    """The declared number of tasks: shares are of it, however many have arrived."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.reaches is None) == (self.every is None):
            raise ValueError("say either `reaches` or `every`")
        return self

    def thresholds(self, done: int, total: int) -> int:
        """How many of this mark's thresholds `done` of `total` tasks satisfies."""
        if self.every is not None and (tasks := _TASKS.fullmatch(self.every.strip())):
            return done // int(tasks[1])
        total = self._whole(total)
        if not total:
            return 0
        share = Fraction(done, total)
        if self.every is None:
            return int(share >= self._share)
        return int(min(share, Fraction(1)) / self._share)

    def name(self, threshold: int) -> str:
        """The `threshold`-th threshold (from 1) as people say it: ``50%``, ``1500 tasks``."""
        if self.every is not None and (tasks := _TASKS.fullmatch(self.every.strip())):
            return f"{threshold * int(tasks[1])} tasks"
        return f"{float(threshold * self._share * 100):g}%"

    def __str__(self) -> str:
        return f"reaches {self.reaches}" if self.every is None else f"every {self.every}"

    @property
    def starts_afresh(self) -> bool:
        """Whether thresholds passed before arming stay silent: `every` tells of what is still to come."""
        return self.every is not None

    @property
    def _share(self) -> Fraction:
        return parse_share(self.reaches or self.every or "")

    def _whole(self, total: int) -> int:
        """The number of tasks that shares are of; 0 while there are too few."""
        if self.expected is not None:
            return self.expected
        return total if total >= self.at_least else 0


class Progress(Value):
    """How far a template's work is, counted in the order of events."""

    template: int
    open: int = 0
    in_progress: int = 0
    in_review: int = 0
    returned: int = 0
    done: int = 0
    skipped: int = 0
    cancelled: int = 0
    as_of: int = 0
    """The revision of the last task event counted."""

    @property
    def total(self) -> int:
        """The tasks that count: all but the cancelled and the skipped."""
        return self.open + self.in_progress + self.in_review + self.returned + self.done

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0

    def after(self, was: str | None, now: str, seq: int) -> "Progress":
        """The progress after one task went from `was` (None: it is new) to `now`."""
        counts = self.counts()
        if was is not None:
            counts[was] -= 1
        counts[now] += 1
        return Progress(template=self.template, as_of=max(self.as_of, seq), **counts)  # a replayed event is an old one

    def counts(self) -> dict[str, int]:
        return {status: getattr(self, status) for status in STATUSES}


class Armed(Value):
    """A mark that somebody waits for."""

    template: int
    subscriber: str
    """Who armed it, like ``action:12``."""
    mark: Mark
    armed_seq: int
    """Only later events count."""
    passed: int | None = None
    """How many thresholds fired already; None until the first event after arming."""

    def crossed(self, before: Progress, after: Progress) -> "tuple[range, Armed]":
        """The thresholds that this change is the first to satisfy, and the mark as it is afterwards."""
        passed = self.passed
        if passed is None:
            passed = self.mark.thresholds(before.done, before.total) if self.mark.starts_afresh else 0
        reached = max(passed, self.mark.thresholds(after.done, after.total))
        return range(passed + 1, reached + 1), self.model_copy(update={"passed": reached})


class Pace(Value):
    """How fast a template's tasks are done just now."""

    last_hour: int = 0
    """Tasks done in the last hour."""
    last_day: int = 0
    per_hour: float = 0.0
    """By the last hour, from its first task on; by the last day where nothing was done in the hour."""
    eta_seconds: float | None = None
    """Until all tasks are done, if it goes on like this; None where nothing moves or nothing is left."""
    last_at: datetime | None = None
    """When one was done last, to within five minutes; unknown after two days."""


class TemplateProgress(Value):
    """A template's progress, as reports and the API show it."""

    template: int
    counts: Mapping[str, int]
    """Tasks by status."""
    done: int
    total: int
    """The tasks that count: all but the cancelled and the skipped."""
    share: float
    """Of the total that is done, from 0 to 1."""
    as_of: int
    """The revision of the last task event counted."""
    marks: tuple[Armed, ...] = ()
    """Who waits for what."""
