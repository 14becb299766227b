"""Sources: what an import was pointed at, as a set of named files whatever it is made of."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from penstock import formats
from penstock.core import Invalid, NotFound
from penstock.files import Upload, probing
from penstock.ingest import archives, places
from penstock.ingest.manifest import ManifestInvalid
from penstock.ingest.model import ManifestSource, NewImport, PathSource, UploadSource
from penstock.ingest.places import Places
from penstock.store import Store
from penstock.store.blobs import Blobs, Readable

_IMAGES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib"})
_OTHER_MEDIA = frozenset(
    {".gif", ".tif", ".tiff", ".svg", ".heic", ".heif", ".avif", ".jp2", ".mp4", ".mov", ".avi", ".mkv", ".webm"}
)
"""Media that we can't take: named as failed items, because whoever sent them expects to find them."""

_Names = TypeVar("_Names", list[str], dict[str, str])
_BATCH_FILES = 100
_BATCH_BYTES = 16 << 20
_SMALL = 1 << 20
_CHECKED_AT_ONCE = 64 << 20
NO_FORMAT = "none"


class UploadsMissing(NotFound):
    """There are no uploads {ids} in this project. Send the files to `/uploads` first."""


class NothingInside(Invalid):
    """There is no file in {name!r} that could be imported."""


class FileSet(Protocol):
    """Named files to read from; also what formats call a tree."""

    def paths(self) -> Sequence[str]:
        """All files, relative, with forward slashes."""
        ...

    def open(self, path: str) -> BinaryIO:
        """The bytes of one file. Raises FileNotFoundError."""
        ...

    def place(self, path: str) -> str:
        """Where the bytes of one file are, as a worker elsewhere will find them."""
        ...


class Folder:
    """Files below a folder of the server."""

    def __init__(self, base: Path, names: Sequence[str], allowed: Places) -> None:
        self._base = base
        self._names = names
        self._allowed = allowed

    def paths(self) -> Sequence[str]:
        return self._names

    def open(self, path: str) -> BinaryIO:
        found = self._base / path
        if ".." in Path(path).parts or not self._allowed.allows(found):
            raise FileNotFoundError(path)
        return found.open("rb")

    def place(self, path: str) -> str:
        return f"path:{self._base / path}"


class Stored:
    """Files whose bytes are in the blob store already: uploads, or an archive's members."""

    def __init__(self, hashes: Mapping[str, str], blobs: Blobs) -> None:
        self._hashes = hashes
        self._blobs = blobs

    def paths(self) -> Sequence[str]:
        return sorted(self._hashes)

    def open(self, path: str) -> BinaryIO:
        if path not in self._hashes:
            raise FileNotFoundError(path)
        return self._blobs.path(self._hashes[path]).open("rb")

    def place(self, path: str) -> str:
        return f"blob:{self._hashes[path]}"


def of_path(store: Store, path: str) -> FileSet:
    """A file, folder, glob or archive of the server. Raises Refusals that say what is wrong with it."""
    allowed = Places(store.settings.roots)
    if places.is_glob(path):
        base, names = allowed.matches(path)
        return Folder(base, _some(path, names), allowed)
    found = allowed.find(path)
    if found.is_dir():
        return Folder(found, _some(path, list(places.walk(found))), allowed)
    if archives.is_archive(found):
        return unpacked(store.blobs, found)
    return Folder(found.parent, [found.name], allowed)


def of_uploads(store: Store, uploads: Sequence[Upload]) -> FileSet:
    """What was uploaded, by name; a single archive is unpacked."""
    if len(uploads) == 1 and archives.is_archive(store.blobs.path(uploads[0].hash)):
        return unpacked(store.blobs, store.blobs.path(uploads[0].hash))
    return Stored({upload.name: upload.hash for upload in uploads}, store.blobs)


def unpacked(blobs: Blobs, archive: Path) -> FileSet:
    """An archive's files, unpacked into the blob store. Raises what `archives` raises; then nothing is in use."""
    archives.check(archive)
    hashes: dict[str, str] = {}
    names: list[str] = []
    held: list[bytes] = []
    for member in archives.members(archive):
        first = read_up_to(member.content, _SMALL)
        if len(first) == _SMALL:
            hashes[member.name] = blobs.put(_rest(first, member.content)).hash
            continue
        names.append(member.name)
        held.append(first)
        if len(held) == _BATCH_FILES or sum(map(len, held)) > _BATCH_BYTES:
            hashes |= _put(blobs, names, held)
            names, held = [], []
    hashes |= _put(blobs, names, held)
    return Stored(_some(archive.name, hashes), blobs)


def is_media(files: FileSet, path: str) -> bool:
    """Whether a file is to become an item: by its name, else by its first bytes."""
    suffix = Path(path).suffix.lower()
    if suffix in _IMAGES or suffix in _OTHER_MEDIA:
        return True
    try:
        with files.open(path) as file:
            return probing.kind_of(file.read(probing.HEAD_BYTES)) is not None
    except OSError:
        return False


def read_up_to(content: Readable, most: int) -> bytes:
    """The next bytes, `most` of them unless the end comes first."""
    pieces: list[bytes] = []
    while most and (piece := content.read(most)):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _rest(first: bytes, content: Readable) -> Iterable[bytes]:
    yield first
    while piece := content.read(_SMALL):
        yield piece


def _put(blobs: Blobs, names: Sequence[str], contents: Sequence[bytes]) -> dict[str, str]:
    return {name: blob.hash for name, blob in zip(names, blobs.put_many(contents), strict=True)}


def _some(name: str, found: _Names) -> _Names:
    if not found:
        raise NothingInside(name=name)
    return found


def uploads_of(request: NewImport) -> list[int]:
    """The ids of all uploads that an import names."""
    match request.source:
        case UploadSource(uploads=ids):
            return ids
        case ManifestSource(upload=upload, uploads=ids):
            return [*ids, upload] if upload is not None else ids
        case _:
            return []


def check(store: Store, request: NewImport, uploads: Sequence[Upload]) -> None:
    """Refuse at once what the scan would refuse: paths that can't be read, unknown formats, unsafe archives.

    A large archive is looked into by the scan alone, since that takes reading it.
    """
    if request.format not in (None, NO_FORMAT):
        formats.readable(request.format)
    _all_there(uploads_of(request), uploads)
    match request.source:
        case PathSource(path=path) | ManifestSource(path=str(path)):
            allowed = Places(store.settings.roots)
            at = allowed.matches(path)[0] if places.is_glob(path) else allowed.find(path)
            _check_archive(at)
        case UploadSource() if len(uploads) == 1:
            _check_archive(store.blobs.path(uploads[0].hash))
        case ManifestSource(upload=None):
            raise ManifestInvalid(why="neither `path` nor `upload` says where it is")
        case _:
            pass


def _check_archive(path: Path) -> None:
    if path.is_file() and path.stat().st_size <= _CHECKED_AT_ONCE and archives.is_archive(path):
        archives.check(path)


def _all_there(ids: Sequence[int], uploads: Sequence[Upload]) -> None:
    if lacking := sorted(set(ids) - {upload.id for upload in uploads}):
        raise UploadsMissing(ids=", ".join(map(str, lacking[:20])))
