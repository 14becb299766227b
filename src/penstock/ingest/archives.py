"""Opening zip and tar archives from strangers: every name is checked before anything is unpacked, each byte counted."""

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from penstock.core import Invalid, TooLarge
from penstock.ingest.places import is_litter
from penstock.store.blobs import Readable

_FLOOR_BYTES = 1 << 30
"""However well it is packed, so much may come out of an archive."""
_MOST_TIMES = 200
"""Above that, an archive may unpack to so many times its size. Text packs 10 to 20 times, images not at all."""
_MOST_MEMBERS = 2_000_000
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


class ArchiveUnsafe(Invalid):
    """The archive holds {name!r}, which {why}, so nothing of it was taken. Pack it again without that."""


class ArchiveUnreadable(Invalid):
    """The archive can't be read: {why}. Pack it again, or send the files one by one."""


class ArchiveBomb(TooLarge):
    """The archive unpacks to more than {limit:,} bytes, which is {times} times its size, so nothing of it was taken."""


class Member(NamedTuple):
    """One file of an archive, open."""

    name: str
    content: Readable


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar, by its content."""
    return _is_zip(path) or _is_tar(path)


def check(path: Path) -> None:
    """Refuse an archive whose names lead outside, that holds links, or that is broken. Unpacks nothing.

    Raises ArchiveUnsafe, ArchiveUnreadable, ArchiveBomb.
    """
    if _is_zip(path):
        with _zip(path) as archive:
            _safe_zip_members(archive)
        return
    try:
        with tarfile.open(path) as archive:
            limit = _limit(path)
            total = 0
            for n, member in enumerate(archive):
                _check_tar_member(member)
                total += member.size
                if total > limit or n > _MOST_MEMBERS:
                    raise _bomb(path, limit)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ArchiveUnreadable(why=str(error) or type(error).__name__) from error


def members(path: Path) -> Iterator[Member]:
    """Each file of a checked archive, open, in the archive's order. Read it before going on to the next."""
    counted = _Counted(path)
    try:
        if _is_zip(path):
            with _zip(path) as archive:
                for info in _safe_zip_members(archive):
                    with archive.open(info) as content:
                        yield Member(_clean(info.filename), counted.over(content))
            return
        with tarfile.open(path) as tar:
            for member in tar:
                _check_tar_member(member)
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None and not is_litter(_clean(member.name)):
                    yield Member(_clean(member.name), counted.over(content))
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        raise ArchiveUnreadable(why=str(error) or type(error).__name__) from error


class _Counted:
    """Counts what comes out of an archive, whatever its headers say."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._limit = _limit(path)
        self._total = 0

    def over(self, content: Readable) -> Readable:
        return _Metered(content, self)

    def add(self, count: int) -> None:
        self._total += count
        if self._total > self._limit:
            raise _bomb(self._path, self._limit)


class _Metered:
    def __init__(self, content: Readable, counted: _Counted) -> None:
        self._read = content.read
        self._counted = counted

    def read(self, n: int, /) -> bytes:
        piece = self._read(n)
        self._counted.add(len(piece))
        return piece


def _limit(path: Path) -> int:
    return max(_FLOOR_BYTES, path.stat().st_size * _MOST_TIMES)


def _bomb(path: Path, limit: int) -> ArchiveBomb:
    return ArchiveBomb(limit=limit, times=limit // max(1, path.stat().st_size))


def _is_zip(path: Path) -> bool:
    # A picture with a zip behind it passes for one too; what it begins with is what it is.
    with path.open("rb") as file:
        return file.read(2) == b"PK" and zipfile.is_zipfile(path)


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):
        return False


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise ArchiveUnreadable(why=str(error)) from error


def _safe_zip_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of a zip that are worth reading, all names having been checked."""
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        raise ArchiveUnreadable(why=f"it has {len(infos):,} members, more than {_MOST_MEMBERS:,}")
    for info in infos:
        _check_name(info.orig_filename)
        _check_name(info.filename)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ArchiveUnsafe(name=info.filename, why="is a link")
        if info.flag_bits & 1:
            raise ArchiveUnreadable(why=f"{info.filename!r} is locked by a password")
        if info.compress_type not in _READABLE:
            raise ArchiveUnreadable(why=f"{info.filename!r} is packed by a method that we don't know")
    return [info for info in infos if not info.is_dir() and not is_litter(_clean(info.filename))]


def _check_tar_member(member: tarfile.TarInfo) -> None:
    _check_name(member.name)
    if member.issym() or member.islnk():
        raise ArchiveUnsafe(name=member.name, why="is a link")
    if not (member.isfile() or member.isdir()):
        raise ArchiveUnsafe(name=member.name, why="is a device")


def _check_name(name: str) -> None:
    plain = name.replace("\\", "/")
    if ".." in plain.split("/"):
        raise ArchiveUnsafe(name=name, why="points outside of it")
    if plain.startswith("/") or plain[1:2] == ":":
        raise ArchiveUnsafe(name=name, why="is an absolute path")


def _clean(name: str) -> str:
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
