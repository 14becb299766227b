"""Putting an export in its place: whole or not at all, with the same bytes each time.

Everything is made in a hidden folder beside the destination, synced, and renamed last. The law: nothing under the
destination's own name is ever half there, and nothing that is there is overwritten.
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol, Self

import msgspec

from penstock.datasets.tables import FileState
from penstock.export.model import DestinationTaken, MediaDamaged, PathClash
from penstock.export.packing import Member

MANIFEST = "manifest.json"
_HIDDEN = ".penstock-export-"
_DROPPED = "dropped"
_CHUNK = 1 << 20
_LARGE = 1 << 18  #: of what is smaller, handing it over takes as long
_SYNCS_AT_ONCE = 8
_JSON = msgspec.json.Encoder()


class Workshop:
    """A hidden folder beside the destination, in which one try of an export is made. A context manager: whatever is not
    published goes with it.
    """

    def __init__(self, destination: Path, export: int) -> None:
        self.destination = destination
        sweep(destination.parent, export)
        destination.parent.mkdir(parents=True, exist_ok=True)
        self.folder = destination.parent / f"{_HIDDEN}{export}-{secrets.token_hex(4)}"
        self.folder.mkdir(mode=0o755)
        self.set = self.folder / "set"
        self.set.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        drop(self.folder)

    def publish(self, made: Path) -> None:
        """Rename what was made to the destination, durably. Raises DestinationTaken when something is there."""
        if made.is_dir():
            _sync_tree(made)
        else:
            _sync(made)
        _move(made, self.destination)
        sync_folder(self.destination.parent)


def sweep(parent: Path, export: int) -> None:
    """Take away what earlier tries of an export left. A try that is somehow still alive finds its folder gone, and so
    can't publish.
    """
    for name in (str(export), _DROPPED):
        for leftover in parent.glob(f"{_HIDDEN}{name}-*"):
            drop(leftover)


def growing(destination: Path, export: int) -> Iterator[Path]:
    """The archive that is being made for a destination, if one is."""
    for folder in destination.parent.glob(f"{_HIDDEN}{export}-*"):
        yield folder / f"set{destination.suffix}"


def safe(path: str) -> str:
    """A path inside the set, whatever it was; one that leads nowhere else stays as it is."""
    if path and path[0] not in "/." and path[-1] != "/" and "//" not in path and "/." not in path and ".." not in path:
        return path
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/".join("_" if ".." in part.split("\\") else part for part in parts) or "_"


class Listing:
    """What the manifest will list, a line for each file, in a file meanwhile: there may be millions."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.bytes = 0  #: of all files

    def add(self, path: str, bytes: int, hash: str) -> None:
        self.bytes += bytes
        self._file.write(b'{"path": %b, "bytes": %d, "sha256": "%b"}\n' % (_JSON.encode(path), bytes, hash.encode()))

    def take(self, lines: bytes, bytes: int) -> None:
        """Lines of files that have so many bytes together."""
        self._file.write(lines)
        self.bytes += bytes

    def lines(self) -> Iterator[bytes]:
        """Each file's line, without its end."""
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]


def media_line(state: FileState, path: str) -> bytes:
    """A line for the media of a file that go with a set."""
    line = {"path": path, "bytes": state.bytes, "sha256": state.hash, "key": state.key}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


class Sink(Protocol):
    """One file of a set that is being written."""

    def write(self, data: bytes, /) -> object: ...

    def close(self) -> None: ...


class Place(Protocol):
    """Where the files of a set go. Both raise PathClash for a path that was there before."""

    def begin(self, path: str) -> Sink:
        """Begin a file."""
        ...

    def put(self, path: str, data: bytes) -> None:
        """A whole file: of a set of many small ones, each takes less time so."""
        ...

    def take(self, members: Sequence[Member], packed: BinaryIO) -> None:
        """Whole files that were packed elsewhere."""
        ...


