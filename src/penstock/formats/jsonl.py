"""Our own format: one file `penstock.jsonl`, a header and then one line per item. Nothing is lost.

The header is `{"format": "penstock", "version": 1, "schema": {...}, "foreign": {...}}`; each further line an item (see
`model.Item`). Media stand beside it under `media/<key>`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

import msgspec
from msgspec import UNSET
from pydantic import ValidationError

from penstock.annotations.geometry import UNREADABLE
from penstock.core import Invalid
from penstock.formats.carries import EVERYTHING
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, Tree, without_nul
from penstock.schema.model import Schema
from penstock.schema.planning import as_wanted
from penstock.schema.wanted import WantedSchema

FILE = "penstock.jsonl"
VERSION = 1


class JsonlInvalid(Invalid):
    """{path} is not a set in Penstock's own format: {why}."""


class _Header(msgspec.Struct):
    format: str
    version: int
    schema: dict[str, Any] = {}
    foreign: dict[str, Any] = {}


_ITEM = msgspec.json.Decoder(Item)
_ENCODER = msgspec.json.Encoder()


class JsonlReading:
    """One `penstock.jsonl`, or several: then each beside its own media."""

    def __init__(self, tree: Tree, files: Sequence[str]) -> None:
        self.tree = tree
        self.files = files
        self._paths = frozenset(tree.paths())
        self._headers = {path: self._header(path) for path in files}

    def _header(self, path: str) -> _Header:
        with closing(self.tree.open(path)) as stream:
            line = stream.readline()
        try:
            header = msgspec.json.decode(line, type=_Header)
        except UNREADABLE as error:
            raise JsonlInvalid(path=path, why=f"its first line can't be read ({error})") from None
        if header.format != "penstock" or header.version != VERSION:
            found = f"{header.format!r} version {header.version}"
            raise JsonlInvalid(path=path, why=f"it is {found}, and this Penstock reads 'penstock' version {VERSION}")
        return header

    def schema(self) -> WantedSchema:
        whole: dict[str, dict[str, Any]] = {"labels": {}, "attributes": {}}
        for header in self._headers.values():
            for part, things in whole.items():
                found: Any = header.schema.get(part, {})
                if not isinstance(found, dict):
                    raise JsonlInvalid(path=self.files[0], why=f"the {part} of its schema are no object")
                things |= cast(dict[str, Any], found)
        try:
            return WantedSchema.model_validate(whole)
        except ValidationError as error:
            raise JsonlInvalid(path=self.files[0], why=f"its schema can't be read ({error})") from None

    def foreign(self) -> dict[str, Any]:
        return {key: value for header in self._headers.values() for key, value in header.foreign.items()}

    def used(self) -> frozenset[str]:
        return frozenset(self.files)

    def items(self) -> Iterator[Item | BadItem]:
        for path in self.files:
            yield from self._items(path)

    def _items(self, path: str) -> Iterator[Item | BadItem]:
        folder = path.rpartition("/")[0]
        seen: set[str] = set()
        with closing(self.tree.open(path)) as stream:
            stream.readline()
            for number, line in enumerate(stream, start=2):
                where = f"{path} line {number}"
                try:
                    item = _ITEM.decode(without_nul(line))
                except UNREADABLE as error:
                    if line.strip():
                        yield BadItem(where, f"{error}.")
                    continue
                if item.key in seen:
                    yield BadItem(where, f"The key {item.key!r} comes twice.", "twice")
                    continue
                seen.add(item.key)
                for annotation in item.annotations:
                    annotation.bounds = UNSET  # whatever the file says: nobody has checked it
                item.media = self._media(item, folder)
                yield item

    def _media(self, item: Item, folder: str) -> str | None:
        named = item.media or f"media/{item.key}"
        path = f"{folder}/{named}" if folder else named
        return path if path in self._paths else None


class Jsonl:
    """Penstock's own format."""

    name = page = "jsonl"
    title = "Penstock JSONL"

    sign = "`penstock.jsonl`"
    carries = EVERYTHING

    def recognizes(self, look: Look) -> bool:
        return any(_is_ours(path) for path in look.paths())

    def read(self, tree: Tree) -> JsonlReading:
        files = [path for path in tree.paths() if _is_ours(path)]
        if not files:
            raise JsonlInvalid(path=FILE, why="there is no such file in the set")
        return JsonlReading(tree, files)

    def media_path(self, item: Item) -> str:
        return f"media/{item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        wanted = as_wanted(schema).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        header = {"format": "penstock", "version": VERSION, "schema": wanted, "foreign": dict(foreign or {})}
        yield Chunk(FILE, _ENCODER.encode(header) + b"\n")
        for item in items:
            if item.problems or item.media != self.media_path(item):
                item = msgspec.structs.replace(item, problems=[], media=self.media_path(item))
            yield Chunk(FILE, _ENCODER.encode(item) + b"\n")


def _is_ours(path: str) -> bool:
    return path == FILE or path.endswith(f"/{FILE}")
