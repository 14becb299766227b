"""Who did what in which time, per template and day, from task events; and how fast it goes just now."""

import datetime as dt
import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import isnan

from penstock.log import Happening
from penstock.metrics import figure_tables
from penstock.metrics.figure_tables import PaceRow, TimeRow, WorkRow
from penstock.metrics.figures import step_of
from penstock.store import Transaction

SLOT_SECONDS = 300
LONGEST_SECONDS = 366 * 86_400.0  #: an event can't say more, so that a sum stays a number
PACE_KEPT = dt.timedelta(days=2)


def count_work(tx: Transaction, events: Sequence[Happening]) -> None:
    """Add what these events say to each person's day, and to the pace of each template."""
    tx.before_seq()
    figure_tables.add_work(tx, _summed(row for event in events for row in _rows(event)))
    times = Counter((*_who(event), step_of(_seconds(event))) for event in events if _is_timed(event))
    figure_tables.add_times(tx, [TimeRow(*key, n) for key, n in sorted(times.items())])
    done = Counter((int(e.body["template"]), _slot(e.at)) for e in events if e.kind == "task.done")
    figure_tables.add_pace(tx, [PaceRow(*key, n) for key, n in sorted(done.items())])
    if done:
        figure_tables.forget_pace(tx, max(at for _, at in done) - PACE_KEPT)


def _summed(rows: Iterable[WorkRow]) -> list[WorkRow]:
    """One row for each person's day under a template, in the order in which they are locked."""
    sums: dict[tuple[int, int, dt.date], WorkRow] = {}
    for row in rows:
        key = row[:3]
        so_far = sums.get(key)
        sums[key] = row if so_far is None else WorkRow._make([*key, *map(operator.add, so_far[3:], row[3:])])
    return [sums[key] for key in sorted(sums)]


def _is_timed(event: Happening) -> bool:
    return event.kind == "task.submitted"


def _who(event: Happening) -> tuple[int, int, dt.date]:
    return int(event.body["template"]), int(event.body["who"]), _day(event)


def _day(event: Happening) -> dt.date:
    return event.at.astimezone(dt.UTC).date()


def _slot(at: dt.datetime) -> dt.datetime:
    seconds = int(at.timestamp())
    return dt.datetime.fromtimestamp(seconds - seconds % SLOT_SECONDS, dt.UTC)


def _seconds(event: Happening) -> float:
    """The time that an event tells of; an odd one counts as none or the longest."""
    told = event.body.get("active_seconds", 0.0)
    return min(max(0.0, told), LONGEST_SECONDS) if isinstance(told, int | float) and not isnan(told) else 0.0


def _rows(event: Happening) -> Iterator[WorkRow]:
    body, day = event.body, _day(event)
    template = int(body["template"])
    seconds = _seconds(event)
    match event.kind:
        case "task.submitted":
            yield WorkRow(template, body["who"], day, submitted=1, active_seconds=seconds)
        case "task.done":
            counts = {field: body[field] for field in ("added", "changed", "removed")}
            yield WorkRow(template, body["author"], day, done=1, **counts)
        case "task.returned":
            yield WorkRow(template, body["author"], day, returned=1)
            yield WorkRow(template, body["reviewer"], day, sent_back=1, review_seconds=seconds)
        case "task.accepted":
            yield WorkRow(template, body["author"], day, accepted=1, mended=int(body["changed"] > 0))
            yield WorkRow(template, body["reviewer"], day, reviewed=1, review_seconds=seconds)
        case "task.skipped":
            yield WorkRow(template, body["who"], day, skipped=1)
        case _:
            pass
