"""Which events of a project a caller may see.

Admins, editors and viewers see all but other people's inboxes; an annotator sees what they did, what happens to their
own work, and what it is asked for: the schema, and the templates that they work or review under.
"""

from collections.abc import Sequence

from penstock.log import Happening
from penstock.people.standing import Standing
from penstock.store import Database
from penstock.tasks.sight import worked_on, worked_under

_PERSONAL = ("inbox.",)
_ASKS = frozenset({"template.changed", "template.paused", "template.resumed", "template.archived"})
"""What changes what an annotator is asked for, or whether they are."""


def seen_by(db: Database, standing: Standing, batch: Sequence[Happening]) -> list[Happening]:
    """The events of a batch that this caller may see, in order."""
    me = standing.person
    if standing.may("viewer"):
        return [h for h in batch if not h.kind.startswith(_PERSONAL) or h.body.get("person") == me]
    others = [h for h in batch if not _mine(h, me)]
    tasks = {_id(h, "task") for h in others if h.kind.startswith("task.")}
    templates = {_id(h, "template") for h in others if h.kind in _ASKS}
    if tasks or templates:
        with db.transaction(standing.project) as tx:
            tasks = worked_on(tx, me, sorted(tasks)) if tasks else tasks
            templates = worked_under(tx, me, standing.role or "", templates) if templates else templates

    def concerns(happening: Happening) -> bool:
        if happening.kind.startswith("task."):
            return _id(happening, "task") in tasks
        if happening.kind in _ASKS:
            return _id(happening, "template") in templates
        return happening.kind == "schema.changed"

    return [h for h in batch if _mine(h, me) or concerns(h)]


def _mine(happening: Happening, me: int) -> bool:
    return happening.body.get("person", happening.actor) == me


def _id(happening: Happening, of: str) -> int:
    found = happening.body.get(of)
    return found if isinstance(found, int) else 0
