"""Taking old history away for good: values, pure."""

import datetime as dt
from typing import Literal, NamedTuple

from pydantic import Field

from penstock.core import Invalid, Value


class NewPruning(Value):
    """Which history to take away."""

    keep_days: int = Field(default=30, ge=1, le=36_500)
    """What ended within so many days stays, whatever shows it."""


class Prunable(Value):
    """How much old history nothing shows."""

    cut: int
    """The revision until which history would be taken away."""
    annotations: int
    """Former states of annotations, and annotations that were deleted."""
    entries: int
    """Memberships of files that left their dataset."""
    metadata: int
    """Former metadata of files."""


class Pruning(Prunable):
    """One time that old history was taken away. The numbers grow until it is done."""

    id: int
    keep_days: int
    state: Literal["running", "done"]
    author: int | None
    at: dt.datetime
    ended_at: dt.datetime | None


class Hold(NamedTuple):
    """A revision that something unfinished still reads; of one branch, or of all."""

    seq: int
    branch: int | None = None


class RevisionPruned(Invalid):
    """The history up to revision {cut} was pruned, so revision {seq} can't be read whole any more. Versions can: name
    one of those, or a later revision."""
