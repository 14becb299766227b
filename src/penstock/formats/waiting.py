"""Lines that wait in temporary files until everything before them is written."""

import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Self, cast

_IN_MEMORY = 8 * 1024**2


class Lines:
    """Lines that wait; on disk when they are many. A context manager."""

    def __init__(self) -> None:
        # Closed with whoever owns it.
        self._file: BinaryIO = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, line: bytes) -> None:
        """A line without its end, which it must not hold either."""
        self._file.write(line + b"\n")
        self.count += 1

    def lines(self) -> Iterator[bytes]:
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]

    def close(self) -> None:
        self._file.close()
