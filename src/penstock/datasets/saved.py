"""Saved queries: kept under a name, checked when they are written down, and told when a name in them went away."""

from collections.abc import Callable

from penstock.core import NotFound
from penstock.datasets import asking, saved_tables, verbs
from penstock.datasets.query import QueryInvalid
from penstock.datasets.query_events import QueryChanged, QueryRemoved, QuerySaved
from penstock.datasets.query_model import NewSavedQuery, QueryNameTaken, SavedQuery, SavedQueryChange
from penstock.store import Transaction


def save(tx: Transaction, new: NewSavedQuery) -> SavedQuery:
    """Keep a query. Raises QueryInvalid, QueryNameTaken, NotFound. Writes `query.saved`."""
    _check(tx, new.query, new.dataset)
    made = saved_tables.insert(tx, new)
    if made is None:
        raise QueryNameTaken(name=new.name, id=saved_tables.named(tx, new.name))
    tx.append(QuerySaved(query=made.id, name=made.name, text=made.query, dataset=made.dataset))
    return made


def list_(tx: Transaction) -> list[SavedQuery]:
    """All of them by name, each with whether it can still be asked."""
    return [_judged(tx, found) for found in saved_tables.all_(tx)]


def get(tx: Transaction, id: int) -> SavedQuery:
    """One of them. Raises NotFound."""
    found = saved_tables.one(tx, id)
    if found is None:
        raise NotFound(what="saved query", name=id)
    return _judged(tx, found)


def change(
    tx: Transaction, id: int, wanted: SavedQueryChange, if_match: Callable[[int], None] | None = None
) -> SavedQuery:
    """Give it another name or text. Safe to repeat. Raises as `save` does. Writes `query.changed`."""
    before = saved_tables.lock(tx, id)
    if before is None:
        raise NotFound(what="saved query", name=id)
    if if_match:
        if_match(before.edition)
    name, text = wanted.name or before.name, wanted.query or before.query
    if wanted.query is not None:
        _check(tx, text, before.dataset)
    if name != before.name and (other := saved_tables.named(tx, name)):
        raise QueryNameTaken(name=name, id=other)
    if (name, text) != (before.name, before.query):
        saved_tables.update(tx, id, name, text)
        tx.append(QueryChanged(query=id, name=name, text=text))
    return get(tx, id)


def remove(tx: Transaction, id: int) -> None:
    """Forget it. Safe to repeat. Writes `query.removed`."""
    if saved_tables.delete(tx, id):
        tx.append(QueryRemoved(query=id))


def _check(tx: Transaction, text: str, dataset: int | None) -> None:
    scope = asking.of_project(tx) if dataset is None else asking.of_dataset(tx, verbs.get(tx, dataset).id)
    asking.read(tx, text, scope)


def _judged(tx: Transaction, found: SavedQuery) -> SavedQuery:
    try:
        _check(tx, found.query, found.dataset)
    except QueryInvalid as refusal:
        return found.model_copy(update={"valid": False, "problem": refusal.why})
    return found
