"""Whose work a task is: what live events ask before they show it to an annotator."""

from penstock.store import Transaction


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
