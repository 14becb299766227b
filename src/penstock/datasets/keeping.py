"""Which of a series stay: the versions or exports that one schedule makes, one after the other. Pure."""

import datetime as dt
from collections.abc import Sequence

from pydantic import Field, model_validator

from penstock.core import Value


class Keep(Value):
    """What stays of a series: whatever one of the rules keeps, and always the newest."""

    last: int | None = Field(default=None, ge=1, le=10_000)
    """The newest so many."""
    days: int | None = Field(default=None, ge=1, le=36_500)
    """Those that aren't older than so many days."""

    @model_validator(mode="after")
    def _says_something(self) -> "Keep":
        if self.last is None and self.days is None:
            raise ValueError("say with `last` how many stay, or with `days` for how long")
        return self

    def past(self, made: Sequence[dt.datetime], now: dt.datetime) -> list[int]:
        """The positions of those that go, in a list from the newest to the oldest."""
        since = None if self.days is None else now - dt.timedelta(days=self.days)
        return [n for n, at in enumerate(made) if n >= (self.last or 1) and (since is None or at < since)]
