"""Which events of a project a caller may see.

Admins, editors and viewers see all but other people's inboxes; an annotator sees what they did and what happens to
their own work.
"""

from collections.abc import Sequence

from penstock.log import Happening
from penstock.people.standing import Standing
from penstock.store import Database
from penstock.tasks.sight import worked_on

_PERSONAL = ("inbox.",)


def seen_by(db: Database, standing: Standing, batch: Sequence[Happening]) -> list[Happening]:
    """The events of a batch that this caller may see, in order."""
    me = standing.person
    if standing.may("viewer"):
        return [h for h in batch if not h.kind.startswith(_PERSONAL) or h.body.get("person") == me]
    others = {h.body["task"] for h in batch if not _mine(h, me) and isinstance(h.body.get("task"), int)}
    tasks = _tasks_of(db, standing, sorted(others)) if others else set[int]()
    return [h for h in batch if _mine(h, me) or (h.kind.startswith("task.") and h.body.get("task") in tasks)]


def _mine(happening: Happening, me: int) -> bool:
    return happening.body.get("person", happening.actor) == me


def _tasks_of(db: Database, standing: Standing, tasks: list[int]) -> set[int]:
    with db.transaction(standing.project) as tx:
        return worked_on(tx, standing.person, tasks)
