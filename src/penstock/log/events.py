"""What happens to events that followers of the log set aside."""

from typing import ClassVar

from penstock.log.event import Event


class SetbackReplayed(Event):
    """A follower took events that it had set aside. What followed from them stands beside this, in one revision."""

    kind: ClassVar[str] = "setback.replayed"
    setback: int
    follower: str
    seq: int
    events: int


class SetbackDismissed(Event):
    """Events that a follower had set aside were let be."""

    kind: ClassVar[str] = "setback.dismissed"
    setback: int
    follower: str
    seq: int
