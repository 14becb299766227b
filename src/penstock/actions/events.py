"""What happens to actions, their runs and deliveries."""

from typing import ClassVar

from penstock.log import Event


class ActionCreated(Event):
    """An action was made."""

    kind: ClassVar[str] = "action.created"
    action: int
    name: str


class ActionChanged(Event):
    """An action's name, settings or state changed."""

    kind: ClassVar[str] = "action.changed"
    action: int
    name: str
    edition: int
    state: str


class ActionRemoved(Event):
    """An action was removed. Its runs stay readable."""

    kind: ClassVar[str] = "action.removed"
    action: int
    name: str


class ActionStarted(Event):
    """An action fired: a run of it began, or was begun again by a replay."""

    kind: ClassVar[str] = "action.started"
    action: int
    run: int
    cause: str
    round: int


class ActionFinished(Event):
    """A run did all its steps."""

    kind: ClassVar[str] = "action.finished"
    action: int
    run: int
    cause: str


class ActionFailed(Event):
    """A run stopped at a step that failed."""

    kind: ClassVar[str] = "action.failed"
    action: int
    run: int
    cause: str
    step: str
    error: str


class ActionCancelled(Event):
    """A run was cancelled before its last step."""

    kind: ClassVar[str] = "action.cancelled"
    action: int
    run: int
    cause: str


class ActionAsks(Event):
    """A worker died during a command that must not be repeated by itself: a person decides."""

    kind: ClassVar[str] = "action.asks"
    action: int
    run: int
    step: str


class DeliverySucceeded(Event):
    """A receiver took a message."""

    kind: ClassVar[str] = "delivery.succeeded"
    delivery: int
    run: int
    connection: int
    tries: int


class DeliveryFailed(Event):
    """A message could not be delivered; it is tried no more until somebody replays it."""

    kind: ClassVar[str] = "delivery.failed"
    delivery: int
    run: int
    connection: int
    error: str


class DeliveryDisabled(Event):
    """A receiver answered 410 Gone: nothing is sent there until somebody enables it again."""

    kind: ClassVar[str] = "delivery.disabled"
    connection: int
    delivery: int


class DeliveryEnabled(Event):
    """A receiver that was off gets messages again."""

    kind: ClassVar[str] = "delivery.enabled"
    connection: int


class DeliveryReplayed(Event):
    """A message is sent again, under its own id."""

    kind: ClassVar[str] = "delivery.replayed"
    delivery: int
    run: int
