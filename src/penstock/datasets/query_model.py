"""What is asked of files and what is answered: counts, completions, saved queries. Values, pure."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from penstock.core import Conflict, Value
from penstock.core.ids import DatasetId, FileId, VersionId
from penstock.datasets.query.parse import LONGEST

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Found(Value):
    """How many files a query finds."""

    files: int


class Milestones(Value):
    """Places in a long list, so that it can be entered anywhere: at a milestone, and a few files on by `skip`."""

    files: int
    """How many files there are."""
    every: int
    """So many files are between two milestones."""
    cursors: list[str]
    """Where to go on after the first `every` files, after twice as many, and so on."""


class FoundToAdd(Value):
    """Files for a dataset: those that a query finds in another, a portion in each call."""

    source: DatasetId
    """Where they are looked for."""
    version: VersionId | None = None
    """A version of it; absent: as it is now."""
    query: str = Field(default="", max_length=LONGEST)
    """Empty: every file."""
    after: str | None = None
    """The `next` of the call before; absent in the first."""


class FoundToRemove(Value):
    """Files to take out of a dataset: those that a query finds in it, a portion in each call."""

    query: str = Field(default="", max_length=LONGEST)
    after: str | None = None
    """The `next` of the call before; absent in the first."""


class Picked(Value):
    """What one portion did."""

    looked: int
    """How many files the query found in this portion."""
    files: list[FileId]
    """Those of them that entered or left."""
    next: str | None
    """Pass as `after` for the next portion; absent after the last."""


class Completion(Value):
    """One way to go on with a query."""

    text: str
    """What to write in place of what stands from `start` on."""
    label: str
    """What to show."""
    what: Literal["field", "label", "attribute", "value", "dataset", "version", "template", "keyword", "operator"]
    detail: str = ""


class Completions(Value):
    """Ways to go on at a place in a query."""

    start: int
    """Where the word begins that they replace, in characters from 0."""
    items: list[Completion]
    problem: str | None = None
    """Why the query can't be used as it stands; absent when it can."""
    at: int | None = None
    """Where the problem is, in characters from 0."""


class NewSavedQuery(Value):
    """A query to keep under a name."""

    name: Name
    query: Text
    dataset: DatasetId | None = None
    """The dataset it is asked of; absent: any, and the whole project."""


class SavedQueryChange(Value):
    """Another name or text for a saved query. What is left out stays."""

    name: Name | None = None
    query: Text | None = None


class SavedQuery(Value):
    """A query that was kept under a name."""

    id: int
    name: str
    query: str
    dataset: DatasetId | None
    author: int | None
    edition: int
    valid: bool = True
    """Whether it can still be asked: labels and datasets that it names may have got other names."""
    problem: str | None = None


class QueryNameTaken(Conflict):
    """There is a saved query {name!r} already. Choose another name, or change that one (id {id})."""
