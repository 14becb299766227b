"""Exports: a dataset or a version, written out as a set of files with a manifest.

made = export.start(tx, NewExport(dataset=3, format="coco", to=Destination(folder="/data/out", path="gold")))
"""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.export.model import Destination, Export, NewExport
    from penstock.export.verbs import cancel, check, get, list_, start

__all__ = ["Destination", "Export", "NewExport", "cancel", "check", "get", "list_", "start"]

__getattr__ = lazily(__name__)
