"""Whose work a task or a template is: what live events ask before they show it to an annotator."""

from collections.abc import Iterable

from penstock.store import Transaction
from penstock.tasks import access, template_tables


def worked_on(tx: Transaction, person: int, tasks: list[int]) -> set[int]:
    """Which of these tasks somebody has or had an attempt at."""
    return set(
        tx.values(
            int,
            "select distinct task from attempt"
            " where project = %(project)s and who = %(person)s and task = any(%(tasks)s)",
            person=person,
            tasks=tasks,
        )
    )


def worked_under(tx: Transaction, person: int, role: str, templates: Iterable[int]) -> set[int]:
    """Which of these templates are shown to somebody, archived ones too."""
    teams = access.teams(tx, person)
    found = [one for id in templates if (one := template_tables.select(tx, id)) is not None]
    return {one.id for one in found if access.may_see(one.settings, person, role, teams)}
