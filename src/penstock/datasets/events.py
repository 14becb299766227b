"""What happens to datasets and versions."""

from typing import Any, ClassVar

from penstock.core.ids import BranchId, DatasetId, EntryId, FileId, VersionId
from penstock.log import Event


class DatasetCreated(Event):
    """A dataset was created."""

    kind: ClassVar[str] = "dataset.created"
    dataset: DatasetId
    name: str
    branch: BranchId


class DatasetRenamed(Event):
    """A dataset got another name."""

    kind: ClassVar[str] = "dataset.renamed"
    dataset: DatasetId
    was: str
    now: str


class DatasetForked(Event):
    """A dataset was made that begins as another one is, or was, on a branch of its own."""

    kind: ClassVar[str] = "dataset.forked"
    dataset: DatasetId
    name: str
    branch: BranchId
    source: DatasetId
    seq: int  #: the revision of the source
    version: VersionId | None  #: when a version was forked


class DatasetArchived(Event):
    """A dataset was archived: nothing enters it any more."""

    kind: ClassVar[str] = "dataset.archived"
    dataset: DatasetId
    name: str


class DatasetUnarchived(Event):
    """An archived dataset was taken into use again."""

    kind: ClassVar[str] = "dataset.unarchived"
    dataset: DatasetId
    name: str


class DatasetFileAdded(Event):
    """A file entered a dataset. With `again`, a route brought a file that was there already: a re-entry."""

    kind: ClassVar[str] = "dataset.file_added"
    dataset: DatasetId
    file: FileId
    entry: EntryId
    cause: dict[str, Any]
    again: bool = False


class DatasetFileRemoved(Event):
    """A file left a dataset."""

    kind: ClassVar[str] = "dataset.file_removed"
    dataset: DatasetId
    file: FileId
    entry: EntryId
    cause: dict[str, Any]


class DatasetMerged(Event):
    """A fork was merged into a dataset. Files that entered or left it have their own events."""

    kind: ClassVar[str] = "dataset.merged"
    dataset: DatasetId  #: that got the changes
    fork: DatasetId
    merge: int
    annotations: dict[str, int]  #: added, removed, changed
    files: dict[str, int]
    conflicts: int
    rule: str
    conflicts_to: DatasetId | None


class DatasetRestored(Event):
    """A dataset became again what a version of it shows. Files that entered or left have their own events."""

    kind: ClassVar[str] = "dataset.restored"
    dataset: DatasetId
    version: VersionId
    annotations: dict[str, int]  #: added, removed, changed
    files: dict[str, int]


class DatasetCompared(Event):
    """Two states of datasets were compared for others to know: what happened on the way from `a` to `b`."""

    kind: ClassVar[str] = "dataset.compared"
    dataset: DatasetId  #: of `b`
    a: str
    b: str
    annotations: dict[str, int]  #: added, removed, changed
    by: dict[str, dict[str, int]]  #: the same, by what changed them: person, import, prediction, merge, ...
    files: dict[str, int]
    into: DatasetId | None  #: where the files that differ were added


class VersionNamed(Event):
    """A revision of a dataset was pinned under a name."""

    kind: ClassVar[str] = "version.named"
    version: VersionId
    dataset: DatasetId
    name: str
    seq: int


class VersionExpired(Event):
    """A version that a schedule had made went by its rule. What it showed is still there, without the name."""

    kind: ClassVar[str] = "version.expired"
    version: VersionId
    dataset: DatasetId
    name: str
    seq: int


class HistoryPruningStarted(Event):
    """Somebody asked to delete old history for good: what ended until a revision, and nothing shows."""

    kind: ClassVar[str] = "history.pruning_started"
    pruning: int
    cut: int
    keep_days: int


class HistoryPruned(Event):
    """Old history was deleted for good: so many former states of annotations, memberships and metadata."""

    kind: ClassVar[str] = "history.pruned"
    pruning: int
    cut: int
    annotations: int
    entries: int
    metadata: int
