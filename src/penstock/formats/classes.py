"""Labels as numbered classes, for formats whose lines say a number. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.formats.model import Loss, is_name
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedLabel, WantedSchema


def numbered(schema: Schema, format: str, loss: Loss, first: int = 0) -> dict[str, int]:
    """Live labels with their numbers, in the order of numbers, with no gap.

    The numbers that they came with in this format are kept, unless two have the same or some would be missing.
    """
    kept: dict[str, int] = {}
    for label in schema.live_labels:
        foreign: Mapping[str, Any] = label.foreign.get(format) or {}
        id = foreign.get("id")
        if type(id) is int:
            if id in kept.values() or not first <= id < first + len(schema.live_labels):
                loss.count("category_id_changed")
            else:
                kept[label.name] = id
    free = iter(sorted(set(range(first, first + len(schema.live_labels))) - set(kept.values())))
    found = {label.name: kept[label.name] if label.name in kept else next(free) for label in schema.live_labels}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def wanted(names: Mapping[int, str], format: str) -> WantedSchema:
    """Labels that keep their numbers. What can't be a name is left out; of two of one name the first counts."""
    labels: dict[str, WantedLabel] = {}
    for id, name in names.items():
        if is_name(name):
            labels.setdefault(name.strip(), WantedLabel(foreign={format: {"id": id}}))
    return WantedSchema(labels=labels)


def listed(lines: Sequence[str]) -> dict[int, str]:
    """Names, one a line, numbered from 0."""
    return {id: line.strip() for id, line in enumerate(lines) if line.strip()}
