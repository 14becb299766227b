"""Adding and taking out all that a query finds, in portions: each is a transaction, so nobody waits for a million.

The law: a portion goes on behind the last key of the one before, so that each file is looked at once, also when adding
or taking out changes what the query finds.
"""

from penstock.core.ids import FileId
from penstock.datasets import asking, pages, tables, verbs
from penstock.datasets.live_model import SourceMismatch
from penstock.datasets.model import Cause
from penstock.datasets.query_model import FoundToAdd, FoundToRemove, Picked
from penstock.store import Transaction

PORTION = 5000


def add_found(tx: Transaction, dataset: int, wanted: FoundToAdd) -> Picked:
    """Add the next files that a query finds in another dataset, or in a version of it. Safe to repeat.

    Writes `dataset.file_added` for each that was new. Raises QueryInvalid, SourceMismatch, and what `verbs.add` does.
    """
    scope = asking.of_dataset(tx, wanted.source)
    if wanted.version is not None:
        scope = asking.of_version(tx, wanted.version)
        if scope.dataset != wanted.source:
            raise SourceMismatch(version=wanted.version, dataset=verbs.get(tx, wanted.source).name)
    page = pages.page(tx, scope, wanted.query, wanted.after, PORTION)
    cause: Cause = {
        "kind": "person",
        "person": tx.actor,
        "dataset": wanted.source,
        **wanted.model_dump(mode="json", include={"version", "query"}, exclude_defaults=True),
    }
    # What a version holds may have been replaced since.
    files = [row.id for row in tables.lock_files(tx, [entry.file for entry in page.items]) if not row.is_retired]
    added = verbs.add(tx, dataset, files, cause)
    return Picked(looked=len(page.items), files=[FileId(file) for file in added], next=page.next)


def remove_found(tx: Transaction, dataset: int, wanted: FoundToRemove) -> Picked:
    """Take out the next files that a query finds in a dataset. Safe to repeat.

    Writes `dataset.file_removed` for each. Raises QueryInvalid, and what `verbs.remove` does.
    """
    page = pages.page(tx, asking.of_dataset(tx, dataset), wanted.query, wanted.after, PORTION)
    cause: Cause = {"kind": "person", "person": tx.actor, "query": wanted.query}
    removed = verbs.remove(tx, dataset, [entry.file for entry in page.items], cause)
    return Picked(looked=len(page.items), files=[FileId(file) for file in removed], next=page.next)
