"""Versions that schedules make, one series each: the SQL of letting them go."""

from penstock.datasets.model import Version
from penstock.store import Transaction


def versions(tx: Transaction, dataset: int, series: str) -> list[Version]:
    """The versions of a series, the newest first."""
    return tx.all(
        Version,
        "select id, dataset, branch, seq, schema_version, name, note, author, at, series from version"
        " where project = %(project)s and dataset = %(dataset)s and series = %(series)s order by id desc",
        dataset=dataset,
        series=series,
    )


def followed(tx: Transaction) -> set[int]:
    """The versions that live datasets are made of."""
    found = tx.values(
        int,
        "select (s ->> 'version')::bigint from live_dataset l, jsonb_array_elements(l.sources) s"
        " where l.project = %(project)s and s ->> 'version' is not null",
    )
    return set(found)


def remove_version(tx: Transaction, id: int) -> None:
    """Only a version of a series can be removed: the database refuses it for others."""
    tx.run("delete from version where project = %(project)s and id = %(id)s", id=id)
