"""Saved queries and live datasets in new names."""

from penstock.datasets import live, live_tables, saved_tables, tables
from penstock.datasets.query.renaming import Renames, renamed
from penstock.datasets.query_events import QueryChanged
from penstock.store import Transaction


def follow(tx: Transaction, names: Renames) -> None:
    """Write the queries anew that use a name which changed. Writes `query.changed` and `dataset.followed`.

    A live dataset that follows nothing but versions keeps the names of the schema: so does a version.
    """
    for row in live_tables.all_(tx):
        tables.lock_dataset(tx, row.dataset)
        found = live.get(tx, row.dataset)
        settings = live.settings_of(found)
        query = renamed(settings.query, names)
        concerns = not names.of_schema or any(source.version is None for source in settings.sources)
        if query != settings.query and concerns:
            live.rewrite(tx, row.dataset, settings.model_copy(update={"query": query}))
    for saved in saved_tables.all_(tx):
        held = saved_tables.lock(tx, saved.id)
        if held is not None and (text := renamed(held.query, names)) != held.query:
            saved_tables.update(tx, held.id, held.name, text)
            tx.append(QueryChanged(query=held.id, name=held.name, text=text))
