"""Bytes by content: what goes in is named by its SHA-256, is durable before its name is told, and never changes.

Writing goes through the operating system, because publishing must be a temporary name, fsync, rename and fsync of the
folder, and obstore's local store never syncs. Reading goes through obstore.
"""

import ctypes
import errno
import fcntl
import hashlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import obstore
from obstore.store import LocalStore

from penstock.core.errors import NotFound, Refusal, TooLarge

_CHUNK = 1 << 20
_SYNCS_AT_ONCE = 8
_ABANDONED_SECONDS = 24 * 3600
GRACE_SECONDS = 24 * 3600.0
"""How long bytes that nothing uses stay: an upload or an import may yet name them."""

_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[0-9a-z][0-9a-z._-]{1,200}")


@runtime_checkable
class Readable(Protocol):
    """Anything with `read`: an open file, an archive's member, an HTTP body."""

    def read(self, n: int, /) -> bytes: ...


class DiskFull(Refusal):
    """There is no room left on the disk of {folder}, so nothing was stored. Free some space there, then try again."""

    status = 507


class BlobMissing(NotFound):
    """The bytes {hash} are not in {folder}. Restore the media folder from a backup, or import the file again."""


class StreamTooLarge(TooLarge):
    """This is larger than the limit of {limit:,} bytes, so nothing was stored. The setting is `upload_limit_bytes`."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Stored bytes: their SHA-256 in hex, and how many there are."""

    hash: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took away."""

    blobs: int
    bytes: int


class Incoming:
    """Bytes that are arriving, at `path`. `finish` publishes them; leaving the context without it drops them."""

    def __init__(self, blobs: "Blobs", limit: int | None = None) -> None:
        self._blobs = blobs
        self._limit = limit
        self._digest = hashlib.sha256()
        self._bytes = 0
        with blobs.room():
            self.path = blobs.temporary()
            self._file = self.path.open("xb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Add bytes. Raises StreamTooLarge past the limit and DiskFull when there is no room."""
        self._bytes += len(chunk)
        if self._limit is not None and self._bytes > self._limit:
            raise StreamTooLarge(limit=self._limit)
        self._digest.update(chunk)
        with self._blobs.room():
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]

    def finish(self) -> Blob:
        """Make the bytes durable under their hash. Safe to repeat with the same bytes: they are stored once."""
        blob = Blob(self._digest.hexdigest(), self._bytes)
        with self._blobs.room():
            os.fsync(self._file.fileno())
            self._file.close()
            self._blobs.publish(self.path, blob)
        return blob


class Derived:
    """What can be made again from a blob: thumbnails, renditions, spools. Named, replaceable, never a truth.

    They are published whole (temporary name, then rename) but synced only on request: an empty one, which a power cut
    may leave, reads as absent and is made again.
    """

    def __init__(self, blobs: "Blobs", root: Path) -> None:
        self._blobs = blobs
        self._root = root

    def path(self, name: str) -> Path:
        """Where a derived file lies. `name` is lower case: a blob's hash, a dot, what it is."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a derived name: {name!r}")
        return self._root / name[:2] / name

    def put(self, name: str, content: bytes, *, durable: bool = False) -> None:
        """Publish a derived file, in place of the one of that name."""
        path = self.path(name)
        with self._blobs.room():
            temporary = self._blobs.temporary()
            with temporary.open("xb", buffering=0) as file:
                file.write(content)
                if durable:
                    os.fsync(file.fileno())
            _move(temporary, path)
            if durable:
                _sync_folder(path.parent)

    def get(self, name: str) -> bytes | None:
        """The content, or None when it was not made yet or was lost."""
        try:
            return self.path(name).read_bytes() or None
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Forget a derived file. Safe to repeat."""
        self.path(name).unlink(missing_ok=True)

    def drop_of(self, hash: str) -> None:
        """Forget all that was derived from a blob."""
        for path in (self._root / hash[:2]).glob(f"{hash}.*"):
            path.unlink(missing_ok=True)


