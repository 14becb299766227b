"""What happens to imports."""

from typing import ClassVar

from penstock.core.ids import DatasetId, ImportId
from penstock.log import Event


class _OfImport(Event):
    """What makes `import:12` the subject: `import` can't be a field's name in Python."""

    import_id: ImportId

    @property
    def subject(self) -> str:
        return f"import:{self.import_id}"


class ImportStarted(_OfImport):
    """An import was asked for."""

    kind: ClassVar[str] = "import.started"
    dataset: DatasetId


class ImportProgress(_OfImport):
    """A batch of an import's items was settled. While the source is scanned, `found` still grows."""

    kind: ClassVar[str] = "import.progress"
    found: int
    done: int
    failed: int


class ImportItemFailed(_OfImport):
    """One item of an import can't be brought in. The others go on."""

    kind: ClassVar[str] = "import.item_failed"
    key: str
    reason: str


class ImportFinished(_OfImport):
    """Every item of an import is settled. Some may have failed."""

    kind: ClassVar[str] = "import.finished"
    dataset: DatasetId
    files: int
    """Files that entered or were there already."""
    failed: int
    annotations: int
    """Annotations that were added or updated."""


class ImportFailed(_OfImport):
    """The source of an import can't be read, so it ended. Items that were settled before stay."""

    kind: ClassVar[str] = "import.failed"
    dataset: DatasetId
    reason: str


class ImportCancelled(_OfImport):
    """A person stopped an import. Items that were settled before stay."""

    kind: ClassVar[str] = "import.cancelled"
    dataset: DatasetId
