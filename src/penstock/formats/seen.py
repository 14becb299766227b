"""Attributes from their values, for formats that don't declare them. Pure."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from penstock.formats.model import is_name
from penstock.formats.naming import spelled
from penstock.schema.model import AttributeKind
from penstock.schema.wanted import WantedAttribute

MOST_OPTIONS = 50
"""Text with more different values than this is free text, not a choice."""
LONGEST_OPTION = 60


class Seen:
    """The values of attributes that were seen, and on which labels. `all_text`: the format knows text alone."""

    def __init__(self, all_text: bool = False) -> None:
        self._all_text = all_text
        self.values: dict[str, dict[str, type]] = {}
        self.lists: set[str] = set()
        self._labels: dict[str, dict[str, None]] = {}

    def add(self, label: str, values: Mapping[str, Any]) -> None:
        """Note one annotation's values."""
        for name, value in values.items():
            if value is None or not is_name(name):
                continue
            self._labels.setdefault(name, {})[label] = None
            if isinstance(value, list):
                self.lists.add(name)
            listed: list[Any] = cast(list[Any], value) if isinstance(value, list) else [value]
            known = self.values.setdefault(name, {})
            if len(known) <= MOST_OPTIONS:
                known.update({spelled(one): self._type(one) for one in listed})

    def join(self, other: "Seen", label: str) -> None:
        """Note what another one saw, all on one label."""
        for name, values in other.values.items():
            self._labels.setdefault(name, {})[label] = None
            known = self.values.setdefault(name, {})
            if len(known) <= MOST_OPTIONS:
                known.update(values)
        self.lists |= other.lists

    def _type(self, value: Any) -> type:
        if self._all_text and isinstance(value, str):
            try:
                value = msgspec.json.decode(value.strip().lower())
            except msgspec.DecodeError:
                return str
        return next((kind for kind in (bool, int, float) if isinstance(value, kind)), str)

    def wanted(self) -> dict[str, WantedAttribute]:
        """The attributes, by name: truth is a checkbox, numbers a number, few texts a choice, many texts a text."""
        return {name.strip(): self._one(name, values) for name, values in self.values.items()}

    def _one(self, name: str, values: Mapping[str, type]) -> WantedAttribute:
        kinds = set(values.values())
        options = tuple(sorted({value.strip() for value in values if is_name(value)}))
        kind: AttributeKind = "multi_select" if name in self.lists else "select"
        if kind == "select" and kinds == {bool}:
            kind = "checkbox"
        elif kind == "select" and kinds <= {int, float}:
            kind = "number"
        elif not options or len(values) > MOST_OPTIONS or any(len(option) > LONGEST_OPTION for option in options):
            kind = "text"
        return WantedAttribute(
            kind=kind,
            on=tuple(self._labels[name]),
            options=options if kind in ("select", "multi_select") else (),
        )
