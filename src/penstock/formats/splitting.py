"""A JSON document from a stream, split into the values of its lists, never held whole.

Blocks of some megabytes are cut where an object ends and another begins; whether a cut is between two elements of the
list, and not deep inside one, is settled by decoding what is before it: a list that was cut anywhere else is no JSON.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Any, BinaryIO, NamedTuple

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
Decoder = msgspec.json.Decoder[list[Any]]
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
    at: int  #: the byte that the first one begins at
    told: bytes  #: the same as a list of their own
    made: Sequence[Any] | None
    """What the decoder for this key has made of them, unless one of them isn't what it is for."""

    def raws(self) -> Sequence[msgspec.Raw]:
        return _RAWS.decode(self.told)

    def places(self) -> tuple[Any, Any]:
        """The byte that each begins at, and its size: two arrays or lists."""
        import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

        if self.made is not None:
            told = np.frombuffer(self.told, np.uint8)
            begins, ends = np.flatnonzero(told == 123), np.flatnonzero(told == 125)
            if len(begins) == len(ends) == len(self.made):  # objects that hold no other, nor a brace in a text
                return begins + (self.at - 1), ends - begins + 1
        sizes = list(map(len, self.raws()))
        if sum(sizes) + len(sizes) + 1 == len(self.told):  # one comma is between two, and nothing else
            return list(accumulate((size + 1 for size in sizes[:-1]), initial=self.at)), sizes
        places: list[int] = []
        at = 1
        for size in sizes:
            between = _BETWEEN.match(self.told, at)
            at = between.end() if between else at
            places.append(self.at - 1 + at)
            at += size
        return places, sizes


def split(stream: BinaryIO) -> Iterator[Part]:
    """The parts of a document, in its order. Raises BadDocument, at the place where it can't go on."""
    for found in split_in_runs(stream):
        if isinstance(found, Part):
            yield found
        else:
            for at, raw in zip(found.places()[0], found.raws(), strict=True):
                yield Part(found.key, at, bytes(raw), True)


def split_in_runs(stream: BinaryIO, decoders: Mapping[str, Decoder] | None = None) -> Iterator[Part | Run]:
    """The same with the elements of lists together, for those who can take many at once.

    What a list's elements are to become is said by a decoder of a list of structs.
    """
    return _Splitting(stream, decoders or {}).parts()


class _Splitting:
    def __init__(self, stream: BinaryIO, decoders: Mapping[str, Decoder]) -> None:
        self._stream = stream
        self._decoders = decoders
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
            at = self._base + self._at
            end, told, made = self._cut(self._decoders.get(key))
            yield Run(key, at, told, made)
            self._at = end
            if self._after(b"]"):
                return

    def _after(self, close: bytes) -> bool:
        """Step over a comma, or over the end; whether it was the end."""
        found = self._next()
        if found not in (b",", close):
            raise self._bad("expected a comma or an end" if found else "it ends in the middle")
        self._at += 1
        self._next()
        return found == close

    def _cut(self, decoder: Decoder | None) -> tuple[int, bytes, Sequence[Any] | None]:
        """As many whole elements as are held, one at least: where they end, they as a list, and what it is decoded."""
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
                    return comma, *self._decoded(comma, decoder)
                except UNREADABLE as error:
                    if found := self._ended(str(error), decoder):
                        return found
                    continue  # the cut was deep inside an element
        end = self._scan(several=True)
        try:
            told, made = self._decoded(end, decoder)
        except UNREADABLE as error:
            raise self._bad(str(error)) from None
        if told[1:-1].isspace() or told == b"[]":
            raise self._bad("expected a value")
        return end, told, made

    def _ended(self, error: str, decoder: Decoder | None) -> tuple[int, bytes, Sequence[Any] | None] | None:
        """The same up to the end of the list, if decoding complained that there is something behind it."""
        said = _TRAILING.search(error)
        bracket = self._held.rfind(b"]", self._at, self._at + int(said[1]) - 1) if said else -1
        try:
            return (bracket, *self._decoded(bracket, decoder)) if bracket >= 0 else None
        except UNREADABLE:
            return None

    def _decoded(self, end: int, decoder: Decoder | None) -> tuple[bytes, Sequence[Any] | None]:
        told = b"".join((b"[", memoryview(self._held)[self._at : end], b"]"))
        if decoder is not None:
            with suppress(*UNREADABLE):
                return told, decoder.decode(told)
        _RAWS.decode(told)
        return told, None

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
