"""Lines and items that wait in temporary files until everything before them is written."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Self, cast

import msgspec

from penstock.core import Invalid
from penstock.formats.carries import SPLITS, split_of
from penstock.formats.model import Item

_IN_MEMORY = 8 * 1024**2
_TOGETHER = 100  #: lines go to the file, whose `write` takes longer than making a line
_ITEM = msgspec.json.Decoder(Item)
_ENCODE = msgspec.json.Encoder().encode


class NamesClash(Invalid):
    """{one!r} and {other!r} can't both be in this format: what is annotated on them would be in one place, {place!r}.
    Rename one of them, or choose another format."""


class Places:
    """Where each item's annotations go, which come one after the other: those of two in one place would be mixed."""

    def __init__(self) -> None:
        self._last = self._key = ""

    def take(self, place: str, item: Item) -> str:
        """The same place. Raises NamesClash when the item before has it; whoever packs a set knows of earlier ones."""
        if place == self._last:
            raise NamesClash(one=self._key, other=item.key, place=place)
        self._last, self._key = place, item.key
        return place


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
        self._last.append(b"")
        self._file.write(b"\n".join(self._last))
        self._last = []

    def lines(self) -> Iterator[bytes]:
        self._settle()
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]

    def close(self) -> None:
        self._file.close()


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
