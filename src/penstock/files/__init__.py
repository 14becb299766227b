"""Keys, content, probing, derived media."""

from penstock.files.model import Duplicates, File, Location, Media, Meta, NewFile, Outcome, Probe, Registered, Upload
from penstock.files.verbs import (
    KeyInvalid,
    describe,
    get,
    get_many,
    keep_upload,
    list_,
    named,
    register,
    register_many,
    settle_probes,
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
    "Upload",
    "describe",
    "get",
    "get_many",
    "keep_upload",
    "list_",
    "named",
    "register",
    "register_many",
    "settle_probes",
]
