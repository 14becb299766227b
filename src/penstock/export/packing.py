"""Archives with the same bytes each time: fixed times, fixed rights, files in the order they are given.

A set can be a hundred thousand texts of some hundred bytes. Such a one goes out in a single write; `zipfile` and
`tarfile` took longer over each than everything before them, most of it to make the tables of a deflate of 32 kB.
"""

import tarfile
import tempfile
import zlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from struct import pack as packed
from typing import BinaryIO, Protocol, cast, runtime_checkable
from zlib import crc32

import msgspec

from penstock.export.model import Pack, PathClash

_RIGHTS = 0o644
_BUFFER = 1 << 20
_AT_ONCE = 1 << 20  #: a text that is no larger is packed in memory
_HELD = 8 << 20  #: what is larger waits on disk for its end, where its size has to be said first
_MOST_HELD = 32 << 20  #: media that are no larger are held, so that their checksum stands before them


class Archive(Protocol):
    """An archive that is being written. What is in its file stays as it is: somebody may be reading it already."""

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        """Add a file of so many bytes. Media are packed already, so only texts are worth squeezing.

        Raises PathClash when there is a file of this path.
        """
        ...


class Member(msgspec.Struct, array_like=True):
    """A file that was packed for another archive to take: how many bytes it has there, and what a zip lists of it."""

    path: str
    whole: int
    flags: int = 0
    method: int = 0
    crc: int = 0
    length: int = 0
    size: int = 0


class Joining(Archive, Protocol):
    """An archive that takes over what was packed elsewhere."""

    def take(self, members: Sequence[Member], packed: BinaryIO) -> None:
        """Add files that `Apart` packed, one behind the other. Raises PathClash."""
        ...


class Growing(Protocol):
    """A file of an archive, of which nobody knows yet how large it becomes. Closing it ends it."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


@runtime_checkable
class Streaming(Archive, Protocol):
    """One whose files can be added before their sizes are known."""

    def grow(self, path: str) -> Growing:
        """Begin a text; nothing else is added before it is closed. Raises PathClash."""
        ...


@contextmanager
def archive(path: Path, pack: Pack) -> Generator[Joining]:
    """Write a zip or tar at a path."""
    with path.open("xb", buffering=_BUFFER) as file:
        made = _Zip(file) if pack == "zip" else _Tar(file)
        yield made
        made.close()


class Held:
    """One text of an archive, written before anybody knows how large it becomes. Closing it adds it."""

    __slots__ = ("_archive", "_file", "_folder", "_growing", "_parts", "_path", "_size")

    def __init__(self, archive: Archive, path: str, folder: Path) -> None:
        """`folder` is for large ones meanwhile."""
        self._archive, self._path, self._folder = archive, path, folder
        self._parts: list[bytes] = []
        self._size = 0
        self._growing: Growing | None = None
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._growing is not None:
            self._growing.write(data)
        elif self._file is not None:
            self._file.write(data)
        else:
            self._parts.append(data)
            if self._size > _AT_ONCE:
                self._let_go()

    def _let_go(self) -> None:
        if isinstance(self._archive, Streaming):
            self._growing = self._archive.grow(self._path)
            self._growing.write(b"".join(self._parts))
            self._parts = []
        elif self._size > _HELD:
            self._file = cast(BinaryIO, tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115 closed with this
            self._file.writelines(self._parts)
            self._parts = []

    def close(self) -> None:
        if self._growing is not None:
            self._growing.close()
        elif self._file is None:
            self._archive.add(self._path, self._size, self._parts, squeeze=True)
        else:
            with self._file as file:
                file.seek(0)
                self._archive.add(self._path, self._size, iter(lambda: file.read(_AT_ONCE), b""), squeeze=True)


class Inside:
    """An archive as a place for the files of a set; `folder` is for large ones meanwhile."""

    def __init__(self, archive: Joining, folder: Path) -> None:
        self._archive = archive
        self._folder = folder

    def begin(self, path: str) -> Held:
        return Held(self._archive, path, self._folder)

    def put(self, path: str, data: bytes) -> None:
        self._archive.add(path, len(data), (data,), squeeze=True)

    def take(self, members: Sequence[Member], packed: BinaryIO) -> None:
        self._archive.take(members, packed)


def apart(file: BinaryIO, pack: Pack) -> "_ZipApart | _Loose":
    """Where files are packed for another archive, or folder, of this kind."""
    return _ZipApart(file) if pack == "zip" else _Loose(file)


class _Loose:
    """Files as they are, one behind the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.members: list[Member] = []

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        for chunk in chunks:
            self._file.write(chunk)
        self.members.append(Member(path, size))

    def take(self, members: Sequence[Member], packed: BinaryIO) -> None:
        for member in members:
            self.add(member.path, member.whole, (packed.read(member.whole),), squeeze=False)


