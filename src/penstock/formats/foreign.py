"""What sets say of themselves, such as COCO's info and licenses, when things of several are written as one. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from penstock.formats.model import Loss

_encode = msgspec.json.Encoder(order="deterministic").encode


def joined(said: Iterable[Mapping[str, Any]], format: str | None, loss: Loss) -> dict[str, Any]:
    """What several sets said, as one: lists hold each entry once; of anything else the first set's stays.

    Only what is of `format` can be written in it (None: all can); the rest is counted, and so is what differs.
    """
    found: dict[str, dict[str, Any]] = {}
    for foreign in said:
        for name, keys in foreign.items():
            if format in (None, name):
                _add(found.setdefault(name, {}), keys, loss)
            elif keys:
                loss.count("set_foreign_dropped")
    return {name: keys for name, keys in found.items() if keys}


def _add(before: dict[str, Any], keys: Mapping[str, Any], loss: Loss) -> None:
    for key, value in keys.items():
        if key not in before:
            before[key] = value
        elif isinstance(value, list) and isinstance(before[key], list):
            known = {_encode(one) for one in before[key]}
            before[key] = [*before[key], *(one for one in cast(list[Any], value) if _encode(one) not in known)]
        elif value != before[key]:
            loss.count("set_foreign_differs")


def as_read(foreign: Mapping[str, Any], format: str) -> dict[str, Any]:
    """What a format's reader kept of a file. A manifest may have put anything under the same name: that isn't it."""
    found = foreign.get(format)
    return cast(dict[str, Any], found) if isinstance(found, dict) else {}