class Folder:
    """A folder as such a place."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def begin(self, path: str) -> Sink:
        return create(self._root / path, path)

    def put(self, path: str, data: bytes) -> None:
        with create(self._root / path, path) as file:
            file.write(data)

    def take(self, members: Sequence[Member], packed: BinaryIO) -> None:
        for member in members:
            self.put(member.path, packed.read(member.whole))


class Appender:
    """Writes the files of a format, whose chunks come file after file. A context manager.

    Large chunks are hashed, squeezed and written while the next one is made. A file of one small chunk is put whole.
    """

    def __init__(self, place: Place, listing: Listing) -> None:
        self._place = place
        self._listing = listing
        self._path: str | None = None
        self._only: bytes | None = None
        self._file: Sink | None = None
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._beside = ThreadPoolExecutor(1, "penstock export")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._beside:
            self.close()

    def append(self, path: str, data: bytes) -> None:
        """Add bytes to a file; another path begins another file. Raises PathClash for one that was there before."""
        path = safe(path)
        if path != self._path:
            self.close()
            self._path = path
            if len(data) < _LARGE:
                self._only = data
                return
        if self._file is None:
            self._file = self._place.begin(path)
            self._digest, self._bytes = hashlib.sha256(), 0
        self._settle()
        if self._only is not None:
            self._put(self._only)
            self._only = None
        if len(data) < _LARGE:
            self._put(data)
        else:
            self._under_way = self._beside.submit(self._put, data)

    def take(self, members: Sequence[Member], packed: BinaryIO, lines: bytes, bytes: int) -> None:
        """Whole files that were packed elsewhere, with what is listed of them. Raises PathClash."""
        self.close()
        self._place.take(members, packed)
        self._listing.take(lines, bytes)

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)

    def _settle(self) -> None:
        """Wait for the chunk before."""
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()

    def close(self) -> None:
        self._settle()
        path, only, file = self._path, self._only, self._file
        self._path = self._only = self._file = None
        if path is None:
            return
        if only is not None:
            self._place.put(path, only)
            self._listing.add(path, len(only), hashlib.sha256(only).hexdigest())
        elif file is not None:
            file.close()
            self._listing.add(path, self._bytes, self._digest.hexdigest())


def create(target: Path, path: str) -> BinaryIO:
    """A new file with its folders. Raises PathClash when there is one."""
    try:
        return target.open("xb")
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise PathClash(path=path) from None
    try:
        return target.open("xb")
    except FileExistsError:
        raise PathClash(path=path) from None


def checked(chunks: Iterable[bytes], hash: str, key: str) -> Iterator[bytes]:
    """The same bytes. Raises MediaDamaged after the last when they don't have the hash that they were stored under."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != hash:
        raise MediaDamaged(key=key, hash=hash)


def read(path: Path) -> Iterator[bytes]:
    """A file in pieces of a megabyte."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def hash_of(path: Path) -> str | None:
    """The SHA-256 of a file in hex; None when it isn't there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None


def seal_of(path: Path) -> Path:
    """The file whose hash stands for the whole: a folder's manifest has the hashes of all its files."""
    return path / MANIFEST if path.is_dir() else path


def is_there(path: Path, sealed: str | None) -> bool:
    """Whether what was sealed is in its place, and not something else."""
    return sealed is not None and hash_of(seal_of(path)) == sealed


def remove(path: Path) -> None:
    """Take a published export away. Safe to repeat."""
    if path.is_dir():
        drop(path)
    else:
        path.unlink(missing_ok=True)


def _move(made: Path, destination: Path) -> None:
    if destination.exists() or destination.is_symlink():
        raise DestinationTaken(path=destination)
    if made.is_dir():
        try:
            made.rename(destination)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise DestinationTaken(path=destination) from None
            raise
        return
    try:
        # A link, unlike a rename, fails when somebody else was first.
        os.link(made, destination)
    except FileExistsError:
        raise DestinationTaken(path=destination) from None
    except OSError:  # a file system without hard links
        made.rename(destination)


def drop(folder: Path) -> None:
    """Remove a folder that a process may still be writing in: it loses its name first, and so can't be published."""
    condemned = folder.with_name(f"{_HIDDEN}{_DROPPED}-{secrets.token_hex(4)}")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(condemned)
        shutil.rmtree(condemned, ignore_errors=True)


def _sync_tree(root: Path) -> None:
    with ThreadPoolExecutor(_SYNCS_AT_ONCE, thread_name_prefix="penstock-export") as pool:
        for folder, _, names in os.walk(root, topdown=False):
            here = Path(folder)
            for _ in pool.map(_sync, [here / name for name in names]):
                pass
            sync_folder(here)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    if os.name == "nt":  # Windows can't open a folder; its journal keeps renames in order
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
