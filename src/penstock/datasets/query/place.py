"""Where a query is asked: of which files, on which branch, when; and what the names in it mean there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from psycopg.sql import Composable

from penstock.annotations.tables import Level
from penstock.datasets.query.expression import Pin
from penstock.schema.model import Attribute, Schema


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One asking. The functions answer what a name means; they are called for names that the query uses alone."""

    levels: Sequence[Level]
    """The branches to read, nearest first."""
    schema: Schema
    now: dt.datetime
    dataset: int | None = None
    """The dataset whose files are asked about; None: all files of the project."""
    as_of: int | None = None
    """The revision; None: the present."""
    entries: Callable[[int], Composable]
    """Where the entries of a dataset are read."""
    datasets: Callable[[str], Sequence[int]]
    """The datasets of a name, archived ones too."""
    pin: Callable[[str | Pin], tuple[int, int] | None]
    """The dataset and the revision of a version."""
    people: Callable[[str], Sequence[int]]
    """The persons of a name or an e-mail address."""
    tasks: Callable[[str], Composable]
    """A relation of the latest task of each file under a template: file, status, round, priority, author, reviewer."""

    @cached_property
    def is_plain(self) -> bool:
        """Whether it is about the present of a branch that overlays no other."""
        return len(self.levels) == 1 and self.levels[0].as_of is None

    def labels(self, holds: Callable[[str], bool]) -> list[int]:
        """The labels whose names satisfy something."""
        return [label.id for label in self.schema.labels if holds(label.name)]

    def attributes(self, name: str) -> list[Attribute]:
        """The attributes of a name: one, and archived ones."""
        return [attribute for attribute in self.schema.attributes if attribute.name == name]
