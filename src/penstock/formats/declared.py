"""A schema beside a set, in a file of its own, for formats that have no place for one. Pure."""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import msgspec
from pydantic import ValidationError

from penstock.annotations.geometry import UNREADABLE
from penstock.formats.model import BadItem, Item, Tree
from penstock.formats.seen import Seen
from penstock.schema.model import Schema
from penstock.schema.planning import as_wanted
from penstock.schema.wanted import WantedLabel, WantedSchema

FILE = "penstock.schema.json"
_LARGEST = 64 << 20


def text(schema: Schema, foreign: Any) -> bytes:
    """The file: the schema by names, and what the set says of itself."""
    wanted = as_wanted(schema).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return msgspec.json.encode({"schema": wanted, "foreign": dict(foreign or {})}) + b"\n"


def read(tree: Tree) -> tuple[WantedSchema | None, dict[str, Any], list[str]]:
    """The schema, what is said beside it, and the file; nothing when there is none, or it can't be read."""
    for path in tree.paths():
        if path.rpartition("/")[2] == FILE:
            with closing(tree.open(path)) as stream:
                content = stream.read(_LARGEST)
            try:
                found = msgspec.json.decode(content, type=dict[str, dict[str, Any]])
                return WantedSchema.model_validate(found.get("schema", {})), found.get("foreign", {}), [path]
            except (ValidationError, *UNREADABLE):
                return None, {}, [path]
    return None, {}, []


def occurring(items: Iterable[Item | BadItem]) -> WantedSchema:
    """The labels and attributes that occur in items. Looks through all of them, so that none is cut off."""
    found = Occurring()
    for item in items:
        if isinstance(item, Item):
            found.add(item)
    return found.wanted()


class Occurring:
    """The labels and attributes that occur in items, where nothing declares them."""

    def __init__(self) -> None:
        self._labels: dict[str, WantedLabel] = {}
        self._own, self._file = Seen(), Seen()

    def add(self, item: Item) -> None:
        self._file.add("file", item.attributes)
        for annotation in item.annotations:
            if annotation.label is not None:
                self._labels.setdefault(annotation.label, WantedLabel())
                self._own.add(annotation.label, annotation.attributes)

    def wanted(self) -> WantedSchema:
        asked = {name: one.model_copy(update={"per": "file", "on": ()}) for name, one in self._file.wanted().items()}
        return WantedSchema(labels=self._labels, attributes=asked | self._own.wanted())
