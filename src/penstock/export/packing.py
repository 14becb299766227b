"""Archives with the same bytes each time: fixed times, fixed rights, files in the order they are given."""

import tarfile
import zipfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from penstock.export.model import Pack

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_RIGHTS = 0o644


class Archive(Protocol):
    """An archive that is being written."""

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        """Add a file of so many bytes. Media are packed already, so only texts are worth squeezing."""
        ...


@contextmanager
def archive(path: Path, pack: Pack) -> Generator[Archive]:
    """Write a zip or tar at a path."""
    if pack == "zip":
        with zipfile.ZipFile(path, "x", allowZip64=True) as file:
            yield _Zip(file)
    else:
        with tarfile.open(path, "x", format=tarfile.PAX_FORMAT) as file:
            yield _Tar(file)


class _Zip:
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        info = zipfile.ZipInfo(path, _ZIP_TIME)
        info.external_attr = _RIGHTS << 16
        info.create_system = 3  # Unix, on every system, so that the bytes are the same
        info.compress_type = zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED
        info.file_size = size
        with self._file.open(info, "w", force_zip64=size > 1 << 30) as target:
            for chunk in chunks:
                target.write(chunk)


class _Tar:
    def __init__(self, file: tarfile.TarFile) -> None:
        self._file = file

    def add(self, path: str, size: int, chunks: Iterable[bytes], *, squeeze: bool) -> None:
        info = tarfile.TarInfo(path)
        info.size, info.mode, info.mtime = size, _RIGHTS, 0
        self._file.addfile(info, _Stream(chunks))


class _Stream(IO[bytes]):
    """Chunks as the file that tarfile wants to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, n: int = -1) -> bytes:
        parts: list[bytes] = []
        while n < 0 or n > 0:
            if not self._rest:
                self._rest = next(self._chunks, b"")
                if not self._rest:
                    break
            part = self._rest if n < 0 else self._rest[:n]
            self._rest = self._rest[len(part) :]
            parts.append(part)
            n -= 0 if n < 0 else len(part)
        return b"".join(parts)
