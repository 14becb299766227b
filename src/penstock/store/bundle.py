"""A bundle: named contents in one folder or tar, with a manifest that is written last and knows each by its SHA-256.

The law: what has no manifest, or differs from it, is no bundle. It gets its name only when it is whole and on the disk.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tarfile
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from penstock.core import Conflict, Invalid

MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_DRAFT = ".penstock-backup-"
_YOUNG_SECONDS = 10  #: so long the writer of a draft may take to lock it


class BundleTaken(Conflict):
    """There is something at {path} already, and a backup never overwrites. Choose another name."""


class BundleDamaged(Invalid):
    """{path} is no whole backup: {why}. Nothing was restored."""


class Member(NamedTuple):
    """One content: its size and SHA-256 in hex."""

    bytes: int
    sha256: str


class Writer:
    """Adds contents, one after the other."""

    def __init__(self, place: "_Place") -> None:
        self._place = place
        self.members: dict[str, Member] = {}

    def add(self, name: str, content: bytes) -> None:
        """Add a content that fits in memory."""
        self._place.put(name, BytesIO(content), len(content))
        self.members[name] = Member(len(content), hashlib.sha256(content).hexdigest())

    def add_file(self, name: str, path: Path) -> Member:
        """Add a file as it is."""
        digest = hashlib.sha256()
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self._place.put(name, _Digested(file, digest), size)
        self.members[name] = Member(size, digest.hexdigest())
        return self.members[name]


class _Digested:
    """A file that is read once, and hashed on the way."""

    def __init__(self, file: BinaryIO, digest: Any) -> None:
        self._file = file
        self._digest = digest

    def read(self, n: int = -1, /) -> bytes:
        chunk = self._file.read(n)
        self._digest.update(chunk)
        return chunk


class _Source(Protocol):
    def read(self, n: int = -1, /) -> bytes: ...


class _Place(Protocol):
    def put(self, name: str, content: _Source, size: int) -> None: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


class _Folder:
    def __init__(self, draft: Path) -> None:
        self._draft = draft
        draft.mkdir(mode=0o700)

    def put(self, name: str, content: _Source, size: int) -> None:
        path = self._draft / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            for chunk in _exactly(content, size):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> None:
        for folder, _, _ in os.walk(self._draft, topdown=False):
            sync_folder(Path(folder))

    def close(self) -> None:
        pass


class _Tar:
    def __init__(self, draft: Path) -> None:
        self._file = open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115, PTH123
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def put(self, name: str, content: _Source, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, content)

    def finish(self) -> None:
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        with suppress(OSError):  # of a full disk, which was told by who wrote
            self._file.close()


@contextmanager
def write(target: Path, head: dict[str, Any]) -> Generator[Writer]:
    """A bundle to be filled, a tar when `target` ends so. `head` is told in the manifest, as it is at the end.

    Raises BundleTaken. Whatever goes wrong, nothing stands under the name.
    """
    if target.exists() or target.is_symlink():
        raise BundleTaken(path=target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    with _draft(target.parent) as draft:
        try:
            place: _Place = _Tar(draft) if target.suffix == ".tar" else _Folder(draft)
            with closing(place):
                writer = Writer(place)
                yield writer
                contents = {name: list(member) for name, member in sorted(writer.members.items())}
                writer.add(MANIFEST, json.dumps({**head, "contents": contents}, indent=1).encode())
                place.finish()
            if target.exists():
                raise BundleTaken(path=target)
            draft.rename(target)
            sync_folder(target.parent)
        except OSError as error:
            raise error if error.filename else OSError(error.errno, error.strerror, str(target)) from error


@contextmanager
def _draft(folder: Path) -> Generator[Path]:
    """A path to write at. It is locked as long as its writer lives; nothing of it stays."""
    lock = folder / f"{_DRAFT}{secrets.token_hex(4)}.lock"
    with lock.open("xb") as held:
        draft = lock.with_suffix(".part")
        try:
            with suppress(OSError):  # a file system without locks: then nobody sweeps there either
                fcntl.flock(held, fcntl.LOCK_EX)
            yield draft
        finally:
            _remove(draft)
            lock.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Take away what writers left that were killed."""
    for lock in folder.glob(f"{_DRAFT}*.lock"):
        with suppress(OSError), lock.open("rb+") as held:
            if time.time() - lock.stat().st_mtime > _YOUNG_SECONDS:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(lock.with_suffix(".part"))
                lock.unlink()


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        draft.unlink(missing_ok=True)


class Reader:
    """A bundle that was found whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar = tarfile.open(path) if path.is_file() else None  # noqa: SIM115
        try:
            self.manifest = self._manifest()
            self._check()
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> list[str]:
        return list(self.manifest["contents"])

    def stream(self, name: str) -> Iterator[bytes]:
        """A content in pieces of a megabyte."""
        with self._open(name) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def read(self, name: str) -> bytes:
        """A whole content."""
        return b"".join(self.stream(name))

    def close(self) -> None:
        if self._tar is not None:
            self._tar.close()

    @contextmanager
    def _open(self, name: str) -> Generator[BinaryIO]:
        if self._tar is None:
            with (self._path / name).open("rb") as file:
                yield file
            return
        member = self._tar.extractfile(name)
        assert member is not None
        with member:
            yield member  # pyright: ignore[reportReturnType]  # it is binary

    def _manifest(self) -> dict[str, Any]:
        try:
            found = json.loads(self.read(MANIFEST))
        except (OSError, KeyError, ValueError, tarfile.TarError) as error:
            raise BundleDamaged(path=self._path, why="it has no readable manifest, which is written last") from error
        if not isinstance(found, dict) or "contents" not in found:
            raise BundleDamaged(path=self._path, why="its manifest lists no contents")
        return found  # pyright: ignore[reportUnknownVariableType]

    def _check(self) -> None:
        for name, (size, sha256) in self.manifest["contents"].items():
            digest, found = hashlib.sha256(), 0
            try:
                for chunk in self.stream(name):
                    digest.update(chunk)
                    found += len(chunk)
            except (OSError, KeyError, tarfile.TarError) as error:
                raise BundleDamaged(path=self._path, why=f"{name} is missing or can't be read") from error
            if (found, digest.hexdigest()) != (size, sha256):
                raise BundleDamaged(path=self._path, why=f"{name} is not what it was when it was written")


@contextmanager
def read(path: Path) -> Generator[Reader]:
    """A bundle, checked from end to end. Raises BundleDamaged."""
    try:
        reader = Reader(path)
    except tarfile.TarError as error:
        raise BundleDamaged(path=path, why="it is neither a folder nor a tar that can be read") from error
    except OSError as error:
        raise BundleDamaged(path=path, why=f"it can't be read ({error.strerror or error})") from error
    try:
        yield reader
    finally:
        reader.close()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exactly(content: _Source, size: int) -> Iterable[bytes]:
    while size and (chunk := content.read(min(size, _CHUNK))):
        size -= len(chunk)
        yield chunk
