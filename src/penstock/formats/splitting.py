"""A JSON document from a stream, split into the values of its lists, never held whole.

Blocks of some megabytes are cut where an object ends and another begins; whether a cut is between two elements of the
list, and not deep inside one, is settled by decoding what is before it: a list that was cut anywhere else is no JSON.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import BinaryIO, NamedTuple

import msgspec

from penstock.annotations.geometry import UNREADABLE

BLOCK_BYTES = 4 << 20
LARGEST_VALUE_BYTES = 256 << 20
"""No element of a list, and no value beside the lists, is larger."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_BETWEEN = re.compile(rb"[ \t\r\n,]*")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]}]+")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|["\[\]{},]', re.DOTALL)
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_GUESSES = 4
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_KEY = msgspec.json.Decoder(str)


class BadDocument(ValueError):
    """A document is no JSON, or not one object or list."""


class Part(NamedTuple):
    """One element of a list, or the whole value of a key."""

    key: str  #: the key of the root object that it is under; empty in a root list
    at: int  #: the byte that it begins at
    raw: bytes | msgspec.Raw
    is_element: bool
    """Whether it is an element of the key's list. The list itself comes first, empty, with False."""


class Run(NamedTuple):
    """Elements of a list, one behind the other: some megabytes of them."""

    key: str
    ats: Sequence[int]  #: the byte that each begins at
    raws: Sequence[msgspec.Raw]


def split(stream: BinaryIO) -> Iterator[Part]:
    """The parts of a document, in its order. Raises BadDocument, at the place where it can't go on."""
    for found in split_in_runs(stream):
        if isinstance(found, Part):
            yield found
        else:
            for at, raw in zip(found.ats, found.raws, strict=True):
                yield Part(found.key, at, bytes(raw), True)


def split_in_runs(stream: BinaryIO) -> Iterator[Part | Run]:
    """The same with the elements of lists together, for those who can take many at once."""
    return _Splitting(stream).parts()


class _Splitting:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = b""
        self._base = 0
        self._at = 0
        self._is_over = False

    def parts(self) -> Iterator[Part | Run]:
        self._more()
        if self._held.startswith(b"\xef\xbb\xbf"):
            self._at = 3
        match self._next():
            case b"[":
                yield from self._list("")
            case b"{":
                yield from self._object()
            case found:
                raise self._bad("expected an object or a list" if found else "it is empty")
        if self._next():
            raise self._bad("there is more after its end")

    def _object(self) -> Iterator[Part | Run]:
        self._at += 1
        if self._next() == b"}":
            self._at += 1
            return
        while True:
            key = self._key()
            if self._next() != b":":
                raise self._bad("expected a colon")
            self._at += 1
            if self._next() == b"[":
                yield from self._list(key)
            else:
                at = self._base + self._at
                yield Part(key, at, self._value(), False)
            if self._after(b"}"):
                return

    def _key(self) -> str:
        if self._next() != b'"':
            raise self._bad("expected a key")
        text = self._value()
        try:
            return _KEY.decode(text)
        except UNREADABLE as error:
            raise self._bad(str(error)) from None

    def _list(self, key: str) -> Iterator[Part | Run]:
        yield Part(key, self._base + self._at, b"[]", False)
        self._at += 1
        if self._next() == b"]":
            self._at += 1
            return
        while True:
            end, raws = self._cut()
            yield Run(key, self._places(raws, end), raws)
            self._at = end
            if self._after(b"]"):
                return

    def _places(self, raws: Sequence[msgspec.Raw], end: int) -> Sequence[int]:
        """Where elements begin that are held up to `end`."""
        sizes = list(map(len, raws))
        if sum(sizes) + len(sizes) - 1 == end - self._at:  # one comma is between two, and nothing else
            return list(accumulate((size + 1 for size in sizes[:-1]), initial=self._base + self._at))
        places: list[int] = []
        at = self._at
        for size in sizes:
            between = _BETWEEN.match(self._held, at)
            at = between.end() if between else at
            places.append(self._base + at)
            at += size
        return places

    def _after(self, close: bytes) -> bool:
        """Step over a comma, or over the end; whether it was the end."""
        found = self._next()
        if found not in (b",", close):
            raise self._bad("expected a comma or an end" if found else "it ends in the middle")
        self._at += 1
        self._next()
        return found == close

    def _cut(self) -> tuple[int, list[msgspec.Raw]]:
        """As many whole elements as are held, one at least, and where they end."""
        self._fill()
        end = len(self._held)
        for _ in range(_GUESSES):
            end = self._held.rfind(b"{", self._at + 1, end)
            if end < 0:
                break
            before = self._held[max(self._at, end - 256) : end].rstrip()
            if before.endswith(b",") and before[:-1].rstrip().endswith(b"}"):
                comma = self._held.rfind(b",", self._at, end)
                try:
                    return comma, _RAWS.decode(b"[" + self._held[self._at : comma] + b"]")
                except UNREADABLE as error:
                    if found := self._ended(str(error)):
                        return found
                    continue  # the cut was deep inside an element
        end = self._scan(several=True)
        try:
            raws = _RAWS.decode(b"[" + self._held[self._at : end] + b"]")
        except UNREADABLE as error:
            raise self._bad(str(error)) from None
        if not raws:
            raise self._bad("expected a value")
        return end, raws

    def _ended(self, error: str) -> tuple[int, list[msgspec.Raw]] | None:
        """The end of the list and its elements, if decoding complained that there is something behind it."""
        said = _TRAILING.search(error)
        bracket = self._held.rfind(b"]", self._at, self._at + int(said[1]) - 1) if said else -1
        try:
            return (bracket, _RAWS.decode(b"[" + self._held[self._at : bracket] + b"]")) if bracket >= 0 else None
        except UNREADABLE:
            return None

    def _value(self) -> bytes:
        """The whole value that begins here."""
        first = self._next()
        start = self._at
        nested = first in (b"{", b"[")
        end = self._scan(several=False) if nested else self._plain(_STRING if first == b'"' else _SCALAR)
        start, self._at = self._at, end
        raw = self._held[start:end]
        try:
            msgspec.json.decode(raw, type=msgspec.Raw)
        except UNREADABLE as error:
            self._at = start
            raise self._bad(str(error)) from None
        return raw

    def _plain(self, pattern: re.Pattern[bytes]) -> int:
        while True:
            found = pattern.match(self._held, self._at)
            if found is None and pattern is _SCALAR:
                raise self._bad("expected a value")
            if found and (pattern is _STRING or found.end() < len(self._held) or self._is_over):
                return found.end()
            self._more()

    def _scan(self, several: bool) -> int:
        """The end of the value that begins here, or of the last whole one that is held, looking at every token."""
        depth, at, whole = 0, self._at, -1
        while True:
            for token in _TOKEN.finditer(self._held, at):
                text, at = token.group(), token.end()
                if text in (b"{", b"["):
                    depth += 1
                elif text in (b"}", b"]"):
                    depth -= 1
                    if depth == 0 and not several:
                        return at
                    if depth < 0:
                        return token.start()
                elif text == b"," and depth == 0:
                    whole = token.start()
                elif text == b'"':  # a string that isn't held to its end
                    at = token.start()
                    break
            if whole >= 0:
                return whole
            start = self._base + at
            self._more()
            at = start - self._base

    def _next(self) -> bytes:
        """The next byte that is no space; empty at the end."""
        while True:
            found = _SPACE.match(self._held, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._held):
                return self._held[self._at : self._at + 1]
            if self._is_over or not self._more(must=False):
                return b""

    def _fill(self) -> None:
        if len(self._held) - self._at < BLOCK_BYTES and not self._is_over:
            self._more(must=False)

    def _more(self, must: bool = True) -> bool:
        """Hold another block; at the end of the stream that is a fault, if there must be more."""
        if len(self._held) - self._at > LARGEST_VALUE_BYTES:
            raise self._bad(f"one value has more than {LARGEST_VALUE_BYTES:,} bytes")
        block = self._stream.read(max(BLOCK_BYTES, len(self._held) - self._at))  # so that a long value costs no more
        if not block:
            if must and (self._is_over or self._base or self._held):
                raise self._bad("it ends in the middle")
            self._is_over = True
            return False
        self._base += self._at
        self._held = self._held[self._at :] + block
        self._at = 0
        return True

    def _bad(self, why: str) -> BadDocument:
        return BadDocument(f"{why} (from byte {self._base + self._at:,} on)")
