"""Datasets, entries and versions: values and their rules, pure."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from penstock.core import Conflict, Invalid, Value
from penstock.core.ids import BranchId, DatasetId, EntryId, FileId, VersionId

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

Cause = dict[str, Any]
"""Why a file entered or left: a `kind`, and ids of what did it (`task`, `template`, `dataset`, `import`, `person`)."""

MOST_FILES = 10_000
MOST_SKIPPED = 100_000
"""Files that a page may leave out: with milestones as they are, enough for a hundred million."""


class NewDataset(Value):
    """A dataset to create. Its branch, `main` unless given, never changes."""

    name: Name
    branch: BranchId | None = None


class DatasetChange(Value):
    """A new name for a dataset."""

    name: Name


class Dataset(Value):
    """A named set of files that can grow for ever."""

    id: DatasetId
    name: str
    branch: BranchId
    query: str | None = None
    """Of a live dataset: what its files satisfy."""
    archived_at: dt.datetime | None = None
    edition: int
    created_seq: int
    forked_from: DatasetId | None = None
    """Of a fork: the dataset whose entries it began with."""
    base_seq: int | None = None
    """Of a fork: the revision of that dataset, and of its branch."""
    files: int | None = None
    """How many files it holds, where that was asked."""


class Entry(Value):
    """One file's membership in a dataset."""

    id: EntryId
    dataset: DatasetId
    file: FileId
    key: str
    state: str
    """Of the file: `processing`, `ready` or `failed`."""
    width: int | None = None
    """Of the file, in pixels, once it is ready."""
    height: int | None = None
    cause: Cause
    at: dt.datetime
    created_seq: int
    retired_seq: int | None = None


class FilesToAdd(Value):
    """Files for a dataset, by id or by key. `source` is the dataset they come from, when they come from one."""

    files: list[FileId] = Field(default=[], max_length=MOST_FILES)
    keys: list[str] = Field(default=[], max_length=MOST_FILES)
    source: DatasetId | None = None


class FilesToRemove(Value):
    """Files to take out of a dataset."""

    files: list[FileId] = Field(min_length=1, max_length=MOST_FILES)


class FilesToMove(Value):
    """Files to take out of a dataset and add to another."""

    files: list[FileId] = Field(min_length=1, max_length=MOST_FILES)
    to: DatasetId


class Changed(Value):
    """Which files entered or left a dataset; those that were there (or not there) already are not among them."""

    files: list[FileId]


class NewVersion(Value):
    """A version to name: of the present, or of an earlier revision."""

    name: Name
    note: str = Field(default="", max_length=10_000)
    seq: int | None = Field(default=None, ge=1)
    """The revision to pin; the present one unless given."""


class Version(Value):
    """A named, immutable pin of a dataset."""

    id: VersionId
    dataset: DatasetId
    branch: BranchId
    seq: int
    """The revision it pins."""
    schema_version: int
    name: str
    note: str
    author: int | None
    at: dt.datetime
    series: str | None = None
    """Of a version that a step of an action made: that step, by whose rule it goes. All others stay for ever."""


class NewFork(Value):
    """A fork to make."""

    source: str = Field(min_length=1, max_length=100)
    """What it begins as: `version:7`, `dataset:3` or `dataset:3@1200`."""
    name: Name


ChangedBy = Literal["person", "import", "prediction", "merge", "restore", "migration", "left"]
"""What changed an annotation: work or edits of people, an import, a model (also when a person took its suggestion),
merging a fork, restoring a version, a migration of the schema. `left`: its file left the dataset."""


class Tally(Value):
    """How much was added, removed and changed."""

    added: int = 0
    removed: int = 0
    changed: int = 0


class Diff(Value):
    """How one state of a dataset differs from another: what happened on the way from `a` to `b`."""

    a: str
    """The states, written so that they mean the same for ever."""
    b: str
    annotations: Tally
    by: dict[ChangedBy, Tally]
    """The annotations by what changed them. Removals that nobody did, as between unrelated branches, are not in it."""
    files: Tally
    """Files that entered and left; changed are those whose metadata differ."""
    files_with_changed_annotations: int
    schema_changes: list[str]
    """What changed in the schema, in words; empty where `b` isn't the later state."""


class EntryChange(Value):
    """A file that entered or left between two states, or whose metadata differ."""

    file: FileId
    key: str
    change: Literal["added", "removed", "changed"]
    cause: Cause | None = None
    """Why it entered or left."""
    before: dict[str, Any] | None = None
    """Its metadata in `a`; absent where it wasn't there."""
    after: dict[str, Any] | None = None


