"""What metrics tell others."""

from typing import ClassVar

from penstock.log import Event


class ProgressReached(Event):
    """A template's progress crossed a mark that somebody armed. Written once per threshold."""

    kind: ClassVar[str] = "template.progress_reached"
    template: int
    subscriber: str  #: who armed the mark, like ``action:12``
    mark: str  #: the threshold, like ``25%`` or ``500 tasks``
    done: int
    total: int  #: what the share is of: all tasks but cancelled and skipped ones, or the expected number
    as_of: int  #: the revision of the task event that crossed it


class ProgressArmed(Event):
    """Somebody waits for a template's progress; thresholds that fired before can fire again."""

    kind: ClassVar[str] = "template.progress_armed"
    template: int
    subscriber: str
    mark: str


class ProgressDisarmed(Event):
    """Nobody waits for this mark any more."""

    kind: ClassVar[str] = "template.progress_disarmed"
    template: int
    subscriber: str
