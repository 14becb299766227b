"""Transforms of an export as one writes them: `tile size=640 overlap=64`, `labels car=vehicle only`."""

from __future__ import annotations

import json
import shlex
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from penstock.export.transforms import Transform

_TRANSFORM: TypeAdapter[Transform] = TypeAdapter(Transform)


def read(text: str) -> Transform:
    """A word for what to do, then `name=value` or, for yes, `name`. Raises click.UsageError in one line."""
    try:
        do, *words = shlex.split(text) or [""]
    except ValueError as error:
        raise click.UsageError(f"--transform {text!r} can't be read: {error}.") from error
    pairs = [word.partition("=") for word in words]
    said: dict[str, Any] = {"do": do}
    if do == "labels":
        said["map"] = {name: value or None for name, equals, value in pairs if equals}
        said |= {name: True for name, equals, _ in pairs if not equals}
    else:
        said |= {name: _value(value) if equals else True for name, equals, value in pairs}
    try:
        return _TRANSFORM.validate_python(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(str(part) for part in first["loc"][1:])
        raise click.UsageError(f"--transform {text!r}: {at + ': ' if at else ''}{first['msg']}.") from error


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself, with commas between several."""
    try:
        return json.loads(text)
    except ValueError:
        return text.split(",") if "," in text else text
