"""What an event is: a kind in the past tense, a subject, and a body that says what changed."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from penstock.core import Value


class Event(Value):
    """The base of every event. Its first field is its subject, its docstring its meaning, its class name its kind."""

    kind: ClassVar[str]
    registry: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "kind" not in cls.__dict__:
            return  # a base of several events, no event itself
        if not re.fullmatch(r"[a-z]+\.[a-z_]+", cls.kind):
            raise ValueError(f"{cls.__name__}.kind must look like 'task.done'")
        Event.registry[cls.kind] = cls

    @property
    def subject(self) -> str:
        field = next(iter(type(self).model_fields))
        return f"{field}:{getattr(self, field)}"

    def record(self) -> tuple[str, str, str]:
        """(kind, subject, body as JSON): what the log keeps."""
        return self.kind, self.subject, self.model_dump_json()


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as it stands in the log. `(seq, n)` is its place, and never changes."""

    project: int
    seq: int
    n: int
    kind: str
    subject: str
    body: dict[str, Any]
    actor: int | None
    at: dt.datetime


class Setback(Value):
    """A follower of the log that stands still, or events that it set aside because it couldn't take them."""

    id: int | None = None
    """To replay or dismiss it by; None for a follower that stands still, which is tried again by itself."""
    follower: str
    seq: int
    """The revision whose events it couldn't take, or the one it stands before."""
    events: int
    """How many were set aside."""
    trouble: str
    """What it failed with, the last time."""
    state: Literal["stopped", "set_aside", "replayed", "dismissed"]
    """Stopped: until it can go on nothing that comes after is taken either. Set aside: all later events were taken."""
    at: dt.datetime | None = None
    """When they were set aside, or failed again."""
