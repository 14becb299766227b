"""What an export is asked for and what became of it: values, pure."""

import datetime as dt
from typing import Literal, Self

from pydantic import Field, model_validator

from penstock.core import Conflict, Invalid, Value
from penstock.core.ids import BranchId, DatasetId, ExportId, FileId, VersionId
from penstock.datasets.keeping import Keep
from penstock.export.transforms import Transforms

Pack = Literal["folder", "zip", "tar"]
Media = Literal["copy", "none"]
State = Literal["queued", "running", "ready", "failed", "cancelled", "expired"]

ENDED: frozenset[State] = frozenset({"ready", "failed", "cancelled", "expired"})
SUFFIX: dict[Pack, str] = {"folder": "", "zip": ".zip", "tar": ".tar"}


class Destination(Value):
    """Where an export goes: `path` under a connection of kind `folder`, or under a folder of the server."""

    connection: str | None = None
    """The name of a connection."""
    folder: str | None = None
    """A folder on the server, inside one of its configured roots."""
    path: str = Field(min_length=1, max_length=1000)
    """The folder or archive to make, relative, with forward slashes. An archive gets its suffix when it has none."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.connection is None) == (self.folder is None):
            raise ValueError("give either a connection or a folder")
        return self


class NewExport(Value):
    """An export to make of one version, or of a dataset as it is now or was at a revision."""

    dataset: DatasetId | None = None
    version: VersionId | None = None
    as_of: int | None = Field(default=None, ge=1)
    """The revision of the dataset to export; the newest that can be read as a whole unless given."""
    picked: tuple[FileId, ...] | None = Field(default=None, min_length=1, max_length=10_000)
    """Only these files of it; those that it doesn't hold are passed over."""
    filter: str | None = None
    """A query; only files that it holds for are exported."""
    now: dt.datetime | None = None
    """What `now` means in the filter; the present unless given. With it, a repeated export has the same bytes."""
    format: str = "jsonl"
    media: Media = "copy"
    """Whether the media go with it, or their keys and hashes alone."""
    pack: Pack = "folder"
    transforms: Transforms = ()
    """What is done to files and annotations before they are written, in this order."""
    series: str | None = Field(default=None, min_length=1, max_length=200)
    """A name for what makes this export again and again."""
    keep: Keep | None = None
    """Which exports of the series stay. The newest one's rule holds for all of them."""
    to: Destination | None = None
    """Where to; a download when absent, which has to be a zip or a tar."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.dataset is None) == (self.version is None):
            raise ValueError("give either a dataset or a version")
        if self.version is not None and self.as_of is not None:
            raise ValueError("a version has its own revision, so as_of goes with a dataset only")
        if self.to is None and self.pack == "folder":
            raise ValueError("a download is packed as zip or tar, so choose one, or say where to with `to`")
        if self.keep is not None and self.series is None:
            raise ValueError("`keep` is about the exports of a series, so name one with `series`")
        return self


class Export(Value):
    """One export, and how far it is."""

    id: ExportId
    dataset: DatasetId
    version: VersionId | None
    branch: BranchId
    as_of: int
    """The revision that it shows."""
    schema_version: int
    filter: str | None
    now: dt.datetime
    format: str
    media: Media
    pack: Pack
    transforms: Transforms
    series: str | None
    keep: Keep | None
    to: Destination | None
    state: State
    reason: str | None
    """Why it failed, in words."""
    total: int | None
    """How many files are looked at, once that is known."""
    looked: int
    """How many of them were looked at so far."""
    files: int
    """How many files it has."""
    annotations: int
    bytes: int | None
    """Its size, once it is ready."""
    uri: str | None
    """Where it is, once it is ready."""
    losses: dict[str, int]
    """What the format could not carry, by code, with counts."""
    author: int | None
    at: dt.datetime
    ended_at: dt.datetime | None

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED


class ExportNotReady(Conflict):
    """Export {id} is {state}, so there is nothing to download."""


class DownloadElsewhere(Conflict):
    """Export {id} went to {uri}, so it can't be downloaded here."""


class ExportEnded(Conflict):
    """Export {id} is {state} already, so it can't be cancelled."""


class DestinationTaken(Conflict):
    """There is something else at {path} already, and an export never overwrites. Choose another path."""


class DestinationRefused(Invalid):
    """An export can't go to {path!r}: {why}."""


class MediaDamaged(Conflict):
    """The bytes of {key!r} are not what they were when it was added (SHA-256 {hash}). Import the file again, or export
    without media."""


class PathClash(Conflict):
    """Two files of the export would have the same path, {path!r}. Export in another format, or without media."""
