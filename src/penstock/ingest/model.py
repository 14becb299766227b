"""Imports: what is asked for, how far it is, and what became of each item. Values, pure."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field

from penstock.core import Value
from penstock.core.ids import DatasetId, FileId, ImportId
from penstock.files import Duplicates, Meta, Outcome

RunState = Literal["scanning", "running", "finished", "failed", "cancelled"]
ItemState = Literal["waiting", "done", "skipped", "failed"]
Labels = Literal["create", "refuse", "skip"]
Target = Annotated[str, Field(pattern=r"^(truth|predictions:.{1,200})$")]

TRUTH = "truth"
PREDICTIONS = "predictions:"


class PathSource(Value):
    """A file, folder, glob or archive (zip, tar) on the server, under one of its `roots`."""

    kind: Literal["path"] = "path"
    path: str = Field(min_length=1, max_length=4096)


class UploadSource(Value):
    """What was sent to `/uploads`: media and annotations by their names, or one archive."""

    kind: Literal["uploads"]
    uploads: list[int] = Field(min_length=1, max_length=1_000_000)


class ManifestSource(Value):
    """A CSV or JSONL list of files (`uri`), each with its key and metadata; on the server or uploaded."""

    kind: Literal["manifest"]
    path: str | None = None
    upload: int | None = None
    uploads: list[int] = []
    """Uploads that the manifest may name as relative URIs."""


Source = Annotated[PathSource | UploadSource | ManifestSource, Field(discriminator="kind")]


class NewImport(Value):
    """Files, with the annotations found beside them, to bring into a dataset."""

    dataset: DatasetId
    source: Source
    format: str | None = None
    """The name of a format, such as `coco`; None detects one by the files, `none` takes media alone."""
    annotations_as: Target = TRUTH
    """`truth`: onto the dataset's branch; `predictions:<name>`: onto the branch of that model's predictions."""
    labels: Labels = "create"
    """What happens to labels and attributes that the schema lacks: they are created, the import is refused, or what
    has them is left out and reported."""
    duplicates: Duplicates = "keep"
    """Whether bytes that another key has already become another file."""
    meta: Meta = {}
    """Metadata for every file of this import, under its own."""


class Counts(Value):
    """How many items of an import there are, by what became of them."""

    found: int = 0
    waiting: int = 0
    new: int = 0
    same: int = 0
    duplicate: int = 0
    replaced: int = 0
    skipped: int = 0
    failed: int = 0
    annotations_added: int = 0
    annotations_updated: int = 0
    annotations_kept: int = 0
    """A person touched them since the last import, so they stayed as they were."""
    annotations_same: int = 0
    annotations_refused: int = 0
    """Left out, each with a reason at its item."""

    @property
    def done(self) -> int:
        return self.found - self.waiting


class RunProblem(Value):
    """Something wrong with a source or with annotations, and where."""

    at: str
    detail: str
    code: str = ""


class Import(Value):
    """One run of an import."""

    id: ImportId
    dataset: DatasetId
    request: NewImport
    state: RunState
    reason: str | None
    """Why it failed, in words."""
    format: str | None
    """The format of the annotations that were found."""
    branch: int | None
    ignored: int
    """Files that are neither media nor annotations."""
    problems: list[RunProblem]
    """What is wrong with the source as a whole; what is wrong with an item stands at the item."""
    actor: int | None
    started_at: dt.datetime
    finished_at: dt.datetime | None
    counts: Counts = Counts()

    @property
    def is_over(self) -> bool:
        return self.state in ("finished", "failed", "cancelled")


class ItemReport(Value):
    """What became of one item of an import."""

    key: str
    state: ItemState
    outcome: Outcome | None
    file: FileId | None
    reason: str | None
    problems: list[RunProblem] = []
    """Annotations that were left out or changed, and why."""


class Added(Value):
    """A file that was sent straight into a dataset."""

    file: FileId
    key: str
    outcome: Outcome
    duplicate_of: FileId | None = None
    replaces: FileId | None = None
    entered: bool
    """False when the dataset held it already."""


Cause = dict[str, Any]
