"""What queries may ask of the tasks of files: `task("expert").status = returned`."""

from collections.abc import Collection, Mapping, Sequence

from psycopg.sql import Composable

from penstock.datasets import facts
from penstock.datasets.query.facts import Fields
from penstock.store import Transaction
from penstock.tasks import asked_tables


def template_names(tx: Transaction) -> Collection[str]:
    """The templates that a query may name, archived ones too."""
    return asked_tables.template_names(tx)


def relation(tx: Transaction, template: str, as_of: int | None) -> Composable:
    """Each file's latest task under a template, as SQL; what is then and what is now, as `of_files` has it."""
    ids = asked_tables.templates_named(tx, template)
    return asked_tables.relation(ids, as_of) if ids else facts.NO_TASKS


def of_files(tx: Transaction, files: Sequence[int], as_of: int | None) -> Mapping[int, Mapping[str, Fields]]:
    """Each file's latest task under each template, by the template's name.

    At a revision, status and round are those of then; who worked on it and its priority are those of now.
    """
    author = facts.author_names(tx)
    found: dict[int, dict[str, Fields]] = {}
    for row in asked_tables.latest(tx, files, as_of):
        found.setdefault(row.file, {})[row.template] = {
            "status": row.status,
            "round": row.round,
            "template": row.template,
            "priority": row.priority,
            "author": author(row.author),
            "reviewer": author(row.reviewer),
        }
    return found
