"""Keys, content, probing, derived media."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.files.model import (
        Duplicates,
        File,
        Location,
        Media,
        Meta,
        NewFile,
        Outcome,
        Probe,
        Registered,
        Standing,
        Upload,
    )
    from penstock.files.verbs import (
        KeyInvalid,
        adopt_foreign,
        describe,
        describe_many,
        get,
        get_many,
        hold,
        ids_named,
        keep_upload,
        list_,
        named,
        ready_named,
        register,
        register_many,
        settle_probes,
        standings,
        uploads,
    )

__all__ = [
    "Duplicates",
    "File",
    "KeyInvalid",
    "Location",
    "Media",
    "Meta",
    "NewFile",
    "Outcome",
    "Probe",
    "Registered",
    "Standing",
    "Upload",
    "adopt_foreign",
    "describe",
    "describe_many",
    "get",
    "get_many",
    "hold",
    "ids_named",
    "keep_upload",
    "list_",
    "named",
    "ready_named",
    "register",
    "register_many",
    "settle_probes",
    "standings",
    "uploads",
]

__getattr__ = lazily(__name__)
