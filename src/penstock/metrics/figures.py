"""What reports say: figures of people, of time, of quality and of labels. Values, pure."""

import datetime as dt
from math import floor, log2
from typing import Literal, Self

from penstock.core import Invalid, Value

Per = Literal["day", "week", "month"]
Split = Literal["none", "template", "person"]

LONGEST_DAYS = 1100
USUAL_DAYS = 30
STEPS_TO_A_DOUBLING = 8


class PeriodBackwards(Invalid):
    """The period ends ({until}) before it begins ({since}). Both ends are included."""


class PeriodTooLong(Invalid):
    """From {since} to {until} are {days} days; a report covers {most} at most. Ask for less at a time."""


class Period(Value):
    """UTC days, both ends included."""

    since: dt.date
    until: dt.date

    @classmethod
    def within(cls, since: dt.date | None, until: dt.date | None, today: dt.date) -> Self:
        """The period that was asked for: the last 30 days unless said. Raises PeriodBackwards, PeriodTooLong."""
        until = until or max(today, since or today)
        since = since or until - dt.timedelta(days=USUAL_DAYS - 1)
        days = (until - since).days + 1
        if days < 1:
            raise PeriodBackwards(since=since, until=until)
        if days > LONGEST_DAYS:
            raise PeriodTooLong(since=since, until=until, days=days, most=LONGEST_DAYS)
        return cls(since=since, until=until)


class Throughput(Value):
    """What was done in one day, week or month: of all, of one template or of one person."""

    start: dt.date
    """The first day of the day, week (a Monday) or month."""
    template: int | None = None
    person: int | None = None
    name: str | None = None
    """The person's."""
    submitted: int
    done: int
    accepted: int
    returned: int
    skipped: int
    added: int
    """Annotations, by tasks done."""
    changed: int
    removed: int
    active_seconds: float
    """Between claiming and submitting, idle time left out."""
    review_seconds: float


class PersonWork(Value):
    """What one person did on one template in a period."""

    person: int
    name: str
    template: int
    submitted: int
    done: int
    accepted: int
    """Their tasks that a reviewer accepted."""
    mended: int
    """Of those, the ones that the reviewer changed something of."""
    returned: int
    """Their tasks that a reviewer sent back."""
    return_rate: float | None
    """Returned, of all that a reviewer decided on; None where there was nothing."""
    skipped: int
    reviewed: int
    """Tasks of others that they accepted."""
    sent_back: int
    """Tasks of others that they returned."""
    added: int
    """Annotations, by tasks done."""
    changed: int
    removed: int
    active_seconds: float
    """Of their submissions, idle time left out."""
    review_seconds: float
    """Of their reviews."""
    median_seconds: float | None = None
    """The active time that half of their submissions stayed under; to within 5 %."""


class Spell(Value):
    """How many submissions took between two times."""

    from_seconds: float
    to_seconds: float
    n: int


class TimeSpent(Value):
    """How long submissions took, in active seconds; medians and the like to within 5 %."""

    template: int | None = None
    person: int | None = None
    name: str | None = None
    n: int
    """Submissions."""
    mean: float
    quarter: float
    """A quarter took less."""
    median: float
    three_quarters: float
    most: float
    """Nine in ten took less."""
    spells: tuple[Spell, ...]
    """From the shortest to the longest, in steps of an eighth of a doubling; those without one are left out."""


class AuthorQuality(Value):
    """How much of a person's work a later stage left as it was, within what they could write."""

    author: int
    name: str
    template: int
    """Where they did the work."""
    by_template: int
    """The later stage that looked at it; the same template: its review."""
    tasks: int
    """Their tasks, each as often as somebody looked at it."""
    kept: int
    changed: int
    removed: int
    added: int
    """Annotations that the later stage found missing."""
    reshaped: int
    """Of the changed ones, those whose geometry was; one can also be relabelled and answered anew."""
    relabelled: int
    reanswered: int
    agreement: float | None
    """Kept, of all that either of them has; None where there was nothing."""


class LabelCount(Value):
    """How often a label is there now."""

    label: int
    name: str
    color: str
    archived: bool
    annotations: int
    files: int
    """Files that have it at least once."""
    share: float
    """Of all annotations with a label."""


def step_of(seconds: float) -> int:
    """The step of a time, eight to a doubling from one second on; what is shorter is in step -1."""
    return floor(log2(seconds) * STEPS_TO_A_DOUBLING) if seconds >= 1 else -1


def span_of(step: int) -> tuple[float, float]:
    """Where a step begins and ends, in seconds."""
    if step < 0:
        return 0.0, 1.0
    return 2 ** (step / STEPS_TO_A_DOUBLING), 2 ** ((step + 1) / STEPS_TO_A_DOUBLING)


def share_under(steps: dict[int, int], share: float) -> float:
    """The time that a share of all submissions stayed under: the geometric middle of its step."""
    wanted, seen = sum(steps.values()) * share, 0
    for step, n in sorted(steps.items()):
        seen += n
        if seen >= wanted:
            low, high = span_of(step)
            return (low * high) ** 0.5 or high / 2
    raise ValueError("no submissions")
