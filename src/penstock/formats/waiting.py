"""Lines and items that wait in temporary files until everything before them is written."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Self, cast

import msgspec

from penstock.core import Invalid
from penstock.formats.carries import SPLITS, split_of
from penstock.formats.model import Item

_IN_MEMORY = 8 * 1024**2
_BLOCK = 1 << 20
_TOGETHER = 100  #: lines go to the file, whose `write` takes longer than making a line
_ITEM = msgspec.json.Decoder(Item)
_ENCODE = msgspec.json.Encoder().encode


class NamesClash(Invalid):
    """{one!r} and {other!r} can't both be in this format: what is annotated on them would be in one place, {place!r}.
    Rename one of them, or choose another format."""


class Places:
    """Where each item's annotations go, which come one after the other: those of two in one place would be mixed."""

    def __init__(self) -> None:
        self._first: tuple[str, str] | None = None
        self._last = ("", "")

    def take(self, place: str, item: Item) -> str:
        """The same place. Raises NamesClash when the item before has it; whoever packs a set knows of earlier ones."""
        self._follow((place, item.key))
        return place

    def _follow(self, last: tuple[str, str]) -> None:
        if last[0] == self._last[0]:
            raise NamesClash(one=self._last[1], other=last[1], place=last[0])
        self._first, self._last = self._first or last, last

    @property
    def ends(self) -> "Ends":
        """The first and the last, each with its item's key; none where there is none."""
        return (self._first, self._last) if self._first else None

    def join(self, ends: "Ends") -> None:
        """Take what others took behind these, as they told. Raises NamesClash."""
        if ends is not None:
            first, last = ends
            self._follow(first)
            self._last = last


Ends = tuple[tuple[str, str], tuple[str, str]] | None


class Lines:
    """Lines that wait; on disk when they are many. A context manager."""

    def __init__(self) -> None:
        # Closed with whoever owns it.
        self._file: BinaryIO = cast(BinaryIO, tempfile.SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115
        self._last: list[bytes] = []
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, line: bytes) -> None:
        """A line without its end, which it must not hold either."""
        self.add_all(line, 1)

    def add_all(self, lines: bytes, count: int) -> None:
        """So many lines, one at least, each but the last with its end."""
        self._last.append(lines)
        self.count += count
        if len(self._last) == _TOGETHER:
            self._settle()

    def _settle(self) -> None:
        if self._last:
            self._last.append(b"")
            self._file.write(b"\n".join(self._last))
            self._last = []

    def lines(self) -> Iterator[bytes]:
        self._settle()
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]

    def blocks(self) -> Iterator[bytes]:
        """The same, many at once, each with its end."""
        self._settle()
        self._file.seek(0)
        while some := self._file.read(_BLOCK):
            yield some + self._file.readline()

    def take(self, lines: BinaryIO, size: int, count: int) -> None:
        """Add so many lines of another, which have so many bytes."""
        self._settle()
        while size:
            piece = lines.read(min(size, _BLOCK))
            self._file.write(piece)
            size -= len(piece)
        self.count += count

    @property
    def size(self) -> int:
        """How many bytes they have."""
        self._settle()
        return self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        self._file.close()


class Lists:
    """Lines that wait, of each part of a set."""

    def __init__(self) -> None:
        self._lines = {split: Lines() for split in SPLITS}

    def add(self, split: str, line: str) -> None:
        self._lines[split].add(line.encode())

    def items(self) -> Iterable[tuple[str, Lines]]:
        return self._lines.items()

    def left(self) -> dict[str, list[bytes]]:
        """All lines, for another process to take."""
        return {split: [*lines.lines()] for split, lines in self.items()}

    def take(self, left: Mapping[str, Iterable[bytes]]) -> None:
        """Add what another left."""
        for split, lines in left.items():
            for line in lines:
                self._lines[split].add(line)

    def close(self) -> None:
        for lines in self._lines.values():
            lines.close()


def parted(items: Iterable[Item]) -> Iterator[tuple[str, Iterator[Item]]]:
    """Items by their parts of a set, one part after the other, each to be taken whole before the next.

    Those for training come as they are; the others wait, since one file is written after the other.
    """
    waiting = {split: Lines() for split in SPLITS[1:]}
    try:
        yield SPLITS[0], _first(items, waiting)
        for split, lines in waiting.items():
            yield split, (_ITEM.decode(line) for line in lines.lines())
    finally:
        for lines in waiting.values():
            lines.close()


def _first(items: Iterable[Item], waiting: Mapping[str, Lines]) -> Iterator[Item]:
    for item in items:
        if item.problems:
            item = msgspec.structs.replace(item, problems=[])
        split = split_of(item)
        if split in waiting:
            waiting[split].add(_ENCODE(item))
        else:
            yield item
