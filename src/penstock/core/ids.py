"""Identifiers. Rows have integers from the database; annotations and commands have UUIDs from whoever makes them."""

from hashlib import sha1
from typing import NewType
from uuid import UUID

import uuid_utils

ProjectId = NewType("ProjectId", int)
PersonId = NewType("PersonId", int)
TeamId = NewType("TeamId", int)
ConnectionId = NewType("ConnectionId", int)
LabelId = NewType("LabelId", int)
AttributeId = NewType("AttributeId", int)
FileId = NewType("FileId", int)
BranchId = NewType("BranchId", int)
DatasetId = NewType("DatasetId", int)
EntryId = NewType("EntryId", int)
VersionId = NewType("VersionId", int)
ImportId = NewType("ImportId", int)
ExportId = NewType("ExportId", int)
TemplateId = NewType("TemplateId", int)
TaskId = NewType("TaskId", int)
AttemptId = NewType("AttemptId", int)
ActionId = NewType("ActionId", int)
RunId = NewType("RunId", int)

_IMPORTED = UUID("8f0e4c1e-6a53-5d0a-9a3b-2d2f6b1f7c11").bytes


def new_uuid() -> UUID:
    """A version 7 UUID: sorts by the time it was made, also in an index."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def import_uuid(file: int, source: str, ordinal: str | int) -> UUID:
    """The version 5 UUID of an imported annotation: the same source row always gets the same id.

    `ordinal` is the source's own id of the annotation, else its position in the file's list.
    """
    # What uuid.uuid5 does, in half its time: an import makes one for each annotation.
    told = f"{file}\x00{source}\x00{ordinal}".encode()
    return UUID(bytes=sha1(_IMPORTED + told, usedforsecurity=False).digest()[:16], version=5)
