"""A delta: what differs between two states, one JSON object a line, to bring a copy kept elsewhere up to date.

The first line says what it is, then come files, then annotations:

    {"delta": 1, "a": "version:3", "b": "version:7", "project": 1}
    {"file": 12, "key": "a.png", "change": "added", "cause": {...}, "before": null, "after": {...}}
    {"file": 12, "key": "a.png", "id": "...", "change": "changed", "by": "person", "before": {...}, "after": {...}}
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel

from penstock.datasets import diff
from penstock.datasets.states import State
from penstock.store import Database

Copy = dict[str, dict[str, Any]]
"""Files by key, each with its annotations by id, as JSON values."""

_ENCODER = msgspec.json.Encoder(
    enc_hook=lambda value: value.model_dump(mode="json") if _is_value(value) else str(value)
)


def _is_value(value: object) -> bool:
    return isinstance(value, BaseModel)


def lines(db: Database, project: int, a: State, b: State) -> Iterator[bytes]:
    """A delta as lines of JSON, in pieces. It reads at one moment throughout."""
    yield _ENCODER.encode({"delta": 1, "a": a.written, "b": b.written, "project": project}) + b"\n"
    piece = bytearray()
    with db.snapshot(project) as tx:
        for change in diff.stream(tx, a, b):
            piece += _ENCODER.encode(change) + b"\n"
            if len(piece) > 1 << 16:
                yield bytes(piece)
                piece.clear()
    if piece:
        yield bytes(piece)


def apply(copy: Mapping[str, Mapping[str, Any]], delta: Iterable[bytes | str]) -> Copy:
    """A copy brought from `a` to `b` by the lines of a delta. Raises ValueError for lines of something else."""
    found = {key: dict(annotations) for key, annotations in copy.items()}
    told = iter(delta)
    head = msgspec.json.decode(next(told, b"null"))
    if not isinstance(head, dict) or head.get("delta") != 1:  # pyright: ignore[reportUnknownMemberType]
        raise ValueError("these lines are no delta")
    for line in told:
        change: dict[str, Any] = msgspec.json.decode(line)
        if "id" in change:
            mine = found.get(change["key"])
            if mine is None:
                continue  # its file left, as was told before
            if change["after"] is None:
                mine.pop(change["id"], None)
            else:
                mine[change["id"]] = change["after"]
        elif change["change"] == "added":
            found[change["key"]] = {}
        elif change["change"] == "removed":
            del found[change["key"]]
    return found
