"""What a query is asked of: one file, its annotations, its tasks, and the event that fired, as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from penstock.datasets.query.expression import Pin

Scalar: TypeAlias = str | int | float | bool | dt.datetime | None
Given: TypeAlias = Scalar | Sequence[Scalar]
"""A value, or several where a field can have many (multi-select, an author's name and e-mail). None and () are none."""

Fields: TypeAlias = Mapping[str, Given | Callable[[], Given]]
"""Values by the name of the field. A costly one is a function, called only when a query asks for it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One annotation: its fields (`label`, `confidence`, `area`, `person` ...) and its attributes, by name."""

    fields: Fields
    attributes: Mapping[str, Given] = field(default_factory=dict[str, Given])


def _never(_version: str | Pin) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything `evaluate` may look at. What isn't given counts as missing. See `needs` for what to leave out."""

    now: dt.datetime
    file: Fields = field(default_factory=dict[str, Given])
    """`key`, `media`, `mime`, `bytes`, `width`, `height`, `state`, `hash`."""
    added: dt.datetime | None = None
    """When the file entered the dataset that is asked about."""
    meta: Mapping[str, object] = field(default_factory=dict[str, object])
    attributes: Mapping[str, Given] = field(default_factory=dict[str, Given])
    """Attributes of the whole file, by name."""
    annotations: Sequence[Mark] = ()
    datasets: Collection[str] = ()
    """Names of the datasets that hold the file."""
    in_version: Callable[[Pin], bool] = _never
    """Whether the file is in a version."""
    task: Fields = field(default_factory=dict[str, Given])
    """The task at hand: `status`, `round`, `template`, `priority`, `author`, `reviewer`."""
    tasks: Mapping[str, Fields] = field(default_factory=dict[str, Fields])
    """The file's latest task under each template, by the template's name; the same fields."""
    event: Mapping[str, object] = field(default_factory=dict[str, object])
    """The body of the event that fired, with its `kind`, `subject` and `actor`."""
    changed_since: Callable[[str | Pin], bool] = _never
    """Whether the file entered or changed after the version of that name."""