Rule = Literal["ours", "theirs", "newest", "both"]
"""What stands where both sides changed the same: the fork's, the target's, what was written last, or the target's with
the fork's beside it as another annotation."""


class MergeInto(Value):
    """A fork to merge."""

    into: DatasetId | None = None
    """The dataset that gets what the fork changed; the one it was forked from unless given."""
    rule: Rule = "ours"
    conflicts_to: DatasetId | None = None
    """A dataset that the files with conflicts enter, for a template that watches it."""


class MergePreview(Value):
    """What merging would do now."""

    fork: DatasetId
    target: DatasetId
    fork_seq: int
    """The fork's revision that would be merged."""
    annotations: Tally
    files: Tally
    conflicts: int
    """Annotations that both sides changed in the same field."""
    conflict_fields: dict[str, int]
    """How often each field is in conflict; `deleted` where one side deleted what the other changed."""


class Merge(Value):
    """One merge of a fork into a dataset."""

    id: int
    fork: DatasetId
    target: DatasetId
    fork_seq: int
    rule: Rule
    conflicts_to: DatasetId | None
    annotations: Tally
    files: Tally
    conflicts: int
    author: int | None
    at: dt.datetime
    again: bool = False
    """Nothing was left to merge, so nothing was done: this is the last merge, of before."""


class Restored(Value):
    """What restoring a version did."""

    version: VersionId
    dataset: DatasetId
    annotations: Tally
    files: Tally
    """Files that entered and left; changed are those whose metadata were restored."""
    replaced: list[FileId]
    """Files of the version whose keys have other bytes now, so they stayed out."""


class Compared(Value):
    """Two states to compare for others to know, and where to put the files that differ."""

    a: str = Field(min_length=1, max_length=100)
    b: str = Field(min_length=1, max_length=100)
    into: DatasetId | None = None
    """A dataset that the new and changed files of `b` are added to, for a template that watches it."""


class QueryText(Value):
    """A query to be looked at, and where it will stand."""

    query: str
    context: Literal["file", "task", "event"] = "file"
    dataset: DatasetId | None = None
    """Whose versions it may name."""


class QueryRead(Value):
    """A query as it was understood."""

    query: str
    """The same query, written plainly."""
    needs: list[str]


class DatasetNameTaken(Conflict):
    """There is a dataset {name!r} already. Choose another name, or use that one (id {id})."""


class DatasetArchived(Conflict):
    """The dataset {name!r} is archived, so nothing can be added to it."""


class RenamedMeanwhile(Conflict):
    """Somebody just renamed the dataset {was!r} to {name!r}. Look at it, and give it another name if need be."""


class DatasetOutOfUse(Conflict):
    """The dataset {name!r} is archived, so nothing can be made that uses it. Take it into use again first."""


class DatasetInUse(Conflict):
    """{name!r} can't be archived while it is in use, by {by}. Archive or change that first."""


class BranchesDiffer(Conflict):
    """{source!r} and {target!r} are on different branches, so files can't go from one to the other. Merge the branches
    in place of that."""


class LiveDataset(Conflict):
    """{name!r} is a live dataset: its files follow its query, so they can't be added or removed one by one."""


class FileGone(Conflict):
    """File {file} was replaced by another under its key, so it can't be added. Add the file that has the key now."""


class VersionIsFrozen(Conflict):
    """{name!r} is a version, so it cannot change. Name another one to go on."""


class VersionNameTaken(Conflict):
    """{dataset!r} has a version {name!r} already, and a version cannot change. Choose another name."""


class RevisionAhead(Invalid):
    """Revision {seq} is yet to come: the newest that can be read is {newest}."""


class RevisionTooOld(Invalid):
    """The dataset {name!r} was created at revision {first}, so there is nothing of it at revision {seq}."""


class StateUnreadable(Invalid):
    """{written!r} says no state of a dataset. Write `version:7`, `dataset:3`, or `dataset:3@1200` for a revision."""


class NotAFork(Conflict):
    """{name!r} is no fork, so there is nothing to merge. Fork a dataset first, or add its files to another."""


class NothingInCommon(Conflict):
    """{fork!r} and {target!r} grew from nothing in common, so they can't be merged. Merge into the dataset that was
    forked, one on its branch, or another fork of it."""
