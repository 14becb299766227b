"""Datasets: named sets of files, their versions, and the query language.

datasets.add(tx, dataset, files, {"kind": "person", "person": 7})
datasets.versions.name(db, project, dataset, "v1")
"""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.datasets import forks, versions
    from penstock.datasets.model import Cause, Dataset, Entry, Version
    from penstock.datasets.verbs import (
        add,
        archive,
        check_same_branch,
        counted,
        create,
        entries,
        get,
        keep,
        list_,
        move,
        named,
        open_to_change,
        remove,
        rename,
        route,
        unarchive,
        use,
        users_of,
    )

__all__ = [
    "Cause",
    "Dataset",
    "Entry",
    "Version",
    "add",
    "archive",
    "check_same_branch",
    "counted",
    "create",
    "entries",
    "forks",
    "get",
    "keep",
    "list_",
    "move",
    "named",
    "open_to_change",
    "remove",
    "rename",
    "route",
    "unarchive",
    "use",
    "users_of",
    "versions",
]

__getattr__ = lazily(__name__)
