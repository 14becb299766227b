"""What happens to files."""

from typing import ClassVar

from penstock.core.ids import FileId
from penstock.files.model import Media, MetaSource
from penstock.log import Event


class FileAdded(Event):
    """A file was registered. Unless `file.ready` follows at once, it is processing."""

    kind: ClassVar[str] = "file.added"
    file: FileId
    key: str
    bytes: int
    duplicate_of: FileId | None = None
    replaces: FileId | None = None


class FileReady(Event):
    """A file was probed and can be worked on."""

    kind: ClassVar[str] = "file.ready"
    file: FileId
    key: str
    media: Media
    width: int
    height: int


class FileFailed(Event):
    """A file can't be used, and why."""

    kind: ClassVar[str] = "file.failed"
    file: FileId
    key: str
    reason: str


class FileReplaced(Event):
    """New bytes came under a known key: `file` took the place of `replaces`."""

    kind: ClassVar[str] = "file.replaced"
    file: FileId
    replaces: FileId
    key: str


class FileDescribed(Event):
    """A file's metadata changed."""

    kind: ClassVar[str] = "file.described"
    file: FileId
    source: MetaSource
