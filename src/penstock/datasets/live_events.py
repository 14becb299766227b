"""What happens to live datasets."""

from typing import ClassVar

from penstock.core.ids import DatasetId
from penstock.log import Event


class DatasetFollowed(Event):
    """A live dataset was made, or holds something else from now on: what this query finds."""

    kind: ClassVar[str] = "dataset.followed"
    dataset: DatasetId
    query: str
    combine: str
