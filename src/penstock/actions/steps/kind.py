"""What a kind of step is: its settings, and how it begins, goes on, is cancelled and is tried dry.

Its law: whatever a step does to our own tables happens in the transaction that notes it; whatever it does outside is
done by a job of its own, under the step's key, with no transaction open.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from penstock.actions.steps.naming import Names, NamesById
from penstock.core import Invalid, Value
from penstock.datasets.query.renaming import Renames
from penstock.store import Store, Transaction

S = TypeVar("S", bound=Value)


class StepKindUnknown(Invalid):
    """There is no step {kind!r}. There is: {known}."""


@dataclass(frozen=True)
class Call(Generic[S]):
    """What a step has at hand."""

    project: int
    action: int
    run: int
    n: int
    kind: str
    name: str
    key: UUID
    """The idempotency key of all it does outside."""
    settings: S
    """With every placeholder filled in."""
    cause: str
    """Safe in a path."""
    as_of: int
    """The revision to read at."""
    at: dt.datetime
    """When the run was set off: the same on every try and replay."""
    event: Mapping[str, Any] | None
    known: Mapping[str, Any]
    """What placeholders can name: event, steps, run, action."""
    number: int
    """Which try this is, from 1."""


@dataclass(frozen=True)
class Finished:
    """The step is done."""

    output: dict[str, Any] = field(default_factory=dict[str, Any])
    log: str | None = None


@dataclass(frozen=True)
class Waits:
    """The step goes on when an event with the subject `on` arrives (like ``export:5``), or at a time."""

    on: str | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True)
class Failed:
    """This try failed. `final`: trying again is of no use."""

    error: str
    final: bool = False
    output: dict[str, Any] | None = None
    log: str | None = None


@dataclass(frozen=True)
class Outside:
    """The step's work is done by `StepKind.outside`, in a job, with no transaction open."""


Outcome = Finished | Waits | Failed | Outside


class StepKind(Generic[S]):
    """The base of every kind of step."""

    kind: ClassVar[str]
    retries: ClassVar[int] = 3
    timeout_seconds: ClassVar[float | None] = None
    wakes: ClassVar[frozenset[str]] = frozenset()
    """Kinds of events that a waiting step goes on at, when their subject is what it waits on."""
    settings: type[S]
    written: type[Value]
    """The settings as a pipeline file has them: with names in place of ids."""

    def read(self, written: Any, names: Names) -> dict[str, Any]:
        """The settings that a pipeline file means."""
        raise NotImplementedError

    def write(self, settings: S, names: NamesById) -> Value:
        """The settings as a pipeline file says them; what is as it would be anyway may be left out."""
        raise NotImplementedError

    def renamed(self, settings: dict[str, Any], names: Renames) -> dict[str, Any]:
        """The settings in new names, where they hold names: in queries, and of labels."""
        return settings

    def check(self, tx: Transaction, settings: S) -> None:
        """Refuse settings that can't work in this project. Called when the action is made or changed."""

    def begin(self, tx: Transaction, call: Call[S]) -> Outcome:
        """Start, or do, the step. Refusals count as a failed try, and undo what was begun."""
        raise NotImplementedError

    def look(self, tx: Transaction, call: Call[S], waits_on: str | None) -> Outcome:
        """Go on after waiting."""
        raise NotImplementedError

    def cancel(self, tx: Transaction, call: Call[S], waits_on: str | None) -> None:
        """The run is cancelled while this step waits."""

    def outside(self, store: Store, call: Call[S], should_stop: Callable[[], bool]) -> Finished | Failed | None:
        """Do what is outside our tables. May run long; it may run again after a crash.

        None: it was cut short because the worker `should_stop`.
        """
        raise NotImplementedError

    def may_repeat(self, store: Store, settings: S) -> bool:
        """Whether `outside` may run again by itself after its worker died."""
        return True

    def preview(self, tx: Transaction, call: Call[S]) -> str:
        """What it would do, in words. Nothing leaves, nothing is written."""
        raise NotImplementedError


_kinds: dict[str, StepKind[Any]] = {}


def register(kind: StepKind[Any]) -> None:
    """Make a kind of step known. Called while rooms are loaded."""
    _kinds[kind.kind] = kind


def named(kind: str) -> StepKind[Any]:
    """The kind of step with this name. Raises StepKindUnknown."""
    found = _kinds.get(kind)
    if found is None:
        raise StepKindUnknown(kind=kind, known=", ".join(sorted(_kinds)))
    return found


def known() -> dict[str, StepKind[Any]]:
    """Every kind of step, by name."""
    return dict(_kinds)
