"""Actions: when (a trigger), if (a condition), do (steps); and the runs, tries and deliveries that come of them."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, StringConstraints, Tag, field_validator

from penstock.actions.schedule import Schedule
from penstock.core import Value
from penstock.metrics import Mark

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
StepName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_ -]{0,99}$")]
Scalar = str | int | float | bool | None


class OnEvent(Value):
    """Fires at each event of a kind."""

    event: str = Field(pattern=r"^[a-z]+\.[a-z_]+$")
    """The kind, like ``task.done``."""
    where: dict[str, Scalar] = {}
    """Fields of the event and the values they must have."""

    def matches(self, kind: str, body: Mapping[str, Any]) -> bool:
        return kind == self.event and all(body.get(field) == value for field, value in self.where.items())


class OnProgress(Mark):
    """Fires when a template's progress crosses a mark."""

    progress: int
    """The template."""

    @property
    def mark(self) -> Mark:
        return Mark(reaches=self.reaches, every=self.every, at_least=self.at_least, expected=self.expected)


class OnSchedule(Schedule):
    """Fires by the clock. Runs that were missed are caught up by one."""


class ByHand(Value):
    """Fires only when somebody fires it."""

    by_hand: Literal[True] = True


def _kind_of_trigger(given: Any) -> str | None:
    for kind, trigger in (("event", OnEvent), ("progress", OnProgress), ("schedule", OnSchedule), ("by_hand", ByHand)):
        if isinstance(given, trigger) or (isinstance(given, Mapping) and kind in given):
            return kind
    return None


Trigger = Annotated[
    Annotated[OnEvent, Tag("event")]
    | Annotated[OnProgress, Tag("progress")]
    | Annotated[OnSchedule, Tag("schedule")]
    | Annotated[ByHand, Tag("by_hand")],
    Discriminator(
        _kind_of_trigger,
        custom_error_type="unknown_trigger",
        custom_error_message="A trigger has one of: event, progress, schedule, by_hand",
    ),
]


class Step(Value):
    """One thing that an action does."""

    kind: str
    """What it does: export, webhook, notify, command, add, or another that this installation knows."""
    name: StepName = ""
    """How later steps call it, as in ``${steps.export.uri}``. Default: its kind."""
    settings: dict[str, Any] = {}
    retries: int | None = Field(default=None, ge=0, le=20)
    """How often it is tried again after a failure. Default: as its kind says. Webhooks have their own table."""
    timeout_seconds: float | None = Field(default=None, gt=0)


def _name_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    named: list[Step] = []
    taken: set[str] = {step.name for step in steps if step.name}
    if len(taken) < sum(1 for step in steps if step.name):
        raise ValueError("two steps have the same name")
    for step in steps:
        name, n = step.name or step.kind, 2
        while not step.name and name in taken:
            name, n = f"{step.kind}_{n}", n + 1
        taken.add(name)
        named.append(step.model_copy(update={"name": name}))
    return tuple(named)


class ActionSettings(Value):
    """What an action does, and when."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)  # `if` is no name

    when: Trigger
    condition: str | None = Field(default=None, alias="if")
    """A query over the event and its file; the action does nothing where it doesn't hold. Firing by hand skips it."""
    do: Annotated[tuple[Step, ...], AfterValidator(_name_steps)] = Field(min_length=1)
    """The steps, in order."""

    @field_validator("condition")
    @classmethod
    def _no_blank(cls, text: str | None) -> str | None:
        return text.strip() or None if text else None


class NewAction(Value):
    """What is needed to make an action."""

    name: Name
    settings: ActionSettings
    state: Literal["on", "off"] = "on"


class ActionChange(Value):
    """What to change; a field left out stays. `settings` replaces all of them."""

    name: Name | None = None
    settings: ActionSettings | None = None
    state: Literal["on", "off"] | None = None


class Action(Value):
    """An action, as it stands."""

    id: int
    name: str
    settings: ActionSettings
    state: Literal["on", "off"]
    edition: int
    next_at: dt.datetime | None = None
    """When its schedule is due next."""
    created_seq: int


RunState = Literal["queued", "running", "waiting", "asking", "done", "failed", "cancelled"]
StepState = Literal["pending", "running", "waiting", "asking", "done", "failed", "cancelled"]
OVER: frozenset[str] = frozenset({"done", "failed", "cancelled"})


class Run(Value):
    """One firing of an action."""

    id: int
    action: int
    cause: str
    """What set it off, once and for all: an action never runs twice for one cause."""
    edition: int
    """The edition of the action whose steps it does."""
    settings: ActionSettings
    event: dict[str, Any] | None = None
    """The event that set it off: kind, seq, at and its fields."""
    as_of: int
    """The revision that its exports read."""
    depth: int
    state: RunState
    error: str | None = None
    round: int
    """1, and one more with each replay."""
    created_at: dt.datetime
    finished_at: dt.datetime | None = None


class StepRun(Value):
    """One step of a run, as it stands."""

    n: int
    kind: str
    name: str
    key: UUID
    """The idempotency key of all it does outside, the same on every try and replay."""
    state: StepState
    tries: int
    failures: int
    """Since it began or was replayed; decides when it is tried again."""
    input: dict[str, Any] | None = None
    """Its settings with everything filled in."""
    output: dict[str, Any] | None = None
    error: str | None = None
    waits_on: str | None = None
    due: dt.datetime | None = None
    """When it is tried again, or looked at again."""
    deadline: dt.datetime | None = None
    started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None


class StepTry(Value):
    """One try of a step, with what it said."""

    n: int
    number: int
    started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    error: str | None = None
    output: dict[str, Any] | None = None
    log: str | None = None


class RunDetail(Run):
    """A run with its steps and their tries."""

    steps: tuple[StepRun, ...]
    tries: tuple[StepTry, ...]
    deliveries: "tuple[Delivery, ...]"


DeliveryState = Literal["pending", "delivered", "failed", "cancelled"]


class Delivery(Value):
    """One message to one receiver: the same id and body on every try and replay."""

    id: int
    run: int
    n: int
    connection: int
    key: UUID
    """The ``webhook-id`` that the receiver sees."""
    state: DeliveryState
    tries: int
    next_at: dt.datetime | None = None
    error: str | None = None
    created_at: dt.datetime
    finished_at: dt.datetime | None = None


class DeliveryTry(Value):
    """One try of a delivery: what was sent and what came back."""

    number: int
    at: dt.datetime
    request: dict[str, Any]
    """The head: the receiver's host and the header lines, without the signature."""
    status: int | None = None
    response: dict[str, Any] | None = None
    body: str | None = None
    """The beginning of the answer."""
    error: str | None = None
    took_seconds: float | None = None


class DeliveryDetail(Delivery):
    """A delivery with its body and every try."""

    body: str
    log: tuple[DeliveryTry, ...]


class Fire(Value):
    """Fire an action by hand."""

    note: str = Field(default="", max_length=1000)
    file: int | None = None
    """The file that steps and placeholders speak of, as ``${event.file}``."""


class DryStep(Value):
    """What a step would do."""

    name: str
    kind: str
    would: str
    """In words."""
    input: dict[str, Any]
    """Its settings, filled in as far as they are known before earlier steps have run."""


class DryRun(Value):
    """What an action would do now, without doing it."""

    holds: bool
    """Whether its condition holds."""
    steps: tuple[DryStep, ...]


class Replay(Value):
    """Run again."""

    current: bool = False
    """Take the action's present steps in place of those of the edition that fired."""


class ReplayPeriod(Value):
    """Send again the messages that failed in a period."""

    since: dt.datetime
    until: dt.datetime
    connection: int | None = None
