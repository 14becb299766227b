"""When a schedule is due: a cron line read in a time zone, pure.

A fixed hour that the clock shows twice (the end of summer time) is due once; one that it skips is due right after the
skip. Lines for every hour, or every few minutes, go by elapsed time.
"""

import datetime as dt
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter
from pydantic import AfterValidator

from penstock.core import Value


def _check_cron(line: str) -> str:
    if len(line.split()) != 5 or not croniter.is_valid(line):
        raise ValueError(
            f"{line!r} is not a schedule; write minute, hour, day of month, month, day of week, like '0 6 * * 1-5'"
        )
    try:
        croniter(line, dt.datetime(2024, 1, 1, tzinfo=dt.UTC)).get_next()
    except CroniterError as error:
        raise ValueError(f"{line!r} is never due") from error
    return line


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # the library raises each of these for one bad name or another
        raise ValueError(f"{name!r} is not a time zone; use a name like Europe/Berlin or UTC") from error
    return name


Cron = Annotated[str, AfterValidator(_check_cron)]
Zone = Annotated[str, AfterValidator(_check_zone)]


class Schedule(Value):
    """A cron line in a time zone."""

    schedule: Cron
    """Minute, hour, day of month, month, day of week."""
    zone: Zone = "UTC"
    """An IANA time zone, like ``Europe/Berlin``."""

    def next_after(self, moment: dt.datetime) -> dt.datetime:
        """The first time due after `moment`, in UTC."""
        times = croniter(self.schedule, moment.astimezone(self._zone))
        while True:
            due = times.get_next(dt.datetime).astimezone(dt.UTC)
            if self._counts(due):
                return due

    def latest_until(self, moment: dt.datetime) -> dt.datetime:
        """The last time due at or before `moment`, in UTC."""
        # Going back, croniter is unsure of the hour that the clock shows twice: go back some, then forward.
        times = croniter(self.schedule, (moment + dt.timedelta(microseconds=1)).astimezone(self._zone))
        earlier = [times.get_prev(dt.datetime).astimezone(dt.UTC) for _ in range(3)]
        due = earlier[-1]
        while (later := self.next_after(due)) <= moment:
            due = later
        return due

    def _counts(self, due: dt.datetime) -> bool:
        return not due.astimezone(self._zone).fold or self.schedule.split()[1].startswith("*")

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)
