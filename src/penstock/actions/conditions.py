"""Does an action's condition hold? Asked of the event that might set it off, and of that event's file."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from penstock import schema as schemas
from penstock.annotations import branches
from penstock.core import NotFound
from penstock.datasets import facts, query
from penstock.store import Transaction


def check(tx: Transaction, text: str | None) -> None:
    """Refuse a condition that could never be asked. Raises QueryInvalid with the place."""
    if text is not None:
        query.check(query.parse(text), context="event", names=facts.names(tx))


def holds(tx: Transaction, text: str | None, event: Mapping[str, Any]) -> bool:
    """Whether a condition holds for an event; none always does. Asked of the file as it is now."""
    if text is None:
        return True
    expression = query.parse(text)
    return query.evaluate(expression, dataclasses.replace(_of_file(tx, expression, event.get("file")), event=event))


def _of_file(tx: Transaction, expression: query.Expression, file: Any) -> query.Facts:
    nothing = query.Facts(now=tx.now)
    if not isinstance(file, int) or query.needs(expression) <= {"event"}:
        return nothing
    try:
        found = facts.of_files(tx, expression, [file], branch=branches.main(tx), schema=schemas.current(tx))
    except NotFound:
        return nothing
    return found.get(file, nothing)
