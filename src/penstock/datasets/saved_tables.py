"""The table of saved queries. The only place with its SQL."""

from typing import LiteralString

from penstock.datasets.query_model import NewSavedQuery, SavedQuery
from penstock.store import Transaction

_COLUMNS: LiteralString = "id, name, query, dataset, author, edition"


def insert(tx: Transaction, new: NewSavedQuery) -> SavedQuery | None:
    """The new saved query; None when the name is taken."""
    return tx.maybe(
        SavedQuery,
        "insert into saved_query (project, name, query, dataset, author)"
        " values (%(project)s, %(name)s, %(query)s, %(dataset)s, %(author)s) on conflict (project, name) do nothing"
        " returning " + _COLUMNS,
        name=new.name,
        query=new.query,
        dataset=new.dataset,
        author=tx.actor,
    )


def all_(tx: Transaction) -> list[SavedQuery]:
    return tx.all(SavedQuery, "select " + _COLUMNS + " from saved_query where project = %(project)s order by name")


def one(tx: Transaction, id: int) -> SavedQuery | None:
    return tx.maybe(
        SavedQuery, "select " + _COLUMNS + " from saved_query where project = %(project)s and id = %(id)s", id=id
    )


def lock(tx: Transaction, id: int) -> SavedQuery | None:
    found = tx.lock(
        SavedQuery,
        "select " + _COLUMNS + " from saved_query where project = %(project)s and id = %(id)s for no key update",
        id=id,
    )
    return found[0] if found else None


def named(tx: Transaction, name: str) -> int | None:
    return tx.value(int, "select id from saved_query where project = %(project)s and name = %(name)s", name=name)


def update(tx: Transaction, id: int, name: str, query: str) -> None:
    tx.run(
        "update saved_query set name = %(name)s, query = %(query)s, edition = edition + 1"
        " where project = %(project)s and id = %(id)s",
        id=id,
        name=name,
        query=query,
    )


def delete(tx: Transaction, id: int) -> bool:
    return tx.run("delete from saved_query where project = %(project)s and id = %(id)s", id=id) > 0