class Blobs:
    """A folder of immutable bytes by hash, shared by every process of an installation."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temporary = root / "incoming"
        self._content = root / "content"
        for folder in (self._temporary, self._content):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_old(self._temporary)
        self.derived = Derived(self, root / "derived")
        self._store = LocalStore(self._content)
        self._names = _Counter()

    def put(self, content: bytes | Readable | Iterable[bytes], limit: int | None = None) -> Blob:
        """Store bytes, a readable or chunks, durably. The same bytes are stored once."""
        with Incoming(self, limit) as incoming:
            for chunk in _chunks(content):
                incoming.write(chunk)
            return incoming.finish()

    def put_many(self, contents: Sequence[bytes]) -> list[Blob]:
        """Store many small contents; all are durable on return, for a fraction of the price of one by one."""
        if len(contents) < 2:
            return [self.put(content) for content in contents]
        blobs = [Blob(hashlib.sha256(content).hexdigest(), len(content)) for content in contents]
        lacking = {blob: content for blob, content in zip(blobs, contents, strict=True) if not self._keeps(blob)}
        written: dict[Blob, Path] = {}
        try:
            with self.room():
                for blob, content in lacking.items():
                    written[blob] = self.temporary()
                    written[blob].write_bytes(content)
                _sync_files(list(written.values()), self._temporary)
                for blob, path in written.items():
                    _move(path, self.path(blob.hash))
                _sync_folders({self.path(blob.hash).parent for blob in blobs}, self._content)
        finally:
            for path in written.values():
                path.unlink(missing_ok=True)
        return blobs

    def open(self, limit: int | None = None) -> Incoming:
        """Bytes that arrive in pieces: a context manager with `write` and `finish`."""
        return Incoming(self, limit)

    def path(self, hash: str) -> Path:
        """Where a blob lies, whether it is there or not."""
        return Path(f"{self._content}/{self._key(hash)}")

    def has(self, hash: str) -> bool:
        """Whether these bytes are here."""
        return self.path(hash).is_file()

    def size(self, hash: str) -> int:
        """How many bytes a blob has. Raises BlobMissing."""
        with self._present(hash):
            return obstore.head(self._store, self._key(hash))["size"]

    def get(self, hash: str) -> bytes:
        """All bytes of a blob. Raises BlobMissing."""
        with self._present(hash):
            return bytes(obstore.get(self._store, self._key(hash)).bytes())

    def stream(self, hash: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `end`, in pieces of a megabyte. Raises BlobMissing at the first."""
        end = self.size(hash) if end is None else end
        for at in range(start, end, _CHUNK):
            with self._present(hash):
                yield bytes(obstore.get_range(self._store, self._key(hash), start=at, end=min(at + _CHUNK, end)))

    def sweep(self, used: Callable[[Sequence[str]], Collection[str]], grace_seconds: float = GRACE_SECONDS) -> Swept:
        """Take away bytes that nothing uses, and what was derived from them. `used` says which of some hashes are.

        Bytes that came, or came again, less than `grace_seconds` ago stay: rows that name them may be under way.
        """
        count = size = 0
        for folder in sorted(self._content.iterdir()):
            old = [path.name for path in folder.iterdir() if _HASH.fullmatch(path.name) and _age(path) > grace_seconds]
            for hash in sorted(set(old).difference(used(old))) if old else ():
                taken = self._take_away(self.path(hash), grace_seconds)
                if taken is not None:
                    count, size = count + 1, size + taken
                    self.derived.drop_of(hash)
        return Swept(count, size)

    def _take_away(self, path: Path, grace_seconds: float) -> int | None:
        """Erase bytes unless they came again since somebody looked; how many there were."""
        with self._gate(fcntl.LOCK_EX):
            if _age(path) <= grace_seconds:
                return None
            size = path.stat().st_size
            path.unlink()
            return size

    def _keeps(self, blob: Blob) -> bool:
        """Whether these bytes are here; they count as new then, so that no sweep takes them before they are used."""
        with self._gate(fcntl.LOCK_SH):
            if not self._is_whole(blob):
                return False
            os.utime(self.path(blob.hash))
            return True

    @contextmanager
    def _gate(self, kind: int) -> Generator[None]:
        """Held shared by who finds bytes already there, alone by who takes them away."""
        handle = os.open(self.root / "gate", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, kind)
            yield
        finally:
            os.close(handle)

    def temporary(self) -> Path:
        """A fresh path on the same file system, to be moved to its place or unlinked."""
        return Path(f"{self._temporary}/{os.getpid()}-{self._names.next()}-{os.urandom(4).hex()}")

    def publish(self, temporary: Path, blob: Blob) -> None:
        """Give synced bytes their name, durably."""
        self._name(temporary, blob)
        # Also when the bytes were there: another process may have named them and not yet synced the folder.
        _sync_folder(self.path(blob.hash).parent)

    @contextmanager
    def room(self) -> Generator[None]:
        """Turns a full disk into a DiskFull."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(folder=self.root) from error
            raise

    def _name(self, temporary: Path, blob: Blob) -> None:
        if self._keeps(blob):
            temporary.unlink(missing_ok=True)
        else:
            _move(temporary, self.path(blob.hash))

    def _is_whole(self, blob: Blob) -> bool:
        try:
            return self.path(blob.hash).stat().st_size == blob.bytes
        except FileNotFoundError:
            return False

    def _key(self, hash: str) -> str:
        if not _HASH.fullmatch(hash):
            raise ValueError(f"not a hash: {hash!r}")
        return f"{hash[:2]}/{hash}"

    @contextmanager
    def _present(self, hash: str) -> Generator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise BlobMissing(hash=hash, folder=self._content) from error


class _Counter:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        with self._lock:
            self._last += 1
            return self._last


def _chunks(content: bytes | Readable | Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, Readable):
        while chunk := content.read(_CHUNK):
            yield chunk
    else:
        yield from content


def _move(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(path.parent.parent)
        temporary.replace(path)


def _age(path: Path) -> float:
    """Seconds since bytes came, or came again; none for those that aren't there."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _forget_old(folder: Path) -> None:
    """Erase what a process that was killed left behind."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                path.unlink()


def _sync_files(paths: Sequence[Path], folder: Path) -> None:
    if not _sync_all(folder):
        with ThreadPoolExecutor(_SYNCS_AT_ONCE, thread_name_prefix="penstock-sync") as pool:
            list(pool.map(_sync_file, paths))


def _sync_folders(folders: Collection[Path], root: Path) -> None:
    if not _sync_all(root):
        with ThreadPoolExecutor(_SYNCS_AT_ONCE, thread_name_prefix="penstock-sync") as pool:
            list(pool.map(_sync_folder, folders))


def _find_syncfs() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


_syncfs = _find_syncfs()


def _sync_all(folder: Path) -> bool:
    """Make all of a folder's file system durable in one call; False where the system has none that also waits.

    Linux waits, and reports errors of writing: 50 files of 8 KB take 0.2 ms each, with an fsync each 1.0 (ext4).
    """
    if _syncfs is None:
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), f"{folder} can't be synced")
    finally:
        os.close(descriptor)
    return True


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows can't open a folder; its journal keeps renames in order
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
