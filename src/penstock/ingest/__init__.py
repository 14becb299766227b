"""Sources become files, annotations and entries."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.ingest.model import (
        Added,
        Counts,
        Import,
        ItemReport,
        ManifestSource,
        NewImport,
        PathSource,
        UploadSource,
    )
    from penstock.ingest.tables import foreign_of
    from penstock.ingest.verbs import add_file, cancel, get, items, list_, start

__all__ = [
    "Added",
    "Counts",
    "Import",
    "ItemReport",
    "ManifestSource",
    "NewImport",
    "PathSource",
    "UploadSource",
    "add_file",
    "cancel",
    "foreign_of",
    "get",
    "items",
    "list_",
    "start",
]

__getattr__ = lazily(__name__)
