"""Where a dataset's entries are read: `entry`, or of a fork `membership`, which overlays what it inherited.

Whether a dataset is a fork never changes, so a process asks once.
"""

from typing import LiteralString, NamedTuple

from psycopg.sql import SQL, Composed, Identifier

from penstock.store import Transaction


class Inherited(NamedTuple):
    """What a fork began with: the entries of a dataset, at a revision."""

    dataset: int
    seq: int


def inherited(tx: Transaction, dataset: int) -> Inherited | None:
    """What a dataset began with; None for one that is no fork."""
    place = ("fork", tx.project, dataset)
    if place not in tx.memory:
        found = tx.rows(
            "select forked_from, base_seq from dataset where project = %(project)s and id = %(dataset)s",
            dataset=dataset,
        )
        if not found:
            return None
        tx.memory[place] = None if found[0][0] is None else Inherited(*found[0])
    return tx.memory[place]


def table(tx: Transaction, dataset: int) -> Identifier:
    """Where a dataset's entries are."""
    return Identifier("entry" if inherited(tx, dataset) is None else "membership")


def of(tx: Transaction, dataset: int, query: LiteralString) -> Composed:
    """A query whose `{}` is where this dataset's entries are, and `{inherited}` whether one was inherited."""
    is_fork = inherited(tx, dataset) is not None
    relation, flag = ("membership", SQL("inherited")) if is_fork else ("entry", SQL("false"))
    return SQL(query).format(Identifier(relation), inherited=flag)
