"""Facets: what there is among the files that a query finds, counted. Values, pure."""

import datetime as dt
from typing import Any

from penstock.core import Value

MOST_VALUES = 50
"""Values of one field that are listed, the most frequent first."""
MOST_DESCRIBED = 20_000
"""Files whose metadata are looked at; of more, the first so many."""


class Facet(Value):
    """One value, and how often it occurs."""

    value: Any
    """As the query language compares it: a name, a number, true or false."""
    files: int
    annotations: int | None = None
    """How many annotations have it; absent where files have it."""
    query: str
    """The condition that finds these files."""


class Field(Value):
    """The values of one attribute, or at one path of the metadata."""

    name: str
    distinct: int
    """How many different values there are; the most frequent are listed."""
    values: list[Facet]


class Bar(Value):
    """One tenth of the confidences."""

    low: float
    high: float
    files: int
    annotations: int
    query: str


class Day(Value):
    """How many files entered the dataset on a day (UTC)."""

    day: dt.date
    files: int
    query: str


class Facets(Value):
    """What there is among the files that a query finds."""

    files: int
    labels: list[Facet]
    attributes: list[Field]
    metadata: list[Field]
    described: int
    """Of how many of the files the metadata were looked at."""
    people: list[Facet]
    """Who drew annotations."""
    sources: list[Facet]
    confidence: list[Bar]
    states: list[Facet]
    tasks: list[Field]
    """By template: the states of the files' latest tasks."""
    added: list[Day]
    """Newest first."""
