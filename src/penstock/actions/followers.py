"""What actions read from the log: events that set them off, and those that waiting runs go on at."""

from collections.abc import Sequence

from penstock.actions import firing, running, tables
from penstock.actions.steps import known
from penstock.log import Follower, Happening
from penstock.store import Transaction


def _wake(tx: Transaction, happenings: Sequence[Happening]) -> None:
    for run in tables.waiting_runs(tx, sorted({happening.subject for happening in happenings})):
        running.go(tx, run)


def _wakes(_tx: Transaction) -> frozenset[str]:
    return frozenset(event for kind in known().values() for event in kind.wakes)


FOLLOWERS = [
    Follower("actions.trigger", firing.wished, firing.follow),
    Follower("actions.wake", _wakes, _wake),
]
