"""Archives with the same bytes each time: fixed times, fixed rights, files in the order they are given.

A set can be a hundred thousand texts of some hundred bytes. Such a one goes out in a single write; `zipfile` and
`tarfile` took longer over each than everything before them, most of it to make the tables of a deflate of 32 kB.
"""

import tarfile
import tempfile
import zlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from struct import pack as packed
from typing import BinaryIO, Protocol, cast

from penstock.export.model import Pack, PathClash

_RIGHTS = 0o644
_BUFFER = 1 << 20
_AT_ONCE = 1 << 20  #: what is no larger is packed in memory
_HELD = 8 << 20  #: what is larger waits on disk for its end


class Archive(Protocol):
    """An archive that is being written."""

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        """Add a file of so many bytes. Media are packed already, so only texts are worth squeezing.

        Raises PathClash when there is a file of this path.
        """
        ...


@contextmanager
def archive(path: Path, pack: Pack) -> Generator[Archive]:
    """Write a zip or tar at a path."""
    with path.open("xb", buffering=_BUFFER) as file:
        made = _Zip(file) if pack == "zip" else _Tar(file)
        yield made
        made.close()


class Held:
    """One file of an archive, written before anybody knows how large it becomes. Closing it adds it."""

    def __init__(self, archive: Archive, path: str, folder: Path) -> None:
        """`folder` is for large ones meanwhile."""
        self._archive, self._path, self._folder = archive, path, folder
        self._parts: list[bytes] = []
        self._size = 0
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._file is not None:
            self._file.write(data)
            return
        self._parts.append(data)
        if self._size > _HELD:
            self._file = cast(BinaryIO, tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115 closed with this
            self._file.writelines(self._parts)
            self._parts = []

    def close(self) -> None:
        if self._file is None:
            self._archive.add(self._path, self._size, self._parts, squeeze=True)
            return
        with self._file as file:
            file.seek(0)
            self._archive.add(self._path, self._size, iter(lambda: file.read(_AT_ONCE), b""), squeeze=True)


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
_LARGEST_PLAIN = 1 << 30  #: a deflate of this much is surely below 4 GB
_UTF8 = 0x800
_STORED, _DEFLATED = 0, 8


class _Zip:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._count = 0
        self._names = _Names()
        self._directory = bytearray()

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        name, method = self._names.take(path), _DEFLATED if squeeze else _STORED
        flags = 0 if path.isascii() else _UTF8
        if size <= _AT_ONCE:
            data = b"".join(chunks)
            crc = zlib.crc32(data)
            if squeeze:
                deflate = _deflate(size)
                data = deflate.compress(data) + deflate.flush()
            length = len(data)
            head = _local(name, flags, method, crc, length, size)
            self._file.write(head + data)
        else:
            self._file.write(_local(name, flags, method, 0, 0, size))
            crc, length = self._stream(size, chunks, squeeze)
            head = _local(name, flags, method, crc, length, size)
            end = self._file.tell()
            self._file.seek(self._at)
            self._file.write(head)
            self._file.seek(end)
        self._list(name, flags, method, crc, length, size)
        self._at += len(head) + length

    def _stream(self, size: int, chunks: Iterable[bytes], squeeze: bool) -> tuple[int, int]:
        """Write a large file; its checksum and how long it became."""
        deflate = _deflate(size) if squeeze else None
        crc = length = 0
        for chunk in chunks:
            crc = zlib.crc32(chunk, crc)
            length += self._file.write(deflate.compress(chunk) if deflate else chunk)
        return crc, length + (self._file.write(deflate.flush()) if deflate else 0)

    def _list(self, name: bytes, flags: int, method: int, crc: int, length: int, size: int) -> None:
        large = [n for n in (size, length, self._at) if n >= _MOST_32]
        extra = packed(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
        version = _LARGE if large or size > _LARGEST_PLAIN else _PLAIN
        said = (min(n, _MOST_32) for n in (length, size))
        self._count += 1
        self._directory += (
            packed("<4sHHHHHHLLL", b"PK\1\2", version | _UNIX, version, flags, method, _TIME, _DATE, crc, *said)
            + packed("<HHHHHLL", len(name), len(extra), 0, 0, 0, _RIGHTS << 16, min(self._at, _MOST_32))
            + name
            + extra
        )

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


def _local(name: bytes, flags: int, method: int, crc: int, length: int, size: int) -> bytes:
    """What stands before a file, as long whatever its numbers are."""
    if size > _LARGEST_PLAIN:
        extra, version, said = packed("<HHQQ", 1, 16, size, length), _LARGE, (_MOST_32, _MOST_32)
    else:
        extra, version, said = b"", _PLAIN, (length, size)
    head = packed("<4sHHHHHLLLHH", b"PK\3\4", version, flags, method, _TIME, _DATE, crc, *said, len(name), len(extra))
    return head + name + extra


def _deflate(size: int):
    """A compressor with tables no larger than the text asks for."""
    return zlib.compressobj(wbits=-12, memLevel=5) if size <= 4096 else zlib.compressobj(wbits=-15)


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
