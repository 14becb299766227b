"""`${steps.export.uri}` in a step's settings: what may stand there, and putting the values in. Pure.

A text that is one placeholder alone takes the value with its type; inside other text it is written out. `$$` before a
brace is a plain dollar.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from penstock.core import Invalid

_PLACEHOLDER = re.compile(r"\$(?:(\$)(?=\{)|\{([^{}]*)\})")
_PATH = re.compile(r"[^.\s]+(?: [^.\s]+)*(?:\.[^.\s]+(?: [^.\s]+)*)*")


class PlaceholderUnknown(Invalid):
    """{placeholder} can't be filled in: {why}."""


def placeholders(value: Any) -> Iterator[str]:
    """Every path named in a placeholder, in order, through lists and mappings."""
    if isinstance(value, str):
        yield from (found[2].strip() for found in _PLACEHOLDER.finditer(value) if found[1] is None)
    elif isinstance(value, Mapping):
        for inner in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from placeholders(inner)
    elif isinstance(value, list | tuple):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from placeholders(inner)


def check(value: Any, roots: Iterable[str], earlier: Iterable[str]) -> None:
    """Refuse placeholders that can never be filled in.

    `roots` are the words a path may start with; after ``steps`` comes the name of one of the `earlier` steps.
    """
    roots, earlier = list(roots), list(earlier)
    for path in placeholders(value):
        written = f"${{{path}}}"
        if not _PATH.fullmatch(path):
            raise PlaceholderUnknown(placeholder=written, why="write it like ${steps.export.uri}")
        root, *rest = path.split(".")
        if root not in roots:
            raise PlaceholderUnknown(placeholder=written, why=f"it starts with {root!r}, not one of {_listed(roots)}")
        if root == "steps" and (not rest or rest[0] not in earlier):
            named = f"no earlier step is called {rest[0]!r}" if rest else "it names no step"
            offered = f"earlier steps: {_listed(earlier)}" if earlier else "there is no earlier step"
            raise PlaceholderUnknown(placeholder=written, why=f"{named}; {offered}")


def fill(value: Any, known: Mapping[str, Any], later: Collection[str] = ()) -> Any:
    """The value with every placeholder replaced. Raises PlaceholderUnknown saying what there is.

    What names a step in `later` stays as it is written: that step has not run yet.
    """
    if isinstance(value, Mapping):
        return {key: fill(inner, known, later) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [fill(inner, known, later) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, str):
        return value
    if any(path.startswith(tuple(f"steps.{step}." for step in later)) for path in placeholders(value)):
        return value
    alone = _PLACEHOLDER.fullmatch(value)
    if alone and alone[1] is None:
        return look_up(alone[2].strip(), known)
    return _PLACEHOLDER.sub(lambda found: "$" if found[1] else _text(look_up(found[2].strip(), known)), value)


def look_up(path: str, known: Mapping[str, Any]) -> Any:
    """The value at a dotted path. Raises PlaceholderUnknown."""
    value: Any = known
    walked: list[str] = []
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            where = ".".join(walked) or "it"
            offered = _listed(value) if isinstance(value, Mapping) and value else "nothing"  # pyright: ignore[reportUnknownArgumentType]
            raise PlaceholderUnknown(placeholder=f"${{{path}}}", why=f"{where} has no {part!r}; there is {offered}")
        value = value[part]  # pyright: ignore[reportUnknownVariableType]
        walked.append(part)
    return value  # pyright: ignore[reportUnknownVariableType]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))


def _check_templated(text: str) -> str:
    if next(placeholders(text), None) is None:
        raise ValueError("must be a placeholder, like ${event.file}")
    return text


Templated = Annotated[str, AfterValidator(_check_templated)]
"""A placeholder where another type is wanted; it is filled in when the step begins."""
