"""Pages by key: a page knows the cursor of the next one, never an offset."""

import base64
import binascii
import json
from typing import Any, Generic, TypeVar, cast

from penstock.core.errors import Invalid
from penstock.core.values import Value

T = TypeVar("T")


class BadCursor(Invalid):
    """The cursor {cursor!r} is not one that this server gave. Start again without it."""


class Page(Value, Generic[T]):
    """One page of a list, and the cursor of the next."""

    items: list[T]
    next: str | None = None
    """Pass as ``after`` to get the next page; absent on the last one."""


def encode_cursor(*keys: Any) -> str:
    """An opaque cursor from the last row's sort keys (JSON scalars)."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *shapes: type) -> list[Any]:
    """The sort keys in a cursor. Raises BadCursor unless there is one key of each given type."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys: Any = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (ValueError, binascii.Error) as error:
        raise BadCursor(cursor=cursor) from error
    if not isinstance(keys, list):
        raise BadCursor(cursor=cursor)
    found = cast(list[Any], keys)
    if len(found) != len(shapes):
        raise BadCursor(cursor=cursor)
    if not all(isinstance(key, shape) for key, shape in zip(found, shapes, strict=True)):
        raise BadCursor(cursor=cursor)
    return found