class _Names:
    """Which paths are taken, by their hashes: there may be millions."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def take(self, path: str) -> bytes:
        known = len(self._taken)
        self._taken.add(hash(path))
        if len(self._taken) == known:
            raise PathClash(path=path)
        return path.encode()


# As APPNOTE.TXT of PKWARE has it. Times are the earliest that there are, the system is Unix's wherever this runs.
_TIME, _DATE = 0, 0x21
_UNIX = 3 << 8
_PLAIN, _LARGE = 20, 45  #: the version that unpacks it
_MOST_16, _MOST_32 = 0xFFFF, 0xFFFFFFFF
_UTF8, _TOLD_AFTER = 0x800, 0x8
_STORED, _DEFLATED = 0, 8
_LOCAL = Struct("<4sHHHHHLLLHH").pack
_LISTED = Struct("<4sHHHHHHLLLHHHHHLL").pack
_LEVEL = 1  #: five times as fast as the usual one on numbers, which become a sixth larger


class _Zip:
    """Only ever appends. Of a large file, checksum and sizes stand behind it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._count = 0
        self._names = _Names()
        self._directory = bytearray()

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        if size > (_AT_ONCE if squeeze else _MOST_HELD):
            growing = _Grown(self, path, self._names.take(path), squeeze)
            for chunk in chunks:
                growing.write(chunk)
            growing.close()
            return
        name, method = self._names.take(path), _DEFLATED if squeeze else _STORED
        flags = 0 if path.isascii() else _UTF8
        data = b"".join(chunks)
        crc = crc32(data)
        if squeeze:
            deflate = _deflate(size)
            data = deflate.compress(data) + deflate.flush()
        length = len(data)
        said = _LOCAL(b"PK\3\4", _PLAIN, flags, method, _TIME, _DATE, crc, length, size, len(name), 0)
        self.append(said + name + data, flush=not self._count)  # who reads along sees that it began
        self.note(name, flags, method, crc, length, size, len(said) + len(name) + length)

    def grow(self, path: str) -> "_Grown":
        return _Grown(self, path, self._names.take(path), squeeze=True)

    def append(self, data: bytes, *, flush: bool = False) -> None:
        self._file.write(data)
        if flush:
            self._file.flush()

    def note(self, name: bytes, flags: int, method: int, crc: int, length: int, size: int, whole: int) -> None:
        """A file for the directory, of which `whole` bytes were appended."""
        at = self._at
        self._at += whole
        self._count += 1
        if flags & _TOLD_AFTER or at >= _MOST_32:
            large = [n for n in (size, length, at) if n >= _MOST_32]
            extra = packed(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
            version = _LARGE if large or flags & _TOLD_AFTER else _PLAIN
            length, size, at = min(length, _MOST_32), min(size, _MOST_32), min(at, _MOST_32)
        else:
            extra, version = b"", _PLAIN
        self._directory += (
            _LISTED(
                b"PK\1\2",
                version | _UNIX,
                version,
                flags,
                method,
                _TIME,
                _DATE,
                crc,
                length,
                size,
                len(name),
                len(extra),
                0,
                0,
                0,
                _RIGHTS << 16,
                at,
            )
            + name
            + extra
        )

    def take(self, members: Sequence[Member], packed: BinaryIO) -> None:
        names = [self._names.take(member.path) for member in members]
        left = sum(member.whole for member in members)
        while left:
            piece = packed.read(min(left, _BUFFER))
            self.append(piece, flush=True)
            left -= len(piece)
        for name, one in zip(names, members, strict=True):
            self.note(name, one.flags, one.method, one.crc, one.length, one.size, one.whole)

    def close(self) -> None:
        """Write the directory."""
        self._file.write(self._directory)
        size, count, end = len(self._directory), self._count, self._at + len(self._directory)
        if count >= _MOST_16 or self._at >= _MOST_32 or size >= _MOST_32:
            self._file.write(
                packed("<4sQHHLLQQQQ", b"PK\6\6", 44, _LARGE | _UNIX, _LARGE, 0, 0, count, count, size, self._at)
                + packed("<4sLQL", b"PK\6\7", 0, end, 1)
            )
        count, size, start = min(count, _MOST_16), min(size, _MOST_32), min(self._at, _MOST_32)
        self._file.write(packed("<4sHHHHLLH", b"PK\5\6", 0, 0, count, count, size, start, 0))


class _ZipApart(_Zip):
    """Files as a zip has them, without a directory."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.members: list[Member] = []

    def note(self, name: bytes, flags: int, method: int, crc: int, length: int, size: int, whole: int) -> None:
        self.members.append(Member(name.decode(), whole, flags, method, crc, length, size))


class _Grown:
    """A file of a zip whose checksum and sizes are told after it, as large numbers."""

    def __init__(self, zip: _Zip, path: str, name: bytes, squeeze: bool) -> None:
        self._zip, self._name = zip, name
        self._flags = _TOLD_AFTER | (0 if path.isascii() else _UTF8)
        self._method = _DEFLATED if squeeze else _STORED
        self._deflate = zlib.compressobj(_LEVEL, wbits=-15) if squeeze else None
        self._crc = self._length = self._size = 0
        self._held = b""  #: so that it is squeezed in the same pieces whoever writes it
        extra = packed("<HHQQ", 1, 16, 0, 0)
        head = _LOCAL(
            b"PK\3\4", _LARGE, self._flags, self._method, _TIME, _DATE, 0, _MOST_32, _MOST_32, len(name), len(extra)
        )
        self._head = head + name + extra
        zip.append(self._head)

    def write(self, data: bytes) -> None:
        self._crc = crc32(data, self._crc)
        self._size += len(data)
        if self._deflate is None:
            self._append(data)
            return
        self._held += data
        whole = len(self._held) - len(self._held) % _AT_ONCE
        for at in range(0, whole, _AT_ONCE):
            self._append(self._deflate.compress(memoryview(self._held)[at : at + _AT_ONCE]))
        self._held = self._held[whole:]

    def _append(self, data: bytes) -> None:
        self._length += len(data)
        self._zip.append(data, flush=True)

    def close(self) -> None:
        if self._deflate:
            self._append(self._deflate.compress(self._held) + self._deflate.flush())
        told = packed("<4sLQQ", b"PK\7\x08", self._crc, self._length, self._size)
        self._zip.append(told)
        whole = len(self._head) + self._length + len(told)
        self._zip.note(self._name, self._flags, self._method, self._crc, self._length, self._size, whole)


def _deflate(size: int):
    """A compressor with tables no larger than the text asks for."""
    return zlib.compressobj(_LEVEL, wbits=-12, memLevel=5) if size <= 4096 else zlib.compressobj(_LEVEL, wbits=-15)


_BLOCK = tarfile.BLOCKSIZE


class _Tar:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._names = _Names()
        self._head = _tar_head("", 0)
        self._sum = sum(self._head) - sum(self._head[124:136]) - sum(self._head[148:156]) + 8 * ord(" ")

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        self._file.write(self._said(path, self._names.take(path), size))
        for chunk in chunks:
            self._file.write(chunk)
        self._file.write(b"\0" * (-size % _BLOCK))

    def take(self, members: Sequence[Member], packed: BinaryIO) -> None:
        for member in members:
            self.add(member.path, member.whole, (packed.read(member.whole),), squeeze=True)

    def _said(self, path: str, name: bytes, size: int) -> bytes:
        if len(name) > tarfile.LENGTH_NAME or not path.isascii() or size >= 8**11:
            return _tar_head(path, size)
        told = b"%011o\0" % size
        checked = b"%06o\0 " % (self._sum + sum(name) + sum(told))
        head = self._head
        return name + head[len(name) : 124] + told + head[136:148] + checked + head[156:]

    def close(self) -> None:
        """Write its end, up to a whole record."""
        self._file.write(b"\0" * (2 * _BLOCK))
        self._file.write(b"\0" * (-self._file.tell() % tarfile.RECORDSIZE))


def _tar_head(path: str, size: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.size, info.mode, info.mtime = size, _RIGHTS, 0
    return info.tobuf(tarfile.PAX_FORMAT)
