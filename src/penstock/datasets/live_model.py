"""Live datasets: values, pure."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from penstock.core import Invalid, Value
from penstock.core.ids import DatasetId, VersionId
from penstock.datasets.model import Name
from penstock.datasets.query.parse import LONGEST

Combine = Literal["union", "intersection", "difference"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST)]

TICK_SECONDS = 60


class Source(Value):
    """Where files come from: a dataset as it goes on, or a version of it, for ever the same."""

    dataset: DatasetId
    version: VersionId | None = None


class LiveSettings(Value):
    """What a live dataset holds: the files of its sources that its query finds.

    Of a union, the query is asked of each file in the first source that holds it, of the others in the first source.
    """

    query: Text = ""
    """Empty: every file."""
    sources: tuple[Source, ...] = Field(min_length=1, max_length=20)
    combine: Combine = "union"
    """`intersection`: files that all sources hold; `difference`: those of the first that no other holds."""
    tick_seconds: int = Field(default=TICK_SECONDS, ge=10, le=86_400)
    """How often `now` moves, where the query speaks of it."""


class NewLiveDataset(LiveSettings):
    """A live dataset to create."""

    name: Name


class Live(LiveSettings):
    """A live dataset as it stands."""

    dataset: DatasetId
    now: dt.datetime
    """What `now` means in its query until the next tick."""
    problem: str | None = None
    """Why it stands still; absent when it doesn't."""


class NotLive(Invalid):
    """{name!r} is no live dataset: its files are added and removed."""


class FollowsItself(Invalid):
    """{name!r} would follow itself by way of {by!r}. Choose other sources, or another query."""


class SourceMismatch(Invalid):
    """Version {version} is not one of the dataset {dataset!r}."""
