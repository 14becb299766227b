"""Queries that are kept name things. Where one is called otherwise, all of them are written anew with it, at once."""

from collections.abc import Callable

from penstock.datasets.query.renaming import Renames, renames
from penstock.schema.model import Schema
from penstock.store import Transaction

following: list[Callable[[Transaction, Renames], None]] = []
"""Those who keep queries, in the order of their locks: filled by the engine. Called before the seq is drawn."""


def follow(tx: Transaction, names: Renames) -> None:
    """Write every kept query anew that uses a name which changed."""
    if names:
        for keeper in following:
            keeper(tx, names)


def follow_schema(tx: Transaction, old: Schema, new: Schema) -> None:
    """As `follow`, where a schema became another one."""
    follow(tx, renames(old, new))
