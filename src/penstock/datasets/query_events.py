"""What happens to saved queries."""

from typing import ClassVar

from penstock.core.ids import DatasetId
from penstock.log import Event


class QuerySaved(Event):
    """A query was kept under a name."""

    kind: ClassVar[str] = "query.saved"
    query: int
    name: str
    text: str
    dataset: DatasetId | None


class QueryChanged(Event):
    """A saved query got another name or text."""

    kind: ClassVar[str] = "query.changed"
    query: int
    name: str
    text: str


class QueryRemoved(Event):
    """A saved query was forgotten."""

    kind: ClassVar[str] = "query.removed"
    query: int
