"""Pages of a dataset's files."""

from penstock.core import Page
from penstock.datasets import asking, counting, found_tables
from penstock.datasets.model import Entry
from penstock.store import Transaction


def page(
    tx: Transaction,
    scope: asking.Scope,
    text: str | None,
    after: str | None = None,
    limit: int = 100,
    state: str | None = None,
    skip: int = 0,
) -> Page[Entry]:
    """The entries of a dataset that a query holds for, in the order of keys, without the first `skip`.

    Raises QueryInvalid.
    """
    where = counting.condition(tx, scope, asking.read(tx, text, scope, state))
    found, more = asking.places(tx, scope, where, after, limit, skip)
    return Page(items=found_tables.entries(tx, asking.held(tx, scope), [place.file for place in found]), next=more)
