"""Where finished work goes: the routes whose conditions hold."""

import hashlib
from collections.abc import Collection

from penstock import files
from penstock import schema as schemas
from penstock.annotations.model import Annotation
from penstock.datasets import facts, query
from penstock.datasets.query.facts import Fields
from penstock.store import Transaction
from penstock.tasks import task_tables, templates
from penstock.tasks.model import Route, Task, TemplateSettings


def choose(
    tx: Transaction,
    task: Task,
    author: int,
    reviewer: int | None,
    settings: TemplateSettings,
    annotations: Collection[Annotation],
) -> list[Route]:
    """The routes that a task takes now that it is done: all whose condition holds, else those marked `else`.

    A sample is drawn from the task's id, so a repeat draws the same.
    """
    held = [
        route
        for n, route in enumerate(settings.on_done)
        if not route.otherwise
        and (route.condition is None or holds(tx, route.condition, task, author, reviewer, annotations))
        and is_sampled(task.id, n, route.sample)
    ]
    if any(route.condition is not None for route in held):
        return held
    return held + [
        route for n, route in enumerate(settings.on_done) if route.otherwise and is_sampled(task.id, n, route.sample)
    ]


def is_sampled(task: int, salt: int, share: float | None) -> bool:
    """Whether a task falls into a share, evenly and always the same."""
    if share is None or share >= 1:
        return True
    drawn = int.from_bytes(hashlib.blake2b(f"{task}/{salt}".encode(), digest_size=8).digest())
    return drawn < share * 2**64


def holds(
    tx: Transaction,
    condition: str,
    task: Task,
    author: int | None,
    reviewer: int | None,
    annotations: Collection[Annotation],
) -> bool:
    """Whether a condition holds of a task and its file as they are now."""
    asked = query.parse(condition)
    needs = query.needs(asked)
    names = facts.author_names(tx)
    template = templates.get(tx, task.template).name
    at_hand: Fields = {
        "status": "done",
        "round": task.round,
        "template": template,
        "priority": task.priority,
        "author": names(author),
        "reviewer": names(reviewer),
    }
    others = _tasks(tx, task) if "tasks" in needs else {}
    file = files.get(tx, task.file)
    found = facts.of_file(
        tx, file, annotations, schemas.current(tx), needs, task=at_hand, tasks=others, dataset=task.dataset
    )
    return query.evaluate(asked, found)


def _tasks(tx: Transaction, task: Task) -> dict[str, Fields]:
    names = facts.author_names(tx)
    called = {template.id: template.name for template in templates.list_(tx, archived=True)}
    return {
        called[other.template]: {
            "status": other.status,
            "round": other.round,
            "template": called[other.template],
            "priority": other.priority,
            "author": names(other.author),
            "reviewer": names(other.reviewer),
        }
        for other in task_tables.of_file(tx, task.file, task.branch)
    }
