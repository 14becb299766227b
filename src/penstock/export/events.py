"""What happens to exports."""

from typing import ClassVar

from penstock.core.ids import DatasetId, ExportId, VersionId
from penstock.log import Event


class ExportStarted(Event):
    """An export was asked for; a job makes it."""

    kind: ClassVar[str] = "export.started"
    export: ExportId
    dataset: DatasetId
    version: VersionId | None
    as_of: int
    format: str


class ExportReady(Event):
    """An export is complete and in its place."""

    kind: ClassVar[str] = "export.ready"
    export: ExportId
    dataset: DatasetId
    as_of: int
    uri: str
    files: int
    annotations: int
    bytes: int


class ExportFailed(Event):
    """An export could not be made, and why. Nothing of it is left at its destination."""

    kind: ClassVar[str] = "export.failed"
    export: ExportId
    dataset: DatasetId
    reason: str


class ExportCancelled(Event):
    """An export was called off. Nothing of it is left at its destination."""

    kind: ClassVar[str] = "export.cancelled"
    export: ExportId
    dataset: DatasetId


class ExportExpired(Event):
    """An export was taken away because of its age, or by the rule of its series. Ask for it again to have it."""

    kind: ClassVar[str] = "export.expired"
    export: ExportId
    dataset: DatasetId
