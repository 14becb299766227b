"""How many files a query finds: by the sets of the dataset's census where these tell, else by asking all of them."""

from penstock.datasets import asking, census, found_tables, told
from penstock.store import Transaction


def count(tx: Transaction, scope: asking.Scope, text: str | None) -> int:
    """How many files a query holds for. Raises QueryInvalid."""
    expression = asking.read(tx, text, scope)
    place = census.near(tx, scope)
    found = None if place is None else told.count(tx, scope, place, expression)
    if found is not None:
        return found
    return found_tables.count(tx, asking.held(tx, scope), asking.condition(tx, expression, scope))
