"""Who did what, per template and day, from task events."""

import datetime as dt
from collections.abc import Iterator, Sequence

from penstock.log import Happening
from penstock.metrics import tables
from penstock.metrics.tables import WorkRow
from penstock.store import Transaction


def count_work(tx: Transaction, events: Sequence[Happening]) -> None:
    """Add what these events say to each person's day."""
    tx.before_seq()
    tables.add_work(tx, sorted(row for event in events for row in _rows(event)))


def _rows(event: Happening) -> Iterator[WorkRow]:
    body, day = event.body, event.at.astimezone(dt.UTC).date()
    template = int(body["template"])
    match event.kind:
        case "task.submitted":
            yield WorkRow(template, body["who"], day, submitted=1, active_seconds=body["active_seconds"])
        case "task.done":
            counts = {field: body[field] for field in ("added", "changed", "removed")}
            yield WorkRow(template, body["author"], day, done=1, **counts)
        case "task.returned":
            yield WorkRow(template, body["author"], day, returned=1)
        case "task.accepted":
            yield WorkRow(template, body["reviewer"], day, reviewed=1)
        case "task.skipped":
            yield WorkRow(template, body["who"], day, skipped=1)
        case _:
            pass
