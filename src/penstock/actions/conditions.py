"""Does an action's condition hold? Asked of the event that might set it off, and of that event's file."""

from collections.abc import Mapping
from typing import Any

from penstock.datasets import query
from penstock.store import Transaction


def check(text: str | None) -> None:
    """Refuse a condition that could never be asked. Raises QueryInvalid with the place."""
    if text is not None:
        query.check(query.parse(text), context="event")


def holds(tx: Transaction, text: str | None, event: Mapping[str, Any]) -> bool:
    """Whether a condition holds for an event; none always does."""
    if text is None:
        return True
    return query.evaluate(query.parse(text), query.Facts(now=tx.now, event=event))
